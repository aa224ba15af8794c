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
