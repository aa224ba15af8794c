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
use crate::budget::Holder;
use crate::guard::notes::Note;
use crate::http::refusal;
use crate::outbox::Chunk;
use crate::ws::close::CloseCode;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

const REASON: &str = "out of memory for peers";
const FULL: &str = "the memory budget is full and";

impl Hub {
    /// Ends the largest holders until the memory budget is kept again.
    #[cold]
    pub(super) fn relieve(&mut self) {
        self.core.relieve(0);
        self.settle();
    }

    /// Bytes of memory that are held for peers, as they were counted.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.core.memory.budget.held_bytes()
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
        let own = core.table.conns.iter().map(|(_, conn)| conn.held_bytes());
        // Only the applications know those.
        let away = core.memory.budget.holders().filter_map(|(holder, bytes)| match holder {
            Holder::Away { .. } => Some(bytes),
            Holder::Conn(_) => None,
        });
        let backlogs = core.watch.backlogs.values().map(Vec::capacity);
        let chunks = core.table.conns.iter().flat_map(|(_, conn)| conn.outbox.chunks());
        let chunks: BTreeMap<*const Chunk, usize> =
            chunks.map(|chunk| (Rc::as_ptr(chunk), chunk.held_bytes())).collect();
        own.sum::<usize>() + away.sum::<usize>() + backlogs.sum::<usize>() + chunks.values().sum::<usize>()
    }
}

impl Core {
    /// Counts anew what the connection in this slot holds.
    pub(crate) fn recount(&mut self, slot: u32) {
        let Some(conn) = self.table.conns.get_mut(slot as usize) else { return };
        let backlog = self.watch.backlogs.get(&slot).map_or(0, Vec::capacity);
        let bytes = conn.held_bytes() + backlog;
        if bytes == 0 && !conn.counted {
            return;
        }
        conn.counted = bytes > 0;
        self.memory.budget.set(Holder::Conn(slot), bytes);
        self.memory.is_over = self.is_over_budget();
    }

    /// Notes how many bytes an application keeps for a peer that is away.
    pub(super) fn hold(&mut self, app: u8, key: u64, bytes: usize) {
        self.memory.budget.set(Holder::Away { app, key }, bytes);
        self.memory.is_over = self.is_over_budget();
    }

    fn is_over_budget(&self) -> bool {
        !self.memory.fits(0)
    }

    /// Counts a message that has grown while it is decoded, and ends the largest holders if the budget is passed.
    ///
    /// The connection in this slot, which receives it, may be one of them.
    #[cold]
    pub(super) fn make_room_while_decoding(&mut self, slot: u32) {
        self.recount(slot);
        if self.memory.is_over {
            let active = self.turn.active;
            self.relieve(0);
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
        let is_left = self.relieve(coming);
        self.turn.active = active;
        is_left
    }

    /// Ends the largest holders, until `coming` bytes more fit.
    ///
    /// This is the only search over all holders, and it runs only when memory is short. The coming bytes count as held by
    /// the active connection, and so does the large message that it has sent. Returns `false` if that one was ended.
    fn relieve(&mut self, coming: usize) -> bool {
        let most = self.config.memory_budget_bytes.saturating_sub(coming);
        let causer = self.turn.active.filter(|_| coming > 0).map(|id| id.slot);
        let charge = |slot: u32, own: usize| {
            let conn = self.table.conns.get(slot as usize)?;
            let caused = match causer == Some(slot) {
                true => coming + self.memory.delivering,
                false => 0,
            };
            Some((own + conn.outbox.kept_bytes() + caused, Holder::Conn(slot)))
        };
        let holders = self.memory.budget.holders().filter_map(|(holder, own)| match holder {
            Holder::Conn(slot) if causer == Some(slot) => None,
            Holder::Conn(slot) => charge(slot, own),
            Holder::Away { .. } => Some((own, holder)),
        });
        // The connection that causes this may hold nothing by itself while its message is delivered.
        let own = |slot| charge(slot, self.memory.budget.of(Holder::Conn(slot)));
        let holders = holders.chain(causer.and_then(own));
        let mut holders: BinaryHeap<(usize, Holder)> = holders.collect::<Vec<_>>().into();
        let mut is_left = true;
        while is_left
            && self.memory.budget.held_bytes() > most
            && let Some((bytes, holder)) = holders.pop()
        {
            self.turn.active = None;
            match holder {
                Holder::Conn(slot) => {
                    is_left = causer != Some(slot);
                    self.end_holder(slot, bytes);
                    self.recount(slot);
                }
                Holder::Away { app, key } => self.end_away(app, key, bytes),
            }
        }
        self.memory.is_over = false;
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
        self.memory.budget.set(Holder::Away { app, key }, 0);
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
                self.close_and_drain(id, CloseCode::TryAgainLater, REASON, Cause::Limit);
            }
            Phase::Http(exchange) if !owes_bytes => match exchange.stage {
                Stage::Head | Stage::Body { .. } => self.refuse(id, *refusal::service_unavailable()),
                Stage::Held { .. } => self.request_gone_with(id, *refusal::service_unavailable()),
                Stage::Streaming { .. } => self.gone(id, Cause::Limit, true),
            },
            _ => self.gone(id, Cause::Limit, true),
        }
        if let Some(conn) = self.table.get(id) {
            conn.closed.cause = Cause::Limit;
        }
    }
}
