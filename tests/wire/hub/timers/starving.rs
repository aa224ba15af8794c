//! Somebody is always ready, or more than one turn takes: nobody is judged unread, and everybody soon.

use super::{millis, without_pings};
use crate::answer;
use crate::client::{self, frames, pong, text};
use crate::sim::{End, PeerNo, Sim};
use ws101::clock::{Dealt, Seen, TURNS_PER_ROUND, Time};

/// Turns of a millisecond each, before each of which all of `busy` send this. Tells after how many
/// turns `is_over`.
fn turns_until(
    sim: &mut Sim,
    busy: &[PeerNo],
    bytes: &[u8],
    mut is_over: impl FnMut(&mut Sim) -> bool,
) -> u32 {
    for turn in 0..1_000 {
        if is_over(sim) {
            return turn;
        }
        sim.now = sim.now.after(millis(1));
        for peer in busy {
            if sim.unread(*peer) == 0 {
                sim.send(*peer, bytes);
            }
        }
        sim.turn();
    }
    panic!("never");
}

#[test]
fn nobody_is_given_up_whose_pong_is_behind_what_one_turn_takes() {
    let mut sim = Sim::default();
    sim.events_per_turn = 8;
    let peers: Vec<PeerNo> = (0..30).map(|_| sim.open("/echo")).collect();
    sim.advance(millis(20_000));
    let (mute, answer) = peers.split_last().unwrap();
    for peer in answer {
        sim.send(*peer, &pong(""));
    }
    // As when the process was stopped, and as when only the turn before was long.
    sim.now = Time(40_500);
    sim.interrupted_turn();
    sim.run();
    for peer in answer {
        assert_eq!(sim.end(*peer), End::Open);
        assert_eq!(frames(&sim.take(*peer)).len(), 1, "the Ping");
    }
    assert_eq!(sim.end(*mute), End::Closed);
    assert_eq!(sim.hub.connections(), 29);
}

#[test]
fn deadline_comes_although_more_is_always_ready_than_one_turn_takes() {
    let mut sim = Sim::default();
    sim.events_per_turn = 8;
    let busy: Vec<PeerNo> = (0..100).map(|_| sim.open("/echo")).collect();
    let mute = sim.connect();
    sim.send(mute, b"GET /");
    sim.run();
    sim.now = Time(9_990);
    let turns = turns_until(&mut sim, &busy, &text("x"), |sim| sim.end(mute) != End::Open);
    assert_eq!(answer::only(&sim.take(mute)).status, 408);
    // 101 descriptors are thirteen turns, and the moment may be just behind the beginning of a round.
    assert!((10..10 + 2 * 13 + 2).contains(&turns), "{turns}");
}

#[test]
fn deadline_comes_although_somebody_can_always_be_read() {
    let mut sim = Sim::new(without_pings());
    let mute = sim.connect();
    sim.send(mute, b"GET /");
    let busy = sim.open("/echo");
    sim.now = Time(9_990);
    // Three reads each, so that somebody is left to be read nearly always.
    let message = client::binary(vec![7; 390_000]);
    let many = message.repeat(100);
    let turns = turns_until(&mut sim, &[busy], &many, |sim| sim.end(mute) != End::Open);
    assert_eq!(answer::only(&sim.take(mute)).status, 408);
    assert!(turns < 10 + 2 * TURNS_PER_ROUND + 2, "{turns}");
}

#[test]
fn deadline_of_who_always_has_more_to_read_comes_too() {
    // It has not answered our Close, and sends on and on: 5 s, and two rounds.
    let mut sim = Sim::new(without_pings());
    let peer = sim.open("/ws/1");
    sim.exchange(peer, &client::binary("x"));
    sim.now = Time(4_990);
    let flood = client::binary(vec![7; 60_000]).repeat(100);
    let turns = turns_until(&mut sim, &[peer], &flood, |sim| sim.end(peer) != End::Open);
    assert!((10..10 + 2 * TURNS_PER_ROUND + 2).contains(&turns), "{turns}");
}

#[test]
fn one_turn_more_is_all_that_a_deadline_costs_otherwise() {
    let mut sim = Sim::default();
    let peer = sim.connect();
    sim.run();
    sim.now = Time(10_000);
    sim.turn();
    assert_eq!(sim.end(peer), End::Open, "it was not looked at since");
    sim.turn();
    assert_eq!(sim.end(peer), End::Closed);
}

/// A poll that reported so many of a hundred descriptors.
fn part(events: usize) -> Dealt {
    Dealt { events, is_all: false, most: 100, has_rest: false }
}

const ALL: Dealt = Dealt { events: 3, is_all: true, most: 100, has_rest: false };

const REST: Dealt = Dealt { has_rest: true, ..ALL };

#[test]
fn what_was_seen_is_the_turn_before_the_last_poll() {
    let mut seen = Seen::default();
    assert_eq!(seen.advance(ALL, Time(5)), Time(0));
    assert_eq!(seen.advance(ALL, Time(9)), Time(5));
    // Nothing was reported.
    assert_eq!(seen.advance(part(0), Time(1_000)), Time(5));
    assert_eq!(seen.advance(ALL, Time(1_001)), Time(9));
    assert_eq!(seen.advance(ALL, Time(1_001)), Time(1_001));
}

#[test]
fn run_of_full_polls_is_over_when_each_was_reported() {
    let mut seen = Seen::default();
    seen.advance(ALL, Time(10));
    for now in [11, 12, 13] {
        assert_eq!(seen.advance(part(30), Time(now)), Time(0));
    }
    assert_eq!(seen.advance(part(30), Time(14)), Time(10));
    // The next begins there.
    for now in [15, 16, 17] {
        assert_eq!(seen.advance(part(30), Time(now)), Time(10));
    }
    assert_eq!(seen.advance(part(30), Time(18)), Time(14));
}

#[test]
fn who_can_still_be_read_is_waited_for_but_not_for_ever() {
    let mut seen = Seen::default();
    seen.advance(ALL, Time(10));
    for now in 11..15 {
        assert_eq!(seen.advance(REST, Time(now)), Time(0));
    }
    assert_eq!(seen.advance(ALL, Time(15)), Time(10));
    for now in 1..TURNS_PER_ROUND {
        assert_eq!(seen.advance(REST, Time(100 + u64::from(now))), Time(10));
    }
    assert_eq!(seen.advance(REST, Time(200)), Time(15));
}
