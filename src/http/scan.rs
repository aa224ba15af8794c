//! Finds the end of a request head in bytes that arrive in any pieces (RFC 9112 §2.1).
//!
//! It looks at each byte once, so a peer that sends one byte at a time costs no more than one that sends
//! all at once. It refuses only what is sure before the end: bytes that cannot become a request, and
//! sizes over a limit. `head::parse` judges the rest.
//!
//! ```text
//!  Start ── CR LF or LF, once ──┐
//!    │ ◄────────────────────────┘
//!    ▼ token character
//!  Method ─ SP ─► Target ─ SP ─► Line ◄── any other byte ── LineStart ─ LF ─────────► end
//!                                  │                          ▲   └─ CR ─► LastCr ─ LF ─► end
//!                                  └─────────── LF ───────────┘
//! ```
//!
//! A line ends in CR LF or in LF alone, which RFC 9112 §2.2 lets a server accept: people type
//! heads into `nc`.
//!
//! Invariant: the outcome does not depend on how the bytes were cut into pieces.

use super::fields::is_token_byte;
use super::refusal::{self, Rejection};
use crate::config::Config;

/// Length of the head at the start of `bytes`.
///
/// It is for programs that keep all bytes of a head. `None`: the head is not complete. The limits are those of a default `Config`.
///
/// # Errors
/// The errors of [`HeadScanner::scan`].
pub fn head_len(bytes: &[u8]) -> Result<Option<usize>, Rejection> {
    HeadScanner::default().scan(bytes, &Config::default())
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before the first byte of the request line.
    #[default]
    Start,
    /// A CR before the request line.
    StartCr,
    Method,
    Target,
    /// Inside a line: after the target, or in a field line.
    Line,
    /// At the first byte of a field line, or of the last, empty line.
    LineStart,
    /// A CR at the start of a line.
    LastCr,
}

/// Finds the end of one request head. The next request needs a new scanner.
#[derive(Debug, Clone, Default)]
pub struct HeadScanner {
    state: State,
    /// An empty line before the request line was skipped.
    empty_line_seen: bool,
    head_bytes: usize,
    target_bytes: usize,
}

impl HeadScanner {
    /// Whether no byte has come yet. Then the peer is idle, and not slow.
    pub fn is_fresh(&self) -> bool {
        self.head_bytes == 0
    }

    /// Looks at bytes that follow those of the call before.
    ///
    /// `Some(n)`: the head ends after the first `n` bytes of `new`, at least one. `None`: all of `new` belongs to a
    /// head that is not complete.
    ///
    /// # Errors
    /// `400` for bytes that cannot become a request, `414` for a target and `431` for a head over
    /// its limit; each at the first byte that proves it.
    pub fn scan(&mut self, new: &[u8], config: &Config) -> Result<Option<usize>, Rejection> {
        let room = config.max_head_bytes.saturating_sub(self.head_bytes);
        let within = new.get(..room).unwrap_or(new);
        let mut rest = within;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            if self.step(byte, config.tuning.max_target_bytes)? {
                return Ok(Some(within.len() - rest.len()));
            }
            if self.state == State::Line {
                // Most bytes of a head are of no interest here: go to the end of the line.
                let skipped = rest.iter().position(|&byte| byte == b'\n');
                rest = rest.get(skipped.unwrap_or(rest.len())..).unwrap_or(&[]);
            }
        }
        self.head_bytes += within.len();
        // A full head that lacks its end can only grow beyond the limit.
        if self.head_bytes >= config.max_head_bytes {
            return Err(refusal::header_fields_too_large());
        }
        Ok(None)
    }

    /// One byte; `true` when it ends the head.
    fn step(&mut self, byte: u8, max_target_bytes: usize) -> Result<bool, Rejection> {
        self.state = match (self.state, byte) {
            (State::Start, b'\r') if !self.empty_line_seen => State::StartCr,
            // RFC 9112 §2.2: one empty line is ignored, for clients that end a body with one.
            (State::Start | State::StartCr, b'\n') if !self.empty_line_seen => {
                self.empty_line_seen = true;
                State::Start
            }
            (State::Start | State::Method, byte) if is_token_byte(byte) => State::Method,
            (State::Method, b' ') => State::Target,
            (State::Target, b' ') => State::Line,
            (State::Target, byte) if byte != b'\n' => {
                self.target_bytes += 1;
                if self.target_bytes > max_target_bytes {
                    return Err(refusal::uri_too_long());
                }
                State::Target
            }
            (State::Line, b'\n') => State::LineStart,
            (State::LineStart, b'\r') => State::LastCr,
            (State::LineStart | State::LastCr, b'\n') => return Ok(true),
            (State::Line | State::LineStart, _) => State::Line,
            // A second empty line, a method that is no token (a TLS hello begins 16 03 01), a
            // request line without a version, a CR that ends no line.
            (State::Start | State::StartCr | State::Method | State::Target | State::LastCr, _) => {
                return Err(refusal::bad_request("This is not an HTTP/1.1 request.\n"));
            }
        };
        Ok(false)
    }
}
