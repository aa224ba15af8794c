//! Reads a request body as it arrives: a number of bytes, or chunks (RFC 9112 §6, §7.1).
//!
//! Skip this file on a first reading: an upgrade has no body.
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

use super::framing::Framing;
use super::refusal::{self, Rejection};
use crate::config::Config;

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
    /// In a chunk size, at its start or after some digits.
    Size,
    /// White space after a chunk size: an extension must follow.
    SizeSpace,
    Extension,
    /// The CR of a size line has come.
    SizeLf,
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
    chunk_bytes: u64,
    /// Digits of the chunk size so far.
    digits: u8,
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
            Framing::Chunked => State::Size,
        };
        Ok(Self {
            state,
            room_bytes: max_body_bytes,
            chunk_bytes: 0,
            digits: 0,
            overhead_bytes: config.max_head_bytes,
        })
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
            (State::Size, byte) if byte.is_ascii_hexdigit() => self.size_digit(byte)?,
            (State::Size, b'\r' | b';' | b' ' | b'\t') if self.digits > 0 => {
                self.digits = 0;
                let room = self.room_bytes.checked_sub(self.chunk_bytes);
                self.room_bytes = room.ok_or_else(refusal::content_too_large)?;
                match byte {
                    b'\r' => State::SizeLf,
                    b';' => State::Extension,
                    _ => State::SizeSpace,
                }
            }
            (State::SizeSpace, b' ' | b'\t') => {
                self.spend(refusal_of_extension)?;
                State::SizeSpace
            }
            (State::SizeSpace, b';') => State::Extension,
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension, _) if is_text => {
                self.spend(refusal_of_extension)?;
                State::Extension
            }
            (State::SizeLf, b'\n') => match std::mem::take(&mut self.chunk_bytes) {
                0 => State::TrailerStart,
                len => State::Data(len),
            },
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::LastLf,
            (State::TrailerLine, b'\r') => State::TrailerLf,
            (State::TrailerStart | State::TrailerLine, _) if is_text => {
                self.spend(refusal::header_fields_too_large)?;
                State::TrailerLine
            }
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::LastLf, b'\n') => State::Complete,
            _ => return Err(malformed()),
        })
    }

    fn size_digit(&mut self, byte: u8) -> Result<State, Rejection> {
        let digit = char::from(byte).to_digit(16).unwrap_or(0);
        // Sixteen digits always fit. No honest client writes more, with zeros in front.
        self.digits += 1;
        if self.digits > 16 {
            return Err(malformed());
        }
        self.chunk_bytes = (self.chunk_bytes << 4) | u64::from(digit);
        Ok(State::Size)
    }

    /// Counts a byte that is thrown away. Without a limit such bytes could come for ever.
    fn spend(&mut self, refusal: fn() -> Rejection) -> Result<(), Rejection> {
        self.overhead_bytes = self.overhead_bytes.checked_sub(1).ok_or_else(refusal)?;
        Ok(())
    }
}

fn malformed() -> Rejection {
    refusal::bad_request("The chunks of the request body are malformed.\n")
}

fn refusal_of_extension() -> Rejection {
    refusal::bad_request("The chunk extensions of the request body are too large.\n")
}
