//! RFC 6455 §5.2: headers, lengths, reserved bits, opcodes.

use crate::client::{binary, from_server, hex, text};
use crate::script;

#[test]
fn masked_hello_comes_back_unmasked() {
    // RFC 6455 §5.7
    script::echo(
        hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
        hex("81 05 48 65 6c 6c 6f"),
    );
}

#[test]
fn every_boundary_length_is_echoed_in_its_shortest_form() {
    // RFC 6455 §5.2: 7, 16 and 64 bits
    for len in [0, 1, 125, 126, 127, 65_535, 65_536] {
        let payload = vec![0x2a; len];
        script::echo(binary(&payload), from_server(0x82, &payload));
        script::echo(text(&payload), from_server(0x81, &payload));
    }
}

#[test]
fn unmasked_frame_fails_with_1002() {
    // RFC 6455 §5.1
    script::fails(hex("81 05 48 65 6c 6c 6f"), vec![], 1002);
}

#[test]
fn messages_ahead_of_a_violation_are_answered_first() {
    // PRODUCT §4
    let mut input = text("one");
    input.extend(text("two"));
    input.extend(hex("83 80 00 00 00 00"));
    let mut output = from_server(0x81, "one");
    output.extend(from_server(0x81, "two"));
    script::fails(input, output, 1002);
}

#[test]
fn usual_frame_is_decoded_alike_both_ways() {
    // RFC 6455 §5.2: the short way may never say what the full one does not
    use ws101::ws::frame::{Expect, decode, decode_usual};
    let mut taken = 0;
    for first in 0..=255 {
        for second in 0..=255 {
            for (in_message, room) in [(false, 125), (true, 125), (false, 60), (false, 0)] {
                let expect = Expect {
                    in_message,
                    rsv1: false,
                    room,
                };
                let bytes = [first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
                if let Some(header) = decode_usual(&bytes, &expect) {
                    assert_eq!(decode(&bytes, &expect), Ok(Some(header)));
                    assert!(decode_usual(&bytes[..5], &expect).is_none());
                    taken += 1;
                }
            }
        }
    }
    assert_eq!(
        taken,
        2 * (126 + 61 + 1),
        "text and binary, up to 125, 60 and 0 bytes"
    );
}
