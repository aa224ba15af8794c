//! D8-1: limits hold for what comes out, while it comes out.

use super::client::{json, opened, takeover};
use super::flate::{Bits, Deflate, Symbol, payload, stored};
use crate::client::{KEY, frame, from_server, hex};
use crate::script;
use crate::sim::End;
use std::time::Duration;
use ws101::config::{Config, Tuning};

const LIMIT: usize = 40_000;

fn limited() -> Config {
    Config { max_message_bytes: LIMIT as u64, deflate_threshold_bytes: 1 << 20, ..Config::default() }
}

#[test]
fn message_of_exactly_the_limit_passes_and_one_byte_more_is_1009() {
    for takes_over in [false, true] {
        let config =
            Config { deflate: if takes_over { takeover().deflate } else { limited().deflate }, ..limited() };
        for parts in [1, 2, 5] {
            for (len, is_too_big) in [(LIMIT - 1, false), (LIMIT, false), (LIMIT + 1, true)] {
                let message = json(len);
                let payload = payload(&message);
                let pieces: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(parts)).collect();
                let last = pieces.len() - 1;
                let input: Vec<u8> = pieces
                    .iter()
                    .enumerate()
                    .flat_map(|(at, piece)| {
                        let opcode = if at == 0 { 0x41 } else { 0x00 };
                        frame(opcode | if at == last { 0x80 } else { 0 }, piece)
                    })
                    .collect();
                let (mut sim, peer) = opened(&config)();
                let answer = sim.exchange(peer, &input);
                if is_too_big {
                    assert_eq!(answer[2..4], 1009_u16.to_be_bytes());
                    assert_eq!(sim.end(peer), End::HalfClosed);
                } else {
                    assert!(answer == from_server(0x81, &message), "{len} in {parts}");
                }
            }
        }
    }
}

#[test]
fn frame_longer_than_the_limit_is_1009_by_its_header() {
    // As with a plain frame the header decides. In a continuation, what came before is counted.
    let open = opened(&limited());
    let header = hex("c1 fe 9c 41");
    script::fails_at_last_byte_opened(&open, header, Vec::new(), 1009);
    let mut input = frame(0x41, stored(false, &[b'a'; 30_000]));
    input.extend(hex("80 fe 27 11"));
    let (mut sim, peer) = open();
    let answer = sim.exchange(peer, &input);
    assert_eq!(answer[2..4], 1009_u16.to_be_bytes());
}

#[test]
fn header_is_judged_by_what_went_in_and_not_by_what_came_out() {
    // 39,000 bytes came out of few; 1,003 more go in, of which only 997 come out.
    let begin = Deflate::new(6).flushed(&[b'a'; 39_000]);
    let end = [stored(false, &[b'b'; 997]), vec![0x00]].concat();
    let (mut sim, peer) = opened(&limited())();
    let answer = sim.exchange(peer, &[frame(0x41, begin), frame(0x80, end)].concat());
    let expected = [[b'a'; 39_000].as_slice(), &[b'b'; 997]].concat();
    assert!(answer == from_server(0x81, expected));
}

#[test]
fn bomb_is_1009_before_all_of_it_came_out() {
    // 20 MiB in 20 KiB, whole; and in a frame of an unfinished message.
    let bomb = payload(vec![0; 20 << 20]);
    for config in [Config::default(), takeover()] {
        let config = Config { max_message_bytes: 4 << 20, ..config };
        for first in [0xc2, 0x42] {
            let (mut sim, peer) = opened(&config)();
            let answer = sim.exchange(peer, &frame(first, &bomb));
            assert_eq!(answer[2..4], 1009_u16.to_be_bytes());
            assert_eq!(sim.end(peer), End::HalfClosed);
        }
    }
}

#[test]
fn bomb_in_an_unfinished_frame_is_1009_at_the_piece_that_passes_the_limit() {
    // No frame has ended yet: 200 bytes are enough to pass the limit.
    let bomb = payload(vec![0; 1 << 20]);
    let mut input = vec![0x42, 0x80 | 126, 0x7f, 0xff];
    input.extend(KEY);
    input.extend(bomb.iter().zip(KEY.iter().cycle()).map(|(p, k)| p ^ k));
    let (mut sim, peer) = opened(&limited())();
    let passed = input.chunks(10).position(|piece| {
        sim.exchange(peer, piece);
        sim.end(peer) == End::HalfClosed
    });
    let most = (LIMIT + (2 << 10)) * bomb.len() / (1 << 20) / 10 + 4;
    assert!(passed.is_some_and(|at| at <= most), "{passed:?}, not {most}");
}

#[test]
fn bomb_of_many_blocks_with_bfinal_is_1009() {
    // What is counted goes over the ends of the library's streams.
    let mut payload = stored(true, &[b'a'; 10]);
    let run: Vec<Symbol> = (0..1_000).map(|_| Symbol::Match(10, 10)).collect();
    for _ in 0..5 {
        payload.extend(Bits::default().fixed(true, &run).bytes());
    }
    let (mut sim, peer) = opened(&limited())();
    let answer = sim.exchange(peer, &frame(0xc2, &payload));
    assert_eq!(answer[2..4], 1009_u16.to_be_bytes());
}

#[test]
fn too_many_fragments_are_1008() {
    // RFC 6455 §10.4: they are counted as those of plain messages are.
    let config = Config { tuning: Tuning { max_fragments: 4, ..Tuning::default() }, ..Config::default() };
    let open = opened(&config);
    let payload = hex("f2 48 cd c9 c9 07 00");
    let fragments = |last: usize| {
        let part = |at: usize| {
            let opcode = if at == 0 { 0x41 } else { 0x00 };
            frame(
                opcode | if at == last { 0x80 } else { 0 },
                &payload[at.min(6)..if at == last { 7 } else { at + 1 }],
            )
        };
        (0..=last).flat_map(part).collect::<Vec<u8>>()
    };
    let echo = from_server(0x81, "Hello");
    script::check_opened(&open, &fragments(3), &echo, End::Open);
    let mut input: Vec<u8> = fragments(4);
    let last_frame = frame(0x80, &payload[4..]).len();
    input.truncate(input.len() - last_frame + 1);
    script::fails_at_last_byte_opened(&open, input, Vec::new(), 1008);
}

#[test]
fn next_message_has_all_of_the_limit_again() {
    let (mut sim, peer) = opened(&limited())();
    for _ in 0..3 {
        let message = json(LIMIT);
        let (a, b) = (payload(&message), payload(&message));
        let (head, tail) = b.split_at(100);
        let input = [frame(0xc1, a), frame(0x41, head), frame(0x80, tail)].concat();
        let answer = sim.exchange(peer, &input);
        let echo = from_server(0x81, &message);
        assert!(answer == [&echo[..], &echo].concat());
        sim.advance(Duration::from_secs(1));
    }
}
