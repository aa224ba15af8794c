//! What the server says, made fit for a terminal and for a line.

use crate::tools::fields::{Field, fields, title};
use crate::tools::json::bits_of;
use crate::tools::kept::{Keep, Kept};
use crate::tools::notation::quoted;
use crate::tools::unit::Unit;

/// Columns of the bytes of a field.
const BYTES_COLUMN: usize = 25;

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// It is text. Otherwise it is binary.
    pub is_text: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Message {
    /// The message as a line, with its end.
    ///
    /// Text is given as it came, and on a terminal with all that could do something there escaped. Of a binary message
    /// there are all bytes in hex, and on a terminal the first and the last.
    #[must_use]
    pub fn line(&self, on_terminal: bool) -> Vec<u8> {
        let mut line = match (self.is_text, on_terminal) {
            (true, true) => format!("< {}", escaped(&self.bytes)).into_bytes(),
            (true, false) => self.bytes.clone(),
            (false, _) => {
                let mut kept = Kept::default();
                kept.push(&self.bytes, if on_terminal { Keep::SHORT } else { Keep::FULL });
                let mark = if on_terminal { "< " } else { "" };
                format!("{mark}(binary, {} bytes) {}", self.bytes.len(), hex(&kept)).trim_end().into()
            }
        };
        line.push(b'\n');
        line
    }
}

/// Text of others, on one line. What cannot be seen, or changes what is seen, is escaped; quotes are not.
#[must_use]
pub fn escaped(text: &[u8]) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        let (plain, mark) = match part.split_last() {
            Some((mark @ (b'"' | b'\\'), plain)) => (plain, Some(char::from(*mark))),
            _ => (part, None),
        };
        let quoted = quoted(plain);
        shown.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        shown.extend(mark);
    }
    shown
}

/// Bytes as hex pairs; dots for those that are left out.
fn hex(kept: &Kept) -> String {
    let pairs = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x} ")).collect::<String>();
    let dots = if kept.left_out > 0 { "... " } else { "" };
    format!("{}{dots}{}", pairs(&kept.first), pairs(&kept.last)).trim_end().to_owned()
}

/// A frame in full: a line that says what it is, its fields, and the rule that it breaks.
#[must_use]
pub fn explained(unit: &Unit) -> String {
    let mut text = format!("{}\n\noffset  bytes{:20}bits      field            value", title(unit), "");
    let mut before = None;
    for field in fields(unit) {
        let is_same_byte = before == Some(field.offset) && field.bits.is_some() || field.is_derived;
        before = Some(field.offset);
        text.push('\n');
        text.push_str(row(&field, is_same_byte).trim_end());
        if let Some(rule) = &field.rule {
            text.push_str(&format!("\n{:8}{}: {}", "", rule.id, rule.words));
        }
    }
    text
}

fn row(field: &Field, is_same_byte: bool) -> String {
    let offset = if is_same_byte { String::new() } else { field.offset.to_string() };
    let is_shown = !is_same_byte || field.is_derived;
    let mut bytes = if is_shown { hex(&field.bytes) } else { String::new() };
    if bytes.len() + 1 >= BYTES_COLUMN {
        // The value says the rest.
        let end = bytes.char_indices().nth(BYTES_COLUMN - 6).map_or(bytes.len(), |(at, _)| at);
        bytes = format!("{} ...", bytes.get(..end).unwrap_or_default().trim_end());
    }
    let bits = field.bits.map(|bits| bits_of(&field.bytes, bits)).unwrap_or_default();
    let Field { name, value, note, .. } = field;
    format!("{offset:>6}  {bytes:BYTES_COLUMN$}{bits:10}{name:17}{value:8} {note}")
}
