//! The contract between the core and the applications on top of it.
//!
//! An application sees requests and messages, never frames, sockets or bytes of HTTP. The core
//! calls it; it answers by calling [`Ctx`]. Nothing that an application does inside a
//! callback calls back into an application: a close that it causes is reported afterwards.
//!
//! Several applications live side by side, each with its own paths. A connection remembers
//! which one it belongs to, and a number of that application's own, its *tag*, so that no
//! table is searched when a message arrives.

use crate::http::head::Head;
use crate::http::response::Response;
use crate::http::route::Route;
use crate::large::Whole;
use crate::ws::close::CloseCode;
use std::io::IoSlice;

pub use crate::hub::ctx::Ctx;
pub use crate::large::LargeMessage;
pub use crate::ws::message::Message;

/// One connection: the slot it lives in, and a serial number that tells it from earlier
/// tenants of the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    /// Index into the table of connections.
    pub slot: u32,
    /// Counts the connections of this process.
    pub serial: u32,
}

/// One request on one connection: an answer to an older one is recognised and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// The connection it came on.
    pub conn: ConnId,
    /// Counts the requests of that connection.
    pub serial: u32,
}

/// A request whose body has arrived whole.
#[derive(Debug)]
pub struct Request<'a> {
    /// Start line and header fields.
    pub head: &'a Head<'a>,
    /// The body; empty when there is none.
    pub body: &'a [u8],
    /// A correct opening handshake: the application may answer [`Reply::Upgrade`].
    pub upgrade: bool,
}

/// What an application answers to a request.
pub enum Reply {
    /// The connection becomes a WebSocket. Only for requests with `upgrade`.
    Upgrade(Options),
    /// This response.
    Now(Response),
    /// The application will call [`Ctx::respond`].
    Later,
}

/// How a WebSocket connection is to be treated.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The application's own name for the connection, given back with each event.
    pub tag: u64,
    /// Limit for its messages in bytes; `None`: the server's.
    pub max_message_bytes: Option<u64>,
    /// Whether the server pings it (an application may have a heartbeat of its own).
    pub keepalive: bool,
    /// Whether the answer selects the first subprotocol that the client offers (RFC 6455 §4.2.2). It
    /// promises that the application speaks that one. Otherwise none is selected.
    pub first_subprotocol: bool,
}

impl Options {
    /// The server's limits and its keepalive, and no subprotocol.
    #[must_use]
    pub fn tagged(tag: u64) -> Self {
        Self {
            tag,
            max_message_bytes: None,
            keepalive: true,
            first_subprotocol: false,
        }
    }
}

/// Why a WebSocket connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// RFC 6455 §7.1.5: the code of the first Close, ours or the peer's; 1005 when it had none,
    /// 1006 when the connection ended without one.
    pub code: CloseCode,
    /// Who or what ended it.
    pub cause: Cause,
}

/// Who or what ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The peer, with or without a Close.
    Peer,
    /// The peer broke a rule.
    Protocol,
    /// The peer passed a limit.
    Limit,
    /// The peer did not take what was queued for it.
    Slow,
    /// A deadline passed.
    Timeout,
    /// The server goes down.
    Shutdown,
    /// The application closed it.
    Application,
}

impl Cause {
    /// One word for the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
            Self::Slow => "slow",
            Self::Timeout => "timeout",
            Self::Shutdown => "shutdown",
            Self::Application => "application",
        }
    }
}

/// An application.
///
/// Only `route` has to be written; the rest has defaults that do nothing.
pub trait App {
    /// Whether this application serves the target of `head`, and what it takes there: methods,
    /// body size, WebSocket or not. The body has not arrived yet. Must not have side effects.
    fn route(&self, head: &Head<'_>) -> Option<Route>;

    /// A request for a target that `route` claimed. Its rules (method, body, handshake) are
    /// already checked.
    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply;

    /// A request answered [`Reply::Later`] whose peer left or whose deadline passed:
    /// exactly once, and never after [`Ctx::respond`].
    fn on_request_gone(&mut self, _ctx: &mut Ctx<'_>, _id: RequestId) {}

    /// The 101 is queued; messages may be sent.
    fn on_open(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64) {}

    /// A message arrived.
    fn on_message(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64, _message: Message<'_>) {}

    /// A message arrived that does not lie in one piece: more than 32 KiB that came in several reads.
    ///
    /// Who only passes it on ([`Ctx::send_large`]) spares it a copy. All others are given it as any other, put
    /// together.
    fn on_large_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: LargeMessage) {
        let whole = message.put_together();
        match whole.as_ref().and_then(Whole::message) {
            Some(message) => self.on_message(ctx, id, tag, message),
            None => ctx.close(id, CloseCode::TryAgainLater, "out of memory"),
        }
    }

    /// The connection is over, exactly once for each `on_open`: nothing can be sent any more.
    fn on_close(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64, _why: &Closed) {}

    /// The moment asked for with [`Ctx::wake_at`] has come.
    fn on_timer(&mut self, _ctx: &mut Ctx<'_>, _key: u64) {}

    /// What is held for a peer that is away, under this key ([`Ctx::hold`]), is to be given up: memory is short,
    /// and nobody holds more.
    fn on_give_up(&mut self, _ctx: &mut Ctx<'_>, _key: u64) {}

    /// The server goes down: before the connections are closed. Last messages may be sent.
    fn on_shutdown(&mut self, _ctx: &mut Ctx<'_>) {}
}

/// The world below the core: randomness, the calendar, and what a panic said. Sockets are [`Net`].
pub trait World {
    /// Fills `bytes` with unpredictable bytes.
    fn random(&mut self, bytes: &mut [u8]);
    /// Seconds since 1970, for `Date`.
    fn unix_time(&mut self) -> u64;
    /// What the last panic said, and where it was; empty when nobody knows.
    fn last_panic(&mut self) -> String {
        String::new()
    }
}

/// Sockets, as the core needs them. The driver implements it; so do tests.
pub trait Net {
    /// Writes what fits of `bytes`, in one call.
    fn write(&mut self, id: ConnId, bytes: &[u8]) -> Written;
    /// Writes what fits of `pieces`, one behind the other, in one call.
    fn write_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written;
    /// Ends our side of the connection; what was written before still arrives.
    fn half_close(&mut self, id: ConnId);
    /// Ends the connection. `reset`: what the peer has not read may be lost.
    fn close(&mut self, id: ConnId, reset: bool);
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// How many bytes the socket took. Fewer than were offered: it takes no more for now.
    Bytes(usize),
    /// The connection is broken.
    Broken,
}
