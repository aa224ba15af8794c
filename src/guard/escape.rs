//! Text that a peer chose, made fit for a line of the log.

use std::fmt::Write;

/// Bytes of one field that a peer chose; the rest is cut off.
pub(super) const FIELD_BYTES: usize = 256;

/// Text that a peer chose, fit for a log line: control characters (C0, C1, DEL), bidirectional
/// controls and invalid UTF-8 as `\xNN` or `\u{..}`, quotes and backslashes escaped, cut at 256 bytes.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (kept, cut) = match bytes.get(..FIELD_BYTES) {
        Some(kept) => (kept, bytes.len() > FIELD_BYTES),
        None => (bytes, false),
    };
    for chunk in kept.utf8_chunks() {
        for character in chunk.valid().chars() {
            // Writing to a String cannot fail.
            let _ = match character {
                '"' | '\\' => write!(text, "\\{character}"),
                '\0'..='\x1f' | '\x7f' => write!(text, "\\x{:02x}", u32::from(character)),
                '\u{80}'..='\u{9f}'
                | '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' => write!(text, "\\u{{{:x}}}", u32::from(character)),
                plain => write!(text, "{plain}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if cut {
        text.push_str("...");
    }
    text
}
