//! The follower of the tools and the server come to the same verdict, at the same byte.

use crate::client::{frame_with_key, hex};
use crate::sim::{Rng, Sim};
use ws101::tools::follow::{Follower, Settings, Start};
use ws101::tools::kept::Keep;
use ws101::tools::unit::{Fault, Unit, What};
use ws101::ws::close::Violation;
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::frame::Sender;

/// Small, so that short streams reach them.
const SMALL: Limits = Limits { from: Sender::Client, max_message_bytes: 300, max_fragments: 4 };

/// What becomes of a stream: the byte that decides, and the rule; or the byte that ends a Close.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Broken(usize, Violation),
    Closed(usize),
    Open,
}

/// The server's endpoint, which gets one byte at a time.
fn of_the_server(stream: &[u8], limits: &Limits) -> Verdict {
    let mut endpoint = Endpoint::default();
    for (at, byte) in stream.iter().enumerate() {
        let mut byte = [*byte];
        let mut input = &mut byte[..];
        loop {
            match endpoint.receive(&mut input, limits) {
                Ok(Some(Event::Close(_))) => return Verdict::Closed(at),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(violation) => return Verdict::Broken(at, violation),
            }
        }
    }
    Verdict::Open
}

/// What the tools say, of a stream in these pieces.
fn of_the_tools(pieces: &[&[u8]], limits: Limits) -> Verdict {
    let settings =
        Settings { keep: Keep::SHORT, limits, goes_on: false, most_inflated: u64::MAX, extension: None };
    of_the_follower(Follower::new(settings, Start::Frames(None)), pieces)
}

/// What a follower says, that has seen nothing yet.
pub(super) fn of_the_follower(mut follower: Follower, pieces: &[&[u8]]) -> Verdict {
    let mut verdict = Verdict::Open;
    let mut judge = |unit: &Unit| {
        if verdict != Verdict::Open {
            return;
        }
        if let Some(broken) = &unit.broken {
            let at = (unit.at + broken.at) as usize;
            let Fault::Frame(violation) = broken.fault else { panic!("{broken:?}") };
            verdict = Verdict::Broken(at, violation);
        } else if matches!(&unit.what, What::Frame(frame) if frame.layout.opcode == 8) {
            verdict = Verdict::Closed((unit.at + unit.len) as usize - 1);
        }
    };
    for piece in pieces {
        follower.push(piece, true, &mut |_, unit| judge(&unit));
    }
    let complete =
        |unit: &Unit| unit.missing == ws101::tools::unit::Missing::Nothing || unit.broken.is_some();
    if let Some(unit) = follower.finish().filter(complete) {
        judge(&unit);
    }
    verdict
}

#[track_caller]
fn agree(stream: &[u8], limits: Limits, cuts: &[usize]) {
    let expected = of_the_server(stream, &limits);
    let mut pieces = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&stream.len()]) {
        let cut = cut.clamp(from, stream.len());
        pieces.push(&stream[from..cut]);
        from = cut;
    }
    assert_eq!(of_the_tools(&pieces, limits), expected, "{stream:02x?}");
}

/// Mostly frames as they should be; now and then anything.
fn stream(rng: &mut Rng) -> Vec<u8> {
    const TEXTS: [&[u8]; 9] = [
        b"",
        b"Hi",
        b"K\xc3\xa4se",
        b"\xf0\x9f\xa7\x80",
        b"\xf0\x9f",
        b"\xa7\x80",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xe9t\xe9",
    ];
    const CLOSES: [&[u8]; 8] = [
        b"",
        b"\x03\xe8",
        b"\x03\xe8bye",
        b"\x03\xed",
        b"\x03",
        b"\x13\x88",
        b"\x0f\xa0\xff",
        b"\x03\xe9\xc3\xa4",
    ];
    const FIRST: [u8; 10] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x81, 0x01];
    let mut bytes = Vec::new();
    for _ in 0..=rng.below(4) {
        let key = (rng.next() as u32).to_be_bytes();
        match rng.below(24) {
            0 => bytes.extend(frame_with_key(0x88, CLOSES[rng.below(CLOSES.len())], key)),
            1 => bytes.extend(frame_with_key(rng.next() as u8, b"x", key)),
            2 => bytes.extend(frame_with_key(FIRST[rng.below(10)], &[b'y'; 140][..rng.below(140)], key)),
            3 => bytes.extend((0..rng.below(6)).map(|_| rng.next() as u8)),
            4 => bytes.extend([0x82, 0xfe, 0, rng.next() as u8, 1, 2, 3, 4]),
            5 => {
                bytes.extend([0x82, 0xff, (rng.next() as u8) & 0x80, 0, 0, 0, 0, 0, rng.next() as u8 & 1, 9])
            }
            _ => {
                let first = FIRST[rng.below(10)];
                bytes.extend(frame_with_key(first, TEXTS[rng.below(TEXTS.len())], key));
            }
        }
    }
    if rng.below(4) == 0 && !bytes.is_empty() {
        let at = rng.below(bytes.len());
        bytes[at] ^= 1 << rng.below(8);
    }
    bytes
}

#[test]
fn a_million_random_streams_have_the_verdict_of_the_server_at_the_same_byte() {
    let mut rng = Rng::new(101);
    let mut broken = 0_u32;
    for _ in 0..1_000_000 {
        let stream = stream(&mut rng);
        let cuts = [rng.below(stream.len()), rng.below(stream.len())];
        agree(&stream, SMALL, &[cuts[0].min(cuts[1]), cuts[0].max(cuts[1])]);
        broken += u32::from(matches!(of_the_tools(&[&stream], SMALL), Verdict::Broken(..)));
    }
    // Both kinds are there.
    assert!((200_000..800_000).contains(&broken), "{broken}");
}

/// Streams of frames that keep every rule, and one for each way to break one.
const CORPUS: &[&str] = &[
    // RFC 6455 §5.7, as far as a client sends it.
    "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    "01 83 37 fa 21 3d 7f 9f 4d 80 82 37 fa 21 3d 5b 95",
    "89 85 37 fa 21 3d 7f 9f 4d 51 58 8a 85 37 fa 21 3d 7f 9f 4d 51 58",
    // Control frames within a message, empty fragments, a character over two fragments.
    "01 80 00 00 00 00 89 80 00 00 00 00 00 81 00 00 00 00 c3 80 81 00 00 00 00 a4",
    "88 80 00 00 00 00 81 80 00 00 00 00",
    "88 85 37 fa 21 3d 34 12 43 44 52",
    // Each rule, broken.
    "c1 80 00 00 00 00",
    "a1 80 00 00 00 00",
    "91 80 00 00 00 00",
    "83 80 00 00 00 00",
    "8b 80 00 00 00 00",
    "81 05 48 65 6c 6c 6f",
    "09 80 00 00 00 00",
    "89 fe 00 7e 00 00 00 00",
    "80 80 00 00 00 00",
    "01 80 00 00 00 00 81 80 00 00 00 00",
    "82 ff 80 00 00 00 00 00 00 00",
    "82 fe 00 7d 00 00 00 00",
    "82 ff 00 00 00 00 00 00 ff ff 00 00 00 00",
    "82 ff 00 00 00 01 00 00 00 00 00 00 00 00",
    "81 81 00 00 00 00 80",
    "81 82 00 00 00 00 c0 af",
    "81 83 00 00 00 00 ed a0 80",
    "81 84 00 00 00 00 f4 90 80 80",
    "81 82 00 00 00 00 e2 82",
    "01 81 00 00 00 00 c3 80 80 00 00 00 00",
    "88 81 00 00 00 00 03",
    "88 82 00 00 00 00 03 ed",
    "88 82 00 00 00 00 03 ee",
    "88 82 00 00 00 00 03 f7",
    "88 82 00 00 00 00 00 00",
    "88 82 00 00 00 00 0b b7",
    "88 82 00 00 00 00 13 88",
    "88 83 00 00 00 00 03 e8 ff",
];

/// What the whole server makes of a stream: the byte after which it sends its Close, and the code.
fn of_the_whole_server(stream: &[u8]) -> Option<(usize, u16)> {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    for (at, byte) in stream.iter().enumerate() {
        let answer = sim.exchange(peer, &[*byte]);
        // Echoes of these streams are short: the first byte of a Close is no other byte.
        if let Some(close) = answer.iter().position(|byte| *byte == 0x88) {
            let code = answer[close + 2..].first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
            return Some((at, code));
        }
    }
    None
}

#[test]
fn the_whole_server_closes_at_the_byte_that_the_tools_name() {
    for text in CORPUS {
        let stream = hex(text);
        let told = match of_the_tools(&[&stream], Limits::default()) {
            Verdict::Broken(at, violation) => Some((at, violation.close_code().0)),
            Verdict::Closed(at) => Some((at, if stream[1] == 0x80 { 1005 } else { 1000 })),
            Verdict::Open => None,
        };
        assert_eq!(of_the_whole_server(&stream), told, "{text}");
        agree(&stream, Limits::default(), &[]);
        (1..stream.len()).for_each(|cut| agree(&stream, Limits::default(), &[cut]));
    }
    let mut rng = Rng::new(5);
    let mut closed = 0;
    for _ in 0..3_000 {
        let stream = stream(&mut rng);
        let told = match of_the_tools(&[&stream], Limits::default()) {
            Verdict::Broken(at, violation) => Some((at, Some(violation.close_code().0))),
            // The code is the peer's.
            Verdict::Closed(at) => Some((at, None)),
            Verdict::Open => None,
        };
        // An echo may have the byte that begins a Close: only where it sends one is compared.
        let came = of_the_whole_server(&stream);
        if stream.iter().all(|byte| *byte != 0x88) || told.is_some() {
            assert_eq!(came.map(|(at, _)| at), told.map(|(at, _)| at), "{stream:02x?}");
            if let (Some((_, code)), Some((_, Some(told)))) = (came, told) {
                assert_eq!(code, told, "{stream:02x?}");
            }
            closed += 1;
        }
    }
    assert!(closed > 2_000, "{closed}");
}
