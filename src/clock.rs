//! Time as a value: the core never asks a clock, it is told.

use std::time::Duration;

/// Milliseconds since the server began. Only differences mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub u64);

impl Time {
    /// Later than every deadline.
    pub const NEVER: Self = Self(u64::MAX);

    /// This moment plus `span`, rounded up to whole milliseconds so that nothing expires early.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let millis = u64::from(span.subsec_nanos().div_ceil(1_000_000));
        Self(self.0.saturating_add(span.as_secs().saturating_mul(1_000)).saturating_add(millis))
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// A turn that comes later than this was held up: the process stood still, or it had too much to do.
const LATE: Duration = Duration::from_millis(100);

/// The driver's clock. It stands still while the process does.
///
/// A process may be stopped and continued, and its peers with it: a machine that sleeps, a container that is
/// paused. Nobody can have answered in that time, so it is not counted.
#[derive(Debug, Default)]
pub struct Clock {
    /// When the last turn began, by the system's clock.
    last: Duration,
    /// How long it has stood still, all in all.
    stood: Duration,
}

impl Clock {
    /// When the last turn began, by the system's clock.
    #[must_use]
    pub fn last(&self) -> Duration {
        self.last
    }

    /// The time of a turn that begins now. `elapsed`: since the server began, by the system's clock.
    ///
    /// `patience`: how long the wait before this turn could last; `None`: for ever.
    pub fn turn(&mut self, elapsed: Duration, patience: Option<Duration>) -> Time {
        let passed = elapsed.saturating_sub(self.last);
        self.last = elapsed;
        if patience.is_some_and(|patience| passed > patience.saturating_add(LATE)) {
            // How much of it we were looking cannot be known. A little passes, so that it is never for ever.
            self.stood += passed.saturating_sub(LATE);
        }
        let counted = elapsed.saturating_sub(self.stood);
        Time(u64::try_from(counted.as_millis()).unwrap_or(u64::MAX))
    }
}
