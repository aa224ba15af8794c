//! Reads JSON of peers (RFC 8259): whether a text is JSON, and which value a name has.
//!
//! A value is not taken apart. It is passed on as the bytes that came. So thirty digits stay thirty, and
//! `"\ud800"`, which is half a character and no Rust string, arrives as it was sent.
//!
//! A loop over the bytes first counts how deep a text nests. So a reader may call itself for each bracket, and no peer
//! decides how far.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Most brackets that may be open at one place of a text.
pub const MAX_NESTING: usize = 32;

/// Whether at most 32 brackets are open at any place of this JSON text.
#[must_use]
pub fn is_shallow(text: &str) -> bool {
    let mut open = 0_usize;
    for token in tokens(text) {
        match token {
            "[" | "{" if open == MAX_NESTING => return false,
            "[" | "{" => open += 1,
            "]" | "}" => open = open.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// Gives the strings, numbers, words and punctuation of a JSON text, in their order.
///
/// A text that is not JSON gives some tokens, too, and ends at a character that no JSON has there.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let len = match rest.bytes().next()? {
            b'"' => string_len(rest),
            b'-' | b'0'..=b'9' | b'a'..=b'z' => word_len(rest),
            _ => 1,
        };
        let (token, others) = rest.split_at_checked(len)?;
        rest = others;
        Some(token)
    })
}

/// Gives a string with both its quotation marks. Brackets inside it are text.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Gives a number, or `true`, `false`, `null`.
fn word_len(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.bytes().take_while(is_part).count()
}

/// The value of this name in a JSON object, as it stands there, without the white space around it.
///
/// Of several values it is the last, as with every common reader. `None`: the text is not JSON, nests too deep, is no
/// object, or has no such name.
#[must_use]
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a RawValue> {
    if !is_shallow(text) {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = reader.deserialize_map(Member(name)).ok()?;
    // Nothing may follow the object.
    reader.end().ok()?;
    value
}

/// Finds the value of a name in an object.
struct Member<'n>(&'n str);

impl<'a> Visitor<'a> for Member<'_> {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(key) = object.next_key::<&RawValue>()? {
            if is_name(key.get(), self.0) {
                value = Some(object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(value)
    }
}

/// Whether a JSON string, as it stands in a text, is this name. A string with half a character in it is no name.
#[must_use]
pub fn is_name(raw: &str, name: &str) -> bool {
    if raw.contains('\\') {
        return serde_json::from_str::<String>(raw).is_ok_and(|text| text == name);
    }
    raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')) == Some(name)
}
