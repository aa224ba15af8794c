//! `Range` (RFC 9110 §14): which bytes of a file a client asks for.
//!
//! One range is honoured. Several at once get the whole file, which a server may always send
//! (§14.2): answering them needs `multipart/byteranges`, and many small overlapping ranges are an
//! old way to make a server send far more than it stores.

use crate::http::head::Head;

/// What to send of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// All of it: no range, a malformed one, or several.
    Whole,
    /// The bytes from `first` to `last`, both included; `first <= last < len`.
    Part {
        /// Position of the first byte.
        first: u64,
        /// Position of the last byte.
        last: u64,
    },
    /// The range starts after the end: `416`.
    Unsatisfiable,
}

/// Judges the `Range` field of a request for a file of `len` bytes.
#[must_use]
pub fn select(head: &Head<'_>, len: u64) -> Selection {
    let mut values = head.fields.values("range");
    let (Some(value), None) = (values.next(), values.next()) else { return Selection::Whole };
    std::str::from_utf8(value)
        .ok()
        .and_then(only_range)
        .and_then(|range| within(range, len))
        .unwrap_or(Selection::Whole)
}

/// The single element of `bytes=…`. Empty list elements are no ranges (RFC 9110 §5.6.1.2).
fn only_range(value: &str) -> Option<(&str, &str)> {
    let (unit, set) = value.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut ranges =
        set.split(',').map(|range| range.trim_matches([' ', '\t'])).filter(|range| !range.is_empty());
    let only = ranges.next()?;
    match ranges.next() {
        None => only.split_once('-'),
        Some(_) => None,
    }
}

/// Judges a range. `None`: it breaks the grammar of §14.1.1, or cannot be written as a `Content-Range`.
/// The grammar comes first: whether a range lies in the file is asked only of what is one.
fn within((first, last): (&str, &str), len: u64) -> Option<Selection> {
    if first.is_empty() {
        return suffix(position(last)?, len);
    }
    let first = position(first)?;
    let last = match last {
        "" => u64::MAX,
        last => position(last)?,
    };
    if last < first {
        return None;
    }
    Some(match len.checked_sub(1) {
        Some(end) if first <= end => Selection::Part { first, last: last.min(end) },
        _ => Selection::Unsatisfiable,
    })
}

/// The last `count` bytes. `None`: an empty file has no last position to name, and is sent whole.
fn suffix(count: u64, len: u64) -> Option<Selection> {
    let last = len.checked_sub(1)?;
    Some(match count {
        0 => Selection::Unsatisfiable,
        count => Selection::Part { first: len.saturating_sub(count), last },
    })
}

/// Reads a position: digits only. A number too large for 64 bits is a position after every end.
fn position(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}
