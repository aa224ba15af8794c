//! Units as lines of the notation.

use crate::tools::kept::Kept;
use crate::tools::names::{close_code_name, count, opcode_name};
use crate::tools::notation::{Act, Item, Line, beginning, quoted};
use crate::tools::rules::rule;
use crate::tools::secrets::{self, Part};
use crate::tools::unit::{Frame, Missing, Unit, What};
use crate::ws::frame::Sender;

/// Bytes on one line, of a payload that is shown whole.
const ROW: usize = 16;
/// Bytes of a line of words: with what stands before it, 80 columns.
const WRAP: usize = 76;
/// Characters of a text in a note.
const NOTE_CHARS: usize = 40;

/// How units are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// One line for each frame, and for each head.
    pub is_short: bool,
    /// Secrets are shown.
    pub with_secrets: bool,
}

/// A part of a unit that stands on a line of its own.
struct Segment {
    items: Vec<Item>,
    note: String,
}

/// The lines of a unit of this connection.
#[must_use]
pub fn lines(unit: &Unit, conn: u32, style: Style) -> Vec<Line> {
    let segments = match &unit.what {
        What::Request(bytes) | What::Response(bytes) => of_head(bytes, unit, style),
        What::Body(kept) => of_bytes(kept, "body"),
        What::Unread(kept) => of_bytes(kept, "nobody reads this"),
        What::Frame(frame) => of_frame(frame, unit, style),
    };
    let mut lines = Vec::new();
    let mut at = 0;
    for (index, segment) in segments.into_iter().enumerate() {
        let len: u64 = segment.items.iter().map(Item::len).sum();
        let begins = match unit.from {
            Sender::Client => unit.reads.contains(&at),
            Sender::Server => index == 0,
        };
        let items = match unit.from {
            Sender::Client => cut(segment.items, at, &unit.reads),
            Sender::Server => segment.items,
        };
        let act = Act::Bytes { from: unit.from, goes_on: !begins, items };
        lines.push(Line { conn, act, note: (!segment.note.is_empty()).then_some(segment.note) });
        at += len;
    }
    if let Some(rule) = rule(unit) {
        let mut mark = "!";
        for line in wrapped(&format!("{}: {}", rule.id, rule.words)) {
            lines.push(Line { conn: 1, act: Act::Nothing, note: Some(format!("{mark} {line}")) });
            mark = " ";
        }
    }
    lines
}

/// Words in lines that fit after `# ! `.
fn wrapped(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WRAP => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Puts cuts where reads began within these items, the first of which is byte `at` of the unit.
fn cut(items: Vec<Item>, mut at: u64, reads: &[u64]) -> Vec<Item> {
    let first = at;
    let mut all = Vec::new();
    for item in items {
        let len = item.len();
        let inside = reads.iter().filter(|read| **read > first && (at..at + len).contains(read));
        let cuts: Vec<u64> = inside.map(|read| read - at).collect();
        match &item {
            Item::Hex(bytes) | Item::Text(bytes) => {
                let mut rest = &bytes[..];
                let mut done = 0;
                for cut in cuts {
                    let (before, after) =
                        rest.split_at(usize::try_from(cut - done).unwrap_or(0).min(rest.len()));
                    if !before.is_empty() {
                        all.push(same_kind(&item, before));
                    }
                    all.push(Item::Cut);
                    (rest, done) = (after, cut);
                }
                if !rest.is_empty() {
                    all.push(same_kind(&item, rest));
                }
            }
            _ => {
                // Where bytes are left out, so are the cuts between them.
                if cuts.first() == Some(&0) {
                    all.push(Item::Cut);
                }
                all.push(item);
            }
        }
        at += len;
    }
    all
}

fn same_kind(item: &Item, bytes: &[u8]) -> Item {
    match item {
        Item::Text(_) => Item::Text(bytes.to_vec()),
        _ => Item::Hex(bytes.to_vec()),
    }
}

fn of_head(bytes: &[u8], unit: &Unit, style: Style) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    // An empty line may stand before the first one (RFC 9112 §2.2).
    let is_empty = |line: &&[u8]| line.trim_ascii_end().is_empty();
    let before = bytes.split_inclusive(|byte| *byte == b'\n').take_while(is_empty).count();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let parts = match style.with_secrets {
            true => vec![Part::Shown(line)],
            false => secrets::hide(line, segments.len() == before),
        };
        let items = parts.into_iter().map(|part| match part {
            Part::Shown(bytes) => Item::Text(bytes.to_vec()),
            Part::Hidden(len) => Item::Hidden(len),
        });
        segments.push(Segment { items: joined(items), note: String::new() });
    }
    if style.is_short && segments.len() > before + 1 {
        let rest = segments.split_off(before + 1);
        let len: u64 = rest.iter().flat_map(|segment| &segment.items).map(Item::len).sum();
        segments.iter_mut().for_each(|first| first.items.push(Item::LeftOut(len)));
    }
    let is_complete = unit.missing == Missing::Nothing;
    let what = match &unit.what {
        What::Request(_) if is_complete && asks_for_websocket(bytes) => "handshake complete",
        _ if is_complete => "head complete",
        _ => "the head is not complete",
    };
    if let Some(last) = segments.last_mut() {
        last.note = match unit.from {
            Sender::Client => {
                let reads = unit.reads.len() as u64 + unit.more_reads;
                match reads {
                    0 | 1 => format!("{}, {what}", count(unit.len)),
                    _ => format!("{} in {reads} reads, {what}", count(unit.len)),
                }
            }
            Sender::Server => count(unit.len),
        };
    }
    segments
}

fn asks_for_websocket(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| name == "upgrade" && value.trim() == "websocket")
    })
}

fn of_bytes(kept: &Kept, note: &str) -> Vec<Segment> {
    let mut segments = rows(kept, is_text(kept), |_| String::new());
    if let Some(first) = segments.first_mut() {
        first.note = format!("{note}, {}", count(kept.len()));
    }
    segments
}

fn is_text(kept: &Kept) -> bool {
    let is_shown =
        |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    is_shown(&kept.first) && is_shown(&kept.last)
}

/// Bytes in rows; those that are left out stand between them.
fn rows(kept: &Kept, is_text: bool, note: impl Fn(&[u8]) -> String) -> Vec<Segment> {
    let item = |bytes: &[u8]| if is_text { Item::Text(bytes.to_vec()) } else { Item::Hex(bytes.to_vec()) };
    let len = if is_text { 4 * ROW } else { ROW };
    let rows = |bytes: &[u8]| -> Vec<Segment> {
        bytes.chunks(len).map(|row| Segment { items: vec![item(row)], note: note(row) }).collect()
    };
    let mut all = rows(&kept.first);
    if kept.left_out > 0 {
        let items = vec![Item::LeftOut(kept.left_out)];
        all.push(Segment { items, note: String::new() });
    }
    all.extend(rows(&kept.last));
    all
}

fn of_frame(frame: &Frame, unit: &Unit, style: Style) -> Vec<Segment> {
    let hex = |bytes: &[u8]| Item::Hex(bytes.to_vec());
    let is_whole_line = style.is_short || frame.layout.opcode >= 8 || frame.layout.second.is_none();
    let note = note(frame, unit);
    if is_whole_line && frame.payload.len() <= 125 || style.is_short {
        let mut items = vec![hex(&frame.header), hex(&frame.payload.first)];
        if frame.payload.left_out > 0 {
            items.push(Item::LeftOut(frame.payload.left_out));
        }
        items.push(hex(&frame.payload.last));
        items.retain(|item| !item.is_empty());
        return vec![Segment { items: joined(items), note: format!("{note}{}", about(frame)) }];
    }
    let Some(second) = frame.layout.second else { return Vec::new() };
    let (lengths, key) = frame.header.split_at(frame.header.len().min(2 + second.extended_len));
    let mut segments = vec![Segment { items: vec![hex(lengths)], note }];
    if !key.is_empty() {
        segments.push(Segment { items: vec![hex(key)], note: "masking key".to_owned() });
    }
    let mut payload = rows(&frame.payload, false, |_| String::new());
    // The text of each row stands beside it.
    let mut clear = rows(&frame.clear, false, quoted).into_iter();
    let is_one = payload.len() == 1;
    let is_text = frame.layout.opcode == 1 || frame.continues == Some(1);
    for row in &mut payload {
        row.note = match clear.next() {
            Some(clear) if !is_one && is_text && frame.inflated.is_none() => clear.note,
            _ if is_one => about(frame).trim_start().to_owned(),
            _ => String::new(),
        };
    }
    segments.extend(payload);
    segments
}

/// Items of one kind that stand side by side, as one.
fn joined(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for item in items {
        match (all.last_mut(), item) {
            (Some(Item::Hex(before)), Item::Hex(bytes)) | (Some(Item::Text(before)), Item::Text(bytes)) => {
                before.extend(bytes);
            }
            (_, item) => all.push(item),
        }
    }
    all
}

/// What the header says: `FIN text, MASK, 5 bytes`. Of a Close its code.
fn note(frame: &Frame, unit: &Unit) -> String {
    let layout = frame.layout;
    let name = opcode_name(layout.opcode);
    let missing = match unit.missing {
        Missing::Nothing => String::new(),
        Missing::Bytes(1) => ", 1 byte is missing".to_owned(),
        Missing::Bytes(missing) => format!(", {missing} bytes are missing"),
    };
    if layout.opcode >= 8 {
        return format!("{name}{missing}");
    }
    let fin = if layout.fin { "FIN " } else { "" };
    let number = layout.opcode;
    let name = if name == "reserved" { format!("opcode {number:#x}") } else { name.to_owned() };
    let rsv: String = [(4, ", RSV1"), (2, ", RSV2"), (1, ", RSV3")]
        .iter()
        .filter(|(bit, _)| layout.rsv & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    let mask = if layout.second.is_some_and(|second| second.is_masked) { ", MASK" } else { "" };
    let len = layout.payload_len.map(|len| format!(", {}", count(len))).unwrap_or_default();
    format!("{fin}{name}{rsv}{mask}{len}{missing}")
}

/// What the payload says, with a space before it.
fn about(frame: &Frame) -> String {
    let opcode = if frame.layout.opcode == 0 { frame.continues.unwrap_or(2) } else { frame.layout.opcode };
    let shown = frame.inflated.as_ref().unwrap_or(&frame.clear);
    let bytes = shown.all().unwrap_or(&shown.first);
    let text = match opcode {
        8 => match bytes.split_first_chunk() {
            Some((code, reason)) => {
                let code = u16::from_be_bytes(*code);
                let reason =
                    if reason.is_empty() { String::new() } else { format!(" {}", shortened(reason, true)) };
                format!("{code}{reason} ({})", close_code_name(code))
            }
            None => String::new(),
        },
        1 | 9 | 10 if !bytes.is_empty() => shortened(bytes, shown.all().is_some()),
        _ => String::new(),
    };
    let inflated = if frame.inflated.is_some() && !text.is_empty() { " inflated:" } else { "" };
    if text.is_empty() { text } else { format!("{inflated} {text}") }
}

fn shortened(bytes: &[u8], is_all: bool) -> String {
    let start = beginning(bytes, NOTE_CHARS);
    let shown = quoted(start);
    if start.len() == bytes.len() && is_all { shown } else { format!("{shown}...") }
}
