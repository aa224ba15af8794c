//! Whose connection a viewer sees: an id is for one page, for one viewer, and for once.

use super::{ID, OTHER, status, texts, titles, told, viewed};
use crate::client::{SWITCHING, frame, hex, upgrade};
use crate::sim::Sim;
use serde_json::Value;
use std::time::Duration;

#[test]
fn the_two_connections_of_an_id_may_come_in_any_order() {
    let mut sim = viewed();
    let page = sim.open(&format!("/echo?wire={ID}"));
    sim.exchange(page, &frame(0x81, "early"));
    sim.advance(Duration::from_secs(29));
    let viewer = sim.connect();
    sim.send(viewer, upgrade(&format!("/wire?id={ID}")).as_bytes());
    sim.run();
    let answer = sim.take(viewer);
    let events = texts(answer.strip_prefix(SWITCHING.as_bytes()).unwrap());
    assert_eq!(titles(&events)[2..], ["text \"early\"", "text \"early\"", "ping \"\""]);
}

#[test]
fn two_pages_never_see_each_other() {
    let mut sim = viewed();
    let viewers = [ID, OTHER].map(|id| sim.open(&format!("/wire?id={id}")));
    let pages = [ID, OTHER].map(|id| sim.open(&format!("/ws/7?wire={id}")));
    let nobody = sim.open("/ws/8");
    for (page, text) in [(pages[0], "one"), (pages[1], "two"), (nobody, "three")] {
        sim.exchange(page, &frame(0x81, text));
    }
    for (viewer, own) in viewers.into_iter().zip(["one", "two"]) {
        let events = told(&mut sim, viewer);
        let sent: Vec<_> =
            events.iter().filter(|event| event["dir"] == "C" && event["kind"] == "frame").collect();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["title"], format!("text {own:?}"));
    }
}

#[test]
fn an_id_is_used_once() {
    let mut sim = viewed();
    let wire = format!("/wire?id={ID}");
    let path = format!("/echo?wire={ID}");
    let viewer = sim.open(&wire);
    assert_eq!(status(&mut sim, &wire), "404", "a second viewer");
    let page = sim.open(&path);
    assert_eq!(status(&mut sim, &path), "404", "a second connection");
    assert_eq!(status(&mut sim, &format!("/socket.io/?EIO=4&transport=websocket&wire={ID}")), "404");
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("81 01 61"), "the first one is served");
    sim.fin(page);
    told(&mut sim, viewer);
    sim.fin(viewer);
    sim.run();
    assert_eq!((status(&mut sim, &wire), status(&mut sim, &path)), ("404".to_owned(), "404".to_owned()));
    // It is remembered for a while, and not for ever.
    for number in 0..1_024 {
        let other = sim.open(&format!("/wire?id={number:032}"));
        sim.reset(other);
        sim.run();
    }
    assert_eq!(status(&mut sim, &wire), "101");
}

#[test]
fn whoever_has_no_good_id_gets_404() {
    let mut sim = viewed();
    let long = "a".repeat(65);
    for query in [
        "",
        "?",
        "?id=",
        "?id=short",
        "?ID=00112233445566778899aabbccddeeff",
        "?id=0011223344556677889/aabbccddeeff",
        &format!("?id={long}"),
    ] {
        assert_eq!(status(&mut sim, &format!("/wire{query}")), "404", "{query}");
    }
    for id in ["AAAAAAAAAAAAAAAAAAAAA_", "00112233-4455-6677-8899-aabbccddeeff"] {
        assert_eq!(status(&mut sim, &format!("/wire?a=b&id={id}&c")), "101", "{id}");
    }
}

#[test]
fn without_the_view_its_paths_are_not_found() {
    let mut sim = Sim::default();
    assert_eq!(status(&mut sim, &format!("/wire?id={ID}")), "404");
    assert_eq!(status(&mut sim, "/lab"), "404");
    assert_eq!(status(&mut sim, &format!("/echo?wire={ID}")), "101");
}

#[test]
fn a_closed_view_leaves_its_connection_alone() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    sim.reset(viewer);
    sim.run();
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("81 01 61"));
    assert_eq!(status(&mut sim, &format!("/wire?id={ID}")), "404");
}

#[test]
fn a_view_is_not_viewed() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}&wire={ID}"));
    let other = sim.open(&format!("/wire?id={OTHER}"));
    sim.exchange(viewer, &frame(0x81, "?"));
    sim.open(&format!("/wire?id=0000000000000000000000&wire={OTHER}"));
    assert_eq!(told(&mut sim, other), [] as [Value; 0]);
}
