//! The state of the hub below its applications, and how a connection waits and goes on.
//!
//! Applications are kept beside this state (`Hub`), so that a callback can work on it
//! through `Ctx` while it runs. What a callback causes and another application must hear of is
//! noted as a [`Report`](super::turn::Report) and delivered after the callback has returned.

use super::conn::{Phase, Stage};
use super::ids::ConnId;
use super::memory::Memory;
use super::ports::World;
use super::receive_buffer::ReceiveBuffer;
use super::table::Table;
use super::turn::Turn;
use super::watch::Watch;
use crate::config::Config;
#[cfg(feature = "deflate")]
use crate::deflate::extension;
use crate::guard::Notes;
use crate::guard::rate::Rates;
use crate::http::date::DateCache;
use crate::http::policy::Policy;
use crate::outbox::Span;
use crate::ws::extension::Extension;

/// Before a message of this many bytes is encoded, the hub looks at the memory budget. For shorter ones it looks afterwards.
pub(super) const LARGE_BYTES: usize = 256 << 10;

/// The extension that compresses messages. This program was built without it.
#[cfg(not(feature = "deflate"))]
fn extension(_: &Config) -> Option<Box<dyn Extension>> {
    None
}

/// The state of the server below its applications.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) world: Box<dyn World>,
    pub(crate) dates: DateCache,
    pub(crate) table: Table,
    pub(crate) turn: Turn,
    pub(crate) watch: Watch,
    pub(crate) memory: Memory,
    /// The receive buffer, and the frame in it that is queued.
    pub(crate) receive_buffer: ReceiveBuffer,
    /// Compression, if there is any.
    pub(crate) compression: Option<Box<dyn Extension>>,
    /// Messages of this many bytes or more go out by `deliver_long`.
    pub(crate) long_bytes: usize,
    /// What happened: the log, and the metrics.
    pub(crate) notes: Notes,
    /// Which connections have sent as many messages as they may.
    pub(crate) rates: Rates,
}

impl Core {
    pub(crate) fn new(config: Config, policy: Policy, mut world: Box<dyn World>) -> Self {
        let mut notes = Notes::default();
        notes.metrics.started = world.unix_time();
        let compression = extension(&config);
        Self {
            rates: Rates::new(config.max_messages_per_second),
            long_bytes: match compression {
                None => LARGE_BYTES,
                Some(_) => config.deflate_threshold_bytes.min(LARGE_BYTES),
            },
            memory: Memory::new(config.memory_budget_bytes),
            config,
            policy,
            world,
            dates: DateCache::default(),
            table: Table::default(),
            turn: Turn::default(),
            watch: Watch::default(),
            receive_buffer: ReceiveBuffer::default(),
            compression,
            notes,
        }
    }

    /// Whether what is still unread has to wait for a later turn.
    #[inline]
    pub(crate) fn turn_is_full(&self) -> bool {
        let tuning = &self.config.tuning;
        self.turn.has_done(tuning.max_turn_bytes, tuning.max_deliveries_per_turn)
    }

    /// Keeps bytes that cannot be processed now, and stops reading until they are.
    pub(crate) fn keep_backlog(&mut self, id: ConnId, bytes: &[u8]) {
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        if matches!(conn.phase, Phase::Draining(_) | Phase::Gone) {
            return;
        }
        conn.paused.by_backlog = true;
        conn.note_pause(now);
        let backlog = self.watch.backlogs.entry(id.slot).or_default();
        backlog.bytes.extend_from_slice(bytes);
        backlog.account.set(backlog.bytes.capacity(), &self.memory.meter);
    }

    /// Keeps bytes for the next turn, because this one is full.
    #[cold]
    pub(crate) fn keep_for_next_turn(&mut self, id: ConnId, bytes: &[u8]) {
        self.keep_backlog(id, bytes);
        self.watch.resume.push_back(id);
    }

    /// Takes the bytes that were kept for this connection, if they can be processed now.
    pub(crate) fn take_backlog(&mut self, id: ConnId) -> Option<Vec<u8>> {
        if self.rates.is_paused(id.slot) {
            return None;
        }
        let conn = self.table.get(id)?;
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
        self.watch.backlogs.remove(&id.slot).map(|backlog| backlog.bytes)
    }

    /// Goes on with a connection that had to wait. Bytes that were kept are processed in the next turn.
    ///
    /// If none were kept, the loop may read it again.
    pub(crate) fn wake_reader(&mut self, id: ConnId) {
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        if !conn.paused.any() {
            conn.note_resumed(now);
        }
        if conn.paused.by_backlog {
            self.watch.resume.push_back(id);
        } else if !conn.paused.any() {
            self.watch.readable.push(id);
            self.arm(id);
        }
    }

    /// Queues a Pong; see `Outbox::push_pong`.
    pub(crate) fn queue_pong(&mut self, id: ConnId, span: Span) {
        if let Some(conn) = self.table.get(id) {
            conn.outbox.push_pong(span);
            self.turn.touch(id.slot, conn);
        }
    }
}
