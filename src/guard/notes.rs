//! What is noted while the server runs: one table says what the log and the metrics make of it.
//!
//! The log has a few lines of each kind in some time, then the number of those that were left out.

use super::metrics::Metrics;
use crate::clock::Time;
use log::Level::{self, Debug, Error, Info, Warn};
use log::{log, log_enabled};
use std::fmt::Arguments;
use std::time::Duration;

/// What becomes of a note.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The level of its line in the log. `None`: it has no line.
    level: Option<Level>,
    /// The name of such lines, for those that are left out.
    name: &'static str,
    /// The metric that counts it. Empty: it is not counted.
    metric: &'static str,
}

/// The table: what may be noted, the level and the name of its line, and its metric.
macro_rules! notes {
    ($($(#[$doc:meta])* $note:ident = $level:expr, $name:literal, $metric:literal;)*) => {
        /// Something that happens and is noted. The log keeps this order where several are due at once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Note {
            $($(#[$doc])* $note,)*
        }

        impl Note {
            fn row(self) -> Row {
                match self {
                    $(Self::$note => Row { level: $level, name: $name, metric: $metric },)*
                }
            }
        }
    };
}

notes! {
    /// A connection is over.
    Ended = Some(Info), "connection", "";
    /// A request was refused.
    Refused = Some(Warn), "refusal", "";
    /// A peer broke a rule of the protocol (RFC 6455 §7.1.7: the problem should be logged).
    Violation = Some(Debug), "violation", "ws101_protocol_errors_total";
    /// A peer does not read.
    Slow = Some(Warn), "slow consumer", "ws101_slow_consumers_total";
    /// The memory budget is full, and the largest holder is ended.
    Overload = Some(Warn), "overload", "ws101_overload_closes_total";
    /// The system refuses us something.
    Trouble = Some(Error), "trouble", "";
    /// The system accepts no connection.
    AcceptError = Some(Error), "accept error", "ws101_accept_errors_total";
    /// Something panicked.
    Bug = Some(Error), "bug", "ws101_panics_total";
    /// An application has something to tell.
    News = Some(Info), "application", "";
    /// An application tells what a peer says.
    Detail = Some(Debug), "application detail", "";
    /// A connection was accepted, perhaps only to be refused.
    Accepted = None, "", "ws101_accepts_total";
    /// A connection or a download was refused. Counted by [`Cap`](super::caps::Cap).
    NoRoom = None, "", "ws101_refused_total";
    /// A request was answered. Counted by status.
    Answered = None, "", "ws101_http_responses_total";
    /// A sender of too many messages has to wait.
    RatePause = None, "", "ws101_rate_pauses_total";
    /// A deadline passed. Counted by [`Wait`].
    TimedOut = None, "", "ws101_timeouts_total";
}

impl Note {
    /// How many lines of it are written at most, and in how much time. Peers can make the server write lines.
    fn limit(self) -> (u32, Duration) {
        match self {
            // It may last for hours.
            Self::AcceptError => (1, Duration::from_secs(10)),
            _ => (10, Duration::from_secs(1)),
        }
    }
}

/// A wait that has a deadline, by what is waited for.
///
/// The drain when the server goes down is none of them: after that nobody is left who could ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The rest of a request head, or its first byte on a new connection.
    Head,
    /// The next request.
    KeepAlive,
    /// The rest of a request body.
    Body,
    /// The answer of an application.
    Held,
    /// A peer that takes nothing of an HTTP answer, or of an ending.
    Write,
    /// A peer that takes nothing of its queue.
    Queue,
    /// A sign of life after a ping.
    Ping,
    /// More of a large message.
    Message,
    /// The answer to our Close.
    Close,
    /// The end of the stream, after ours.
    Linger,
}

/// What was noted: the log, and the metrics.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
}

impl Notes {
    /// Notes something, by the table. `words`: its line in the log, if the table has one for it.
    pub(crate) fn note(&mut self, now: Time, note: Note, words: Arguments<'_>) {
        let Row { level, metric, .. } = note.row();
        if !metric.is_empty() {
            self.metrics.count(note, 0);
        }
        if level.is_some_and(|level| log_enabled!(level)) || self.log.due <= now {
            self.log.write(now, note, words);
        }
    }
}

impl Metrics {
    /// Counts a note. `label`: the cap, the wait, the status or the code by which it is told apart; else 0.
    pub(crate) fn count(&mut self, note: Note, label: u16) {
        *self.counts.entry((note.row().metric, label)).or_default() += 1;
    }
}

/// The lines of one kind since the first of them.
#[derive(Debug)]
struct Window {
    note: Note,
    level: Level,
    until: Time,
    lines: u32,
}

/// Counts lines, so that nobody can flood the log.
#[derive(Debug)]
pub(crate) struct Log {
    /// In the order of the notes.
    windows: Vec<Window>,
    /// When [`Log::flush`] has a number to tell. [`Time::NEVER`]: no line was left out.
    pub(crate) due: Time,
}

impl Default for Log {
    fn default() -> Self {
        Self { windows: Vec::new(), due: Time::NEVER }
    }
}

impl Log {
    /// Writes a line, if the table has one for this note and another may be written now.
    pub(crate) fn write(&mut self, now: Time, note: Note, words: Arguments<'_>) {
        self.flush(now);
        let Some(level) = note.row().level.filter(|level| log_enabled!(*level)) else { return };
        let (most, within) = note.limit();
        let place = self.windows.partition_point(|window| window.note < note);
        if self.windows.get(place).is_none_or(|window| window.note != note) {
            self.windows.insert(place, Window { note, level, until: now.after(within), lines: 0 });
        }
        let Some(window) = self.windows.get_mut(place) else { return };
        window.lines += 1;
        if window.lines <= most {
            log!(level, "{words}");
        } else {
            self.due = self.due.min(window.until);
        }
    }

    /// Ends the windows that are over, and tells how many lines were left out in them.
    pub(crate) fn flush(&mut self, now: Time) {
        self.due = Time::NEVER;
        self.windows.retain(|window| {
            let is_over = window.until <= now;
            let left_out = window.lines.saturating_sub(window.note.limit().0);
            if left_out > 0 && is_over {
                log!(window.level, "{left_out} {} lines suppressed", window.note.row().name);
            } else if left_out > 0 {
                self.due = self.due.min(window.until);
            }
            !is_over
        });
    }
}
