//! The table of a request or response: its lines.

use super::page::{Ink, Page, WIDTH, visible, width, wrapped};
use crate::tools::fields::{Field, fields};
use crate::tools::unit::{Missing, Unit};

const LINE: usize = 8;
const NOTE: usize = 46;

/// Prints the lines of a head that begins at this byte.
pub(super) fn head(page: &mut Page<'_>, unit: &Unit, at: u64) {
    page.line("offset  line", Ink::Faint);
    let fields = fields(unit);
    let last = fields.len().saturating_sub(1);
    for (index, field) in fields.iter().enumerate() {
        let is_cut = index == last && unit.missing != Missing::Nothing;
        line(page, field, at + field.offset, is_cut);
    }
}

fn line(page: &mut Page<'_>, field: &Field, offset: u64, is_cut: bool) {
    let text = visible(field.bytes.first.trim_ascii_end());
    let text = if text.is_empty() && !is_cut { "(empty line)".to_owned() } else { text };
    let mut lines = wrapped(&text, WIDTH - LINE);
    let left = lines.pop().unwrap_or_default();
    let mut offset = Some(offset);
    let mut number = || offset.take().map(|offset| format!("{offset:>6}")).unwrap_or_default();
    for full in lines {
        page.line(&format!("{:<LINE$}{full}", number()), Ink::Plain);
    }
    // A note may repeat what a peer has sent.
    let note = if is_cut { "the line goes on".to_owned() } else { visible(field.note.as_bytes()) };
    let column = NOTE.max(LINE + width(&left) + 2);
    // A note that has no room beside the line stands below it.
    let (beside, notes) = match column + 12 > WIDTH {
        true => (false, wrapped(&note, WIDTH - NOTE)),
        false => (true, wrapped(&note, WIDTH - column)),
    };
    let gap = " ".repeat(column - LINE - width(&left));
    let mut notes = notes.into_iter();
    let first = if beside { notes.next() } else { None };
    page.line(&format!("{:<LINE$}{left}{gap}{}", number(), first.unwrap_or_default()), Ink::Plain);
    let column = if beside { column } else { NOTE };
    for note in notes.filter(|note| !note.is_empty()) {
        page.line(&format!("{:column$}{note}", ""), Ink::Plain);
    }
    if let Some(rule) = &field.rule {
        let value = text.find(": ").filter(|_| text.len() < WIDTH - LINE).map_or(0, |at| at + 2);
        let start = width(text.get(..value).unwrap_or_default());
        let marks =
            width(text.get(value..).unwrap_or_default()).clamp(1, WIDTH - LINE - start.min(WIDTH - LINE - 1));
        page.line(&format!("{:LINE$}{:start$}{}", "", "", "^".repeat(marks)), Ink::Bad);
        page.text(LINE, &format!("{}: {}", rule.id, rule.words), Ink::Bad);
    }
}
