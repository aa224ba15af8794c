//! The deadline of a large message that is not finished: it has to grow.

use super::{close_frame, until, watched_sim, without_pings};
use crate::client;
use crate::sim::{End, Sim};
use ws101::app::Cause;
use ws101::clock::Time;
use ws101::config::Config;

#[test]
fn unfinished_message_over_64_kib_needs_64_kib_more_each_minute() {
    let first_frame = |len: usize| client::frame(0x02, vec![7; len]);
    let more = |len: usize| client::frame(0x00, vec![7; len]);
    // Exactly 64 KiB may wait for ever; a byte more may not.
    for (len, ends) in [(64 << 10, false), ((64 << 10) + 1, true)] {
        let (mut sim, record) = watched_sim(without_pings());
        let peer = sim.open("/echo");
        sim.exchange(peer, &first_frame(len));
        until(&mut sim, 59_999);
        assert_eq!(sim.take(peer), b"");
        until(&mut sim, 60_000);
        if ends {
            assert_eq!(sim.take(peer), close_frame(1008, "message too slow"));
            assert_eq!(record.closes()[0].cause, Cause::Limit);
        } else {
            until(&mut sim, 600_000);
            assert_eq!(sim.end(peer), End::Open);
        }
    }
    // 64 KiB more begin a new minute, 64 KiB less one do not.
    for (growth, ends) in [(64 << 10, false), ((64 << 10) - 1, true)] {
        let mut sim = Sim::new(without_pings());
        let peer = sim.open("/echo");
        sim.exchange(peer, &first_frame(70_000));
        until(&mut sim, 59_999);
        sim.exchange(peer, &more(growth));
        until(&mut sim, 60_000);
        assert_eq!(sim.end(peer) != End::Open, ends, "{growth}");
        if !ends {
            until(&mut sim, 59_999 + 59_999);
            assert_eq!(sim.take(peer), b"");
            until(&mut sim, 59_999 + 60_000);
            assert_eq!(sim.take(peer), close_frame(1008, "message too slow"));
        }
    }
}

#[test]
fn finished_message_takes_its_minute_with_it() {
    let mut sim = Sim::new(without_pings());
    let peer = sim.open("/echo");
    sim.exchange(peer, &client::frame(0x02, vec![7; 100_000]));
    until(&mut sim, 30_000);
    let output = sim.exchange(peer, &client::frame(0x80, "end"));
    assert_eq!(client::frames(&output)[0].payload.len(), 100_003);
    // Another one begins; its time is its own.
    until(&mut sim, 50_000);
    sim.exchange(peer, &client::frame(0x02, vec![7; 100_000]));
    until(&mut sim, 109_999);
    assert_eq!(sim.end(peer), End::Open);
    until(&mut sim, 110_000);
    assert_eq!(sim.end(peer), End::HalfClosed);
    // And a finished one leaves nothing behind.
    let other = sim.open("/echo");
    sim.exchange(other, &client::frame(0x02, vec![7; 100_000]));
    sim.exchange(other, &client::frame(0x80, "end"));
    until(&mut sim, 400_000);
    assert_eq!(sim.end(other), End::Open);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn trickle_inside_one_large_frame_is_judged_alike() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let frame = client::binary(vec![7; 1 << 20]);
    sim.send(peer, &frame[..80_000]);
    for second in 1..=59 {
        until(&mut sim, second * 1_000);
        sim.send(peer, &frame[80_000 + second as usize * 10..][..10]);
    }
    until(&mut sim, 59_999);
    assert_eq!(sim.take(peer), b"");
    until(&mut sim, 60_000);
    assert_eq!(sim.take(peer), close_frame(1008, "message too slow"));
}

#[test]
fn pauses_that_a_peer_makes_buy_it_no_new_minute() {
    // Four Pings are two more than a second allows, so it is not read for a while.
    let mut sim = Sim::new(Config { max_messages_per_second: 2, ..without_pings() });
    let peer = sim.open("/echo");
    sim.exchange(peer, &client::frame(0x02, vec![7; 70_000]));
    for second in (0..60).step_by(20) {
        until(&mut sim, second * 1_000);
        sim.send(peer, &client::ping("").repeat(4));
    }
    until(&mut sim, 60_000);
    assert_eq!(client::frames(&sim.take(peer)).len(), 12, "Pongs");
    assert_eq!(sim.end(peer), End::Open, "the pauses are not counted");
    until(&mut sim, 65_000);
    assert_eq!(sim.take(peer), close_frame(1008, "message too slow"));
}

#[test]
fn time_in_which_it_is_not_read_is_not_the_message_s() {
    let mut sim = Sim::new(without_pings());
    let peer = sim.open("/echo");
    sim.exchange(peer, &client::frame(0x02, vec![7; 70_000]));
    until(&mut sim, 10_000);
    // Its Pongs wait, so it is not read; it takes a few bytes every now and then.
    sim.set_window(peer, Some(0));
    sim.send(peer, &client::ping([7; 125]).repeat(2_500));
    for second in (30..=190).step_by(20) {
        until(&mut sim, second * 1_000);
        assert_eq!(sim.end(peer), End::Open);
        sim.open_window(peer, 10);
    }
    sim.set_window(peer, None);
    until(&mut sim, 200_000);
    assert_eq!(sim.end(peer), End::Open);
    sim.take(peer);
    // Ten seconds were over before, and since 190 s it is read again.
    until(&mut sim, 190_000 + 49_999);
    assert_eq!(sim.take(peer), b"");
    until(&mut sim, 190_000 + 50_000);
    assert_eq!(sim.take(peer), close_frame(1008, "message too slow"));
}
