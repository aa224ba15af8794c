//! A response head, as a client reads it (RFC 9112 §4).
//!
//! Skip this file on a first reading: the server reads no responses. Its tools do.

use super::head::{Fields, NO_FIELDS, Slots};

/// A response head of more bytes is refused.
pub const MAX_ANSWER_HEAD_BYTES: usize = 64 << 10;

/// One complete response head, borrowed from its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The phrase after the status. It may be empty.
    pub phrase: &'a str,
    /// All header fields.
    pub fields: Fields<'a>,
}

/// Why bytes are no response head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// Length of the response head at the start of `bytes`, with its empty line. `None`: it is not complete.
///
/// # Errors
/// The bytes cannot become a response head, or it is too long.
pub fn answer_len(bytes: &[u8]) -> Result<Option<usize>, NoAnswer> {
    let begin = b"HTTP/1.";
    if !begin.starts_with(bytes.get(..begin.len()).unwrap_or(bytes)) {
        return Err(NoAnswer);
    }
    let mut line = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if matches!(bytes.get(line..at), Some([] | [b'\r'])) {
            return Ok(Some(at + 1));
        }
        line = at + 1;
    }
    if bytes.len() >= MAX_ANSWER_HEAD_BYTES { Err(NoAnswer) } else { Ok(None) }
}

/// Reads a complete response head, and gives it to `use_it`.
///
/// # Errors
/// The head is malformed, or has too many fields.
pub fn read<T>(bytes: &[u8], use_it: impl FnOnce(&Answer<'_>) -> T) -> Result<T, NoAnswer> {
    let mut slots: Slots<'_> = NO_FIELDS;
    let mut response = httparse::Response::new(&mut slots);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
        _ => return Err(NoAnswer),
    }
    let (status, phrase) = (response.code.ok_or(NoAnswer)?, response.reason.unwrap_or_default());
    Ok(use_it(&Answer { status, phrase, fields: Fields(response.headers) }))
}
