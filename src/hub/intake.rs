//! Where received bytes lie: in one buffer for all connections. And how a large message leaves
//! again from there.
//!
//! An application that answers with the very message it is given (an echo) wants its bytes as they
//! lie: unmasked, behind room for our header, which is shorter than the peer's. So the frame is not
//! copied; its receiver's queue gets a range of this buffer. That is good until the next
//! read: [`Hub::should_transmit`] asks for the write before. What is not written then goes
//! the usual way, through the arena.

use super::Hub;
use super::core::Core;
use crate::app::{ConnId, Message};
use crate::clock::Time;
use crate::outbox::Span;
use crate::ws::endpoint::TURNED_BYTES;
use crate::ws::frame;
use std::mem;

/// One read takes at most this.
const RECEIVE_BYTES: usize = 128 << 10;
/// Where in the buffer a read begins: behind the shortest header of a client's frame (6 bytes) the
/// payload then lies on a word border, where short texts are checked many times faster.
const READ_AT: usize = 10;
/// Ranges of this buffer count from here, far behind the end of any arena.
const SPANS_AT: usize = 0xFF00_0000;

/// The receive buffer.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// Empty while its bytes are lent to be processed.
    buffer: Box<[u8]>,
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
    fn room(&mut self) -> &mut [u8] {
        if self.buffer.is_empty() {
            self.buffer = vec![0; READ_AT + RECEIVE_BYTES].into();
        }
        self.buffer.get_mut(READ_AT..).unwrap_or_default()
    }

    /// What is to be said of the last message of a read: whether it can be sent from where it lies.
    #[inline]
    pub(crate) fn given<'a>(&self, message: Message<'a>) -> Option<Given<'a>> {
        let len = message.bytes().len();
        if len < TURNED_BYTES || self.end == 0 {
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
        let bytes = self.buffer.get(at..at + frame.len())?;
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
    buffer: Box<[u8]>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let intake = &mut self.hub.core.intake;
        intake.end = 0;
        intake.buffer = mem::take(&mut self.buffer);
    }
}

impl Hub {
    /// Where to read to; see [`Hub::received`].
    #[inline]
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        if self.core.intake.is_queued() {
            self.core.leave_intake();
        }
        self.core.intake.room()
    }

    /// The first `len` bytes of [`Hub::receive_buffer`] have arrived.
    #[inline]
    pub fn received(&mut self, id: ConnId, len: usize, now: Time) {
        let intake = &mut self.core.intake;
        intake.end = READ_AT + len;
        let mut lent = Lent {
            buffer: mem::take(&mut intake.buffer),
            hub: self,
        };
        let Lent { hub, buffer } = &mut lent;
        if let Some(bytes) = buffer.get_mut(READ_AT..READ_AT + len) {
            hub.receive_bytes(id, bytes, now);
        }
    }

    /// Bytes that lie elsewhere have arrived.
    pub fn receive(&mut self, id: ConnId, bytes: &[u8], now: Time) {
        for piece in bytes.chunks(RECEIVE_BYTES) {
            if let Some(room) = self.receive_buffer().get_mut(..piece.len()) {
                room.copy_from_slice(piece);
            }
            self.received(id, piece.len(), now);
        }
    }
}

impl Core {
    /// Copies the frame that is queued into the arena: it cannot be written at once, or not alone.
    #[cold]
    pub(crate) fn leave_intake(&mut self) {
        if let Some((_, slot)) = self.intake.queued
            && let Some((frame, bytes)) = self.intake.queued_for(slot)
        {
            let start = self.arena.len();
            self.arena.extend_from_slice(bytes);
            let copy = self.span_since(start);
            if let Some(conn) = self.conns.get_mut(slot as usize) {
                conn.outbox.replace(frame, copy);
            }
        }
        self.intake.clear();
    }
}
