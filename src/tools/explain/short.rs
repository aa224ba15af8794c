//! One line for each unit, in the notation: `C> 81 05 48 65 6c 6c 6f   # text "Hello", FIN`.

use crate::tools::kept::Kept;
use crate::tools::notation::{Act, Item, Line, items_of};
use crate::tools::rules::rule;
use crate::tools::title::title;
use crate::tools::unit::{Frame, Missing, Unit, What};

/// A payload of up to this many bytes is shown whole.
const WHOLE: usize = 16;
/// How many bytes of a longer payload are shown.
const FIRST: usize = 8;

/// The line of a unit. What it leaves out it says, so that it can be read again.
pub(super) fn line(unit: &Unit, conn: u32) -> String {
    let items = match &unit.what {
        What::Request(bytes) | What::Response(bytes) => of_head(bytes),
        What::Body(kept) | What::Unread(kept) => of_bytes(kept, &[]),
        What::Frame(frame) => of_bytes(&frame.payload, &frame.header),
    };
    let act = Act::Bytes { from: unit.from, goes_on: false, items };
    let bytes = Line { conn, act, note: None }.to_string();
    format!("{bytes}   # {}", note(unit))
}

fn of_head(bytes: &[u8]) -> Vec<Item> {
    let first = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let rest = (bytes.len() - first.len()) as u64;
    let left_out = (rest > 0).then_some(Item::LeftOut(rest));
    std::iter::once(Item::Text(first.to_vec())).chain(left_out).collect()
}

fn of_bytes(kept: &Kept, header: &[u8]) -> Vec<Item> {
    let is_whole = header.len() + kept.first.len() <= WHOLE;
    let shown = if is_whole { &kept.first[..] } else { kept.first.get(..FIRST).unwrap_or(&kept.first) };
    let mut items = items_of(&[header, shown].concat());
    let left_out = kept.len() - shown.len() as u64;
    if left_out > 0 {
        items.push(Item::LeftOut(left_out));
    }
    items
}

fn note(unit: &Unit) -> String {
    let broken = rule(unit).map(|rule| format!("! {}: ", rule.id)).unwrap_or_default();
    let what = match &unit.what {
        What::Frame(frame) => of_frame(frame, unit),
        _ => title(unit),
    };
    format!("{broken}{what}")
}

fn of_frame(frame: &Frame, unit: &Unit) -> String {
    // `text frame from a client, 11 bytes: "Hello"`
    let title = title(unit);
    let (what, rest) = title.split_once(", ").unwrap_or((&title, ""));
    let name = what.split(" frame").next().unwrap_or_default();
    let says = rest.split_once(": ").map(|(_, says)| says).unwrap_or_default();
    let mut note = name.to_owned();
    if unit.missing == Missing::Nothing && !says.is_empty() {
        note.push_str(&format!(" {says}"));
    }
    if frame.layout.second.is_some_and(|second| second.is_masked) {
        note.push_str(", masked");
    }
    for (bit, name) in [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")] {
        if frame.layout.rsv & bit != 0 {
            note.push_str(&format!(", {name}"));
        }
    }
    if frame.layout.fin {
        note.push_str(", FIN");
    }
    if unit.missing != Missing::Nothing {
        note.push_str(&format!(", {says}"));
    }
    note
}
