//! RFC 7692 §6: where RSV1 may stand, and compressed messages in many frames.

use super::client::{opened, takeover};
use super::flate::payload;
use crate::client::{frame, from_server, hex, ping, pong, text};
use crate::script;
use crate::sim::End;
use ws101::config::{Config, Deflate};

fn fails_early(config: &Config, input: &[Vec<u8>], earlier: &[u8]) {
    let mut input = input.concat();
    input.truncate(input.len() - 5);
    let open = opened(config);
    script::fails_at_last_byte_opened(&open, input, earlier.to_vec(), 1002);
}

/// A frame of which the first byte is all that is wrong, and all that is sent.
fn alone(first: u8) -> Vec<u8> {
    frame(first, "")
}

#[test]
fn rsv1_on_a_continuation_is_1002() {
    // D6-2, RFC 7692 §6.1
    let begin = [frame(0x41, hex("f2 48")), frame(0x01, "Hel"), frame(0x42, "")];
    for begin in begin {
        for first in [0x40, 0xc0] {
            fails_early(&Config::default(), &[begin.clone(), alone(first)], b"");
        }
    }
    for first in [0x40, 0xc0] {
        fails_early(&Config::default(), &[alone(first)], b"");
    }
}

#[test]
fn rsv1_on_a_control_frame_is_1002() {
    // D6-2, RFC 7692 §6.1: alone, and inside a compressed message.
    for first in [0xc8, 0xc9, 0xca] {
        fails_early(&Config::default(), &[alone(first)], b"");
        let begin = frame(0x41, hex("f2 48"));
        fails_early(&takeover(), &[begin, alone(first)], b"");
    }
}

#[test]
fn message_inside_a_message_is_1002() {
    // RFC 6455 §5.4, whatever is compressed.
    for begin in [frame(0x41, hex("f2 48")), frame(0x01, "Hel")] {
        for first in [0xc1, 0x41, 0xc2, 0x81] {
            fails_early(&Config::default(), &[begin.clone(), alone(first)], b"");
        }
    }
}

#[test]
fn rsv2_and_rsv3_stay_reserved() {
    // D6-4, RFC 6455 §5.2
    for rsv in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
        for first in [0x81, 0x82, 0x01, 0x89] {
            fails_early(&Config::default(), &[alone(first | rsv)], b"");
        }
    }
}

#[test]
fn rsv1_without_the_extension_is_1002() {
    // D6-3: not offered, and not wanted.
    for deflate in [Deflate::On, Deflate::Takeover, Deflate::Off] {
        for first in [0xc1, 0xc2, 0x41, 0xc0, 0xc9] {
            let config = Config { deflate, ..Config::default() };
            script::fails_at_last_byte_with(config, vec![first], Vec::new(), 1002);
        }
    }
}

#[test]
fn compressed_and_plain_messages_alternate() {
    // D6-1, D7.2.3-2: a plain one does not touch the window.
    let hello = || frame(0xc1, hex("f2 48 cd c9 c9 07 00"));
    let again = || frame(0xc1, hex("f2 00 11 00 00"));
    let plain = || [text("plain"), frame(0x02, "in "), frame(0x80, "two")].concat();
    let echo = |first, message: &str| from_server(first, message);
    let plain_echo = [echo(0x81, "plain"), echo(0x82, "in two")].concat();
    let hello_echo = echo(0x81, "Hello");
    let expected = [&hello_echo[..], &plain_echo, &hello_echo, &plain_echo].concat();
    let input = [hello(), plain(), hello(), plain()].concat();
    script::check_opened(&opened(&Config::default()), &input, &expected, End::Open);
    let input = [hello(), plain(), again(), plain()].concat();
    script::check_opened(&opened(&takeover()), &input, &expected, End::Open);
}

#[test]
fn message_is_cut_at_any_byte_with_pings_between() {
    // D6-5, RFC 7692 §6.1
    let message = "Hello, hello, hello there, H\u{f6}he!";
    let payload = payload(message);
    let open = opened(&Config::default());
    for cut in 0..=payload.len() {
        let (a, b) = payload.split_at(cut);
        let input = [frame(0x41, a), ping("one"), frame(0x00, ""), pong("unasked"), frame(0x80, b)];
        let expected = [from_server(0x8a, "one"), from_server(0x81, message)].concat();
        let (mut sim, peer) = open();
        assert_eq!(sim.exchange(peer, &input.concat()), expected, "cut at {cut}");
        let (mut sim, peer) = open();
        let received: Vec<Vec<u8>> = input.iter().map(|part| sim.exchange(peer, part)).collect();
        assert_eq!(received.concat(), expected, "cut at {cut}, frame by frame");
    }
}

#[test]
fn each_byte_in_a_frame_of_its_own() {
    // D6-5: empty frames first, between and last.
    let mut input = frame(0x42, "");
    let mut expected = Vec::new();
    for (at, byte) in hex("f2 48 cd c9 c9 07 00").into_iter().enumerate() {
        input.extend(frame(0x00, [byte]));
        input.extend(frame(0x00, ""));
        input.extend(ping([at as u8]));
        expected.extend(from_server(0x8a, [at as u8]));
    }
    input.extend(frame(0x80, ""));
    expected.extend(from_server(0x82, "Hello"));
    for config in [Config::default(), takeover()] {
        script::check_opened(&opened(&config), &input, &expected, End::Open);
    }
}

#[test]
fn no_payload_at_all_is_an_empty_message() {
    // RFC 7692 §7.2.3.6 wants one byte, 00; without it nothing is lost that anybody could miss.
    let input = [
        frame(0xc1, ""),
        frame(0x42, ""),
        frame(0x00, ""),
        frame(0x80, ""),
        frame(0xc1, hex("f2 48 cd c9 c9 07 00")),
    ];
    let expected = [("", 0x81), ("", 0x82), ("Hello", 0x81)];
    let expected: Vec<u8> =
        expected.iter().flat_map(|(message, first)| from_server(*first, message)).collect();
    for config in [Config::default(), takeover()] {
        script::check_opened(&opened(&config), &input.concat(), &expected, End::Open);
    }
}
