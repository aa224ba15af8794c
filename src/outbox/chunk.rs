//! Bytes that queues share, and the sum of all of them.
//!
//! A broadcast that a thousand peers do not read lies in memory once. So it is counted once,
//! where it begins and ends to exist: a [`Chunk`] adds its capacity to a [`Meter`] and takes
//! it off again when the last queue lets go of it.

use crate::pool::Block;
use std::cell::Cell;
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
    /// Lies in no buffer: its end is before its start.
    pub(super) const NOWHERE: Self = Self {
        start: u32::MAX,
        end: 0,
    };

    /// Number of bytes.
    #[inline]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// No bytes.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// These bytes of `buffer`.
    #[inline]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        self.within(buffer).unwrap_or_default()
    }

    /// The same, if `buffer` is so long.
    #[inline]
    pub(super) fn within(self, buffer: &[u8]) -> Option<&[u8]> {
        buffer.get(self.start as usize..self.end as usize)
    }
}

/// The bytes of memory that all chunks made with it hold. Clones count into the same sum.
#[derive(Debug, Clone, Default)]
pub struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// The sum, in bytes.
    pub fn total(&self) -> usize {
        self.0.get()
    }

    fn add(&self, bytes: usize) {
        self.0.set(self.0.get() + bytes);
    }

    fn subtract(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }
}

/// Bytes that were moved out of the arena, or were never in it.
#[derive(Debug)]
pub struct Chunk {
    memory: Memory,
    meter: Meter,
}

/// Where they lie.
#[derive(Debug)]
enum Memory {
    Heap(Vec<u8>),
    /// A part of a large message.
    Block(Block),
}

impl Memory {
    /// What is counted, in bytes: the record of the chunk too, because chunks can be many and tiny.
    fn cost(&self) -> usize {
        let bytes = match self {
            Self::Heap(bytes) => bytes.capacity(),
            Self::Block(block) => block.len(),
        };
        bytes + size_of::<Chunk>()
    }
}

impl Chunk {
    /// Takes the bytes over and counts their capacity.
    pub fn new(bytes: Vec<u8>, meter: &Meter) -> Rc<Self> {
        Self::of(Memory::Heap(bytes), meter)
    }

    /// Takes a block over and counts it.
    pub fn of_block(block: Block, meter: &Meter) -> Rc<Self> {
        Self::of(Memory::Block(block), meter)
    }

    fn of(memory: Memory, meter: &Meter) -> Rc<Self> {
        meter.add(memory.cost());
        let meter = meter.clone();
        Rc::new(Self { memory, meter })
    }

    /// Appends bytes. `false`: it cannot grow.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> bool {
        let before = self.memory.cost();
        let Memory::Heap(own) = &mut self.memory else {
            return false;
        };
        own.extend_from_slice(bytes);
        self.meter.add(self.memory.cost());
        self.meter.subtract(before);
        true
    }

    /// Memory it takes, in bytes, its own record included.
    pub fn held_bytes(&self) -> usize {
        self.memory.cost()
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(bytes) => bytes,
            Memory::Block(block) => block,
        }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.meter.subtract(self.held_bytes());
    }
}
