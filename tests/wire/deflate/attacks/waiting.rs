//! Compressed messages of connections that are slow, paused, limited, or end in the middle.

use super::*;
use crate::sim::End;
use std::time::Duration;
use ws101::config::{Config, Deflate};

/// A compressed message of 1 MiB has begun; this much of its payload has arrived.
fn dawdling(config: Config, payload: &[u8]) -> (Sim, PeerNo) {
    let mut sim = Sim::new(config);
    let peer = open(&mut sim, "/echo", DEFLATE);
    sim.send(peer, &frame(0x42, payload));
    sim.run();
    (sim, peer)
}

/// One message for the server's ping, so that silence is not what ends it.
fn wait(sim: &mut Sim, peer: PeerNo, seconds: u64) {
    for _ in 0..seconds {
        sim.advance(Duration::from_secs(1));
        if sim.end(peer) == End::Open {
            sim.send(peer, &frame(0x8a, ""));
            sim.run();
        }
    }
}

fn last_code(sim: &mut Sim, peer: PeerNo) -> Option<u16> {
    let mut frames = frames(&sim.take(peer));
    let close = frames.pop_if(|frame| frame.first == 0x88);
    close.map(|close| u16::from_be_bytes(*close.payload.first_chunk().unwrap()))
}

#[test]
fn slow_message_ends_whether_it_is_large_before_or_after_inflation() {
    // When more than 64 KiB of an unfinished message are held, 64 KiB more must come within 60 s.
    let empty_blocks = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(14_000);
    for payload in [bomb(70_000), empty_blocks] {
        let (mut sim, peer) = dawdling(Config::default(), &payload);
        wait(&mut sim, peer, 59);
        assert_eq!(last_code(&mut sim, peer), None);
        wait(&mut sim, peer, 1);
        assert_eq!(last_code(&mut sim, peer), Some(1008));
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn message_that_goes_on_growing_does_not_end() {
    let empty_blocks = [&[0x00, 0x00, 0x00, 0xff, 0xff].repeat(14_000)[..], &[0x00]].concat();
    let zeros = bomb(70_000);
    for payload in [zeros, empty_blocks] {
        let (mut sim, peer) = dawdling(Config::default(), &payload);
        for _ in 0..5 {
            wait(&mut sim, peer, 50);
            sim.send(peer, &frame(0x00, [&TAIL[..], &payload].concat()));
            sim.run();
        }
        assert_eq!(last_code(&mut sim, peer), None);
        assert_eq!(sim.end(peer), End::Open);
    }
}

#[test]
fn who_is_slow_with_few_bytes_may_be() {
    let (mut sim, peer) = dawdling(Config::default(), &[0xf2]);
    wait(&mut sim, peer, 600);
    sim.take(peer);
    sim.send(peer, &frame(0x80, hex("48 cd c9 c9 07 00")));
    sim.run();
    assert_eq!(received(&mut sim, peer).0, [b"Hello"]);
}

/// Numbered messages, compressed, of so many bytes.
fn numbered(count: usize, len: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let message = |n: usize| [n.to_string().as_bytes(), &noise(len)].concat();
    let messages: Vec<Vec<u8>> = (0..count).map(message).collect();
    let frames = messages.iter().flat_map(|it| frame(0xc2, squeezed(it)));
    let frames = frames.collect();
    (messages, frames)
}

#[test]
fn messages_over_the_rate_wait_and_none_is_lost() {
    for deflate in [Deflate::On, Deflate::Takeover] {
        let mut sim = Sim::new(Config { max_messages_per_second: 10, deflate, ..Config::default() });
        let peer = open(&mut sim, "/echo", "permessage-deflate; server_no_context_takeover");
        let (messages, read) = numbered(50, 500);
        sim.send(peer, &read);
        sim.run();
        let mut echoes = received(&mut sim, peer).0;
        assert_eq!(echoes.len(), 10);
        for _ in 0..4 {
            sim.advance(Duration::from_secs(1));
            let more = received(&mut sim, peer).0;
            assert_eq!(more.len(), 10);
            echoes.extend(more);
        }
        assert_eq!(echoes, messages);
        sim.reset(peer);
        sim.advance(Duration::from_secs(1));
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn who_does_not_read_is_not_read_and_gets_everything_later() {
    let mut sim = Sim::default();
    let peer = open(&mut sim, "/echo", DEFLATE);
    sim.set_window(peer, Some(0));
    let (messages, bytes) = numbered(1_000, 2_000);
    for part in bytes.chunks(50_000) {
        sim.send(peer, part);
    }
    sim.run();
    assert!(!sim.hub.wants_read(sim.peer(peer).id));
    assert!(sim.unread(peer) > 1_000_000);
    // One at a time, and then the rest.
    let mut bytes = Vec::new();
    for _ in 0..1_000 {
        sim.open_window(peer, 1_500);
        sim.run();
        bytes.extend(sim.take(peer));
    }
    sim.set_window(peer, None);
    sim.run();
    bytes.extend(sim.take(peer));
    let echoes: Vec<Vec<u8>> = frames(&bytes).iter().map(content).collect();
    assert!(echoes == messages);
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn slow_consumer_of_compressed_messages_is_told_where_a_frame_ends() {
    let message = lines(200_000);
    for begun in [0, 1, 3, 1_000, 15_000, 100_000, 200_000] {
        let mut sim = Sim::default();
        let sender = open(&mut sim, "/broadcast", DEFLATE);
        let slow = open(&mut sim, "/broadcast", DEFLATE);
        sim.set_window(slow, Some(begun));
        let mut size = 0;
        while size < 2 << 20 {
            sim.send(sender, &frame(0x81, &message));
            sim.run();
            size += sim.take(sender).len();
        }
        sim.advance(Duration::from_millis(1_100));
        sim.set_window(slow, None);
        sim.run();
        let mut frames = frames(&sim.take(slow));
        let close = frames.pop().unwrap();
        assert_eq!((close.first, &close.payload[..2]), (0x88, &[0x03, 0xf5][..]));
        assert!(frames.iter().all(|frame| frame.first == 0xc1 && content(frame) == message));
        assert_eq!(frames.len(), begun.div_ceil(size_of_one(&mut sim, sender, &message)));
    }
}

/// How long the frame is that such a message leaves in.
fn size_of_one(sim: &mut Sim, sender: PeerNo, message: &[u8]) -> usize {
    sim.exchange(sender, &frame(0x81, message)).len()
}

#[test]
fn going_down_in_the_middle_of_a_message_says_so_and_holds_nothing() {
    let (mut sim, peer) = dawdling(Config::default(), &bomb(300_000));
    let done = open(&mut sim, "/echo", DEFLATE);
    sim.send(done, &frame(0xc1, hex("f2 48 cd c9 c9 07 00")));
    sim.hub.stop(sim.now);
    sim.run();
    assert_eq!(last_code(&mut sim, peer), Some(1001));
    // What still arrives is a message that nobody hears.
    sim.send(peer, &frame(0x80, bomb(300_000)));
    sim.send(peer, &frame(0x88, [0x03, 0xe9]));
    sim.run();
    assert_eq!(sim.take(peer), b"");
    sim.advance(Duration::from_secs(10));
    assert!(sim.hub.is_finished());
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn without_a_threshold_empty_messages_go_out_as_they_are() {
    for (deflate, level) in
        (1..=9).flat_map(|level| [Deflate::On, Deflate::Takeover].map(|deflate| (deflate, level)))
    {
        let mut sim = Sim::new(Config {
            deflate,
            deflate_level: level,
            deflate_threshold_bytes: 0,
            ..Config::default()
        });
        for bits in 9..=15 {
            let offer = format!("{DEFLATE}; server_max_window_bits={bits}; server_no_context_takeover");
            let peer = open(&mut sim, "/echo", &offer);
            for message in [vec![], vec![b'a'], letters(5_000, 1), noise(3_000), vec![0; 70_000]] {
                sim.send(peer, &frame(0xc2, squeezed(&message)));
                sim.run();
                assert!(received(&mut sim, peer).0 == [message]);
            }
        }
    }
}
