//! The memory of large messages: blocks that the system maps, and that are used again.
//!
//! A large message that asks the heap for memory pays twice. The heap gives such memory back to the
//! system at once and asks for it again with the next message, which costs a page fault every 4 KiB.
//! Or it keeps the memory, and then nobody knows how much is kept. So large messages lie in
//! blocks of a few sizes, each a mapping of its own. A finished block goes back to the [`Pool`] and
//! is used for the next message. When no message needs a block for a moment ([`PAUSE`]), the pool
//! unmaps all that is above a bound. Doing so with each block would cost more than a copy of
//! the message: the system clears every page that it gives.
//!
//! A new block takes no memory before its bytes are written: the system gives each page when it
//! is touched first. What is counted is the size of the block all the same.

use memmap2::MmapMut;
use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::Duration;

/// How large a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockSize {
    /// 64 KiB, for the beginning of a message.
    Least,
    /// 128 KiB, for the beginning of a message.
    Small,
    /// 260 KiB: a message of 256 KiB, and the end of a read in front of it. Most blocks are such.
    Usual,
    /// 2 MiB: one huge page where the system has those, so 1 page fault instead of 512.
    Large,
}

/// All of them, in the order in which the pool gives them up: to fill a new large block costs few page
/// faults, and a small one is soon too small.
const SIZES: [BlockSize; 4] = [
    BlockSize::Large,
    BlockSize::Least,
    BlockSize::Small,
    BlockSize::Usual,
];

impl BlockSize {
    /// Bytes of one block.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Least => 64 << 10,
            Self::Small => 128 << 10,
            Self::Usual => 260 << 10,
            Self::Large => 2 << 20,
        }
    }
}

/// How long the pool waits for the next large message before it gives back what it may not keep.
pub const PAUSE: Duration = Duration::from_millis(100);

/// Where blocks come from and go back to. Clones are the same pool.
#[derive(Debug, Clone, Default)]
pub struct Pool(Rc<Kept>);

/// The blocks that nobody uses.
#[derive(Debug, Default)]
struct Kept {
    /// The most bytes that may be kept through a pause.
    most: Cell<usize>,
    bytes: Cell<usize>,
    /// Blocks came or went since somebody asked.
    is_busy: Cell<bool>,
    /// By their size.
    blocks: [RefCell<Vec<MmapMut>>; SIZES.len()],
}

impl Pool {
    /// A pool that keeps up to `most` bytes of unused blocks through a pause.
    pub fn new(most: usize) -> Self {
        let pool = Self::default();
        pool.0.most.set(most);
        pool
    }

    /// A block: one that was kept, else a new one. Its bytes are not zero if it was used before.
    ///
    /// `None`: the system gives no more memory.
    pub fn take(&self, size: BlockSize) -> Option<Block> {
        self.take_kept(size).or_else(|| self.map(size.bytes()))
    }

    /// A block that was kept. `None`: none of this size is.
    pub fn take_kept(&self, size: BlockSize) -> Option<Block> {
        let memory = self.0.of(size)?.borrow_mut().pop()?;
        self.0.bytes.set(self.0.bytes.get() - memory.len());
        self.0.is_busy.set(true);
        Some(self.block(memory))
    }

    /// Whether a block of this size is kept.
    pub fn has_kept(&self, size: BlockSize) -> bool {
        let blocks = self.0.of(size);
        blocks.is_some_and(|blocks| !blocks.borrow().is_empty())
    }

    /// A block of at least `len` bytes in one piece, for a message that is needed so.
    ///
    /// `None`: the system gives no more memory.
    pub fn take_whole(&self, len: usize) -> Option<Block> {
        let fits = |size: &BlockSize| len <= size.bytes();
        match [BlockSize::Usual, BlockSize::Large].into_iter().find(fits) {
            Some(size) => self.take(size),
            None => self.map(len),
        }
    }

    /// Bytes of all blocks that are kept for nobody.
    pub fn kept_bytes(&self) -> usize {
        self.0.bytes.get()
    }

    /// Whether more is kept than may be kept through a pause.
    #[inline]
    pub fn has_surplus(&self) -> bool {
        self.0.bytes.get() > self.0.most.get()
    }

    /// Whether blocks came or went since this was asked last.
    pub fn take_busy(&self) -> bool {
        self.0.is_busy.take()
    }

    /// Gives back to the system what may not be kept through a pause.
    pub fn trim(&self) {
        let bytes = &self.0.bytes;
        for size in SIZES {
            let Some(blocks) = self.0.of(size) else {
                continue;
            };
            while self.has_surplus() && blocks.borrow_mut().pop().is_some() {
                bytes.set(bytes.get() - size.bytes());
            }
        }
    }

    /// Gives everything that is kept back to the system.
    pub fn clear(&self) {
        self.0.bytes.set(0);
        for blocks in &self.0.blocks {
            blocks.take();
        }
    }

    /// What is kept in other sizes is given up before this fails.
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
        let home = Rc::clone(&self.0);
        let memory = Some(memory);
        Block { memory, home }
    }
}

impl Kept {
    fn of(&self, size: BlockSize) -> Option<&RefCell<Vec<MmapMut>>> {
        self.blocks.get(size as usize)
    }

    /// Keeps a block that is not used any more. One of another size is unmapped.
    fn keep(&self, memory: MmapMut) {
        let is_it = |size: &BlockSize| size.bytes() == memory.len();
        let size = SIZES.into_iter().find(is_it);
        if let Some(blocks) = size.and_then(|size| self.of(size)) {
            self.bytes.set(self.bytes.get() + memory.len());
            self.is_busy.set(true);
            blocks.borrow_mut().push(memory);
        }
    }
}

/// One block. When it is dropped, it goes back to its pool.
#[derive(Debug)]
pub struct Block {
    /// `None` only while it is dropped.
    memory: Option<MmapMut>,
    home: Rc<Kept>,
}

impl Block {
    /// Its bytes, to be written.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
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
