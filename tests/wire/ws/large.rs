//! Large messages: read to their place, in blocks, and passed on without a copy. However they are cut, the
//! answer is the same; memory follows what has arrived.

use crate::client::{KEY, binary, frame, frame_with_key, frames, from_server, ping, text};
use crate::sim::{End, PeerNo, Rng, Sim};
use std::time::Duration;
use ws101::app::{App, ConnId, Ctx, LargeMessage, Options, Reply, Request, RequestId};
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::route::Route;
use ws101::pool::{BlockSize, Pool};

mod memory;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Bytes that are nowhere the same twice in a row, so that a block in the wrong place shows.
fn noise(len: usize) -> Vec<u8> {
    let mut rng = Rng::new(len as u64 + 1);
    let mut noise: Vec<u8> = (0..4_099).map(|_| rng.below(256) as u8).collect();
    // Longer by a prime, so that no two blocks begin alike.
    noise = noise.repeat(len / noise.len() + 1);
    noise.truncate(len);
    noise
}

/// Text of `len` bytes in characters of one to four bytes.
fn wide(len: usize) -> String {
    let mut rng = Rng::new(len as u64 + 2);
    let mut text = String::new();
    while text.len() + 4 <= len {
        text.push(['a', 'é', '語', '🚀'][rng.below(4)]);
    }
    text.extend(std::iter::repeat_n('z', len - text.len()));
    text
}

/// Sends the bytes in pieces of random sizes, each of which is one read; now and then several wait.
fn send_cut(sim: &mut Sim, peer: PeerNo, mut bytes: &[u8], rng: &mut Rng) {
    while !bytes.is_empty() {
        let most = [5, 1_000, 70 * KIB, 140 * KIB, 300 * KIB][rng.below(5)];
        let (piece, rest) = bytes.split_at((1 + rng.below(most)).min(bytes.len()));
        sim.send(peer, piece);
        if rng.below(3) > 0 {
            sim.run();
        }
        bytes = rest;
    }
    sim.run();
}

/// Sizes at which something changes, and one byte less and more.
fn sizes() -> impl Iterator<Item = usize> {
    let borders = [128 * KIB, 144 * KIB, 256 * KIB, 512 * KIB, 2 * MIB, 4 * MIB];
    let around = |size| [size - 1, size, size + 1, size + 100_000];
    borders.into_iter().flat_map(around)
}

#[test]
fn messages_of_every_size_come_back_however_they_are_cut() {
    for size in sizes() {
        let mut rng = Rng::new(size as u64);
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        let message = noise(size);
        // The second message finds the blocks of the first.
        for round in 0..2 {
            send_cut(&mut sim, peer, &binary(&message), &mut rng);
            let answer = sim.take(peer);
            assert!(answer == from_server(0x82, &message), "{size}, round {round}");
        }
        let message = wide(size);
        send_cut(&mut sim, peer, &text(&message), &mut rng);
        let answer = sim.take(peer);
        assert!(answer == from_server(0x81, &message), "{size}, text");
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn what_follows_in_the_same_read_is_not_swallowed() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let message = noise(400 * KIB);
    let mut bytes = binary(&message);
    bytes.extend(ping("now"));
    bytes.extend(text("and then"));
    bytes.extend(binary(&message));
    bytes.extend(text("the end"));
    sim.send(peer, &bytes);
    sim.run();
    let expected = [
        from_server(0x82, &message),
        from_server(0x8a, "now"),
        from_server(0x81, "and then"),
        from_server(0x82, &message),
        from_server(0x81, "the end"),
    ];
    assert!(sim.take(peer) == expected.concat());
}

#[test]
fn fragments_with_control_frames_between_them_make_one_message() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let message = wide(3 * MIB);
    for seed in 0..6 {
        let mut rng = Rng::new(seed);
        let mut bytes = Vec::new();
        let mut rest = message.as_bytes();
        let mut first = 0x01;
        let mut pings = 0;
        while !rest.is_empty() {
            let most = [10, 20 * KIB, 300 * KIB, MIB][rng.below(4)];
            let (piece, later) = rest.split_at((1 + rng.below(most)).min(rest.len()));
            let fin = if later.is_empty() { 0x80 } else { 0 };
            let key = [rng.below(256) as u8, 1, 2, rng.below(256) as u8];
            bytes.extend(frame_with_key(fin | first, piece, key));
            if rng.below(3) == 0 && !later.is_empty() {
                bytes.extend(ping("p"));
                pings += 1;
            }
            (rest, first) = (later, 0x00);
        }
        send_cut(&mut sim, peer, &bytes, &mut rng);
        let mut answer = frames(&sim.take(peer));
        let echo = answer.pop().unwrap();
        assert_eq!(answer.len(), pings);
        assert!(echo.first == 0x81 && echo.payload == message.as_bytes());
    }
}

#[test]
fn text_is_refused_at_its_first_impossible_byte() {
    // RFC 6455 §8.1: deep in a frame that is read to its place, and where a character lies across two blocks.
    for wrong in [300 * KIB, 256 * KIB, 512 * KIB + 1, 2 * MIB + 7] {
        let mut message = "語".repeat(MIB).into_bytes();
        message[wrong] = 0xff;
        let bytes = text(&message);
        let header = 14;
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        let (good, bad) = bytes.split_at(header + wrong);
        send_cut(&mut sim, peer, good, &mut Rng::new(wrong as u64));
        assert_eq!(sim.take(peer), b"", "nothing is wrong so far");
        sim.send(peer, &bad[..1]);
        sim.run();
        let close = &frames(&sim.take(peer))[0];
        assert_eq!((close.first, &close.payload[..2]), (0x88, &[0x03, 0xef][..]));
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

#[test]
fn text_that_ends_inside_a_character_is_refused() {
    let mut message = "a".repeat(700 * KIB).into_bytes();
    message.extend("語".as_bytes()[..2].iter());
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let close = &frames(&sim.exchange(peer, &text(&message)))[0];
    assert_eq!((close.first, &close.payload[..2]), (0x88, &[0x03, 0xef][..]));
}

#[test]
fn who_is_cut_off_inside_a_large_message_leaves_nothing_behind() {
    for how in 0..3 {
        let mut sim = Sim::default();
        let _witness = sim.open("/echo");
        let peer = sim.open("/echo");
        let bytes = binary(noise(3 * MIB));
        sim.send(peer, &bytes[..2 * MIB]);
        sim.run();
        assert!(sim.hub.held_bytes() > 2 * MIB);
        match how {
            0 => sim.fin(peer),
            1 => sim.reset(peer),
            _ => sim.advance(Duration::from_secs(100)),
        }
        sim.run();
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn chat_and_rooms_take_large_messages_as_any_other() {
    let mut sim = Sim::default();
    let peers = [sim.open("/ws/1"), sim.open("/ws/2")];
    let message = wide(900 * KIB);
    send_cut(&mut sim, peers[0], &text(&message), &mut Rng::new(4));
    let own = from_server(0x81, format!("You wrote: {message}"));
    let all = from_server(0x81, format!("Client #1 says: {message}"));
    assert!(sim.take(peers[0]) == [own, all.clone()].concat());
    assert!(sim.take(peers[1]) == all);

    let peers = [sim.open("/ws/chat/a/"), sim.open("/ws/chat/a/")];
    let json = format!("{{\"message\": \"{message}\"}}");
    send_cut(&mut sim, peers[0], &text(&json), &mut Rng::new(5));
    let expected = format!("{{\"type\": \"chat\", \"message\": \"{message}\"}}");
    for peer in peers {
        assert!(sim.take(peer) == from_server(0x81, &expected));
    }
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn reader_in_fits_and_starts_misses_nothing_of_large_broadcasts() {
    let mut sim = Sim::default();
    let (sender, slow) = (sim.open("/broadcast"), sim.open("/broadcast"));
    sim.set_window(slow, Some(0));
    let messages: Vec<Vec<u8>> = (1..4).map(|part| noise(part * 450 * KIB)).collect();
    let mut expected = Vec::new();
    for message in &messages {
        sim.exchange(sender, &binary(message));
        sim.exchange(sender, &text("between"));
        expected.extend(from_server(0x82, message));
        expected.extend(from_server(0x81, "between"));
    }
    let mut received = Vec::new();
    let mut rng = Rng::new(3);
    while received.len() < expected.len() {
        let most = [9, 5_000, MIB][rng.below(3)];
        sim.open_window(slow, 1 + rng.below(most));
        sim.run();
        received.extend(sim.take(slow));
    }
    assert!(received == expected);
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn rate_is_kept_by_large_messages_too() {
    let mut sim =
        Sim::new(Config { max_messages_per_second: 1, ping_interval: Duration::ZERO, ..Config::default() });
    let peer = sim.open("/echo");
    let message = binary(noise(300 * KIB));
    sim.send(peer, &message.repeat(3));
    sim.run();
    assert_eq!(frames(&sim.take(peer)).len(), 1);
    sim.advance(Duration::from_secs(3));
    assert_eq!(frames(&sim.take(peer)).len(), 2);
}

#[test]
fn key_of_every_phase_is_undone_where_the_bytes_are_read_to() {
    // Reads of odd sizes turn the key by one, two and three bytes (RFC 6455 §5.3).
    let message = noise(600 * KIB);
    for step in [150_001, 150_002, 150_003] {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        for piece in frame_with_key(0x82, &message, KEY).chunks(step) {
            sim.send(peer, piece);
            sim.run();
        }
        assert!(sim.take(peer) == from_server(0x82, &message));
    }
}

#[test]
fn begun_message_that_is_not_large_stays_in_one_buffer() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.send(peer, &frame(0x02, noise(100_000)));
    sim.run();
    let held = sim.hub.held_bytes();
    assert!((128 * KIB..200 * KIB).contains(&held), "{held}");
}

#[test]
fn crowd_of_cut_messages_and_slow_readers_loses_no_byte() {
    // Everything at once: several peers whose bytes alternate read by read, fragments, pings, short messages behind
    // long ones, and windows that open a little at a time. What comes back is what was sent, in its order.
    for seed in 0..6 {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::default();
        let peers: Vec<PeerNo> = (0..5).map(|_| sim.open("/echo")).collect();
        let mut unsent: Vec<Vec<u8>> = Vec::new();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        for peer in &peers {
            let (mut bytes, mut answer) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                let size = [33 * KIB, 150 * KIB, 700 * KIB, 2 * MIB + 300][rng.below(4)];
                let message = wide(size + rng.below(9_000));
                let (first, rest) = message.as_bytes().split_at(rng.below(size));
                bytes.extend(frame(0x01, first));
                bytes.extend(frame(0x80, rest));
                bytes.extend(text("behind"));
                answer.extend(from_server(0x81, &message));
                answer.extend(from_server(0x81, "behind"));
            }
            sim.set_window(*peer, Some(0));
            unsent.push(bytes);
            expected.push(answer);
        }
        let mut received = vec![Vec::new(); peers.len()];
        while received != expected {
            for (at, peer) in peers.iter().enumerate() {
                let most = [3, 9_000, 150 * KIB, 400 * KIB][rng.below(4)];
                let len = (1 + rng.below(most)).min(unsent[at].len());
                if len > 0 && sim.unread(*peer) == 0 {
                    sim.send(*peer, &unsent[at].drain(..len).collect::<Vec<u8>>());
                }
                sim.open_window(*peer, rng.below(300 * KIB));
            }
            sim.run();
            for (at, peer) in peers.iter().enumerate() {
                received[at].extend(sim.take(*peer));
                assert!(expected[at].starts_with(&received[at]), "{seed}, {at}");
                assert_eq!(sim.end(*peer), End::Open);
            }
        }
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn panic_over_a_large_message_costs_its_sender_and_no_memory() {
    struct Faulty;
    impl App for Faulty {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(ws101::apps::WEBSOCKET)
        }
        fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
            Reply::Upgrade(Options::tagged(0))
        }
        fn on_large_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, large: LargeMessage) {
            ctx.send_large([id], &large);
            crate::sim::bugs::strike();
        }
    }
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Faulty)]);
    sim.expects_bugs = true;
    let (witness, peer) = (sim.open("/"), sim.open("/"));
    let message = noise(3 * MIB);
    sim.set_window(peer, Some(100_000));
    let mut answer = sim.exchange(peer, &binary(&message));
    assert!(sim.hub.held_bytes() >= 2 * MIB, "its answer waits");
    sim.set_window(peer, None);
    sim.run();
    answer.extend(sim.take(peer));
    let answer = frames(&answer);
    assert!(answer[0].payload == message);
    assert_eq!(&answer[1].payload[..2], &1011_u16.to_be_bytes());
    assert_eq!(sim.end(witness), End::Open);
    assert_eq!(sim.hub.held_bytes(), 0);
}
