//! Deadlines that have passed (LIMITS §1).

use super::Hub;
use super::ctx::Ctx;
use super::transmit::TOO_SLOW;
use crate::app::{Cause, Closed, ConnId};
use crate::clock::Time;
use crate::conn::{Phase, Stage};
use crate::http::refusal;
use crate::ws::close::{CloseCode, Violation};
use crate::ws::frame::Opcode;

impl Hub {
    /// Does what is due.
    pub fn expire(&mut self, now: Time) {
        self.core.now = now;
        while let Some((_, id)) = self.core.timers.pop_expired(now) {
            self.core.active = Some(id);
            if let Some(conn) = self.core.get(id) {
                conn.armed = Time::NEVER;
                self.expire_connection(id);
                self.core.arm(id);
                self.settle();
            }
        }
        // Those that were set before: who asks for `now` again is called in the next turn.
        for _ in 0..self.core.app_timers.len() {
            let Some((_, (app, key))) = self.core.app_timers.pop_expired(now) else {
                break;
            };
            self.core.active = None;
            self.core.app_armed.remove(&(app, key));
            if let Some(application) = self.apps.get_mut(usize::from(app)) {
                application.on_timer(&mut Ctx::new(&mut self.core, app), key);
            }
            self.settle();
        }
        self.core.log.flush(now);
        if self.core.stop_at.is_some_and(|at| at <= now) {
            self.cut_all();
        }
    }

    fn expire_connection(&mut self, id: ConnId) {
        let core = &mut self.core;
        let now = core.now;
        let Some(conn) = core.conns.get(id.slot as usize) else {
            return;
        };
        if conn.queue_deadline(&core.config) <= now {
            return match conn.phase {
                Phase::Open { .. } => core.drop_slow_consumer(id, Cause::Slow, TOO_SLOW),
                _ => core.gone(id, Cause::Slow, true),
            };
        }
        if conn.wait_deadline(&core.config) > now {
            return;
        }
        match &conn.phase {
            Phase::Http(exchange) => match &exchange.stage {
                Stage::Head if exchange.scanner.is_fresh() => core.gone(id, Cause::Timeout, false),
                Stage::Head | Stage::Body { .. } => core.refuse(id, *refusal::request_timeout()),
                Stage::Held { .. } => {
                    core.request_gone_with(id, *refusal::service_unavailable());
                }
                Stage::Streaming { .. } => {}
            },
            // Who has not even taken our Close will not answer it.
            Phase::Open { .. } if !conn.open && !conn.outbox.is_empty() => {
                core.gone(id, Cause::Timeout, true);
            }
            Phase::Open { .. } if !conn.open => core.drain(id, false),
            Phase::Open { .. } => self.expire_open(id),
            // Its last bytes may still be in the kernel, on their way over a slow line: once our
            // side is closed, a reset would throw them away for nothing.
            Phase::Draining(draining) => {
                let reset = draining.half_closed.is_none();
                core.gone(id, Cause::Timeout, reset);
            }
            Phase::Gone => {}
        }
    }

    /// An open WebSocket: its peer is silent, or dawdles over a large message.
    fn expire_open(&mut self, id: ConnId) {
        let core = &mut self.core;
        let now = core.now;
        let Some(conn) = core.conns.get(id.slot as usize) else {
            return;
        };
        if conn.keepalive_deadline(&core.config) > now {
            return core.fail(id, Violation::MessageTooSlow);
        }
        if !conn.pinged {
            let span = core.encode(Opcode::Ping, []);
            core.queue(id, span);
            if let Some(conn) = core.get(id) {
                conn.pinged = true;
                conn.since = now;
            }
            return;
        }
        let code = CloseCode::InternalError;
        core.leave(
            id,
            Closed {
                code,
                cause: Cause::Timeout,
            },
        );
        let span = core.encode(
            Opcode::Close,
            [&code.0.to_be_bytes(), b"keepalive ping timeout"],
        );
        core.queue(id, span);
        core.drain(id, true);
    }
}
