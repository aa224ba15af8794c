//! A panic costs one connection: the active one.
//!
//! No other connection loses a byte, a deadline or the report of an ending by it, and the process goes on.
//!
//! The loop catches a panic while bytes of a connection are processed, because the rest of that call is about this
//! connection. If an application is told of something else meanwhile, the rest of the call belongs to other
//! connections. There the panic is caught at once.

use super::Hub;
use super::conn::{Phase, Stage};
use super::ids::Cause;
use crate::clock::Time;
use crate::guard::Escaped;
use crate::guard::notes::Note;
use crate::http::refusal;
use crate::ws::close::CloseCode;

impl Hub {
    /// Ends the active connection after a call into the hub has panicked.
    ///
    /// It is closed with 1011, or answered `500`, if that can be. The others are not touched. Its application is
    /// told before this returns, so that it does not send to somebody who has gone.
    pub fn recover(&mut self, now: Time) {
        self.core.turn.now = now;
        self.blame();
        self.deliver_reports();
    }

    /// Notes the panic, and ends the active connection.
    pub(super) fn blame(&mut self) {
        let core = &mut self.core;
        let now = core.turn.now;
        core.memory.delivering = 0;
        let active = core.turn.active.take();
        let conn = active.and_then(|id| core.table.conns.get(id.slot as usize));
        let whose = conn.map_or_else(|| "no connection".to_owned(), |c| c.peer().to_string());
        // It may hold bytes of a peer.
        let said = core.world.last_panic();
        core.notes.note(now, Note::Bug, format_args!("a bug, met by {whose}: {}", Escaped(said.as_bytes())));
        let Some(id) = active else { return };
        match core.table.get(id).map(|conn| &conn.phase) {
            Some(Phase::Open { .. }) => {
                let code = CloseCode::InternalError;
                core.close_and_drain(id, Some(code), "internal error", Cause::Application);
            }
            // What it reads now is the rest of a body, so an answer would be taken for that.
            Some(Phase::Http(exchange)) if matches!(exchange.stage, Stage::Streaming { .. }) => {
                core.end(id, Cause::Application, true);
            }
            Some(Phase::Http(_)) => {
                core.request_gone_with(id, *refusal::internal_server_error());
            }
            _ => core.end(id, Cause::Application, true),
        }
    }

    /// How many panics there were.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.core.notes.metrics.panics()
    }
}
