//! The wire view on the virtual clock: who sees what of whose connection, and for how long.

use crate::client::{SWITCHING, frame, hex, upgrade};
use crate::sim::{End, PeerNo, Sim};
use serde_json::{Value, json};
use std::time::Duration;
use ws101::config::Config;
use ws101::tools::view;
use ws101::ws::endpoint::Limits;

const ID: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";

/// A server with the wire view.
pub(crate) fn viewed() -> Sim {
    viewed_with(Config::default())
}

fn viewed_with(config: Config) -> Sim {
    let mut sim = Sim::new(config);
    let eye = view::add(&mut sim.hub, Limits::default());
    sim.watch(eye);
    sim
}

/// The texts that came to this peer.
pub(super) fn texts(bytes: &[u8]) -> Vec<Value> {
    let mut rest = bytes;
    let mut texts = Vec::new();
    while let [first, len, after @ ..] = rest {
        let (len, after) = match len {
            126 => (usize::from(after[0]) << 8 | usize::from(after[1]), &after[2..]),
            127 => (u64::from_be_bytes(after[..8].try_into().unwrap()) as usize, &after[8..]),
            len => (usize::from(*len), after),
        };
        // The others are a Ping or a Close.
        if *first == 0x81 {
            texts.push(serde_json::from_slice(&after[..len]).unwrap());
        }
        rest = &after[len..];
    }
    texts
}

/// What a viewer has been told since it was asked last.
fn told(sim: &mut Sim, viewer: PeerNo) -> Vec<Value> {
    sim.advance(Duration::from_millis(200));
    texts(&sim.take(viewer))
}

fn titles(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["title"].as_str().unwrap_or("?")).collect()
}

/// The status that a handshake for this path gets.
fn status(sim: &mut Sim, path: &str) -> String {
    let peer = sim.connect();
    let answer = sim.exchange(peer, upgrade(path).as_bytes());
    String::from_utf8_lossy(&answer[9..12]).into_owned()
}

#[test]
fn a_page_is_shown_its_own_connection_in_the_order_of_the_wire() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/ws/7?wire={ID}"));
    sim.exchange(page, &frame(0x81, "Hello"));
    let events = told(&mut sim, viewer);
    let request = "GET /ws/7?(hidden, 37 bytes) HTTP/1.1";
    let frames = ["text \"Hello\"", "text \"You wrote: Hello\"", "text \"Client #7 says: Hello\""];
    assert_eq!(titles(&events), [&[request, "HTTP/1.1 101 Switching Protocols"][..], &frames].concat());
    let sides: Vec<_> = events.iter().map(|event| event["dir"].as_str().unwrap()).collect();
    assert_eq!(sides, ["C", "S", "C", "S", "S"]);
    let numbers: Vec<_> = events.iter().map(|event| event["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[test]
fn a_frame_is_told_byte_by_byte() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    sim.exchange(page, &frame(0x81, "Hello"));
    let hello = &told(&mut sim, viewer)[2];
    assert_eq!(hello["hex"], "818537fa213d7f9f4d5158");
    assert_eq!((&hello["kind"], &hello["size"], &hello["reads"]), (&json!("frame"), &json!(11), &json!(1)));
    let fields: Vec<_> =
        hello["fields"].as_array().unwrap().iter().map(|it| it["k"].as_str().unwrap()).collect();
    assert_eq!(fields, ["fin", "rsv", "op", "mask", "len", "key", "payload"]);
    assert_eq!((&hello["fields"][2]["v"], &hello["fields"][2]["op"]), (&json!("text"), &json!(1)));
    assert_eq!(hello["fields"][4]["b"], ".0000101");
    let payload = &hello["fields"][6];
    assert_eq!(
        (&payload["o"], &payload["l"], &payload["clear"]),
        (&json!(6), &json!(5), &json!("48656c6c6f"))
    );
    assert_eq!(hello["rules"], json!([]));
}

#[test]
fn fields_cover_all_bytes_of_each_frame() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    for bytes in [
        frame(0x81, ""),
        frame(0x82, [7; 126]),
        frame(0x82, [7; 70_000]),
        frame(0x89, "x"),
        hex("888537fa213d3412434452"),
    ] {
        sim.exchange(page, &bytes);
    }
    let events = told(&mut sim, viewer);
    let frames: Vec<_> = events.iter().filter(|event| event["kind"] == "frame").collect();
    assert_eq!(frames.len(), 10, "five and their answers: {:?}", titles(&events));
    for frame in frames {
        let mut end = 0;
        for field in frame["fields"].as_array().unwrap() {
            let (offset, len) = (field["o"].as_u64().unwrap(), field["l"].as_u64().unwrap());
            assert!(offset == end || field["b"].is_string() && offset + 1 == end, "{frame}");
            end = offset + len;
        }
        assert_eq!(end, frame["size"].as_u64().unwrap(), "{frame}");
        let gap = frame["gap"]["len"].as_u64().unwrap_or(0);
        assert_eq!(frame["hex"].as_str().unwrap().len() as u64, 2 * (end - gap), "{frame}");
    }
}

#[test]
fn a_long_payload_is_cut_at_256_bytes() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    sim.exchange(page, &frame(0x82, [7; 256]));
    sim.exchange(page, &frame(0x82, [7; 257]));
    let events = told(&mut sim, viewer);
    assert_eq!(events[3]["gap"], Value::Null);
    assert_eq!(events[3]["hex"].as_str().unwrap().len(), 2 * 260);
    assert_eq!(events[5]["gap"], json!({"at": 244, "len": 1}));
    assert_eq!(events[5]["hex"].as_str().unwrap().len(), 2 * 260);
    let payload = &events[4]["fields"][7];
    assert_eq!((&payload["clear_end"], &payload["l"]), (&json!("07".repeat(16)), &json!(257)));
}

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
fn reads_within_a_frame_are_told() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    for part in ["81 85 37", "fa 21 3d 7f", "9f 4d 51 58"] {
        sim.exchange(page, &hex(part));
    }
    let events = told(&mut sim, viewer);
    let reads = ["read 2: 3 bytes; 8 bytes missing", "read 3: 4 bytes; 4 bytes missing"];
    assert_eq!(titles(&events), [&reads[..], &["text \"Hello\"", "text \"Hello\""]].concat());
    assert_eq!((&events[2]["reads"], &events[2]["cuts"]), (&json!(3), &json!([0, 3, 7])));
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
fn cookies_and_tokens_are_never_told() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let secrets =
        "Cookie: sid=hush\r\nAuthorization: Bearer hush\r\nSec-WebSocket-Protocol: chat, hush\r\n\r\n";
    let request = upgrade(&format!("/ws/7?token=hush&wire={ID}"));
    let page = sim.connect();
    sim.exchange(page, request.replacen("\r\n\r\n", &format!("\r\n{secrets}"), 1).as_bytes());
    let events = told(&mut sim, viewer);
    let text = json!(events).to_string();
    assert!(
        text.contains("Cookie: (hidden, 8 bytes)") && text.contains("Authorization: (hidden, 11 bytes)"),
        "{text}"
    );
    assert!(!text.contains("hush") && !text.contains(ID), "{text}");
    assert_eq!(events[0]["hex"], Value::Null);
}

#[test]
fn the_end_of_a_connection_is_told_and_ends_the_view() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/echo?wire={ID}"));
    told(&mut sim, viewer);
    sim.exchange(page, &hex("888237fa213d3412"));
    sim.fin(page);
    sim.advance(Duration::from_millis(300));
    let bytes = sim.take(viewer);
    let events = texts(&bytes);
    assert_eq!(
        titles(&events),
        [
            "close 1000",
            "close 1000",
            "the server has closed its side (TCP FIN)",
            "the client has closed its side (TCP FIN)",
            "the connection is over (clean): 203 bytes from the client, 133 bytes from the server",
        ]
    );
    assert!(bytes.ends_with(b"the connection is over"), "the Close");
    assert_eq!(bytes[bytes.len() - 26..][..4], hex("88 18 03 e8"));
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
    assert!(close.ends_with(b"no connection came with this id"), "{close:?}");
    // The other one has no viewer, and goes on unwatched.
    assert_eq!(status(&mut sim, &format!("/wire?id={OTHER}")), "404");
    assert_eq!(sim.exchange(page, &frame(0x81, "a")), hex("89 00 81 01 61"));
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
fn experiments_act_on_the_watched_connection_alone() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let page = sim.open(&format!("/ws/7?wire={ID}"));
    let other = sim.open("/ws/8");
    sim.exchange(viewer, &frame(0x81, r#"{"do":"ping"}"#));
    assert_eq!(sim.take(page), [&hex("89 09")[..], b"wire view"].concat());
    sim.exchange(viewer, &frame(0x81, r#"{"do":"fragments"}"#));
    let parts =
        [&hex("01 0b")[..], b"This text c", &hex("00 0b"), b"ame in thre", &hex("80 0c"), b"e fragments."];
    assert_eq!(sim.take(page), parts.concat());
    sim.exchange(viewer, &frame(0x81, r#"{"do":"mask"}"#));
    let masked = sim.take(page);
    assert_eq!(masked[..2], hex("81 9c"));
    let clear: Vec<u8> =
        masked[6..].iter().zip(masked[2..6].iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    assert_eq!(clear, b"A server must not mask this.");
    assert_eq!(sim.take(other), b"");
    let events = told(&mut sim, viewer);
    let masked = events.last().unwrap();
    assert_eq!(masked["title"], "text \"A server must not mask this.\"");
    assert_eq!((&masked["rules"][0]["id"], &masked["rules"][0]["k"]), (&json!("5.1-3"), &json!("mask")));
    // What the server sends after that is shown as well.
    sim.exchange(page, &hex("888237fa213d3410"));
    assert_eq!(titles(&told(&mut sim, viewer))[..2], ["close 1002", "close 1002"]);
}

#[test]
fn experiments_speak_the_language_of_the_page() {
    for (path, text) in [
        ("/ws/chat/lobby/", r#"{"message":"This text came in three fragments.","type":"chat"}"#),
        ("/ws/socket-server/", r#"{"message":"This text came in three fragments.","type":"chat"}"#),
        ("/echo", "This text came in three fragments."),
    ] {
        let mut sim = viewed();
        let viewer = sim.open(&format!("/wire?id={ID}"));
        let page = sim.open(&format!("{path}?wire={ID}"));
        sim.exchange(page, b"");
        sim.take(page);
        sim.exchange(viewer, &frame(0x81, r#"{"do":"fragments"}"#));
        let bytes = sim.take(page);
        let mut rest = &bytes[..];
        let mut all = Vec::new();
        while let [_, len, after @ ..] = rest {
            let (part, left) = after.split_at(usize::from(*len));
            all.extend_from_slice(part);
            rest = left;
        }
        assert_eq!(String::from_utf8(all).unwrap(), text, "{path}");
    }
}

#[test]
fn what_cannot_be_done_is_answered_in_words() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    sim.advance(Duration::from_secs(1));
    let answer = |sim: &mut Sim, bytes: &[u8]| {
        texts(&sim.exchange(viewer, bytes))[0]["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(answer(&mut sim, &frame(0x81, r#"{"do":"ping"}"#)), "there is no connection with this id now");
    sim.open(&format!("/echo?wire={ID}"));
    sim.advance(Duration::from_secs(1));
    sim.take(viewer);
    for wrong in [&b"ping"[..], b"{}", br#"{"do":"explode"}"#, br#"{"do":["ping"]}"#, b"[]", b""] {
        assert!(answer(&mut sim, &frame(0x81, wrong)).starts_with("what can be done is "), "{wrong:?}");
    }
    assert!(answer(&mut sim, &frame(0x82, r#"{"do":"ping"}"#)).starts_with("what can be done is "));
    let close = sim.exchange(viewer, &frame(0x81, [b'x'; 1_025]));
    assert_eq!(close[2..4], 1009u16.to_be_bytes());
}

#[test]
fn a_poll_is_one_line() {
    let mut sim = viewed();
    let viewer = sim.open(&format!("/wire?id={ID}"));
    let poll = sim.connect();
    let request = format!("GET /healthz?transport=polling&wire={ID} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    // A browser uses one connection for a page, its files and its polls.
    sim.exchange(poll, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    sim.exchange(poll, request.as_bytes());
    let events = told(&mut sim, viewer);
    assert_eq!(titles(&events), ["a poll by HTTP: GET, answered with status 200 and 3 bytes"]);
    assert_eq!(events[0]["kind"], "note");
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
#[cfg(feature = "deflate")]
fn a_watched_connection_is_not_compressed_unless_it_asks() {
    let mut sim = viewed();
    for (query, is_compressed) in [
        ("", true),
        (&format!("?wire={ID}"), false),
        (&format!("?wire={OTHER}&deflate=on"), true),
        ("?wire=short", true),
    ] {
        let peer = sim.connect();
        let offer = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let answer =
            sim.exchange(peer, upgrade(&format!("/echo{query}")).replace("\r\n\r\n", offer).as_bytes());
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(answer.contains("Sec-WebSocket-Extensions"), is_compressed, "{query}");
        assert_eq!(sim.exchange(peer, &frame(0x81, "a")), hex("81 01 61"));
    }
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
