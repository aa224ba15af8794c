//! JSON as it comes from peers: is it JSON at all (RFC 8259), and what stands behind this name?
//!
//! Values are not taken apart. One is passed on as the bytes that came, so thirty digits stay thirty, and
//! `"\ud800"`, which is half a character and no Rust string, arrives as it was sent. What a value means is
//! the reader's business.
//!
//! How deep a text nests is counted first, by a loop over its bytes. So whatever reads it then may call
//! itself for each bracket, and no peer decides how far.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Most brackets that may be open at one place of a text.
pub const MAX_NESTING: usize = 32;

/// Whether at most 32 brackets are open at any place of this text. Says nothing of a text that is not JSON.
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

/// The strings, numbers, words and characters of punctuation of a JSON text, in their order.
///
/// A text that is not JSON gives some tokens, too, and ends early at a character that no JSON has there.
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

/// From the quotation mark that begins a string to the one that ends it. Brackets inside it are text.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A number, or `true`, `false`, `null`.
fn word_len(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.bytes().take_while(is_part).count()
}

/// The value of this name in a text that is a JSON object: as it stands there, without the white space
/// around it. Of several the last, as every common reader has it.
///
/// `None`: not JSON, or nested too deep, or no object, or an object without this name.
#[must_use]
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a RawValue> {
    if !is_shallow(text) {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Member(name).deserialize(&mut reader).ok()?;
    // Nothing may stand behind the object.
    reader.end().ok()?;
    value
}

/// Finds the value of a name in an object.
struct Member<'n>(&'n str);

impl<'a> DeserializeSeed<'a> for Member<'_> {
    type Value = Option<&'a RawValue>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

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

/// Whether a key, as it stands in the JSON, is this name.
#[must_use]
pub fn is_name(key: &str, name: &str) -> bool {
    if !key.contains('\\') {
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        return key == Some(name);
    }
    serde_json::Deserializer::from_str(key)
        .deserialize_bytes(Is(name))
        .unwrap_or(false)
}

/// Compares a key whose escapes have been read. As bytes: half a character is allowed in a key, too. (Reading
/// bytes lets line breaks pass, which a string must not hold; whoever has a `RawValue` has had that checked.)
struct Is<'n>(&'n str);

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<bool, E> {
        Ok(key == self.0.as_bytes())
    }
}
