//! Response bodies through small windows: from memory, and from a source read as the socket drains.

use super::take_in_steps;
use crate::answer::{self, get};
use crate::sim::{End, PeerNo, Rng, Sim};
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;

const LEN: usize = 300_000;
static CONTENT: [u8; LEN] = {
    let mut content = [0; LEN];
    let mut at = 0;
    while at < LEN {
        content[at] = (at % 253) as u8;
        at += 1;
    }
    content
};

/// Gives the content in pieces of at most `most` bytes, fails or ends at `stop`.
struct Pieces {
    at: usize,
    most: usize,
    stop: usize,
    reads: Rc<Cell<usize>>,
}

impl Source for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        assert!(buffer.len() <= 64 << 10, "a body is read 64 KiB at a time");
        if self.at == self.stop {
            return match self.stop % 2 {
                0 => Ok(0),
                _ => Err(io::ErrorKind::Other.into()),
            };
        }
        let len = buffer.len().min(self.most).min(self.stop - self.at);
        buffer[..len].copy_from_slice(&CONTENT[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

/// `/static`, `/bytes`, `/stream`, `/short` (ends early), `/broken` (fails), `/empty`.
struct Shelf {
    most: usize,
    reads: Rc<Cell<usize>>,
    /// Requests so far.
    asked: Rc<Cell<usize>>,
}

impl App for Shelf {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get, Method::Head], websocket: false, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        self.asked.set(self.asked.get() + 1);
        let stream = |len: usize, stop: usize| Body::Stream {
            len: len as u64,
            source: Box::new(Pieces { at: 0, most: self.most, stop, reads: Rc::clone(&self.reads) }),
        };
        let body = match request.head.path {
            "/static" => Body::Bytes(CONTENT[..].into()),
            "/bytes" => Body::Bytes(CONTENT.to_vec().into()),
            "/stream" => stream(LEN, LEN),
            "/short" => stream(LEN, 100_000),
            "/broken" => stream(LEN, 100_001),
            "/empty" => stream(0, 0),
            _ => Body::Bytes(b"small".into()),
        };
        Reply::Now(Response { status: Status(200), fields: Vec::new(), body, close: false })
    }
}

fn shelf(most: usize) -> (Sim, PeerNo, Rc<Cell<usize>>) {
    let (sim, peer, reads, _) = counting_shelf(most);
    (sim, peer, reads)
}

fn counting_shelf(most: usize) -> (Sim, PeerNo, Rc<Cell<usize>>, Rc<Cell<usize>>) {
    let reads = Rc::new(Cell::new(0));
    let asked = Rc::new(Cell::new(0));
    let app = Shelf { most, reads: Rc::clone(&reads), asked: Rc::clone(&asked) };
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(app)]);
    let peer = sim.connect();
    (sim, peer, reads, asked)
}

#[test]
fn bodies_of_every_kind_arrive_whole_through_windows_of_any_size() {
    for (path, most) in [("/static", 0), ("/bytes", 0), ("/stream", usize::MAX), ("/stream", 1_000)] {
        for seed in 0..4 {
            let (mut sim, peer, _) = shelf(most);
            sim.set_window(peer, Some(seed));
            // Another request waits behind it.
            let both = [get(path), get("/small")].concat();
            sim.send(peer, both.as_bytes());
            sim.run();
            let mut rng = Rng::new(seed as u64);
            let output = take_in_steps(&mut sim, peer, || 1 + rng.below(5_000));
            let answers = answer::all(&output);
            assert_eq!(answers.len(), 2, "{path}, pieces of {most}");
            assert!(answers[0].body == CONTENT, "{path}, pieces of {most}");
            assert_eq!(answers[1].body, b"small");
            assert_eq!(sim.end(peer), End::Open);
        }
    }
}

#[test]
fn source_is_read_only_as_the_socket_drains() {
    let (mut sim, peer, reads) = shelf(usize::MAX);
    sim.set_window(peer, Some(0));
    sim.exchange(peer, get("/stream").as_bytes());
    assert!(reads.get() <= 1, "{} reads and nothing was taken", reads.get());
    sim.open_window(peer, 500);
    sim.run();
    let turns = sim.turns;
    sim.advance(std::time::Duration::from_secs(29));
    assert_eq!(reads.get(), 1, "one piece waits, not the file");
    assert!(sim.turns - turns < 5, "a stalled download costs no turns");
    // Stalled for good: the descriptor is given back.
    sim.advance(std::time::Duration::from_secs(1));
    assert_eq!(sim.end(peer), End::Reset);
    assert_eq!(Rc::strong_count(&reads), 2, "the source is dropped");
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn source_that_ends_early_or_fails_breaks_the_connection() {
    // RFC 9112 §8: the length was promised, so nothing must be taken for the rest.
    for (path, len) in [("/short", 100_000), ("/broken", 100_001)] {
        let (mut sim, peer, reads) = shelf(usize::MAX);
        let both = [get(path), get("/small")].concat();
        let output = sim.exchange(peer, both.as_bytes());
        let body = output.windows(4).position(|window| window == b"\r\n\r\n");
        let body = &output[body.expect("a head") + 4..];
        assert!(body == &CONTENT[..len], "{path}");
        assert_eq!(sim.end(peer), End::Reset);
        assert_eq!(Rc::strong_count(&reads), 2);
    }
}

#[test]
fn head_and_empty_bodies_read_no_source() {
    let (mut sim, peer, reads) = shelf(usize::MAX);
    let output = sim.exchange(peer, answer::request("HEAD", "/stream").as_bytes());
    let mut rest = &output[..];
    let answer = answer::take(&mut rest, true);
    assert_eq!(answer.field("Content-Length"), Some("300000"));
    assert_eq!(rest, b"");
    let answer = answer::only(&sim.exchange(peer, get("/empty").as_bytes()));
    assert_eq!(answer.field("Content-Length"), Some("0"));
    assert_eq!(reads.get(), 0);
    assert_eq!(answer::only(&sim.exchange(peer, get("/x").as_bytes())).body, b"small");
}

#[test]
fn peer_that_leaves_in_the_middle_frees_the_source() {
    for reset in [false, true] {
        let (mut sim, peer, reads) = shelf(1_000);
        sim.set_window(peer, Some(100_000));
        sim.exchange(peer, get("/stream").as_bytes());
        if reset {
            sim.reset(peer);
            sim.run();
        } else {
            // A half-close is no reason to stop: the peer may still read.
            sim.fin(peer);
            sim.run();
            assert_eq!(sim.end(peer), End::Open);
            let output = take_in_steps(&mut sim, peer, || 50_000);
            assert_eq!(sim.end(peer), End::Closed);
            assert!(output.ends_with(&CONTENT[LEN - 1_000..]));
        }
        assert_eq!(sim.hub.connections(), 0, "reset: {reset}");
        assert_eq!(Rc::strong_count(&reads), 2);
    }
}

#[test]
fn pipelined_answers_stop_at_256_kib() {
    let (mut sim, peer, _, asked) = counting_shelf(0);
    sim.set_window(peer, Some(0));
    let many = get("/static").repeat(20);
    sim.send(peer, many.as_bytes());
    for _ in 0..5 {
        sim.send(peer, get("/static").as_bytes());
    }
    sim.run();
    assert_eq!(sim.unread(peer), 5 * get("/static").len(), "not read on");
    assert_eq!(asked.get(), 1, "nor answered: each is more than 256 KiB");
    let output = take_in_steps(&mut sim, peer, || 100_000);
    let answers = answer::all(&output);
    assert_eq!(answers.len(), 25);
    assert!(answers.iter().all(|answer| answer.body == CONTENT));
}
