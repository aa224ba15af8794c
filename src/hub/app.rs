//! The contract between the hub and the applications on top of it.
//!
//! An application sees requests and messages, never frames, sockets or bytes of HTTP. The hub
//! calls it, and it answers by calling [`Ctx`]. Nothing that an application does in a callback leads back into
//! an application: a close that it causes is reported afterwards.
//!
//! Several applications live side by side, each with its own paths. A connection remembers
//! which one it belongs to, and a number of that application's own, its *tag*, so that no
//! table is searched when a message arrives.

use crate::http::head::Head;
use crate::http::response::Response;
use crate::http::route::Route;
use crate::ws::close::CloseCode;

pub use super::ctx::Ctx;
pub use super::ids::{Cause, Closed, ConnId, Options, Path, RequestId};
pub use super::ports::{Net, World, Written};
pub use crate::large::LargeMessage;
pub use crate::ws::message::Message;

/// The key of [`App::on_timer`] when something has come from outside of the hub.
pub const NEWS: u64 = u64::MAX;

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
    /// Says whether this application serves the target of `head`, and what it takes there.
    ///
    /// A route names the methods, the size of a body, and WebSocket or not. The body has not arrived yet. The call must
    /// not have side effects.
    fn route(&self, head: &Head<'_>) -> Option<Route>;

    /// Answers a request for a target that `route` claimed.
    ///
    /// Its rules (method, body, handshake) are already checked.
    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply;

    /// Nobody waits for the answer to a request any more that was answered [`Reply::Later`].
    ///
    /// It is called once, and never after [`Ctx::respond`].
    fn on_request_gone(&mut self, _ctx: &mut Ctx<'_>, _id: RequestId) {}

    /// The 101 is queued; messages may be sent.
    fn on_open(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64) {}

    /// A message arrived.
    fn on_message(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64, _message: Message<'_>) {}

    /// A large message arrived: more than 32 KiB that came in several reads, and lie in several blocks.
    ///
    /// An application that only passes it on ([`Ctx::send_large`]) needs no copy. The default puts it together and calls
    /// [`App::on_message`].
    fn on_large_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, mut message: LargeMessage) {
        match message.put_together() {
            Some(message) => self.on_message(ctx, id, tag, message),
            None => ctx.close(id, CloseCode::TryAgainLater, "out of memory"),
        }
    }

    /// The connection is over, and nothing can be sent any more. It is called once for each `on_open`.
    fn on_close(&mut self, _ctx: &mut Ctx<'_>, _id: ConnId, _tag: u64, _why: &Closed) {}

    /// The moment asked for with [`Ctx::wake_at`] has come.
    fn on_timer(&mut self, _ctx: &mut Ctx<'_>, _key: u64) {}

    /// Whether something has come for the application from outside of the hub.
    ///
    /// Then the driver, which brought it, has it called: [`App::on_timer`] with the key [`NEWS`].
    fn has_news(&self) -> bool {
        false
    }

    /// The application must give up what it holds under this key for a peer that is away ([`Ctx::count_kept`]).
    ///
    /// Memory is short, and nobody holds more.
    fn on_give_up(&mut self, _ctx: &mut Ctx<'_>, _key: u64) {}

    /// The server goes down, and connections are closed after this call. Last messages may be sent.
    fn on_shutdown(&mut self, _ctx: &mut Ctx<'_>) {}
}
