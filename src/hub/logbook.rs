//! What the server tells its operator: one line for each connection, nothing for a message.
//!
//! Peers can make a server write lines. So each kind of line is limited, to ten in a second as a rule,
//! then counted, and text that a peer chose is escaped and cut.

use crate::clock::Time;
use crate::conn::Conn;
use crate::guard::{NotAllowed, escaped};
use crate::http::response::Response;
use crate::ws::close::Violation;
use log::{Level, debug, error, info, warn};
use std::time::Duration;

/// A kind of line, limited on its own.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ended,
    Refused,
    Violation,
    Slow,
    Overload,
    Trouble,
    Accept,
    Bug,
    News,
    Detail,
}

impl Kind {
    fn level(self) -> Level {
        match self {
            Self::Ended | Self::News => Level::Info,
            Self::Refused | Self::Slow | Self::Overload => Level::Warn,
            Self::Violation | Self::Detail => Level::Debug,
            Self::Trouble | Self::Accept | Self::Bug => Level::Error,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ended => "connection",
            Self::Refused => "refusal",
            Self::Violation => "violation",
            Self::Slow => "slow consumer",
            Self::Overload => "overload",
            Self::Trouble => "trouble",
            Self::Accept => "accept error",
            Self::Bug => "bug",
            Self::News => "application",
            Self::Detail => "application detail",
        }
    }

    /// How many lines of this kind are written in how much time.
    ///
    /// Errors of `accept` get fewer: that no connection can be accepted may last for hours.
    fn limit(self) -> (u32, Duration) {
        match self {
            Self::Accept => (1, Duration::from_secs(10)),
            _ => (10, Duration::from_secs(1)),
        }
    }
}

const KINDS: [Kind; 10] = [
    Kind::Ended,
    Kind::Refused,
    Kind::Violation,
    Kind::Slow,
    Kind::Overload,
    Kind::Trouble,
    Kind::Accept,
    Kind::Bug,
    Kind::News,
    Kind::Detail,
];

#[derive(Debug, Default, Clone, Copy)]
struct Window {
    since: Time,
    lines: u32,
    suppressed: u32,
}

/// Counts lines, so that nobody can flood the log.
#[derive(Debug, Default)]
pub(crate) struct Logbook {
    windows: [Window; KINDS.len()],
}

impl Logbook {
    /// Whether a line of this kind may be written now.
    fn admit(&mut self, kind: Kind, now: Time) -> bool {
        self.flush(now);
        let Some(window) = self.windows.get_mut(kind as usize) else {
            return false;
        };
        if !log::log_enabled!(kind.level()) {
            return false;
        }
        if window.lines == 0 {
            window.since = now;
        }
        window.lines += 1;
        if window.lines > kind.limit().0 {
            window.suppressed += 1;
            return false;
        }
        true
    }

    /// When the next count of suppressed lines is due.
    pub(crate) fn deadline(&self) -> Time {
        let windows = self.windows.iter().zip(KINDS);
        let told_later = windows.filter(|(window, _)| window.suppressed > 0);
        told_later
            .map(|(window, kind)| window.since.after(kind.limit().1))
            .min()
            .unwrap_or(Time::NEVER)
    }

    /// Ends the windows that are over, and says what was suppressed in them.
    pub(crate) fn flush(&mut self, now: Time) {
        for (window, kind) in self.windows.iter_mut().zip(KINDS) {
            if window.lines > 0 && window.since.after(kind.limit().1) <= now {
                if window.suppressed > 0 {
                    let (count, name) = (window.suppressed, kind.name());
                    log::log!(kind.level(), "{count} {name} lines suppressed");
                }
                *window = Window::default();
            }
        }
    }

    /// The one line of a connection.
    pub(crate) fn ended(&mut self, now: Time, conn: &Conn) {
        if !self.admit(Kind::Ended, now) {
            return;
        }
        let seconds = now.since(conn.accepted).as_secs_f64();
        let outcome = if conn.status == 101 {
            format!("close {}", conn.closed.code)
        } else {
            format!("status {}", conn.status)
        };
        info!(
            "{} {} {seconds:.3} s, {} bytes in, {} out, {outcome} {}",
            conn.peer(),
            path_of(conn),
            conn.bytes_in,
            conn.bytes_out,
            conn.closed.cause.word(),
        );
    }

    /// A request was refused: because of what it named, or for the reason that the answer gives.
    pub(crate) fn refusal(
        &mut self,
        now: Time,
        conn: Option<&Conn>,
        response: &Response,
        named: Option<NotAllowed<'_>>,
    ) {
        let Some(conn) = conn else { return };
        if self.admit(Kind::Refused, now) {
            let status = response.status.0;
            let why = named.map_or_else(|| response.explanation().into(), |it| it.to_string());
            warn!("{} {} {status}: {why}", conn.peer(), path_of(conn));
        }
    }

    /// A rule of the protocol was broken (RFC 6455 §7.1.7: the problem should be logged).
    pub(crate) fn violation(&mut self, now: Time, conn: Option<&Conn>, violation: Violation) {
        let Some(conn) = conn else { return };
        if self.admit(Kind::Violation, now) {
            debug!("{} fails: {}", conn.peer(), violation.reason());
        }
    }

    /// The system refuses us something.
    pub(crate) fn trouble(&mut self, now: Time, what: &str, error: &std::io::Error) {
        if self.admit(Kind::Trouble, now) {
            error!("{what}: {error}");
        }
    }

    /// An application's own line.
    pub(crate) fn news(&mut self, now: Time, what: &str, text: &str) {
        if self.admit(Kind::News, now) {
            info!("{what}: {}", escaped(text.as_bytes()));
        }
    }

    /// The same, with what a peer says.
    pub(crate) fn detail(&mut self, now: Time, what: &str, text: &str) {
        if self.admit(Kind::Detail, now) {
            debug!("{what}: {}", escaped(text.as_bytes()));
        }
    }

    /// No connection can be accepted.
    pub(crate) fn accept_error(&mut self, now: Time, error: &std::io::Error) {
        if self.admit(Kind::Accept, now) {
            error!("connections cannot be accepted: {error}");
        }
    }

    /// Something panicked. What it says may hold bytes of a peer.
    pub(crate) fn bug(&mut self, now: Time, conn: Option<&Conn>, message: &str) {
        if self.admit(Kind::Bug, now) {
            let whose = conn.map_or_else(|| "no connection".to_owned(), |c| c.peer().to_string());
            error!("a bug, met by {whose}: {}", escaped(message.as_bytes()));
        }
    }

    /// The memory budget is full, and this is the largest holder.
    pub(crate) fn overload(&mut self, now: Time, conn: &Conn, bytes: usize) {
        if self.admit(Kind::Overload, now) {
            warn!(
                "{} is ended, the memory budget is full and {bytes} bytes are held for it",
                conn.peer()
            );
        }
    }

    /// The memory budget is full, and most is held for a peer that is away.
    pub(crate) fn overload_away(&mut self, now: Time, bytes: usize) {
        if self.admit(Kind::Overload, now) {
            warn!(
                "a session is ended, the memory budget is full and {bytes} bytes are held for it"
            );
        }
    }

    /// A peer does not read.
    pub(crate) fn slow_consumer(&mut self, now: Time, conn: Option<&Conn>) {
        let Some(conn) = conn else { return };
        if self.admit(Kind::Slow, now) {
            warn!(
                "{} does not read: {} bytes dropped",
                conn.peer(),
                conn.outbox.len()
            );
        }
    }
}

/// The path of the last request; `-` when none came, or its head could not be read.
fn path_of(conn: &Conn) -> String {
    if conn.path.as_bytes().is_empty() {
        return "-".to_owned();
    }
    escaped(conn.path.as_bytes())
}
