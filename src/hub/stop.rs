//! The server goes down: queued messages still leave, and every WebSocket gets a Close 1001.
//!
//! Responses that have begun are finished. Connections that are left after the drain timeout are cut.

use super::Hub;
use super::conn::{Phase, Stage};
use super::core::Core;
use super::ctx::Ctx;
use super::ids::{Cause, ConnId};
use crate::clock::Time;
use crate::http::refusal;
use crate::ws::close::CloseCode;

impl Hub {
    /// Begins to go down. The driver has stopped listening.
    pub fn stop(&mut self, now: Time) {
        self.core.turn.now = now;
        self.core.turn.active = None;
        let drain_timeout = self.core.config.drain_timeout;
        let stop_at = &mut self.core.watch.stop_at;
        *stop_at = (*stop_at).min(now.after(drain_timeout));
        while let Some(application) = self.apps.get_mut(self.told_of_stop) {
            // Counted before it is told: if it panics, it is not told again.
            let app = u8::try_from(self.told_of_stop).unwrap_or(u8::MAX);
            self.told_of_stop += 1;
            application.on_shutdown(&mut Ctx::new(&mut self.core, app));
        }
        for id in self.core.table.ids() {
            stop_connection(&mut self.core, id);
        }
        // Applications are told last which connections ended: then they cannot send the news to any of them.
        self.settle();
    }

    /// Whether the server goes down and nothing is left to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.core.watch.is_stopping() && self.core.table.conns.is_empty()
    }

    /// Ends all connections at once.
    pub fn cut_all(&mut self) {
        for id in self.core.table.ids() {
            // Once our side is closed, the last bytes may still be on their way over a slow line.
            let reset = self.core.table.get(id).is_some_and(|conn| !conn.has_half_closed());
            self.core.gone(id, Cause::Shutdown, reset);
        }
        self.settle();
    }
}

fn stop_connection(core: &mut Core, id: ConnId) {
    let Some(conn) = core.table.get(id) else { return };
    let idle = conn.outbox.is_empty();
    match &mut conn.phase {
        Phase::Open { .. } => {
            core.start_close(id, Some(CloseCode::GoingAway), "server is going down", Cause::Shutdown);
        }
        Phase::Http(exchange) => match &mut exchange.stage {
            Stage::Head | Stage::Body { .. } if idle => core.gone(id, Cause::Shutdown, false),
            Stage::Head | Stage::Body { .. } => core.drain(id, false),
            Stage::Held { .. } => core.request_gone_with(id, *refusal::service_unavailable()),
            Stage::Streaming { close, .. } => *close = true,
        },
        Phase::Draining(_) | Phase::Gone => {}
    }
}
