//! What a page may ask for, and what it is answered.

use super::{ID, texts, titles, told, viewed};
use crate::client::{frame, hex};
use crate::sim::Sim;
use serde_json::json;
use std::time::Duration;

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
