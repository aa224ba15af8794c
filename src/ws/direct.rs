//! Large messages are read straight to their place.
//!
//! Skip this file on a first reading: without it they come through the receive buffer like all others.
//!
//! The first read of a large message may be taken over with the block in which it lies ([`Endpoint::adopt`]). What follows
//! is read to [`Endpoint::room`], and then unmasked and checked there ([`Endpoint::arrived`]).

use super::close::Violation;
use super::content::{Content, Part, WORTH_READING_BYTES, is_large};
use super::endpoint::{Endpoint, Event, Limits};
use super::frame::{self, Expect, Header, Opcode};
use super::message::Unfinished;
use crate::pool::{Block, BlockSize, Pool};

/// If fewer bytes of a frame are missing, they are read into the receive buffer: the next frame may follow
/// in the same read.
const DIRECT_BYTES: u64 = 16 << 10;

/// One read takes at most this much, so that other connections are read, too.
const READ_BYTES: usize = 256 << 10;

impl Endpoint {
    /// The header of a large message, if a read gave its beginning and nothing else.
    ///
    /// The caller may then give the block in which `bytes` lie to [`Endpoint::adopt`].
    pub fn begins_large(&self, bytes: &[u8], limits: &Limits, pool: &Pool) -> Option<Header> {
        if self.begun.is_some() || self.message.is_some() {
            return None;
        }
        let room = limits.max_message_bytes;
        let expect = Expect { from: limits.from, in_message: false, rsv1: false, room, more_fragments: true };
        let header = frame::decode(bytes, &expect).ok()??;
        let arrived = bytes.len() - header.header_len;
        let missing = header.payload_len.checked_sub(arrived as u64)?;
        let begins = matches!(header.opcode, Opcode::Text | Opcode::Binary) && missing > 0;
        let is_earned = 2 * arrived >= BlockSize::Usual.bytes() || pool.has_kept(BlockSize::Usual);
        (begins && is_large(arrived, missing, pool) && is_earned).then_some(header)
    }

    /// Takes over the block in which a large message begins, and copies nothing.
    ///
    /// The header ends at `start`, what has arrived ends at `end`. Otherwise as [`Endpoint::receive`].
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    pub fn adopt(
        &mut self,
        header: &Header,
        block: Block,
        start: usize,
        end: usize,
    ) -> Result<(), Violation> {
        let (mut frame, parts) = (*header, vec![Part { block, start, end: start }]);
        let mut content = Content { is_large: true, parts, ..Content::new(header.opcode) };
        content.arrived(end - start, &mut frame)?;
        let message = Unfinished { received: content.len, ..Unfinished::new(frame, content, None) };
        self.message = Some(Box::new(message));
        Ok(())
    }

    /// Whether the caller should read the next bytes to where [`Endpoint::room`] says.
    ///
    /// They are payload of a large message then.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.message.as_ref().is_some_and(|message| {
            let is_long = message.frame.payload_len >= DIRECT_BYTES;
            is_long && message.content.is_large && message.decoder.is_none()
        })
    }

    /// Whether the next bytes of a large message fit into its first block.
    pub fn is_first_open(&self) -> bool {
        let message = self.message.as_ref().filter(|message| message.frame.payload_len > 0);
        let parts = message.map(|message| &*message.content.parts);
        matches!(parts, Some([part]) if part.has_spare(WORTH_READING_BYTES))
    }

    /// The place to which the next bytes of a large message should be read: 256 KiB at most.
    ///
    /// `None`: the caller must read them into the receive buffer.
    pub fn room(&mut self, pool: &Pool) -> Option<&mut [u8]> {
        let message = self.message.as_mut().filter(|message| message.content.is_large)?;
        let missing = message.frame.payload_len;
        if missing == 0 {
            return None;
        }
        let spare = message.content.open_part(WORTH_READING_BYTES, 0, missing, pool).ok()?.spare();
        let most = usize::try_from(missing).unwrap_or(READ_BYTES).min(READ_BYTES);
        spare.get_mut(..most.min(spare.len()))
    }

    /// Unmasks and checks the first `len` bytes of [`Endpoint::room`], which the caller has read.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    pub fn arrived(&mut self, len: usize) -> Result<Option<Event<'static>>, Violation> {
        let Some(message) = &mut self.message else { return Ok(None) };
        message.content.arrived(len, &mut message.frame)?;
        message.received += len;
        match self.message.take_if(|message| message.frame.ends_message()) {
            Some(message) => Ok(Some(Event::Message(message.finish(None)?))),
            None => Ok(None),
        }
    }
}
