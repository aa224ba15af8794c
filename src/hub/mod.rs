//! The whole server except sockets, clock, randomness and disk: a deterministic function of (bytes, time, seed).
//!
//! Before this: `http`. After this: `server`. Read `app` and `ctx`, then `conn`, `websocket`, `turn` and `transmit`.
//! Skip on first reading: `compression`, `intake`, `receive_buffer`, `relief`, `recovery`, `metrics`.
//!
//! A driver (`server`, or a test) owns the sockets and calls, in each **turn**:
//!
//! 1. [`Hub::begin_turn`], which goes on with connections that had to wait;
//! 2. [`Hub::writable`] for each socket that takes bytes again;
//! 3. [`Hub::received`] for each readable connection that has a [`Hub::receive_buffer`], once, and
//!    [`Hub::read_closed`] where the stream ended; [`Hub::transmit`] when the answer is [`Next::Write`];
//! 4. [`Hub::transmit`], which writes through [`Net`];
//! 5. [`Hub::expire`], if something was due by the time up to which the driver has looked
//!    ([`Seen`](crate::seen::Seen)), and [`Hub::transmit`] again for what that queued;
//! 6. [`Hub::end_turn`], which answers what is left to do ([`Rest`]).
//!
//! Connections that wait are passed to [`Hub::accept`] after that, when there is room again, and
//! [`Hub::rest`] is asked once more. Then the driver waits for readiness, as long as [`Rest`] allows.
//!
//! Invariants: exactly one `on_close` for each `on_open`; exactly one answer or `on_request_gone` for
//! each held request; no queue without a bound, no wait without a deadline.

mod accept;
pub mod app;
mod closing;
mod compression;
pub mod conn;
pub(crate) mod core;
mod ctx;
mod exchange;
mod expire;
mod ids;
mod intake;
mod memory;
mod metrics;
pub mod plan;
mod ports;
mod receive_buffer;
mod recovery;
mod relief;
mod respond;
mod stop;
mod table;
mod transmit;
pub(crate) mod turn;
mod watch;
mod websocket;

use self::app::App;
use self::conn::{Phase, Stage};
use self::core::Core;
use self::ids::{Cause, Closed, ConnId};
use self::ports::{Net, World};
use self::turn::Report;
use crate::clock::Time;
use crate::config::Config;
use crate::guard::notes::Note;
use crate::http::policy::Policy;
use crate::shortcuts;
use crate::ws::close::CloseCode;
use std::mem;
use std::time::Duration;

/// Bytes of response bodies that are read from files in one turn at most.
///
/// Otherwise a thousand downloads would keep everybody else waiting for a thousand reads.
const BODY_BYTES_PER_TURN: usize = 1 << 20;

/// What the driver does after a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It reads the next connection.
    Read,
    /// It calls [`Hub::transmit`] before it reads any other connection.
    Write,
}

/// What a turn leaves to the driver.
#[derive(Debug)]
pub struct Rest {
    /// When [`Hub::expire`] has something to do next. [`Time::NEVER`]: nothing is waited for.
    pub due: Time,
    /// The next turn has something to do without any readiness.
    pub has_work: bool,
    /// Connections that may be read again, although no readiness was reported since.
    pub readable: Vec<ConnId>,
    /// The turn did more than pass a message from one connection to another.
    ///
    /// Only such a turn is timed, because to ask the clock costs as much as a short message.
    pub was_busy: bool,
    /// The server goes down, and nothing is left to do.
    pub is_finished: bool,
}

/// All connections and the applications above them.
pub struct Hub {
    core: Core,
    apps: Vec<Box<dyn App>>,
    /// How many of them were told that the server goes down.
    told_of_stop: usize,
}

impl Hub {
    /// Makes a server without connections. The first application that claims a request gets it.
    #[must_use]
    pub fn new(config: Config, policy: Policy, world: Box<dyn World>, apps: Vec<Box<dyn App>>) -> Self {
        Self { core: Core::new(config, policy, world), apps, told_of_stop: 0 }
    }

    /// Starts a turn: goes on with what an earlier turn left over.
    ///
    /// If that fills the turn, it is written at once: connections that are ready now need not wait for it.
    pub fn begin_turn(&mut self, now: Time, net: &mut impl Net) {
        self.core.turn.now = now;
        self.go_on();
        if self.next() == Next::Write {
            self.transmit(net);
        }
    }

    fn go_on(&mut self) {
        if self.core.memory.is_over {
            self.relieve();
        }
        let mut body_bytes = 0;
        for _ in 0..self.core.watch.resume.len() {
            if self.core.turn_is_full() || body_bytes >= BODY_BYTES_PER_TURN {
                return;
            }
            let Some(id) = self.core.watch.resume.pop_front() else { return };
            self.core.turn.active = Some(id);
            self.core.turn.is_busy = true;
            body_bytes += self.core.next_piece(id);
            if let Some(mut backlog) = self.core.take_backlog(id) {
                self.process(id, &mut backlog);
                if !self.core.watch.backlogs.contains_key(&id.slot) {
                    self.core.wake_reader(id);
                }
            }
            self.settle();
        }
    }

    /// Processes bytes that have arrived. They are unmasked where they lie.
    #[inline]
    fn receive_bytes(&mut self, id: ConnId, bytes: &mut [u8], now: Time) {
        let Some(conn) = self.core.heard_from(id, bytes.len(), now) else { return };
        let mut input = bytes;
        // Shortcut, equals `process`: a WebSocket is open, and stays so.
        if shortcuts::ON && matches!(conn.phase, Phase::Open { .. }) {
            self.receive_frames(id, &mut input);
        } else {
            self.process(id, input);
        }
        self.after_receiving();
    }

    #[inline]
    fn after_receiving(&mut self) {
        if self.core.memory.is_over {
            self.relieve();
        }
        if !self.core.turn.reports.is_empty() {
            self.settle();
        }
    }

    fn process(&mut self, id: ConnId, bytes: &mut [u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            let Some(conn) = self.core.table.get(id) else { return };
            match &mut conn.phase {
                // What is left of a read in which the WebSocket ends is thrown away.
                Phase::Open { .. } => return self.receive_frames(id, &mut input),
                Phase::Http(_) => {
                    self.receive_http(id, &mut input);
                    self.core.recount(id.slot);
                }
                Phase::Draining(draining) => {
                    draining.discarded += input.len() as u64;
                    if draining.discarded > self.core.config.tuning.linger_bytes {
                        self.core.gone(id, Cause::Peer, true);
                    }
                    return;
                }
                Phase::Gone => return,
            }
            if !self.core.turn.reports.is_empty() {
                self.settle();
            }
        }
    }

    /// Notes that the peer has closed its side of the stream, and nothing more arrives.
    pub fn read_closed(&mut self, id: ConnId, now: Time) -> Next {
        self.core.turn.now = now;
        self.core.turn.active = Some(id);
        let core = &mut self.core;
        let Some(conn) = core.table.get(id) else { return Next::Read };
        match &mut conn.phase {
            Phase::Gone => {}
            Phase::Draining(draining) => {
                draining.peer_closed = true;
                core.touch(id);
            }
            _ => {
                // RFC 6455 §7.1.5: a WebSocket that ends without a Close has the code 1006.
                let why = Closed { code: CloseCode::AbnormalClosure, cause: Cause::Peer };
                core.leave(id, why);
                core.request_gone(id);
                core.drain(id, false);
                if let Some(conn) = core.table.get(id)
                    && let Phase::Draining(draining) = &mut conn.phase
                {
                    draining.peer_closed = true;
                }
            }
        }
        self.settle();
        self.next()
    }

    /// Notes that the readiness says the peer has closed. It may have sent bytes before.
    ///
    /// This matters only for a request that waits for its answer, because the connection is not read meanwhile.
    pub fn hang_up(&mut self, id: ConnId, now: Time) -> Next {
        let held = self.core.table.get(id).is_some_and(|conn| match &conn.phase {
            Phase::Http(exchange) => matches!(exchange.stage, Stage::Held { .. }),
            _ => false,
        });
        if held {
            return self.read_closed(id, now);
        }
        Next::Read
    }

    /// Notes that the connection broke.
    pub fn broken(&mut self, id: ConnId, now: Time) -> Next {
        self.core.turn.now = now;
        self.core.gone(id, Cause::Peer, true);
        self.settle();
        self.next()
    }

    /// Notes that the socket takes bytes again.
    pub fn writable(&mut self, id: ConnId) {
        if let Some(conn) = self.core.table.get(id)
            && conn.stalled
        {
            conn.stalled = false;
            self.core.touch(id);
        }
    }

    /// Whether the connection should be read: no queue of its own, and nothing that it has already sent, stands in
    /// the way.
    #[must_use]
    pub fn wants_read(&self, id: ConnId) -> bool {
        let conn = self.core.table.conns.get(id.slot as usize);
        conn.is_some_and(|conn| conn.serial == id.serial && conn.wants_read())
    }

    /// Whether what was queued is to be written before the next connection is read.
    #[inline]
    fn next(&self) -> Next {
        let core = &self.core;
        let is_much = core.turn.work() >= core.config.tuning.write_out_bytes
            || core.turn.deliveries >= core.config.tuning.max_deliveries_per_turn;
        if is_much { Next::Write } else { Next::Read }
    }

    /// What is left to do now.
    #[must_use]
    pub fn rest(&mut self) -> Rest {
        Rest {
            due: self.next_deadline(),
            has_work: self.has_work(),
            readable: mem::take(&mut self.core.watch.readable),
            was_busy: mem::take(&mut self.core.turn.is_busy),
            is_finished: self.is_finished(),
        }
    }

    /// Whether the next turn has something to do without any readiness.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let core = &self.core;
        !core.watch.resume.is_empty() || !core.turn.touched.is_empty() || core.memory.is_over
    }

    /// When [`Hub::expire`] has something to do next. [`Time::NEVER`]: nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Time {
        let core = &self.core;
        let others = core.rates.next().min(core.notes.log.due);
        core.watch.next().min(others)
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.core.table.conns.len()
    }

    /// Notes that the loop could not accept a connection.
    pub fn note_accept_error(&mut self, error: &std::io::Error, now: Time) {
        self.core.notes.note(now, Note::AcceptError, format_args!("connections cannot be accepted: {error}"));
    }

    /// Notes how long a turn took.
    pub fn note_turn(&mut self, took: Duration) {
        let longest = &mut self.core.notes.metrics.longest_turn;
        *longest = took.max(*longest);
    }

    /// Writes the log lines that are still owed, because the last turn is over.
    pub fn finish(&mut self) {
        self.core.notes.log.flush(Time::NEVER);
    }

    /// Tells applications what happened, until nothing is left to tell.
    #[cold]
    fn settle(&mut self) {
        while let Some(report) = self.core.turn.reports.pop_front() {
            let (Report::Closed { app, .. } | Report::RequestGone { app, .. } | Report::GiveUp { app, .. }) =
                report;
            self.tell(app, |application, ctx| match report {
                Report::Closed { id, tag, why, .. } => application.on_close(ctx, id, tag, &why),
                Report::RequestGone { id, .. } => application.on_request_gone(ctx, id),
                Report::GiveUp { key, .. } => application.on_give_up(ctx, key),
            });
        }
    }
}
