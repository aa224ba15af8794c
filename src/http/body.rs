//! A request body: what the head says of it, and how it is read as it arrives (RFC 9112 §6, §7.1; RFC 9110 §10.1.1).
//!
//! Skip this file on a first reading: an upgrade has no body.
//!
//! If a proxy and this server disagree about the end of a request, an attacker can hide a second one in it
//! ("request smuggling"). So a doubtful head is refused, and never repaired. A body is a number of bytes, or chunks:
//!
//! ```text
//! chunked-body = *( chunk-size [ chunk-ext ] CRLF  data CRLF )  1*"0" [ chunk-ext ] CRLF
//!                *( field-line CRLF ) CRLF
//! ```
//!
//! The limit counts bytes after decoding, and a chunk is judged at its size line, before its bytes are kept.
//! Extensions and trailer fields are thrown away, within a limit of their own. Here a line must end in
//! CR LF, and not in LF alone as in heads: attackers have used readers that disagree about that.
//!
//! Invariant: the outcome does not depend on how the bytes were cut into pieces.

use super::head::Head;
use super::refusal::{self, Rejection};
use crate::config::Config;

/// How the end of a request body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body (`Content-Length: 0` included).
    None,
    /// This number of bytes follows the head, at least one.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
}

/// What a head says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Where the body ends.
    pub framing: Framing,
    /// The client waits for `100 Continue` before it sends its body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
}

impl Announced {
    /// Reads what this head says of the body.
    ///
    /// # Errors
    /// `400`, or `501` for a transfer coding that this server does not know; `417` for an unknown expectation.
    pub fn of(head: &Head<'_>) -> Result<Self, Rejection> {
        let has = |name| head.fields.values(name).next().is_some();
        let framing = match (has("transfer-encoding"), has("content-length")) {
            (false, false) => Framing::None,
            (false, true) => match parse_content_length(head) {
                Some(0) => Framing::None,
                Some(len) => Framing::Length(len),
                None => return Err(refusal::bad_request("Content-Length is invalid.\n")),
            },
            (true, false) if head.http11 => find_chunked(head)?,
            // RFC 9112 §6.1: both at once, or a coding on HTTP/1.0, may be smuggling.
            (true, _) => {
                return Err(refusal::bad_request(
                    "Transfer-Encoding excludes Content-Length and HTTP/1.0.\n",
                ));
            }
        };
        let mut expectations = head.fields.items("expect").peekable();
        // HTTP/1.0 does not know it, and without a body the client does not wait.
        let expects_continue = expectations.peek().is_some() && head.http11 && framing != Framing::None;
        match expectations.all(|expectation| expectation.eq_ignore_ascii_case(b"100-continue")) {
            true => Ok(Self { framing, expects_continue }),
            false => Err(refusal::expectation_failed()),
        }
    }
}

/// Accepts the coding `chunked`, alone (RFC 9112 §6.1, §7).
///
/// With other codings before it the answer is `501`. If `chunked` is not the last one, or comes twice, nobody can
/// find the end of the body (§6.3).
fn find_chunked(head: &Head<'_>) -> Result<Framing, Rejection> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let only = head.fields.single("transfer-encoding");
    if only.is_some_and(is_chunked) {
        return Ok(Framing::Chunked);
    }
    let codings = || head.fields.items("transfer-encoding");
    let ends_in_chunked = codings().last().is_some_and(is_chunked);
    let chunked_count = codings().filter(|coding| is_chunked(coding)).count();
    if ends_in_chunked && chunked_count == 1 && codings().count() > 1 {
        return Err(refusal::not_implemented("The only transfer coding known here is chunked.\n"));
    }
    Err(refusal::bad_request("Transfer-Encoding must end in chunked, once.\n"))
}

/// Reads one decimal number (RFC 9110 §8.6).
///
/// It may come again, in a list or in a second field (RFC 9112 §6.3). `None`: there is anything else.
fn parse_content_length(head: &Head<'_>) -> Option<u64> {
    let mut agreed = None;
    let values = head.fields.values("content-length");
    // `items` would skip empty items, but they are no numbers.
    for item in values.flat_map(|value| value.split(|&byte| byte == b',')) {
        let digits = std::str::from_utf8(item.trim_ascii()).ok()?;
        // `parse` alone would accept a plus sign.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let len: u64 = digits.parse().ok()?;
        if *agreed.get_or_insert(len) != len {
            return None;
        }
    }
    agreed
}

/// What one call of `BodyReader::read` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that belong to the body. All of it, unless the body is complete.
    pub consumed: usize,
    /// The body has ended. The next request follows.
    pub complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// This number of bytes is missing, and then the body ends.
    Length(u64),
    /// In a chunk size, with its digits so far and their value.
    Size(u8, u64),
    /// White space after this chunk size: an extension must follow.
    SizeSpace(u64),
    /// In an extension, after this chunk size.
    Extension(u64),
    /// The CR of the line with this chunk size has come.
    SizeLf(u64),
    /// This number of bytes of the chunk is missing.
    Data(u64),
    DataCr,
    DataLf,
    /// At the first byte of a trailer field, or of the last, empty line.
    TrailerStart,
    TrailerLine,
    TrailerLf,
    /// The CR of the last line has come.
    LastLf,
    Complete,
}

/// Reads one request body.
#[derive(Debug, Clone)]
pub struct BodyReader {
    state: State,
    /// Bytes that may still be decoded.
    room_bytes: u64,
    /// Bytes of extensions and trailer fields that may still come.
    overhead_bytes: usize,
}

impl BodyReader {
    /// A reader of a body with this framing, of at most `max_body_bytes` after decoding.
    ///
    /// # Errors
    /// `413` if the announced length is over the limit.
    pub fn new(framing: Framing, max_body_bytes: u64, config: &Config) -> Result<Self, Rejection> {
        if matches!(framing, Framing::Length(len) if len > max_body_bytes) {
            return Err(refusal::content_too_large());
        }
        let state = match framing {
            Framing::None => State::Complete,
            Framing::Length(len) => State::Length(len),
            Framing::Chunked => State::Size(0, 0),
        };
        Ok(Self { state, room_bytes: max_body_bytes, overhead_bytes: config.max_head_bytes })
    }

    /// Decodes what has arrived, and appends it to `body`.
    ///
    /// # Errors
    /// `400` for broken chunks or too large extensions, `413` for a body and `431` for trailer
    /// fields over their limit. The reader must not be used again.
    pub fn read(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<Progress, Rejection> {
        let mut rest = input;
        while self.state != State::Complete
            && let Some((&byte, after)) = rest.split_first()
        {
            if let State::Length(missing) | State::Data(missing) = &mut self.state {
                let most = usize::try_from(*missing).unwrap_or(usize::MAX);
                let (data, after) = rest.split_at(rest.len().min(most));
                body.extend_from_slice(data);
                rest = after;
                *missing -= data.len() as u64;
                self.state = match self.state {
                    State::Length(0) => State::Complete,
                    State::Data(0) => State::DataCr,
                    unchanged => unchanged,
                };
            } else {
                rest = after;
                self.state = self.step(byte)?;
            }
        }
        Ok(Progress { consumed: input.len() - rest.len(), complete: self.state == State::Complete })
    }

    /// Reads one byte that is not data. Returns the next state.
    fn step(&mut self, byte: u8) -> Result<State, Rejection> {
        // RFC 9110 §5.5: control bytes have no place in a line, quoted or not.
        let is_text = byte == b'\t' || !byte.is_ascii_control();
        Ok(match (self.state, byte) {
            // Sixteen digits always fit. No honest client writes more, with zeros in front.
            (State::Size(digits @ ..16, len), _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                State::Size(digits + 1, (len << 4) | u64::from(digit))
            }
            (State::Size(1.., len), b'\r' | b';' | b' ' | b'\t') => {
                let room = self.room_bytes.checked_sub(len);
                self.room_bytes = room.ok_or_else(refusal::content_too_large)?;
                match byte {
                    b'\r' => State::SizeLf(len),
                    b';' => State::Extension(len),
                    _ => State::SizeSpace(len),
                }
            }
            (State::SizeSpace(len), b';') => State::Extension(len),
            (State::Extension(len), b'\r') => State::SizeLf(len),
            (State::SizeSpace(_), b' ' | b'\t') => self.throw_away(self.state)?,
            (State::Extension(_), _) if is_text => self.throw_away(self.state)?,
            (State::SizeLf(0), b'\n') => State::TrailerStart,
            (State::SizeLf(len), b'\n') => State::Data(len),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size(0, 0),
            (State::TrailerStart, b'\r') => State::LastLf,
            (State::TrailerLine, b'\r') => State::TrailerLf,
            (State::TrailerStart | State::TrailerLine, _) if is_text => {
                self.throw_away(State::TrailerLine)?
            }
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::LastLf, b'\n') => State::Complete,
            _ => return Err(refusal::bad_request("The chunks of the request body are malformed.\n")),
        })
    }

    /// Counts a byte that is thrown away, in this state. Without a limit such bytes could come for ever.
    fn throw_away(&mut self, state: State) -> Result<State, Rejection> {
        if let Some(left) = self.overhead_bytes.checked_sub(1) {
            self.overhead_bytes = left;
            return Ok(state);
        }
        Err(match state {
            State::TrailerLine => refusal::header_fields_too_large(),
            _ => refusal::bad_request("The chunk extensions of the request body are too large.\n"),
        })
    }
}
