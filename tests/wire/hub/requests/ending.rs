//! How a connection ends: the last answer can be read whole, then both sides close.

use super::{pattern, read_slowly, site};
use crate::answer::{all, get};
use crate::client::upgrade;
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::config::Config;

/// A connection whose last answer was written and whose own side the server has closed.
fn lingering(request: &str) -> (Sim, PeerNo) {
    let (mut sim, _) = site(Config::default());
    let peer = sim.connect();
    let answer = sim.exchange(peer, request.as_bytes());
    assert!(all(&answer)[0].closes(), "{request}");
    assert_eq!(sim.end(peer), End::HalfClosed, "{request}");
    (sim, peer)
}

fn last_requests() -> [String; 4] {
    [
        get("/nothing"),
        "GET /bytes/1 HTTP/1.1\r\n\r\n".to_owned(),
        upgrade("/echo").replace(": 13", ": 12"),
        get("/bytes/1").replace("Host", "Connection: close\r\nHost"),
    ]
}

#[test]
fn lingering_connection_ends_with_the_peers_fin() {
    // RFC 9112 §9.6
    for request in last_requests() {
        let (mut sim, peer) = lingering(&request);
        sim.fin(peer);
        sim.run();
        assert_eq!(sim.end(peer), End::Closed, "{request}");
        assert_eq!((sim.take(peer), sim.hub.connections()), (vec![], 0));
    }
}

#[test]
fn lingering_connection_ends_after_2_s() {
    // The peer has 2 s to read the last answer before the socket is closed.
    for request in last_requests() {
        let (mut sim, peer) = lingering(&request);
        sim.advance(Duration::from_millis(1_900));
        // More bytes are no reason to wait longer.
        sim.send(peer, b"x");
        sim.run();
        assert_eq!(sim.end(peer), End::HalfClosed, "{request}");
        sim.advance(Duration::from_millis(200));
        assert!(sim.peer(peer).is_over(), "{request}");
        assert_eq!(sim.hub.connections(), 0);
    }
}

#[test]
fn lingering_connection_takes_1_mib_and_no_more() {
    // What the peer still sends is read and thrown away, and not a request of it is answered.
    for request in last_requests() {
        let (mut sim, peer) = lingering(&request);
        let junk = get("/bytes/1").repeat(30_000);
        for piece in junk.as_bytes()[..1 << 20].chunks(100_000) {
            sim.send(peer, piece);
            sim.run();
        }
        assert_eq!(sim.end(peer), End::HalfClosed, "{request}");
        sim.send(peer, b"x");
        sim.run();
        assert!(sim.peer(peer).is_over(), "{request}");
        assert_eq!(sim.take(peer), b"");
    }
}

#[test]
fn last_answer_is_whole_before_the_server_closes_its_side() {
    // Otherwise the peer might never see the status line (RFC 9112 §9.6).
    for request in last_requests() {
        let (mut sim, _) = site(Config::default());
        let peer = sim.connect();
        let expected = {
            let twin = sim.connect();
            sim.exchange(twin, request.as_bytes())
        };
        sim.set_window(peer, Some(0));
        sim.send(peer, request.as_bytes());
        sim.send(peer, get("/bytes/1").as_bytes());
        let mut read = Vec::new();
        while read.len() < expected.len() {
            sim.run();
            assert_eq!(sim.end(peer), End::Open, "{request}");
            sim.open_window(peer, 7);
            sim.run();
            read.extend(sim.take(peer));
        }
        assert_eq!(read, expected);
        assert_eq!(sim.end(peer), End::HalfClosed, "{request}");
    }
}

#[test]
fn large_last_answer_is_whole_before_the_server_closes_its_side() {
    for target in ["/bytes/700000", "/stream/700000"] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, Some(0));
        let request = get(target).replace("Host", "Connection: close\r\nHost");
        sim.send(peer, [request, get("/bytes/1")].concat().as_bytes());
        sim.run();
        let read = read_slowly(&mut sim, peer, || 50_000);
        let answers = all(&read);
        assert!(answers.len() == 1 && answers[0].body == pattern(700_000));
        assert_eq!(sim.end(peer), End::HalfClosed, "{target}");
        assert_eq!((counters.asked(), counters.sources()), (1, 0));
    }
}

#[test]
fn refusal_behind_answers_comes_after_them() {
    let (mut sim, _) = site(Config::default());
    let peer = sim.connect();
    sim.set_window(peer, Some(0));
    let input = [get("/bytes/9000"), get("/stream/90000"), "BAD\r\n\r\n".to_owned(), get("/bytes/1")];
    sim.send(peer, input.concat().as_bytes());
    sim.run();
    let read = read_slowly(&mut sim, peer, || 10_000);
    let statuses: Vec<_> = all(&read).iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 400]);
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn peer_that_closes_its_side_behind_its_request_gets_the_whole_answer() {
    // The server answers what is complete, then closes.
    for target in ["/bytes/5", "/bytes/700000", "/stream/5000", "/stream/700000", "/nothing"] {
        for window in [None, Some(40_000)] {
            for apart in [false, true] {
                let (mut sim, counters) = site(Config::default());
                let peer = sim.connect();
                sim.set_window(peer, window.map(|_| 0));
                sim.send(peer, get(target).as_bytes());
                if apart {
                    sim.run();
                }
                sim.fin(peer);
                sim.run();
                let read = read_slowly(&mut sim, peer, || window.unwrap_or(0));
                let answers = all(&read);
                let case = format!("{target} {window:?} {apart}");
                assert_eq!(answers.len(), 1, "{case}");
                let len: Option<usize> = target.rsplit('/').next().unwrap().parse().ok();
                if let Some(len) = len {
                    assert!(answers[0].body == pattern(len), "{case}");
                }
                assert_eq!(sim.end(peer), End::Closed, "{case}");
                assert_eq!((counters.sources(), sim.hub.connections()), (0, 0), "{case}");
            }
        }
    }
}

#[test]
fn peer_that_closes_its_side_behind_several_requests_gets_all_answers() {
    for window in [None, Some(40_000)] {
        let (mut sim, _) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, window.map(|_| 0));
        let targets = ["/stream/300000", "/bytes/300000", "/bytes/5", "/stream/5000", "/bytes/300000"];
        sim.send(peer, targets.map(get).concat().as_bytes());
        sim.fin(peer);
        sim.run();
        let read = read_slowly(&mut sim, peer, || window.unwrap_or(0));
        let lens: Vec<_> = all(&read).iter().map(|answer| answer.body.len()).collect();
        assert_eq!(lens, [300_000, 300_000, 5, 5_000, 300_000], "{window:?}");
        assert_eq!(sim.end(peer), End::Closed, "{window:?}");
    }
}

#[test]
fn half_a_request_and_fin_is_no_request() {
    for begun in ["", "GET", "GET /bytes/1 HTTP/1.1\r\nHost: localhost\r\n\r"] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        sim.send(peer, [get("/bytes/1"), begun.to_owned()].concat().as_bytes());
        sim.fin(peer);
        sim.run();
        assert_eq!(all(&sim.take(peer)).len(), 1, "{begun}");
        assert_eq!(sim.end(peer), End::Closed, "{begun}");
        assert_eq!(counters.asked(), 1);
    }
}

#[test]
fn reset_at_any_moment_leaves_nothing_behind() {
    for (request, window) in [
        (get("/bytes/1"), None),
        (get("/stream/700000"), Some(100_000)),
        (get("/bytes/700000"), Some(100_000)),
        (get("/nothing"), Some(10)),
        (get("/nothing"), None),
        ("GET /".to_owned(), None),
        (upgrade("/ws/1"), Some(10)),
    ] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, window);
        sim.send(peer, request.as_bytes());
        sim.run();
        sim.reset(peer);
        sim.run();
        assert!(sim.peer(peer).is_over(), "{request}");
        assert_eq!((counters.sources(), sim.hub.connections()), (0, 0), "{request}");
    }
}
