//! The time up to which the loop has looked. Deadlines are judged by it, not by the clock.
//!
//! A process may be stopped and continued, a turn may be long, and more may be ready than one turn
//! takes. A peer is not late if its bytes lay in the kernel in time and the server did not read them.
//! So nothing expires before everything that was ready when it was due has been read and written.
//!
//! The time goes on in *rounds*. A round begins when a turn does, and is over when everything that
//! was ready then has been dealt with. As a rule that is after the next turn, since its poll
//! reports everything. Nobody can make a round endless: each source is reported once or twice before
//! all others were reported, and those who always have more to read are waited for in
//! [`TURNS_PER_ROUND`] turns at most.

use crate::clock::Time;

/// How many turns a round waits for connections that have more to read.
///
/// A turn reads 144 KiB of each or more, so this is as much as a kernel usually holds for one (4 MiB).
pub const TURNS_PER_ROUND: u32 = 32;

/// What the loop has dealt with in a turn.
#[derive(Debug, Clone, Copy)]
pub struct Dealt {
    /// How many events the poll reported.
    pub events: usize,
    /// The poll reported everything that was ready when it was called. `false`: it was interrupted,
    /// or reported as many events as it may.
    pub is_all: bool,
    /// How many events can be ready at once. The kernel reports them in their order, so after that many
    /// there is none left of those that were ready at the beginning.
    pub most: usize,
    /// Connections are left that can be read at once, without a new event.
    pub has_rest: bool,
}

/// The time up to which everything that was ready has been read and written.
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
        if self.turns == 0 && dealt.is_all && !dealt.has_rest {
            self.until = self.began;
            self.began = now;
        } else {
            self.go_on(dealt, now);
        }
        self.until
    }

    /// Goes on with a round of more than one turn.
    #[cold]
    fn go_on(&mut self, dealt: Dealt, now: Time) {
        self.turns += 1;
        self.events += dealt.events;
        self.is_reported |= dealt.is_all || self.events >= dealt.most;
        if self.is_reported && (!dealt.has_rest || self.turns >= TURNS_PER_ROUND) {
            *self = Self { until: self.began, began: now, ..Self::default() };
        }
    }
}
