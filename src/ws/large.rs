//! A large message lies in blocks of memory, and its bytes are not moved.
//!
//! Skip this file on a first reading: short messages need nothing of it.
//!
//! Until 32 KiB of a message have arrived, it lies in one buffer, which doubles as it grows. After that it
//! lies in blocks, and the next block is no larger than what has arrived. So the server holds at most twice of
//! what has arrived, and copies a byte once at most. Most bytes are not copied: they are read from
//! the socket to their place (`Gathering::room`).

use super::close::Violation;
use super::frame::{self, Opcode};
use super::utf8::Check;
use crate::pool::{Block, BlockSize, Pool};

/// A message lies in blocks when more than this has arrived.
pub const SHORT_BYTES: usize = 32 << 10;
/// One read takes at most this much, so that other connections are read, too.
const READ_BYTES: usize = 256 << 10;
/// A block with less free room counts as full: a read into it is not worth its cost.
const WORTH_READING_BYTES: usize = 8 << 10;
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
    pub fn bytes(&self) -> &[u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    /// The free bytes of the block, after those of the message.
    fn spare(&mut self) -> &mut [u8] {
        self.block.get_mut(self.end..).unwrap_or_default()
    }

    fn has_spare(&self, len: usize) -> bool {
        self.block.len() - self.end >= len
    }
}

/// A large message that is complete. If it is text, it was checked.
#[derive(Debug)]
pub struct Large {
    /// Text or Binary.
    pub opcode: Opcode,
    /// The bytes of the message, in order.
    pub parts: Vec<Part>,
}

impl Large {
    /// Copies a message that is given in parts. `None`: the system gives no memory.
    pub fn copied(opcode: Opcode, parts: &[&[u8]], pool: &Pool) -> Option<Self> {
        let mut missing: usize = parts.iter().map(|part| part.len()).sum();
        let mut copy = Gathering::default();
        for part in parts {
            missing -= part.len();
            copy.append(part, missing as u64, pool).ok()?;
        }
        let parts = copy.parts;
        Some(Self { opcode, parts })
    }

    /// Bytes of the message.
    pub fn byte_len(&self) -> usize {
        self.parts.iter().map(|part| part.end - part.start).sum()
    }
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

/// A large message that is not complete.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    parts: Vec<Part>,
    len: usize,
    /// Checks the message if it is text.
    check: Option<Check>,
}

impl Gathering {
    /// Moves a message into blocks of which `arrived` is there. `check` has checked its text.
    pub(super) fn begin(
        arrived: [&[u8]; 2],
        check: Option<Check>,
        missing: u64,
        pool: &Pool,
    ) -> Result<Self, Violation> {
        let mut gathering = Self { check, ..Self::default() };
        for bytes in arrived {
            gathering.append(bytes, missing, pool)?;
        }
        Ok(gathering)
    }

    /// Begins a message in a block that has its first bytes, still masked, from `start` to `end`.
    pub(super) fn adopt(
        opcode: Opcode,
        block: Block,
        start: usize,
        end: usize,
        key: [u8; 4],
    ) -> Result<Self, Violation> {
        let (len, end) = (end - start, start);
        let mut gathering = Self {
            parts: vec![Part { block, start, end }],
            len: 0,
            check: (opcode == Opcode::Text).then(Check::default),
        };
        gathering.arrived(len, key)?;
        Ok(gathering)
    }

    /// Bytes of the message that have arrived.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory held.
    pub(super) fn capacity(&self) -> usize {
        let blocks: usize = self.parts.iter().map(|part| part.block.len()).sum();
        blocks + self.parts.capacity() * size_of::<Part>()
    }

    /// Appends bytes. `missing`: how many bytes of their frame follow.
    pub(super) fn push(&mut self, bytes: &[u8], missing: u64, pool: &Pool) -> Result<(), Violation> {
        if let Some(check) = &mut self.check {
            check.push(bytes, |_| {})?;
        }
        self.append(bytes, missing, pool)
    }

    fn append(&mut self, mut bytes: &[u8], missing: u64, pool: &Pool) -> Result<(), Violation> {
        while !bytes.is_empty() {
            let part = self.last(1, bytes.len(), missing, pool)?;
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
    fn last(
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

    /// Whether the message has one block only, and it is not full.
    pub(super) fn is_first_open(&self) -> bool {
        matches!(&*self.parts, [part] if part.has_spare(WORTH_READING_BYTES))
    }

    /// The place to which up to `missing` bytes should be read. `None`: there is no memory.
    pub(super) fn room(&mut self, missing: u64, pool: &Pool) -> Option<&mut [u8]> {
        let room = WORTH_READING_BYTES;
        let spare = self.last(room, 0, missing, pool).ok()?.spare();
        let most = usize::try_from(missing).unwrap_or(READ_BYTES);
        let most = most.min(READ_BYTES).min(spare.len());
        spare.get_mut(..most)
    }

    /// Unmasks and checks the first `len` bytes of [`Gathering::room`], which have arrived.
    pub(super) fn arrived(&mut self, len: usize, key: [u8; 4]) -> Result<(), Violation> {
        if let Some(part) = self.parts.last_mut()
            && let Some(bytes) = part.spare().get_mut(..len)
        {
            frame::unmask(bytes, key);
            if let Some(check) = &mut self.check {
                check.push(bytes, |_| {})?;
            }
            part.end += len;
            self.len += len;
        }
        Ok(())
    }

    /// Ends the message, and gives it.
    pub(super) fn finish(self) -> Result<Large, Violation> {
        let opcode = match self.check {
            None => Opcode::Binary,
            Some(check) => {
                check.finish()?;
                Opcode::Text
            }
        };
        let parts = self.parts;
        Ok(Large { opcode, parts })
    }
}
