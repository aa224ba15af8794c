//! The log may owe lines, because nobody reads it. Then it is tried again once a second.

use crate::clock::Time;
use crate::outlet::Owing;
use std::time::Duration;

/// From one try to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// When the log is tried again.
pub(super) struct Retry {
    owing: Owing,
    /// [`Time::NEVER`]: it owes nothing.
    pub(super) at: Time,
}

impl Retry {
    pub(super) fn new(owing: Owing) -> Self {
        Self {
            owing,
            at: Time::NEVER,
        }
    }

    /// At the end of each turn.
    #[inline]
    pub(super) fn end_turn(&mut self, now: Time) {
        if self.owing.is_so() || self.at != Time::NEVER {
            self.try_again(now);
        }
    }

    #[cold]
    fn try_again(&mut self, now: Time) {
        let is_due = self.at <= now;
        if is_due {
            log::logger().flush();
        }
        if !self.owing.is_so() {
            self.at = Time::NEVER;
        } else if is_due || self.at == Time::NEVER {
            self.at = now.after(PAUSE);
        }
    }
}
