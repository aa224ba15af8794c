//! What a client may make the server hold, at most.

use super::{RS, Server, get};
use crate::answer;
use crate::client::{Frame, frames, text};
use crate::sim::End;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

#[test]
fn a_thousand_abandoned_sessions_leave_nothing_behind() {
    let mut server = Server::default();
    for n in 0..1_000 {
        let sid = server.open();
        match n % 5 {
            0 => drop(server.post(&sid, "4kept")),
            1 => drop(server.wait(&sid)),
            2 => drop(server.probe(&sid)),
            3 => {
                let peer = server.probe(&sid);
                server.say(peer, "2probe");
            }
            _ => drop(server.post(&sid, "4close")),
        }
    }
    assert_eq!(server.seen.open(), 800);
    assert!(server.sim.hub.held_bytes() > 0);
    server.advance(60_000);
    assert_eq!((server.seen.open(), server.seen.closed()), (0, 1_000));
    server.assert_nothing_left();
}

#[test]
fn sessions_without_a_connection_are_no_more_than_connections() {
    let config = Config { max_connections: 20, ..Config::default() };
    let mut server = Server::with(config, Settings::default());
    let peer = server.sim.connect();
    let open = answer::get("/socket.io/?EIO=4&transport=polling");
    let mut sids = Vec::new();
    for _ in 0..20 {
        let answer = answer::only(&server.sim.exchange(peer, open.as_bytes()));
        sids.push(super::sid_of(&answer.text()));
    }
    let answer = answer::only(&server.sim.exchange(peer, open.as_bytes()));
    assert_eq!(answer.status, 503);
    assert_eq!(answer.field("Retry-After"), Some("5"));
    assert_eq!(server.seen.open(), 20);
    // A WebSocket is bounded by its connection.
    server.websocket();
    // One that changed over, and one that ended, make room.
    let probe = server.probe(&sids[0]);
    server.say(probe, "2probe");
    server.say(probe, "5");
    server.post(&sids[1], "1");
    server.open();
    server.open();
    assert_eq!(server.fetch(&open).status, 503);
    server.advance(25_000);
    server.say(probe, "3");
    server.advance(20_000);
    assert_eq!(server.seen.open(), 1);
    server.open();
}

#[test]
fn a_queue_is_bounded_in_packets() {
    let settings = Settings { max_queued: 100, ..Settings::default() };
    let mut server = Server::with(Config::default(), settings);
    let sid = server.open();
    server.post(&sid, "4burst 100");
    let expected: Vec<String> = (0..100).map(|n| format!("4{n}")).collect();
    assert_eq!(server.poll(&sid), expected.join(RS));
    assert_eq!(server.seen.closed(), 0);
    server.post(&sid, "4burst 101");
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.sim.hub.held_bytes(), 0);
    server.assert_unknown(&sid);
}

#[test]
fn a_queue_is_bounded_in_bytes() {
    let config = Config { max_queue_bytes: Some(10_000), ..Config::default() };
    // 48 bytes of bookkeeping, and the 4.
    for (len, closed) in [(10_000 - 49, 0), (10_000 - 48, 1)] {
        let mut server = Server::with(config.clone(), Settings::default());
        let sid = server.open();
        let other = server.open();
        server.post(&sid, &format!("4long {len}"));
        assert_eq!(server.seen.closed(), closed, "{len}");
        server.post(&other, "4x");
        assert_eq!(server.poll(&other), "4x");
    }
}

#[test]
fn a_queue_that_grows_while_a_get_waits_is_bounded_too() {
    let config = Config { max_queue_bytes: Some(10_000), ..Config::default() };
    let mut server = Server::with(config, Settings::default());
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.post(&sid, "4long 20000");
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.fetched(waiting), "1");
}

#[test]
fn what_is_queued_counts_into_the_budget_and_the_largest_goes() {
    let config = Config { memory_budget_bytes: 1 << 20, ..Config::default() };
    let mut server = Server::with(config, Settings::default());
    let (large, small) = (server.open(), server.open());
    let records = server.sim.hub.held_bytes();
    server.post(&small, "4long 200000");
    assert_eq!(server.sim.hub.held_bytes() - records, 200_000 + 49);
    server.post(&large, "4long 600000");
    assert_eq!(server.sim.hub.held_bytes() - records, 800_000 + 98);
    let third = server.open();
    server.post(&third, "4long 400000");
    server.sim.run();
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.sim.hub.held_bytes() - records, 600_000 + 98);
    server.assert_unknown(&large);
    assert_eq!(server.poll(&small).len(), 200_001);
    assert_eq!(server.poll(&third).len(), 400_001);
    assert_eq!(server.sim.hub.held_bytes(), records);
}

#[test]
fn a_session_that_polls_counts_into_the_budget_by_itself() {
    let mut server = Server::default();
    let sid = server.open();
    let record = server.sim.hub.held_bytes();
    // What a session takes, measured with 9,000 of them, is about 550 bytes.
    assert!((400..700).contains(&record), "{record}");
    // With a WebSocket it is part of what a connection costs.
    let probe = server.probe(&sid);
    assert_eq!(server.sim.hub.held_bytes(), record);
    server.say(probe, "2probe");
    server.say(probe, "5");
    assert_eq!(server.sim.hub.held_bytes(), 0);
    server.websocket();
    assert_eq!(server.sim.hub.held_bytes(), 0);
    let sid = server.open();
    server.post(&sid, "4close");
    assert!(server.sim.hub.held_bytes() >= record, "until its 1 is fetched");
    assert_eq!(server.poll(&sid), "1");
    assert_eq!(server.sim.hub.held_bytes(), 0);
}

#[test]
fn sessions_alone_do_not_pass_the_budget_and_the_latest_go() {
    let config = Config { memory_budget_bytes: 20_000, ..Config::default() };
    let mut server = Server::with(config, Settings::default());
    let peer = server.sim.connect();
    let open = answer::get("/socket.io/?EIO=4&transport=polling");
    let mut sids = Vec::new();
    for _ in 0..100 {
        let answer = answer::only(&server.sim.exchange(peer, open.as_bytes()));
        sids.push(super::sid_of(&answer.text()));
        assert!(server.sim.hub.held_bytes() <= 20_000);
    }
    let left = server.seen.open();
    assert!((20_000 / 700..20_000 / 400).contains(&left), "{left}");
    // Who was there first is not driven out by those who come.
    server.post(&sids[0], "4x");
    assert_eq!(server.poll(&sids[0]), "4x");
    server.assert_unknown(&sids[99]);
    server.advance(45_000);
    server.assert_nothing_left();
}

#[test]
fn a_websocket_message_over_the_limit_closes_with_1009() {
    let settings = Settings { max_payload: 1_000, ..Settings::default() };
    let mut server = Server::with(Config::default(), settings);
    let (peer, _) = server.websocket();
    let longest = format!("4{}", "x".repeat(999));
    assert_eq!(server.say(peer, &longest), [longest.as_str()]);
    let bytes = server.sim.exchange(peer, &text(format!("{longest}x")));
    let Frame { first, payload } = &frames(&bytes)[0];
    assert_eq!((*first, &payload[..2]), (0x88, &1009_u16.to_be_bytes()[..]));
    assert_eq!(server.seen.closed(), 1);

    // So does a probe; its session polls on.
    let sid = server.open();
    let probe = server.probe(&sid);
    let bytes = server.sim.exchange(probe, &text("x".repeat(1_001)));
    assert_eq!(frames(&bytes)[0].payload[..2], 1009_u16.to_be_bytes());
    server.post(&sid, "4x");
    assert_eq!(server.poll(&sid), "4x");
}

#[test]
fn a_get_waits_no_longer_than_its_heartbeat() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.advance(45_000);
    let answers = answer::all(&server.sim.take(waiting));
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].text(), "2");
    // Held longer than the core allows, it is answered by the core and the session ends.
    let settings = Settings { ping_interval: std::time::Duration::from_secs(100), ..Settings::default() };
    let mut server = Server::with(Config::default(), settings);
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.advance(60_000);
    assert_eq!(answer::only(&server.sim.take(waiting)).status, 503);
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.fetch(&get(&sid)).status, 400);
}

#[test]
fn a_slow_websocket_ends_its_session() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.sim.set_window(peer, Some(0));
    server.sim.send(peer, &text("4long 1000000"));
    server.sim.run();
    server.advance(30_000);
    assert_eq!(server.seen.open(), 0);
    server.advance(2_000);
    assert_ne!(server.sim.end(peer), End::Open);
}
