//! Pieces of frames into messages (RFC 6455 §5.4, §5.6, §8.1).
//!
//! A message that lies whole in the read buffer is handed on from there, without a copy. Any
//! other is collected in memory that grows with what has arrived, never with what was
//! announced (§10.4); large ones lie in blocks (`large`). Size and number of fragments are judged
//! before, by the frame's header.
//!
//! A compressed message is collected as it is inflated (RFC 7692 §6, §7.2.2): how large it becomes is
//! judged here, chunk by chunk, and so is its text.

use super::close::Violation;
use super::content::{Content, Growth};
use super::deflate::{Agreed, Contexts, Inflater, Inflating};
use super::frame::{Header, Opcode};
use super::large::{Gathering, Large, Part};
use super::reader::Piece;
use super::utf8::{self, TextBuffer};
use crate::pool::{Block, Pool};
use std::borrow::Cow;
use std::mem;

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
    #[must_use]
    #[inline]
    pub fn opcode(self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::Text,
            Self::Binary(_) => Opcode::Binary,
        }
    }

    /// Its bytes.
    #[must_use]
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// A complete message. Borrowed where it arrived whole, owned where it was collected.
#[derive(Debug)]
pub enum Complete<'a> {
    /// Checked UTF-8.
    Text(Cow<'a, str>),
    /// Any bytes.
    Binary(Cow<'a, [u8]>),
    /// One that lies in blocks, text or not.
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
    /// Whether it is text. Else it is binary.
    #[must_use]
    pub fn is_text(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Binary(_) => false,
            Self::Large(large) => large.opcode == Opcode::Text,
        }
    }

    /// A copy of its bytes, in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Binary(bytes) => bytes.to_vec(),
            Self::Large(large) => large.parts.iter().flat_map(Part::bytes).copied().collect(),
        }
    }
}

/// What comes of a piece.
#[derive(Debug)]
pub enum Pushed {
    /// The message goes on.
    Unfinished,
    /// It is complete.
    Message(Complete<'static>),
    /// It is complete, was compressed, and lies in the inflater ([`Inflater::last_chunk`]).
    Inflated(Opcode),
}

/// What it takes to inflate a message.
pub struct Means<'e, 'm> {
    /// What the client has agreed to.
    pub agreed: Option<Agreed>,
    /// Inflates, for all connections.
    pub inflater: &'e mut Inflater,
    /// What the connection keeps between two messages.
    pub contexts: &'m mut Option<Box<Contexts>>,
    /// Where the blocks of large messages come from.
    pub pool: &'m Pool,
    /// Asked now and then while a message grows that came out of few bytes: may it hold so many?
    pub room: &'m mut dyn FnMut(usize) -> bool,
}

/// Collects the message that has begun, if there is one.
#[derive(Debug, Default)]
pub struct Assembler {
    building: Option<Box<Building>>,
}

#[derive(Debug)]
struct Building {
    content: Content,
    fragments: u32,
    /// It is compressed.
    inflating: Option<Inflating>,
}

impl Assembler {
    /// A message has begun and is not finished: between its frames or inside one.
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.building.is_some()
    }

    /// Bytes of the unfinished message that have arrived; of a compressed one, what came out of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.building
            .as_ref()
            .map_or(0, |building| building.content.len())
    }

    /// Nothing of an unfinished message has arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Payload of the unfinished message that has arrived, in bytes.
    #[must_use]
    pub fn received(&self) -> usize {
        self.building
            .as_ref()
            .map_or(0, |building| match &building.inflating {
                None => building.content.len(),
                Some(inflating) => inflating.received(),
            })
    }

    /// Fragments of the unfinished message that have begun to arrive.
    #[must_use]
    pub fn fragments(&self) -> u32 {
        self.building
            .as_ref()
            .map_or(0, |building| building.fragments)
    }

    /// Bytes of memory held for the unfinished message.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.building.as_ref().map_or(0, |building| {
            let inflating = building.inflating.as_ref();
            let inflating = inflating.map_or(0, Inflating::held_bytes);
            size_of::<Building>() + building.content.capacity() + inflating
        })
    }

    /// Begins a large message in a block that holds its first bytes: see [`Endpoint::adopt`](super::endpoint::Endpoint::adopt).
    ///
    /// # Errors
    /// [`Violation::NotUtf8`].
    pub fn adopt(
        &mut self,
        header: &Header,
        block: Block,
        start: usize,
        end: usize,
    ) -> Result<(), Violation> {
        let large = Gathering::adopt(header.opcode, block, start, end, header.masking_key)?;
        self.building = Some(Box::new(Building {
            content: Content::Large(large),
            fragments: 1,
            inflating: None,
        }));
        Ok(())
    }

    /// Whether bytes of the unfinished message can be read to their place: see [`Assembler::room`].
    #[must_use]
    pub fn has_room(&self) -> bool {
        let building = self.building.as_ref();
        building.is_some_and(|building| {
            matches!(building.content, Content::Large(_)) && building.inflating.is_none()
        })
    }

    /// Whether [`Assembler::room`] is in the first block of a large message.
    #[must_use]
    pub fn is_first_open(&self) -> bool {
        let building = self.building.as_ref();
        building.is_some_and(|building| match &building.content {
            Content::Large(large) => large.is_first_open(),
            _ => false,
        })
    }

    /// Where up to `missing` bytes that come next are to be read to, if the message is large. `None` also when
    /// the system gives no memory.
    pub fn room(&mut self, missing: u64, pool: &Pool) -> Option<&mut [u8]> {
        match &mut self.building.as_mut()?.content {
            Content::Large(large) => large.room(missing, pool),
            _ => None,
        }
    }

    /// The first `len` bytes of [`Assembler::room`] have arrived, masked with this key. `ends`: with them the
    /// message is complete, and is given.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`].
    pub fn arrived(
        &mut self,
        len: usize,
        key: [u8; 4],
        ends: bool,
    ) -> Result<Option<Large>, Violation> {
        let Some(building) = &mut self.building else {
            return Ok(None);
        };
        let Content::Large(large) = &mut building.content else {
            return Ok(None);
        };
        large.arrived(len, key)?;
        if !ends {
            return Ok(None);
        }
        let large = mem::take(large);
        self.building = None;
        large.finish().map(Some)
    }

    /// Takes the next piece; gives the message when this piece ends it. `most`: bytes that a message may
    /// have.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]; of a compressed message also [`Violation::CorruptDeflate`],
    /// [`Violation::TooManyFinalBlocks`], [`Violation::MessageTooBig`] and [`Violation::NoRoom`].
    pub fn push(
        &mut self,
        piece: &Piece<'_>,
        most: u64,
        means: &mut Means<'_, '_>,
    ) -> Result<Pushed, Violation> {
        let is_last = piece.fin && piece.ends_frame;
        let mut building = match self.building.take() {
            Some(building) => building,
            // The usual compressed message needs no box.
            None if is_last => {
                let mut building = Building::begin(piece, means)?;
                building.take(piece, most, means)?;
                return building.finish(most, means);
            }
            None => Box::new(Building::begin(piece, means)?),
        };
        building.take(piece, most, means)?;
        if is_last {
            return building.finish(most, means);
        }
        self.building = Some(building);
        Ok(Pushed::Unfinished)
    }
}

impl Building {
    fn begin(piece: &Piece<'_>, means: &mut Means<'_, '_>) -> Result<Self, Violation> {
        let is_whole = piece.fin && piece.ends_frame;
        Ok(Self {
            content: match piece.opcode {
                Opcode::Text => Content::Text(TextBuffer::default()),
                _ => Content::Binary(Vec::new()),
            },
            fragments: 0,
            inflating: match &means.agreed {
                Some(agreed) if piece.rsv1 => {
                    let contexts = means.contexts.as_deref();
                    Some(means.inflater.begin(agreed, is_whole, contexts)?)
                }
                _ => None,
            },
        })
    }

    fn take(
        &mut self,
        piece: &Piece<'_>,
        most: u64,
        means: &mut Means<'_, '_>,
    ) -> Result<(), Violation> {
        if piece.starts_frame {
            self.fragments += 1;
        }
        let Some(inflating) = &mut self.inflating else {
            return self.content.push(piece.payload, piece.missing, means.pool);
        };
        let is_last = piece.fin && piece.ends_frame;
        let mut growth = Growth::new(&mut self.content, most, means.pool, means.room);
        let mut take = |chunk: &[u8]| growth.take(chunk);
        let contexts = means.contexts.as_deref();
        means
            .inflater
            .push(inflating, piece.payload, contexts, &mut take)?;
        if is_last {
            return Ok(());
        }
        // What is wrong with a text shall be found now, and not with its next fragment.
        means.inflater.pause(inflating, &mut take)
    }

    fn finish(mut self, most: u64, means: &mut Means<'_, '_>) -> Result<Pushed, Violation> {
        let (Some(inflating), Some(agreed)) = (self.inflating, &means.agreed) else {
            return self.content.finish().map(Pushed::Message);
        };
        let mut growth = Growth::new(&mut self.content, most, means.pool, means.room);
        means
            .inflater
            .finish(inflating, agreed, means.contexts, &mut |chunk| {
                growth.take(chunk)
            })?;
        let chunk = means.inflater.last_chunk();
        if growth.is_first(chunk)? {
            return Ok(Pushed::Inflated(match self.content {
                Content::Text(_) => Opcode::Text,
                _ => Opcode::Binary,
            }));
        }
        growth.take(chunk)?;
        self.content.finish().map(Pushed::Message)
    }
}
