//! The wire view under attack: what it must not show, and what must not stay.

use super::view::{texts, viewed};
use crate::client::{frame, upgrade};
use crate::sim::{PeerNo, Sim};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use ws101::tools::view::lab::answer;

const ID: &str = "00112233445566778899aabbccddeeff";

fn told(sim: &mut Sim, viewer: PeerNo) -> Vec<Value> {
    sim.advance(Duration::from_millis(300));
    texts(&sim.take(viewer))
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
}

#[test]
fn an_empty_line_before_the_request_gives_no_secret_away() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    for line in ["\r\n", "\n"] {
        let page = sim.connect();
        let request = upgrade(&format!("/ws/7?token=hush&wire={ID}"));
        sim.exchange(page, format!("{line}{request}").as_bytes());
        let events = told(&mut sim, viewer);
        let text = json!(events).to_string();
        assert!(!text.contains("hush") && !text.contains(ID), "{text}");
        if line == "\r\n" {
            assert_eq!(events[0]["title"], "GET /ws/7?(hidden, 48 bytes) HTTP/1.1");
            let fields = &events[0]["fields"];
            assert_eq!((&fields[0]["name"], &fields[0]["l"]), (&json!("empty line"), &json!(2)));
            assert_eq!((&fields[1]["name"], &fields[1]["o"]), (&json!("request line"), &json!(2)));
        }
    }
}

#[test]
#[cfg(feature = "socketio")]
fn what_follows_a_refused_handshake_is_not_shown() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.connect();
    // This refusal leaves the connection open.
    sim.exchange(page, upgrade(&format!("/socket.io/?wire={ID}")).as_bytes());
    let kinds: Vec<_> = told(&mut sim, viewer).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["request", "response", "body"]);
    // A proxy may send the requests of others on it.
    let other = b"GET /healthz?a=hush HTTP/1.1\r\nHost: localhost\r\nCookie: hush\r\n\r\n";
    let answer = String::from_utf8(sim.exchange(page, other)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    sim.advance(Duration::from_millis(300));
    let bytes = sim.take(viewer);
    assert!(bytes.ends_with(b"the connection is over"), "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(texts(&bytes), [] as [Value; 0]);
}

#[test]
fn a_close_that_is_too_long_is_covered_by_its_fields() {
    for text in ["S< close 1000 61*300", "C> close 1000 61*300", "C> close 1000 61*254", "S< 88 7e 01 00 03"]
    {
        let events: Value = serde_json::from_str(&answer(text)).unwrap();
        let event = &events["events"][0];
        let mut end = 0;
        for field in event["fields"].as_array().unwrap() {
            let (offset, len) = (field["o"].as_u64().unwrap(), field["l"].as_u64().unwrap());
            assert!(offset == end || field["b"].is_string() && offset + 1 == end, "{event}");
            end = offset + len;
        }
        assert_eq!(end, event["size"].as_u64().unwrap(), "{event}");
    }
}

#[test]
fn no_text_occupies_the_lab_for_long() {
    for text in [
        "S< close 1000 61*60000",
        "S< \"HTTP/1.1 200 OK\\r\\n\" \"a\\n\"*30000 \"\\r\\n\"",
        "C> \"GET / HTTP/1.1\\r\\n\" \"a\\n\"*8000",
    ] {
        let began = Instant::now();
        assert!(!answer(text).is_empty());
        // Each took more than ten times as long, because its beginning was judged again and again.
        assert!(began.elapsed() < Duration::from_secs(1), "{text}: {:?}", began.elapsed());
    }
}

#[test]
fn a_frame_that_begins_within_a_read_took_that_read_too() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    let one = frame(0x81, "a");
    sim.exchange(page, &[&one[..], &one, &one[..3]].concat());
    sim.exchange(page, &one[3..]);
    let events = told(&mut sim, viewer);
    let is_sent = |event: &&Value| event["dir"] == "C" && event["kind"] == "frame";
    let reads: Vec<_> =
        events.iter().filter(is_sent).map(|event| (&event["reads"], &event["cuts"])).collect();
    assert_eq!(reads, [(&json!(1), &json!([0])), (&json!(1), &json!([])), (&json!(2), &json!([3]))]);
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
fn a_request_before_the_handshake_is_not_shown_and_ends_nothing() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.connect();
    let plain = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let poll = format!("GET /healthz?wire={ID} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let handshake = upgrade(&format!("/echo?wire={ID}"));
    sim.exchange(page, format!("{plain}{poll}{handshake}").as_bytes());
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), [0x81, 1, b'a']);
    let kinds: Vec<_> = told(&mut sim, viewer).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["request", "note", "response", "frame", "frame"]);
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
