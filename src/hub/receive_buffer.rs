//! The receive buffer: one for all connections.
//!
//! A message can be sent back from here without a copy. If an application answers with the message it was given, the
//! bytes are sent as they lie: unmasked, with the server's header in front, which is shorter than the peer's. The
//! receiver's queue gets a range of this buffer. The range is good until the next read, so the hub asks the loop to write
//! before ([`Next::Write`](super::Next::Write)). What is not written then is copied into the arena.

use crate::outbox::Span;
use crate::pool::Block;
use crate::shortcuts;
use crate::ws::endpoint::ECHO_IN_PLACE_BYTES;
use crate::ws::frame;
use crate::ws::message::Message;

/// Bytes of one read at most. A message of 128 KiB comes whole.
pub(super) const RECEIVE_BYTES: usize = 144 << 10;
/// The least read that can begin a large message without a copy, in bytes.
pub(super) const ADOPTED_BYTES: usize = 32 << 10;
/// Where in the buffer a read begins.
///
/// The payload after the shortest header of a client's frame (6 bytes) then lies on a word border, where short texts are
/// checked many times faster.
pub(super) const READ_AT: usize = 10;
/// Ranges of this buffer count from here, far beyond the end of any arena.
const SPANS_AT: usize = 0xFF00_0000;

/// The receive buffer.
#[derive(Debug, Default)]
pub(crate) struct ReceiveBuffer {
    /// Its memory. `None` before the first read, while its bytes are processed, and while it is `aside`.
    ///
    /// Pages of it that were never read to take no memory. It is boxed, because it is moved with each read.
    pub(super) block: Option<Box<Block>>,
    /// Its memory, while bytes are read straight into a large message.
    pub(super) aside: Option<Box<Block>>,
    /// The end of the bytes that are processed now. Zero: none of this buffer are.
    pub(super) end: usize,
    /// The frame in it that is queued, and the slot of its receiver, for whom nothing else waits. It must be written before the
    /// next read.
    pub(super) queued: Option<(Span, u32)>,
}

/// A message that an application is given, as a frame that can be sent from where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InPlace<'a> {
    message: Message<'a>,
    frame: Span,
}

impl InPlace<'_> {
    /// The frame, if `message` is the message that was given: not equal bytes, but these bytes.
    pub(crate) fn frame_of(&self, message: Message<'_>) -> Option<Span> {
        let is_same = match (self.message, message) {
            (Message::Text(given), Message::Text(sent)) => std::ptr::eq(given, sent),
            (Message::Binary(given), Message::Binary(sent)) => std::ptr::eq(given, sent),
            _ => false,
        };
        is_same.then_some(self.frame)
    }
}

impl ReceiveBuffer {
    /// The last message of a read, as a frame that can be sent from where it lies. `None`: it cannot.
    #[inline]
    pub(crate) fn in_place<'a>(&self, message: Message<'a>) -> Option<InPlace<'a>> {
        let len = message.bytes().len();
        // Shortcut, equals `Ctx::send_many`: an echo is sent from where it lies.
        if !shortcuts::ON || len < ECHO_IN_PLACE_BYTES || self.end == 0 {
            return None;
        }
        let end = SPANS_AT + self.end;
        let start = end - len - frame::own_header_len(len);
        let frame = Span { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? };
        Some(InPlace { message, frame })
    }

    /// The frame that is queued for this slot.
    pub(crate) fn queued_for(&self, slot: u32) -> Option<(Span, &[u8])> {
        let (frame, _) = self.queued.filter(|(_, receiver)| *receiver == slot)?;
        let at = frame.start as usize - SPANS_AT;
        let bytes = self.block.as_ref()?.get(at..at + frame.len())?;
        Some((frame, bytes))
    }
}
