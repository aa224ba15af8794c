//! A token bucket for messages per second. It holds one second's worth, and is kept as one number.
//!
//! Each message is paid for with its share of a second, and the time up to which a sender has paid may lie
//! one second ahead of the clock. What counts, and what becomes of who has to wait, is decided by those who
//! own a bucket.

use crate::clock::Time;

const SECOND: u64 = 1_000_000_000;

/// What one sender has paid.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// In nanoseconds of the hub's clock.
    paid_until: u64,
}

/// What a message costs, in nanoseconds, when there may be so many in a second. 0 is any number: nothing.
#[must_use]
pub fn price(per_second: usize) -> u64 {
    SECOND.checked_div(per_second as u64).unwrap_or(0)
}

impl Bucket {
    /// A message is paid for, whether or not it was time.
    pub fn pay(&mut self, price: u64, now: Time) {
        let nanoseconds = now.0.saturating_mul(1_000_000);
        self.paid_until = self.paid_until.max(nanoseconds) + price;
    }

    /// When the next message may come.
    #[must_use]
    pub fn next(&self, price: u64) -> Time {
        let next = (self.paid_until + price).saturating_sub(SECOND);
        Time(next.div_ceil(1_000_000))
    }
}
