//! Memory that counts itself: how much is held for peers, all of them together.
//!
//! A limit for each connection bounds nothing when there are ten thousand of them. So everything that is kept for a peer
//! from one turn to the next has an [`Account`], which counts it by its capacity: unfinished heads, bodies and messages,
//! bytes that are not processed yet, entries of queues, chunks that queues share, and what an application keeps for a
//! peer that is away. The [`Meter`] has the sum. `hub::evict` decides which holder is ended when it is too much.

use std::cell::Cell;
use std::rc::Rc;

/// The sum of all accounts that were opened with it, in bytes. Clones share one sum.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    pub(crate) held: Rc<Cell<usize>>,
}

impl Meter {
    /// The sum, in bytes.
    #[must_use]
    pub fn total(&self) -> usize {
        self.held.get()
    }
}

/// What one owner of buffers holds, as the meter knows it. It is subtracted when the owner is dropped.
#[derive(Debug, Default)]
pub struct Account {
    bytes: usize,
    /// `None`: nothing was counted yet.
    meter: Option<Meter>,
}

impl Account {
    /// Notes how many bytes the owner holds from now on.
    ///
    /// The owner must call this when its buffers may have grown or shrunk, at the end of a turn at the latest.
    pub fn set(&mut self, bytes: usize, meter: &Meter) {
        let held = &self.meter.get_or_insert_with(|| meter.clone()).held;
        held.set(held.get() + bytes - self.bytes);
        self.bytes = bytes;
    }

    /// Bytes that were counted last.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(Meter { held }) = &self.meter {
            held.set(held.get() - self.bytes);
        }
    }
}

/// Bytes that a buffer of this size costs, with the holes that it has left in memory.
///
/// A growing buffer moves now and then, and the holes that it leaves fit other buffers only in part. A thousand messages
/// that grew in steps of 3,000 bytes left 15 MiB of holes beside 64 MiB that were counted. A large message lies in
/// blocks, which leave none.
pub fn with_holes(grown_bytes: usize) -> usize {
    grown_bytes + (grown_bytes / 4).min(64 << 10)
}
