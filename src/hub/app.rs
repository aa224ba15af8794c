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

pub use super::ctx::Ctx;
pub use super::ids::{Cause, Closed, ConnId, Options, RequestId};
pub use super::ports::{Net, World, Written};
pub use crate::large::LargeMessage;
pub use crate::ws::message::Message;

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
