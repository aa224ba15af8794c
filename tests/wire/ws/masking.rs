//! RFC 6455 §5.1 and §5.3: every frame from a client is masked, none from the server.

use crate::client::{KEY, frame_with_key, from_server, hex, text};
use crate::script::{self, fails_at_last_byte};
use crate::sim::Rng;
use ws101::ws::frame::{Header, Opcode, unmask};

#[test]
fn each_frame_is_unmasked_with_its_own_key_from_its_first_byte() {
    // RFC 6455 §5.3: the index begins at 0 in each frame.
    let payload = b"123456789";
    for len in 0..=payload.len() {
        let one = frame_with_key(0x81, &payload[..len], KEY);
        let two = frame_with_key(0x82, payload, [0x01, 0x00, 0xff, 0x80]);
        let output = [from_server(0x81, &payload[..len]), from_server(0x82, payload)];
        script::echo([one, two].concat(), output.concat());
    }
}

#[test]
fn fragments_of_one_message_may_have_different_keys() {
    // RFC 6455 §5.3, §5.4: the key belongs to the frame.
    let input = [
        frame_with_key(0x01, b"Hel", [0xff; 4]),
        frame_with_key(0x00, b"lo", [0; 4]),
        frame_with_key(0x89, b"ping!", [1, 2, 3, 4]),
        frame_with_key(0x80, b", world", KEY),
    ];
    let output = [from_server(0x8a, "ping!"), from_server(0x81, "Hello, world")];
    script::echo(input.concat(), output.concat());
}

#[test]
fn key_of_zeros_is_a_key() {
    // RFC 6455 §5.3: the MASK bit counts, not the value.
    script::echo(hex("81 82 00 00 00 00 48 69"), hex("81 02 48 69"));
}

#[test]
fn key_goes_on_where_a_read_ended() {
    // RFC 6455 §5.3: byte i is XORed with key byte i mod 4, wherever reads end.
    let payload: Vec<u8> = (0..255).collect();
    let frame = frame_with_key(0x82, &payload, [0x11, 0x22, 0x44, 0x88]);
    script::echo(frame, from_server(0x82, &payload));
}

#[test]
fn unmasked_frame_fails_at_the_second_byte() {
    // RFC 6455 §5.1
    for input in [
        "81 05", "82 05", "01 05", "02 00", "81 00", "81 7e", "82 7f", "89 00", "89 04", "8a 00", "88 00",
        "88 02", "89 7d",
    ] {
        fails_at_last_byte(hex(input), vec![], 1002);
    }
    fails_at_last_byte(hex("01 80 00 00 00 00  80 03"), vec![], 1002);
}

#[test]
fn unmasked_message_is_not_delivered() {
    // RFC 6455 §5.1
    let input = [text("masked"), hex("81 05 48 65 6c 6c 6f")].concat();
    script::fails(input, from_server(0x81, "masked"), 1002);
}

#[test]
fn unmask_agrees_with_the_formula_of_the_rfc_at_every_length_and_place() {
    // RFC 6455 §5.3: j = i MOD 4
    let mut rng = Rng::new(53);
    let bytes: Vec<u8> = (0..200).map(|_| rng.next() as u8).collect();
    for start in 0..16 {
        for end in start..bytes.len() {
            let key = (rng.next() as u32).to_be_bytes();
            let masked = &bytes[start..end];
            let expected: Vec<u8> = (0..masked.len()).map(|i| masked[i] ^ key[i % 4]).collect();
            let mut bytes = bytes.clone();
            unmask(&mut bytes[start..end], key);
            assert_eq!(&bytes[start..end], expected);
        }
    }
}

#[test]
fn key_advanced_by_a_length_unmasks_what_follows() {
    // RFC 6455 §5.3
    let masking_key = [1, 2, 3, 4];
    for len in [0, 1, 2, 3, 4, 5, 1023] {
        let mut whole = vec![0; len + 9];
        unmask(&mut whole, masking_key);
        let (fin, rsv1, opcode) = (true, false, Opcode::Binary);
        let payload_len = whole.len() as u64;
        let mut header = Header { fin, rsv1, opcode, payload_len, masking_key, header_len: 6 };
        let (mut begin, mut rest) = (vec![0; len], [0; 9]);
        header.unmask_payload(&mut begin);
        assert_eq!((begin.as_slice(), header.payload_len), (&whole[..len], 9), "{len}");
        header.unmask_payload(&mut rest);
        assert_eq!((rest.as_slice(), header.payload_len), (&whole[len..], 0), "{len}");
    }
}
