//! The bytes of a message that have arrived: in one buffer while it is short, in blocks when it is large.
//!
//! Skip this file on a first reading: a message that arrives whole needs nothing of it.

use super::close::Violation;
use super::frame::Opcode;
use super::large::{Gathering, SHORT_BYTES};
use super::utf8::TextBuffer;
use crate::pool::{BlockSize, Pool};

/// The bytes of a message that have arrived.
#[derive(Debug)]
pub(super) enum Content {
    Text(TextBuffer),
    Binary(Vec<u8>),
    Large(Gathering),
}

impl Content {
    /// The empty content of a message that begins with this opcode.
    pub(super) fn new(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Self::Text(TextBuffer::default()),
            _ => Self::Binary(Vec::new()),
        }
    }

    /// How many bytes have arrived.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Large(large) => large.len(),
        }
    }

    /// Bytes of memory held.
    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Text(text) => text.capacity(),
            Self::Binary(bytes) => bytes.capacity(),
            Self::Large(large) => large.capacity(),
        }
    }

    /// Appends a piece. `missing`: how many bytes of its frame follow.
    pub(super) fn push(&mut self, piece: &[u8], missing: u64, pool: &Pool) -> Result<(), Violation> {
        let len = self.len() + piece.len();
        if is_large(len, missing, pool) {
            self.move_into_blocks(missing, pool)?;
        }
        match self {
            Self::Text(text) => text.push(piece),
            Self::Binary(bytes) => {
                // The buffer doubles, so it holds at most twice of what has arrived.
                if len > bytes.capacity() {
                    let added = len.next_power_of_two() - bytes.len();
                    let reserved = bytes.try_reserve_exact(added);
                    reserved.map_err(|_| Violation::NoRoom)?;
                }
                bytes.extend_from_slice(piece);
                Ok(())
            }
            Self::Large(large) => large.push(piece, missing, pool),
        }
    }

    fn move_into_blocks(&mut self, missing: u64, pool: &Pool) -> Result<(), Violation> {
        *self = Self::Large(match self {
            Self::Text(text) => {
                let (whole, check) = text.parts();
                let bytes = [whole.as_bytes(), check.begun()];
                Gathering::begin(bytes, Some(check), missing, pool)?
            }
            Self::Binary(bytes) => Gathering::begin([bytes, &[]], None, missing, pool)?,
            Self::Large(_) => return Ok(()),
        });
        Ok(())
    }

    /// Appends decoded bytes. The message may have `most` bytes.
    pub(super) fn push_decoded(&mut self, chunk: &[u8], most: u64, pool: &Pool) -> Result<(), Violation> {
        self.judge_decoded(chunk, most, pool)?;
        self.push(chunk, 0, pool)
    }

    /// Judges whether these decoded bytes may be appended.
    ///
    /// # Errors
    /// What is wrong first: the text, or that the message has more than `most` bytes.
    pub(super) fn judge_decoded(&mut self, chunk: &[u8], most: u64, pool: &Pool) -> Result<(), Violation> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match chunk.get(..most.saturating_sub(self.len())) {
            Some(fits) if fits.len() < chunk.len() => {
                // A text may be wrong before it is too long. The answer must not depend on how it is cut.
                self.push(fits, 0, pool)?;
                Err(Violation::MessageTooBig)
            }
            _ => Ok(()),
        }
    }
}

/// Whether a message of which `len` bytes have arrived lies in blocks. `missing`: bytes that are announced.
///
/// An announcement alone gets no new memory, but it may get a block that the pool keeps.
pub(super) fn is_large(len: usize, missing: u64, pool: &Pool) -> bool {
    let announced = missing.saturating_add(len as u64);
    len > SHORT_BYTES || announced > SHORT_BYTES as u64 && pool.has_kept(BlockSize::Usual)
}
