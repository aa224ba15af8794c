//! Time as a value, deadlines, the driver's clock, and up to when the driver has looked. The hub never asks a clock, it is told.

use std::collections::BTreeSet;
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
    /// When the last turn began.
    pub now: Time,
    /// When the last turn began, by the system's clock: the time since the server began.
    pub last: Duration,
    /// How long it has stood still, all in all.
    stood: Duration,
}

impl Clock {
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
        self.now = Time(u64::try_from(counted.as_millis()).unwrap_or(u64::MAX));
        self.now
    }
}

/// How many turns a round waits for connections that have more to read.
///
/// A turn reads 144 KiB of each or more, so this is as much as a kernel usually holds for one (4 MiB).
pub const TURNS_PER_ROUND: u32 = 32;

/// What the loop has dealt with in a turn.
#[derive(Debug, Clone, Copy)]
pub struct Dealt {
    /// How many events the poll reported.
    pub events: usize,
    /// The poll reported everything that was ready when it was called. `false`: it reported as many
    /// events as it may.
    pub is_all: bool,
    /// How many events can be ready at once. The kernel reports them in their order, so after that many
    /// there is none left of those that were ready at the beginning.
    pub most: usize,
    /// Connections are left that can be read at once, without a new event.
    pub has_rest: bool,
}

/// The time up to which everything that was ready has been read and written.
///
/// Deadlines are judged by it, not by the clock. A process may be stopped and continued, a turn may be long, and more
/// may be ready than one turn takes. A peer is not late if its bytes lay in the kernel in time and the server did not
/// read them.
///
/// The time goes on in *rounds*. A round begins when a turn does, and is over when everything that was ready then has
/// been dealt with. As a rule that is after the next turn, since its poll reports everything. Nobody can make a round
/// endless: each source is reported once or twice before all others were reported, and those who always have more to
/// read are waited for in [`TURNS_PER_ROUND`] turns at most.
#[derive(Debug, Default)]
pub struct Seen {
    until: Time,
    /// When the round began.
    began: Time,
    /// Turns of the round.
    turns: u32,
    /// Events of the round.
    events: usize,
    /// All that was ready when the round began was reported.
    is_reported: bool,
}

impl Seen {
    /// Notes a turn that began at `now` and has read and written.
    ///
    /// Returns the time by which deadlines are to be judged. It never goes back.
    #[inline]
    pub fn advance(&mut self, dealt: Dealt, now: Time) -> Time {
        self.turns += 1;
        self.events += dealt.events;
        self.is_reported |= dealt.is_all || self.events >= dealt.most;
        if self.is_reported && (!dealt.has_rest || self.turns >= TURNS_PER_ROUND) {
            *self = Self { until: self.began, began: now, turns: 0, events: 0, is_reported: false };
        }
        self.until
    }
}

/// Ordered deadlines of things named by `K`: each has at most one, and the earliest is known.
///
/// A change costs O(log n). A deadline that moves often is not changed each time: every received byte extends the
/// life of a connection, so the connection notes the time, and sets its deadline anew when the old one passes.
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
