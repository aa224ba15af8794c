//! Engine.IO 4, byte by byte on the virtual clock, with a small service on top.

mod cors;
mod ending;
mod errors;
mod garbage;
mod heartbeat;
mod inbox;
mod limits;
mod opening;
mod polling;
mod posting;
mod rate;
mod upgrade;
mod upgrade_races;

use crate::answer::{self, Answer};
use crate::client::{self, Frame, frames, text};
use crate::sim::{End, PeerNo, Sim};
use crate::support::socketio::service::{Seen, Told};
use std::time::Duration;
use ws101::apps::status::Status;
use ws101::config::Config;
use ws101::socketio::engine::{Engine, Settings};

/// Between packets of a payload.
const RS: &str = "\u{1e}";

/// A server with one endpoint.
struct Server {
    sim: Sim,
    seen: Seen,
}

impl Default for Server {
    fn default() -> Self {
        Self::with(Config::default(), Settings::default())
    }
}

impl Server {
    fn with(config: Config, settings: Settings) -> Self {
        let told = Told::default();
        let seen = told.seen();
        let engine = Engine::new(settings, told);
        let sim = Sim::with_apps(config, vec![Box::new(engine), Box::new(Status)]);
        Self { sim, seen }
    }

    /// One request on a connection of its own, answered at once.
    fn fetch(&mut self, request: &str) -> Answer {
        let peer = self.sim.connect();
        let bytes = self.sim.exchange(peer, request.as_bytes());
        answer::only(&bytes)
    }

    /// A session that polls: its sid.
    fn open(&mut self) -> String {
        let answer = self.fetch(&answer::get("/socket.io/?EIO=4&transport=polling"));
        sid_of(&answer.text())
    }

    /// Everything that is queued.
    fn poll(&mut self, sid: &str) -> String {
        let answer = self.fetch(&get(sid));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    fn post(&mut self, sid: &str, body: &str) -> Answer {
        self.fetch(&post(sid, body))
    }

    /// A GET that waits.
    fn wait(&mut self, sid: &str) -> PeerNo {
        let peer = self.sim.connect();
        let early = self.sim.exchange(peer, get(sid).as_bytes());
        assert_eq!(String::from_utf8_lossy(&early), "", "it waits");
        peer
    }

    /// What a GET that waited has got.
    fn fetched(&mut self, peer: PeerNo) -> String {
        let answer = answer::only(&self.sim.take(peer));
        assert_eq!(answer.status, 200);
        answer.text()
    }

    /// A session that has a WebSocket from the start.
    fn websocket(&mut self) -> (PeerNo, String) {
        let peer = self.upgrade("/socket.io/?EIO=4&transport=websocket");
        let texts = self.texts(peer);
        assert_eq!(texts.len(), 1);
        (peer, sid_of(&texts[0]))
    }

    /// A WebSocket connection; what comes behind the 101 is left to be taken.
    fn upgrade(&mut self, path: &str) -> PeerNo {
        let peer = self.sim.connect();
        self.sim.send(peer, client::upgrade(path).as_bytes());
        self.sim.run();
        let bytes = self.sim.take(peer);
        let head = client::SWITCHING.as_bytes();
        assert!(bytes.starts_with(head), "{}", String::from_utf8_lossy(&bytes));
        self.seen.keep(peer, &bytes[head.len()..]);
        peer
    }

    /// A second transport for a session that polls.
    fn probe(&mut self, sid: &str) -> PeerNo {
        self.upgrade(&format!("/socket.io/?EIO=4&transport=websocket&sid={sid}"))
    }

    /// The frames that came.
    fn frames(&mut self, peer: PeerNo) -> Vec<Frame> {
        let mut bytes = self.seen.kept(peer);
        bytes.extend(self.sim.take(peer));
        frames(&bytes)
    }

    /// The texts that came, and nothing else did.
    fn texts(&mut self, peer: PeerNo) -> Vec<String> {
        let text = |frame: Frame| {
            assert_eq!(frame.first, 0x81, "{frame:?}");
            String::from_utf8(frame.payload).unwrap()
        };
        self.frames(peer).into_iter().map(text).collect()
    }

    /// Sends one text; the texts that came back.
    fn say(&mut self, peer: PeerNo, message: &str) -> Vec<String> {
        self.sim.send(peer, &text(message));
        self.sim.run();
        self.texts(peer)
    }

    /// A WebSocket was closed without a code (and is, when the client has answered).
    fn assert_closed(&mut self, peer: PeerNo) {
        let frames = self.frames(peer);
        let close = Frame { first: 0x88, payload: Vec::new() };
        assert_eq!(frames, [close]);
        self.sim.send(peer, &client::frame(0x88, ""));
        self.sim.run();
        assert_eq!(self.sim.end(peer), End::HalfClosed);
    }

    fn advance(&mut self, millis: u64) {
        self.sim.advance(Duration::from_millis(millis));
    }

    /// The session is not known any more.
    fn assert_unknown(&mut self, sid: &str) {
        let answer = self.fetch(&get(sid));
        assert_eq!(answer.status, 400);
        assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    }

    /// Nothing is held for anybody, and no timer waits, once all connections are gone.
    fn assert_nothing_left(&mut self) {
        // Connections last 17 s, and a heartbeat comes after 25.
        self.advance(20_000);
        assert_eq!(self.seen.open(), 0, "sessions");
        assert_eq!(self.sim.hub.connections(), 0);
        assert_eq!(self.sim.hub.held_bytes(), 0);
        assert_eq!(self.sim.hub.next_deadline(), ws101::clock::Time::NEVER);
    }
}

/// The sid in an open packet.
fn sid_of(packet: &str) -> String {
    let rest = packet.strip_prefix("0{\"sid\":\"").expect(packet);
    rest[..20].to_owned()
}

fn get(sid: &str) -> String {
    answer::get(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}"))
}

fn post(sid: &str, body: &str) -> String {
    post_as(sid, "text/plain;charset=UTF-8", body)
}

fn post_as(sid: &str, kind: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: {kind}\r\nContent-Length: {len}\r\n\r\n{body}"
    )
}
