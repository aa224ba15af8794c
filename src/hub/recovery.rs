//! What a bug costs: one connection, the one that was being dealt with.
//!
//! No other connection may lose a byte, a deadline or the news of an ending by it, and the process goes on.
//!
//! The driver catches what goes wrong while bytes of a connection are processed, because what is left of
//! that call is about this connection. Where an application is told of something else meanwhile, the rest of the call
//! belongs to others: there the panic is caught at once.

use super::Hub;
use super::app::App;
use super::conn::{Phase, Stage};
use super::ctx::Ctx;
use super::ids::Cause;
use crate::clock::Time;
use crate::guard::Escaped;
use crate::guard::notes::Note;
use crate::http::refusal;
use crate::ws::close::CloseCode;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Hub {
    /// A call into the hub has panicked. The connection that was being dealt with is closed, with 1011
    /// (or a `500`) if it can be; the others are not touched.
    pub fn recover(&mut self, now: Time) {
        let core = &mut self.core;
        core.turn.now = now;
        core.memory.delivering = 0;
        let active = core.turn.active.take();
        let conn = active.and_then(|id| core.table.conns.get(id.slot as usize));
        let whose = conn.map_or_else(|| "no connection".to_owned(), |c| c.peer().to_string());
        // It may hold bytes of a peer.
        let said = core.world.last_panic();
        core.notes.note(
            now,
            Note::Bug,
            format_args!("a bug, met by {whose}: {}", Escaped(said.as_bytes())),
        );
        let Some(id) = active else { return };
        match core.table.get(id).map(|conn| &conn.phase) {
            Some(Phase::Open { .. }) => {
                let code = CloseCode::InternalError;
                core.close_and_drain(id, code, "internal error", Cause::Application);
            }
            // What it reads now is the rest of a body, so an answer would be taken for that.
            Some(Phase::Http(exchange)) if matches!(exchange.stage, Stage::Streaming { .. }) => {
                core.gone(id, Cause::Application, true);
            }
            Some(Phase::Http(_)) => {
                core.request_gone_with(id, *refusal::internal_server_error());
            }
            _ => core.gone(id, Cause::Application, true),
        }
    }

    /// How many panics there were.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.core.notes.metrics.panics()
    }

    /// Calls an application about something that is not the fault of the connection that is being
    /// dealt with: should it panic, that one goes on, with what is left of its bytes.
    pub(super) fn tell(&mut self, app: u8, call: impl FnOnce(&mut dyn App, &mut Ctx<'_>)) {
        let Some(application) = self.apps.get_mut(usize::from(app)) else {
            return;
        };
        let active = self.core.turn.active.take();
        let ctx = &mut Ctx::new(&mut self.core, app);
        let told = catch_unwind(AssertUnwindSafe(|| call(&mut **application, ctx)));
        if told.is_err() {
            self.recover(self.core.turn.now);
        }
        self.core.turn.active = active;
    }
}
