//! Ordered deadlines: each key has at most one, and the next one due is known.
//!
//! A change costs O(log n). A deadline that moves often is not changed each time: every received byte extends the
//! life of a connection, so the connection notes the time, and sets its deadline anew when the old one passes.

use crate::clock::Time;
use std::collections::BTreeSet;

/// Deadlines of things named by `K`.
///
/// The caller must keep the current deadline of each key, and name it when it changes.
#[derive(Debug)]
pub struct Timers<K> {
    due: BTreeSet<(Time, K)>,
    /// The earliest deadline. [`Time::NEVER`]: there is none.
    pub next: Time,
}

impl<K: Ord + Copy> Default for Timers<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), next: Time::NEVER }
    }
}

impl<K: Ord + Copy> Timers<K> {
    /// Moves the deadline of `key` from `*armed` to `at`. [`Time::NEVER`] means none.
    pub fn set(&mut self, key: K, armed: &mut Time, at: Time) {
        if *armed == at {
            return;
        }
        if *armed != Time::NEVER {
            self.due.remove(&(*armed, key));
        }
        if at != Time::NEVER {
            self.due.insert((at, key));
        }
        *armed = at;
        self.note_next();
    }

    fn note_next(&mut self) {
        self.next = self.due.first().map_or(Time::NEVER, |(at, _)| *at);
    }

    /// Takes one key whose deadline has passed, with that deadline.
    pub fn pop_expired(&mut self, now: Time) -> Option<(Time, K)> {
        if self.next > now {
            return None;
        }
        let first = self.due.pop_first();
        self.note_next();
        first
    }

    /// How many deadlines are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether no deadline is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
