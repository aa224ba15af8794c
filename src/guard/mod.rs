//! What keeps the server alive and tells its operator how it is: caps, rates, the log, metrics, panics.
//!
//! Before this: `apps`. After this: `deflate`. Skip it on first reading.
//!
//! This is bookkeeping below the hub. It knows slots, addresses and numbers, never a connection. The hub
//! asks it, and does what follows.

pub(crate) mod caps;
mod escape;
mod log;
mod metrics;
mod not_allowed;
pub(crate) mod notes;
pub mod panics;
pub mod rate;

pub use self::caps::CountsAs;
pub use self::escape::Escaped;
pub use self::not_allowed::NotAllowed;

use self::log::Log;
use self::metrics::Metrics;
use self::notes::Note;
use crate::clock::Time;
use std::fmt::Arguments;

/// What was noted: the log, and the metrics.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
}

impl Notes {
    /// Notes something, by the table in [`notes`]. `words`: its line in the log, if the table has one for it.
    pub(crate) fn note(&mut self, now: Time, note: Note, words: Arguments<'_>) {
        self.metrics.count(note, 0);
        self.log.write(now, note, words);
    }
}
