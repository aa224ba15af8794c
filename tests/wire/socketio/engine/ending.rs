//! The ways in which a session ends.

use super::{RS, Server, get};
use crate::answer;
use crate::client::{Frame, close, frame, frames, from_server, text};
use crate::sim::End;

#[test]
fn the_service_closes_a_websocket_behind_what_it_sent() {
    let mut server = Server::default();
    let (peer, sid) = server.websocket();
    let bytes = server.sim.exchange(peer, &[text("4x"), text("4close"), text("4y")].concat());
    assert_eq!(bytes, [from_server(0x81, "4x"), from_server(0x88, "")].concat());
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.seen.heard(), ["x", "close"]);
    server.sim.exchange(peer, &frame(0x88, ""));
    assert_eq!(server.sim.end(peer), End::HalfClosed);
    server.assert_unknown(&sid);
}

#[test]
fn a_get_that_waits_gets_what_was_sent_and_1() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.post(&sid, &format!("4x{RS}4close{RS}4y"));
    assert_eq!(server.fetched(waiting), format!("4x{RS}1"));
    assert_eq!(server.seen.heard(), ["x", "close"]);
    server.assert_unknown(&sid);
}

#[test]
fn the_next_get_does_if_none_waits() {
    let mut server = Server::default();
    let sid = server.open();
    server.post(&sid, &format!("4x{RS}4close"));
    assert_eq!(server.seen.closed(), 1, "told at once");
    // What still comes is for nobody, and no probe may begin.
    assert_eq!(server.post(&sid, "4late").text(), "ok");
    assert_eq!(server.seen.heard(), ["x", "close"]);
    let probe = server.probe(&sid);
    server.assert_closed(probe);
    assert_eq!(server.poll(&sid), format!("4x{RS}1"));
    server.assert_unknown(&sid);
    assert_eq!(server.seen.closed(), 1);
    server.assert_nothing_left();
}

#[test]
fn a_probe_ends_with_the_session_that_the_service_closes() {
    let mut server = Server::default();
    let sid = server.open();
    let probe = server.probe(&sid);
    server.post(&sid, "4close");
    server.assert_closed(probe);
    assert_eq!(server.poll(&sid), "1");
}

#[test]
fn nobody_waits_for_that_get_longer_than_30_s() {
    let mut server = Server::default();
    let sid = server.open();
    server.post(&sid, &format!("4wake 100{RS}4close"));
    server.advance(29_999);
    assert!(server.seen.woken().is_empty());
    let kept = server.fetch(&super::post(&sid, "4x"));
    assert_eq!(kept.status, 200);
    server.advance(1);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn a_1_on_a_websocket_ends_the_session() {
    let mut server = Server::default();
    let (peer, sid) = server.websocket();
    server.sim.send(peer, &[text("1"), text("4x")].concat());
    server.sim.run();
    server.assert_closed(peer);
    assert!(server.seen.heard().is_empty());
    server.assert_unknown(&sid);
}

#[test]
fn packets_that_no_client_may_send_end_a_websocket_session() {
    for bad in ["", "2", "2probe", "7", "x", "b!", "\u{1e}"] {
        let mut server = Server::default();
        let (peer, _) = server.websocket();
        server.sim.send(peer, &[text(bad), text("4x")].concat());
        server.sim.run();
        server.assert_closed(peer);
        assert_eq!(server.seen.closed(), 1, "{bad}");
        assert!(server.seen.heard().is_empty());
    }
    // These mean nothing.
    let mut server = Server::default();
    let (peer, _) = server.websocket();
    for idle in ["0", "0{}", "5", "6", "3x"] {
        assert!(server.say(peer, idle).is_empty());
    }
    assert_eq!(server.say(peer, "4x"), ["4x"]);
}

#[test]
fn the_client_closes_or_vanishes() {
    for how in ["close", "fin", "reset"] {
        let mut server = Server::default();
        let (peer, sid) = server.websocket();
        match how {
            "close" => server.sim.send(peer, &close(1000, "")),
            "fin" => server.sim.fin(peer),
            _ => server.sim.reset(peer),
        }
        server.sim.run();
        assert_eq!(server.seen.closed(), 1, "{how}");
        server.assert_unknown(&sid);
        server.assert_nothing_left();
    }
}

#[test]
fn going_down_ends_all_of_them() {
    let mut server = Server::default();
    let polls = server.open();
    let waiting = server.wait(&polls);
    let idle = server.open();
    server.post(&idle, "4queued");
    let leaving = server.open();
    server.post(&leaving, "4close");
    let probed = server.open();
    let probe = server.probe(&probed);
    server.say(probe, "2probe");
    let (peer, _) = server.websocket();
    let now = server.sim.now;
    server.sim.hub.stop(now);
    server.sim.run();
    assert_eq!(server.seen.open(), 0);
    let answer = answer::only(&server.sim.take(waiting));
    assert_eq!((answer.status, answer.text()), (200, "1".to_owned()));
    for peer in [peer, probe] {
        let frames: Vec<Frame> = frames(&server.sim.take(peer));
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].payload[..2], 1001_u16.to_be_bytes());
    }
    assert_eq!(server.sim.hub.held_bytes(), 0);
    server.advance(5_000);
    assert!(server.sim.hub.is_finished());
    assert_eq!(server.seen.closed(), server.seen.opened());
}

#[test]
fn what_arrives_while_it_goes_down_opens_nothing() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.sim.connect();
    // Its answer is not taken, so that the connection lives on.
    server.sim.set_window(peer, Some(10));
    let open = answer::get("/socket.io/?EIO=4&transport=polling");
    server.sim.send(peer, open.as_bytes());
    server.sim.run();
    assert_eq!(server.seen.opened(), 2);
    let now = server.sim.now;
    server.sim.hub.stop(now);
    server.sim.send(peer, [open, get(&sid)].concat().as_bytes());
    server.sim.open_window(peer, 100_000);
    server.sim.run();
    assert_eq!(server.seen.opened(), 2);
    assert_eq!(server.seen.open(), 0);
}
