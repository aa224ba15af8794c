//! Messages per second of a client that polls: who sends more waits for its answer, and
//! nothing is lost.

use super::{RS, Server, get, post};
use crate::answer;
use crate::apps::status::metric;
use crate::client::text;
use crate::sim::PeerNo;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

fn limited_to(max_messages_per_second: usize) -> Server {
    let config = Config { max_messages_per_second, ..Config::default() };
    Server::with(config, Settings::default())
}

/// So many messages, from that number on.
fn numbered(first: usize, count: usize) -> String {
    let packets: Vec<String> = (first..first + count).map(|n| format!("4{n}")).collect();
    packets.join(RS)
}

/// The messages that arrived, which go on where those before ended.
fn expect_next(server: &Server, next: &mut usize) -> usize {
    let heard = server.seen.heard();
    for message in &heard {
        assert_eq!(*message, next.to_string(), "in order, and none left out");
        *next += 1;
    }
    heard.len()
}

impl Server {
    /// A POST that has to wait for its answer.
    fn slowed(&mut self, sid: &str, body: &str) -> PeerNo {
        let peer = self.sim.connect();
        self.sim.send(peer, post(sid, body).as_bytes());
        self.sim.run();
        assert!(self.sim.take(peer).is_empty(), "the answer waits");
        peer
    }

    /// It was answered `ok`.
    fn assert_ok(&mut self, peer: PeerNo) {
        let answer = answer::only(&self.sim.take(peer));
        assert_eq!((answer.status, answer.text()), (200, "ok".to_owned()));
    }
}

#[test]
fn one_second_s_worth_is_taken_at_once_and_then_as_many_as_the_rate_gives() {
    let mut server = limited_to(10);
    let sid = server.open();
    let peer = server.slowed(&sid, &numbered(0, 35));
    let mut next = 0;
    assert_eq!(expect_next(&server, &mut next), 10);
    for _ in 0..25 {
        assert!(server.sim.take(peer).is_empty());
        server.advance(99);
        assert_eq!(expect_next(&server, &mut next), 0);
        server.advance(1);
        assert_eq!(expect_next(&server, &mut next), 1);
    }
    server.assert_ok(peer);
    assert_eq!(server.poll(&sid), numbered(0, 35));
}

#[test]
fn posts_of_one_packet_do_not_get_around_it_nor_do_connections_of_their_own() {
    let mut server = limited_to(5);
    let sid = server.open();
    for n in 0..5 {
        assert_eq!(server.post(&sid, &format!("4{n}")).text(), "ok");
    }
    for n in 5..20 {
        let peer = server.slowed(&sid, &format!("4{n}"));
        assert_eq!(server.seen.heard().len(), if n == 5 { 5 } else { 0 });
        server.advance(200);
        assert_eq!(server.seen.heard(), [n.to_string()]);
        server.assert_ok(peer);
    }
}

#[test]
fn every_packet_counts_whatever_it_is() {
    let mut server = limited_to(6);
    let sid = server.open();
    let body = format!("3{RS}6{RS}0{RS}5{RS}bAQID{RS}4a{RS}4late");
    let peer = server.slowed(&sid, &body);
    assert_eq!(server.seen.heard(), ["a"]);
    server.advance(167);
    assert_eq!(server.seen.heard(), ["late"]);
    server.assert_ok(peer);
}

#[test]
fn below_the_rate_nobody_waits_and_others_never_do() {
    let mut server = limited_to(10);
    let (greedy, modest) = (server.open(), server.open());
    server.slowed(&greedy, &numbered(0, 100));
    for _ in 0..60 {
        assert_eq!(server.post(&modest, "4x").text(), "ok");
        server.advance(100);
    }
}

#[test]
fn without_a_cap_all_is_taken_at_once() {
    let mut server = Server::default();
    let sid = server.open();
    assert_eq!(server.post(&sid, &numbered(0, 999)).text(), "ok");
    assert_eq!(server.seen.heard().len(), 999);
}

#[test]
fn a_high_rate_is_kept_too_with_few_pauses() {
    let mut server = limited_to(5_000);
    let sid = server.open();
    let peer = server.slowed(&sid, &numbered(0, 9_900));
    let mut next = 0;
    for millis in (50..950).step_by(50) {
        server.advance(50);
        expect_next(&server, &mut next);
        // A pause lasts 100 ms.
        let most = 5_000 + 5 * millis;
        assert!(next <= most && next + 501 >= most, "{next} at {millis}");
    }
    server.advance(200);
    expect_next(&server, &mut next);
    assert_eq!(next, 9_900);
    server.assert_ok(peer);
}

#[test]
fn another_deadline_of_the_session_does_not_let_more_through() {
    let mut server = limited_to(1);
    let sid = server.open();
    server.post(&sid, "4wake 1500");
    let peer = server.slowed(&sid, &numbered(0, 2));
    assert_eq!(server.seen.heard(), ["wake 1500"]);
    server.advance(1_000);
    assert_eq!(server.seen.heard(), ["0"]);
    server.advance(999);
    assert_eq!((server.seen.woken().len(), server.seen.heard().len()), (1, 0));
    server.advance(1);
    assert_eq!(server.seen.heard(), ["1"]);
    server.assert_ok(peer);
}

#[test]
fn a_websocket_that_takes_over_does_not_free_what_waits() {
    let mut server = limited_to(2);
    let sid = server.open();
    let peer = server.slowed(&sid, &numbered(0, 5));
    let probe = server.probe(&sid);
    server.say(probe, "2probe");
    let echoes = server.say(probe, "5");
    assert_eq!(echoes, ["40", "41"]);
    for n in 2..5 {
        server.advance(499);
        assert_eq!(server.texts(probe).len(), 0);
        server.advance(1);
        assert_eq!(server.texts(probe), [format!("4{n}")]);
    }
    server.assert_ok(peer);
}

#[test]
fn a_second_post_while_the_first_waits_ends_the_session() {
    let mut server = limited_to(2);
    let sid = server.open();
    let first = server.slowed(&sid, &numbered(0, 5));
    assert_eq!(server.post(&sid, "4x").status, 400);
    assert_eq!(answer::only(&server.sim.take(first)).status, 400);
    assert_eq!(server.seen.heard(), ["0", "1"]);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn who_is_too_far_behind_for_its_heartbeat_is_given_up() {
    // Its 3 lies behind its messages, as on a WebSocket.
    let mut server = limited_to(1);
    let sid = server.open();
    let peer = server.slowed(&sid, &format!("{}{RS}3", numbered(0, 100)));
    server.advance(25_000);
    assert_eq!(server.seen.open(), 1);
    server.advance(20_000);
    assert_eq!(server.seen.heard().len(), 45);
    assert_eq!(answer::only(&server.sim.take(peer)).status, 400);
    server.assert_unknown(&sid);
    server.assert_nothing_left();
}

#[test]
fn what_waits_is_held_and_counted_and_goes_with_the_session() {
    let mut server = limited_to(10);
    let sid = server.open();
    let before = server.sim.hub.held_bytes();
    let peer = server.slowed(&sid, &vec!["3"; 20_000].join(RS));
    assert_eq!(server.sim.hub.held_bytes() - before, 39_999 - 20);
    server.advance(1_000);
    assert_eq!(server.sim.hub.held_bytes() - before, 39_999 - 20);
    let waiting = server.sim.connect();
    server.sim.exchange(waiting, get(&sid).as_bytes());
    server.sim.reset(waiting);
    server.sim.run();
    assert_eq!(answer::only(&server.sim.take(peer)).status, 400);
    server.assert_nothing_left();
}

#[test]
fn going_down_does_not_wait_for_the_rate() {
    let mut server = limited_to(1);
    let sid = server.open();
    let peer = server.slowed(&sid, &numbered(0, 100));
    let now = server.sim.now;
    server.sim.hub.stop(now);
    server.sim.run();
    assert_eq!(answer::only(&server.sim.take(peer)).status, 400);
    assert_eq!(server.seen.closed(), 1);
}

#[test]
fn a_websocket_is_counted_once() {
    let mut server = limited_to(4);
    let (peer, _) = server.websocket();
    let bytes: Vec<u8> = (0..6).flat_map(|n| text(format!("4{n}"))).collect();
    server.sim.send(peer, &bytes);
    server.sim.run();
    assert_eq!(server.texts(peer), ["40", "41", "42", "43"]);
    server.advance(500);
    assert_eq!(server.texts(peer), ["44", "45"]);
}

#[test]
fn pauses_are_counted() {
    let mut server = limited_to(10);
    let sid = server.open();
    server.slowed(&sid, &numbered(0, 13));
    server.advance(300);
    assert_eq!(server.seen.heard().len(), 13);
    assert_eq!(metric(&mut server.sim, "ws101_rate_pauses_total"), 3.0);
}
