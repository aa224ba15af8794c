//! The memory budget: how much is held for peers, all of them together.
//!
//! A limit for each connection bounds nothing when there are ten thousand of them. So every buffer that is kept for a
//! peer from one turn to the next is counted by its capacity: unfinished heads, bodies and messages, bytes that are not
//! processed yet, entries of queues. So is what an application keeps for a peer that is away (a session between two
//! polls). All this belongs to one holder. Bytes that queues share are counted once, by a [`Meter`].
//!
//! Code that changes what a connection holds must have it counted anew. `hub::relief` decides which holder is ended when
//! too much is held.

use crate::outbox::Meter;
use std::collections::BTreeMap;

/// For whom something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The connection in this slot.
    Conn(u32),
    /// A peer that is away: the application with this index keeps something for it, under a key of its own.
    Away {
        /// The application.
        app: u8,
        /// Its name for the peer.
        key: u64,
    },
}

/// The sum, and who holds what. A peer for which nothing is held is not in it.
#[derive(Debug, Default)]
pub struct Budget {
    shared: Meter,
    own: usize,
    holders: BTreeMap<Holder, usize>,
}

impl Budget {
    /// Counts the chunks that queues share.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.shared
    }

    /// Notes how many bytes are held for this holder alone from now on.
    pub fn set(&mut self, holder: Holder, bytes: usize) {
        let before =
            if bytes == 0 { self.holders.remove(&holder) } else { self.holders.insert(holder, bytes) };
        self.own = self.own + bytes - before.unwrap_or(0);
    }

    /// Bytes held for all peers together.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.own + self.shared.total()
    }

    /// Bytes that are held for this holder alone.
    #[must_use]
    pub fn of(&self, holder: Holder) -> usize {
        self.holders.get(&holder).copied().unwrap_or(0)
    }

    /// All holders, and the bytes that are held for each alone.
    pub fn holders(&self) -> impl Iterator<Item = (Holder, usize)> {
        self.holders.iter().map(|(holder, bytes)| (*holder, *bytes))
    }
}
