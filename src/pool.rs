//! The memory of large messages: blocks that are used again.
//!
//! Skip this file on a first reading: short messages need nothing of it.
//!
//! The heap either gives the memory of a large message back to the system, and asks for it again with the next
//! message, which costs a page fault every 4 KiB. Or it keeps the memory, and cannot say how much. So large
//! messages lie in blocks of a few sizes, which the system maps. A block goes back to the [`Pool`], which keeps
//! it for the next message. When no message needs a block for a while ([`PAUSE`]), the pool unmaps all that is
//! above a bound. To unmap each block at once would cost more than a copy of the message, because
//! the system clears every page that it gives.
//!
//! The system gives each page of a new block when it is touched first. All of the block is counted anyway.

use memmap2::MmapMut;
use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::Duration;

/// How large a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockSize {
    /// 64 KiB, for the beginning of a message.
    Least = 64 << 10,
    /// 128 KiB, for the beginning of a message.
    Small = 128 << 10,
    /// 260 KiB, for 256 KiB of a message and the end of a read before it. Most blocks have this size.
    Usual = 260 << 10,
    /// 2 MiB: one huge page, if the system has those; then 1 page fault instead of 512.
    Large = 2 << 20,
}

/// All sizes, in the order in which the pool gives their blocks back.
///
/// A new large block costs few page faults, and a small one is soon too small.
const SIZES: [BlockSize; 4] = [BlockSize::Large, BlockSize::Least, BlockSize::Small, BlockSize::Usual];

impl BlockSize {
    /// Bytes of one block.
    pub const fn bytes(self) -> usize {
        self as usize
    }
}

/// How long the pool waits for large messages before it gives surplus blocks back.
pub const PAUSE: Duration = Duration::from_millis(100);

/// Gives blocks and takes them back. Clones are the same pool.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    pub(crate) kept: Rc<Kept>,
}

/// The blocks that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Bytes that may be kept through a pause.
    pub(crate) most: Cell<usize>,
    /// Bytes that are kept.
    pub(crate) bytes: Cell<usize>,
    /// Blocks came or went since the last [`Pool::take_busy`].
    is_busy: Cell<bool>,
    /// The blocks of each size, in the order of [`SIZES`].
    blocks: RefCell<[Vec<MmapMut>; SIZES.len()]>,
}

/// Where the blocks of this size stand in [`SIZES`]. Those of another size have no place.
fn place(bytes: usize) -> usize {
    SIZES.iter().position(|size| size.bytes() == bytes).unwrap_or(SIZES.len())
}

impl Pool {
    /// A pool that keeps up to `most` bytes of unused blocks through a pause.
    pub fn new(most: usize) -> Self {
        let pool = Self::default();
        pool.kept.most.set(most);
        pool
    }

    /// Gives a kept block, else a new one. A kept one has the bytes of an earlier message.
    ///
    /// `None`: the system gives no more memory.
    pub fn take(&self, size: BlockSize) -> Option<Block> {
        self.take_kept(size).or_else(|| self.map(size.bytes()))
    }

    /// Gives a kept block. `None`: there is none of this size.
    pub fn take_kept(&self, size: BlockSize) -> Option<Block> {
        let memory = self.kept.pop(size)?;
        self.kept.is_busy.set(true);
        Some(self.block(memory))
    }

    /// Whether a block of this size is kept.
    pub fn has_kept(&self, size: BlockSize) -> bool {
        self.kept.blocks.borrow().get(place(size.bytes())).is_some_and(|blocks| !blocks.is_empty())
    }

    /// Gives a block of at least `len` bytes, for a message in one piece.
    ///
    /// `None`: the system gives no more memory.
    pub fn take_whole(&self, len: usize) -> Option<Block> {
        match [BlockSize::Usual, BlockSize::Large].into_iter().find(|size| len <= size.bytes()) {
            Some(size) => self.take(size),
            None => self.map(len),
        }
    }

    /// Bytes of all blocks that no message uses.
    pub fn kept_bytes(&self) -> usize {
        self.kept.bytes.get()
    }

    /// Whether the pool keeps more than it may keep through a pause.
    pub fn has_surplus(&self) -> bool {
        self.kept.bytes.get() > self.kept.most.get()
    }

    /// Whether blocks came or went since the last call.
    pub fn take_busy(&self) -> bool {
        self.kept.is_busy.take()
    }

    /// Gives blocks back to the system until there is no surplus.
    pub fn trim(&self) {
        for size in SIZES {
            while self.has_surplus() && self.kept.pop(size).is_some() {}
        }
    }

    /// Gives all blocks back to the system.
    pub fn clear(&self) {
        self.kept.bytes.set(0);
        self.kept.blocks.take();
    }

    /// Maps a new block. Before this fails, the pool gives all others back.
    fn map(&self, len: usize) -> Option<Block> {
        let memory = MmapMut::map_anon(len).or_else(|_| {
            self.clear();
            MmapMut::map_anon(len)
        });
        let memory = memory.ok()?;
        #[cfg(target_os = "linux")]
        if len >= BlockSize::Large.bytes() {
            // A wish: a system without huge pages maps small ones.
            let _ = memory.advise(memmap2::Advice::HugePage);
        }
        Some(self.block(memory))
    }

    fn block(&self, memory: MmapMut) -> Block {
        Block { memory: Some(memory), home: Rc::clone(&self.kept) }
    }
}

impl Kept {
    /// Takes out a block.
    fn pop(&self, size: BlockSize) -> Option<MmapMut> {
        let memory = self.blocks.borrow_mut().get_mut(place(size.bytes()))?.pop()?;
        self.bytes.set(self.bytes.get() - memory.len());
        Some(memory)
    }

    /// Keeps a block that is not used any more. One of another size is unmapped.
    fn keep(&self, memory: MmapMut) {
        if let Some(blocks) = self.blocks.borrow_mut().get_mut(place(memory.len())) {
            self.bytes.set(self.bytes.get() + memory.len());
            self.is_busy.set(true);
            blocks.push(memory);
        }
    }
}

/// One block. When it is dropped, it goes back to its pool.
#[derive(Debug)]
pub struct Block {
    /// `None` only while it is dropped.
    pub(crate) memory: Option<MmapMut>,
    home: Rc<Kept>,
}

impl Deref for Block {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.memory.as_deref().unwrap_or_default()
    }
}

impl DerefMut for Block {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.memory.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.home.keep(memory);
        }
    }
}
