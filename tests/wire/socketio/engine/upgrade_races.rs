//! Messages in every gap of the upgrade: each arrives exactly once, in order, by whichever transport
//! is open.

use super::{RS, Server};
use crate::client::text;
use crate::sim::{PeerNo, Rng};

#[test]
fn what_was_sent_in_each_gap_arrives_once() {
    // A GET waits, or not, when the WebSocket comes.
    for waits in [false, true] {
        let mut server = Server::default();
        let (speaker, _) = server.websocket();
        let sid = server.open();
        let waiting = waits.then(|| server.wait(&sid));
        let mut received = Vec::new();

        server.say(speaker, "4all before");
        if let Some(waiting) = waiting {
            received.push(server.fetched(waiting));
        }
        let peer = server.probe(&sid);
        server.say(speaker, "4all connected");
        assert_eq!(server.say(peer, "2probe"), ["3probe"]);
        server.say(speaker, "4all probed");
        assert!(server.texts(peer).is_empty(), "not before the 5");
        server.say(peer, "5");
        server.say(speaker, "4all upgraded");
        received.extend(server.texts(peer));
        // What `say` took with the 5.
        assert_eq!(received.last().map(String::as_str), Some("4upgraded"));
        server.advance(20_000);
        assert!(server.texts(peer).is_empty());
    }
}

#[test]
fn the_queue_goes_over_the_websocket_in_order_text_and_binary() {
    let mut server = Server::default();
    let (speaker, _) = server.websocket();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.say(speaker, "4all one");
    server.sim.send(speaker, &text("4all# 2"));
    server.sim.run();
    server.frames(speaker);
    server.say(speaker, "4all two");
    server.sim.send(peer, &text("5"));
    server.sim.run();
    let frames = server.frames(peer);
    let got: Vec<(u8, &[u8])> = frames.iter().map(|f| (f.first, &f.payload[..])).collect();
    let expected: [(u8, &[u8]); 3] = [(0x81, b"4one"), (0x82, &[7, 7]), (0x81, b"4two")];
    assert_eq!(got, expected);
    assert_eq!(server.sim.hub.held_bytes(), 0);
}

#[test]
fn a_get_between_probe_and_upgrade_gets_what_is_queued_or_a_noop_within_100_ms() {
    let mut server = Server::default();
    let (speaker, _) = server.websocket();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.say(speaker, "4all queued");
    assert_eq!(server.poll(&sid), "4queued");
    let waiting = server.wait(&sid);
    server.advance(99);
    assert!(server.sim.take(waiting).is_empty());
    server.advance(1);
    assert_eq!(server.fetched(waiting), "6");
    // A message in this time comes first.
    let waiting = server.wait(&sid);
    server.advance(50);
    server.say(speaker, "4all late");
    assert_eq!(server.fetched(waiting), "4late");
    assert!(server.say(peer, "5").is_empty(), "both were delivered");
}

#[test]
fn a_get_that_still_waits_at_the_5_gets_a_noop() {
    let mut server = Server::default();
    let sid = server.open();
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    let waiting = server.wait(&sid);
    assert!(server.say(peer, "5").is_empty());
    assert_eq!(server.fetched(waiting), "6");
    assert_eq!(server.seen.closed(), 0);
    // Its connection may end now.
    server.sim.fin(waiting);
    server.sim.run();
    assert_eq!(server.say(peer, "4x"), ["4x"]);
}

#[test]
fn what_the_client_sends_in_each_gap_arrives_once() {
    let mut server = Server::default();
    let sid = server.open();
    server.post(&sid, "4a");
    let peer = server.probe(&sid);
    server.post(&sid, "4b");
    server.say(peer, "2probe");
    server.post(&sid, &format!("4c{RS}4d"));
    assert_eq!(server.say(peer, "5"), ["4a", "4b", "4c", "4d"], "the echoes were queued");
    assert_eq!(server.say(peer, "4e"), ["4e"]);
    assert_eq!(server.seen.heard(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_heartbeat_may_change_over_in_the_middle() {
    let mut server = Server::default();
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.advance(24_000);
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    assert_eq!(server.fetched(waiting), "6");
    server.advance(1_000);
    assert_eq!(server.say(peer, "5"), ["2"], "it was queued");
    server.say(peer, "3");
    server.advance(25_000);
    assert_eq!(server.texts(peer), ["2"]);
    // One that was fetched by GET is answered by WebSocket.
    let sid = server.open();
    let waiting = server.wait(&sid);
    server.advance(25_000);
    assert_eq!(server.fetched(waiting), "2");
    let peer = server.probe(&sid);
    server.say(peer, "2probe");
    server.say(peer, "5");
    server.say(peer, "3");
    server.advance(24_999);
    assert!(server.texts(peer).is_empty());
    server.advance(1);
    assert_eq!(server.texts(peer), ["2"]);
}

/// A client that polls, and then has a WebSocket.
struct Client {
    sid: String,
    waiting: Option<PeerNo>,
    received: Vec<String>,
}

impl Client {
    fn collect(&mut self, server: &mut Server) {
        let Some(waiting) = self.waiting else { return };
        let bytes = server.sim.take(waiting);
        if !bytes.is_empty() {
            self.waiting = None;
            let answer = crate::answer::only(&bytes).text();
            let packets = answer.split(RS).filter(|packet| *packet != "6");
            self.received.extend(packets.map(str::to_owned));
        }
    }

    fn poll(&mut self, server: &mut Server) {
        if self.waiting.is_none() {
            let peer = server.sim.connect();
            server.sim.send(peer, super::get(&self.sid).as_bytes());
            server.sim.run();
            self.waiting = Some(peer);
        }
        self.collect(server);
    }
}

#[test]
fn at_random_moments_too() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut server = Server::default();
        let (speaker, _) = server.websocket();
        let mut client = Client { sid: server.open(), waiting: None, received: Vec::new() };
        let mut sent = Vec::new();
        let mut peer = None;
        for step in ["connect", "2probe", "5", "end"] {
            for _ in 0..rng.below(6) {
                match rng.below(4) {
                    0 if step != "end" => client.poll(&mut server),
                    1 => server.advance(rng.below(150) as u64),
                    _ => {
                        let message = format!("{seed}.{}", sent.len());
                        server.say(speaker, &format!("4all {message}"));
                        sent.push(format!("4{message}"));
                    }
                }
                client.collect(&mut server);
            }
            match (step, peer) {
                ("connect", _) => peer = Some(server.probe(&client.sid)),
                ("end", Some(peer)) => client.received.extend(server.texts(peer)),
                (word, Some(peer)) => {
                    let mut texts = server.say(peer, word);
                    client.collect(&mut server);
                    texts.retain(|text| text != "3probe");
                    client.received.extend(texts);
                }
                _ => {}
            }
        }
        assert_eq!(client.received, sent, "seed {seed}");
    }
}
