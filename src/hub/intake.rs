//! Where received bytes lie: in one buffer for all connections. And how a large message leaves
//! again from there.
//!
//! An application that answers with the very message it is given (an echo) wants its bytes as they
//! lie: unmasked, behind room for our header, which is shorter than the peer's. So the frame is not
//! copied; its receiver's queue gets a range of this buffer. That is good until the next
//! read: the hub asks for the write before ([`Next::Write`]). What is not written then goes
//! the usual way, through the arena.

use super::core::Core;
use super::{Hub, Next};
use crate::app::{ConnId, Message};
use crate::clock::Time;
use crate::conn::{Conn, Phase};
use crate::outbox::Span;
use crate::pool::{Block, BlockSize, Pool};
use crate::shortcuts;
use crate::ws::endpoint::ECHO_IN_PLACE_BYTES;
use crate::ws::frame;
use std::mem;

/// One read takes at most this: a message of 128 KiB comes whole.
const RECEIVE_BYTES: usize = 144 << 10;
/// A shorter read is no beginning of a large message: the rest of that has a copy to itself.
const ADOPTED_BYTES: usize = 32 << 10;
/// Where in the buffer a read begins: behind the shortest header of a client's frame (6 bytes) the
/// payload then lies on a word border, where short texts are checked many times faster.
const READ_AT: usize = 10;
/// Ranges of this buffer count from here, far behind the end of any arena.
const SPANS_AT: usize = 0xFF00_0000;

/// The receive buffer.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// `None` before the first read, while its bytes are lent to be processed, and while it is `aside`. Pages
    /// of it that were never read to take no memory. (Boxed, because it is moved with each read.)
    buffer: Option<Box<Block>>,
    /// The buffer, while bytes are read to their place in a large message instead.
    aside: Option<Box<Block>>,
    /// The end of the bytes that are being processed; zero when none are, or none of this buffer.
    end: usize,
    /// The frame in it that was queued, and the slot of its receiver.
    queued: Option<(Span, u32)>,
}

/// A message that an application is given, as a frame that can be sent from where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    message: Message<'a>,
    frame: Span,
}

impl Given<'_> {
    /// The frame, if `message` is the very same: not equal bytes, but these bytes.
    pub(crate) fn frame_of(&self, message: Message<'_>) -> Option<Span> {
        let is_same = match (self.message, message) {
            (Message::Text(given), Message::Text(sent)) => std::ptr::eq(given, sent),
            (Message::Binary(given), Message::Binary(sent)) => std::ptr::eq(given, sent),
            _ => false,
        };
        is_same.then_some(self.frame)
    }
}

impl Intake {
    #[inline]
    fn room(&mut self, pool: &Pool) -> &mut [u8] {
        if self.buffer.is_none() {
            self.get_buffer(pool);
        }
        let buffer = self.buffer.as_deref_mut().map(Block::bytes_mut);
        let buffer = buffer.unwrap_or_default();
        buffer
            .get_mut(READ_AT..READ_AT + RECEIVE_BYTES)
            .unwrap_or_default()
    }

    #[cold]
    fn get_buffer(&mut self, pool: &Pool) {
        let new = || pool.take(BlockSize::Usual).map(Box::new);
        self.buffer = self.aside.take().or_else(new);
    }

    /// Gives its memory back. Nothing may be queued.
    pub(crate) fn release(&mut self) {
        self.buffer = None;
        self.aside = None;
    }

    /// What is to be said of the last message of a read: whether it can be sent from where it lies.
    #[inline]
    pub(crate) fn given<'a>(&self, message: Message<'a>) -> Option<Given<'a>> {
        let len = message.bytes().len();
        // Shortcut, equals `Ctx::send_many`: an echo is sent from where it lies.
        if !shortcuts::ON || len < ECHO_IN_PLACE_BYTES || self.end == 0 {
            return None;
        }
        let end = SPANS_AT + self.end;
        let start = end - len - frame::own_header_len(len);
        let frame = Span {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        };
        Some(Given { message, frame })
    }

    /// Notes that the frame is queued, for a receiver for whom nothing else waits.
    pub(crate) fn note_queued(&mut self, frame: Span, slot: u32) {
        self.queued = Some((frame, slot));
    }

    /// A frame in this buffer is queued: it must be written before the next read.
    #[inline]
    pub(crate) fn is_queued(&self) -> bool {
        self.queued.is_some()
    }

    /// The frame that is queued for this slot.
    pub(crate) fn queued_for(&self, slot: u32) -> Option<(Span, &[u8])> {
        let (frame, _) = self.queued.filter(|(_, receiver)| *receiver == slot)?;
        let at = frame.start as usize - SPANS_AT;
        let bytes = self.buffer.as_ref()?.get(at..at + frame.len())?;
        Some((frame, bytes))
    }

    /// No queue refers to this buffer any more.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.queued = None;
    }
}

/// The buffer, out of its place while its bytes are processed. It comes back whatever happens, a
/// panic too: queues may refer to it.
struct Lent<'a> {
    hub: &'a mut Hub,
    buffer: Option<Box<Block>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let intake = &mut self.hub.core.intake;
        intake.end = 0;
        // Nothing is there in its place, so nothing has to be dropped.
        mem::forget(mem::replace(&mut intake.buffer, self.buffer.take()));
    }
}

impl Hub {
    /// Where the next bytes of this connection are to be read to; see [`Hub::received`]. No more than that may be
    /// read, and nothing else may be done before [`Hub::received`].
    ///
    /// `None`: it is not to be read now. [`Rest::readable`](super::Rest::readable) names it when that is over.
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

    /// The first `len` bytes of [`Hub::receive_buffer`] have arrived.
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
        let Some(buffer) = intake.buffer.take() else {
            return self.received_directly(id, len, now);
        };
        intake.end = READ_AT + len;
        let mut lent = Lent {
            buffer: Some(buffer),
            hub: self,
        };
        let Lent { hub, buffer } = &mut lent;
        let buffer = buffer.as_deref_mut().map(Block::bytes_mut);
        let buffer = buffer.unwrap_or_default();
        if let Some(bytes) = buffer.get_mut(READ_AT..READ_AT + len) {
            hub.receive_bytes(id, bytes, now);
        }
    }

    /// If the read is the beginning of a large message, and nothing else, the receive buffer becomes the first block of
    /// that message. `false`: it is something else, and nothing was done.
    #[cold]
    fn adopted(&mut self, id: ConnId, len: usize, now: Time) -> bool {
        let core = &mut self.core;
        let max_fragments = core.config.tuning.max_fragments;
        let may_adopt = !core.rates.is_on() && !core.turn_is_full();
        let Some(conn) = core.table.conns.get_mut(id.slot as usize) else {
            return false;
        };
        let limits = conn.limits(max_fragments);
        let end = READ_AT + len;
        let buffer = core.intake.buffer.as_deref();
        let bytes = buffer.and_then(|buffer| buffer.get(READ_AT..end));
        let bytes = bytes.unwrap_or_default();
        let Phase::Open { endpoint, .. } = &mut conn.phase else {
            return false;
        };
        let Some(header) = endpoint.begins_large(bytes, &limits, &core.memory.pool) else {
            return false;
        };
        if !may_adopt || conn.serial != id.serial || conn.paused.any() {
            return false;
        }
        // The next buffer first: without one nobody could be read any more.
        let Some(next) = core.memory.pool.take(BlockSize::Usual) else {
            return false;
        };
        let Some(buffer) = core.intake.buffer.as_deref_mut() else {
            return false;
        };
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

    /// Whether a connection that filled its room is to be read once more in this turn: a large message has begun, and
    /// its first block is not full. What the block holds is still in the processor's cache then; in the next turn
    /// the bytes of all others would have pushed it out.
    #[must_use]
    pub fn reads_on(&self, id: ConnId) -> bool {
        let conn = self.core.table.conns.get(id.slot as usize);
        conn.is_some_and(|conn| match &conn.phase {
            Phase::Open { endpoint, .. } => conn.serial == id.serial && endpoint.is_first_open(),
            _ => false,
        })
    }

    /// Bytes that lie elsewhere have arrived.
    pub fn receive(&mut self, id: ConnId, mut bytes: &[u8], now: Time) {
        while !bytes.is_empty() {
            let Some(room) = self.receive_buffer(id) else {
                return self.core.keep_backlog(id, bytes);
            };
            let (arrived, rest) = bytes.split_at(bytes.len().min(room.len()));
            let Some(room) = room
                .get_mut(..arrived.len())
                .filter(|room| !room.is_empty())
            else {
                return;
            };
            room.copy_from_slice(arrived);
            self.received(id, arrived.len(), now);
            bytes = rest;
        }
    }
}

impl Core {
    /// Where a connection is read that is inside a frame: if that belongs to a large message, at its place there.
    #[cold]
    fn direct_room(&mut self, id: ConnId) -> &mut [u8] {
        let pool = self.memory.pool.clone();
        let is_limited = self.rates.is_on();
        let endpoint = |conn: &Conn| match &conn.phase {
            Phase::Open { endpoint, .. } => endpoint.has_room(),
            _ => false,
        };
        let has_room = !is_limited && self.table.get(id).is_some_and(|conn| endpoint(conn));
        // Looked up twice: the first time a block may be added, which has to be counted.
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

    /// Copies the frame that is queued into the arena: it cannot be written at once, or not alone.
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
