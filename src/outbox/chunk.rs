//! Bytes that queues share.
//!
//! Skip this file on a first reading: only peers that do not keep up have chunks.
//!
//! A broadcast that a thousand peers do not read lies in memory once, and is counted once: with its [`Chunk`].

use crate::metered::{Account, Meter};
use crate::pool::Block;
use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

/// A range of bytes in the turn's arena, or in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range in no buffer: its end is before its start.
    pub(super) const NOWHERE: Self = Self { start: u32::MAX, end: 0 };

    /// Number of bytes.
    #[inline]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it has no bytes.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// These bytes of `buffer`; none if it is too short.
    #[inline]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Bytes that queues share, outside of the arena.
#[derive(Debug)]
pub struct Chunk {
    memory: Memory,
    account: Account,
}

#[derive(Debug)]
enum Memory {
    /// On the heap, or in the program itself.
    Bytes(Cow<'static, [u8]>),
    /// A part of a large message.
    Block(Block),
}

impl Chunk {
    /// A chunk of these bytes. Their capacity is counted, unless they are of the program.
    pub fn new(bytes: impl Into<Cow<'static, [u8]>>, meter: &Meter) -> Rc<Self> {
        Self::of(Memory::Bytes(bytes.into()), meter)
    }

    /// A chunk of this block, all of which is counted.
    pub fn of_block(block: Block, meter: &Meter) -> Rc<Self> {
        Self::of(Memory::Block(block), meter)
    }

    fn of(memory: Memory, meter: &Meter) -> Rc<Self> {
        let mut chunk = Self { memory, account: Account::default() };
        chunk.account.set(chunk.held_bytes(), meter);
        Rc::new(chunk)
    }

    /// Appends bytes. Returns `false` if the chunk cannot grow.
    pub(super) fn extend(&mut self, bytes: &[u8], meter: &Meter) -> bool {
        let Memory::Bytes(Cow::Owned(own)) = &mut self.memory else { return false };
        own.extend_from_slice(bytes);
        self.account.set(self.held_bytes(), meter);
        true
    }

    /// Bytes of memory. The record of the chunk is one part of them, because there can be many tiny chunks.
    pub fn held_bytes(&self) -> usize {
        let bytes = match &self.memory {
            Memory::Bytes(Cow::Owned(bytes)) => bytes.capacity(),
            Memory::Bytes(Cow::Borrowed(_)) => 0,
            Memory::Block(block) => block.len(),
        };
        bytes + size_of::<Self>()
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Memory::Bytes(bytes) => bytes,
            Memory::Block(block) => block,
        }
    }
}
