//! A WebSocket takes over from polling: `2probe`, `3probe`, `5`.

use super::{RS, Server, get, post};
use crate::client::{binary, frame, from_server, text};
use crate::sim::End;

const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;

#[test]
fn the_dance_with_a_get_that_waits() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    let peer = server.probe(&sid);
    assert!(server.texts(peer).is_empty());
    assert!(server.sim.take(waiting).is_empty(), "nothing was proved yet");
    assert_eq!(server.say(peer, "2probe"), ["3probe"]);
    assert_eq!(server.fetched(waiting), "6");
    assert!(server.say(peer, "5").is_empty());
    assert_eq!(server.say(peer, "4hello"), ["4hello"]);
    assert_eq!((server.seen.opened(), server.seen.closed()), (1, 0));
}

#[test]
fn behind_the_upgrade_polling_is_a_bad_request_and_the_session_lives() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.say(peer, "5");
    for request in [get(&sid), post(&sid, "4x"), post(&sid, "1")] {
        let answer = server.fetch(&request);
        assert_eq!((answer.status, answer.text()), (400, BAD_REQUEST.to_owned()));
    }
    assert!(server.seen.heard().is_empty());
    // Another WebSocket is closed.
    let second = server.probe(&sid);
    server.assert_closed(second);
    assert_eq!(server.say(peer, "4x"), ["4x"]);
}

#[test]
fn a_second_probe_is_closed_and_the_first_goes_on() {
    let mut server = Server::default();
    let sid = server.open();
    let first = server.probe(&sid);
    let second = server.probe(&sid);
    server.assert_closed(second);
    assert_eq!(server.say(first, "2probe"), ["3probe"]);
    let third = server.probe(&sid);
    server.assert_closed(third);
    server.say(first, "5");
    assert_eq!(server.say(first, "4x"), ["4x"]);
}

#[test]
fn a_session_that_began_with_a_websocket_takes_no_other() {
    let mut server = Server::default();
    let (peer, sid) = server.websocket();
    let second = server.probe(&sid);
    server.assert_closed(second);
    let answer = server.fetch(&get(&sid));
    assert_eq!((answer.status, answer.text()), (400, BAD_REQUEST.to_owned()));
    assert_eq!(server.say(peer, "4x"), ["4x"]);
}

#[test]
fn anything_but_the_probe_closes_the_websocket_and_polling_goes_on() {
    let wrong: [Vec<u8>; 10] = [
        text("2"),
        text("2prob"),
        text("2probe2"),
        text("5"),
        text("4x"),
        text("1"),
        text(""),
        text("x"),
        text("3probe"),
        binary("2probe"),
    ];
    for message in wrong {
        let mut server = Server::default();
        let sid = server.open();
        let waiting = server.wait(&sid);
        let peer = server.probe(&sid);
        server.sim.send(peer, &message);
        server.sim.run();
        server.assert_closed(peer);
        assert!(server.seen.heard().is_empty());
        server.post(&sid, "4x");
        assert_eq!(server.fetched(waiting), "4x");
        // And it may try again.
        let peer = server.probe(&sid);
        assert_eq!(server.say(peer, "2probe"), ["3probe"]);
        server.say(peer, "5");
        assert_eq!(server.say(peer, "4y"), ["4y"]);
    }
}

#[test]
fn so_does_anything_but_a_5_behind_the_probe() {
    for message in [text("4x"), text("6"), text("1"), binary([1])] {
        let mut server = Server::default();
        let sid = server.open();
        let peer = server.probe(&sid);
        server.say(peer, "2probe");
        server.sim.send(peer, &message);
        server.sim.run();
        server.assert_closed(peer);
        // The GET is not cut short any more.
        let waiting = server.wait(&sid);
        server.advance(1_000);
        assert!(server.sim.take(waiting).is_empty());
        server.post(&sid, "4x");
        assert_eq!(server.fetched(waiting), "4x");
        assert_eq!(server.seen.heard(), ["x"]);
    }
}

#[test]
fn a_probe_that_vanishes_leaves_polling_alone() {
    for answered in [false, true] {
        for how in ["close", "fin", "reset"] {
            let mut server = Server::default();
            let sid = server.open();
            let peer = server.probe(&sid);
            if answered {
                server.say(peer, "2probe");
            }
            match how {
                "close" => server.sim.send(peer, &frame(0x88, "")),
                "fin" => server.sim.fin(peer),
                _ => server.sim.reset(peer),
            }
            server.sim.run();
            assert_ne!(server.sim.end(peer), End::Open, "{how}");
            assert_eq!(server.seen.closed(), 0, "{how}");
            server.post(&sid, "4x");
            assert_eq!(server.poll(&sid), "4x");
            let peer = server.probe(&sid);
            assert_eq!(server.say(peer, "2probe"), ["3probe"]);
        }
    }
}

#[test]
fn a_probe_has_ten_seconds() {
    for answered in [false, true] {
        let mut server = Server::default();
        let sid = server.open();
        let peer = server.probe(&sid);
        server.advance(5_000);
        if answered {
            server.say(peer, "2probe");
        }
        server.advance(4_999);
        assert!(server.frames(peer).is_empty());
        server.advance(1);
        server.assert_closed(peer);
        assert_eq!(server.seen.closed(), 0);
        server.post(&sid, "4x");
        assert_eq!(server.poll(&sid), "4x");
    }
}

#[test]
fn a_5_at_the_last_moment_is_in_time() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.advance(9_999);
    server.say(peer, "5");
    server.advance(10_000);
    assert_eq!(server.say(peer, "4x"), ["4x"]);
}

#[test]
fn everything_in_one_piece_is_as_good() {
    let mut server = Server::default();
    let sid = server.open();
    server.post(&sid, "4queued");
    let peer = server.probe(&sid);
    let all = [text("2probe"), text("5"), text("4now"), binary([9])].concat();
    let bytes = server.sim.exchange(peer, &all);
    let expected = [
        from_server(0x81, "3probe"),
        from_server(0x81, "4queued"),
        from_server(0x81, "4now"),
        from_server(0x82, [9]),
    ];
    assert_eq!(bytes, expected.concat());
}

#[test]
fn a_session_that_ends_takes_its_probe_along() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.post(&sid, &format!("4a{RS}1"));
    server.assert_closed(peer);
    assert_eq!(server.seen.closed(), 1);
    server.assert_nothing_left();
}
