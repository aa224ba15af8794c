//! When the memory budget is passed, the largest holder is ended, and the next, until the rest fits.
//!
//! The end of the largest holder helps most, and an attacker cannot put it on somebody else without
//! holding more. Bytes that queues share are in memory once, but count in full for each of them here, because a peer
//! that does not read keeps them there. A chunk of which one byte is unread counts whole, because all of it stays.

use super::Hub;
use super::conn::{Phase, Stage};
use super::core::Core;
use super::ids::{Cause, ConnId};
use super::turn::Report;
use crate::guard::notes::Note;
use crate::http::refusal;
use crate::metered::Account;
use crate::outbox::Chunk;
use crate::ws::close::CloseCode;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

const REASON: &str = "out of memory for peers";
const FULL: &str = "the memory budget is full and";

/// For whom something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    /// The connection in this slot.
    Conn(u32),
    /// A peer that is away: the application with this index keeps something for it, under a key of its own.
    Away { app: u8, key: u64 },
}

impl Hub {
    /// Ends the largest holders until the memory budget is kept again.
    #[cold]
    pub(super) fn evict_largest(&mut self) {
        if !self.core.memory.fits(0) {
            self.core.evict_largest(0);
            self.deliver_reports();
        }
    }

    /// Bytes of memory that are held for peers, as they were counted.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.core.memory.meter.total()
    }

    /// Bytes of unused blocks that are kept for the next large message.
    ///
    /// They count into the budget, but are held for nobody, and are given up first.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.core.memory.pool.kept_bytes()
    }

    /// Bytes of memory that are held for peers, counted anew. Between turns it equals [`Hub::held_bytes`].
    #[must_use]
    pub fn recount_held_bytes(&self) -> usize {
        let core = &self.core;
        let own = core.table.conns.iter().map(|(_, conn)| conn.held_bytes() + conn.outbox.held_bytes());
        // Only the applications know those.
        let away = core.memory.away.values().map(Account::bytes);
        let backlogs = core.watch.backlogs.values().map(|backlog| backlog.bytes.capacity());
        let chunks = core.table.conns.iter().flat_map(|(_, conn)| conn.outbox.chunks());
        let chunks: BTreeMap<*const Chunk, usize> =
            chunks.map(|chunk| (Rc::as_ptr(chunk), chunk.held_bytes())).collect();
        own.sum::<usize>() + away.sum::<usize>() + backlogs.sum::<usize>() + chunks.values().sum::<usize>()
    }
}

impl Core {
    /// Notes how many bytes an application keeps for a peer that is away.
    pub(super) fn count_kept(&mut self, app: u8, key: u64, bytes: usize) {
        if bytes == 0 {
            self.memory.away.remove(&(app, key));
        } else {
            self.memory.away.entry((app, key)).or_default().set(bytes, &self.memory.meter);
        }
    }

    /// Counts a message that has grown while it is decoded, and ends the largest holders if the budget is passed.
    ///
    /// The connection that receives it may be one of them.
    #[cold]
    pub(super) fn make_room_while_decoding(&mut self, id: ConnId) {
        self.count(id);
        if !self.memory.fits(0) {
            let active = self.turn.active;
            self.evict_largest(0);
            self.turn.active = active;
        }
    }

    /// Makes room for a large message that will be encoded and may have to wait for its receivers.
    ///
    /// Returns `false` if the connection that caused it was the largest holder, and was ended. What that one has sent
    /// still counts as held by it while it is processed.
    #[cold]
    pub(super) fn make_room(&mut self, bytes: usize) -> bool {
        // The bytes that any turn may encode are not counted before they have to wait.
        let allowed = self.config.tuning.max_turn_bytes;
        let coming = (self.turn.arena.len() + bytes).saturating_sub(allowed);
        if self.memory.fits(coming) {
            return true;
        }
        let active = self.turn.active;
        let is_left = self.evict_largest(coming);
        self.turn.active = active;
        is_left
    }

    /// Ends the largest holders, until `coming` bytes more fit.
    ///
    /// This is the only search over all holders, and it runs only when memory is short. The coming bytes count as held by
    /// the active connection, and so does the large message that it has sent. Returns `false` if that one was ended.
    fn evict_largest(&mut self, coming: usize) -> bool {
        let most = self.config.memory_budget_bytes.saturating_sub(coming);
        let causer = self.turn.active.map(|id| id.slot);
        let backlogs = &self.watch.backlogs;
        let connections = self.table.conns.iter().filter_map(|(slot, conn)| {
            let slot = u32::try_from(slot).unwrap_or(u32::MAX);
            let backlog = backlogs.get(&slot).map_or(0, |backlog| backlog.bytes.capacity());
            let own = conn.held_bytes() + backlog;
            let caused = if causer == Some(slot) { coming + self.memory.delivering } else { 0 };
            // What was queued in this turn may leave at once, so its receivers are not judged by it.
            let is_holder = own > 0 || causer == Some(slot) || conn.outbox.waits_since_earlier();
            let queue = conn.outbox.held_bytes() + conn.outbox.kept_bytes();
            is_holder.then_some((own + queue + caused, Holder::Conn(slot)))
        });
        let away = self.memory.away.iter();
        let away = away.map(|((app, key), account)| (account.bytes(), Holder::Away { app: *app, key: *key }));
        let mut holders: BinaryHeap<(usize, Holder)> = connections.chain(away).collect::<Vec<_>>().into();
        let mut is_left = true;
        while (is_left || coming == 0)
            && self.memory.meter.total() > most
            && let Some((bytes, holder)) = holders.pop()
        {
            self.turn.active = None;
            match holder {
                Holder::Conn(slot) => {
                    is_left = causer != Some(slot);
                    self.end_holder(slot, bytes);
                }
                Holder::Away { app, key } => self.end_away(app, key, bytes),
            }
        }
        is_left
    }

    /// Has an application give up what it keeps for a peer that is away.
    ///
    /// The application is told as soon as no other callback runs. It cannot refuse, so the bytes count as given back now.
    fn end_away(&mut self, app: u8, key: u64, bytes: usize) {
        self.notes.note(
            self.turn.now,
            Note::Overload,
            format_args!("a session is ended, {FULL} {bytes} bytes are held for it"),
        );
        self.memory.away.remove(&(app, key));
        self.turn.reports.push_back(Report::GiveUp { app, key });
    }

    /// Ends one connection in the politest way that gives back its memory at once.
    fn end_holder(&mut self, slot: u32, bytes: usize) {
        let Some(conn) = self.table.conns.get(slot as usize) else { return };
        let id = ConnId { slot, serial: conn.serial };
        let peer = conn.peer();
        self.notes.note(
            self.turn.now,
            Note::Overload,
            format_args!("{peer} is ended, {FULL} {bytes} bytes are held for it"),
        );
        let owes_bytes = conn.outbox.waits_since_earlier();
        match &conn.phase {
            Phase::Open { .. } if conn.open && owes_bytes => {
                self.drop_queue(id, Cause::Limit, REASON);
            }
            Phase::Open { .. } if conn.open => {
                self.close_and_drain(id, Some(CloseCode::TryAgainLater), REASON, Cause::Limit);
            }
            Phase::Http(exchange) if !owes_bytes => match exchange.stage {
                Stage::Head | Stage::Body { .. } => self.refuse(id, *refusal::service_unavailable()),
                Stage::Held { .. } => self.request_gone_with(id, *refusal::service_unavailable()),
                Stage::Streaming { .. } => self.end(id, Cause::Limit, true),
            },
            _ => self.end(id, Cause::Limit, true),
        }
        if let Some(conn) = self.table.get(id) {
            conn.closed.cause = Cause::Limit;
        }
    }
}
