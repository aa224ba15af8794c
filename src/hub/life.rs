//! How a connection begins, and the ways in which it ends (RFC 6455 §7).
//!
//! They are the closing handshake from either side, failing, draining, and gone. Each closes the connection's account with
//! its application, once.
//!
//! A connection that comes in while a cap is reached is accepted, too. The hub answers it `503` or `429` at once, and reads
//! for a while what it asks: in the backlog it would wait for an answer that does not come, and a request that comes late
//! must not turn the answer into a reset. The hub answers a few at a time, and closes the others without a word.

use super::Hub;
use super::conn::{Conn, Draining, LINGER_TIMEOUT, Phase, Stage};
use super::core::Core;
use super::ids::{Cause, Closed, ConnId, RequestId};
use super::table::Table;
use super::turn::{Ending, Report};
use crate::clock::Time;
use crate::guard::caps::Cap;
use crate::guard::notes::Note;
use crate::guard::{CountsAs, Notes};
use crate::http::refusal;
use crate::ws::close::{CloseCode, Violation};
use crate::ws::frame;
use std::net::SocketAddr;

impl Hub {
    /// Takes a connection that was accepted. `None`: the caller must close it at once, without a word.
    pub fn accept(&mut self, peer: SocketAddr, now: Time) -> Option<ConnId> {
        let core = &mut self.core;
        core.turn.now = now;
        core.turn.active = None;
        core.notes.metrics.count(Note::Accepted, 0);
        let caps = &mut core.table.caps;
        let entered = caps.enter(peer.ip(), core.table.conns.len(), &core.config);
        let mut counts_as = CountsAs::Handshake;
        if let Err(cap) = entered {
            core.notes.metrics.count(Note::NoRoom, cap as u16);
            if caps.refusals >= core.config.tuning.max_refusals {
                return None;
            }
            caps.refusals += 1;
            counts_as = CountsAs::Refusal;
        }
        let serial = core.table.next_serial();
        let id = core.table.add(Conn::new(serial, peer, counts_as, now));
        match entered {
            Ok(()) => core.arm(id),
            Err(Cap::Address) => core.refuse(id, *refusal::too_many_requests()),
            Err(_) => core.refuse(id, *refusal::too_many_connections()),
        }
        Some(id)
    }

    /// Counts a connection that the driver accepted and closed at once, for want of descriptors.
    pub fn note_turned_away(&mut self) {
        let metrics = &mut self.core.notes.metrics;
        metrics.count(Note::Accepted, 0);
        metrics.count(Note::NoRoom, Cap::Descriptors as u16);
    }
}

impl Core {
    /// Makes sure that the timer of the connection fires when its deadline comes.
    ///
    /// A timer that would fire too early is left alone: it finds nothing to do and is set anew.
    /// So a deadline that moves with each received byte costs nothing.
    pub(crate) fn arm(&mut self, id: ConnId) {
        let Some(conn) = self.table.get(id) else { return };
        // Not at once again: a deadline that passed and was not dealt with must not keep `expire`
        // busy for ever.
        let deadline = conn.deadline(&self.config).max(Time(self.turn.now.0 + 1));
        if deadline < conn.armed {
            self.watch.timers.set(id, &mut conn.armed, deadline);
        }
    }

    /// Data can no longer be sent on this WebSocket connection: its application hears of it, once.
    pub(crate) fn end_websocket(&mut self, id: ConnId, why: Closed) {
        let Some(conn) = self.table.get(id) else { return };
        if conn.open {
            conn.open = false;
            conn.closed = why;
            let (app, tag) = (conn.app, conn.tag);
            self.notes.metrics.websockets -= 1;
            self.turn.reports.push_back(Report::Closed { id, app, tag, why });
        }
    }

    /// Queues a Close, and its application hears of the end. Returns `false`, and does nothing, if a Close went out before.
    pub(super) fn send_close(
        &mut self,
        id: ConnId,
        code: Option<CloseCode>,
        reason: &str,
        cause: Cause,
    ) -> bool {
        let now = self.turn.now;
        let Some(conn) = self.table.get(id).filter(|conn| conn.open) else { return false };
        conn.since = now;
        let start = self.turn.arena.len();
        frame::encode_close(&mut self.turn.arena, code, reason);
        let span = self.turn.span_since(start);
        self.turn.queue(id.slot, conn, span);
        let code = code.unwrap_or(CloseCode::NoStatusReceived);
        self.end_websocket(id, Closed { code, cause });
        true
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2).
    pub(crate) fn start_close(&mut self, id: ConnId, code: Option<CloseCode>, reason: &str, cause: Cause) {
        if self.send_close(id, code, reason, cause) {
            self.arm(id);
        }
    }

    /// Fails the WebSocket connection (RFC 6455 §7.1.7).
    pub(crate) fn fail(&mut self, id: ConnId, violation: Violation) {
        let cause = match violation.close_code() {
            CloseCode::MessageTooBig | CloseCode::PolicyViolation | CloseCode::TryAgainLater => Cause::Limit,
            _ => Cause::Protocol,
        };
        let (code, reason) = (violation.close_code(), violation.reason());
        if let Some(conn) = self.table.conns.get(id.slot as usize) {
            self.notes.log.write(
                self.turn.now,
                Note::Violation,
                format_args!("{} fails: {reason}", conn.peer()),
            );
            self.notes.metrics.count(Note::Violation, code.0);
        }
        self.close_and_drain(id, Some(code), reason, cause);
    }

    /// Sends a last Close, unless one went out before, and drains.
    ///
    /// So the Close of a peer is answered, unless it is the answer to ours (RFC 6455 §5.5.1).
    pub(crate) fn close_and_drain(
        &mut self,
        id: ConnId,
        code: Option<CloseCode>,
        reason: &str,
        cause: Cause,
    ) {
        self.send_close(id, code, reason, cause);
        self.drain(id, false);
    }

    /// Writes what waits, then ends the connection. `at_once`: without waiting for the peer.
    pub(crate) fn drain(&mut self, id: ConnId, at_once: bool) {
        let Table { conns, caps, .. } = &mut self.table;
        let Some(conn) = conns.get_mut(id.slot as usize) else { return };
        if conn.serial != id.serial || matches!(conn.phase, Phase::Draining(_) | Phase::Gone) {
            return;
        }
        caps.end_handshake(&mut conn.counts_as);
        // A peer that is turned away has this long to read the answer.
        let until = match conn.counts_as {
            CountsAs::Refusal => self.turn.now.after(LINGER_TIMEOUT),
            _ => Time::NEVER,
        };
        conn.paused = Default::default();
        conn.history = None;
        conn.phase = Phase::Draining(Box::new(Draining {
            half_closed: None,
            discarded: 0,
            at_once,
            peer_closed: false,
            until,
        }));
        self.watch.backlogs.remove(&id.slot);
        self.watch.readable.push(id);
        self.touch(id);
        self.arm(id);
    }

    /// The connection is over. `reset`: the peer is not owed anything.
    pub(crate) fn end(&mut self, id: ConnId, cause: Cause, reset: bool) {
        let Some(conn) = self.table.get(id) else { return };
        // What was a WebSocket, or was refused, has its cause already.
        let is_undecided = match &conn.phase {
            Phase::Http(_) => true,
            Phase::Draining(draining) => {
                conn.status != 101 && conn.closed.cause == Cause::Peer && draining.half_closed.is_none()
            }
            Phase::Open { .. } => false,
            Phase::Gone => return,
        };
        if is_undecided {
            conn.closed.cause = cause;
        }
        if matches!(conn.phase, Phase::Http(_)) {
            self.request_gone(id);
        } else if conn.open {
            self.end_websocket(id, Closed { code: CloseCode::AbnormalClosure, cause });
        }
        let Table { conns, caps, .. } = &mut self.table;
        let Some(conn) = conns.get_mut(id.slot as usize) else { return };
        self.watch.timers.set(id, &mut conn.armed, Time::NEVER);
        note_end(&mut self.notes, self.turn.now, conn);
        caps.leave(conn.peer().ip(), conn.counts_as);
        if self.rates.is_on {
            self.rates.close_account(id.slot);
        }
        conn.phase = Phase::Gone;
        conn.history = None;
        conn.outbox.clear();
        // Nothing waits for the socket any more, so the queue has no deadline either.
        conn.stalled = false;
        self.watch.backlogs.remove(&id.slot);
        self.turn.endings.push(Ending { id, reset });
    }

    /// If a request is held on this connection, its application hears that nobody waits for it.
    pub(crate) fn request_gone(&mut self, id: ConnId) {
        let Some(conn) = self.table.get(id) else { return };
        let app = conn.app;
        if let Phase::Http(exchange) = &mut conn.phase
            && matches!(exchange.stage, Stage::Held { .. })
        {
            exchange.stage = Stage::Head;
            let id = RequestId { conn: id, serial: exchange.requests };
            self.turn.reports.push_back(Report::RequestGone { id, app });
        }
    }
}

/// Writes the one line of a connection.
fn note_end(notes: &mut Notes, now: Time, conn: &Conn) {
    let (peer, path, cause) = (conn.peer(), &conn.path, conn.closed.cause);
    let (bytes_in, bytes_out) = (conn.bytes_in, conn.bytes_out);
    let seconds = now.since(conn.accepted).as_secs_f64();
    let (what, number) = match conn.status {
        101 => ("close", conn.closed.code.0),
        status => ("status", status),
    };
    notes.note(
        now,
        Note::Ended,
        format_args!(
            "{peer} {path} {seconds:.3} s, {bytes_in} bytes in, {bytes_out} out, {what} {number} {cause}"
        ),
    );
}
