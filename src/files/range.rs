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
    /// From the first of these bytes to the last, which is counted in, and lies in the file.
    Part(u64, u64),
    /// The range starts after the end: `416`.
    Unsatisfiable,
}

/// Judges the `Range` field of a request for a file of `len` bytes.
#[must_use]
pub fn select(head: &Head<'_>, len: u64) -> Selection {
    let value = head.fields.single("range").and_then(|value| std::str::from_utf8(value).ok());
    value.and_then(only_range).and_then(|range| within(range, len)).unwrap_or(Selection::Whole)
}

/// The single element of `bytes=…`. Empty list elements are no ranges (RFC 9110 §5.6.1.2).
fn only_range(value: &str) -> Option<(&str, &str)> {
    let (_, set) = value.split_once('=').filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"))?;
    let ranges = set.split(',').map(|range| range.trim_matches([' ', '\t']));
    let mut ranges = ranges.filter(|range| !range.is_empty());
    let only = ranges.next()?;
    ranges.next().is_none().then(|| only.split_once('-'))?
}

/// Judges a range. `None`: it breaks the grammar of §14.1.1, or cannot be written as a `Content-Range`.
/// The grammar comes first: whether a range lies in the file is asked only of what is one.
fn within((first, last): (&str, &str), len: u64) -> Option<Selection> {
    let (first, last) = match (first, last) {
        // The last bytes. An empty file has no last position to name, and is sent whole.
        ("", count) => match position(count)? {
            _ if len == 0 => return None,
            0 => (u64::MAX, u64::MAX),
            count => (len.saturating_sub(count), u64::MAX),
        },
        (first, "") => (position(first)?, u64::MAX),
        (first, last) => (position(first)?, position(last)?),
    };
    if last < first {
        return None;
    }
    Some(match len.checked_sub(1) {
        Some(end) if first <= end => Selection::Part(first, last.min(end)),
        _ => Selection::Unsatisfiable,
    })
}

/// Reads a position: digits only. A number too large for 64 bits is a position after every end.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}
