//! For how long, for how many, and how much: places, rings, memory, turns.

use super::{ID, OTHER, status, texts, told, viewed, viewed_with};
use crate::client::{SWITCHING, frame, hex, upgrade};
use crate::sim::{End, Sim};
use std::cell::RefCell;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use ws101::app::{ConnId, Written};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::tap::Tap;
use ws101::tools::view::{self, eye::Eye};
use ws101::ws::endpoint::Limits;

#[test]
fn who_waits_in_vain_is_told_after_30_s() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={OTHER}"));
    sim.take(viewer);
    sim.advance(Duration::from_millis(29_999));
    assert_eq!(sim.take(viewer), hex("89 00"), "the Ping of a silent connection");
    sim.exchange(viewer, &hex("8a8000000000"));
    sim.advance(Duration::from_millis(1));
    let close = sim.take(viewer);
    let words = [&1000u16.to_be_bytes()[..], b"no connection came with this id"].concat();
    assert!(close.ends_with(&words), "{close:?}");
    // The other one has no viewer, and goes on unwatched.
    assert_eq!(status(&mut sim, &format!("/wire?id={OTHER}")), "404");
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("89 00 81 01 61"));
}

#[test]
fn a_page_that_polls_alone_is_shown_as_long_as_it_does() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let request = format!("GET /healthz?wire={ID} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    for _ in 0..8 {
        let poll = sim.connect();
        sim.exchange(poll, request.as_bytes());
        sim.send(viewer, &hex("8a8000000000"));
        sim.advance(Duration::from_secs(15));
    }
    let events = texts(&sim.take(viewer));
    assert_eq!(events.last().unwrap()["n"], 8);
    sim.advance(Duration::from_secs(16));
    assert!(sim.take(viewer).ends_with(b"no connection came with this id"));
}

#[test]
fn thirty_two_are_watched_at_once() {
    let mut sim = viewed();
    for number in 0..32 {
        sim.open(&format!("/wire?id={number:032}"));
    }
    let peer = sim.connect();
    let answer = sim.exchange(peer, upgrade(&format!("/wire?id={ID}")).as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("32 connections are watched already"),
        "{answer}"
    );
    assert_eq!(status(&mut sim, &format!("/echo?wire={ID}")), "101", "it is served, and not watched");
    // Those who wait in vain make room.
    sim.advance(Duration::from_secs(31));
    assert_eq!(status(&mut sim, &format!("/wire?id={ID}")), "101");
}

#[test]
fn pages_of_other_origins_take_no_place() {
    let mut sim = viewed();
    for number in 0..40 {
        // Any page can have a browser send these, and cannot read the answers.
        let wire = format!("{number:032}");
        let image = format!("GET /?wire={wire} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        let socket = upgrade(&format!("/echo?wire={wire}"))
            .replace("\r\n\r\n", "\r\nOrigin: https://example.org\r\n\r\n");
        for request in [image, socket] {
            let peer = sim.connect();
            sim.exchange(peer, request.as_bytes());
            sim.fin(peer);
            sim.run();
        }
    }
    assert_eq!(status(&mut sim, &format!("/wire?id={ID}")), "101");
}

#[test]
fn a_page_that_is_refused_and_stays_takes_no_place() {
    let mut sim = viewed();
    for number in 0..40 {
        let peer = sim.connect();
        let request = upgrade(&format!("/echo?wire={number:032}"));
        sim.exchange(peer, request.replace("\r\n\r\n", "\r\nOrigin: https://example.org\r\n\r\n").as_bytes());
    }
    sim.open(&format!("/wire?id={ID}"));
}

#[test]
fn a_page_that_is_refused_leaves_no_memory_behind() {
    let mut sim = viewed();
    for number in 0..50 {
        let request = upgrade(&format!("/echo?wire={number:032}"));
        let peer = sim.connect();
        sim.exchange(peer, request.replace("\r\n\r\n", "\r\nOrigin: https://example.org\r\n\r\n").as_bytes());
        // The server has counted the place before it is given up.
        sim.advance(Duration::from_millis(10));
        sim.fin(peer);
        sim.run();
    }
    sim.advance(Duration::from_millis(10));
    assert_eq!(sim.hub.held_bytes(), 0);
    // A refusal that is written late finds its place counted.
    let peer = sim.connect();
    sim.set_window(peer, Some(0));
    let request = upgrade(&format!("/echo?wire={ID}"));
    sim.exchange(peer, request.replace("\r\n\r\n", "\r\nOrigin: https://example.org\r\n\r\n").as_bytes());
    sim.advance(Duration::from_millis(10));
    assert!(sim.hub.held_bytes() >= 64 << 10, "{}", sim.hub.held_bytes());
    sim.set_window(peer, None);
    sim.run();
    sim.reset(peer);
    sim.advance(Duration::from_millis(10));
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn a_flood_stays_within_the_ring_and_what_is_missing_is_counted() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    let many = frame(0x81, "x").repeat(100);
    let mut events = Vec::new();
    // 10,000 frames a second, for a second.
    for _ in 0..100 {
        sim.exchange(page, &many);
        sim.advance(Duration::from_millis(10));
        let bytes = sim.take(viewer);
        assert!(bytes.len() < 128 << 10, "{} bytes at once", bytes.len());
        events.extend(texts(&bytes));
    }
    events.extend(told(&mut sim, viewer));
    let lost: u64 = events.iter().filter_map(|event| event["count"].as_u64()).sum();
    let shown = events.iter().filter(|event| event["kind"] == "frame").count() as u64;
    assert_eq!(shown + lost, 20_000, "each frame and its echo are shown or counted");
    assert!((1_000..2_000).contains(&shown), "{shown}");
    // The numbers say where something is missing, too, and the last frame is there.
    assert_eq!(events.last().unwrap()["n"], 20_002);
    let gaps: u64 =
        events.windows(2).map(|pair| pair[1]["n"].as_u64().unwrap() - pair[0]["n"].as_u64().unwrap()).sum();
    assert_eq!(gaps, events.last().unwrap()["n"].as_u64().unwrap() - events[0]["n"].as_u64().unwrap());
}

#[test]
fn a_page_that_does_not_read_costs_its_ring_and_one_delivery() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    sim.set_window(viewer, Some(0));
    let before = sim.hub.held_bytes();
    for _ in 0..50 {
        sim.exchange(page, &frame(0x81, "x").repeat(100));
        sim.advance(Duration::from_millis(100));
    }
    assert!(sim.hub.held_bytes() - before < 512 << 10, "{}", sim.hub.held_bytes() - before);
    sim.set_window(viewer, None);
    sim.advance(Duration::from_secs(1));
    assert!(texts(&sim.take(viewer)).iter().any(|event| event["kind"] == "lost"));
}

#[test]
fn many_pages_with_much_to_tell_share_the_turns() {
    let mut sim = viewed();
    let pairs: Vec<_> = (0..32)
        .map(|number| {
            let viewer = sim.open(&format!("/wire?id={number:032}"));
            (viewer, sim.open(&format!("/echo?wire={number:032}")))
        })
        .collect();
    sim.advance(Duration::from_secs(1));
    for (_, page) in &pairs {
        sim.send(*page, &frame(0x81, "x").repeat(100));
    }
    for (viewer, _) in &pairs {
        sim.take(*viewer);
    }
    let mut most = 0;
    let mut all = 0;
    for _ in 0..200 {
        sim.advance(Duration::from_millis(1));
        let told: usize = pairs.iter().map(|(viewer, _)| sim.take(*viewer).len()).sum();
        most = most.max(told);
        all += told;
    }
    assert!(all > 2 << 20, "{all} bytes in all");
    assert!(most < 1 << 20, "{most} bytes at one time");
}

#[test]
fn whoever_does_not_ask_is_not_followed() {
    let mut sim = viewed();
    // So many that no other may be followed, if they were not forgotten.
    for _ in 0..1_100 {
        sim.open("/echo");
    }
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    sim.exchange(page, &frame(0x81, "a"));
    assert_eq!(told(&mut sim, viewer).len(), 4);
    // And so many that are none yet are followed that one more is not.
    for _ in 0..1_024 {
        sim.connect();
    }
    sim.run();
    let late = sim.open(&format!("/wire?id={OTHER}"));
    sim.open(&format!("/echo?wire={OTHER}"));
    assert_eq!(told(&mut sim, late).len(), 0);
}

#[test]
fn short_memory_ends_a_view_before_a_chat() {
    let mut sim = viewed_with(Config {
        memory_budget_bytes: 48 << 10,
        max_message_bytes: 16 << 10,
        ..Config::default()
    });
    let page = sim.open("/echo");
    let peer = sim.connect();
    sim.send(peer, upgrade(&format!("/wire?id={ID}")).as_bytes());
    sim.run();
    sim.advance(Duration::from_millis(10));
    let answer = sim.take(peer);
    assert!(answer.starts_with(SWITCHING.as_bytes()));
    assert!(answer.ends_with(b"memory is short"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("81 01 61"));
    assert_eq!(sim.end(page), End::Open);
}

#[test]
fn the_server_goes_down_with_pages_that_watch() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    sim.hub.stop(sim.now);
    sim.run();
    for peer in [page, viewer] {
        let bytes = sim.take(peer);
        assert!(
            bytes.windows(4).any(|four| four == hex("88 02 03 e9"))
                || bytes.windows(2).any(|two| two == hex("03 e9")),
            "1001"
        );
    }
    sim.advance(Duration::from_secs(6));
    assert!(sim.hub.is_finished());
}

/// A tap of which the test keeps one end.
struct Shared(Rc<RefCell<Eye>>);

impl Tap for Shared {
    fn turn(&mut self, now: Time) {
        self.0.borrow_mut().turn(now);
    }

    fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        self.0.borrow_mut().opened(id, peer);
    }

    fn read(&mut self, id: ConnId, bytes: &[u8]) -> bool {
        self.0.borrow_mut().read(id, bytes)
    }

    fn read_end(&mut self, id: ConnId, reset: bool) {
        self.0.borrow_mut().read_end(id, reset);
    }

    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) -> bool {
        self.0.borrow_mut().wrote(id, pieces, written)
    }

    fn half_closed(&mut self, id: ConnId) {
        self.0.borrow_mut().half_closed(id);
    }

    fn closed(&mut self, id: ConnId) {
        self.0.borrow_mut().closed(id);
    }

    fn drain(&mut self) -> bool {
        self.0.borrow_mut().drain()
    }
}

#[test]
fn a_silent_page_is_not_followed_after_its_viewer_has_left() {
    let mut sim = Sim::default();
    let eye = Rc::new(RefCell::new(view::add(&mut sim.hub, Limits::default())));
    sim.watch(Shared(Rc::clone(&eye)));
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    assert_eq!(eye.borrow().followed(), 1, "the page, and not its viewer");
    sim.reset(viewer);
    sim.run();
    // Somebody else has news.
    sim.open("/echo");
    assert_eq!(eye.borrow().followed(), 0);
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("81 01 61"));
}
