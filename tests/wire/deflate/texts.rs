//! D6-6, RFC 7692 §6 and RFC 6455 §8.1: text is judged as it comes out, at the first piece that
//! proves it wrong.

use super::client::{opened, takeover};
use super::flate::{Bits, Symbol, payload, stored};
use crate::client::{KEY, frame, from_server, hex};
use crate::script;
use crate::sim::End;
use ws101::config::Config;

const NOT_UTF8: [&str; 5] = ["61 ff", "ce ba e1 bd b9 cf 83 ed a0", "c0", "f4 90", "e2 82 28"];

/// The header of a compressed text that is not finished, and some of its payload.
fn begun(first: u8, announced: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | announced];
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(p, k)| p ^ k));
    bytes
}

#[test]
fn bad_text_fails_at_the_byte_that_proves_it() {
    // In a block without compression each byte comes out as it goes in.
    for text in NOT_UTF8 {
        let text = hex(text);
        let mut payload = stored(false, &[&text[..], &[b'x'; 50]].concat());
        payload.truncate(5 + text.len());
        for config in [Config::default(), takeover()] {
            for first in [0xc1, 0x41] {
                let input = begun(first, 100, &payload);
                let open = opened(&config);
                script::fails_at_last_byte_opened(&open, input, Vec::new(), 1007);
            }
        }
    }
}

#[test]
fn bad_text_fails_before_the_rest_of_it_comes() {
    // Compressed by symbols: at the end of this frame at the latest, in an unfinished message.
    for text in NOT_UTF8 {
        let symbols: Vec<Symbol> = hex(text).into_iter().map(Symbol::Literal).collect();
        let payload = Bits::default().fixed(false, &symbols).payload();
        let input = frame(0x41, payload);
        script::fails_opened(&opened(&Config::default()), input, Vec::new(), 1007);
    }
}

#[test]
fn bad_text_in_a_whole_message_is_1007_and_as_binary_it_is_not() {
    for text in NOT_UTF8 {
        let text = hex(text);
        let bad = frame(0xc1, payload(&text));
        script::fails_opened(&opened(&takeover()), bad, Vec::new(), 1007);
        let good = frame(0xc2, payload(&text));
        let echo = from_server(0x82, &text);
        script::check_opened(&opened(&takeover()), &good, &echo, End::Open);
    }
}

#[test]
fn text_that_ends_inside_a_character_is_1007() {
    for text in ["e2 82", "61 f0 9f 98", "c3"] {
        let text = hex(text);
        let whole = frame(0xc1, payload(&text));
        let parts = [frame(0x41, payload(&text)), frame(0x80, "")].concat();
        for input in [whole, parts] {
            script::fails_opened(&opened(&Config::default()), input, Vec::new(), 1007);
        }
    }
}

#[test]
fn characters_go_over_fragments_and_blocks() {
    let message = "\u{20ac} \u{1f600} \u{f6}\u{1f680}\u{20ac}";
    let open = opened(&Config::default());
    for cut in 0..=message.len() {
        // Each part a block, in one frame and in two, with and without BFINAL.
        let (a, b) = message.as_bytes().split_at(cut);
        for bfinal in [false, true] {
            let (a, b) = (stored(bfinal, a), [stored(bfinal, b), vec![0x00]].concat());
            let whole = frame(0xc1, [&a[..], &b].concat());
            let parts = [frame(0x41, &a), frame(0x80, &b)].concat();
            for input in [whole, parts] {
                let (mut sim, peer) = open();
                let echo = sim.exchange(peer, &input);
                assert_eq!(echo, from_server(0x81, message), "{cut} {bfinal}");
            }
        }
    }
}

#[test]
fn characters_go_over_the_chunks_in_which_a_long_text_comes_out() {
    // Three bytes each, behind 0, 1 and 2 bytes: no chunk size fits all of them.
    for before in ["", "a", "ab"] {
        let message = format!("{before}{}", "\u{20ac}".repeat(60_000));
        let payload = payload(&message);
        let config = Config { deflate_threshold_bytes: 1 << 20, ..Config::default() };
        for cut in [0, payload.len() / 2] {
            let (mut sim, peer) = opened(&config)();
            let (a, b) = payload.split_at(cut);
            let input = [frame(0x41, a), frame(0x80, b)].concat();
            let echo = sim.exchange(peer, &input);
            assert!(echo == from_server(0x81, &message), "{cut}");
        }
    }
}
