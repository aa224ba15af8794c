//! Lines of the notation, printed.

use super::line::{Act, Item, Line};
use crate::ws::frame::Sender;
use std::fmt;

/// A note begins two after this column, or two after the bytes.
const NOTE_COLUMN: usize = 44;
/// A byte that comes this often in a row is written once.
const RUN: usize = 16;

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = match self.conn {
            1 => String::new(),
            conn => conn.to_string(),
        };
        match &self.act {
            Act::Nothing => text.clear(),
            Act::Open(path) if path == "/echo" => text.push_str("open"),
            Act::Open(path) => text.push_str(&format!("open path={path}")),
            Act::ClientEnd { reset: false } => text.push_str("C> fin"),
            Act::ClientEnd { reset: true } => text.push_str("C> rst"),
            Act::ServerEnd => text.push_str("S~ eof"),
            Act::Bytes { from, goes_on, items } => {
                text.push_str(match (from, goes_on) {
                    (Sender::Client, false) => "C>",
                    (Sender::Client, true) => "C+",
                    (Sender::Server, false) => "S<",
                    (Sender::Server, true) => "S+",
                });
                let items = items.iter().filter(|item| !matches!(item, Item::Hex(bytes) if bytes.is_empty()));
                items.for_each(|item| text.push_str(&format!(" {item}")));
            }
        }
        let Some(note) = &self.note else { return f.write_str(&text) };
        // A note is one line, and tells a terminal nothing.
        let note = note.replace(char::is_control, " ");
        match text.is_empty() {
            true => f.write_str(format!("# {note}").trim_end()),
            false => f.write_str(format!("{text:<NOTE_COLUMN$} # {note}").trim_end()),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hex(bytes) => write_hex(f, bytes),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Repeat { bytes, is_text, times } => match &bytes[..] {
                [byte] if !is_text => write!(f, "{byte:02x}*{times}"),
                _ => write!(f, "{}*{times}", quoted(bytes)),
            },
            Self::Cut => f.write_str("|"),
            Self::LeftOut(len) => write!(f, "...*{len}"),
            Self::Hidden(1) => f.write_str("(hidden, 1 byte)"),
            Self::Hidden(len) => write!(f, "(hidden, {len} bytes)"),
            Self::Frame(frame) => frame.fmt(f),
        }
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut gap = "";
    for byte in bytes {
        write!(f, "{gap}{byte:02x}")?;
        gap = " ";
    }
    Ok(())
}

/// Bytes as items: hex pairs, and one of many equal bytes with their number.
#[must_use]
pub fn items_of(bytes: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut plain = Vec::new();
    for run in bytes.chunk_by(|one, other| one == other) {
        if run.len() < RUN {
            plain.extend_from_slice(run);
            continue;
        }
        if !plain.is_empty() {
            items.push(Item::Hex(std::mem::take(&mut plain)));
        }
        let bytes = run.first().map(|byte| vec![*byte]).unwrap_or_default();
        items.push(Item::Repeat { bytes, is_text: false, times: run.len() });
    }
    if !plain.is_empty() {
        items.push(Item::Hex(plain));
    }
    items
}

/// Text in quotes, which the notation reads as the same bytes. What cannot be seen, or changes what is seen, is escaped.
#[must_use]
pub fn quoted(text: &[u8]) -> String {
    let mut shown = String::from('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|letter| match letter {
            '"' | '\\' => shown.extend(['\\', letter]),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if letter.is_control() || is_invisible(letter) => {
                let mut bytes = [0; 4];
                letter
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
            }
            _ => shown.push(letter),
        });
        chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    shown.push('"');
    shown
}

/// The first `most` characters of a text. A byte that is no UTF-8 counts as one.
#[must_use]
pub fn beginning(text: &[u8], most: usize) -> &[u8] {
    let mut len = 0;
    let mut left = most;
    for chunk in text.utf8_chunks() {
        let chars = chunk.valid().chars().map(char::len_utf8);
        for bytes in chars.chain(chunk.invalid().iter().map(|_| 1)) {
            if left == 0 {
                return text.get(..len).unwrap_or(text);
            }
            left -= 1;
            len += bytes;
        }
    }
    text
}

/// Whether a character is not shown, or changes the order in which others are.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}
