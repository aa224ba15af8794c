//! RFC 6455 §10.4: how large a message may be, of how many fragments, and how slow.

use crate::client::{binary, frame, frame_with_key, frames, from_server, hex, ping, pong, text};
use crate::script::{self, Script, fails_at_last_byte, fails_at_last_byte_with};
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::config::{Config, Tuning};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;
use ws101::ws::endpoint::{Endpoint, Limits};

fn at_most(max_message_bytes: u64) -> Config {
    Config { max_message_bytes, ..Config::default() }
}

fn passes(config: Config, input: Vec<u8>, output: Vec<u8>) {
    script::check(&Script { config, path: "/echo", input, output, end: End::Open });
}

#[test]
fn announced_length_over_16_mib_fails_at_the_byte_that_shows_it() {
    // RFC 6455 §10.4: 1009 from the header, before any payload.
    for header in [
        "82 ff 00 00 00 00 02",
        "81 ff 00 00 00 00 01 00 00 01",
        "82 ff 00 00 00 00 01 00 01",
        "82 ff 00 00 00 01",
        "82 ff 01",
        "02 ff 40", // 2^62
        "81 ff 7f",
    ] {
        fails_at_last_byte(hex(header), vec![], 1009);
    }
}

#[test]
fn message_of_16_mib_is_echoed() {
    // RFC 6455 §10.4: the default limit, exactly; in one frame, then in two.
    let payload = vec![0x2a; 16 << 20];
    let (one, two) = payload.split_at(5 << 20);
    let whole = frame_with_key(0x82, &payload, [0; 4]);
    let halves = [frame_with_key(0x02, one, [0; 4]), frame_with_key(0x80, two, [0; 4])].concat();
    for bytes in [whole, halves] {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        for read in bytes.chunks(256 << 10) {
            sim.send(peer, read);
        }
        sim.run();
        assert!(sim.take(peer) == from_server(0x82, &payload));
        assert_eq!(sim.end(peer), End::Open);
    }
}

#[test]
fn frame_of_exactly_the_limit_passes_and_one_byte_more_fails_at_its_length() {
    // RFC 6455 §10.4, in each form of the length
    for (limit, over) in [
        (0, "82 81"),
        (100, "82 e5"),
        (125, "82 fe 00 7e"),
        (126, "82 fe 00 7f"),
        (1_000, "82 fe 03 e9"),
        (1_000, "81 fe 04"),
        (65_535, "82 ff 00 00 00 00 00 01"),
        (65_536, "82 ff 00 00 00 00 00 01 00 01"),
    ] {
        fails_at_last_byte_with(at_most(limit), hex(over), vec![], 1009);
        let payload = vec![b'a'; limit as usize];
        let input = [binary(&payload), text(&payload)].concat();
        let output = [from_server(0x82, &payload), from_server(0x81, &payload)].concat();
        passes(at_most(limit), input, output);
    }
}

#[test]
fn fragments_add_up_to_the_limit_and_one_byte_more_fails_at_its_length() {
    // RFC 6455 §10.4: the sum counts.
    let six = vec![b'6'; 600];
    let four = vec![b'4'; 400];
    for opcode in [1, 2] {
        let input = [frame(opcode, &six), ping("p"), frame(0, &four), frame(0x80, "")].concat();
        let message = from_server(0x80 | opcode, [&six[..], &four].concat());
        passes(at_most(1_000), input, [hex("8a 01 70"), message].concat());
        for over in ["80 fe 01 91", "00 fe 02", "80 ff 00 00 00 00 00 01"] {
            let input = [frame(opcode, &six), hex(over)].concat();
            fails_at_last_byte_with(at_most(1_000), input, vec![], 1009);
        }
        let full = [frame(opcode, &six), frame(0, &four), hex("80 81")].concat();
        fails_at_last_byte_with(at_most(1_000), full, vec![], 1009);
    }
}

#[test]
fn begun_character_counts_for_the_limit() {
    // RFC 6455 §10.4: bytes, not characters
    let begun = frame(0x01, [0xe2, 0x82]);
    let input = [begun.clone(), frame(0x80, [0xac, b'!'])].concat();
    passes(at_most(4), input, from_server(0x81, "€!"));
    fails_at_last_byte_with(at_most(4), [begun, hex("80 83")].concat(), vec![], 1009);
}

#[test]
fn limit_is_for_each_message_and_not_for_control_frames() {
    // RFC 6455 §10.4, §5.5
    let pong = from_server(0x8a, [0x2a; 125]);
    let input = [
        binary("0123456789"),
        frame(0x02, "01234"),
        ping([0x2a; 125]),
        frame(0x80, "56789"),
        binary("0123456789"),
    ];
    let ten = from_server(0x82, "0123456789");
    let output = [ten.clone(), pong, ten.clone(), ten].concat();
    passes(at_most(10), input.concat(), output);
}

/// `/`: an echo that takes ten bytes.
struct Ten;

impl App for Ten {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options { max_message_bytes: Some(10), ..Options::tagged(0) })
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        ctx.send(id, message);
    }
}

#[test]
fn limit_of_the_application_replaces_that_of_the_server() {
    // RFC 6455 §10.4
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Ten)]);
    let peer = sim.open("/");
    let output = sim.exchange(peer, &text("0123456789"));
    assert_eq!(output, from_server(0x81, "0123456789"));
    assert_eq!(close_code(&mut sim, peer, &hex("81 8b")), Some(1009));
}

/// The code of the Close that answers `bytes`.
fn close_code(sim: &mut Sim, peer: PeerNo, bytes: &[u8]) -> Option<u16> {
    let output = frames(&sim.exchange(peer, bytes));
    let close = output.last().filter(|close| close.first == 0x88)?;
    Some(u16::from_be_bytes(*close.payload.first_chunk()?))
}

#[test]
fn fragments_of_exactly_the_limit_pass_and_one_more_fails_with_1008() {
    // RFC 6455 §10.4: empty ones count too, control frames do not.
    let config = || Config { tuning: Tuning { max_fragments: 4, ..Tuning::default() }, ..Config::default() };
    let four = [frame(0x01, "a"), frame(0x00, ""), ping("p"), frame(0x00, "b"), frame(0x80, "c")].concat();
    let output = hex("8a 01 70  81 03 61 62 63");
    let twice = [four.clone(), four].concat();
    passes(config(), twice, [output.clone(), output].concat());
    let unfinished = [frame(0x02, ""), frame(0x00, ""), frame(0x00, ""), frame(0x00, "")].concat();
    for first in [0x00, 0x80] {
        let input = [unfinished.clone(), vec![first]].concat();
        fails_at_last_byte_with(config(), input, vec![], 1008);
    }
    // A frame that arrives in many reads is one fragment.
    let long = [frame(0x02, [1; 9]), frame(0x80, [2; 9])].concat();
    let whole = from_server(0x82, [[1; 9], [2; 9]].concat());
    passes(config(), long, whole);
}

#[test]
fn fragments_of_the_default_limit_pass_and_one_more_fails_with_1008() {
    // The default is 131,072.
    let first = frame(0x01, "");
    let rest = frame(0x00, "").repeat(131_070);
    for (last, pass) in [(frame(0x80, ""), true), (frame(0x00, ""), false)] {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        sim.send(peer, &[first.clone(), rest.clone(), last].concat());
        sim.run();
        if pass {
            assert_eq!(sim.take(peer), hex("81 00"));
        } else {
            assert_eq!(sim.take(peer), b"");
            assert_eq!(close_code(&mut sim, peer, &frame(0x80, "")), Some(1008));
        }
    }
}

#[test]
fn memory_follows_what_arrived_not_what_was_announced() {
    // RFC 6455 §10.4: no memory for a length that was only announced.
    let limits = Limits { max_message_bytes: 1 << 40, max_fragments: 10, ..Limits::default() };
    for first in [0x01, 0x02] {
        let mut endpoint = Endpoint::default();
        let header = [vec![first], hex("ff 00 00 00 ff ff ff ff ff 00 00 00 00")].concat();
        for (mut bytes, received) in [(header, 0), (vec![0x2a; 10], 10), (vec![0x2a; 50_000], 50_010)] {
            let mut input = &mut bytes[..];
            let event = endpoint.receive(&mut input, &limits);
            assert!(matches!(event, Ok(None)));
            assert!(input.is_empty());
            assert_eq!(endpoint.unfinished_bytes(), received);
            assert!(endpoint.held_bytes() <= 256 + 2 * received);
        }
    }
}

/// A text message of 1 MiB has begun; this much of it has arrived.
fn dawdling(bytes: usize) -> (Sim, PeerNo) {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let header = hex("81 ff 00 00 00 00 00 10 00 00 00 00 00 00");
    sim.send(peer, &[header, vec![b'a'; bytes]].concat());
    sim.run();
    (sim, peer)
}

#[test]
fn large_message_that_hardly_grows_fails_with_1008_after_a_minute() {
    // More than 64 KiB are held, so 64 KiB more must come within a minute.
    let (mut sim, peer) = dawdling(65_537);
    for _ in 0..5 {
        sim.advance(Duration::from_secs(10));
        assert_eq!(sim.exchange(peer, b"a"), b"");
    }
    sim.advance(Duration::from_millis(9_999));
    assert_eq!(sim.end(peer), End::Open);
    sim.advance(Duration::from_millis(1));
    assert_eq!(close_code(&mut sim, peer, b"a"), Some(1008));
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn large_message_that_grows_by_64_kib_a_minute_may_take_its_time() {
    // Five of these pieces come in 50 s, and are more than 64 KiB.
    let (mut sim, peer) = dawdling(65_537);
    for _ in 0..60 {
        sim.advance(Duration::from_secs(10));
        assert_eq!(sim.exchange(peer, &[b'a'; 13_108]), b"");
    }
    let rest = (1 << 20) - 65_537 - 60 * 13_108;
    let payload = vec![b'a'; 1 << 20];
    let output = sim.exchange(peer, &payload[..rest]);
    assert!(output == from_server(0x81, &payload));
}

#[test]
fn unfinished_message_of_64_kib_may_wait() {
    // Only a message of which more is held has a deadline.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.send(peer, &frame(0x02, [0x2a; 65_536]));
    for _ in 0..30 {
        sim.advance(Duration::from_secs(10));
        assert_eq!(sim.exchange(peer, &pong("")), b"");
    }
    let output = sim.exchange(peer, &frame(0x80, "!"));
    assert_eq!(frames(&output)[0].payload.len(), 65_537);
}
