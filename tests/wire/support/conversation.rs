//! What peers say: valid conversations, then mutated.

use crate::answer::request;
use crate::client::{close, frame, frame_with_key, upgrade};
use crate::sim::Rng;
use std::io;
use ws101::app::{App, Ctx, Options, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;

const WEBSOCKETS: [&str; 9] = [
    "/echo",
    "/broadcast",
    "/broadcast/topic",
    "/ws",
    "/ws/1",
    "/ws/-2",
    "/ws/%2D2",
    "/ws/chat/lobby/",
    "/ws/socket-server/",
];
const PAGES: [&str; 8] = ["/", "/hold", "/stream", "/broken", "/now", "/ws/1", "/nothing?x=1", "/%2e%2e/x"];

/// Beside the applications of the program: `/hold` never answers, `/now` at once, `/stream` in
/// pieces, `/broken` less than it promised; each reads a body.
pub struct Site;

/// Gives so many bytes, then none.
struct Pieces(usize);

impl Source for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.0).min(900);
        buffer[..len].fill(b'x');
        self.0 -= len;
        Ok(len)
    }
}

impl App for Site {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let is_ours = ["/hold", "/now", "/stream", "/broken"].contains(&head.path);
        is_ours.then_some(Route {
            methods: &[Method::Get, Method::Head, Method::Post],
            websocket: false,
            max_body_bytes: 2_000,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let stream = |given| Body::Stream { len: 5_000, source: Box::new(Pieces(given)) };
        let body = match request.head.path {
            "/hold" => return Reply::Later,
            "/stream" => stream(5_000),
            "/broken" => stream(2_500),
            // What did not ask for an upgrade: the core answers 500.
            _ if request.body.len() > 1_500 => return Reply::Upgrade(Options::tagged(0)),
            _ => Body::Bytes(request.body.to_vec().into()),
        };
        Reply::Now(Response { status: Status(200), fields: Vec::new(), body, close: false })
    }
}

/// Where a peer goes, and so what it says there.
#[derive(Clone, Copy)]
pub enum Place {
    WebSocket(&'static str),
    Pages,
}

impl Place {
    pub fn any(rng: &mut Rng) -> Self {
        match rng.below(4) {
            0 => Self::Pages,
            _ => Self::WebSocket(WEBSOCKETS[rng.below(WEBSOCKETS.len())]),
        }
    }

    /// The first things said on a connection. A third of it is mutated anywhere, a third behind the
    /// opening handshake, the rest is as it should be.
    pub fn opening(self, rng: &mut Rng) -> Vec<u8> {
        let mut head = match self {
            Self::WebSocket(path) => upgrade(path).into_bytes(),
            Self::Pages => requests(rng),
        };
        let mut rest = match self {
            Self::WebSocket(_) => frames(rng),
            Self::Pages => requests(rng),
        };
        match rng.below(3) {
            0 => {
                head.extend(rest);
                mutate(&mut head, rng);
                return head;
            }
            1 => mutate(&mut rest, rng),
            _ => {}
        }
        head.extend(rest);
        head
    }

    /// What is said later.
    pub fn more(self, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = match self {
            Self::WebSocket(_) => frames(rng),
            Self::Pages => requests(rng),
        };
        if rng.below(8) == 0 {
            mutate(&mut bytes, rng);
        }
        bytes
    }
}

/// Complete messages, with control frames between.
fn frames(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=rng.below(9) {
        let most = [5, 130, 1_000, 4_000][rng.below(4)];
        let payload = "käse\u{1f9c0}".repeat(rng.below(most) / 9);
        // What rooms take; to the others it is a text like any.
        let payload = match rng.below(4) {
            0 => payload,
            _ => format!("{{\"message\": \"{payload}\"}}"),
        };
        let key = (rng.next() as u32).to_be_bytes();
        match rng.below(10) {
            0 | 1 => bytes.extend(frame_with_key(0x82, payload.as_bytes(), key)),
            2 => bytes.extend(fragments(payload.as_bytes(), rng)),
            3 => bytes.extend(frame(0x89, "ping")),
            4 => bytes.extend(frame(0x8a, "pong")),
            5 if rng.below(12) == 0 => bytes.extend(close(1000, "bye")),
            _ => bytes.extend(frame_with_key(0x81, payload.as_bytes(), key)),
        }
    }
    bytes
}

fn fragments(payload: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = payload;
    let mut opcode = 0x01;
    for _ in 0..rng.below(6) {
        let (piece, after) = rest.split_at(rng.below(rest.len()));
        bytes.extend(frame(opcode, piece));
        if rng.below(3) == 0 {
            bytes.extend(frame(0x89, "between"));
        }
        (rest, opcode) = (after, 0x00);
    }
    bytes.extend(frame(0x80 | opcode, rest));
    bytes
}

/// Requests, some of them with a body.
fn requests(rng: &mut Rng) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..=rng.below(3) {
        let path = PAGES[rng.below(PAGES.len())];
        match rng.below(6) {
            0 => text += &request("HEAD", path),
            1 => {
                let body = "b".repeat(rng.below(2_200));
                let expect = ["", "Expect: 100-continue\r\n"][rng.below(2)];
                let len = body.len();
                text += &format!(
                    "POST {path} HTTP/1.1\r\nHost: localhost\r\n{expect}Content-Length: {len}\r\n\r\n{body}"
                );
            }
            2 => {
                text += &format!(
                    "POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                     5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"
                );
            }
            3 => {
                text += &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-9\r\n\r\n");
            }
            _ => text += &request("GET", path),
        }
    }
    text.into_bytes()
}

/// One to four changes: a byte is flipped, a range is cut out or doubled, noise comes in, or the rest
/// is that of another conversation.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.below(bytes.len());
        let end = (at + 1 + rng.below(40)).min(bytes.len());
        match rng.below(6) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            4 => {
                let noise: Vec<u8> = (0..rng.below(20)).map(|_| rng.next() as u8).collect();
                bytes.splice(at..at, noise);
            }
            _ => {
                bytes.truncate(at);
                bytes.extend(match rng.below(3) {
                    0 => requests(rng),
                    1 => upgrade("/ws/9").into_bytes(),
                    _ => frames(rng),
                });
            }
        }
    }
}

/// Cut into what single reads give: mostly a few pieces, sometimes bytes.
pub fn cut(bytes: Vec<u8>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let most = [1, 30, 1_000, 20_000][rng.below(4)];
    let mut pieces = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let len = (1 + rng.below(most)).min(rest.len());
        let (piece, after) = if pieces.len() < 100 { rest.split_at(len) } else { (rest, &[][..]) };
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces
}
