//! What a viewer is told of its page: heads, frames, reads, the end.

use super::{ID, OTHER, texts, titles, told, viewed};
use crate::client::{frame, hex, upgrade};
use serde_json::{Value, json};
use std::time::Duration;

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
