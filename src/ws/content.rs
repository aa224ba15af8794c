//! The bytes of a message that have arrived: in one buffer while it is short, in blocks when it is large.
//!
//! Skip this file on a first reading: a message that arrives whole needs nothing of it.
//!
//! Until 32 KiB of a message have arrived, it lies in one buffer, which doubles as it grows. After that it
//! lies in blocks, and the next block is no larger than what has arrived. So the server holds at most twice of
//! what has arrived, and copies a byte once at most. Most bytes are not copied: they are read from
//! the socket to their place (`Endpoint::room`).

use super::close::Violation;
use super::frame::{Header, Opcode};
use super::utf8::Check;
use crate::pool::{Block, BlockSize, Pool};
use std::mem;

/// A message lies in blocks when more than this has arrived.
const SHORT_BYTES: usize = 32 << 10;
/// A block with less free room counts as full: a read into it is not worth its cost.
pub(super) const WORTH_READING_BYTES: usize = 8 << 10;
/// A frame of which less is missing gets no large block.
const WORTH_LARGE_BYTES: u64 = 1 << 20;

/// A block, and the range of its bytes that belong to the message.
#[derive(Debug)]
pub struct Part {
    /// The memory.
    pub block: Block,
    /// The first byte of the message in it.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Part {
    /// The bytes of the message in it.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    /// The free bytes of the block, after those of the message.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        self.block.get_mut(self.end..).unwrap_or_default()
    }

    pub(super) fn has_spare(&self, len: usize) -> bool {
        self.block.len() - self.end >= len
    }
}

/// Copies a message that is given in pieces into blocks. `None`: the system gives no memory.
pub fn copied(pieces: &[&[u8]], pool: &Pool) -> Option<Vec<Part>> {
    let mut missing: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut copy = Content::new(Opcode::Binary);
    for piece in pieces {
        missing -= piece.len();
        copy.append(piece, missing as u64, pool).ok()?;
    }
    Some(copy.parts)
}

/// Whether a message of which `len` bytes have arrived lies in blocks. `missing`: bytes that are announced.
///
/// An announcement alone gets no new memory, but it may get a block that the pool keeps.
pub(super) fn is_large(len: usize, missing: u64, pool: &Pool) -> bool {
    let announced = missing.saturating_add(len as u64);
    len > SHORT_BYTES || announced > SHORT_BYTES as u64 && pool.has_kept(BlockSize::Usual)
}

/// Chooses the size of a message's next block.
///
/// `arrived`: bytes of the message that are there; `to_come`: bytes that need a place. A message earns a larger
/// block by what has arrived; but it may have one that the pool keeps.
fn next_size(arrived: usize, to_come: u64, pool: &Pool) -> BlockSize {
    let earns = |size: BlockSize| arrived >= size.bytes() / 4 * 3;
    if arrived >= BlockSize::Large.bytes() && to_come >= WORTH_LARGE_BYTES {
        BlockSize::Large
    } else if earns(BlockSize::Usual) || pool.has_kept(BlockSize::Usual) {
        BlockSize::Usual
    } else if earns(BlockSize::Small) {
        BlockSize::Small
    } else {
        BlockSize::Least
    }
}

/// The bytes of a message that have arrived.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) opcode: Opcode,
    /// Checks the message if it is text.
    pub(super) check: Check,
    /// How many bytes have arrived.
    pub(super) len: usize,
    /// The bytes while the message is short.
    pub(super) short: Vec<u8>,
    /// The message lies in blocks, or its next bytes will.
    pub(super) is_large: bool,
    pub(super) parts: Vec<Part>,
}

impl Content {
    /// The empty content of a message that begins with this opcode.
    pub(super) fn new(opcode: Opcode) -> Self {
        let (short, parts) = (Vec::new(), Vec::new());
        Self { opcode, check: Check::default(), len: 0, short, is_large: false, parts }
    }

    /// Bytes of memory held.
    pub(super) fn capacity(&self) -> usize {
        let blocks: usize = self.parts.iter().map(|part| part.block.len()).sum();
        self.short.capacity() + blocks + self.parts.capacity() * size_of::<Part>()
    }

    /// Checks bytes and appends them. `missing`: how many bytes of their frame follow.
    pub(super) fn push(&mut self, bytes: &[u8], missing: u64, pool: &Pool) -> Result<(), Violation> {
        if self.opcode == Opcode::Text {
            self.check.push(bytes)?;
        }
        let len = self.len + bytes.len();
        if !self.is_large && is_large(len, missing, pool) {
            self.is_large = true;
            self.len = 0;
            let short = mem::take(&mut self.short);
            self.append(&short, missing, pool)?;
        }
        if self.is_large {
            return self.append(bytes, missing, pool);
        }
        // The buffer doubles, so it holds at most twice of what has arrived.
        if len > self.short.capacity() {
            let added = len.next_power_of_two() - self.len;
            self.short.try_reserve_exact(added).map_err(|_| Violation::NoRoom)?;
        }
        self.short.extend_from_slice(bytes);
        self.len = len;
        Ok(())
    }

    /// Copies bytes into blocks.
    fn append(&mut self, mut bytes: &[u8], missing: u64, pool: &Pool) -> Result<(), Violation> {
        while !bytes.is_empty() {
            let part = self.open_part(1, bytes.len(), missing, pool)?;
            let spare = part.spare();
            let (now, later) = bytes.split_at(spare.len().min(bytes.len()));
            if let Some(place) = spare.get_mut(..now.len()) {
                place.copy_from_slice(now);
            }
            part.end += now.len();
            self.len += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// The block that is filled next, with at least `room` free bytes.
    ///
    /// `arrived`: bytes that the caller will put there; `missing`: bytes of their frame that follow.
    pub(super) fn open_part(
        &mut self,
        room: usize,
        arrived: usize,
        missing: u64,
        pool: &Pool,
    ) -> Result<&mut Part, Violation> {
        if !self.parts.last().is_some_and(|part| part.has_spare(room)) {
            let size = next_size(self.len + arrived, arrived as u64 + missing, pool);
            let block = pool.take(size).ok_or(Violation::NoRoom)?;
            let (start, end) = (0, 0);
            self.parts.push(Part { block, start, end });
        }
        self.parts.last_mut().ok_or(Violation::NoRoom)
    }

    /// Unmasks and checks the first `len` bytes of `Endpoint::room`, which have arrived.
    pub(super) fn arrived(&mut self, len: usize, frame: &mut Header) -> Result<(), Violation> {
        if let Some(part) = self.parts.last_mut()
            && let Some(bytes) = part.spare().get_mut(..len)
        {
            frame.unmask_payload(bytes);
            if self.opcode == Opcode::Text {
                self.check.push(bytes)?;
            }
            part.end += len;
            self.len += len;
        }
        Ok(())
    }
}
