//! Puts pieces of frames together to messages (RFC 6455 §5.4, §5.6, §8.1).
//!
//! A message that lies whole in the read buffer is given on from there, without a copy. Any other is collected
//! in memory that grows with what has arrived, and not with what was announced (§10.4). `frame` has judged
//! its size and its number of fragments by the headers.
//!
//! A message that an extension has coded is decoded here in small steps. After each step its size and its text
//! are judged. Skip that on first reading.

use super::close::Violation;
use super::content::Content;
use super::extension::{Coding, Decoder};
use super::frame::{Header, Opcode};
use super::large::{Gathering, Large, Part};
use super::reader::Piece;
use super::utf8;
use crate::metered::{Account, Meter, with_holes};
use crate::pool::{Block, Pool};
use std::borrow::Cow;
use std::mem;

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
    /// The message of one whole frame.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`].
    #[inline]
    pub fn whole(opcode: Opcode, payload: &'a [u8]) -> Result<Self, Violation> {
        Ok(match opcode {
            Opcode::Text => Self::Text(utf8::check(payload)?),
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

/// A complete message. It is borrowed if it arrived whole, and owned if it was collected.
#[derive(Debug)]
pub enum Complete<'a> {
    /// Checked UTF-8.
    Text(Cow<'a, str>),
    /// Any bytes.
    Binary(Cow<'a, [u8]>),
    /// A message that lies in blocks, text or not.
    Large(Large),
}

impl<'a> From<Message<'a>> for Complete<'a> {
    fn from(message: Message<'a>) -> Self {
        match message {
            Message::Text(text) => Self::Text(Cow::Borrowed(text)),
            Message::Binary(bytes) => Self::Binary(Cow::Borrowed(bytes)),
        }
    }
}

impl Complete<'_> {
    /// The opcode of its first frame.
    pub fn opcode(&self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::Text,
            Self::Binary(_) => Opcode::Binary,
            Self::Large(large) => large.opcode,
        }
    }

    /// Whether it is text. Otherwise it is binary.
    pub fn is_text(&self) -> bool {
        self.opcode() == Opcode::Text
    }

    /// A copy of its bytes, in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Binary(bytes) => bytes.to_vec(),
            Self::Large(large) => large.parts.iter().flat_map(Part::bytes).copied().collect(),
        }
    }
}

/// A message that has begun and is not complete.
#[derive(Debug)]
pub(super) struct Building {
    content: Content,
    /// How many of its frames have begun to arrive.
    pub(super) fragments: u32,
    /// Bytes of payload that have arrived.
    pub(super) received: usize,
    /// Decodes the message, if an extension has coded it.
    decoder: Option<Box<dyn Decoder>>,
    /// `Some`: decoding waits until the caller has made room. The value says that the payload is complete.
    paused: Option<bool>,
    account: Account,
}

impl Building {
    /// Begins a message with the frame to which this piece belongs.
    pub(super) fn begin(piece: &Piece<'_>, coding: Option<&mut Coding<'_, '_>>) -> Self {
        let coding = coding.filter(|_| piece.rsv1);
        Self {
            content: Content::new(piece.opcode),
            fragments: 0,
            received: 0,
            decoder: coding.map(|coding| coding.extension.begin(piece.ends_message())),
            paused: None,
            account: Account::default(),
        }
    }

    /// Begins a large message in a block that has its first bytes ([`Endpoint::adopt`](super::endpoint::Endpoint::adopt)).
    pub(super) fn adopt(header: &Header, block: Block, start: usize, end: usize) -> Result<Self, Violation> {
        let large = Gathering::adopt(header.opcode, block, start, end, header.masking_key)?;
        Ok(Self {
            content: Content::Large(large),
            fragments: 1,
            received: end - start,
            decoder: None,
            paused: None,
            account: Account::default(),
        })
    }

    /// Bytes of the message that are there, decoded.
    pub(super) fn len(&self) -> usize {
        self.content.len()
    }

    /// Bytes of memory held.
    pub(super) fn held_bytes(&self) -> usize {
        let decoder = self.decoder.as_ref();
        let decoder = decoder.map_or(0, |decoder| decoder.held_bytes());
        with_holes(size_of::<Self>() + self.content.capacity() + decoder)
    }

    pub(super) fn count(&mut self, meter: &Meter) {
        self.account.set(self.held_bytes(), meter);
    }

    /// An empty piece that continues the decoding. `None`: it is not paused.
    pub(super) fn resume(&mut self) -> Option<Piece<'static>> {
        let is_last = self.paused.take()?;
        Some(Piece {
            opcode: Opcode::Continuation,
            fin: is_last,
            rsv1: false,
            starts_frame: false,
            missing: 0,
            payload: Cow::Borrowed(&[]),
        })
    }

    /// Adds the next piece. The message may have `most` bytes.
    ///
    /// Returns `Some` if a coded message has grown, with its bytes of memory. The caller must then make room, and
    /// continue with [`Building::resume`], or give up.
    pub(super) fn push(
        &mut self,
        piece: &Piece<'_>,
        most: u64,
        pool: &Pool,
        coding: Option<&mut Coding<'_, '_>>,
    ) -> Result<Option<usize>, Violation> {
        self.fragments += u32::from(piece.starts_frame);
        self.received += piece.payload.len();
        let (Some(decoder), Some(coding)) = (&mut self.decoder, coding) else {
            self.content.push(&piece.payload, piece.missing, pool)?;
            return Ok(None);
        };
        let history = coding.history.as_ref();
        let history = history.map_or(&[][..], |history| &history.received);
        let mut input = &*piece.payload;
        loop {
            let decoded = decoder.decode(&mut input, piece.ends_message(), history);
            if decoded == Ok(true) && piece.ends_message() && self.content.len() == 0 {
                // All of the message lies in the decoder. `finish` gives it from there.
                self.content.judge_decoded(decoder.chunk(), most, pool)?;
                return Ok(None);
            }
            // Also after an error: the bytes before it may break another rule, which is then the first one.
            let steps = self.content.capacity() / ROOM_BYTES;
            self.content.push_decoded(decoder.chunk(), most, pool)?;
            decoder.taken();
            let is_done = decoded?;
            // The steps are those of the message, and not of a frame: a large one can come in many short frames.
            let held = self.content.capacity();
            if held / ROOM_BYTES > steps {
                decoder.keep(input);
                self.paused = Some(piece.ends_message());
                return Ok(Some(held));
            }
            if is_done {
                return Ok(None);
            }
        }
    }

    /// Ends the message, and gives it.
    pub(super) fn finish<'e>(self, coding: Option<Coding<'e, '_>>) -> Result<Complete<'e>, Violation> {
        if let (Some(decoder), Some(coding)) = (self.decoder, coding) {
            decoder.note(coding.agreed, coding.history);
            let decoder = coding.used.insert(decoder);
            let opcode = match &self.content {
                Content::Text(text) if text.is_empty() => Some(Opcode::Text),
                Content::Binary(bytes) if bytes.is_empty() => Some(Opcode::Binary),
                _ => None,
            };
            if let Some(opcode) = opcode {
                return Message::whole(opcode, decoder.chunk()).map(Complete::from);
            }
        }
        Ok(match self.content {
            Content::Text(text) => Complete::Text(Cow::Owned(text.finish()?)),
            Content::Binary(bytes) => Complete::Binary(Cow::Owned(bytes)),
            Content::Large(large) => Complete::Large(large.finish()?),
        })
    }

    /// Whether bytes of the message can be read to [`Building::room`].
    pub(super) fn has_room(&self) -> bool {
        matches!(self.content, Content::Large(_)) && self.decoder.is_none()
    }

    /// Whether the message is large, has one block only, and that is not full.
    pub(super) fn is_first_open(&self) -> bool {
        matches!(&self.content, Content::Large(large) if large.is_first_open())
    }

    /// The place to which up to `missing` bytes should be read.
    ///
    /// `None`: the message is not large, or the system gives no memory.
    pub(super) fn room(&mut self, missing: u64, pool: &Pool) -> Option<&mut [u8]> {
        match &mut self.content {
            Content::Large(large) => large.room(missing, pool),
            _ => None,
        }
    }

    /// Unmasks and checks the first `len` bytes of [`Building::room`], which have arrived.
    ///
    /// `ends`: the message is complete with them. Then it is returned.
    pub(super) fn arrived(
        &mut self,
        len: usize,
        key: [u8; 4],
        ends: bool,
    ) -> Result<Option<Large>, Violation> {
        let Content::Large(large) = &mut self.content else { return Ok(None) };
        large.arrived(len, key)?;
        self.received += len;
        match ends {
            true => mem::take(large).finish().map(Some),
            false => Ok(None),
        }
    }
}
