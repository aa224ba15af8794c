//! A bug costs one connection, here on the virtual clock: nobody else loses a byte, a
//! deadline or the news of an ending, and what is counted stays right (`Sim::audit`). With sockets: `tests/socket/panics.rs`.

use crate::answer::get;
use crate::client::{self, frame, frames, from_server, text, upgrade};
use crate::record::{Record, watched};
use crate::sim::bugs::strike;
use crate::sim::{End, PeerNo, Rng, Sim};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use std::{io, mem};
use ws101::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// An echo, but for a few words; it says nothing to what begins with `(`.
///
/// `bug`: panics. `later`: panics when this one leaves. `kick`: closes all who have said "later", but for the speaker.
/// `timer`: panics in 50 ms. `tick`: is answered in 50 ms. `left`: is answered with how many have left.
#[derive(Default)]
struct Buggy {
    left: usize,
    later: BTreeSet<ConnId>,
    ticks: BTreeMap<u64, ConnId>,
    keys: u64,
}

impl App for Buggy {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        match head.path {
            "/buggy" => Some(WEBSOCKET),
            "/body" => Some(Route { websocket: false, ..WEBSOCKET }),
            _ => None,
        }
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        if request.upgrade {
            return Reply::Upgrade(Options::tagged(0));
        }
        let (len, source) = (3_000, Box::new(Torn(1_000)));
        Reply::Now(Response {
            status: Status(200),
            fields: Vec::new(),
            body: Body::Stream { len, source },
            close: false,
        })
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        let soon = ctx.now().after(Duration::from_millis(50));
        match message {
            Message::Text("bug") => strike(),
            Message::Text("later") => {
                self.later.insert(id);
            }
            Message::Text("kick") => {
                let kicked = self.later.iter().filter(|other| **other != id);
                kicked.for_each(|other| ctx.close(*other, CloseCode(4_000), "out"));
            }
            Message::Text("timer" | "tick") => {
                if message == Message::Text("tick") {
                    self.ticks.insert(self.keys, id);
                }
                ctx.wake_at(self.keys, soon);
                self.keys += 1;
            }
            Message::Text("left") => ctx.send(id, Message::Text(&self.left.to_string())),
            other if other.bytes().starts_with(b"(") => {}
            other => ctx.send(id, other),
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        match self.ticks.remove(&key) {
            Some(id) => ctx.send(id, Message::Text("tick")),
            None => strike(),
        }
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, id: ConnId, _: u64, _: &Closed) {
        self.left += 1;
        if self.later.remove(&id) {
            strike();
        }
    }
}

/// A body that gives so many bytes, and then panics.
struct Torn(usize);

impl Source for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match mem::take(&mut self.0) {
            0 => strike(),
            len => {
                buffer[..len].fill(b'x');
                Ok(len)
            }
        }
    }
}

fn buggy() -> (Sim, Record) {
    let config = Config { ping_interval: Duration::ZERO, ..Config::default() };
    let (apps, record) = watched(vec![Box::new(Buggy::default())]);
    let mut sim = Sim::with_apps(config, apps);
    sim.expects_bugs = true;
    (sim, record)
}

fn words(words: &[&str]) -> Vec<u8> {
    words.iter().flat_map(text).collect()
}

#[test]
fn panic_over_somebody_s_leaving_loses_nothing_of_who_made_it_leave() {
    let (mut sim, record) = buggy();
    let [first, second] = [sim.open("/buggy"), sim.open("/buggy")];
    sim.exchange(first, &text("later"));
    sim.exchange(second, &text("later"));
    let peer = sim.open("/buggy");
    // In one read: what is behind the word, whole and not, is processed all the same.
    let mut input = words(&["kick", "behind"]);
    let cut = input.len() + 3;
    input.extend(words(&["cut", "last"]));
    sim.send(peer, &input[..cut]);
    sim.run();
    assert_eq!(client::texts(&sim.take(peer)), ["behind"]);
    assert_eq!(record.closes().len(), 2, "both are told of");
    assert_eq!(sim.hub.panics(), 2);
    sim.send(peer, &input[cut..]);
    sim.run();
    assert_eq!(client::texts(&sim.take(peer)), ["cut", "last"]);
}

/// An application that heard of it later would send to somebody who is not there any more.
#[test]
fn application_hears_of_a_panic_before_the_next_message_of_anybody() {
    let (mut sim, _) = buggy();
    let [victim, peer] = [sim.open("/buggy"), sim.open("/buggy")];
    sim.send(victim, &text("bug"));
    sim.send(peer, &text("left"));
    sim.run();
    assert_eq!(client::texts(&sim.take(peer)), ["1"]);
}

#[test]
fn panic_in_a_timer_costs_no_other_timer() {
    let (mut sim, _) = buggy();
    let peer = sim.open("/buggy");
    sim.exchange(peer, &words(&["tick", "timer", "tick", "timer", "tick"]));
    sim.advance(Duration::from_millis(50));
    assert_eq!(client::texts(&sim.take(peer)), ["tick"; 3]);
    assert_eq!(sim.hub.panics(), 2);
}

#[test]
fn panic_over_a_body_adds_nothing_to_it() {
    let (mut sim, _) = buggy();
    let peer = sim.connect();
    let answer = sim.exchange(peer, get("/body").as_bytes());
    let head_len = answer.windows(4).position(|four| four == b"\r\n\r\n");
    assert!(answer[head_len.unwrap() + 4..] == [b'x'; 1_000]);
    // Less than was promised, and no end that looks like one.
    assert_eq!(sim.end(peer), End::Reset);
    assert_eq!((sim.hub.panics(), sim.hub.connections()), (1, 0));
}

/// A connection, perhaps with compression.
fn open(sim: &mut Sim, is_compressed: bool) -> PeerNo {
    let peer = sim.connect();
    let request = upgrade("/buggy");
    let offer = if is_compressed { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
    let request = request.replace("Connection:", &format!("{offer}Connection:"));
    let answer = sim.exchange(peer, request.as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(answer.contains("permessage-deflate"), is_compressed);
    peer
}

/// A message in a block without compression (RFC 7692 §7.2.3.3).
fn compressed(word: &str) -> Vec<u8> {
    let len = word.len() as u16;
    let [len, not] = [len.to_le_bytes(), (!len).to_le_bytes()];
    frame(0xc1, [&[0x00], &len[..], &not[..], word.as_bytes(), &[0x00]].concat())
}

#[cfg(feature = "deflate")]
#[test]
fn unfinished_compressed_messages_stay_few_behind_a_panic() {
    let (mut sim, _) = buggy();
    for _ in 0..16 {
        let peer = open(&mut sim, true);
        sim.exchange(peer, &frame(0x41, [0xf2]));
    }
    let held = sim.hub.held_bytes();
    let victim = open(&mut sim, true);
    sim.exchange(victim, &compressed("bug"));
    assert_eq!((sim.hub.panics(), sim.hub.held_bytes()), (1, held));
    // Those who come later get no state of the library for a byte.
    for _ in 0..16 {
        let peer = open(&mut sim, true);
        sim.exchange(peer, &frame(0x41, [0xf2]));
    }
    let more = sim.hub.held_bytes() - held;
    assert!(more < 16 * 1_000, "{more} bytes");
}

/// One of those who talk to the application, and what is expected of it.
struct Talker {
    no: PeerNo,
    is_compressed: bool,
    is_later: bool,
    is_over: bool,
    expected: Vec<u8>,
}

impl Talker {
    fn new(sim: &mut Sim, is_compressed: bool) -> Self {
        Self {
            no: open(sim, is_compressed),
            is_compressed,
            is_later: false,
            is_over: false,
            expected: Vec::new(),
        }
    }

    fn expect_close(&mut self, code: u16, reason: &str) {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        self.expected.extend(from_server(0x88, payload));
        self.is_over = true;
    }
}

/// Says some words in one read, and notes what must come of it. Gives how many panics.
fn say(sim: &mut Sim, talkers: &mut [Talker], at: usize, rng: &mut Rng) -> u64 {
    let (mut input, mut panics, mut ticks) = (Vec::new(), 0, 0);
    for _ in 0..=rng.below(5) {
        let word = ["bug", "later", "kick", "timer", "tick", "echo", "echo", "(no"][rng.below(8)];
        let talker = &mut talkers[at];
        match (talker.is_compressed, rng.below(3)) {
            (true, 0) => input.extend(compressed(word)),
            (_, 1) => {
                let (begin, end) = word.split_at(rng.below(word.len()));
                input.extend([frame(0x01, begin), frame(0x80, end)].concat());
            }
            _ => input.extend(text(word)),
        }
        if talker.is_over {
            continue;
        }
        match word {
            "bug" => {
                panics += 1 + u64::from(talker.is_later);
                talker.expect_close(1011, "internal error");
            }
            "later" => talker.is_later = true,
            "timer" => panics += 1,
            "tick" => ticks += 1,
            "echo" => talker.expected.extend(from_server(0x81, word)),
            "kick" => {
                let kicked = talkers.iter_mut().enumerate();
                let kicked = kicked.filter(|(no, talker)| *no != at && talker.is_later);
                for (_, talker) in kicked.filter(|(_, talker)| !talker.is_over) {
                    talker.expect_close(4000, "out");
                    panics += 1;
                }
            }
            _ => {}
        }
    }
    sim.send(talkers[at].no, &input);
    sim.advance(Duration::from_millis(60));
    if !talkers[at].is_over {
        let tick = from_server(0x81, "tick");
        talkers[at].expected.extend(tick.repeat(ticks));
    }
    panics
}

#[test]
fn whatever_panics_the_others_get_what_is_theirs() {
    for seed in 0..150 {
        let mut rng = Rng::new(seed);
        let (mut sim, record) = buggy();
        let mut panics = 0;
        let mut talkers: Vec<Talker> =
            (0..6).map(|no| Talker::new(&mut sim, cfg!(feature = "deflate") && no % 2 == 0)).collect();
        for _ in 0..30 {
            let at = rng.below(talkers.len());
            panics += say(&mut sim, &mut talkers, at, &mut rng);
            assert_eq!(sim.hub.panics(), panics, "seed {seed}");
            for talker in &mut talkers {
                let expected = mem::take(&mut talker.expected);
                let came = sim.take(talker.no);
                assert_eq!(frames(&came), frames(&expected), "seed {seed}");
            }
            if talkers[at].is_over {
                let is_compressed = talkers[at].is_compressed;
                talkers[at] = Talker::new(&mut sim, is_compressed);
            }
        }
        for talker in &talkers {
            sim.reset(talker.no);
        }
        sim.run();
        sim.advance(Duration::from_secs(10));
        assert_eq!(record.check(), 0, "each opening has its close");
        assert_eq!((sim.hub.connections(), sim.hub.held_bytes()), (0, 0));
        assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    }
}
