//! A POST of many packets: it is taken turn by turn, and nobody else waits for its end.

use super::{RS, Server, get, post};
use crate::answer::{self, Answer};
use crate::client::text;
use crate::sim::PeerNo;
use ws101::config::{Config, Tuning};
use ws101::socketio::engine::Settings;

impl Server {
    /// The answer to a POST that takes some turns.
    fn slow_post(&mut self, sid: &str, body: &str) -> Answer {
        let peer = self.sim.connect();
        self.sim.send(peer, post(sid, body).as_bytes());
        self.advance(10);
        answer::only(&self.sim.take(peer))
    }
}

/// So many numbered messages.
fn numbered(count: usize) -> String {
    let packets: Vec<String> = (0..count).map(|n| format!("4{n}")).collect();
    packets.join(RS)
}

/// A session of which a POST with so many messages has begun.
fn begun(server: &mut Server, count: usize) -> (String, PeerNo) {
    let sid = server.open();
    let peer = server.sim.connect();
    server.sim.send(peer, post(&sid, &numbered(count)).as_bytes());
    server.sim.turn();
    assert!(server.sim.take(peer).is_empty(), "the answer waits");
    (sid, peer)
}

#[test]
fn all_of_them_arrive_in_order_and_once() {
    for count in [999, 1_000, 1_001, 9_999] {
        let mut server = Server::default();
        let sid = server.open();
        let record = server.sim.hub.held_bytes();
        let answer = server.slow_post(&sid, &numbered(count));
        assert_eq!(answer.text(), "ok");
        let expected: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        assert_eq!(server.seen.heard(), expected);
        assert_eq!(server.poll(&sid), numbered(count));
        assert_eq!(server.sim.hub.held_bytes(), record);
    }
}

#[test]
fn others_are_served_meanwhile() {
    let mut server = Server::default();
    let (other, _) = server.websocket();
    let (_, peer) = begun(&mut server, 9_000);
    server.sim.send(other, &text("4x"));
    server.sim.turn();
    assert_eq!(server.texts(other), ["4x"]);
    assert!(server.sim.take(peer).is_empty());
    server.advance(10);
    assert_eq!(answer::only(&server.sim.take(peer)).text(), "ok");
}

#[test]
fn what_is_left_of_it_counts_into_the_budget() {
    let mut server = Server::default();
    let sid = server.open();
    let record = server.sim.hub.held_bytes();
    let peer = server.sim.connect();
    let body = vec!["3"; 2_500].join(RS);
    server.sim.send(peer, post(&sid, &body).as_bytes());
    server.sim.turn();
    assert_eq!(server.sim.hub.held_bytes() - record, 2_999);
    server.advance(1);
    assert_eq!(server.sim.hub.held_bytes() - record, 2_999);
    server.advance(1);
    assert_eq!(server.sim.hub.held_bytes(), record);
    assert_eq!(answer::only(&server.sim.take(peer)).text(), "ok");
}

#[test]
fn a_turn_ends_when_it_has_sent_enough() {
    let config =
        Config { tuning: Tuning { max_deliveries_per_turn: 100, ..Tuning::default() }, ..Config::default() };
    let mut server = Server::with(config, Settings::default());
    let listeners: Vec<PeerNo> = (0..50).map(|_| server.websocket().0).collect();
    let sid = server.open();
    let peer = server.sim.connect();
    let body = vec!["4all x"; 100].join(RS);
    server.sim.send(peer, post(&sid, &body).as_bytes());
    server.sim.turn();
    assert_eq!(server.texts(listeners[0]).len(), 2);
    server.advance(1);
    assert_eq!(server.texts(listeners[0]).len(), 2);
    server.advance(48);
    assert_eq!(server.texts(listeners[0]).len(), 96);
    assert_eq!(answer::only(&server.sim.take(peer)).text(), "ok");
}

#[test]
fn what_is_malformed_ends_it_in_a_later_turn_too() {
    let mut server = Server::default();
    let sid = server.open();
    let body = format!("{}{RS}x{RS}4late", numbered(5_000));
    assert_eq!(server.slow_post(&sid, &body).status, 400);
    assert_eq!(server.seen.heard().len(), 5_000);
    server.assert_unknown(&sid);
    server.assert_nothing_left();

    let sid = server.open();
    let body = format!("{}{RS}1{RS}4late", numbered(5_000));
    assert_eq!(server.slow_post(&sid, &body).text(), "ok");
    assert_eq!(server.seen.heard().len(), 5_000);
    server.assert_unknown(&sid);
}

#[test]
fn a_second_post_before_the_answer_ends_the_session() {
    let mut server = Server::default();
    let (sid, first) = begun(&mut server, 9_000);
    let second = server.sim.connect();
    server.sim.send(second, post(&sid, "4x").as_bytes());
    server.sim.run();
    assert_eq!(answer::only(&server.sim.take(second)).status, 400);
    assert_eq!(answer::only(&server.sim.take(first)).status, 400);
    assert!(server.seen.heard().len() < 9_000);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn it_ends_with_the_session() {
    // By two GETs, by the service, by going down.
    for how in ["gets", "service", "stop"] {
        let mut server = Server::default();
        let sid = server.open();
        let waiting = server.wait(&sid);
        let peer = server.sim.connect();
        let body = match how {
            "service" => format!("4close{RS}{}", numbered(9_000)),
            _ => vec!["3"; 9_000].join(RS),
        };
        server.sim.send(peer, post(&sid, &body).as_bytes());
        server.sim.turn();
        // Before its next turn.
        match how {
            "gets" => assert_eq!(server.fetch(&get(&sid)).status, 400),
            "stop" => {
                let now = server.sim.now;
                server.sim.hub.stop(now);
            }
            _ => {}
        }
        server.sim.run();
        let status = if how == "service" { 200 } else { 400 };
        assert_eq!(answer::only(&server.sim.take(peer)).status, status, "{how}");
        assert_eq!(server.fetched(waiting), "1", "{how}");
        assert_eq!(server.seen.closed(), 1);
        if how != "stop" {
            server.assert_nothing_left();
        }
    }
}

#[test]
fn it_ends_when_the_service_closes_the_session_meanwhile() {
    let mut server = Server::default();
    let (other, _) = server.websocket();
    let (sid, peer) = begun(&mut server, 2_000);
    server.sim.send(other, &text("4expel"));
    server.sim.turn();
    assert_eq!(answer::only(&server.sim.take(peer)).status, 400);
    assert_eq!(server.seen.closed(), 1);
    assert_eq!(server.poll(&sid), format!("{}{RS}1", numbered(1_000)));
}

#[test]
fn who_leaves_before_the_answer_has_said_it_all_the_same() {
    let mut server = Server::default();
    let (sid, peer) = begun(&mut server, 9_000);
    server.sim.reset(peer);
    server.advance(10);
    assert_eq!(server.seen.heard().len(), 9_000);
    assert_eq!(server.poll(&sid), numbered(9_000));
}
