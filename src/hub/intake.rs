//! How received bytes come in: by the receive buffer, or straight to their place in a large message.

use super::conn::{Conn, Phase};
use super::core::Core;
use super::ids::ConnId;
use super::receive_buffer::READ_AT;
use super::{Hub, Next};
use crate::clock::Time;
use crate::pool::{Block, BlockSize, Pool};
use crate::shortcuts;
use std::mem;

/// The least read that can begin a large message without a copy, in bytes.
const ADOPTED_BYTES: usize = 32 << 10;

/// The receive buffer, out of its place while its bytes are processed.
///
/// It comes back whatever happens, also after a panic, because queues may refer to it.
struct Lent<'a> {
    hub: &'a mut Hub,
    buffer: Option<Box<Block>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let intake = &mut self.hub.core.intake;
        intake.end = 0;
        // Its place is empty, so nothing has to be dropped.
        mem::forget(mem::replace(&mut intake.buffer, self.buffer.take()));
    }
}

impl Hub {
    /// Gives the place for the next bytes of this connection.
    ///
    /// The caller must read once, no more than fits there, and then call [`Hub::received`] before anything else.
    ///
    /// Returns `None` if the connection must not be read now. [`Rest::readable`](super::Rest::readable) names it when that is over.
    #[inline]
    pub fn receive_buffer(&mut self, id: ConnId) -> Option<&mut [u8]> {
        let core = &mut self.core;
        if core.intake.is_queued() {
            core.leave_intake();
        }
        let conn = core.table.conns.get(id.slot as usize)?;
        if conn.serial != id.serial || !conn.wants_read() {
            return None;
        }
        // Shortcut, equals the receive buffer: what belongs to a large message is read to its place.
        if shortcuts::ON
            && let Phase::Open { endpoint, .. } = &conn.phase
            && endpoint.is_inside_frame()
        {
            return Some(core.direct_room(id));
        }
        Some(core.intake.room(&core.memory.pool))
    }

    /// Processes the first `len` bytes of [`Hub::receive_buffer`], which have arrived.
    #[inline]
    pub fn received(&mut self, id: ConnId, len: usize, now: Time) -> Next {
        // Shortcut, equals the receive buffer: the buffer itself becomes the beginning of a large message.
        let is_adopted = shortcuts::ON && len >= ADOPTED_BYTES && self.adopted(id, len, now);
        if !is_adopted {
            self.received_here(id, len, now);
        }
        self.next()
    }

    #[inline]
    fn received_here(&mut self, id: ConnId, len: usize, now: Time) {
        let intake = &mut self.core.intake;
        let Some(buffer) = intake.buffer.take() else { return self.received_directly(id, len, now) };
        intake.end = READ_AT + len;
        let mut lent = Lent { buffer: Some(buffer), hub: self };
        let Lent { hub, buffer } = &mut lent;
        let buffer = buffer.as_deref_mut().map(Block::bytes_mut);
        let buffer = buffer.unwrap_or_default();
        if let Some(bytes) = buffer.get_mut(READ_AT..READ_AT + len) {
            hub.receive_bytes(id, bytes, now);
        }
    }

    /// Makes the receive buffer the first block of a large message, if the read is the beginning of one and nothing else.
    ///
    /// Returns `false`, and does nothing, if it is anything else.
    #[cold]
    fn adopted(&mut self, id: ConnId, len: usize, now: Time) -> bool {
        let core = &mut self.core;
        let max_fragments = core.config.tuning.max_fragments;
        let may_adopt = !core.rates.is_on() && !core.turn_is_full();
        let Some(conn) = core.table.conns.get_mut(id.slot as usize) else { return false };
        let limits = conn.limits(max_fragments);
        let end = READ_AT + len;
        let buffer = core.intake.buffer.as_deref();
        let bytes = buffer.and_then(|buffer| buffer.get(READ_AT..end));
        let bytes = bytes.unwrap_or_default();
        let Phase::Open { endpoint, .. } = &mut conn.phase else { return false };
        let Some(header) = endpoint.begins_large(bytes, &limits, &core.memory.pool) else { return false };
        if !may_adopt || conn.serial != id.serial || conn.paused.any() {
            return false;
        }
        // The next buffer comes first: without one no connection could be read any more.
        let Some(next) = core.memory.pool.take(BlockSize::Usual) else { return false };
        let Some(buffer) = core.intake.buffer.as_deref_mut() else { return false };
        let block = mem::replace(buffer, next);
        let begun = endpoint.adopt(&header, block, READ_AT + header.header_len, end);
        if core.heard_from(id, len, now).is_some() {
            self.take_event(id, begun.map(|()| None));
            self.core.recount(id.slot);
            self.after_receiving();
        }
        true
    }

    #[cold]
    fn received_directly(&mut self, id: ConnId, len: usize, now: Time) {
        if self.core.heard_from(id, len, now).is_some() {
            self.receive_directly(id, len);
            self.after_receiving();
        }
    }

    /// Whether a connection that filled its room is to be read once more in this turn.
    ///
    /// That is so if a large message has begun and its first block is not full. The block is still in the processor's cache
    /// now; until the next turn the bytes of all other connections would push it out.
    #[must_use]
    pub fn reads_on(&self, id: ConnId) -> bool {
        let conn = self.core.table.conns.get(id.slot as usize);
        conn.is_some_and(|conn| match &conn.phase {
            Phase::Open { endpoint, .. } => conn.serial == id.serial && endpoint.is_first_open(),
            _ => false,
        })
    }

    /// Processes bytes that have arrived and lie elsewhere.
    pub fn receive(&mut self, id: ConnId, mut bytes: &[u8], now: Time) {
        while !bytes.is_empty() {
            let Some(room) = self.receive_buffer(id) else { return self.core.keep_backlog(id, bytes) };
            let (arrived, rest) = bytes.split_at(bytes.len().min(room.len()));
            let Some(room) = room.get_mut(..arrived.len()).filter(|room| !room.is_empty()) else { return };
            room.copy_from_slice(arrived);
            self.received(id, arrived.len(), now);
            bytes = rest;
        }
    }
}

impl Core {
    /// Gives the place for the next bytes of a connection that is inside a frame.
    ///
    /// Bytes of a large message have their own place in it. All others go to the receive buffer.
    #[cold]
    fn direct_room(&mut self, id: ConnId) -> &mut [u8] {
        let pool = self.memory.pool.clone();
        let is_limited = self.rates.is_on();
        let endpoint = |conn: &Conn| match &conn.phase {
            Phase::Open { endpoint, .. } => endpoint.has_room(),
            _ => false,
        };
        let has_room = !is_limited && self.table.get(id).is_some_and(|conn| endpoint(conn));
        // It is looked up twice: the first time may add a block, which has to be counted.
        if has_room && self.room_of(id, &pool).is_some() {
            self.recount(id.slot);
            let intake = &mut self.intake;
            intake.aside = intake.buffer.take().or_else(|| intake.aside.take());
            return self.room_of(id, &pool).unwrap_or_default();
        }
        self.intake.room(&pool)
    }

    fn room_of(&mut self, id: ConnId, pool: &Pool) -> Option<&mut [u8]> {
        match &mut self.table.get(id)?.phase {
            Phase::Open { endpoint, .. } => endpoint.room(pool),
            _ => None,
        }
    }

    /// Copies the queued frame into the arena, because it cannot be written at once, or not alone.
    #[cold]
    pub(crate) fn leave_intake(&mut self) {
        if let Some((_, slot)) = self.intake.queued
            && let Some((frame, bytes)) = self.intake.queued_for(slot)
        {
            let start = self.turn.arena.len();
            self.turn.arena.extend_from_slice(bytes);
            let copy = self.turn.span_since(start);
            if let Some(conn) = self.table.conns.get_mut(slot as usize) {
                conn.outbox.replace(frame, copy);
            }
        }
        self.intake.clear();
    }
}
