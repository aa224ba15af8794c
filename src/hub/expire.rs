//! What the hub does when time is up: a deadline has passed, or the server goes down.
//!
//! When it goes down, queued messages still leave, every WebSocket gets a Close 1001, and responses that have begun are
//! finished. Connections that are left after the drain timeout are cut.

use super::Hub;
use super::app::NEWS;
use super::conn::{Phase, Stage};
use super::core::Core;
use super::ctx::Ctx;
use super::ids::{Cause, ConnId};
use crate::clock::Time;
use crate::guard::notes::{Note, Wait};
use crate::http::refusal;
use crate::ws::close::{CloseCode, Violation};
use crate::ws::frame::Opcode;
use std::iter;

impl Hub {
    /// Does what was due at `seen`, or before.
    ///
    /// The caller must have read and written everything that was ready at that time: a peer whose bytes
    /// lie in the kernel is not silent. See [`Seen`](crate::clock::Seen).
    pub fn expire(&mut self, now: Time, seen: Time) {
        self.core.turn.now = now;
        self.core.turn.seen = seen;
        self.core.turn.is_busy = true;
        while let Some((_, id)) = self.core.watch.timers.pop_expired(seen) {
            self.core.turn.active = Some(id);
            if let Some(conn) = self.core.table.get(id) {
                conn.armed = Time::NEVER;
                self.expire_connection(id);
                self.core.arm(id);
                self.deliver_reports();
            }
        }
        while let Some(slot) = self.core.rates.pop_released(seen) {
            if let Some(conn) = self.core.table.conns.get(slot as usize) {
                let serial = conn.serial;
                self.core.watch.resume.push_back(ConnId { slot, serial });
            }
        }
        self.wake_applications(seen);
        self.core.notes.log.flush(now);
        self.core.trim_pool();
        if self.core.watch.stop_at <= seen {
            self.cut_all();
        }
    }

    /// Calls the applications whose moment has come. An application that asks for `now` again is called in a later turn.
    fn wake_applications(&mut self, seen: Time) {
        self.core.turn.active = None;
        let timers = &mut self.core.watch.app_timers;
        let due: Vec<_> = iter::from_fn(|| timers.pop_expired(seen)).collect();
        for (at, (app, key)) in due {
            // Another callback may have moved it, or taken it back.
            if self.core.watch.app_armed.get(&(app, key)) != Some(&at) {
                continue;
            }
            self.core.watch.app_armed.remove(&(app, key));
            self.tell(app, |application, ctx| application.on_timer(ctx, key));
            self.deliver_reports();
        }
    }

    /// Has the applications called in the next turn for which something has come from outside.
    pub fn wake_for_news(&mut self, now: Time) {
        for (application, index) in self.apps.iter().zip(0..) {
            if application.has_news() {
                self.core.watch.wake_application((index, NEWS), now);
            }
        }
    }

    fn expire_connection(&mut self, id: ConnId) {
        let core = &mut self.core;
        let Some(conn) = core.table.conns.get(id.slot as usize) else { return };
        let seen = core.turn.seen;
        let over = conn.waits(&core.config).into_iter().find(|(until, _)| *until <= seen);
        let Some((_, wait)) = over else { return };
        if wait == Wait::Ping && !conn.pinged {
            return core.ping(id);
        }
        core.notes.metrics.count(Note::TimedOut, wait as u16);
        match wait {
            Wait::Head if conn.is_silent() => core.end(id, Cause::Timeout, false),
            Wait::KeepAlive => core.end(id, Cause::Timeout, false),
            Wait::Head | Wait::Body => core.refuse(id, *refusal::request_timeout()),
            Wait::Held => core.request_gone_with(id, *refusal::service_unavailable()),
            Wait::Write => core.end(id, Cause::Slow, true),
            Wait::Queue => core.drop_slow_consumer(id),
            Wait::Ping => {
                let code = Some(CloseCode::InternalError);
                core.send_close(id, code, "keepalive ping timeout", Cause::Timeout);
                core.drain(id, true);
            }
            Wait::Message => core.fail(id, Violation::MessageTooSlow),
            // A peer that has not taken our Close will not answer it.
            Wait::Close if !conn.outbox.is_empty() => core.end(id, Cause::Timeout, true),
            Wait::Close => core.drain(id, false),
            // Once our side is closed, the last bytes may still be in the kernel, on their way over a slow
            // line. A reset would throw them away.
            Wait::Linger => core.end(id, Cause::Timeout, !conn.has_half_closed()),
        }
    }

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
        self.deliver_reports();
    }

    /// Whether the server goes down and nothing is left to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.core.watch.stop_at != Time::NEVER && self.core.table.conns.is_empty()
    }

    /// Ends all connections at once.
    pub fn cut_all(&mut self) {
        for id in self.core.table.ids() {
            // Once our side is closed, the last bytes may still be on their way over a slow line.
            let reset = self.core.table.get(id).is_some_and(|conn| !conn.has_half_closed());
            self.core.end(id, Cause::Shutdown, reset);
        }
        self.deliver_reports();
    }
}

impl Core {
    /// Pings a peer that is silent.
    fn ping(&mut self, id: ConnId) {
        let now = self.turn.now;
        let span = self.turn.encode(Opcode::Ping, []);
        self.queue(id, span);
        if let Some(conn) = self.table.get(id) {
            conn.pinged = true;
            conn.since = now;
        }
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
            Stage::Head | Stage::Body { .. } if idle => core.end(id, Cause::Shutdown, false),
            Stage::Head | Stage::Body { .. } => core.drain(id, false),
            Stage::Held { .. } => core.request_gone_with(id, *refusal::service_unavailable()),
            Stage::Streaming { close, .. } => *close = true,
        },
        Phase::Draining(_) | Phase::Gone => {}
    }
}
