//! A message that is large: it lies in blocks, and its bytes are not moved any more.
//!
//! Until 32 KiB of a message have arrived it lies in one buffer, which doubles as it grows. From then
//! on it lies in blocks, and the next block is no larger than what has arrived. So no more is held
//! than twice of that, and a byte is copied once at most. Most bytes are not copied at all: they
//! are read from the socket to their place (`Gathering::room`).

use super::close::Violation;
use super::frame::{self, Opcode};
use super::utf8::Check;
use crate::pool::{Block, BlockSize, Pool};

/// A message of which more has arrived lies in blocks.
pub const SHORT_BYTES: usize = 32 << 10;
/// Most bytes of one read: the other connections are to have their turn.
const READ_BYTES: usize = 256 << 10;
/// A block with less room left is full: it is not worth a read.
const WORTH_READING_BYTES: usize = 8 << 10;
/// A frame of which less is missing gets no large block.
const WORTH_LARGE_BYTES: usize = 1 << 20;

/// A block and which of its bytes are used.
#[derive(Debug)]
pub struct Part {
    /// The memory.
    pub block: Block,
    /// Where the bytes of the message begin.
    pub start: usize,
    /// One past the last of them.
    pub end: usize,
}

impl Part {
    /// The bytes of the message in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    fn spare(&mut self) -> &mut [u8] {
        self.block.get_mut(self.end..).unwrap_or_default()
    }
}

/// A large message that is complete. If it is text, it was checked.
#[derive(Debug)]
pub struct Large {
    /// Text or Binary.
    pub opcode: Opcode,
    /// Where its bytes lie, in order.
    pub parts: Vec<Part>,
}

impl Large {
    /// A copy of a message that is given in parts. `None`: the system gives no memory.
    #[must_use]
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
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// The message has no bytes. (A large one always has.)
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How large the next block of a message is. `arrived`: bytes of the message that are there; `to_come`: those that
/// are still to be placed. A block that is kept anyway it may have before it has earned it.
fn next_size(arrived: usize, to_come: u64, pool: &Pool) -> BlockSize {
    let earns = |size: BlockSize| arrived >= size.bytes() / 4 * 3;
    if arrived >= BlockSize::Large.bytes() && to_come >= WORTH_LARGE_BYTES as u64 {
        BlockSize::Large
    } else if earns(BlockSize::Usual) || pool.has_kept(BlockSize::Usual) {
        BlockSize::Usual
    } else if earns(BlockSize::Small) {
        BlockSize::Small
    } else {
        BlockSize::Least
    }
}

/// A large message that arrives.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    parts: Vec<Part>,
    len: usize,
    /// Checks it, if it is text.
    check: Option<Check>,
}

impl Gathering {
    /// Goes on with a message of which these bytes have arrived. `check`: how far its text is checked.
    pub(super) fn begin(
        arrived: [&[u8]; 2],
        check: Option<Check>,
        missing: u64,
        pool: &Pool,
    ) -> Result<Self, Violation> {
        let mut gathering = Self {
            check,
            ..Self::default()
        };
        for bytes in arrived {
            gathering.append(bytes, missing, pool)?;
        }
        Ok(gathering)
    }

    /// Begins a message in a block that holds its first bytes, masked with this key, from `start` to `end`.
    pub(super) fn adopt(
        opcode: Opcode,
        block: Block,
        start: usize,
        end: usize,
        key: [u8; 4],
    ) -> Result<Self, Violation> {
        let part = Part {
            block,
            start,
            end: start,
        };
        let mut gathering = Self {
            parts: vec![part],
            len: 0,
            check: (opcode == Opcode::Text).then(Check::default),
        };
        gathering.arrived(end - start, key)?;
        Ok(gathering)
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory held.
    pub(super) fn capacity(&self) -> usize {
        let blocks: usize = self.parts.iter().map(|part| part.block.len()).sum();
        blocks + self.parts.capacity() * size_of::<Part>()
    }

    /// Appends bytes. `missing`: how many more the frame has said will come.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        missing: u64,
        pool: &Pool,
    ) -> Result<(), Violation> {
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

    /// The block that is to be filled next, with at least `room` bytes free. `arrived`: bytes for it that are there;
    /// `missing`: bytes that the frame has announced behind them.
    fn last(
        &mut self,
        room: usize,
        arrived: usize,
        missing: u64,
        pool: &Pool,
    ) -> Result<&mut Part, Violation> {
        let is_full = |part: &Part| part.block.len() - part.end < room;
        if self.parts.last().is_none_or(is_full) {
            let size = next_size(self.len + arrived, arrived as u64 + missing, pool);
            let block = pool.take(size).ok_or(Violation::NoRoom)?;
            self.parts.push(Part {
                block,
                start: 0,
                end: 0,
            });
        }
        self.parts.last_mut().ok_or(Violation::NoRoom)
    }

    /// Whether its first block can take more: it has no other yet.
    pub(super) fn is_first_open(&self) -> bool {
        let has_room = |part: &Part| part.block.len() - part.end >= WORTH_READING_BYTES;
        self.parts.len() == 1 && self.parts.iter().all(has_room)
    }

    /// Where up to `missing` bytes that come next are to be read to. `None`: there is no memory.
    pub(super) fn room(&mut self, missing: u64, pool: &Pool) -> Option<&mut [u8]> {
        let room = WORTH_READING_BYTES;
        let spare = self.last(room, 0, missing, pool).ok()?.spare();
        let most = usize::try_from(missing).unwrap_or(READ_BYTES);
        let most = most.min(READ_BYTES).min(spare.len());
        spare.get_mut(..most)
    }

    /// The first `len` bytes of [`Gathering::room`] have arrived, masked with this key.
    pub(super) fn arrived(&mut self, len: usize, key: [u8; 4]) -> Result<(), Violation> {
        let Some(part) = self.parts.last_mut() else {
            return Ok(());
        };
        let Some(bytes) = part.spare().get_mut(..len) else {
            return Ok(());
        };
        frame::unmask(bytes, key);
        if let Some(check) = &mut self.check {
            check.push(bytes, |_| {})?;
        }
        part.end += len;
        self.len += len;
        Ok(())
    }

    /// The message is complete.
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
