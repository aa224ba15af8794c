//! A segment of a path that names a room or a member: decoded.
//!
//! Names of files have rules of their own, in `src/files/path.rs`.

use std::borrow::Cow;

/// `%2D` is `-`: the same path, written otherwise (RFC 3986 §2.4). `None`: a `%` without two digits.
///
/// An escaped byte beyond ASCII becomes some character beyond ASCII: for names that have none.
pub(super) fn percent_decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut parts = segment.split('%');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        text.push(char::from(byte));
        text.push_str(rest);
    }
    Some(Cow::Owned(text))
}
