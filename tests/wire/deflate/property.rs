//! Any message, in any blocks, in any frames, with any parameters, comes back.

use super::client::{Client, json, takeover};
use super::flate::{Bits, Deflate, Symbol, TAIL, stored};
use crate::client::{frame, ping, pong};
use crate::script::send_cut;
use crate::sim::{Rng, Sim};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::deflate::core::CompressionStrategy;
use ws101::config::Config;

fn message(rng: &mut Rng) -> String {
    let len = [0, 1, 5, 100, 255, 256, 1_000, 3_000, 9_000][rng.below(9)];
    let text = json(len);
    match rng.below(3) {
        0 => text,
        1 => text.replace(['1', '3'], "\u{20ac}\u{1f600}"),
        _ => {
            let letters = (0..len).map(|_| char::from(b' ' + rng.below(95) as u8));
            letters.collect()
        }
    }
}

/// A payload of blocks of any kind, none of which refers back past its beginning.
fn blocks(rng: &mut Rng, mut rest: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    while !rest.is_empty() {
        let (part, others) = rest.split_at(1 + rng.below(rest.len()));
        rest = others;
        let strategy = match rng.below(4) {
            0 => CompressionStrategy::Fixed,
            1 => CompressionStrategy::HuffmanOnly,
            2 => CompressionStrategy::RLE,
            _ => CompressionStrategy::Default,
        };
        let level = 1 + rng.below(9) as u8;
        let block = match rng.below(5) {
            0 | 1 => Deflate::with(level, strategy).flushed(part),
            2 => compress_to_vec(part, level),
            3 => stored(rng.below(2) > 0, &part[..part.len().min(60_000)]),
            _ => {
                let symbols: Vec<Symbol> = part.iter().copied().map(Symbol::Literal).collect();
                Bits::default().fixed(true, &symbols).bytes()
            }
        };
        payload.extend(block);
        if rng.below(4) == 0 {
            payload.extend(stored(rng.below(2) > 0, b""));
        }
    }
    match payload.strip_suffix(&TAIL) {
        // Perhaps the tail of a block with BFINAL, whose first byte is then 01; one more does no harm.
        Some(cut) if rng.below(2) > 0 && cut.last() != Some(&0x01) => cut.to_vec(),
        _ => [payload, vec![0x00]].concat(),
    }
}

/// Frames, with Pings between.
fn framed(rng: &mut Rng, opcode: u8, payload: &[u8], pings: &mut usize) -> Vec<u8> {
    let (mut input, mut rest, mut first) = (Vec::new(), payload, opcode | 0x40);
    while rng.below(3) > 0 {
        let (part, others) = rest.split_at(rng.below(rest.len() + 1));
        input.extend(frame(first, part));
        (rest, first) = (others, 0x00);
        match rng.below(4) {
            0 => {
                input.extend(ping("?"));
                *pings += 1;
            }
            1 => input.extend(pong("!")),
            _ => {}
        }
    }
    input.extend(frame(first | 0x80, rest));
    input
}

fn run(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut sim = Sim::new(Config {
        deflate_level: 1 + rng.below(9),
        deflate_threshold_bytes: [0, 1, 256, 2_000][rng.below(4)],
        ..if rng.below(2) > 0 { takeover() } else { Config::default() }
    });
    let mut offer = "permessage-deflate".to_owned();
    for flag in ["server_no_context_takeover", "client_no_context_takeover"] {
        if rng.below(3) == 0 {
            offer += &format!("; {flag}");
        }
    }
    if rng.below(2) == 0 {
        offer += &format!("; server_max_window_bits={}", 9 + rng.below(7));
    }
    let mut client = Client::open(&mut sim, "/echo", &offer);
    let takes_over = !client.answer.contains("client_no_context_takeover");
    // One state as long as all messages go through it.
    let mut state = Deflate::new(6);
    for _ in 0..4 {
        let message = message(&mut rng);
        let opcode = 1 + rng.below(2) as u8;
        let payload = if rng.below(2) > 0 {
            state = Deflate::new(6);
            blocks(&mut rng, message.as_bytes())
        } else {
            if !takes_over {
                state = Deflate::new(6);
            }
            state.message(message.as_bytes())
        };
        let mut pings = 0;
        let input = framed(&mut rng, opcode, &payload, &mut pings);
        let mut cuts: Vec<usize> = (0..rng.below(5)).map(|_| rng.below(input.len())).collect();
        cuts.sort_unstable();
        send_cut(&mut sim, client.no, &input, &cuts);
        let received = sim.take(client.no);
        let mut messages = client.read(&received);
        let echo = messages.pop().expect("an echo");
        assert!(echo.1 == message.as_bytes(), "seed {seed}, {}", client.answer);
        assert_eq!(echo.0, 0x80 | opcode);
        assert_eq!(messages, vec![(0x8a, b"?".to_vec(), false); pings]);
    }
}

#[test]
fn any_message_in_any_blocks_and_frames_comes_back() {
    // RFC 7692 §7.2.1, §7.2.2
    for seed in 0..200 {
        run(seed);
    }
}
