//! The bytes of a field in rows of eight. Of many only the first, the last, and those in question are shown.

use super::page::hex;
use crate::tools::kept::Kept;
use std::ops::Range;

/// Bytes in a row.
const ROW: usize = 8;
/// Up to this many rows are shown whole.
const MOST_ROWS: u64 = 8;
/// If there are more, how many are shown at the beginning, and as many at the end.
const FIRST_ROWS: u64 = 4;
const LAST_ROWS: u64 = 2;

/// A row of a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its first byte, counted from the first of the field.
    pub(super) at: u64,
    /// Its bytes; or how many are not shown.
    pub(super) text: String,
    /// Columns and number of marks below it.
    pub(super) marks: Option<(usize, usize)>,
}

/// The rows of these bytes. The first begins `indent` bytes to the right; bytes in `wrong` get marks.
pub(super) fn rows(kept: &Kept, indent: usize, wrong: Option<Range<u64>>) -> Vec<Row> {
    let indent = indent % ROW;
    let len = kept.len();
    let slots = len + indent as u64;
    let count = slots.div_ceil(ROW as u64);
    let marked = wrong.as_ref().map(|wrong| (wrong.start + indent as u64) / ROW as u64);
    let mut rows = Vec::new();
    let mut unseen = 0;
    let mut next = 0;
    while next < count {
        let is_shown =
            count <= MOST_ROWS || next < FIRST_ROWS || next + LAST_ROWS >= count || Some(next) == marked;
        let start = (next * ROW as u64).saturating_sub(indent as u64);
        let end = ((next + 1) * ROW as u64 - indent as u64).min(len);
        let bytes = is_shown.then(|| part(kept, start, end)).flatten();
        match bytes {
            Some(bytes) => {
                rows.extend(gap(std::mem::take(&mut unseen), start));
                let pad = if next == 0 { indent } else { 0 };
                let marks = wrong.clone().filter(|_| Some(next) == marked).map(|wrong| {
                    let from = usize::try_from(wrong.start - start).unwrap_or(0);
                    let many =
                        usize::try_from(wrong.end.min(end).saturating_sub(wrong.start)).unwrap_or(1).max(1);
                    (3 * (pad + from), 3 * many - 1)
                });
                rows.push(Row { at: start, text: format!("{}{}", "   ".repeat(pad), hex(bytes)), marks });
                next += 1;
            }
            None => {
                // From here to the next row that is shown.
                let jump =
                    [marked.filter(|row| *row > next && !is_shown), Some(count.saturating_sub(LAST_ROWS))];
                let to = jump.into_iter().flatten().filter(|row| *row > next).min().unwrap_or(next + 1);
                unseen += ((to * ROW as u64).saturating_sub(indent as u64)).min(len) - start;
                next = to;
            }
        }
    }
    rows.extend(gap(unseen, len));
    rows
}

fn gap(unseen: u64, end: u64) -> Option<Row> {
    let plural = if unseen == 1 { "" } else { "s" };
    let text = format!("... {unseen} byte{plural} ...");
    (unseen > 0).then_some(Row { at: end - unseen, text, marks: None })
}

/// These bytes, if they are kept.
fn part(kept: &Kept, start: u64, end: u64) -> Option<&[u8]> {
    let at = |from: u64, bytes: &'_ Vec<u8>| {
        let range =
            usize::try_from(start.checked_sub(from)?).ok()?..usize::try_from(end.checked_sub(from)?).ok()?;
        (range.end <= bytes.len()).then_some(range)
    };
    let last = kept.first.len() as u64 + kept.left_out;
    let first = at(0, &kept.first).and_then(|range| kept.first.get(range));
    first.or_else(|| at(last, &kept.last).and_then(|range| kept.last.get(range)))
}
