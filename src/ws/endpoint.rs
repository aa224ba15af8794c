//! One WebSocket, the server's side: what arrives becomes events (RFC 6455 §5.5, §6.2).
//!
//! The endpoint sends nothing itself. It tells the connection what happened; the connection
//! answers a Ping, echoes a Close and fails on a violation. After a Close or a failure the
//! connection drops the endpoint, so a late frame cannot be processed by accident.

use super::close::{CloseCode, Violation, check_payload};
use super::content::is_large;
use super::frame::{Expect, Header, Opcode};
use super::message::{Assembler, Complete, Means, Message, Pushed};
use super::reader::{Control, Part, Reader};
use crate::pool::{Block, BlockSize, Pool};

/// What an endpoint reports.
#[derive(Debug)]
pub enum Event<'a> {
    /// A whole message.
    Message(Complete<'a>),
    /// A Ping; it wants a Pong with the same payload (§5.5.2).
    Ping(Control<'a>),
    /// A Pong; nothing is to be done (§5.5.3).
    Pong,
    /// The peer's Close; `None` when it carried no code (§7.1.5 calls that 1005).
    Close(Option<CloseCode>),
}

/// The receiving side of one WebSocket.
#[derive(Debug, Default)]
pub struct Endpoint {
    reader: Reader,
    messages: Assembler,
}

pub use super::reader::TURNED_BYTES;

/// Of a frame of which less is missing the rest is read as usual: the next frame may follow in the same read.
const DIRECT_BYTES: u64 = 16 << 10;

/// The limits an endpoint keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Payload of one message, in bytes.
    pub max_message_bytes: u64,
    /// Frames of one message.
    pub max_fragments: u32,
}

impl Endpoint {
    /// The next event in `input`, which is shortened by what was used.
    /// `Ok(None)`: all of it was used and more is needed.
    ///
    /// # Errors
    /// A violation, at the first byte that proves it. The endpoint must not be used again.
    #[inline]
    pub fn receive<'e, 'a: 'e>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        means: Means<'e, '_>,
    ) -> Result<Option<Event<'e>>, Violation> {
        match self.receive_whole(input, limits) {
            Some(message) => message.map(|message| Some(Event::Message(message.into()))),
            None => self.receive_rest(input, limits, means),
        }
    }

    /// The usual case, made short: a message that is one frame and lies whole at the start of
    /// `input`. `None`: anything else, and nothing was used; `receive_rest` tells.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    #[inline]
    pub fn receive_whole<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Option<Result<Message<'a>, Violation>> {
        if self.messages.in_message() {
            return None;
        }
        let (opcode, payload) = self.reader.next_whole(input, limits.max_message_bytes)?;
        Some(Message::whole(opcode, payload))
    }

    fn expected(&self, limits: &Limits, means: &Means<'_, '_>) -> Expect {
        Expect {
            in_message: self.messages.in_message(),
            rsv1: means.agreed.is_some(),
            room: limits
                .max_message_bytes
                .saturating_sub(self.messages.received() as u64),
            more_fragments: self.messages.fragments() < limits.max_fragments,
        }
    }

    /// The rest of `receive`, when `receive_whole` found nothing.
    ///
    /// # Errors
    /// As `receive`.
    #[cold]
    pub fn receive_rest<'e, 'a: 'e>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        mut means: Means<'e, '_>,
    ) -> Result<Option<Event<'e>>, Violation> {
        loop {
            let piece = match self.reader.next(input, &self.expected(limits, &means))? {
                None => return Ok(None),
                Some(Part::Control(control)) => return control_event(control).map(Some),
                Some(Part::Data(piece)) => piece,
            };
            match self
                .messages
                .push(&piece, limits.max_message_bytes, &mut means)?
            {
                Pushed::Unfinished => {}
                Pushed::Message(message) => return Ok(Some(Event::Message(message))),
                Pushed::Inflated(opcode) => {
                    let message = Message::whole(opcode, means.inflater.last_chunk())?;
                    return Ok(Some(Event::Message(message.into())));
                }
            }
        }
    }

    /// Whether these bytes, a whole read, are the beginning of a large message, and nothing else. Then the block that
    /// they lie in can become the message's first: see [`Endpoint::adopt`].
    #[must_use]
    pub fn begins_large(&self, bytes: &[u8], limits: &Limits, pool: &Pool) -> Option<Header> {
        if self.messages.in_message() {
            return None;
        }
        let header = self
            .reader
            .begins_message(bytes, limits.max_message_bytes)?;
        let arrived = bytes.len() - header.header_len;
        let missing = header.payload_len - arrived as u64;
        let is_earned = 2 * arrived >= BlockSize::Usual.bytes() || pool.has_kept(BlockSize::Usual);
        (is_large(arrived, missing, pool) && is_earned).then_some(header)
    }

    /// Takes over the block in which a large message begins: its header ends at `start`, what has arrived ends at
    /// `end`. Does what [`Endpoint::receive`] does with such bytes, but for the copy.
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
        self.reader.begin_elsewhere(header, end - start);
        self.messages.adopt(header, block, start, end)
    }

    /// Whether the last read ended inside a frame, or inside its header.
    #[must_use]
    #[inline]
    pub fn is_inside_frame(&self) -> bool {
        self.reader.is_inside_frame()
    }

    /// Whether what comes next is payload of a large message, and is to be read to its place there: see
    /// [`Endpoint::room`].
    #[must_use]
    #[inline]
    pub fn has_room(&self) -> bool {
        let is_long = |missing| missing >= DIRECT_BYTES;
        self.reader.missing().is_some_and(is_long) && self.messages.has_room()
    }

    /// Whether the last read ended inside a frame of a large message whose first block is not full.
    #[must_use]
    pub fn is_first_open(&self) -> bool {
        self.reader.missing().is_some() && self.messages.is_first_open()
    }

    /// Where the next bytes of a large message are to be read to, 256 KiB at most. `None`: they are to be
    /// received as others.
    pub fn room(&mut self, pool: &Pool) -> Option<&mut [u8]> {
        self.messages.room(self.reader.missing()?, pool)
    }

    /// The first `len` bytes of [`Endpoint::room`] have arrived. They are unmasked there, and text is checked.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    pub fn arrived(&mut self, len: usize) -> Result<Option<Event<'static>>, Violation> {
        let Some(passed) = self.reader.pass(len) else {
            return Ok(None);
        };
        let large = self
            .messages
            .arrived(len, passed.masking_key, passed.ends_message)?;
        Ok(large.map(|large| Event::Message(Complete::Large(large))))
    }

    /// Bytes of an unfinished message that have arrived. Of a compressed one what came out, or what
    /// went in, if that is more: it may have to wait as it came.
    #[must_use]
    pub fn unfinished_bytes(&self) -> usize {
        self.messages.len().max(self.messages.received())
    }

    /// Bytes of memory held for what is unfinished.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.reader.held_bytes() + self.messages.held_bytes()
    }
}

#[cold]
fn control_event(control: Control<'_>) -> Result<Event<'_>, Violation> {
    Ok(match control.opcode {
        Opcode::Close => Event::Close(check_payload(&control.payload, true)?),
        Opcode::Ping => Event::Ping(control),
        _ => Event::Pong,
    })
}
