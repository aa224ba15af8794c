//! The table of connections and everything done to it, except calling applications.
//!
//! Applications are kept beside this table (`Hub`), so that a callback can work on it
//! through `Ctx` while it runs. What a callback causes and another application must hear of is
//! noted as a [`Report`] and delivered after the callback has returned.

use super::compression;
use super::intake::Intake;
use crate::app::{Closed, ConnId, RequestId, World};
use crate::budget::Budget;
use crate::clock::Time;
use crate::config::Config;
use crate::conn::{Conn, Phase, Stage};
use crate::guard::Notes;
use crate::guard::caps::Caps;
use crate::guard::rate::Rates;
use crate::http::date::DateCache;
use crate::http::policy::Policy;
use crate::outbox::Span;
use crate::pool::Pool;
use crate::timers::Timers;
use crate::ws::extension::Extension;
use crate::ws::frame::{self, Opcode};
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};

/// Unused blocks of large messages may take the memory budget divided by this.
const KEPT_PART: usize = 16;

/// Something an application has to be told.
#[derive(Debug)]
pub(crate) enum Report {
    /// A WebSocket connection is over.
    Closed {
        id: ConnId,
        app: u8,
        tag: u64,
        why: Closed,
    },
    /// Nobody waits for the answer to this request any more.
    RequestGone { id: RequestId, app: u8 },
    /// It holds too much for a peer that is away.
    GiveUp { app: u8, key: u64 },
}

/// A socket to close at the end of the turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) id: ConnId,
    pub(crate) reset: bool,
}

/// The state of the server below its applications.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) world: Box<dyn World>,
    pub(crate) now: Time,
    /// Deadlines are judged by this time: see `Hub::expire`.
    pub(crate) seen: Time,
    /// The connection that is being dealt with: it pays for a panic.
    pub(crate) active: Option<ConnId>,
    /// The turn does more than to pass a message on: see `Hub::note_turn`.
    pub(crate) is_busy: bool,
    /// What happened: the log, and the metrics.
    pub(crate) notes: Notes,
    pub(crate) conns: Slab<Conn>,
    /// How many of them there are, of which kind.
    pub(crate) caps: Caps,
    /// All frames and response heads of this turn, one behind the other.
    pub(crate) arena: Vec<u8>,
    /// Compression, if there is any.
    pub(crate) compression: Option<Box<dyn Extension>>,
    /// Messages of this many bytes or more go out by `deliver_long`.
    pub(crate) long_bytes: usize,
    /// The memory of large messages.
    pub(crate) pool: Pool,
    /// When the pool gives back what it may not keep. [`Time::NEVER`]: it has no more than that.
    pub(crate) trim_at: Time,
    /// Bytes of the large message that an application is being given: its sender still answers for them.
    pub(crate) delivering: usize,
    /// Work of this turn that the arena does not show, in bytes: queued elsewhere, inflated and compressed.
    pub(crate) other_work: usize,
    /// Received bytes, and what is queued of them as it lies.
    pub(crate) intake: Intake,
    /// Messages queued in this turn, counted per receiver.
    pub(crate) deliveries: usize,
    /// Connections to write to in this turn.
    pub(crate) touched: Vec<u32>,
    /// Connections that still hold ranges of the arena after their write.
    pub(crate) unsent: Vec<u32>,
    pub(crate) reports: VecDeque<Report>,
    pub(crate) endings: Vec<Ending>,
    /// Received bytes that could not be processed yet; see `Hub::begin_turn`.
    pub(crate) backlogs: BTreeMap<u32, Vec<u8>>,
    /// Connections whose backlog, or next piece of a body, is due in the next turn.
    pub(crate) resume: VecDeque<ConnId>,
    /// Connections that may be read again.
    pub(crate) readable: Vec<ConnId>,
    /// The memory held for peers.
    pub(crate) budget: Budget,
    /// More is held than the budget allows; see `relief`.
    pub(crate) over_budget: bool,
    /// Which connections have sent as many messages as they may.
    pub(crate) rates: Rates,
    pub(crate) timers: Timers<ConnId>,
    pub(crate) app_timers: Timers<(u8, u64)>,
    pub(crate) app_armed: BTreeMap<(u8, u64), Time>,
    pub(crate) dates: DateCache,
    pub(crate) serial: u32,
    /// When the rest is cut, once the server goes down.
    pub(crate) stop_at: Option<Time>,
}

impl Core {
    pub(crate) fn new(config: Config, policy: Policy, mut world: Box<dyn World>) -> Self {
        let mut notes = Notes::default();
        notes.metrics.started = world.unix_time();
        let compression = compression::extension(&config);
        Self {
            rates: Rates::new(config.max_messages_per_second),
            long_bytes: compression::long_bytes(&config, compression.is_some()),
            pool: Pool::new(config.memory_budget_bytes / KEPT_PART),
            trim_at: Time::NEVER,
            delivering: 0,
            other_work: 0,
            config,
            policy,
            world,
            now: Time::default(),
            seen: Time::default(),
            active: None,
            is_busy: false,
            notes,
            conns: Slab::new(),
            caps: Caps::default(),
            arena: Vec::new(),
            compression,
            intake: Intake::default(),
            deliveries: 0,
            touched: Vec::new(),
            unsent: Vec::new(),
            reports: VecDeque::new(),
            endings: Vec::new(),
            backlogs: BTreeMap::new(),
            resume: VecDeque::new(),
            readable: Vec::new(),
            budget: Budget::default(),
            over_budget: false,
            timers: Timers::default(),
            app_timers: Timers::default(),
            app_armed: BTreeMap::new(),
            dates: DateCache::default(),
            serial: 0,
            stop_at: None,
        }
    }

    /// The connection, unless it is over or its slot has another tenant.
    #[inline]
    pub(crate) fn get(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns
            .get_mut(id.slot as usize)
            .filter(|conn| conn.serial == id.serial)
    }

    /// The peer has sent `len` bytes: it lives.
    #[inline]
    pub(crate) fn heard_from(&mut self, id: ConnId, len: usize, now: Time) -> Option<&mut Conn> {
        self.now = now;
        self.active = Some(id);
        let conn = self.get(id)?;
        conn.heard = now;
        conn.pinged = false;
        conn.bytes_in += len as u64;
        Some(conn)
    }

    /// Puts the connection on the list of those to write to.
    pub(crate) fn touch(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id.slot as usize)
            && !conn.touched
        {
            conn.touched = true;
            self.touched.push(id.slot);
        }
    }

    /// Appends a whole frame to the arena.
    pub(crate) fn encode<const N: usize>(&mut self, opcode: Opcode, parts: [&[u8]; N]) -> Span {
        encode(&mut self.arena, opcode, parts)
    }

    /// What was appended to the arena since it was `start` bytes long.
    pub(crate) fn span_since(&self, start: usize) -> Span {
        span_since(&self.arena, start)
    }

    /// Queues a range of the arena for one connection.
    pub(crate) fn queue(&mut self, id: ConnId, span: Span) {
        if let Some(conn) = self.get(id) {
            conn.outbox.push(span);
            self.touch(id);
        }
    }

    /// The work of this turn, in bytes.
    #[inline]
    pub(crate) fn work(&self) -> usize {
        self.arena.len() + self.other_work
    }

    /// Whether what is still unread has to wait for a later turn.
    #[inline]
    pub(crate) fn turn_is_full(&self) -> bool {
        self.deliveries >= self.config.max_deliveries_per_turn
            || self.work() >= self.config.max_turn_bytes
    }

    /// Makes sure that the timer of the connection fires when its deadline comes.
    ///
    /// A timer that would fire too early is left alone: it finds nothing to do and is set anew.
    /// So a deadline that moves with each received byte costs nothing.
    pub(crate) fn arm(&mut self, id: ConnId) {
        let Self {
            conns,
            timers,
            config,
            now,
            ..
        } = self;
        let Some(conn) = conns.get_mut(id.slot as usize) else {
            return;
        };
        // Not at once again: a deadline that passed and was not dealt with must not keep `expire`
        // busy for ever.
        let deadline = conn.deadline(config).max(Time(now.0 + 1));
        if deadline < conn.armed {
            timers.set(id, &mut conn.armed, deadline);
        }
    }

    /// Keeps bytes that cannot be processed now, and stops reading until they are.
    pub(crate) fn keep_backlog(&mut self, id: ConnId, bytes: &[u8]) {
        let now = self.now;
        let Some(conn) = self.get(id) else { return };
        if matches!(conn.phase, Phase::Draining(_) | Phase::Gone) {
            return;
        }
        conn.paused.by_backlog = true;
        conn.note_pause(now);
        let backlog = self.backlogs.entry(id.slot).or_default();
        backlog.extend_from_slice(bytes);
        self.recount(id.slot);
    }

    /// The turn is full: the next one goes on with these bytes.
    #[cold]
    pub(crate) fn keep_for_next_turn(&mut self, id: ConnId, bytes: &[u8]) {
        self.keep_backlog(id, bytes);
        self.resume.push_back(id);
    }

    /// The bytes kept for this connection, if they can be processed now.
    pub(crate) fn take_backlog(&mut self, id: ConnId) -> Option<Vec<u8>> {
        if self.rates.holds_back(id.slot) {
            return None;
        }
        let conn = self.get(id)?;
        let waits = match &conn.phase {
            Phase::Http(exchange) => {
                matches!(exchange.stage, Stage::Held { .. } | Stage::Streaming { .. })
            }
            _ => false,
        };
        if waits || conn.paused.by_queue || !conn.paused.by_backlog {
            return None;
        }
        conn.paused.by_backlog = false;
        let backlog = self.backlogs.remove(&id.slot);
        self.recount(id.slot);
        backlog
    }

    /// Something that held up reading is over: what was kept is processed in the next turn; if
    /// nothing was kept, the driver may read again.
    pub(crate) fn wake_reader(&mut self, id: ConnId) {
        let now = self.now;
        let Some(conn) = self.get(id) else { return };
        if !conn.paused.any() {
            conn.note_resumed(now);
        }
        if conn.paused.by_backlog {
            self.resume.push_back(id);
        } else if !conn.paused.any() {
            self.readable.push(id);
            self.arm(id);
        }
    }

    /// Queues a Pong; see `Outbox::push_pong`.
    pub(crate) fn queue_pong(&mut self, id: ConnId, span: Span) {
        if let Some(conn) = self.get(id) {
            conn.outbox.push_pong(span);
            self.touch(id);
        }
    }
}

/// Appends a whole frame, its payload given in parts, and says where it stands.
#[inline]
pub(crate) fn encode<const N: usize>(
    arena: &mut Vec<u8>,
    opcode: Opcode,
    parts: [&[u8]; N],
) -> Span {
    let start = arena.len();
    frame::encode_header(arena, opcode, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        arena.extend_from_slice(part);
    }
    span_since(arena, start)
}

/// Calls `queue` for each of these connections that is an open WebSocket, and puts it on the list of those to
/// write to. `queue` says whether nothing else waits there. Returns how many connections they are.
// Part of its callers, because to one receiver or to many it is not the same.
#[inline(always)]
pub(crate) fn queue_for_each(
    conns: &mut Slab<Conn>,
    touched: &mut Vec<u32>,
    ids: impl IntoIterator<Item = ConnId>,
    mut queue: impl FnMut(ConnId, &mut Conn) -> bool,
) -> usize {
    let mut receivers = 0;
    for id in ids {
        let Some(conn) = conns.get_mut(id.slot as usize) else {
            continue;
        };
        if conn.serial != id.serial || !conn.open {
            continue;
        }
        receivers += 1;
        // An open WebSocket is on the list because something waits, so what is first puts it there.
        let is_first = queue(id, conn);
        if is_first || !conn.touched {
            conn.touched = true;
            touched.push(id.slot);
        }
    }
    receivers
}

#[inline]
pub(crate) fn span_since(arena: &[u8], start: usize) -> Span {
    // The arena stays far below 4 GiB: it is emptied each turn, `max_turn_bytes` ends a turn,
    // and one message is at most 1 GiB by the range of its flag.
    let clamp = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    Span {
        start: clamp(start),
        end: clamp(arena.len()),
    }
}
