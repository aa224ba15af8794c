//! How much memory is held for peers, all of them together (PRODUCT §4, the memory budget).
//!
//! A limit for each connection bounds nothing when there are ten thousand of them. So every byte
//! that is kept for a peer from one turn to the next is counted, by the capacity of the buffer it
//! lies in: unfinished heads, bodies and messages, bytes not processed yet, entries of queues.
//! Those are each holder's own. What queues share is counted once, by a [`Meter`].
//!
//! Counted is what is there, never what comes and goes: whoever changes what a connection holds
//! has it recounted. Which holder goes when too much is held is not decided here (`hub::relief`).

use crate::outbox::Meter;
use std::collections::BTreeMap;

/// The sum, and who holds what. Connections that hold nothing are not in it.
#[derive(Debug, Default)]
pub struct Budget {
    shared: Meter,
    own: usize,
    holders: BTreeMap<u32, usize>,
}

impl Budget {
    /// Counts the chunks that queues share.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.shared
    }

    /// The connection in this slot now holds so many bytes of its own.
    pub fn set(&mut self, slot: u32, bytes: usize) {
        let before = if bytes == 0 {
            self.holders.remove(&slot)
        } else {
            self.holders.insert(slot, bytes)
        };
        self.own = self.own + bytes - before.unwrap_or(0);
    }

    /// Bytes held for all peers together.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.own + self.shared.total()
    }

    /// Slots of the connections for which something is held, and how much of it is their own.
    pub fn holders(&self) -> impl Iterator<Item = (u32, usize)> {
        self.holders.iter().map(|(slot, bytes)| (*slot, *bytes))
    }
}
