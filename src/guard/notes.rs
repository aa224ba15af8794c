//! What is noted while the server runs: one table says what the log and the metrics make of it.

use log::Level::{self, Debug, Error, Info, Warn};
use std::time::Duration;

/// Something that happens and is noted. The log keeps this order where several are due at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// A connection is over.
    Ended,
    /// A request was refused.
    Refused,
    /// A peer broke a rule of the protocol (RFC 6455 §7.1.7: the problem should be logged).
    Violation,
    /// A peer does not read.
    Slow,
    /// The memory budget is full, and the largest holder is ended.
    Overload,
    /// The system refuses us something.
    Trouble,
    /// The system accepts no connection.
    AcceptError,
    /// Something panicked.
    Bug,
    /// An application has something to tell.
    News,
    /// An application tells what a peer says.
    Detail,
    /// A connection was accepted, perhaps only to be refused.
    Accepted,
    /// A connection or a download was refused. Counted by [`Cap`](super::caps::Cap).
    NoRoom,
    /// A request was answered. Counted by status.
    Answered,
    /// A sender of too many messages has to wait.
    RatePause,
    /// A deadline passed. Counted by [`Wait`].
    TimedOut,
}

/// What becomes of a note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The level of its line in the log. `None`: it has no line.
    pub(super) level: Option<Level>,
    /// The name of such lines, for those that are left out.
    pub(super) name: &'static str,
    /// The metric that counts it. Empty: it is not counted.
    pub(super) metric: &'static str,
}

const fn row(level: Option<Level>, name: &'static str, metric: &'static str) -> Row {
    Row { level, name, metric }
}

impl Note {
    /// The table.
    pub(super) fn row(self) -> Row {
        match self {
            Self::Ended => row(Some(Info), "connection", ""),
            Self::Refused => row(Some(Warn), "refusal", ""),
            Self::Violation => row(Some(Debug), "violation", "ws101_protocol_errors_total"),
            Self::Slow => row(Some(Warn), "slow consumer", "ws101_slow_consumers_total"),
            Self::Overload => row(Some(Warn), "overload", "ws101_overload_closes_total"),
            Self::Trouble => row(Some(Error), "trouble", ""),
            Self::AcceptError => row(Some(Error), "accept error", "ws101_accept_errors_total"),
            Self::Bug => row(Some(Error), "bug", "ws101_panics_total"),
            Self::News => row(Some(Info), "application", ""),
            Self::Detail => row(Some(Debug), "application detail", ""),
            Self::Accepted => row(None, "", "ws101_accepts_total"),
            Self::NoRoom => row(None, "", "ws101_refused_total"),
            Self::Answered => row(None, "", "ws101_http_responses_total"),
            Self::RatePause => row(None, "", "ws101_rate_pauses_total"),
            Self::TimedOut => row(None, "", "ws101_timeouts_total"),
        }
    }

    /// How many lines of it are written at most, and in how much time. Peers can make the server write lines.
    pub(super) fn limit(self) -> (u32, Duration) {
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
