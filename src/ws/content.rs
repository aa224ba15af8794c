//! What has arrived of a message: in one buffer while it is short, in blocks when it is large.

use super::close::Violation;
use super::large::{Gathering, SHORT_BYTES};
use super::message::Complete;
use super::utf8::TextBuffer;
use crate::pool::{BlockSize, Pool};
use std::borrow::Cow;

/// A message that inflates asks for room whenever it has grown by so much.
const ROOM_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub(super) enum Content {
    Text(TextBuffer),
    Binary(Vec<u8>),
    Large(Gathering),
}

impl Content {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Large(large) => large.len(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Text(text) => text.capacity(),
            Self::Binary(bytes) => bytes.capacity(),
            Self::Large(large) => large.capacity(),
        }
    }

    /// Appends a piece, behind which the frame has said that `missing` bytes come.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        missing: u64,
        pool: &Pool,
    ) -> Result<(), Violation> {
        let len = self.len() + piece.len();
        match self {
            Self::Large(large) => return large.push(piece, missing, pool),
            _ if !is_large(len, missing, pool) => {}
            Self::Text(text) => {
                let (whole, check) = text.parts();
                let bytes = [whole.as_bytes(), check.begun()];
                let mut large = Gathering::begin(bytes, Some(check), missing, pool)?;
                large.push(piece, missing, pool)?;
                *self = Self::Large(large);
                return Ok(());
            }
            Self::Binary(bytes) => {
                let mut large = Gathering::begin([bytes, &[]], None, missing, pool)?;
                large.push(piece, missing, pool)?;
                *self = Self::Large(large);
                return Ok(());
            }
        }
        match self {
            Self::Text(text) => text.push(piece)?,
            Self::Binary(bytes) => {
                // At most twice of what has arrived is held.
                if len > bytes.capacity() {
                    let added = len.next_power_of_two() - bytes.len();
                    let reserved = bytes.try_reserve_exact(added);
                    reserved.map_err(|_| Violation::NoRoom)?;
                }
                bytes.extend_from_slice(piece);
            }
            Self::Large(_) => {}
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Complete<'static>, Violation> {
        Ok(match self {
            Self::Text(text) => Complete::Text(Cow::Owned(text.finish()?)),
            Self::Binary(bytes) => Complete::Binary(Cow::Owned(bytes)),
            Self::Large(large) => Complete::Large(large.finish()?),
        })
    }
}

/// Whether a message goes into blocks when `len` bytes of it are there, and `missing` are announced. An
/// announcement alone gets it no new memory, but a block that is kept anyway it may have.
pub(super) fn is_large(len: usize, missing: u64, pool: &Pool) -> bool {
    let announced = missing.saturating_add(len as u64);
    len > SHORT_BYTES || announced > SHORT_BYTES as u64 && pool.has_kept(BlockSize::Usual)
}

/// A message that inflates: at each chunk it is asked whether it may grow.
pub(super) struct Growth<'a> {
    content: &'a mut Content,
    most: u64,
    pool: &'a Pool,
    room: &'a mut dyn FnMut(usize) -> bool,
}

impl<'a> Growth<'a> {
    pub(super) fn new(
        content: &'a mut Content,
        most: u64,
        pool: &'a Pool,
        room: &'a mut dyn FnMut(usize) -> bool,
    ) -> Self {
        Self {
            content,
            most,
            pool,
            room,
        }
    }

    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), Violation> {
        self.judge(chunk)?;
        let steps = self.content.capacity() / ROOM_BYTES;
        self.content.push(chunk, 0, self.pool)?;
        let held = self.content.capacity();
        // Not counted from the start of a frame: many short ones, of one read, can hold a large message.
        if held / ROOM_BYTES > steps && !(self.room)(held) {
            return Err(Violation::NoRoom);
        }
        Ok(())
    }

    /// Whether this chunk would be all of the message so far.
    pub(super) fn is_first(&mut self, chunk: &[u8]) -> Result<bool, Violation> {
        self.judge(chunk)?;
        Ok(self.content.len() == 0)
    }

    fn judge(&mut self, chunk: &[u8]) -> Result<(), Violation> {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        match chunk.get(..most.saturating_sub(self.content.len())) {
            Some(fits) if fits.len() < chunk.len() => {
                // A text may be none before it is too long: what is said of it is the same however it is cut.
                self.content.push(fits, 0, self.pool)?;
                Err(Violation::MessageTooBig)
            }
            _ => Ok(()),
        }
    }
}
