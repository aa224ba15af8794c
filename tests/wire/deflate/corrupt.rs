//! D7.2.2-3: what is not DEFLATE, or not all of it, is 1007; and nobody else notices.

use super::client::{Client, json, opened, takeover};
use super::flate::{Bits, Judgement, Symbol, judge, literals, payload, stored};
use crate::client::{close, frame, frames, from_server, hex};
use crate::script;
use crate::sim::{End, Rng, Sim};
use ws101::config::Config;

/// A literal, and then 3 bytes from further back than there is anything.
fn too_far(distance: usize) -> Vec<u8> {
    let symbols = [Symbol::Literal(b'a'), Symbol::Match(3, distance)];
    Bits::default().fixed(false, &symbols).payload()
}

/// Payloads that mean nothing, with why.
fn corrupt() -> Vec<(&'static str, Vec<u8>)> {
    let fixed = |symbols: &[Symbol]| Bits::default().fixed(false, symbols).payload();
    vec![
        ("block type 3", hex("ff ff ff ff")),
        ("block type 3", hex("06")),
        ("length and its complement", hex("00 05 00 00 00 48 65 6c 6c 6f 00")),
        ("length and its complement", hex("00 05 00 fb ff 48 65 6c 6c 6f 00")),
        ("the tail is not cut off, and cut short", hex("00 00 00 ff")),
        ("stored, with the tail as its content", hex("00 04 00 fb ff")),
        ("stored, with a byte missing", hex("00 05 00 fa ff 48 65 6c 6c")),
        ("stored, and no block behind it", hex("00 05 00 fa ff 48 65 6c 6c 6f")),
        ("one byte too far", too_far(2)),
        ("far too far", too_far(32_768)),
        ("from before the first byte", fixed(&[Symbol::Match(3, 1)])),
        ("length code 286", fixed(&[Symbol::Raw(0b1100_0110, 8)])),
        ("length code 287", fixed(&[Symbol::Raw(0b1100_0111, 8)])),
        ("distance code 30", fixed(&[Symbol::Literal(b'a'), Symbol::Raw(1, 7), Symbol::Raw(30, 5)])),
        ("distance code 31", fixed(&[Symbol::Literal(b'a'), Symbol::Raw(1, 7), Symbol::Raw(31, 5)])),
        ("too many lengths", hex("fc 00 00 00 00 00 00 00 00 00")),
        ("no codes at all", hex("04 00 00 00 00 00 00 00 00 00")),
        ("begun fixed block", Bits::default().fixed(false, &literals("Hel")).bytes()[..4].to_vec()),
        (
            "garbage behind BFINAL",
            [Bits::default().fixed(true, &literals("Hello")).bytes(), hex("07")].concat(),
        ),
        ("text", b"{\"id\": 1}".to_vec()),
    ]
}

#[test]
fn corrupt_data_is_1007() {
    for (why, payload) in corrupt() {
        for config in [Config::default(), takeover()] {
            for first in [0xc1, 0xc2] {
                println!("{why}");
                let input = frame(first, &payload);
                script::fails_opened(&opened(&config), input, Vec::new(), 1007);
            }
        }
    }
}

#[test]
fn messages_ahead_of_corrupt_data_are_answered() {
    // RFC 6455 §7.1.7, and nothing behind it is processed.
    let good = frame(0xc1, hex("f2 48 cd c9 c9 07 00"));
    let input = [good.clone(), frame(0xc1, hex("ff ff ff ff")), good].concat();
    let earlier = from_server(0x81, "Hello");
    script::fails_opened(&opened(&Config::default()), input, earlier, 1007);
}

#[test]
fn truncated_message_is_1007_at_every_byte() {
    // D7.2.2-1: of blocks of each kind. (Of nothing at all, see `reserved.rs`.)
    let stored = [stored(false, json(60).as_bytes()), vec![0x00]].concat();
    let fixed = Bits::default().fixed(false, &literals("Hello there"));
    for payload in [payload(json(400)), fixed.payload(), stored] {
        for len in 1..payload.len() {
            let cut = &payload[..len];
            if cut == [0x00] {
                // That is an empty message.
                continue;
            }
            assert!(!matches!(judge(cut), Judgement::Message(_)));
            let (mut sim, peer) = opened(&Config::default())();
            let answer = sim.exchange(peer, &frame(0xc2, cut));
            let code = frames(&answer)[0].payload[..2].to_vec();
            assert_eq!(code, 1007_u16.to_be_bytes(), "{len} of {}", payload.len());
            assert_eq!(sim.end(peer), End::HalfClosed);
        }
    }
}

#[test]
fn damaged_messages_are_1007_or_what_another_inflater_makes_of_them() {
    // D7.2.2-3: bytes missing, added, changed. DEFLATE has no checksum.
    let config = Config { deflate_threshold_bytes: 1 << 20, ..Config::default() };
    let payload = payload(json(300));
    let mut damaged: Vec<Vec<u8>> = Vec::new();
    for at in 0..payload.len() {
        let mut shorter = payload.clone();
        shorter.remove(at);
        damaged.push(shorter);
    }
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let mut other = payload.clone();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(other.len());
            other[at] ^= 1 << rng.below(8);
        }
        damaged.push(other);
    }
    let mut seen = [0; 2];
    for payload in &damaged {
        let expected = judge(payload);
        if expected == Judgement::Unknown {
            continue;
        }
        let (mut sim, peer) = opened(&config)();
        let answer = sim.exchange(peer, &frame(0xc2, payload));
        let answer = frames(&answer).remove(0);
        let outcome = if answer.first == 0x82 {
            Judgement::Message(answer.payload)
        } else {
            assert_eq!(answer.payload[..2], 1007_u16.to_be_bytes());
            Judgement::Corrupt
        };
        assert_eq!(outcome, expected, "{payload:02x?}");
        seen[usize::from(answer.first == 0x82)] += 1;
    }
    assert!(seen[0] > 50 && seen[1] > 50, "{seen:?}");
}

#[test]
fn nobody_else_notices() {
    // They share the inflater: whole messages, one that is begun, and what was taken over.
    for config in [Config::default(), takeover()] {
        let mut sim = Sim::new(config);
        let mut other = Client::open(&mut sim, "/echo", "permessage-deflate");
        let begun = Client::open(&mut sim, "/echo", "permessage-deflate");
        let message = json(700);
        let payload = payload(&message);
        for (at, (why, bad)) in corrupt().into_iter().enumerate() {
            let (a, b) = payload.split_at(at * 7);
            sim.exchange(begun.no, &frame(0x41, a));
            let peer = Client::open(&mut sim, "/echo", "permessage-deflate").no;
            // Whole, or the last of two frames.
            let (head, tail) = bad.split_at(at % 2);
            if head.is_empty() {
                sim.exchange(peer, &frame(0xc1, tail));
            } else {
                sim.exchange(peer, &[frame(0x41, head), frame(0x80, tail)].concat());
            }
            assert_eq!(sim.end(peer), End::HalfClosed, "{why}");
            let late = sim.exchange(peer, &frame(0xc1, hex("f2 48 cd c9 c9 07 00")));
            assert_eq!(late, b"", "nothing behind the Close");
            let input = other.compressed(0x81, &message);
            let echo = other.exchange(&mut sim, &input);
            assert_eq!(echo[0].1, message.as_bytes(), "behind: {why}");
            let echo = sim.exchange(begun.no, &frame(0x80, b));
            assert_eq!(frames(&echo)[0].first, 0xc1, "behind: {why}");
        }
        let answer = sim.exchange(other.no, &close(1000, ""));
        assert_eq!(answer, from_server(0x88, 1000_u16.to_be_bytes()));
    }
}
