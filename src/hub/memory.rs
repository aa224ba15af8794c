//! The memory that is held for peers, and what is kept for the next large message.

use crate::metered::{Account, Meter};
use crate::pool::Pool;
use std::collections::BTreeMap;

/// Unused blocks of large messages may take the memory budget divided by this.
const KEPT_PART: usize = 16;

/// What is held, and what may be.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Bytes that may be held for all peers together: the memory budget.
    pub(super) most: usize,
    /// What is held.
    pub(super) meter: Meter,
    /// What applications keep for peers that are away, by application and its name for the peer.
    pub(super) away: BTreeMap<(u8, u64), Account>,
    /// Where large messages lie.
    pub(super) pool: Pool,
    /// Bytes of the large message that an application is being given: its sender still answers for them.
    pub(super) delivering: usize,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            meter: Meter::default(),
            away: BTreeMap::new(),
            pool: Pool::new(most / KEPT_PART),
            delivering: 0,
        }
    }

    /// Whether `coming` bytes fit beside what is held. What is kept for nobody is given up for them.
    pub(super) fn fits(&self, coming: usize) -> bool {
        let needed = self.meter.total() + coming;
        if needed + self.pool.kept_bytes() > self.most {
            self.pool.clear();
        }
        needed <= self.most
    }
}
