//! An application that answers with bodies of any size, and counts what it is asked.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;

/// What the application was asked, and what was read of its sources.
#[derive(Clone, Default)]
pub struct Counters {
    asked: Rc<Cell<usize>>,
    pieces: Rc<Cell<usize>>,
    sources: Rc<Cell<usize>>,
}

impl Counters {
    /// Requests so far.
    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Pieces of streamed bodies read so far.
    pub fn pieces(&self) -> usize {
        self.pieces.get()
    }

    /// Sources that exist now: descriptors, if they were files.
    pub fn sources(&self) -> usize {
        self.sources.get()
    }
}

fn add(counter: &Cell<usize>) {
    counter.set(counter.get() + 1);
}

/// Bytes of which no two stretches are alike.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ (at >> 8) ^ (at >> 15)) as u8).collect()
}

/// `/bytes/{n}`: a body of n bytes in memory. `/stream/{n}`: the same in pieces. `/error/{n}` and
/// `/short/{n}`: a stream of 100,000 bytes that fails, or ends, after n.
pub struct Site {
    counters: Counters,
}

impl Site {
    pub fn new(counters: Counters) -> Self {
        Self { counters }
    }
}

fn parse<'a>(head: &'a Head<'_>) -> Option<(&'a str, usize)> {
    let (kind, number) = head.path.strip_prefix('/')?.split_once('/')?;
    let known = ["bytes", "stream", "error", "short"].contains(&kind);
    Some((kind, number.parse().ok().filter(|_| known)?))
}

impl App for Site {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        parse(head)?;
        Some(Route { methods: &[Method::Get, Method::Head], websocket: false, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        add(&self.counters.asked);
        let (kind, number) = parse(request.head).unwrap();
        let stream = |len: usize, end: usize| Body::Stream {
            len: len as u64,
            source: Box::new(Pieces::new(end, kind == "error", self.counters.clone())),
        };
        let body = match kind {
            "bytes" => Body::Bytes(pattern(number).into()),
            "stream" => stream(number, number),
            _ => stream(100_000, number),
        };
        Reply::Now(Response {
            status: Status(200),
            fields: vec![("Content-Type", "application/octet-stream".into())],
            body,
            close: false,
        })
    }
}

/// A file that gives now more, now less than was asked for.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    fails: bool,
    counters: Counters,
}

impl Pieces {
    fn new(len: usize, fails: bool, counters: Counters) -> Self {
        add(&counters.sources);
        Self { bytes: pattern(len), at: 0, fails, counters }
    }
}

impl Source for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        add(&self.counters.pieces);
        assert!(!buffer.is_empty() && buffer.len() <= 64 << 10, "64 KiB at most");
        let rest = &self.bytes[self.at..];
        if rest.is_empty() && self.fails {
            return Err(io::Error::other("the disk says no"));
        }
        // Short reads are as good as full ones.
        let most = if self.counters.pieces().is_multiple_of(3) { 1_000 } else { usize::MAX };
        let len = rest.len().min(buffer.len()).min(most);
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Ok(len)
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.counters.sources.set(self.counters.sources() - 1);
    }
}
