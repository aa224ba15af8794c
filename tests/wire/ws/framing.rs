//! RFC 6455 §5.2: headers, lengths, reserved bits, opcodes.

use crate::client::{KEY, binary, frame, from_server, hex, ping, text};
use crate::script::{self, fails_at_last_byte};
use crate::sim::{End, Sim};
use ws101::ws::close::Violation;
use ws101::ws::frame::{self, Expect, Opcode, Sender};

const BOUNDARY_LENGTHS: [usize; 7] = [0, 1, 125, 126, 127, 65_535, 65_536];

#[test]
fn masked_hello_comes_back_unmasked() {
    // RFC 6455 §5.7
    script::echo(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), hex("81 05 48 65 6c 6c 6f"));
}

#[test]
fn every_boundary_length_is_echoed_in_its_shortest_form() {
    // RFC 6455 §5.2: 7, 16 and 64 bits
    for len in BOUNDARY_LENGTHS {
        let payload = vec![0x2a; len];
        script::echo(binary(&payload), from_server(0x82, &payload));
        script::echo(text(&payload), from_server(0x81, &payload));
    }
}

#[test]
fn payload_without_its_last_byte_is_not_answered() {
    // RFC 6455 §5.2
    let frames =
        [text("Hello"), binary([0xff; 126]), ping("Hello"), frame(0x88, [0x03, 0xe8, b'b', b'y', b'e'])];
    for bytes in frames {
        let (last, before) = bytes.split_last().unwrap();
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        for byte in before {
            assert_eq!(sim.exchange(peer, &[*byte]), b"", "{bytes:02x?}");
            assert_eq!(sim.end(peer), End::Open);
        }
        assert_ne!(sim.exchange(peer, &[*last]), b"", "{bytes:02x?}");
    }
}

#[test]
fn frames_in_one_segment_are_answered_one_by_one() {
    // RFC 6455 §5.2: segments have no meaning; §6.2: after FIN a new message begins.
    let input = [text("1"), binary("2"), text(""), ping("4"), text("5")].concat();
    let output = hex("81 01 31  82 01 32  81 00  8a 01 34  81 01 35");
    script::echo(input, output);
}

#[test]
fn bytes_of_binary_messages_mean_nothing() {
    // RFC 6455 §5.6
    let payload: Vec<u8> = (0..=255).rev().collect();
    script::echo(binary(&payload), from_server(0x82, &payload));
}

#[test]
fn reserved_bit_on_any_opcode_fails_at_the_first_byte() {
    // RFC 6455 §5.2
    for bits in 1..=7 {
        for opcode in [0x1, 0x2, 0x8, 0x9, 0xa] {
            for fin in [0x00, 0x80] {
                fails_at_last_byte(vec![fin | bits << 4 | opcode], vec![], 1002);
            }
        }
        for fin in [0x00, 0x80] {
            let input = [hex("01 80 00 00 00 00"), vec![fin | bits << 4]].concat();
            fails_at_last_byte(input, vec![], 1002);
        }
    }
}

#[test]
fn unknown_opcode_fails_at_the_first_byte() {
    // RFC 6455 §5.2
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        for fin in [0x00, 0x80] {
            fails_at_last_byte(vec![fin | opcode], vec![], 1002);
            let in_message = [hex("02 80 00 00 00 00"), vec![fin | opcode]].concat();
            fails_at_last_byte(in_message, vec![], 1002);
        }
    }
}

#[test]
fn length_with_its_top_bit_set_fails_at_the_byte_that_has_it() {
    // RFC 6455 §5.2
    for input in ["81 ff 80", "82 ff ff", "01 80 00 00 00 00  80 ff 80"] {
        fails_at_last_byte(hex(input), vec![], 1002);
    }
}

#[test]
fn length_not_in_its_shortest_form_fails_once_it_cannot_become_long_enough() {
    // RFC 6455 §5.2 binds the sender; refusing is our policy.
    for input in [
        "82 fe 00 00",
        "82 fe 00 7d",
        "81 fe 00 05",
        "82 ff 00 00 00 00 00 00",
        "01 80 00 00 00 00  80 fe 00 7d",
    ] {
        fails_at_last_byte(hex(input), vec![], 1002);
    }
}

#[test]
fn messages_ahead_of_a_violation_are_answered_first() {
    // A violation never swallows what was complete before it.
    let input = [text("one"), text("two"), hex("83")].concat();
    let output = [from_server(0x81, "one"), from_server(0x81, "two")].concat();
    fails_at_last_byte(input, output, 1002);
}

#[test]
fn everything_behind_a_violation_is_ignored() {
    // RFC 6455 §7.1.7: data received afterwards is not processed, a Close neither.
    let after = [text("late"), ping("late"), frame(0x88, "")].concat();
    let input = [text("one"), hex("c1 80 00 00 00 00"), after].concat();
    script::fails(input, from_server(0x81, "one"), 1002);
}

/// What RFC 6455 §5 says of the first two bytes, written once more as plainly as possible:
/// how many of them it takes to see a violation, if there is one.
fn offending_byte(first: u8, second: u8, in_message: bool, rsv1: bool) -> Option<usize> {
    let (fin, reserved, opcode) = (first >> 7, first >> 4 & 7, first & 15);
    let (mask, length) = (second >> 7, second & 127);
    // RFC 7692 §6.1: with the extension, RSV1 may stand on the first frame of a message.
    let first_is_wrong = reserved != 0 && !(rsv1 && reserved == 4 && matches!(opcode, 1 | 2))
        || match opcode {
            0 => !in_message,
            1 | 2 => in_message,
            8..=10 => fin == 0,
            _ => true,
        };
    let second_is_wrong = mask == 0 || opcode >= 8 && length > 125 || opcode == 8 && length == 1;
    if first_is_wrong { Some(1) } else { second_is_wrong.then_some(2) }
}

#[test]
fn first_two_bytes_are_judged_right_in_every_case() {
    // RFC 6455 §5.1, §5.2, §5.4, §5.5; RFC 7692 §6.1
    for (in_message, rsv1) in [(false, false), (true, false), (false, true), (true, true)] {
        let expect = Expect { from: Sender::Client, in_message, rsv1, room: 1 << 20, more_fragments: true };
        for (first, second) in (0..=255).flat_map(|first| (0..=255).map(move |b| (first, b))) {
            let found = [&[first][..], &[first, second]]
                .iter()
                .position(|bytes| frame::decode(bytes, &expect).is_err())
                .map(|at| at + 1);
            assert_eq!(
                found,
                offending_byte(first, second, in_message, rsv1),
                "{first:02x} {second:02x}, in a message: {in_message}, with RSV1: {rsv1}"
            );
        }
    }
}

#[test]
fn each_broken_rule_is_told_apart() {
    // RFC 6455 §5, one row for each violation that a header shows
    let outside =
        Expect { from: Sender::Client, in_message: false, rsv1: false, room: 1000, more_fragments: true };
    let inside = Expect { from: Sender::Client, in_message: true, ..outside };
    let full = Expect { more_fragments: false, ..inside };
    for (bytes, expect, violation) in [
        ("c1", outside, Violation::ReservedBit),
        ("83", outside, Violation::UnknownOpcode),
        ("81 05", outside, Violation::Unmasked),
        ("09", outside, Violation::FragmentedControlFrame),
        ("89 fe", outside, Violation::ControlFrameTooLong),
        ("80", outside, Violation::NothingToContinue),
        ("81", inside, Violation::InterleavedMessage),
        ("00", full, Violation::TooManyFragments),
        ("82 ff 80", outside, Violation::LengthTopBit),
        ("82 fe 00 7d", outside, Violation::LengthNotShortest),
        ("82 fe 03 e9", outside, Violation::MessageTooBig),
        ("88 81", outside, Violation::HalfCloseCode),
    ] {
        let found = frame::decode(&hex(bytes), &expect);
        assert_eq!(found.err(), Some(violation), "{bytes}");
    }
}

#[test]
fn decoded_header_says_what_its_bytes_say() {
    // RFC 6455 §5.2
    let expect =
        Expect { from: Sender::Client, in_message: false, rsv1: true, room: 1 << 40, more_fragments: true };
    for len in [0_u64, 125, 126, 65_535, 65_536, 1 << 40] {
        for (first, opcode) in [(0x81, Opcode::Text), (0x42, Opcode::Binary)] {
            let mut bytes = vec![first];
            match len {
                0..=125 => bytes.push(0x80 | len as u8),
                126..=0xffff => bytes.extend([&[0xfe], &(len as u16).to_be_bytes()[..]].concat()),
                _ => bytes.extend([&[0xff], &len.to_be_bytes()[..]].concat()),
            }
            bytes.extend(KEY);
            for cut in 0..bytes.len() {
                assert_eq!(frame::decode(&bytes[..cut], &expect), Ok(None));
            }
            let header = frame::decode(&bytes, &expect).unwrap().unwrap();
            assert_eq!((header.opcode, header.payload_len), (opcode, len));
            assert_eq!(header.fin, first & 0x80 != 0);
            assert_eq!(header.rsv1, first & 0x40 != 0);
            assert_eq!(header.masking_key, KEY);
            assert_eq!(header.header_len, bytes.len());
        }
    }
}

#[test]
fn own_header_is_written_in_the_shortest_form_and_measured_back() {
    // RFC 6455 §5.2
    for len in BOUNDARY_LENGTHS {
        let mut bytes = Vec::new();
        frame::encode_header(&mut bytes, Opcode::Binary, len);
        let whole = from_server(0x82, vec![0; len]);
        assert_eq!(bytes, &whole[..whole.len() - len]);
        assert_eq!(frame::own_frame_len(&bytes), Some(whole.len()));
        for cut in 0..bytes.len() {
            assert_eq!(frame::own_frame_len(&bytes[..cut]), None);
        }
    }
}

#[test]
fn usual_frame_is_decoded_alike_both_ways() {
    // RFC 6455 §5.2: the short way may never say what the full one does not
    let mut taken = 0;
    for first in 0..=255 {
        for second in 0..=255 {
            for (in_message, room) in [(false, 125), (true, 125), (false, 60), (false, 0)] {
                let expect =
                    Expect { from: Sender::Client, in_message, rsv1: false, room, more_fragments: true };
                let bytes = [first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
                if let Some(header) = frame::decode_fast(&bytes, &expect) {
                    assert_eq!(frame::decode(&bytes, &expect), Ok(Some(header)));
                    assert!(frame::decode_fast(&bytes[..5], &expect).is_none());
                    taken += 1;
                }
            }
        }
    }
    assert_eq!(taken, 2 * (126 + 61 + 1), "text and binary, up to 125, 60 and 0 bytes");
}
