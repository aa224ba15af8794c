//! The receiving side of one WebSocket: bytes become events (RFC 6455 §5.2 to §5.5, §6.2).
//!
//! The endpoint sends nothing itself. It tells its caller what has happened; the caller answers a Ping, sends a Close
//! back, and closes after a violation. Then the caller drops the endpoint, so that no later frame can be read.
//!
//! A message that is one frame and lies whole in the input is given on from there ([`Endpoint::receive_whole`]). All else
//! may arrive in many reads and frames (`receive_more`). What the last read left unfinished lies in boxes
//! that exist only then: an idle connection keeps nothing.

use super::close::{CloseCode, Violation, check_payload};
use super::content::Content;
use super::extension::Coding;
use super::frame::{self, Expect, Header, MAX_HEADER_BYTES, Opcode, Sender, take};
use super::message::{Complete, Message, Unfinished};
use crate::metered::{Account, Meter};
use crate::pool::Pool;
use crate::shortcuts;
use std::borrow::Cow;
use std::mem;

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
/// let limits = Limits { max_message_bytes: 1 << 20, ..Limits::default() };
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
    /// The header or control frame that has begun and is not complete.
    pub(super) begun: Option<Box<Begun>>,
    /// The message that has begun and is not complete.
    pub(super) message: Option<Box<Unfinished>>,
}

/// What has arrived of a frame, unless it is payload of a message.
#[derive(Debug)]
pub(super) enum Begun {
    /// The first bytes of a header, and how many they are.
    Header([u8; MAX_HEADER_BYTES], usize, Account),
    /// The first bytes of a control frame's payload, after the header of those to come.
    Control(Header, Vec<u8>, Account),
}

impl Begun {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Header(..) => size_of::<Self>(),
            Self::Control(_, payload, _) => size_of::<Self>() + payload.capacity(),
        }
    }
}

/// A whole message of this many bytes can be sent back from where it lies.
///
/// For that its header becomes the server's own, right in front of the payload ([`frame::make_own_header`]).
pub const ECHO_IN_PLACE_BYTES: usize = 4 << 10;

/// Whose frames an endpoint takes, and the limits that it enforces.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The other side.
    pub from: Sender,
    /// Payload of one message, in bytes.
    pub max_message_bytes: u64,
    /// Frames of one message.
    pub max_fragments: u32,
}

/// Messages of a client: 16 MiB, in 131,072 frames at most.
impl Default for Limits {
    fn default() -> Self {
        Self { from: Sender::Client, max_message_bytes: 16 << 20, max_fragments: 131_072 }
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
        coding: Option<Coding<'e, '_>>,
    ) -> Result<Option<Event<'e>>, Violation> {
        match self.receive_whole(input, limits) {
            Some(message) => Ok(Some(Event::Message(Complete::Whole(message?)))),
            None => self.receive_more(input, limits, pool, coding),
        }
    }

    /// Gives a message that is one frame, not coded, and lies whole at the start of `input`.
    ///
    /// Returns `None`, and uses nothing, if there is anything else: also if the frame breaks a rule. The caller must then call
    /// [`Endpoint::receive_general`].
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]. The endpoint must not be used again.
    #[inline(always)]
    pub fn receive_whole<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Option<Result<Message<'a>, Violation>> {
        if self.begun.is_some() || self.message.is_some() {
            return None;
        }
        let room = limits.max_message_bytes;
        let expect = Expect { from: limits.from, in_message: false, rsv1: false, room, more_fragments: true };
        // Shortcut, equals `take_longer`: most headers are those of a short message.
        let fast = if shortcuts::ON { frame::decode_fast(input, &expect) } else { None };
        let (opcode, payload) = match fast {
            Some(header) => take_whole(&header, input)?,
            None => take_longer(input, &expect)?,
        };
        Some(Message::whole(opcode, payload))
    }

    /// Gives the next event that is not a whole message: it may be spread over reads and frames.
    #[cold]
    fn receive_more<'e, 'a: 'e>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        pool: &Pool,
        mut coding: Option<Coding<'e, '_>>,
    ) -> Result<Option<Event<'e>>, Violation> {
        if input.is_empty() && !self.message.as_ref().is_some_and(|message| message.is_paused) {
            return Ok(None);
        }
        if let Some(Begun::Control(frame, payload, _)) = self.begun.as_deref_mut() {
            let (frame, payload) = (*frame, mem::take(payload));
            self.begun = None;
            return self.receive_control(frame, payload, input);
        }
        loop {
            if self.message.as_ref().is_none_or(|it| it.frame.payload_len == 0 && !it.is_paused) {
                let Some(frame) = self.next_header(input, limits, coding.is_some())? else { return Ok(None) };
                if matches!(frame.opcode, Opcode::Close | Opcode::Ping | Opcode::Pong) {
                    return self.receive_control(frame, Vec::new(), input);
                }
                if let Some(message) = &mut self.message {
                    message.frame = frame;
                    message.fragments += 1;
                } else {
                    let is_whole = frame.fin && frame.payload_len <= input.len() as u64;
                    let coding = coding.as_mut().filter(|_| frame.rsv1);
                    let decoder = coding.map(|coding| coding.extension.begin(is_whole));
                    let message = Unfinished::new(frame, Content::new(frame.opcode), decoder);
                    self.message = Some(Box::new(message));
                }
            }
            let Some(message) = &mut self.message else { return Ok(None) };
            if let Some(bytes) = message.push(input, limits.max_message_bytes, pool, coding.as_mut())? {
                return Ok(Some(Event::Growing(bytes)));
            }
            if message.frame.payload_len > 0 {
                return Ok(None);
            }
            if let Some(message) = self.message.take_if(|message| message.frame.fin) {
                return Ok(Some(Event::Message(message.finish(coding)?)));
            }
        }
    }

    /// The next header, whose first bytes may have come in an earlier read. `None`: it is not complete.
    fn next_header(
        &mut self,
        input: &mut &mut [u8],
        limits: &Limits,
        is_coding: bool,
    ) -> Result<Option<Header>, Violation> {
        let message = self.message.as_ref();
        let (received, fragments) = message.map_or((0, 0), |it| (it.received as u64, it.fragments));
        let expect = Expect {
            from: limits.from,
            in_message: message.is_some(),
            rsv1: is_coding,
            room: limits.max_message_bytes.saturating_sub(received),
            more_fragments: fragments < limits.max_fragments,
        };
        let (mut bytes, earlier) = match self.begun.as_deref() {
            Some(Begun::Header(bytes, len, _)) => (*bytes, *len),
            _ => ([0; MAX_HEADER_BYTES], 0),
        };
        let mut len = earlier;
        for (slot, byte) in bytes.iter_mut().skip(earlier).zip(&**input) {
            *slot = *byte;
            len += 1;
        }
        let header = frame::decode(bytes.get(..len).unwrap_or_default(), &expect)?;
        take(input, header.map_or(len, |header| header.header_len) - earlier);
        self.begun = match header {
            None if len > 0 => Some(Box::new(Begun::Header(bytes, len, Account::default()))),
            _ => None,
        };
        Ok(header)
    }

    /// Takes the payload of a control frame. `earlier`: what an earlier read has brought of it.
    ///
    /// Returns `Ok(None)` if it is not complete. Its bytes are judged anyway.
    fn receive_control<'a>(
        &mut self,
        mut frame: Header,
        mut earlier: Vec<u8>,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, Violation> {
        let arrived = frame.take_payload(input);
        let payload = if earlier.is_empty() {
            Cow::Borrowed(&*arrived)
        } else {
            earlier.extend_from_slice(arrived);
            Cow::Owned(earlier)
        };
        let is_complete = frame.payload_len == 0;
        let code = match frame.opcode {
            Opcode::Close => check_payload(&payload, is_complete)?,
            _ => None,
        };
        if !is_complete {
            self.begun = Some(Box::new(Begun::Control(frame, payload.into_owned(), Account::default())));
            return Ok(None);
        }
        Ok(Some(match frame.opcode {
            Opcode::Close => Event::Close(code),
            Opcode::Ping => Event::Ping(payload),
            _ => Event::Pong,
        }))
    }

    /// Bytes of an unfinished message that have arrived.
    ///
    /// If the message is coded, they are its coded or its decoded bytes, whichever are more: both may be kept.
    pub fn unfinished_bytes(&self) -> usize {
        let message = self.message.as_ref();
        message.map_or(0, |message| message.content.len.max(message.received))
    }

    /// Has the meter count what is held for an unfinished frame and message.
    ///
    /// The caller must call this when a read leaves one. What is dropped is subtracted by itself.
    pub fn count(&mut self, meter: &Meter) {
        let held = self.begun.as_deref().map_or(0, Begun::held_bytes);
        if let Some(Begun::Header(.., account) | Begun::Control(.., account)) = self.begun.as_deref_mut() {
            account.set(held, meter);
        }
        if let Some(message) = &mut self.message {
            message.account.set(message.held_bytes(), meter);
        }
    }

    /// Bytes of memory held for an unfinished frame and message.
    pub fn held_bytes(&self) -> usize {
        let begun = self.begun.as_deref().map_or(0, Begun::held_bytes);
        begun + self.message.as_ref().map_or(0, |message| message.held_bytes())
    }
}

/// Takes the payload, unmasked, of a message that is one frame with this header and lies whole in `input`.
///
/// The compiler makes it a part of both callers: what `decode_fast` knows of a header is not asked again.
#[inline(always)]
fn take_whole<'a>(header: &Header, input: &mut &'a mut [u8]) -> Option<(Opcode, &'a mut [u8])> {
    let payload_len = usize::try_from(header.payload_len).ok()?;
    let is_message = header.fin && matches!(header.opcode, Opcode::Text | Opcode::Binary);
    if !is_message || input.len() - header.header_len < payload_len {
        return None;
    }
    let (head, rest) = mem::take(input).split_at_mut_checked(header.header_len)?;
    let (payload, rest) = rest.split_at_mut_checked(payload_len)?;
    *input = rest;
    if payload_len >= ECHO_IN_PLACE_BYTES {
        frame::make_own_header(head);
    }
    frame::unmask(payload, header.masking_key);
    Some((header.opcode, payload))
}

/// Takes the payload of a whole message. The header may have any length.
#[inline(never)]
fn take_longer<'a>(input: &mut &'a mut [u8], expect: &Expect) -> Option<(Opcode, &'a mut [u8])> {
    take_whole(&frame::decode(input, expect).ok()??, input)
}
