//! Bytes that queues share, and the sum of all of them.
//!
//! A broadcast that a thousand peers do not read lies in memory once. So it is counted once,
//! where it begins and ends to exist: a [`Chunk`] adds its capacity to a [`Meter`] and takes
//! it off again when the last queue lets go of it.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

/// The bytes of memory that all chunks made with it hold. Clones count into the same sum.
#[derive(Debug, Clone, Default)]
pub struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// The sum, in bytes.
    #[must_use]
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
    bytes: Vec<u8>,
    meter: Meter,
}

impl Chunk {
    /// Takes the bytes over and counts their capacity.
    #[must_use]
    pub fn new(bytes: Vec<u8>, meter: &Meter) -> Rc<Self> {
        meter.add(Self::cost(&bytes));
        Rc::new(Self {
            bytes,
            meter: meter.clone(),
        })
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let before = Self::cost(&self.bytes);
        self.bytes.extend_from_slice(bytes);
        self.meter.add(Self::cost(&self.bytes));
        self.meter.subtract(before);
    }

    /// Memory it takes, in bytes: its own record too, because chunks can be many and tiny.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        Self::cost(&self.bytes)
    }

    fn cost(bytes: &Vec<u8>) -> usize {
        bytes.capacity() + size_of::<Self>()
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.meter.subtract(self.held_bytes());
    }
}
