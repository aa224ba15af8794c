//! Decodes percent-encoding (RFC 3986 §2.1): `%2D` is `-`.

use std::borrow::Cow;

/// Decodes a text once.
///
/// `None`: a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
pub fn decoded(text: &str) -> Option<Cow<'_, str>> {
    let Some((first, others)) = text.split_once('%') else { return Some(Cow::Borrowed(text)) };
    let mut bytes = first.as_bytes().to_vec();
    for part in others.split('%') {
        let (digits, rest) = part.split_at_checked(2)?;
        // `from_str_radix` alone would take `+5`.
        let byte = u8::from_str_radix(digits, 16).ok();
        bytes.push(byte.filter(|_| !digits.starts_with('+'))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
