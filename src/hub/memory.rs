//! The memory that is held for peers, and what is kept for the next large message.

use crate::budget::Budget;
use crate::pool::Pool;

/// Unused blocks of large messages may take the memory budget divided by this.
const KEPT_PART: usize = 16;

/// What is held, and what may be.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Bytes that may be held for all peers together.
    pub(super) most: usize,
    /// What is held for whom.
    pub(super) budget: Budget,
    /// More is held than may be; see `relief`.
    pub(super) is_over: bool,
    /// Where large messages lie.
    pub(super) pool: Pool,
    /// Bytes of the large message that an application is being given: its sender still answers for them.
    pub(super) delivering: usize,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            budget: Budget::default(),
            is_over: false,
            pool: Pool::new(most / KEPT_PART),
            delivering: 0,
        }
    }

    /// Whether `coming` bytes fit beside what is held. What is kept for nobody is given up for them.
    pub(super) fn fits(&self, coming: usize) -> bool {
        let needed = self.budget.held_bytes() + coming;
        if needed + self.pool.kept_bytes() > self.most {
            self.pool.clear();
        }
        needed <= self.most
    }
}
