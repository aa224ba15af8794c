//! Pieces of frames into messages (RFC 6455 §5.4, §5.6, §8.1).
//!
//! A message that lies whole in the read buffer is handed on from there, without a copy. Any
//! other is collected in a buffer that grows with what has arrived, never with what was
//! announced (§10.4). Size and number of fragments are judged before, by the frame's header.

use super::blocks::Blocks;
use super::close::Violation;
use super::frame::Opcode;
use super::reader::Piece;
use super::utf8::{self, TextBuffer};
use std::borrow::Cow;

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
#[derive(Debug, PartialEq, Eq)]
pub enum Complete<'a> {
    /// Checked UTF-8.
    Text(Cow<'a, str>),
    /// Any bytes.
    Binary(Cow<'a, [u8]>),
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
    /// What an application sees of it.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }
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
}

#[derive(Debug)]
enum Content {
    Text(TextBuffer),
    Binary(Blocks<Vec<u8>>),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl Assembler {
    /// A message has begun and is not finished: between its frames or inside one.
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.building.is_some()
    }

    /// Bytes of the unfinished message that have arrived.
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
            let content = match &building.content {
                Content::Text(text) => text.capacity(),
                Content::Binary(bytes) => bytes.capacity(),
            };
            size_of::<Building>() + content
        })
    }

    /// Takes the next piece; gives the message when this piece ends it.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`].
    pub fn push<'a>(&mut self, piece: Piece<'a>) -> Result<Option<Complete<'a>>, Violation> {
        let mut building = self.building.take().unwrap_or_else(|| {
            let content = match piece.opcode {
                Opcode::Text => Content::Text(TextBuffer::default()),
                _ => Content::Binary(Blocks::default()),
            };
            Box::new(Building {
                content,
                fragments: 0,
            })
        });
        if piece.starts_frame {
            building.fragments += 1;
        }
        match &mut building.content {
            Content::Text(text) => text.push(piece.payload)?,
            Content::Binary(bytes) => bytes.push(piece.payload),
        }
        if !(piece.fin && piece.ends_frame) {
            self.building = Some(building);
            return Ok(None);
        }
        Ok(Some(match building.content {
            Content::Text(text) => Complete::Text(Cow::Owned(text.finish()?)),
            Content::Binary(bytes) => Complete::Binary(Cow::Owned(bytes.finish())),
        }))
    }
}
