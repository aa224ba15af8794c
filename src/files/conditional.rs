//! Conditional requests (RFC 9110 §13): does the client already hold these bytes?
//!
//! The order of §13.2.2 is the order of `judge`. Times are whole Unix seconds.

use crate::http::date;
use crate::http::head::Head;

/// What the conditions of a `GET` or `HEAD` ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There are none, or they hold: answer.
    Perform,
    /// The client's copy is good: `304`.
    NotModified,
    /// The client wants another version than this one: `412`.
    Failed,
}

/// Evaluates the conditions of a request for a file with this entity tag and time of change.
///
/// `now` (Unix seconds) is needed to read dates of an old form; see `date::parse`.
#[must_use]
pub fn judge(head: &Head<'_>, etag: &str, modified: Option<u64>, now: u64) -> Verdict {
    match listed(head, "if-match", etag, strong) {
        Some(false) => return Verdict::Failed,
        Some(true) => {}
        None => {
            let since = date_field(head, "if-unmodified-since", now);
            if matches!((modified, since), (Some(modified), Some(since)) if modified > since) {
                return Verdict::Failed;
            }
        }
    }
    // A tag tells two edits within one second apart, a date does not: the tag wins (§13.1.3).
    let same = match listed(head, "if-none-match", etag, weak) {
        Some(same) => same,
        None => {
            let since = date_field(head, "if-modified-since", now);
            matches!((modified, since), (Some(modified), Some(since)) if modified <= since)
        }
    };
    if same { Verdict::NotModified } else { Verdict::Perform }
}

/// Whether `If-Range` (RFC 9110 §13.1.5) lets `Range` count. Without the field it does.
///
/// Only a strong entity tag can prove that a client's first half and our second half belong
/// together. A date cannot: the file may have changed twice within its second. A client that sends
/// one gets the whole file, which is always right.
#[must_use]
pub fn range_applies(head: &Head<'_>, etag: &str) -> bool {
    head.fields.values("if-range").all(|value| strong(value, etag.as_bytes()))
}

/// Whether a list of entity tags names `etag`; `None` when the field is absent.
fn listed(head: &Head<'_>, field: &'static str, etag: &str, same: fn(&[u8], &[u8]) -> bool) -> Option<bool> {
    let mut present = None;
    for value in head.fields.values(field) {
        let matched = value == b"*" || EntityTags(value).any(|tag| same(tag, etag.as_bytes()));
        present = Some(present.unwrap_or(false) || matched);
    }
    present
}

/// Whether two tags are equal, and neither is weak (RFC 9110 §8.8.3.2).
fn strong(one: &[u8], other: &[u8]) -> bool {
    one == other && !one.starts_with(b"W/")
}

/// Whether two tags are equal, be they weak or not (RFC 9110 §8.8.3.2).
fn weak(one: &[u8], other: &[u8]) -> bool {
    let opaque = |tag| <[u8]>::strip_prefix(tag, b"W/").unwrap_or(tag);
    opaque(one) == opaque(other)
}

/// The entity tags of one field line, with quotes and `W/`. Ends at the first that is malformed.
///
/// A comma may stand inside the quotes, so the list cannot simply be split at commas.
struct EntityTags<'a>(&'a [u8]);

impl<'a> Iterator for EntityTags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|byte| !b", \t".contains(byte))?;
        let list = self.0.get(start..)?;
        let quote = if list.starts_with(b"W/") { 2 } else { 0 };
        let opaque = list.get(quote..)?.strip_prefix(b"\"")?;
        let inside = opaque.iter().position(|&byte| byte == b'"')?;
        let (tag, rest) = list.split_at_checked(quote + inside + 2)?;
        self.0 = rest;
        Some(tag)
    }
}

/// The date in a field. One that is repeated or that is no date is ignored (RFC 9110 §13.1.3).
fn date_field(head: &Head<'_>, field: &'static str, now: u64) -> Option<u64> {
    date::parse(std::str::from_utf8(head.fields.single(field)?).ok()?, now)
}
