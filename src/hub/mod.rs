//! The whole server except sockets, clock, randomness and disk: a deterministic function of (bytes, time, seed).
//!
//! Before this: `http`. After this: `server`. Read `app` and `ctx`, then `conn`, `websocket`, `turn` and `transmit`.
//! Skip on first reading: `compression`, `incoming`, `receive_buffer`, `evict`, `recovery`, `metrics`.
//!
//! A driver (`server`, or a test) owns the sockets and calls, in each **turn**:
//!
//! 1. [`Hub::begin_turn`], which goes on with connections that had to wait;
//! 2. [`Hub::writable`] for each socket that takes bytes again;
//! 3. [`Hub::received`] for each readable connection that has a [`Hub::receive_buffer`], once, and
//!    [`Hub::read_closed`] where the stream ended; [`Hub::transmit`] when the answer is [`Next::Write`];
//! 4. [`Hub::transmit`], which writes through [`Net`];
//! 5. [`Hub::expire`], if something was due by the time up to which the driver has looked
//!    ([`Seen`](crate::clock::Seen)), and [`Hub::transmit`] again for what that queued;
//! 6. [`Hub::end_turn`], which answers what is left to do ([`Rest`]).
//!
//! Connections that wait are passed to [`Hub::accept`] after that, when there is room again, and
//! [`Hub::rest`] is asked once more. If a tap has news, [`Hub::wake_for_news`] follows. Then the driver waits for
//! readiness, as long as [`Rest`] allows.
//!
//! Invariants: exactly one `on_close` for each `on_open`; exactly one answer or `on_request_gone` for
//! each held request; no queue without a bound, no wait without a deadline.

pub mod app;
mod compression;
pub mod conn;
pub(crate) mod core;
mod ctx;
#[cfg(feature = "tools")]
mod demonstrate;
mod evict;
mod exchange;
mod expire;
mod ids;
mod incoming;
mod life;
mod memory;
mod metrics;
mod ports;
mod receive_buffer;
mod recovery;
mod respond;
mod table;
mod transmit;
pub(crate) mod turn;
mod watch;
mod websocket;

use self::app::App;
use self::conn::Phase;
use self::core::Core;
use self::ctx::Ctx;
use self::ids::ConnId;
use self::ports::{Net, World};
use self::receive_buffer::{ADOPTED_BYTES, READ_AT, RECEIVE_BYTES};
use self::turn::Report;
use crate::clock::Time;
use crate::config::Config;
use crate::http::policy::Policy;
use crate::pool::Block;
use crate::shortcuts;
use crate::ws::extension::Extension;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Bytes of capacity that the arena keeps from turn to turn. More is given back.
const ARENA_KEPT_BYTES: usize = 256 << 10;

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

/// The receive buffer, out of its place while its bytes are processed.
///
/// It comes back whatever happens, also after a panic, because queues may refer to it.
struct Lent<'a> {
    hub: &'a mut Hub,
    block: Option<Box<Block>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let buffer = &mut self.hub.core.receive_buffer;
        buffer.end = 0;
        // Its place is empty, so nothing has to be dropped.
        mem::forget(mem::replace(&mut buffer.block, self.block.take()));
    }
}

impl Hub {
    /// Makes a server without connections. The first application that claims a request gets it.
    #[must_use]
    pub fn new(config: Config, policy: Policy, world: Box<dyn World>, apps: Vec<Box<dyn App>>) -> Self {
        Self { core: Core::new(config, policy, world), apps, told_of_stop: 0 }
    }

    /// Puts an application before the others. There must be no connection yet.
    pub fn put_first(&mut self, app: Box<dyn App>) {
        self.apps.insert(0, app);
    }

    /// Puts something between the hub and its extension, if it has one. There must be no connection yet.
    pub fn wrap_extension(&mut self, wrap: impl FnOnce(Box<dyn Extension>) -> Box<dyn Extension>) {
        self.core.compression = self.core.compression.take().map(wrap);
    }

    /// Starts a turn: goes on with what an earlier turn left over.
    pub fn begin_turn(&mut self, now: Time, net: &mut impl Net) {
        self.core.turn.now = now;
        if self.has_work() {
            self.go_on(net);
        }
    }

    /// Gives the place for the next bytes of this connection.
    ///
    /// The caller must read once, no more than fits there, and then call [`Hub::received`] before anything else.
    ///
    /// Returns `None` if the connection must not be read now. [`Rest::readable`] names it when that is over.
    #[inline]
    pub fn receive_buffer(&mut self, id: ConnId) -> Option<&mut [u8]> {
        let core = &mut self.core;
        if core.receive_buffer.queued.is_some() {
            core.empty_receive_buffer();
        }
        let conn = core.table.readable(id)?;
        // Shortcut, equals the receive buffer: what belongs to a large message is read to its place.
        if shortcuts::ON
            && matches!(&conn.phase, Phase::Open { endpoint, .. } if endpoint.has_room())
            && core.make_room_in_message(id)
        {
            return core.room_in_message(id);
        }
        if core.receive_buffer.block.is_none() {
            core.get_receive_block();
        }
        let memory = core.receive_buffer.block.as_deref_mut().and_then(|block| block.memory.as_deref_mut());
        Some(memory.and_then(|memory| memory.get_mut(READ_AT..READ_AT + RECEIVE_BYTES)).unwrap_or_default())
    }

    /// Processes the first `len` bytes of [`Hub::receive_buffer`], which have arrived.
    #[inline]
    pub fn received(&mut self, id: ConnId, len: usize, now: Time) -> Next {
        let core = &mut self.core;
        core.turn.now = now;
        core.turn.active = Some(id);
        let Some(conn) = core.table.get(id) else { return self.next() };
        conn.heard = now;
        conn.pinged = false;
        conn.bytes_in += len as u64;
        let is_open = matches!(conn.phase, Phase::Open { .. });
        // Shortcut, equals the receive buffer: a large message is read to its place, or its beginning stays where it is.
        let may_be_large = shortcuts::ON && (len >= ADOPTED_BYTES || core.receive_buffer.block.is_none());
        if !may_be_large || !self.receive_large(id, len) {
            self.core.receive_buffer.end = READ_AT + len;
            let block = self.core.receive_buffer.block.take();
            let Lent { hub, block } = &mut Lent { hub: self, block };
            let memory = block.as_deref_mut().and_then(|block| block.memory.as_deref_mut());
            let mut bytes =
                memory.and_then(|memory| memory.get_mut(READ_AT..READ_AT + len)).unwrap_or_default();
            match is_open {
                true => hub.receive_frames(id, &mut bytes),
                false => hub.process(id, bytes),
            }
        }
        if self.is_over() {
            self.evict_largest();
        }
        if !self.core.turn.reports.is_empty() {
            self.deliver_reports();
        }
        self.next()
    }

    /// Ends the turn: closes the sockets of ended connections, and frees their slots.
    #[must_use]
    pub fn end_turn(&mut self, net: &mut impl Net) -> Rest {
        let core = &mut self.core;
        let kept = &core.memory.pool.kept;
        let has_surplus = kept.bytes.get() > kept.most.get();
        if has_surplus || !core.turn.endings.is_empty() || core.turn.arena.capacity() > ARENA_KEPT_BYTES {
            core.tidy(has_surplus, net);
        }
        self.rest()
    }

    /// Whether what was queued is to be written before the next connection is read.
    #[inline]
    fn next(&self) -> Next {
        let tuning = &self.core.config.tuning;
        let is_much = self.core.turn.has_done(tuning.write_out_bytes, tuning.max_deliveries_per_turn);
        if is_much { Next::Write } else { Next::Read }
    }

    /// What is left to do now.
    #[must_use]
    pub fn rest(&mut self) -> Rest {
        let is_stopping = self.core.watch.stop_at != Time::NEVER;
        Rest {
            due: self.next_deadline(),
            has_work: self.has_work(),
            readable: mem::take(&mut self.core.watch.readable),
            was_busy: mem::take(&mut self.core.turn.is_busy),
            is_finished: is_stopping && self.core.table.conns.is_empty(),
        }
    }

    /// Whether more memory is held for peers than may be.
    #[inline]
    fn is_over(&self) -> bool {
        let memory = &self.core.memory;
        memory.meter.held.get() + memory.pool.kept.bytes.get() > memory.most
    }

    /// Whether the next turn has something to do without any readiness.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let core = &self.core;
        !core.watch.resume.is_empty() || !core.turn.touched.is_empty() || self.is_over()
    }

    /// When [`Hub::expire`] has something to do next. [`Time::NEVER`]: nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Time {
        let Core { watch, rates, notes, .. } = &self.core;
        let timers = watch.timers.next.min(watch.app_timers.next).min(rates.timers.next);
        timers.min(watch.stop_at).min(watch.trim_at).min(notes.log.due)
    }

    /// Tells applications what happened, until nothing is left to tell.
    #[cold]
    fn deliver_reports(&mut self) {
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

    /// Calls an application about something for which the active connection is not to blame.
    ///
    /// If the application panics, the active connection goes on with the rest of its bytes.
    pub(super) fn tell(&mut self, app: u8, call: impl FnOnce(&mut dyn App, &mut Ctx<'_>)) {
        let Some(application) = self.apps.get_mut(usize::from(app)) else { return };
        let active = self.core.turn.active.take();
        let ctx = &mut Ctx::new(&mut self.core, app);
        let told = catch_unwind(AssertUnwindSafe(|| call(&mut **application, ctx)));
        if told.is_err() {
            self.blame();
        }
        self.core.turn.active = active;
    }

    /// Notes how long a turn took.
    pub fn note_turn(&mut self, took: Duration) {
        let longest = &mut self.core.notes.metrics.longest_turn;
        *longest = took.max(*longest);
    }
}
