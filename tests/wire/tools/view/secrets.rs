//! What no viewer is told: secrets of heads, and what others say.

use super::{ID, texts, told, viewed};
use crate::client::upgrade;
use serde_json::{Value, json};
use std::time::Duration;

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
