//! Conditional requests (RFC 9110 §13): does the client already hold these bytes?
//!
//! The order of §13.2.2 is the order of `judge`. Times are whole Unix seconds.

use crate::http::date;
use crate::http::head::Head;
use std::cmp::Ordering;

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
    // How the file's time of change compares with the date in a field.
    let order = |field| Some(modified?.cmp(&date_field(head, field, now)?));
    let is_wanted = listed(head, "if-match", etag, strong);
    if !is_wanted.unwrap_or_else(|| order("if-unmodified-since").is_none_or(Ordering::is_le)) {
        return Verdict::Failed;
    }
    // A tag tells two edits within one second apart, a date does not: the tag wins (§13.1.3).
    let is_same = listed(head, "if-none-match", etag, weak);
    match is_same.unwrap_or_else(|| order("if-modified-since").is_some_and(Ordering::is_le)) {
        true => Verdict::NotModified,
        false => Verdict::Perform,
    }
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
    let is_it = |value| value == b"*" || entity_tags(value).any(|tag| same(tag, etag.as_bytes()));
    head.fields.values(field).map(is_it).reduce(|one, other| one || other)
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
fn entity_tags(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = list.iter().position(|byte| !b", \t".contains(byte))?;
        list = list.get(start..)?;
        let quote = if list.starts_with(b"W/") { 2 } else { 0 };
        let opaque = list.get(quote..)?.strip_prefix(b"\"")?;
        let inside = opaque.iter().position(|&byte| byte == b'"')?;
        let (tag, rest) = list.split_at_checked(quote + inside + 2)?;
        list = rest;
        Some(tag)
    })
}

/// The date in a field. One that is repeated or that is no date is ignored (RFC 9110 §13.1.3).
fn date_field(head: &Head<'_>, field: &'static str, now: u64) -> Option<u64> {
    date::parse(std::str::from_utf8(head.fields.single(field)?).ok()?, now)
}
