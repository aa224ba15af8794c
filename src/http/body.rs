//! Reads a request body as it arrives: so many bytes, or chunks (RFC 9112 §6, §7.1).
//!
//! ```text
//! chunked-body = *( chunk-size [ chunk-ext ] CRLF  data CRLF )  1*"0" [ chunk-ext ] CRLF
//!                *( field-line CRLF ) CRLF
//! ```
//!
//! The limit counts bytes after decoding and holds before they are kept: what a chunk announces is
//! judged at its size line. Extensions and trailer fields mean nothing here and are thrown away,
//! within a limit of their own. Other than in heads, a line must end in CR LF: readers that
//! disagreed about bare LF in chunks have been played off against each other.
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
    /// The body has ended; what follows is the next request.
    pub complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes remain, and then the body ends.
    Length(u64),
    /// In a chunk size, at its start or behind some digits.
    Size,
    /// White space behind a chunk size: an extension must follow.
    SizeSpace,
    Extension,
    /// The CR of a size line has come.
    SizeLf,
    /// So many bytes of this chunk remain.
    Data(u64),
    DataCr,
    DataLf,
    /// At the first byte of a trailer field, or of the empty line that ends the body.
    TrailerStart,
    TrailerLine,
    TrailerLf,
    /// The CR of the last line has come.
    LastLf,
    Complete,
}

/// See the module.
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
    /// `413` when the announced length is over the limit.
    pub fn new(framing: Framing, max_body_bytes: u64, config: &Config) -> Result<Self, Rejection> {
        let state = match framing {
            Framing::None => State::Complete,
            Framing::Length(len) if len > max_body_bytes => {
                return Err(refusal::content_too_large());
            }
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
    /// fields over their limit. The reader is of no use afterwards.
    pub fn read(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<Progress, Rejection> {
        let mut rest = input;
        while self.state != State::Complete {
            if let State::Length(remaining) | State::Data(remaining) = self.state {
                let most = usize::try_from(remaining).unwrap_or(usize::MAX);
                let (data, behind) = rest.split_at(rest.len().min(most));
                body.extend_from_slice(data);
                rest = behind;
                self.state = self.after_data(remaining - data.len() as u64);
                if matches!(self.state, State::Length(_) | State::Data(_)) {
                    break;
                }
            } else {
                let Some((&byte, behind)) = rest.split_first() else {
                    break;
                };
                rest = behind;
                self.state = self.step(byte)?;
            }
        }
        Ok(Progress {
            consumed: input.len() - rest.len(),
            complete: self.state == State::Complete,
        })
    }

    fn after_data(&self, remaining: u64) -> State {
        match self.state {
            State::Length(_) if remaining == 0 => State::Complete,
            State::Length(_) => State::Length(remaining),
            _ if remaining == 0 => State::DataCr,
            _ => State::Data(remaining),
        }
    }

    /// One byte of what is not data.
    fn step(&mut self, byte: u8) -> Result<State, Rejection> {
        // RFC 9110 §5.5: control bytes have no place in a line, quoted or not.
        let is_text = byte == b'\t' || !byte.is_ascii_control();
        Ok(match (self.state, byte) {
            (State::Size, byte) if byte.is_ascii_hexdigit() => self.size_digit(byte)?,
            (State::Size, b'\r' | b';' | b' ' | b'\t') if self.digits > 0 => {
                self.size_complete()?;
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
            (State::SizeLf, b'\n') => self.chunk_begins(),
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
        // Sixteen digits always fit; leading zeros beyond that are nobody's honest chunk.
        self.digits += 1;
        if self.digits > 16 {
            return Err(malformed());
        }
        self.chunk_bytes = (self.chunk_bytes << 4) | u64::from(digit);
        Ok(State::Size)
    }

    fn size_complete(&mut self) -> Result<(), Rejection> {
        self.digits = 0;
        self.room_bytes = self
            .room_bytes
            .checked_sub(self.chunk_bytes)
            .ok_or_else(refusal::content_too_large)?;
        Ok(())
    }

    fn chunk_begins(&mut self) -> State {
        match std::mem::take(&mut self.chunk_bytes) {
            0 => State::TrailerStart,
            len => State::Data(len),
        }
    }

    /// A byte that is thrown away. Without a limit, a body of one byte could keep us busy for ever.
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
