//! RFC 7692 §7.2.3.4 and RFC 1951 §3.2.3: blocks with BFINAL, and what may refer back past them.

use super::client::{opened, takeover};
use super::flate::{Bits, Symbol, literals, stored};
use crate::client::{frame, from_server, hex};
use crate::script::{self, send_cut};
use crate::sim::End;
use ws101::config::Config;

fn echoes(config: &Config, payloads: &[Vec<u8>], messages: &[&str]) {
    let input: Vec<u8> = payloads.iter().flat_map(|p| frame(0xc1, p)).collect();
    let expected: Vec<u8> = messages.iter().flat_map(|message| from_server(0x81, message)).collect();
    script::check_opened(&opened(config), &input, &expected, End::Open);
}

fn hello(bfinal: bool) -> Vec<u8> {
    Bits::default().fixed(bfinal, &literals("Hello")).bytes()
}

/// `Hello` again, from so far back.
fn again(distance: usize) -> Vec<u8> {
    let symbols = [Symbol::Match(5, distance)];
    Bits::default().fixed(false, &symbols).payload()
}

#[test]
fn blocks_made_by_hand_are_those_of_the_rfc() {
    assert_eq!(hello(true), hex("f3 48 cd c9 c9 07 00"));
    let symbols = [Symbol::Match(5, 5)];
    // RFC 7692 §7.2.3.2 has a literal H first, and then a match of four bytes.
    let rfc = [Symbol::Literal(b'H'), Symbol::Match(4, 5)];
    assert_eq!(Bits::default().fixed(false, &rfc).bytes().len(), 4);
    assert_eq!(Bits::default().fixed(false, &symbols).bytes().len(), 3);
}

#[test]
fn payload_may_end_right_behind_bfinal() {
    // Strictly an empty block is missing; nothing is lost.
    for config in [Config::default(), takeover()] {
        echoes(&config, &[hello(true), hello(true)], &["Hello", "Hello"]);
    }
}

#[test]
fn block_refers_back_past_bfinal_in_the_same_message() {
    // RFC 7692 §7.2.3.4: BFINAL does not end the window.
    let payload = [hello(true), again(5)].concat();
    for config in [Config::default(), takeover()] {
        echoes(&config, std::slice::from_ref(&payload), &["HelloHello"]);
    }
    let payload = [stored(true, b"Hello"), stored(true, b", "), again(7)].concat();
    echoes(&Config::default(), &[payload], &["Hello, Hello"]);
}

#[test]
fn next_message_refers_back_past_bfinal() {
    // D7.2.3-1 and RFC 7692 §7.2.3.4, with takeover.
    let first = [hello(true), vec![0x00]].concat();
    echoes(&takeover(), &[first, again(5)], &["Hello", "Hello"]);
    echoes(&takeover(), &[hello(true), again(5)], &["Hello", "Hello"]);
    let third = again(10);
    let payloads = [hello(true), hello(true), third];
    echoes(&takeover(), &payloads, &["Hello", "Hello", "Hello"]);
}

#[test]
fn next_message_must_not_refer_back_without_takeover() {
    // D7.1.1.2-1: by one byte is too far, whether the message before had BFINAL or not.
    for before in [hello(true), hello(false), stored(false, b"Hello")] {
        let before = if before == hello(false) {
            Bits::default().fixed(false, &literals("Hello")).payload()
        } else {
            [before, vec![0x00]].concat()
        };
        let symbols = [Symbol::Literal(b'H'), Symbol::Match(3, 2)];
        let too_far = Bits::default().fixed(false, &symbols).payload();
        let input = [frame(0xc1, before), frame(0xc1, too_far)].concat();
        let earlier = from_server(0x81, "Hello");
        script::fails_opened(&opened(&Config::default()), input, earlier, 1007);
    }
}

#[test]
fn many_blocks_with_bfinal() {
    // D7.2.2-2: fixed, stored and empty ones, in one message.
    let payload = [
        hello(true),
        hello(true),
        stored(true, b""),
        stored(true, b"Hello"),
        Bits::default().fixed(true, &[]).bytes(),
        hello(true),
        vec![0x00],
    ];
    for config in [Config::default(), takeover()] {
        echoes(&config, &[payload.concat()], &["HelloHelloHelloHello"]);
    }
}

/// `Hello` so often, in as many blocks with BFINAL. Each ends the library's stream and begins
/// another, with all of the window.
fn hellos(count: usize) -> Vec<u8> {
    let mut payload = stored(true, b"Hello");
    for _ in 1..count {
        payload.extend(Bits::default().fixed(true, &[Symbol::Match(5, 5)]).bytes());
    }
    payload.push(0x00);
    payload
}

#[test]
fn thousands_of_blocks_with_bfinal_and_no_more() {
    // A message may have 4,096 of them. More are abuse (1008), in one frame or in many.
    let config = Config { deflate_threshold_bytes: 1 << 20, ..Config::default() };
    let open = opened(&config);
    let (mut sim, peer) = open();
    for _ in 0..2 {
        let echo = sim.exchange(peer, &frame(0xc1, hellos(4_000)));
        assert!(echo == from_server(0x81, "Hello".repeat(4_000)));
    }
    let payload = hellos(4_100);
    for cut in [0, payload.len() / 2] {
        let (mut sim, peer) = open();
        let (a, b) = payload.split_at(cut);
        let answer = sim.exchange(peer, &[frame(0x41, a), frame(0x80, b)].concat());
        assert_eq!(answer[2..4], 1008_u16.to_be_bytes());
    }
}

#[test]
fn window_reaches_back_32_kib_over_bfinal_and_chunks() {
    // RFC 1951 §3.2.5: the largest distance, behind more than the window holds.
    let noise: Vec<u8> =
        (0..100_000_u32).map(|n| b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26).collect();
    let too_long = Config { deflate_threshold_bytes: 1 << 20, ..Config::default() };
    let open = opened(&too_long);
    for len in (32_768..100_000).step_by(3_571) {
        let noise = &noise[..len];
        let mut payload = Vec::new();
        for piece in noise.chunks(20_000) {
            payload.extend(stored(true, piece));
        }
        let symbols = [Symbol::Match(10, 32_768), Symbol::Match(10, 32_768)];
        payload.extend(Bits::default().fixed(true, &symbols).bytes());
        let from = len - 32_768;
        let expected = [noise, &noise[from..from + 20]].concat();
        for pieces in [1, 5] {
            let (mut sim, peer) = open();
            let input = frame(0xc1, &payload);
            let cuts: Vec<usize> = (1..pieces).map(|at| at * input.len() / pieces).collect();
            send_cut(&mut sim, peer, &input, &cuts);
            let echo = sim.take(peer);
            assert!(echo == from_server(0x81, &expected), "{len} in {pieces}");
        }
    }
}

#[test]
fn window_of_a_connection_is_kept_as_far_as_agreed() {
    // D7.2.3-1: without a smaller window agreed, 32 KiB, over messages of any size.
    let filler = "0123456789abcdef".repeat(2_000);
    let first = [stored(false, b"Hello"), vec![0x00]].concat();
    let second = [stored(false, filler.as_bytes()), vec![0x00]].concat();
    let third = again(filler.len() + 5);
    let config = Config { deflate_threshold_bytes: 1 << 20, ..takeover() };
    let (mut sim, peer) = opened(&config)();
    let input = [frame(0xc1, first), frame(0xc1, second), frame(0xc1, third)];
    let expected = ["Hello", &filler, "Hello"].map(|message| from_server(0x81, message));
    assert_eq!(sim.exchange(peer, &input.concat()), expected.concat());
}
