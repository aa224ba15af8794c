//! The receive buffer: one for all connections. And how a large message leaves again from there.
//!
//! An application that answers with the very message it is given (an echo) wants its bytes as they
//! lie: unmasked, behind room for our header, which is shorter than the peer's. So the frame is not
//! copied; its receiver's queue gets a range of this buffer. That is good until the next
//! read: the hub asks for the write before ([`Next::Write`](super::Next::Write)). What is not written
//! then goes the usual way, through the arena.

use crate::outbox::Span;
use crate::pool::{Block, BlockSize, Pool};
use crate::shortcuts;
use crate::ws::endpoint::ECHO_IN_PLACE_BYTES;
use crate::ws::frame;
use crate::ws::message::Message;

/// One read takes at most this: a message of 128 KiB comes whole.
const RECEIVE_BYTES: usize = 144 << 10;
/// Where in the buffer a read begins: behind the shortest header of a client's frame (6 bytes) the
/// payload then lies on a word border, where short texts are checked many times faster.
pub(super) const READ_AT: usize = 10;
/// Ranges of this buffer count from here, far behind the end of any arena.
const SPANS_AT: usize = 0xFF00_0000;

/// The receive buffer.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// `None` before the first read, while its bytes are lent to be processed, and while it is `aside`. Pages
    /// of it that were never read to take no memory. (Boxed, because it is moved with each read.)
    pub(super) buffer: Option<Box<Block>>,
    /// The buffer, while bytes are read to their place in a large message instead.
    pub(super) aside: Option<Box<Block>>,
    /// The end of the bytes that are being processed; zero when none are, or none of this buffer.
    pub(super) end: usize,
    /// The frame in it that was queued, and the slot of its receiver.
    pub(super) queued: Option<(Span, u32)>,
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
    pub(super) fn room(&mut self, pool: &Pool) -> &mut [u8] {
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
