//! A POST brings packets.

use super::{RS, Server, get, post, post_as};
use crate::answer;
use std::time::Duration;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

#[test]
fn packets_are_taken_in_order_and_answered_ok() {
    let mut server = Server::default();
    let sid = server.open();
    let answer = server.post(&sid, &format!("4a{RS}3{RS}4b{RS}6{RS}0{RS}5{RS}4c"));
    assert_eq!((answer.status, answer.text()), (200, "ok".to_owned()));
    assert_eq!(answer.field("Content-Type"), Some("text/html"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(server.seen.heard(), ["a", "b", "c"]);
}

#[test]
fn malformed_packets_end_the_session_behind_those_before_them() {
    let long = "x".repeat(1_000);
    for bad in ["", "7", "9x", "x", "\u{e9}", "b!", "bA", "2", "2probe", &long, "B", " 4", "{\"a\":1}"] {
        let mut server = Server::default();
        let sid = server.open();
        let waiting = server.wait(&sid);
        let answer = server.post(&sid, &format!("4a{RS}{bad}{RS}4b"));
        assert_eq!(answer.status, 400, "{bad}");
        assert_eq!(answer.text(), r#"{"code":3,"message":"Bad request"}"#);
        assert_eq!(server.seen.heard(), ["a"], "{bad}");
        assert_eq!(server.seen.closed(), 1, "{bad}");
        assert_eq!(server.fetched(waiting), format!("4a{RS}1"), "{bad}");
        server.assert_unknown(&sid);
    }
}

#[test]
fn base64_may_lack_its_padding() {
    let mut server = Server::default();
    let sid = server.open();
    for (sent, echoed) in [("bAQI=", "bAQI="), ("bAQI", "bAQI="), ("b", "b"), ("bAR", "bAQ==")] {
        assert_eq!(server.post(&sid, sent).status, 200);
        assert_eq!(server.poll(&sid), echoed);
    }
}

#[test]
fn a_body_that_is_not_utf_8_or_is_binary_ends_the_session() {
    let mut server = Server::default();
    let sid = server.open();
    let mut request = post(&sid, "4xx").into_bytes();
    *request.last_mut().unwrap() = 0xff;
    let peer = server.sim.connect();
    let answer = answer::only(&server.sim.exchange(peer, &request));
    assert_eq!(answer.status, 400);
    assert_eq!(server.seen.closed(), 1);
    server.assert_unknown(&sid);

    for kind in ["application/octet-stream", "Application/Octet-Stream; a=b"] {
        let sid = server.open();
        let answer = server.fetch(&post_as(&sid, kind, "4x"));
        assert_eq!(answer.status, 400);
        assert_eq!(answer.text(), r#"{"code":3,"message":"Bad request"}"#);
        server.assert_unknown(&sid);
    }
    assert!(server.seen.heard().is_empty());
    let sid = server.open();
    let answer = server.fetch(&post_as(&sid, "text/plain", "4x"));
    assert_eq!(answer.status, 200);
}

#[test]
fn a_close_ends_the_session_and_a_waiting_get_gets_a_noop() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    let answer = server.post(&sid, &format!("1{RS}4late"));
    assert_eq!(answer.text(), "ok");
    assert_eq!(server.fetched(waiting), "6");
    assert!(server.seen.heard().is_empty());
    assert_eq!(server.seen.closed(), 1);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let settings = Settings { max_payload: 1_000, ..Settings::default() };
    let mut server = Server::with(Config::default(), settings);
    let sid = server.open();
    let body = format!("4{}", "x".repeat(999));
    assert_eq!(server.post(&sid, &body).text(), "ok");
    assert_eq!(server.poll(&sid), body);
    // Refused by the head, before a byte of the body has come.
    let request = post(&sid, &format!("{body}x"));
    let head = &request[..request.find("\r\n\r\n").unwrap() + 4];
    let answer = server.fetch(head);
    assert_eq!(answer.status, 413);
    assert!(answer.closes());
    // So is one that comes in chunks, when it is too long.
    let chunked = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n\
         Transfer-Encoding: chunked\r\n\r\n3e9\r\n{body}x\r\n0\r\n\r\n"
    );
    assert_eq!(server.fetch(&chunked).status, 413);
    // The session goes on.
    server.post(&sid, "4x");
    assert_eq!(server.poll(&sid), "4x");
}

#[test]
fn the_default_limit_is_a_million_bytes() {
    let mut server = Server::default();
    let sid = server.open();
    for (len, status) in [(1_000_000, 200), (1_000_001, 413)] {
        let body = format!("4{}", "x".repeat(len - 1));
        assert_eq!(server.post(&sid, &body).status, status, "{len}");
    }
}

#[test]
fn expect_100_continue_is_answered_before_the_body() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.sim.connect();
    let request = post(&sid, "4x").replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let (head, body) = request.split_at(request.find("\r\n\r\n").unwrap() + 4);
    let interim = server.sim.exchange(peer, head.as_bytes());
    assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let answer = answer::only(&server.sim.exchange(peer, body.as_bytes()));
    assert_eq!(answer.text(), "ok");
    assert_eq!(server.poll(&sid), "4x");
}

#[test]
fn two_posts_at_once_are_taken_in_the_order_in_which_they_are_whole() {
    let mut server = Server::default();
    let sid = server.open();
    let (first, second) = (server.sim.connect(), server.sim.connect());
    let (one, two) = (post(&sid, "4one"), post(&sid, "4two"));
    let (head, rest) = one.split_at(one.len() - 2);
    assert!(server.sim.exchange(first, head.as_bytes()).is_empty());
    let answer = answer::only(&server.sim.exchange(second, two.as_bytes()));
    assert_eq!(answer.text(), "ok");
    let answer = answer::only(&server.sim.exchange(first, rest.as_bytes()));
    assert_eq!(answer.text(), "ok");
    assert_eq!(server.seen.heard(), ["two", "one"]);
}

#[test]
fn a_post_that_never_ends_does_not_keep_the_session() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.sim.connect();
    let request = post(&sid, "4x");
    server.sim.exchange(peer, &request.as_bytes()[..request.len() - 1]);
    server.sim.advance(Duration::from_secs(46));
    assert_eq!(server.seen.closed(), 1);
    let answers = answer::statuses(&server.sim.take(peer));
    assert_eq!(answers, [408]);
    let answer = server.fetch(&get(&sid));
    assert_eq!(answer.status, 400);
}
