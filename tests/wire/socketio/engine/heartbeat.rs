//! `2` and `3`: who does not answer is gone.

use super::{RS, Server};
use crate::answer;
use crate::client::{frame, from_server, ping};
use crate::sim::End;
use std::time::Duration;
use ws101::clock::Time;

#[test]
fn a_websocket_is_asked_every_25_s_and_has_20_s_to_answer() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.advance(24_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    assert_eq!(server.texts(peer), ["2"]);
    // Counted from the answer.
    server.advance(5_000);
    assert!(server.say(peer, "3").is_empty());
    server.advance(24_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    assert_eq!(server.texts(peer), ["2"]);
    server.advance(19_999);
    assert!(server.texts(peer).is_empty());
    assert_eq!(server.seen.closed(), 0);
    server.advance(1);
    assert_eq!(server.seen.closed(), 1);
    server.assert_closed(peer);
}

#[test]
fn only_a_3_is_an_answer() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.advance(25_000);
    server.texts(peer);
    for _ in 0..19 {
        server.advance(1_000);
        assert_eq!(server.say(peer, "4x"), ["4x"]);
        // PING frames are answered still.
        assert_eq!(server.sim.exchange(peer, &ping("p")), from_server(0x8a, "p"));
    }
    server.advance(1_000);
    server.assert_closed(peer);
}

#[test]
fn a_3_that_nobody_asked_for_does_no_harm() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.advance(20_000);
    assert!(server.say(peer, "3").is_empty());
    server.advance(24_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    assert_eq!(server.texts(peer), ["2"]);
}

#[test]
fn a_websocket_gets_no_ping_frames_of_ours() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    for _ in 0..10 {
        server.advance(25_000);
        assert_eq!(server.texts(peer), ["2"]);
        server.say(peer, "3");
    }
    assert_eq!(server.sim.end(peer), End::Open);
}

#[test]
fn a_waiting_get_brings_the_2_and_a_post_the_3() {
    let mut server = Server::default();
    let sid = server.open();
    for _ in 0..5 {
        let waiting = server.wait(&sid);
        server.advance(24_999);
        assert!(server.sim.take(waiting).is_empty());
        server.advance(1);
        assert_eq!(server.fetched(waiting), "2");
        assert_eq!(server.post(&sid, "3").text(), "ok");
    }
    // The 2 waits for a GET, among what else is queued.
    server.post(&sid, "4a");
    server.advance(25_000);
    server.post(&sid, "4b");
    assert_eq!(server.poll(&sid), format!("4a{RS}2{RS}4b"));
    let waiting = server.wait(&sid);
    server.advance(19_999);
    assert_eq!(server.seen.closed(), 0);
    server.advance(1);
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.fetched(waiting), "1");
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn who_never_polls_again_is_forgotten_after_45_s() {
    let mut server = Server::default();
    let sid = server.open();
    server.post(&sid, "4x");
    server.advance(44_999);
    assert_eq!(server.seen.closed(), 0);
    server.advance(1);
    assert_eq!(server.seen.closed(), 1);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn a_server_that_is_late_does_not_make_the_client_pay() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    // A little: the timeout is counted from when the 2 was due.
    server.sim.now = Time(25_040);
    server.sim.run();
    assert_eq!(server.texts(peer), ["2"]);
    server.advance(19_959);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    server.assert_closed(peer);
    // Very late: half of it is left.
    let (peer, _) = server.websocket();
    server.sim.now = server.sim.now.after(Duration::from_secs(100));
    server.sim.run();
    assert_eq!(server.texts(peer), ["2"]);
    server.advance(9_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    server.assert_closed(peer);
}

#[test]
fn a_request_that_comes_with_the_deadline_is_answered_and_saves_nobody() {
    let mut server = Server::default();
    let sid = server.open();
    server.advance(44_999);
    let peer = server.sim.connect();
    server.sim.send(peer, super::get(&sid).as_bytes());
    server.sim.now = Time(45_000);
    server.sim.run();
    // The session had not ended yet. It ends all the same: a GET is no Pong.
    assert_eq!(server.fetched(peer), "2");
    assert_eq!(server.seen.closed(), 1);
    server.assert_unknown(&sid);
}

#[test]
fn pong_that_waits_in_the_kernel_while_the_server_stands_still_is_in_time() {
    for waits in ["a GET before it", "nothing else"] {
        let mut server = Server::default();
        let (talks, _) = server.websocket();
        let polls = server.open();
        server.advance(25_000);
        assert_eq!(server.texts(talks), ["2"]);
        assert_eq!(server.poll(&polls), "2");
        let get = server.sim.connect();
        let post = server.sim.connect();
        if waits != "nothing else" {
            server.sim.send(get, super::get(&polls).as_bytes());
        }
        server.sim.send(post, super::post(&polls, "3").as_bytes());
        server.sim.send(talks, &crate::client::text("3"));
        // Both are due at 45 s. The wait ends by a signal, as after a stop of the process.
        server.sim.now = Time(45_100);
        server.sim.interrupted_turn();
        server.sim.run();
        assert_eq!(server.seen.closed(), 0, "{waits}");
        assert_eq!(answer::only(&server.sim.take(post)).text(), "ok");
        assert_eq!(server.sim.take(get), b"", "it waits for news");
        // 25 s from the Pongs, the next one.
        server.advance(24_999);
        assert!(server.texts(talks).is_empty());
        server.advance(1);
        assert_eq!(server.texts(talks), ["2"]);
        if waits == "nothing else" {
            assert_eq!(server.poll(&polls), "2");
        } else {
            assert_eq!(server.fetched(get), "2");
        }
        // Nobody answers: both end at their time.
        server.advance(19_999);
        assert_eq!(server.seen.closed(), 0);
        server.advance(1);
        assert_eq!(server.seen.closed(), 2);
    }
}

#[test]
fn the_service_is_woken_when_it_wished_to_be_beside_the_heartbeat() {
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    server.say(peer, "4wake 40000");
    server.say(peer, "4wake 30000");
    let sid = server.open();
    server.post(&sid, "4wake 100");
    server.advance(100);
    assert_eq!(server.poll(&sid), "4woken");
    server.advance(24_900);
    assert_eq!(server.texts(peer), ["2"]);
    server.say(peer, "3");
    server.advance(4_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    assert_eq!(server.texts(peer), ["4woken"]);
    assert_eq!(server.seen.woken().len(), 2);
    // A wish ends with its session.
    server.say(peer, "4wake 1000");
    server.sim.exchange(peer, &frame(0x88, ""));
    server.advance(2_000);
    assert_eq!(server.seen.woken().len(), 2);
}
