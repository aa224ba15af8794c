//! A GET waits until there is something, and gives everything.

use super::{RS, Server, get};
use crate::answer;
use crate::client::binary;
use crate::sim::End;

#[test]
fn what_is_queued_comes_at_once_and_together() {
    let mut server = Server::default();
    let sid = server.open();
    let record = server.sim.hub.held_bytes();
    server.post(&sid, &format!("4a{RS}4b\u{e9}{RS}bAQID{RS}4"));
    let answer = server.fetch(&get(&sid));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("Content-Type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.text(), format!("4a{RS}4b\u{e9}{RS}bAQID{RS}4"));
    assert_eq!(server.sim.hub.held_bytes(), record);
}

#[test]
fn a_get_waits_for_the_next_message_and_gets_all_of_one_callback() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.advance(10_000);
    assert!(server.sim.take(waiting).is_empty());
    server.post(&sid, "4burst 3");
    assert_eq!(server.fetched(waiting), format!("40{RS}41{RS}42"));
    // The next one waits again.
    server.wait(&sid);
}

#[test]
fn what_is_sent_to_all_reaches_those_who_poll_and_those_who_do_not() {
    let mut server = Server::default();
    let (a, b) = (server.open(), server.open());
    let (speaker, _) = server.websocket();
    let (listener, _) = server.websocket();
    let waiting = server.wait(&a);
    assert_eq!(server.say(speaker, "4all hi"), ["4hi"]);
    assert_eq!(server.texts(listener), ["4hi"]);
    assert_eq!(server.fetched(waiting), "4hi");
    assert_eq!(server.poll(&b), "4hi");

    server.sim.send(speaker, &crate::client::text("4all# 3"));
    server.sim.run();
    for peer in [speaker, listener] {
        let frames = server.frames(peer);
        assert_eq!(frames.len(), 1);
        assert_eq!((frames[0].first, &frames[0].payload[..]), (0x82, &[7; 3][..]));
    }
    assert_eq!(server.poll(&a), "bBwcH");
    assert_eq!(server.poll(&b), "bBwcH");
}

#[test]
fn binary_is_a_bare_frame_on_a_websocket() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.sim.send(peer, &binary([1, 2, 3]));
    server.sim.run();
    let frames = server.frames(peer);
    assert_eq!((frames[0].first, &frames[0].payload[..]), (0x82, &[1, 2, 3][..]));
    // Base64 in a text is understood, too.
    server.sim.send(peer, &crate::client::text("bAQID"));
    server.sim.run();
    assert_eq!(server.frames(peer)[0].payload, [1, 2, 3]);
}

#[test]
fn two_gets_at_once_end_the_session() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    let second = server.fetch(&get(&sid));
    assert_eq!(second.status, 400);
    assert_eq!(server.fetched(waiting), "1");
    assert_eq!(server.seen.closed(), 1);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn a_get_that_is_abandoned_ends_the_session() {
    for reset in [false, true] {
        let mut server = Server::default();
        let sid = server.open();
        let waiting = server.wait(&sid);
        match reset {
            true => server.sim.reset(waiting),
            false => server.sim.fin(waiting),
        }
        server.sim.run();
        assert_eq!(server.seen.closed(), 1, "reset: {reset}");
        assert_ne!(server.sim.end(waiting), End::Open);
        server.assert_unknown(&sid);
        server.assert_nothing_left();
    }
}

#[test]
fn a_connection_may_end_between_two_requests() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.post(&sid, "4x");
    assert_eq!(server.fetched(waiting), "4x");
    server.sim.fin(waiting);
    server.sim.run();
    assert_eq!(server.seen.closed(), 0);
    server.post(&sid, "4y");
    assert_eq!(server.poll(&sid), "4y");
}

#[test]
fn other_methods_with_a_sid_are_bad_requests() {
    let mut server = Server::default();
    let sid = server.open();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let answer = server.fetch(&answer::request(method, &path));
        assert_eq!(answer.status, 400, "{method}");
        assert_eq!(answer.text(), r#"{"code":3,"message":"Bad request"}"#);
    }
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let peer = server.sim.connect();
    let bytes = server.sim.exchange(peer, answer::request("HEAD", &path).as_bytes());
    let answer = answer::take(&mut &bytes[..], true);
    assert_eq!(answer.status, 400);
    // The session does not mind.
    server.post(&sid, "4x");
    assert_eq!(server.poll(&sid), "4x");
}
