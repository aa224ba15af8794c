//! Where reading stops and goes on; what a slow consumer still gets; partial writes anywhere.

use super::take_in_steps;
use crate::client::{self, binary, close, from_server, text};
use crate::record::watched;
use crate::sim::{End, PeerNo, Rng, Sim, apps};
use std::time::Duration;
use ws101::config::Config;

/// The answer to it is exactly 1 KiB long.
fn kibibyte(number: u16) -> Vec<u8> {
    let mut payload = vec![0; 1_020];
    payload[..2].copy_from_slice(&number.to_be_bytes());
    payload
}

fn without_pings() -> Config {
    Config { ping_interval: Duration::ZERO, write_timeout: Duration::from_secs(3_600), ..Config::default() }
}

#[test]
fn reading_stops_at_256_kib_queued_and_goes_on_below_64_kib() {
    let mut sim = Sim::new(without_pings());
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    for number in 0..600 {
        sim.send(peer, &binary(kibibyte(number)));
    }
    sim.run();
    let read = |sim: &Sim| 600 - sim.unread(peer) / binary(kibibyte(0)).len();
    assert_eq!(read(&sim), 256, "exactly 256 KiB are queued");
    let turns = sim.turns;
    sim.advance(Duration::from_secs(600));
    assert_eq!(read(&sim), 256);
    assert!(sim.turns - turns < 5, "nobody is kept busy");

    // 64 KiB left: not yet. One byte less: now.
    sim.open_window(peer, (256 - 64) << 10);
    sim.run();
    assert_eq!(read(&sim), 256);
    sim.open_window(peer, 1);
    sim.run();
    assert_eq!(read(&sim), 256 + 193, "full again");

    sim.set_window(peer, None);
    sim.run();
    assert_eq!(read(&sim), 600);
    let frames = client::frames(&sim.take(peer));
    assert_eq!(frames.len(), 600);
    for (number, frame) in (0..).zip(frames) {
        assert_eq!(frame.payload, kibibyte(number), "all of them, in order");
    }
}

#[test]
fn end_of_stream_behind_a_full_queue_is_seen_when_it_is_reached() {
    let (apps, record) = watched(apps());
    let mut sim = Sim::with_apps(without_pings(), apps);
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    for number in 0..300 {
        sim.send(peer, &binary(kibibyte(number)));
    }
    sim.fin(peer);
    sim.run();
    assert_eq!(record.closes(), []);
    sim.set_window(peer, None);
    sim.run();
    // The server answers what is complete, then ends the connection.
    assert_eq!(client::frames(&sim.take(peer)).len(), 300);
    assert_eq!(record.closes().len(), 1);
    assert_eq!(sim.end(peer), End::Closed);
}

/// A member of `/broadcast` that has taken `taken` bytes of `frames` and then nothing, until it was
/// dropped; and what it gets when it reads again at once.
fn dropped_after(taken: usize, messages: &[Vec<u8>]) -> (Vec<u8>, End) {
    let mut sim = Sim::default();
    let member = sim.open("/broadcast");
    let speaker = sim.open("/broadcast");
    sim.set_window(member, Some(taken));
    for message in messages {
        sim.send(speaker, &binary(message));
        sim.run();
    }
    for _ in 0..30 {
        sim.advance(Duration::from_secs(1));
        sim.send(speaker, &client::pong(""));
    }
    sim.set_window(member, None);
    sim.run();
    assert_eq!(sim.end(speaker), End::Open);
    (sim.take(member), sim.end(member))
}

#[test]
fn close_1013_goes_out_only_where_a_frame_ends() {
    let messages = [vec![1; 8], vec![2; 200], vec![], vec![3; 10]];
    let frames = messages.clone().map(|message| from_server(0x82, message));
    let borders: Vec<usize> = frames
        .iter()
        .scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        })
        .collect();
    let stream = frames.concat();
    let last = [&[0x88, 10, 0x03, 0xf5][..], b"too slow"].concat();
    for taken in 0..stream.len() {
        // The frame that has begun is finished, the others are gone.
        let kept = match borders.iter().find(|border| **border >= taken) {
            _ if taken == 0 => 0,
            Some(border) => *border,
            None => stream.len(),
        };
        let (output, end) = dropped_after(taken, &messages);
        assert_eq!(output, [&stream[..kept], &last].concat(), "{taken} taken");
        assert_eq!(end, End::HalfClosed);
    }
}

#[test]
fn long_rest_of_a_frame_is_not_owed_to_a_slow_consumer() {
    // The frame: 10 + 70,000 bytes. Up to 64 KiB of its rest are still sent.
    let message = vec![9; 70_000];
    let whole = from_server(0x82, &message);
    let (output, end) = dropped_after(whole.len() - (64 << 10), std::slice::from_ref(&message));
    assert_eq!(client::frames(&output).len(), 2);
    assert_eq!(end, End::HalfClosed);
    let taken = whole.len() - (64 << 10) - 1;
    let (output, end) = dropped_after(taken, &[message]);
    assert_eq!(output, &whole[..taken], "and nothing behind it");
    assert_eq!(end, End::Reset);
}

#[test]
fn slow_consumer_that_has_not_taken_its_handshake_gets_it_whole() {
    let handshake = client::SWITCHING.len();
    for taken in [0, 1, handshake - 1, handshake, handshake + 1] {
        let mut sim = Sim::default();
        let member = sim.connect();
        sim.set_window(member, Some(taken));
        sim.send(member, client::upgrade("/broadcast").as_bytes());
        sim.send(member, &binary("abc"));
        sim.send(member, &binary("def"));
        sim.run();
        sim.advance(Duration::from_secs(30));
        sim.set_window(member, None);
        sim.run();
        let output = sim.take(member);
        let frames = output.strip_prefix(client::SWITCHING.as_bytes()).map(client::frames);
        let frames = frames.unwrap_or_else(|| panic!("the 101 first, {taken} taken"));
        let kept = usize::from(taken > handshake);
        assert_eq!(frames.len(), kept + 1, "{taken} taken");
        assert_eq!(frames[kept].payload[..2], 1013_u16.to_be_bytes());
    }
}

/// What a conversation of all sizes gives on these endpoints, one peer each, when the windows
/// are opened by `step`.
fn conversation(mut step: impl FnMut() -> usize) -> Vec<Vec<u8>> {
    let mut sim = Sim::new(without_pings());
    let peers: Vec<PeerNo> = ["/echo", "/broadcast", "/broadcast", "/ws/1", "/ws/2", "/ws"]
        .iter()
        .map(|path| sim.open(path))
        .collect();
    for peer in &peers {
        sim.set_window(*peer, Some(0));
    }
    for len in [0, 1, 125, 126, 127, 300] {
        for peer in [0, 1, 3, 4, 5] {
            sim.send(peers[peer], &text("x".repeat(len)));
            // Some in turns of their own, some together.
            if len % 2 == 0 {
                sim.run();
            }
        }
    }
    sim.run();
    sim.send(peers[0], &close(1000, "bye"));
    sim.run();
    let outputs = peers.iter().map(|peer| take_in_steps(&mut sim, *peer, &mut step));
    outputs.collect()
}

#[test]
fn partial_writes_of_any_size_give_the_same_streams() {
    let whole = conversation(|| 1_000_000);
    for stream in &whole {
        client::frames(stream);
    }
    assert!(whole[0].ends_with(b"\x88\x02\x03\xe8"));
    assert_eq!(client::frames(&whole[0]).len(), 7);
    assert_eq!(client::frames(&whole[2]).len(), 6);
    assert_eq!(client::frames(&whole[4]).len(), 18);
    for step in [1, 2, 3, 7, 64, 1_000] {
        assert!(conversation(|| step) == whole, "{step} bytes at a time");
    }
    for seed in 0..10 {
        let mut rng = Rng::new(seed);
        let output = conversation(|| rng.below(50));
        assert!(output == whole, "random steps, seed {seed}");
    }
}

#[test]
fn message_larger_than_any_window_arrives_whole() {
    let mut sim = Sim::new(without_pings());
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    let payload: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    // Its first half MiB comes back when its last byte is here.
    sim.send(peer, &binary(&payload));
    sim.send(peer, &text("behind"));
    sim.run();
    let output = take_in_steps(&mut sim, peer, || 77_777);
    let frames = client::frames(&output);
    assert!(frames[0].payload == payload);
    assert_eq!(frames[1].payload, b"behind");
}
