//! The log may owe lines, because nobody reads it. Then it is tried again once a second.

use crate::clock::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// From one try to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// When the log is tried again.
pub(super) struct Retry {
    /// The log owes lines, says whoever writes it.
    owes: Arc<AtomicBool>,
    /// [`Time::NEVER`]: it owes nothing.
    pub(super) at: Time,
}

impl Retry {
    pub(super) fn new(owes: Arc<AtomicBool>) -> Self {
        Self { owes, at: Time::NEVER }
    }

    /// At the end of each turn.
    #[inline]
    pub(super) fn end_turn(&mut self, now: Time) {
        if self.owes.load(Ordering::Relaxed) || self.at != Time::NEVER {
            self.try_again(now);
        }
    }

    #[cold]
    fn try_again(&mut self, now: Time) {
        let is_due = self.at <= now;
        if is_due {
            log::logger().flush();
        }
        if !self.owes.load(Ordering::Relaxed) {
            self.at = Time::NEVER;
        } else if is_due || self.at == Time::NEVER {
            self.at = now.after(PAUSE);
        }
    }
}
