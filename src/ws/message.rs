//! Messages, and what has arrived of one that is not complete (RFC 6455 §5.4, §5.6, §8.1).
//!
//! A message that lies whole in the read buffer is given on from there, without a copy. Any other is collected
//! in memory that grows with what has arrived, and not with what was announced (§10.4). `frame` has judged
//! its size and its number of fragments by the headers.
//!
//! On a first reading skip all from `Unfinished` on.

use super::close::Violation;
use super::content::{Content, Part};
use super::extension::{Coding, Decoder};
use super::frame::{Header, Opcode};
use crate::metered::{Account, with_holes};
use crate::pool::Pool;

/// A coded message asks for room whenever it has grown by this much.
const ROOM_BYTES: usize = 256 << 10;

/// A message, as applications see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, checked.
    Text(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
}

impl<'a> Message<'a> {
    /// The message of these bytes, which are all there.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`].
    #[inline]
    pub fn whole(opcode: Opcode, payload: &'a [u8]) -> Result<Self, Violation> {
        Ok(match opcode {
            Opcode::Text => Self::Text(simdutf8::basic::from_utf8(payload).map_err(|_| Violation::NotUtf8)?),
            _ => Self::Binary(payload),
        })
    }

    /// The opcode of its first frame.
    #[inline]
    pub fn opcode(self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::Text,
            Self::Binary(_) => Opcode::Binary,
        }
    }

    /// The bytes of the message.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// A complete message.
#[derive(Debug)]
pub enum Complete<'a> {
    /// It arrived whole, and lies in the read buffer; or it lies in the decoder of an extension.
    Whole(Message<'a>),
    /// It was collected. If it is text, it was checked.
    Collected(Opcode, Vec<u8>),
    /// It lies in blocks. If it is text, it was checked.
    Large(Opcode, Vec<Part>),
}

impl Complete<'_> {
    /// Whether it is text. Otherwise it is binary.
    pub fn is_text(&self) -> bool {
        self.opcode() == Opcode::Text
    }

    /// The opcode of its first frame.
    pub fn opcode(&self) -> Opcode {
        match self {
            Self::Whole(message) => message.opcode(),
            Self::Collected(opcode, _) | Self::Large(opcode, _) => *opcode,
        }
    }

    /// A copy of its bytes, in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Whole(message) => message.bytes().to_vec(),
            Self::Collected(_, bytes) => bytes.clone(),
            Self::Large(_, parts) => parts.iter().flat_map(Part::bytes).copied().collect(),
        }
    }
}

/// A message that has begun and is not complete.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// Its newest frame. The length and the key are those of the bytes to come.
    pub(super) frame: Header,
    /// How many of its frames have begun to arrive.
    pub(super) fragments: u32,
    /// Bytes of payload that have arrived.
    pub(super) received: usize,
    /// Its bytes, decoded.
    pub(super) content: Content,
    /// Decodes the message, if an extension has coded it.
    pub(super) decoder: Option<Box<dyn Decoder>>,
    /// Decoding waits until the caller has made room.
    pub(super) is_paused: bool,
    pub(super) account: Account,
}

impl Unfinished {
    /// Begins a message with its first frame, of which nothing is there yet.
    pub(super) fn new(frame: Header, content: Content, decoder: Option<Box<dyn Decoder>>) -> Self {
        let account = Account::default();
        Self { frame, fragments: 1, received: 0, content, decoder, is_paused: false, account }
    }

    /// Adds what `input` has of its newest frame. The message may have `most` bytes.
    ///
    /// Returns `Some` if a coded message has grown, with its bytes of memory. The caller must then make room and
    /// call again, also if the input is used up; or give up.
    pub(super) fn push(
        &mut self,
        input: &mut &mut [u8],
        most: u64,
        pool: &Pool,
        coding: Option<&mut Coding<'_, '_>>,
    ) -> Result<Option<usize>, Violation> {
        let payload = self.frame.take_payload(input);
        self.received += payload.len();
        if let Some(coding) = coding
            && self.decoder.is_some()
        {
            return self.decode(payload, most, pool, coding);
        }
        self.content.push(payload, self.frame.payload_len, pool)?;
        Ok(None)
    }

    /// Decodes in small steps. After each of them the size and the text are judged.
    fn decode(
        &mut self,
        mut input: &[u8],
        most: u64,
        pool: &Pool,
        coding: &mut Coding<'_, '_>,
    ) -> Result<Option<usize>, Violation> {
        let Self { frame, content, decoder: Some(decoder), is_paused, .. } = self else { return Ok(None) };
        *is_paused = false;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let history = coding.history.as_ref().map_or(&[][..], |history| &history.received);
        loop {
            let decoded = decoder.decode(&mut input, frame.ends_message(), history);
            let chunk = decoder.chunk();
            let (fits, over) = chunk.split_at(chunk.len().min(most.saturating_sub(content.len)));
            if decoded == Ok(true) && frame.ends_message() && content.len == 0 && over.is_empty() {
                // All of the message lies in the decoder. `finish` gives it from there.
                return Ok(None);
            }
            // Also after an error: the bytes before it may break another rule, which is then the first one. A text
            // may be wrong before it is too long. The answer must not depend on how it is cut.
            let steps = content.capacity() / ROOM_BYTES;
            content.push(fits, 0, pool)?;
            if !over.is_empty() {
                return Err(Violation::MessageTooBig);
            }
            let is_done = decoded?;
            // The steps are those of the message, and not of a frame: a large one can come in many short frames.
            let held = content.capacity();
            if held / ROOM_BYTES > steps {
                decoder.keep(input);
                *is_paused = true;
                return Ok(Some(held));
            }
            if is_done {
                return Ok(None);
            }
        }
    }

    /// Ends the message, and gives it.
    pub(super) fn finish<'e>(self, coding: Option<Coding<'e, '_>>) -> Result<Complete<'e>, Violation> {
        let opcode = self.content.opcode;
        if let (Some(decoder), Some(coding)) = (self.decoder, coding) {
            decoder.note(coding.agreed, coding.history);
            let decoder = coding.used.insert(decoder);
            if self.content.len == 0 {
                return Message::whole(opcode, decoder.chunk()).map(Complete::Whole);
            }
        }
        self.content.check.finish()?;
        Ok(match self.content.is_large {
            true => Complete::Large(opcode, self.content.parts),
            false => Complete::Collected(opcode, self.content.short),
        })
    }

    /// Bytes of memory held.
    pub(super) fn held_bytes(&self) -> usize {
        let decoder = self.decoder.as_ref();
        let decoder = decoder.map_or(0, |decoder| decoder.held_bytes());
        with_holes(size_of::<Self>() + self.content.capacity() + decoder)
    }
}
