//! Messages per second: a peer that sends more waits, nobody else does, and nothing is lost.

use crate::apps::status::metric;
use crate::client::{self, close, frame, from_server, ping, text, texts, upgrade};
use crate::record::watched;
use crate::sim::{End, PeerNo, Rng, Sim, apps};
use std::time::Duration;
use ws101::clock::Time;
use ws101::config::{Config, Tuning};

fn limited_to(max_messages_per_second: usize) -> Config {
    Config { max_messages_per_second, ..Config::default() }
}

/// So many messages, numbered.
fn numbered(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| text(n.to_string())).collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The echoes that came, which go on where those before ended.
fn expect_next(sim: &mut Sim, peer: PeerNo, next: &mut usize) -> usize {
    let echoes = texts(&sim.take(peer));
    for echo in &echoes {
        assert_eq!(*echo, next.to_string(), "in order, and none left out");
        *next += 1;
    }
    echoes.len()
}

#[test]
fn without_a_cap_all_are_answered_at_once() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(15_000));
    sim.run();
    assert_eq!(expect_next(&mut sim, peer, &mut 0), 15_000);
    assert_eq!(sim.now, Time(0));
}

#[test]
fn one_second_s_worth_comes_at_once_and_then_as_many_as_the_rate_gives() {
    let mut sim = Sim::new(limited_to(10));
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(35));
    sim.run();
    let mut next = 0;
    assert_eq!(expect_next(&mut sim, peer, &mut next), 10);
    for _ in 0..25 {
        sim.advance(Duration::from_millis(99));
        assert_eq!(expect_next(&mut sim, peer, &mut next), 0);
        sim.advance(Duration::from_millis(1));
        assert_eq!(expect_next(&mut sim, peer, &mut next), 1);
    }
    assert_eq!(next, 35);
    // Who waits a second may have ten again; who waits ten may not have more.
    sim.advance(seconds(10));
    sim.send(peer, &(35..55).flat_map(|n| text(n.to_string())).collect::<Vec<u8>>());
    sim.run();
    assert_eq!(expect_next(&mut sim, peer, &mut next), 10);
}

#[test]
fn peer_below_the_rate_never_waits() {
    let mut sim = Sim::new(limited_to(10));
    let peer = sim.open("/echo");
    for _ in 0..300 {
        assert_eq!(sim.exchange(peer, &text("x")), from_server(0x81, "x"));
        sim.advance(Duration::from_millis(100));
    }
    assert_eq!(metric(&mut sim, "ws101_rate_pauses_total"), 0.0);
}

#[test]
fn however_bytes_are_cut_the_rate_is_kept_and_nothing_is_lost() {
    let mut rng = Rng::new(0x4A7E);
    for per_second in [1, 2, 3, 7, 64, 1_000, 4_999] {
        let mut sim = Sim::new(limited_to(per_second));
        let peer = sim.open("/echo");
        let count = per_second * 5 + 3;
        // Each in one to three fragments, with a Pong between.
        let mut bytes = Vec::new();
        for n in 0..count {
            let digits = n.to_string();
            let (first, last) = digits.split_at(rng.below(digits.len() + 1));
            match rng.below(3) {
                0 => bytes.extend(text(&digits)),
                1 => bytes.extend([frame(0x01, first), frame(0x80, last)].concat()),
                _ => bytes.extend(
                    [frame(0x01, first), client::pong("x"), frame(0x00, ""), frame(0x80, last)].concat(),
                ),
            }
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let len = 1 + rng.below(rest.len().min(bytes.len() / 10 + 1));
            sim.send(peer, &rest[..len]);
            rest = &rest[len..];
        }
        sim.run();
        let (mut next, began) = (0, sim.now);
        expect_next(&mut sim, peer, &mut next);
        assert_eq!(next, per_second, "one second's worth");
        while next < count {
            sim.advance(Duration::from_millis(50));
            expect_next(&mut sim, peer, &mut next);
            let millis = (sim.now.0 - began.0) as usize;
            let most = per_second + per_second * millis / 1_000;
            assert!(next <= most, "{next} of {most} after {millis} ms");
            // A pause lasts 100 ms, or until one message is paid for, and may begin just now.
            let least = per_second * millis.saturating_sub(150) / 1_000;
            assert!(next >= least.min(count), "{next} after {millis} ms");
        }
        assert_eq!(sim.end(peer), End::Open);
        // Each may copy what a read left over.
        let pauses = metric(&mut sim, "ws101_rate_pauses_total");
        assert!(pauses <= 55.0, "{pauses} pauses in five seconds");
    }
}

#[test]
fn messages_right_behind_the_handshake_count() {
    let mut sim = Sim::new(limited_to(2));
    let peer = sim.connect();
    sim.send(peer, &[upgrade("/echo").as_bytes(), &numbered(4)].concat());
    sim.run();
    let answer = sim.take(peer);
    let frames = answer.strip_prefix(client::SWITCHING.as_bytes()).unwrap();
    assert_eq!(texts(frames), ["0", "1"]);
    sim.advance(seconds(1));
    assert_eq!(texts(&sim.take(peer)), ["2", "3"]);
}

#[test]
fn pings_count_and_pongs_do_not() {
    let mut sim = Sim::new(limited_to(3));
    let peer = sim.open("/echo");
    let mixed = [ping("a"), text("b"), ping("c"), ping("d"), text("e")].concat();
    sim.send(peer, &mixed);
    sim.run();
    assert_eq!(client::frames(&sim.take(peer)).len(), 3);
    sim.advance(seconds(1));
    assert_eq!(client::frames(&sim.take(peer)).len(), 2);
    sim.advance(seconds(1));
    let pongs = client::pong("x").repeat(100);
    assert_eq!(sim.exchange(peer, &[pongs, text("f")].concat()), from_server(0x81, "f"));
}

#[test]
fn who_waits_is_not_read_and_holds_one_read_at_most() {
    let mut sim = Sim::new(limited_to(1));
    let peer = sim.open("/echo");
    for _ in 0..50 {
        sim.send(peer, &numbered(1_000));
    }
    sim.run();
    let one_read = numbered(1_000).len();
    assert_eq!(sim.unread(peer), 49 * one_read);
    assert!(sim.hub.held_bytes() <= 2 * one_read);
    // Nor is anything read when the last message of a read was the last for now.
    let exact = sim.open("/echo");
    assert_eq!(sim.exchange(exact, &text("one")), from_server(0x81, "one"));
    sim.send(exact, &text("two"));
    sim.run();
    assert_eq!(sim.unread(exact), text("two").len());
    let turns = sim.turns;
    sim.advance(Duration::from_millis(999));
    assert!(sim.turns - turns < 5, "nobody is kept busy");
}

#[test]
fn who_waits_is_not_read_because_its_queue_is_empty_again() {
    let mut sim = Sim::new(limited_to(1));
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(1));
    sim.send(peer, &text("one"));
    sim.run();
    sim.set_window(peer, None);
    sim.send(peer, &text("two"));
    sim.run();
    assert_eq!(sim.take(peer), from_server(0x81, "one"));
    assert_eq!(sim.unread(peer), text("two").len());
    sim.advance(seconds(1));
    assert_eq!(sim.take(peer), from_server(0x81, "two"));
}

#[test]
fn others_do_not_wait() {
    let mut sim = Sim::new(limited_to(5));
    let (greedy, modest) = (sim.open("/echo"), sim.open("/echo"));
    sim.send(greedy, &numbered(1_000));
    sim.run();
    for _ in 0..5 {
        assert_eq!(sim.exchange(modest, &text("x")), from_server(0x81, "x"));
    }
}

#[test]
fn who_is_not_read_is_not_given_up_for_silence() {
    // Its Pongs lie behind its messages.
    let mut sim = Sim::new(limited_to(1));
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(120));
    let mut next = 0;
    for _ in 0..120 {
        sim.run();
        expect_next(&mut sim, peer, &mut next);
        sim.advance(seconds(1));
    }
    assert_eq!((next, sim.end(peer)), (120, End::Open));
    // Silence begins when all is read.
    sim.advance(seconds(18));
    assert_eq!(sim.take(peer), b"");
    sim.advance(seconds(2));
    assert_eq!(sim.take(peer), [0x89, 0x00]);
    sim.advance(seconds(20));
    assert_eq!(sim.end(peer), End::Closed);
}

#[test]
fn pinged_peer_whose_pong_lies_behind_its_messages_lives() {
    let config = Config { pong_timeout: Duration::from_millis(500), ..limited_to(1) };
    let mut sim = Sim::new(config);
    let peer = sim.open("/echo");
    sim.advance(seconds(20));
    assert_eq!(sim.take(peer), [0x89, 0x00]);
    sim.send(peer, &[numbered(5), client::pong("")].concat());
    sim.advance(seconds(6));
    assert_eq!(texts(&sim.take(peer)).len(), 5);
    assert_eq!(sim.end(peer), End::Open);
}

#[test]
fn close_and_end_of_stream_wait_their_turn() {
    for by_fin in [false, true] {
        let (apps, record) = watched(apps());
        let mut sim = Sim::with_apps(limited_to(2), apps);
        let peer = sim.open("/echo");
        sim.send(peer, &numbered(6));
        if by_fin {
            sim.fin(peer);
        } else {
            sim.send(peer, &close(1000, ""));
        }
        sim.advance(Duration::from_millis(1_999));
        assert_eq!((record.closes().len(), sim.end(peer)), (0, End::Open));
        sim.advance(seconds(1));
        assert_eq!(record.closes().len(), 1);
        let frames = client::frames(&sim.take(peer));
        let echoes = frames.iter().filter(|frame| frame.first == 0x81).count();
        assert_eq!((echoes, frames.len()), (6, if by_fin { 6 } else { 7 }));
    }
}

#[test]
fn violation_behind_the_messages_is_found_when_it_is_reached() {
    let mut sim = Sim::new(limited_to(2));
    let peer = sim.open("/echo");
    sim.send(peer, &[numbered(3), client::hex("83 80")].concat());
    sim.run();
    assert_eq!(texts(&sim.take(peer)).len(), 2);
    sim.advance(Duration::from_millis(500));
    let frames = client::frames(&sim.take(peer));
    assert_eq!(frames[0].payload, b"2");
    sim.advance(Duration::from_millis(500));
    assert_eq!(sim.take(peer)[..4], [0x88, 0x10, 0x03, 0xea]);
}

#[test]
fn nothing_is_left_of_those_who_go_while_they_wait() {
    let mut sim = Sim::new(limited_to(1));
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(100));
    sim.run();
    sim.reset(peer);
    // A reset is seen when the connection is read again.
    sim.advance(seconds(100));
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    assert_eq!(sim.hub.held_bytes(), 0);
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(100));
    sim.run();
    sim.hub.cut_all();
    sim.run();
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    // The next tenant of the slot has paid nothing yet.
    let next = sim.open("/echo");
    assert_eq!(sim.peer(next).id.slot, sim.peer(peer).id.slot);
    assert_eq!(sim.exchange(next, &text("x")), from_server(0x81, "x"));
}

#[test]
fn answer_to_our_close_does_not_wait_for_the_rate() {
    let mut sim = Sim::new(limited_to(1));
    let peer = sim.open("/ws");
    // The chat takes no binary: it closes with 1003.
    sim.send(peer, &[client::binary("x"), close(1003, "")].concat());
    sim.run();
    assert_eq!(sim.take(peer)[2..4], [0x03, 0xeb]);
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn going_down_does_not_wait_for_the_rate() {
    let (apps, record) = watched(apps());
    let mut sim = Sim::with_apps(limited_to(1), apps);
    let peer = sim.open("/echo");
    sim.send(peer, &[numbered(1_000), close(1001, "")].concat());
    sim.run();
    sim.hub.stop(sim.now);
    sim.advance(seconds(1));
    assert!(sim.hub.is_finished() || sim.end(peer) == End::HalfClosed);
    assert_eq!(record.closes().len(), 1);
    let frames = client::frames(&sim.take(peer));
    assert_eq!(frames.len(), 2, "the first echo and our Close");
}

#[test]
fn peer_that_reads_slowly_and_sends_fast_gets_everything() {
    let mut sim = Sim::new(Config {
        ping_interval: Duration::ZERO,
        tuning: Tuning { high_water_bytes: 2_000, low_water_bytes: 500, ..limited_to(50).tuning },
        ..limited_to(50)
    });
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    sim.send(peer, &numbered(1_000));
    let (mut rng, mut received) = (Rng::new(5), Vec::new());
    for _ in 0..2_000 {
        sim.open_window(peer, rng.below(20));
        sim.advance(Duration::from_millis(rng.below(100) as u64));
        received.extend(sim.take(peer));
    }
    let expected: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    assert_eq!(texts(&received), expected);
}

#[test]
fn pauses_are_counted() {
    let mut sim = Sim::new(limited_to(10));
    let peer = sim.open("/echo");
    sim.send(peer, &numbered(12));
    sim.advance(seconds(1));
    assert_eq!(metric(&mut sim, "ws101_rate_pauses_total"), 3.0);
}
