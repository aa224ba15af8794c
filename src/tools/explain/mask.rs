//! How a payload is unmasked: payload, key, XOR, characters.

use super::page::{Ink, Page, hex, visible, width};
use crate::tools::unit::{Frame, Unit, What};

const COLUMN: usize = 15;
/// Bytes that are shown.
const MOST: usize = 16;
const REPEATS: &str = "the key repeats: byte i uses key[i mod 4]";

/// Prints the steps, if the unit is a masked frame with a payload that breaks no rule. A Close has them in its table.
pub(super) fn steps(page: &mut Page<'_>, unit: &Unit) {
    let What::Frame(frame) = &unit.what else { return };
    let (Some(key), None, false) = (frame.layout.masking_key, &unit.broken, frame.layout.opcode == 8) else {
        return;
    };
    let payload = first(&frame.payload.first);
    if payload.is_empty() {
        return;
    }
    let clear = first(&frame.clear.first);
    let keys: Vec<u8> = key.into_iter().cycle().take(payload.len()).collect();
    let repeats = if payload.len() > 4 { REPEATS } else { "" };
    // Beside the bytes, or below them if there is no room.
    let (beside, below) = if payload.len() <= 6 { (repeats, "") } else { ("", repeats) };
    page.line("", Ink::Plain);
    row(page, "payload", payload, "");
    row(page, "key", &keys, beside);
    row(page, "XOR", clear, "");
    if is_text(frame) {
        page.line(&format!("{:COLUMN$}{}", "", letters(clear)), Ink::Plain);
    }
    if !below.is_empty() {
        page.text(COLUMN, below, Ink::Plain);
    }
    if frame.payload.len() > MOST as u64 {
        page.text(COLUMN, &format!("the first {MOST} of {} bytes", frame.payload.len()), Ink::Plain);
    }
}

fn first(bytes: &[u8]) -> &[u8] {
    bytes.get(..MOST).unwrap_or(bytes)
}

fn row(page: &mut Page<'_>, name: &str, bytes: &[u8], note: &str) {
    page.line(&format!("     {name:<10}{:<20}{note}", hex(bytes)), Ink::Plain);
}

fn is_text(frame: &Frame) -> bool {
    let opcode = if frame.layout.opcode == 0 { frame.continues.unwrap_or(2) } else { frame.layout.opcode };
    opcode != 2 && frame.inflated.is_none() && frame.layout.rsv == 0
}

/// Each character below its first byte, three columns a byte.
fn letters(bytes: &[u8]) -> String {
    let mut line = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let shown = visible(letter.encode_utf8(&mut [0; 4]).as_bytes());
            let shown = match letter {
                '\n' | '\r' | '\t' => shown,
                _ if shown.starts_with("\\x") => ".".to_owned(),
                _ => shown,
            };
            let columns = 3 * letter.len_utf8();
            let used = width(&shown);
            line.push_str(&shown);
            line.push_str(&" ".repeat(columns.saturating_sub(used)));
        }
        line.push_str(&".  ".repeat(chunk.invalid().len()));
    }
    line
}
