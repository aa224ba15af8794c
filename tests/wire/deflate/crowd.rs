//! Many compressed messages that are begun and not finished: only some of them can be inflated as
//! they come, and nobody can tell by what comes back.

use super::client::{Client, json};
use super::flate::{payload, stored};
use crate::client::{frame, hex};
use crate::sim::{End, Rng, Sim};
use std::time::Duration;
use ws101::config::{Config, Deflate};

/// As many as `inflate.rs` lends at once.
const MAX_LENT: usize = 16;
const OFFER: &str = "permessage-deflate";

fn message(no: usize) -> String {
    format!("{no}: {}", json(600 + 50 * no))
}

/// All send a message in `parts` frames, the order of the peers another one each time; those in `die`
/// leave in the middle.
fn crowd(deflate: Deflate, seed: u64, parts: usize, die: &[usize]) {
    let mut rng = Rng::new(seed);
    let mut sim = Sim::new(Config { deflate, ..Config::default() });
    let mut clients: Vec<Client> = (0..40).map(|_| Client::open(&mut sim, "/echo", OFFER)).collect();
    for round in 0..2 {
        let payloads: Vec<Vec<u8>> = (0..40).map(|no| payload(message(no))).collect();
        let mut received = vec![Vec::new(); 40];
        for part in 0..parts {
            let mut order: Vec<usize> = (0..40).collect();
            for at in (1..40).rev() {
                order.swap(at, rng.below(at + 1));
            }
            for no in order {
                let leaves = die.contains(&no);
                if leaves && (round > 0 || part == parts - 1) {
                    if sim.end(clients[no].no) == End::Open {
                        sim.reset(clients[no].no);
                        sim.run();
                    }
                    continue;
                }
                let mut piece = payloads[no].chunks(payloads[no].len().div_ceil(parts));
                let piece = piece.nth(part).unwrap_or_default();
                let opcode = if part == 0 { 0x41 } else { 0x00 };
                let fin = if part == parts - 1 { 0x80 } else { 0x00 };
                sim.send(clients[no].no, &frame(opcode | fin, piece));
                if rng.below(3) == 0 {
                    sim.run();
                }
            }
            sim.run();
            for no in 0..40 {
                received[no].extend(sim.take(clients[no].no));
            }
        }
        for no in (0..40).filter(|no| !die.contains(no)) {
            let messages = clients[no].read(&received[no]);
            assert_eq!(messages.len(), 1, "{no}");
            assert!(messages[0].1 == message(no).as_bytes(), "{no} {seed}");
        }
    }
}

#[test]
fn forty_at_once_are_all_answered() {
    // RFC 7692 §6.1, D6-5
    for seed in 0..3 {
        crowd(Deflate::On, seed, 2, &[]);
        crowd(Deflate::Takeover, seed, 7, &[]);
    }
}

#[test]
fn others_leave_in_the_middle() {
    for deflate in [Deflate::On, Deflate::Takeover] {
        crowd(deflate, 9, 3, &(0..40).step_by(3).collect::<Vec<_>>());
        crowd(deflate, 10, 3, &(0..20).collect::<Vec<_>>());
    }
}

/// Whether a new peer's bad text is found before its message is complete: it has a state of its own.
fn is_found_early(sim: &mut Sim) -> bool {
    let peer = Client::open(sim, "/echo", OFFER).no;
    sim.exchange(peer, &frame(0x41, stored(false, b"\xff")));
    let is_early = sim.end(peer) == End::HalfClosed;
    let answer = sim.exchange(peer, &frame(0x80, [0x00]));
    assert!(is_early || answer[2..4] == 1007_u16.to_be_bytes());
    is_early
}

/// A peer in the middle of a message.
fn begin(sim: &mut Sim) -> Client {
    let client = Client::open(sim, "/echo", OFFER);
    sim.exchange(client.no, &frame(0x41, hex("f2 48 cd")));
    client
}

#[test]
fn whoever_ends_gives_its_state_back() {
    // However it ends: complete, corrupt, too many, reset, closed. Nothing leaks.
    let mut sim = Sim::default();
    let mut begun: Vec<Client> = (0..MAX_LENT).map(|_| begin(&mut sim)).collect();
    assert!(!is_found_early(&mut sim), "all are lent");
    for round in 0..3 * MAX_LENT {
        let client = begun.remove(0);
        match round % 4 {
            0 => {
                let echo = sim.exchange(client.no, &frame(0x80, hex("c9 c9 07 00")));
                assert_eq!(echo, b"\x81\x05Hello");
            }
            1 => {
                sim.exchange(client.no, &frame(0x80, hex("ff ff ff ff")));
                assert_eq!(sim.end(client.no), End::HalfClosed);
            }
            2 => {
                sim.reset(client.no);
                sim.run();
            }
            _ => drop(sim.exchange(client.no, &frame(0x88, ""))),
        }
        assert!(is_found_early(&mut sim), "one is free, round {round}");
        begun.push(begin(&mut sim));
        assert!(!is_found_early(&mut sim), "and lent again, round {round}");
    }
}

#[test]
fn whole_messages_need_none() {
    let mut sim = Sim::default();
    let _begun: Vec<Client> = (0..MAX_LENT + 5).map(|_| begin(&mut sim)).collect();
    let mut client = Client::open(&mut sim, "/echo", OFFER);
    let input = client.compressed(0x81, message(3));
    assert_eq!(client.exchange(&mut sim, &input)[0].1, message(3).as_bytes());
}

#[test]
fn message_that_hardly_grows_ends_whether_it_is_inflated_or_kept() {
    // `slow_message_bytes`: what is held for it counts, however it is held.
    for lent in [0, MAX_LENT] {
        let mut sim = Sim::new(Config { ping_interval: Duration::ZERO, ..Config::default() });
        let _begun: Vec<Client> = (0..lent).map(|_| begin(&mut sim)).collect();
        let slow = Client::open(&mut sim, "/echo", OFFER);
        let begun = [stored(false, &[b'a'; 60_000]), stored(false, &[b'b'; 20_000])];
        sim.exchange(slow.no, &frame(0x42, begun.concat()));
        sim.advance(Duration::from_millis(59_999));
        assert_eq!(sim.end(slow.no), End::Open);
        sim.advance(Duration::from_millis(1));
        let answer = sim.take(slow.no);
        assert_eq!(answer.get(2..4), Some(&1008_u16.to_be_bytes()[..]), "{lent}");
    }
}
