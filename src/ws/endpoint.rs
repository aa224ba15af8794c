//! The receiving side of one WebSocket: bytes become events (RFC 6455 §5.5, §6.2).
//!
//! The endpoint sends nothing itself. It tells its caller what has happened; the caller answers a Ping, sends a Close
//! back, and closes after a violation. Then the caller drops the endpoint, so that no later frame can be read.
//!
//! Skip on first reading: `begins_large` and `adopt`, and from `has_room` to `arrived`. They read large messages
//! to their place.

use super::close::{CloseCode, Violation, check_payload};
use super::content::is_large;
use super::extension::Coding;
use super::frame::{Expect, Header, Opcode};
use super::message::{Building, Complete, Message};
use super::reader::{Piece, Reader};
use crate::metered::Meter;
use crate::pool::{Block, BlockSize, Pool};
use std::borrow::Cow;

/// What has arrived at an endpoint.
#[derive(Debug)]
pub enum Event<'a> {
    /// A whole message.
    Message(Complete<'a>),
    /// A Ping, with its payload of 0 to 125 bytes. The caller must send a Pong with the same payload (§5.5.2).
    Ping(Cow<'a, [u8]>),
    /// A Pong. The caller has nothing to do (§5.5.3).
    Pong,
    /// The peer's Close. `None`: it has no code (§7.1.5 calls that 1005).
    Close(Option<CloseCode>),
    /// A message that an extension decodes has grown, and takes this many bytes of memory.
    ///
    /// The caller must call again, also if the input is used up; or drop the endpoint, if it has no room.
    Growing(usize),
}

/// The receiving side of one WebSocket.
///
/// A server without extensions needs only this to echo what it reads:
///
/// ```
/// use ws101::ws::endpoint::{Endpoint, Event, Limits};
/// use ws101::ws::frame::{Opcode, encode_header};
///
/// let limits = Limits { max_message_bytes: 1 << 20, max_fragments: 1_000 };
/// let mut endpoint = Endpoint::default();
/// let mut read = *b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0";
/// let mut input = &mut read[..];
/// let mut answer = Vec::new();
/// while let Some(event) = endpoint.receive(&mut input, &limits)? {
///     let (opcode, payload) = match event {
///         Event::Message(message) if message.is_text() => (Opcode::Text, message.to_vec()),
///         Event::Message(message) => (Opcode::Binary, message.to_vec()),
///         Event::Ping(payload) => (Opcode::Pong, payload.into_owned()),
///         Event::Close(_) => break,
///         Event::Pong | Event::Growing(_) => continue,
///     };
///     encode_header(&mut answer, opcode, payload.len());
///     answer.extend(payload);
/// }
/// assert_eq!(answer, b"\x81\x02hi\x8a\x00");
/// # Ok::<(), ws101::ws::close::Violation>(())
/// ```
#[derive(Debug, Default)]
pub struct Endpoint {
    reader: Reader,
    /// The message that has begun and is not complete.
    message: Option<Box<Building>>,
}

pub use super::reader::ECHO_IN_PLACE_BYTES;

/// If fewer bytes of a frame are missing, they are read into the receive buffer: the next frame may follow
/// in the same read.
const DIRECT_BYTES: u64 = 16 << 10;

/// The limits that an endpoint enforces.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Payload of one message, in bytes.
    pub max_message_bytes: u64,
    /// Frames of one message.
    pub max_fragments: u32,
}

/// 16 MiB, in 131,072 frames at most.
impl Default for Limits {
    fn default() -> Self {
        Self { max_message_bytes: 16 << 20, max_fragments: 131_072 }
    }
}

impl Endpoint {
    /// Gives the next event in `input`, and takes what it used off `input`.
    ///
    /// Returns `Ok(None)` if all of it is used and more is needed.
    ///
    /// # Errors
    /// A violation, at the first byte that proves it. The endpoint must not be used again.
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Result<Option<Event<'a>>, Violation> {
        self.receive_general(input, limits, &Pool::default(), None)
    }

    /// A short way of [`Endpoint::receive_general`] for a message that is one whole frame.
    ///
    /// Returns `None`, and uses nothing, if there is anything else. The caller must then call the general way.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    #[inline]
    pub fn receive_whole<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Option<Result<Message<'a>, Violation>> {
        if self.message.is_some() {
            return None;
        }
        let (opcode, payload) = self.reader.next_whole(input, limits.max_message_bytes)?;
        Some(Message::whole(opcode, payload))
    }

    fn expected(&self, limits: &Limits, is_coding: bool) -> Expect {
        let message = self.message.as_ref();
        let received = message.map_or(0, |message| message.received as u64);
        let fragments = message.map_or(0, |message| message.fragments);
        Expect {
            in_message: message.is_some(),
            rsv1: is_coding,
            room: limits.max_message_bytes.saturating_sub(received),
            more_fragments: fragments < limits.max_fragments,
        }
    }

    /// Gives the next event in `input`, as [`Endpoint::receive`] does, also with an extension.
    ///
    /// Large messages lie in blocks of `pool`. `coding`: the extension that was agreed to.
    ///
    /// # Errors
    /// A violation, at the first byte that proves it. The endpoint must not be used again.
    #[cold]
    pub fn receive_general<'e, 'a: 'e>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        pool: &Pool,
        mut coding: Option<Coding<'e, '_>>,
    ) -> Result<Option<Event<'e>>, Violation> {
        loop {
            let piece = match self.message.as_mut().and_then(|it| it.resume()) {
                Some(piece) => piece,
                None => match self.reader.next(input, &self.expected(limits, coding.is_some()))? {
                    None => return Ok(None),
                    Some(piece) if piece.opcode.is_control() => {
                        return control_event(piece).map(Some);
                    }
                    Some(piece) => piece,
                },
            };
            if let Some(payload) = piece.whole() {
                let message = Message::whole(piece.opcode, payload)?;
                return Ok(Some(Event::Message(message.into())));
            }
            // A message that ends with its first piece needs no box.
            let mut begun = None;
            let message = match &mut self.message {
                Some(message) => message,
                None => begun.insert(Building::begin(&piece, coding.as_mut())),
            };
            let most = limits.max_message_bytes;
            let grown = message.push(&piece, most, pool, coding.as_mut())?;
            if grown.is_none() && piece.ends_message() {
                let message = self.message.take().map(|message| *message).or(begun);
                let complete = message.map(|message| message.finish(coding)).transpose()?;
                return Ok(complete.map(Event::Message));
            }
            if let Some(begun) = begun {
                self.message = Some(Box::new(begun));
            }
            if let Some(bytes) = grown {
                return Ok(Some(Event::Growing(bytes)));
            }
        }
    }

    /// The header of a large message, if a read gave its beginning and nothing else.
    ///
    /// The caller may then give the block in which `bytes` lie to [`Endpoint::adopt`].
    pub fn begins_large(&self, bytes: &[u8], limits: &Limits, pool: &Pool) -> Option<Header> {
        if self.message.is_some() {
            return None;
        }
        let header = self.reader.begins_message(bytes, limits.max_message_bytes)?;
        let arrived = bytes.len() - header.header_len;
        let missing = header.payload_len - arrived as u64;
        let is_earned = 2 * arrived >= BlockSize::Usual.bytes() || pool.has_kept(BlockSize::Usual);
        (is_large(arrived, missing, pool) && is_earned).then_some(header)
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
        self.reader.begin_elsewhere(header, end - start);
        self.message = Some(Box::new(Building::adopt(header, block, start, end)?));
        Ok(())
    }

    /// Whether the last read ended inside a frame, or inside its header.
    #[inline]
    pub fn is_inside_frame(&self) -> bool {
        self.reader.is_inside_frame()
    }

    /// Whether the caller should read the next bytes to where [`Endpoint::room`] says.
    ///
    /// They are payload of a large message then.
    #[inline]
    pub fn has_room(&self) -> bool {
        let is_long = |missing| missing >= DIRECT_BYTES;
        let message = self.message.as_ref();
        self.reader.missing().is_some_and(is_long) && message.is_some_and(|it| it.has_room())
    }

    /// Whether the next bytes of a large message fit into its first block.
    pub fn is_first_open(&self) -> bool {
        let message = self.message.as_ref();
        self.reader.missing().is_some() && message.is_some_and(|it| it.is_first_open())
    }

    /// The place to which the next bytes of a large message should be read: 256 KiB at most.
    ///
    /// `None`: the caller must read them into the receive buffer.
    pub fn room(&mut self, pool: &Pool) -> Option<&mut [u8]> {
        let missing = self.reader.missing()?;
        self.message.as_mut()?.room(missing, pool)
    }

    /// Unmasks and checks the first `len` bytes of [`Endpoint::room`], which the caller has read.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    pub fn arrived(&mut self, len: usize) -> Result<Option<Event<'static>>, Violation> {
        let (Some((key, ends)), Some(message)) = (self.reader.skip(len), &mut self.message) else {
            return Ok(None);
        };
        let large = message.arrived(len, key, ends)?;
        if large.is_some() {
            self.message = None;
        }
        Ok(large.map(|large| Event::Message(Complete::Large(large))))
    }

    /// Bytes of an unfinished message that have arrived.
    ///
    /// If the message is coded, they are its coded or its decoded bytes, whichever are more: both may be kept.
    pub fn unfinished_bytes(&self) -> usize {
        let message = self.message.as_ref();
        message.map_or(0, |message| message.len().max(message.received))
    }

    /// Has the meter count what is held for an unfinished frame and message.
    ///
    /// The caller must call this when a read leaves one. What is dropped is subtracted by itself.
    pub fn count(&mut self, meter: &Meter) {
        self.reader.count(meter);
        if let Some(message) = &mut self.message {
            message.count(meter);
        }
    }

    /// Bytes of memory held for an unfinished frame and message.
    pub fn held_bytes(&self) -> usize {
        let message = self.message.as_ref();
        self.reader.held_bytes() + message.map_or(0, |message| message.held_bytes())
    }
}

#[cold]
fn control_event(frame: Piece<'_>) -> Result<Event<'_>, Violation> {
    Ok(match frame.opcode {
        Opcode::Close => Event::Close(check_payload(&frame.payload, true)?),
        Opcode::Ping => Event::Ping(frame.payload),
        _ => Event::Pong,
    })
}
