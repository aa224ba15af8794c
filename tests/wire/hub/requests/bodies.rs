//! Large answers and slow readers: complete, in order, and no more in memory than the limits say.

use super::{pattern, read_slowly, site};
use crate::answer::{all, get, try_take};
use crate::sim::{End, Rng};
use std::time::Duration;
use ws101::config::{Config, Tuning};

const LARGE: usize = 700_000;

#[test]
fn large_body_is_complete_whatever_the_reader_takes_at_a_time() {
    // Bodies in memory, larger than the high-water mark, and streamed ones
    for target in ["/bytes", "/stream"] {
        for window in [1_000, 65_535, 65_536, 65_537, 300_000, LARGE] {
            let (mut sim, counters) = site(Config::default());
            let peer = sim.connect();
            sim.set_window(peer, Some(0));
            let requests = [get(&format!("{target}/{LARGE}")), get("/bytes/5")].concat();
            sim.send(peer, requests.as_bytes());
            sim.run();
            let read = read_slowly(&mut sim, peer, || window);
            let answers = all(&read);
            assert_eq!(answers.len(), 2, "{target} by {window}");
            assert!(answers[0].body == pattern(LARGE), "{target} by {window}");
            assert_eq!(answers[1].body, pattern(5), "{target} by {window}");
            assert_eq!(sim.end(peer), End::Open);
            assert_eq!(counters.sources(), 0, "a source that is read is let go");
        }
    }
}

#[test]
fn body_of_every_small_length_is_complete_with_any_window() {
    // Around the sizes at which a body is copied, queued, or cut into pieces
    let config = Config { tuning: Tuning { piece_bytes: 64, ..Tuning::default() }, ..Config::default() };
    let mut rng = Rng::new(11);
    for len in [0, 1, 63, 64, 65, 127, 128, 129, 4_095, 4_096, 4_097, 5_000] {
        for target in ["/bytes", "/stream"] {
            let (mut sim, _) = site(config.clone());
            let peer = sim.connect();
            sim.set_window(peer, Some(rng.below(200)));
            sim.send(peer, get(&format!("{target}/{len}")).repeat(3).as_bytes());
            sim.run();
            let read = read_slowly(&mut sim, peer, || rng.below(200));
            let answers = all(&read);
            assert_eq!(answers.len(), 3, "{target}/{len}");
            for answer in answers {
                assert!(answer.body == pattern(len), "{target}/{len}");
            }
        }
    }
}

#[test]
fn streamed_body_is_read_as_the_peer_reads() {
    // A stalled download holds one chunk, not the file.
    let (mut sim, counters) = site(Config::default());
    let peer = sim.connect();
    sim.set_window(peer, Some(0));
    sim.send(peer, get("/stream/10000000").as_bytes());
    sim.run();
    assert!(counters.pieces() <= 1);
    let mut taken = 0;
    for step in [1_000, 500_000, 1, 2_000_000] {
        sim.open_window(peer, step);
        sim.run();
        taken += sim.take(peer).len();
        // Every third piece is short, the others are of 64 KiB.
        let most = (taken / (44 << 10)) + 4;
        assert!(counters.pieces() <= most, "{} pieces, {taken} bytes", counters.pieces());
    }
    assert_eq!(counters.sources(), 1);
    sim.reset(peer);
    sim.run();
    assert_eq!(counters.sources(), 0);
}

#[test]
fn pipelined_large_pages_wait_for_the_peer_to_read() {
    // When 256 KiB are queued, nothing more is answered, and nothing more is read.
    for (target, most) in [("/bytes/100000", 3), ("/bytes/1000000", 1), ("/stream/100000", 1)] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, Some(0));
        let request = get(target);
        for _ in 0..40 {
            sim.send(peer, request.repeat(2).as_bytes());
        }
        sim.run();
        assert!((1..=most).contains(&counters.asked()), "{target}: {}", counters.asked());
        assert!(sim.unread(peer) >= 36 * 2 * request.len(), "{target}");
        let len: usize = target.rsplit('/').next().unwrap().parse().unwrap();
        let mut total = 0;
        let mut read = Vec::new();
        while read.len() < 80 * len && total < 200_000_000 {
            sim.open_window(peer, 150_000);
            total += 150_000;
            sim.run();
            read.extend(sim.take(peer));
            let answered = read.len() / len;
            assert!(counters.asked() <= answered + most + 1, "{target}");
        }
        sim.set_window(peer, None);
        sim.run();
        read.extend(sim.take(peer));
        let answers = all(&read);
        assert_eq!(answers.len(), 80, "{target}");
        let expected = pattern(len);
        assert!(answers.iter().all(|answer| answer.body == expected), "{target}");
        assert_eq!(sim.end(peer), End::Open);
    }
}

#[test]
fn peer_that_takes_nothing_is_cut_after_30_s() {
    // A response is being written, and the peer accepts no byte of it.
    for target in ["/bytes/700000", "/stream/700000"] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, Some(0));
        sim.send(peer, get(target).repeat(3).as_bytes());
        sim.advance(Duration::from_millis(29_900));
        assert_eq!(sim.end(peer), End::Open, "{target}");
        // One byte is progress.
        sim.open_window(peer, 1);
        sim.advance(Duration::from_millis(29_900));
        assert_eq!(sim.end(peer), End::Open, "{target}");
        sim.advance(Duration::from_millis(200));
        assert_eq!(sim.end(peer), End::Reset, "{target}");
        assert_eq!((counters.sources(), sim.hub.connections()), (0, 0));
    }
}

#[test]
fn source_that_fails_cuts_the_connection() {
    // The length was promised: the peer must not take what came for the whole (RFC 9112 §8).
    for (target, sent) in [
        ("/error/0", 0),
        ("/error/1", 1),
        ("/error/99999", 99_999),
        ("/short/0", 0),
        ("/short/70000", 70_000),
    ] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        let other = sim.connect();
        sim.send(peer, [get(target), get("/bytes/1")].concat().as_bytes());
        sim.run();
        let read = sim.take(peer);
        assert_eq!(try_take(&mut read.as_slice(), false), None, "{target}");
        let (_, body) = split_head(&read);
        assert!(body == pattern(sent), "{target}: {}", body.len());
        assert_eq!(sim.end(peer), End::Reset, "{target}");
        assert_eq!((counters.asked(), counters.sources()), (1, 0), "{target}");
        assert_eq!(all(&sim.exchange(other, get("/bytes/1").as_bytes())).len(), 1);
    }
}

fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    bytes.split_at(end + 4)
}

#[test]
fn many_slow_readers_do_not_mix() {
    let mut rng = Rng::new(3);
    let (mut sim, counters) = site(Config::default());
    let readers: Vec<_> = (0..12)
        .map(|n| {
            let peer = sim.connect();
            sim.set_window(peer, Some(0));
            let kind = ["bytes", "stream"][n % 2];
            sim.send(peer, get(&format!("/{kind}/{}", 150_000 + n)).as_bytes());
            (peer, 150_000 + n)
        })
        .collect();
    let mut read = vec![Vec::new(); readers.len()];
    for _ in 0..60 {
        for (index, (peer, _)) in readers.iter().enumerate() {
            sim.open_window(*peer, rng.below(12_000));
            sim.turn();
            read[index].extend(sim.take(*peer));
        }
    }
    for (index, (peer, len)) in readers.iter().enumerate() {
        sim.set_window(*peer, None);
        sim.run();
        read[index].extend(sim.take(*peer));
        let answers = all(&read[index]);
        assert!(answers.len() == 1 && answers[0].body == pattern(*len), "{index}");
    }
    assert_eq!(counters.sources(), 0);
}
