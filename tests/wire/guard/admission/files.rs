//! A file that is sent is open meanwhile, and counts as a connection does.

use super::{expect_refusal, is_let_in};
use crate::answer::{self, get, request};
use crate::apps::status::metric;
use crate::disk::Disk;
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::apps::status::Status;
use ws101::config::Config;

fn disk(max_connections: usize) -> Sim {
    let config = Config { max_connections, ..Config::default() };
    Sim::with_apps(config, vec![Box::new(Status), Box::new(Disk)])
}

/// A download that stands still.
fn stalled(sim: &mut Sim) -> PeerNo {
    let peer = sim.connect();
    sim.set_window(peer, Some(1_000));
    sim.send(peer, get("/").as_bytes());
    sim.run();
    assert!(sim.take(peer).starts_with(b"HTTP/1.1 200 "));
    peer
}

#[test]
fn file_takes_the_place_of_a_connection_until_it_is_sent() {
    let mut sim = disk(3);
    let peer = stalled(&mut sim);
    let _idle = sim.connect();
    assert!(!is_let_in(&mut sim));
    sim.set_window(peer, None);
    sim.run();
    assert!(is_let_in(&mut sim));
}

#[test]
fn file_is_closed_when_its_connection_ends() {
    let ways: [fn(&mut Sim, PeerNo); 3] = [
        |sim, peer| sim.reset(peer),
        |sim, peer| {
            sim.fin(peer);
            sim.set_window(peer, None);
        },
        |sim, _| sim.advance(Duration::from_secs(30)),
    ];
    for way in ways {
        let mut sim = disk(2);
        let peer = stalled(&mut sim);
        assert!(!is_let_in(&mut sim));
        way(&mut sim, peer);
        sim.run();
        // With two places for a connection and its file.
        stalled(&mut sim);
        assert!(!is_let_in(&mut sim));
    }
}

#[test]
fn file_over_the_cap_is_503_and_the_connections_stay() {
    let mut sim = disk(3);
    let stalled = stalled(&mut sim);
    let peer = sim.connect();
    sim.send(peer, get("/").as_bytes());
    expect_refusal(&mut sim, peer, 503);
    assert_eq!(sim.end(stalled), End::Open);
    sim.set_window(stalled, None);
    sim.advance(Duration::from_secs(2));
    let peer = sim.connect();
    let answer = answer::only(&sim.exchange(peer, get("/?1000").as_bytes()));
    assert_eq!((answer.status, answer.body.len()), (200, 1_000));
    let refused = "ws101_refused_total{reason=\"files\"}";
    assert_eq!(metric(&mut sim, refused), 1.0);
}

#[test]
fn answer_without_a_body_needs_no_open_file() {
    let mut sim = disk(1);
    let peer = sim.connect();
    let mut rest = &sim.exchange(peer, request("HEAD", "/").as_bytes())[..];
    assert_eq!(answer::take(&mut rest, true).status, 200);
    let answer = answer::only(&sim.exchange(peer, get("/?0").as_bytes()));
    assert_eq!((answer.status, answer.closes()), (200, false));
    sim.send(peer, get("/?1").as_bytes());
    expect_refusal(&mut sim, peer, 503);
}
