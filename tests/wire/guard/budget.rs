//! The memory budget: when more is held for all peers together than it
//! allows, the largest holder goes, and nobody else.
//!
//! That the count is right is asserted in every turn of every test (`Sim::audit`).

use crate::client::{binary, frame, frames, from_server, text, texts};
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::config::Config;

const BUDGET: usize = 64 << 20;
const OUT_OF_MEMORY: &str = "out of memory for peers";
/// What one read may add before anybody is judged.
const ONE_READ: usize = 128 << 10;

fn with_budget(memory_budget_bytes: usize) -> Config {
    Config { memory_budget_bytes, ping_interval: Duration::ZERO, ..Config::default() }
}

/// Begins a binary message of `total` bytes, as one frame, and sends the first `arrived` of them.
fn begin(sim: &mut Sim, peer: PeerNo, total: usize, arrived: usize) {
    let mut bytes = vec![0x82, 0xff];
    bytes.extend((total as u64).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.resize(bytes.len() + arrived, 7);
    sim.send(peer, &bytes);
}

/// The code of a Close that ends what the server sent, and what came before it.
fn last_close(sim: &mut Sim, peer: PeerNo) -> (usize, Option<Vec<u8>>) {
    let mut frames = frames(&sim.take(peer));
    let last = frames.pop_if(|frame| frame.first == 0x88);
    (frames.len(), last.map(|frame| frame.payload))
}

fn out_of_memory() -> Option<Vec<u8>> {
    Some([&1013_u16.to_be_bytes(), OUT_OF_MEMORY.as_bytes()].concat())
}

#[test]
fn four_unfinished_messages_of_16_mib_do_not_fit_and_one_of_them_goes() {
    let mut sim = Sim::new(with_budget(BUDGET));
    let innocent = sim.open("/echo");
    sim.send(innocent, &frame(0x01, "half a mes"));
    let peers: Vec<PeerNo> = (0..4).map(|_| sim.open("/echo")).collect();
    let total = 16 << 20;
    for peer in &peers {
        begin(&mut sim, *peer, total, 0);
    }
    // All of them send at the same pace, and hold back the last byte.
    let step = vec![7; ONE_READ];
    for _ in 0..total / ONE_READ - 1 {
        for peer in &peers {
            sim.send(*peer, &step);
        }
        sim.run();
        assert!(sim.hub.held_bytes() <= BUDGET);
    }
    for peer in &peers {
        sim.send(*peer, &step[1..]);
    }
    sim.run();
    assert!(sim.hub.held_bytes() <= BUDGET);

    let (ended, open): (Vec<PeerNo>, Vec<PeerNo>) =
        peers.iter().partition(|peer| sim.end(**peer) != End::Open);
    assert_eq!((ended.len(), open.len()), (1, 3));
    assert_eq!(last_close(&mut sim, ended[0]), (0, out_of_memory()));
    // The others go on as if nothing had been.
    for peer in open {
        let echo = sim.exchange(peer, &[7]);
        assert_eq!(echo.len(), 10 + total);
    }
    let echo = sim.exchange(innocent, &frame(0x80, "sage"));
    assert_eq!(texts(&echo), ["half a message"]);
    assert!(sim.hub.held_bytes() < ONE_READ, "nothing is left");
}

#[test]
fn broadcast_of_1_mib_that_900_of_1000_do_not_read_is_held_once() {
    let mut sim = Sim::new(with_budget(BUDGET));
    let sender = sim.open("/broadcast");
    let members: Vec<PeerNo> = (0..1_000).map(|_| sim.open("/broadcast")).collect();
    let (mute, readers) = members.split_at(900);
    for peer in mute {
        sim.set_window(*peer, Some(0));
    }
    let payload = vec![5; 1 << 20];
    sim.send(sender, &binary(&payload));
    sim.run();
    // One MiB, and for each of those who do not read a queue with one entry.
    let held = sim.hub.held_bytes();
    assert!((1 << 20..(1 << 20) + 900 * 1_024).contains(&held), "{held}");
    for peer in readers.iter().chain([&sender]) {
        assert_eq!(sim.take(*peer).len(), 10 + payload.len());
    }
    for peer in members {
        assert_eq!(sim.end(peer), End::Open, "nobody has to go for that");
    }
}

#[test]
fn who_does_not_read_goes_and_who_reads_stays() {
    let mut sim = Sim::new(with_budget(8 << 20));
    let sender = sim.open("/broadcast");
    let members: Vec<PeerNo> = (0..200).map(|_| sim.open("/broadcast")).collect();
    let (mute, readers) = members.split_at(180);
    for peer in mute {
        sim.set_window(*peer, Some(0));
    }
    // Somebody in the middle of something small.
    let innocent = sim.open("/echo");
    sim.send(innocent, &frame(0x02, vec![1; 1_000]));
    let payload = vec![5; 1 << 20];
    for number in 0..12 {
        sim.send(sender, &binary(&payload));
        sim.run();
        assert!(sim.hub.held_bytes() <= 8 << 20, "message {number}");
    }
    for peer in readers.iter().chain([&sender]) {
        assert_eq!(sim.take(*peer).len(), 12 * (10 + payload.len()));
        assert_eq!(sim.end(*peer), End::Open);
    }
    assert_eq!(sim.exchange(innocent, &frame(0x80, "")).len(), 4 + 1_000);
    for peer in mute {
        // None of the messages was begun, so the Close stands on the border of a frame.
        sim.set_window(*peer, None);
        sim.run();
        assert_eq!(last_close(&mut sim, *peer), (0, out_of_memory()));
    }
}

#[test]
fn ten_thousand_unfinished_heads_fit_or_are_refused() {
    let mut sim = Sim::new(Config { max_connections: 20_000, max_handshakes: 20_000, ..with_budget(BUDGET) });
    let innocent = sim.connect();
    let (head, end) = (crate::client::upgrade("/echo"), "\r\n\r\n".len());
    let (begun, rest) = head.as_bytes().split_at(head.len() - end);
    sim.send(innocent, begun);
    let peers: Vec<PeerNo> = (0..10_000).map(|_| sim.connect()).collect();
    let mut head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".to_vec();
    head.resize(12_000, b'x');
    for part in head.chunks(6_000) {
        for peer in &peers {
            sim.send(*peer, part);
        }
        sim.run();
        assert!(sim.hub.held_bytes() <= BUDGET);
    }
    let (kept, refused): (Vec<PeerNo>, Vec<PeerNo>) =
        peers.iter().partition(|peer| sim.end(**peer) == End::Open);
    // They hold 16 KiB each, and a quarter more is counted for the holes: as many as fit are kept.
    assert!(kept.len() > 3_000, "{} are kept", kept.len());
    assert!(refused.len() > 4_000, "{} are refused", refused.len());
    for peer in refused {
        let answer = String::from_utf8(sim.take(peer)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nRetry-After: 5\r\n"), "{answer}");
    }
    let answer = sim.exchange(kept[0], b"\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 404 "), "a kept one is served");
    let answer = sim.exchange(innocent, rest);
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "the small one, too");
}

#[test]
fn messages_ahead_of_the_one_that_is_too_much_are_answered_first() {
    let mut sim = Sim::new(with_budget(1 << 20));
    let peer = sim.open("/echo");
    let mut bytes = binary([1, 2, 3]);
    bytes.extend([0x82, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0]);
    bytes.resize(1_200_000, 0);
    sim.send(peer, &bytes);
    sim.run();
    let answer = sim.take(peer);
    let echo = from_server(0x82, [1, 2, 3]);
    let last = from_server(0x88, out_of_memory().unwrap());
    assert_eq!(answer, [echo, last].concat());
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn message_that_is_held_while_our_close_is_not_answered_goes_with_the_connection() {
    // It has been told to go: a second Close must not follow (RFC 6455 §5.5.1).
    let mut sim = Sim::new(Config {
        close_timeout: Duration::from_secs(100),
        drain_timeout: Duration::from_secs(200),
        ..with_budget(1 << 20)
    });
    let peer = sim.open("/echo");
    sim.hub.stop(sim.now);
    sim.run();
    let farewell = sim.take(peer);
    let payload = [&1001_u16.to_be_bytes(), &b"server is going down"[..]].concat();
    assert_eq!(farewell, from_server(0x88, payload));
    begin(&mut sim, peer, 2 << 20, 1_100_000);
    sim.run();
    assert_eq!(sim.take(peer), b"");
    assert!(sim.peer(peer).is_over());
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn same_size_again_and_again_costs_one_connection_each_time() {
    // The search for the largest is only made when memory is short, and ends when it fits again.
    let mut sim = Sim::new(with_budget(1 << 20));
    let peers: Vec<PeerNo> = (0..40).map(|_| sim.open("/echo")).collect();
    for (number, peer) in peers.iter().enumerate() {
        // Held in a buffer of 128 KiB, which counts as 160; with the records that belong to them, 6 fit.
        begin(&mut sim, *peer, 1 << 20, 100_000);
        sim.run();
        let ended = peers.iter().filter(|peer| sim.end(**peer) != End::Open);
        assert_eq!(ended.count(), (number + 1).saturating_sub(6), "at {number}");
    }
}

#[test]
fn room_for_a_large_message_is_made_before_it_is_copied_for_its_receivers() {
    // 14 MiB unfinished, 8 MB received, and 8 MB on their way to two who do not read.
    let mut sim = Sim::new(with_budget(20 << 20));
    let holder = sim.open("/echo");
    begin(&mut sim, holder, 16 << 20, 14 << 20);
    let sender = sim.open("/broadcast");
    let mute = [sim.open("/broadcast"), sim.open("/broadcast")];
    for peer in mute {
        sim.set_window(peer, Some(0));
    }
    sim.send(sender, &binary(vec![5; 8_000_000]));
    sim.run();
    assert_eq!(last_close(&mut sim, holder), (0, out_of_memory()));
    assert_eq!(sim.take(sender).len(), 10 + 8_000_000);
    for peer in mute {
        sim.set_window(peer, None);
        sim.run();
        assert_eq!(sim.take(peer).len(), 10 + 8_000_000);
    }
}

#[test]
fn who_sends_more_than_anybody_holds_goes_instead_of_its_message() {
    let mut sim = Sim::new(with_budget(23 << 20));
    let holder = sim.open("/echo");
    begin(&mut sim, holder, 12 << 20, 11 << 20);
    sim.run();
    let sender = sim.open("/ws");
    let member = sim.open("/ws");
    // It fits beside the 11 MiB of the other. With its copy it does not, and is the larger one.
    sim.send(sender, &text(vec![b'5'; 10_000_000]));
    sim.run();
    assert_eq!(last_close(&mut sim, sender), (0, out_of_memory()));
    assert_eq!(texts(&sim.take(member)), ["A client disconnected"]);
    let echo = sim.exchange(holder, &vec![7; 1 << 20]);
    assert_eq!(echo.len(), 10 + (12 << 20), "the other one goes on");
}

#[test]
fn large_message_that_is_passed_on_as_it_came_needs_no_room_for_a_copy() {
    let mut sim = Sim::new(with_budget(23 << 20));
    let holder = sim.open("/echo");
    begin(&mut sim, holder, 12 << 20, 11 << 20);
    sim.run();
    let members = [sim.open("/broadcast"), sim.open("/broadcast")];
    // 9.5 MiB beside 11: for anybody to go, a copy would have to be made.
    let message = vec![5; 10_000_000];
    sim.send(members[0], &binary(&message));
    sim.run();
    for member in members {
        let frames = frames(&sim.take(member));
        assert_eq!(frames.len(), 1);
        assert!(frames[0].payload == message, "as it was sent");
    }
    let echo = sim.exchange(holder, &vec![7; 1 << 20]);
    assert_eq!(echo.len(), 10 + (12 << 20), "the other one goes on");
}

#[test]
fn queues_of_shorter_messages_are_judged_at_once_and_not_when_somebody_comes() {
    let mut sim = Sim::new(with_budget(2 << 20));
    let sender = sim.open("/broadcast");
    let mute = sim.open("/broadcast");
    sim.set_window(mute, Some(0));
    for number in 1..=21 {
        sim.send(sender, &binary(vec![5; 100_000]));
        sim.run();
        assert!(sim.hub.held_bytes() <= 2 << 20);
        let is_kept = sim.hub.held_bytes() > 50_000;
        assert_eq!(is_kept, number <= 20, "message {number}");
    }
}
