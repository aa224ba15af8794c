//! Applications that do what those of the program do not: hold requests, answer in pieces, close
//! others, wake up, send from `on_close`, and have bugs.
//!
//! No answer of theirs holds a byte that the peer chose, so a reader cannot be misled by one.

use super::ledger::Ledger;
use crate::sim::bugs::strike;
use std::io;
use std::time::Duration;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// Its WebSockets are never pinged, and it panics when one has ended.
pub const QUIET: &str = "/unruly/quiet";
const UNRULY: &str = "/unruly";
/// The key of a timer that answers what is held; that of one that sends to all.
const ANSWER: u64 = 1;
const GREET: u64 = 2;

pub struct Site {
    pub ledger: Ledger,
    /// Requests that were held once: answered, or given up.
    pub past: Vec<RequestId>,
}

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

fn ok(body: Body) -> Response {
    Response { status: Status(200), fields: Vec::new(), body, close: false }
}

/// An answer that says which request it belongs to.
fn signed(kind: &str, id: RequestId) -> Response {
    let text = format!("{kind} {} {}\n", id.conn.serial, id.serial);
    ok(Body::Bytes(text.into_bytes().into()))
}

impl Site {
    /// Those whose time is over get another answer, too, which must be ignored.
    fn answer_all(&mut self, ctx: &mut Ctx<'_>) {
        for id in &self.past {
            ctx.respond(*id, signed("again", *id));
        }
        for id in self.ledger.held() {
            self.ledger.answer(id);
            ctx.respond(id, signed("held", id));
            ctx.respond(id, signed("again", id));
            self.past.push(id);
        }
    }

    fn send(&self, ctx: &mut Ctx<'_>, message: Message<'_>, may_be_missing: bool) {
        let mut all = self.ledger.at(UNRULY);
        all.extend(self.ledger.at(QUIET));
        self.ledger.sent(&all, message, may_be_missing);
        ctx.send_many(all, message);
    }
}

impl App for Site {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let methods = &[Method::Get, Method::Head, Method::Post];
        let (websocket, max_body_bytes) = match head.path {
            "/hold" | "/later" | "/release" | "/now" | "/stream" | "/broken" => (false, 2_000),
            UNRULY | QUIET => (true, 0),
            _ => return None,
        };
        Some(Route { methods, websocket, max_body_bytes })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let stream = |given| Body::Stream { len: 5_000, source: Box::new(Pieces(given)) };
        Reply::Now(match request.head.path {
            "/hold" => return Reply::Later,
            "/later" => {
                ctx.wake_at(ANSWER, ctx.now().after(Duration::from_millis(700)));
                return Reply::Later;
            }
            "/release" => {
                self.answer_all(ctx);
                signed("now", id)
            }
            "/stream" => ok(stream(5_000)),
            "/broken" => ok(stream(2_500)),
            UNRULY => return Reply::Upgrade(Options::tagged(7)),
            QUIET => {
                return Reply::Upgrade(Options {
                    tag: 8,
                    max_message_bytes: Some(200),
                    keepalive: false,
                    first_subprotocol: false,
                });
            }
            // What did not ask for an upgrade: the core answers 500.
            _ if request.body.len() > 1_500 => return Reply::Upgrade(Options::tagged(0)),
            _ => signed("now", id),
        })
    }

    fn on_request_gone(&mut self, _: &mut Ctx<'_>, id: RequestId) {
        self.past.push(id);
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64) {
        let message = Message::Text("welcome");
        self.ledger.sent(&[id], message, false);
        ctx.send(id, message);
    }

    /// The first byte says what it does.
    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        assert!((7..=8).contains(&tag), "not the tag that was given");
        let bytes = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        };
        match bytes.first() {
            Some(b'c') => ctx.close(id, CloseCode(4000), "as you wish"),
            Some(b'x') => {
                for other in self.ledger.at(UNRULY) {
                    ctx.close(other, CloseCode::NormalClosure, "");
                    ctx.send(other, Message::Text("too late"));
                }
            }
            Some(b'p') => ctx.ping(id, bytes),
            Some(b'h') => self.answer_all(ctx),
            Some(b't') => ctx.wake_at(GREET, ctx.now().after(Duration::from_millis(250))),
            Some(b'n') => ctx.wake_at(GREET, ctx.now()),
            Some(b'q') => {}
            Some(b'b') => strike(),
            _ => {
                self.send(ctx, message, false);
                self.send(ctx, Message::Binary(b"twice"), false);
            }
        }
    }

    /// When many end at once, the others may be closing already.
    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, _: &Closed) {
        ctx.send(id, Message::Text("you are gone"));
        self.send(ctx, Message::Text("one has left"), true);
        if tag == 8 {
            strike();
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        match key {
            ANSWER => self.answer_all(ctx),
            _ => self.send(ctx, Message::Text("time"), false),
        }
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        self.send(ctx, Message::Text("the end"), false);
    }
}
