//! What a unit is, in one line.

use super::names::{count, opcode_name};
use super::notation::{beginning, quoted};
use super::rules::rule;
use super::secrets::{self, Part};
use super::unit::{Frame, Missing, Unit, What};
use crate::http::answer;
use crate::ws::frame::Sender;

/// What a unit is, in a line: `text frame from a client, 11 bytes: "Hello"`.
#[must_use]
pub fn title(unit: &Unit) -> String {
    let side = match unit.from {
        Sender::Client => "client",
        Sender::Server => "server",
    };
    let bytes = count(unit.len);
    let rest = match (&unit.what, unit.missing) {
        (_, Missing::Bytes(missing)) => format!(": {}", what_is_missing(unit, missing)),
        (What::Frame(frame), _) => match says(frame, unit) {
            text if text.is_empty() => String::new(),
            text => format!(": {text}"),
        },
        _ => String::new(),
    };
    match &unit.what {
        What::Request(_) => format!("request, {bytes}{rest}"),
        What::Response(_) => format!("response, {bytes}{rest}"),
        What::Body(_) => format!("body from a {side}, {bytes}{rest}"),
        What::Unread(_) => format!("{bytes} from a {side} that nobody reads{rest}"),
        What::Frame(frame) => {
            format!("{} frame from a {side}, {bytes}{rest}", opcode_name(frame.layout.opcode))
        }
    }
}

/// What a unit is and says, without its sender and size: `text "Hello"`.
#[must_use]
pub fn short_title(unit: &Unit) -> String {
    let what = match &unit.what {
        What::Request(bytes) | What::Response(bytes) => first_line(bytes),
        What::Body(_) => "body".to_owned(),
        What::Unread(_) => "bytes that nobody reads".to_owned(),
        What::Frame(frame) => {
            let more = if frame.layout.fin || frame.layout.opcode >= 8 { "" } else { ", more follows" };
            format!("{} {}", opcode_name(frame.layout.opcode), says(frame, unit)).trim_end().to_owned() + more
        }
    };
    if let Missing::Bytes(_) = unit.missing { format!("{what}, not complete") } else { what }
}

/// The first line of a head, without its secrets.
fn first_line(head: &[u8]) -> String {
    // An empty line may stand before it (RFC 9112 §2.2).
    let mut lines = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii_end().is_empty());
    let line = lines.next().unwrap_or_default();
    let parts = secrets::hide(line, true).into_iter().map(|part| match part {
        Part::Shown(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Part::Hidden(len) => format!("(hidden, {len} bytes)"),
    });
    parts.collect::<String>().trim_end().to_owned()
}

/// How much of an incomplete unit is missing, in words.
#[must_use]
pub fn what_is_missing(unit: &Unit, missing: u64) -> String {
    let plural = if missing == 1 { "" } else { "s" };
    match &unit.what {
        What::Frame(frame) if frame.layout.payload_len.is_some() => {
            let (there, whole) = (frame.payload.len(), frame.layout.payload_len.unwrap_or(0));
            format!("needs {missing} more byte{plural} (payload {there} of {whole})")
        }
        What::Frame(_) => format!("needs {missing} more byte{plural} at least (its header is not complete)"),
        What::Request(_) | What::Response(_) => "needs more: a head ends with an empty line".to_owned(),
        _ => format!("needs {missing} more byte{plural}"),
    }
}

/// What the frame carries, shortened.
fn says(frame: &Frame, unit: &Unit) -> String {
    if let Some(rule) = rule(unit)
        && rule.id == "8.1-1"
    {
        return "not UTF-8".to_owned();
    }
    if frame.inflated.is_none() && frame.layout.rsv & 4 != 0 {
        // Compressed, and nobody can tell what it says.
        return String::new();
    }
    let text = frame.inflated.as_ref().unwrap_or(&frame.clear);
    if text.first.is_empty() && text.left_out > 0 {
        return String::new();
    }
    let bytes = text.all().unwrap_or(&text.first);
    match (frame.layout.opcode, frame.continues) {
        (8, _) => match bytes.split_first_chunk() {
            Some((code, [])) => u16::from_be_bytes(*code).to_string(),
            Some((code, reason)) => format!("{} {}", u16::from_be_bytes(*code), quoted(reason)),
            None => "no code".to_owned(),
        },
        (1 | 9 | 10, _) | (_, Some(1)) => shortened(bytes, text.all().is_some()),
        _ => String::new(),
    }
}

/// At most 40 characters of a text, in quotes.
fn shortened(bytes: &[u8], is_all: bool) -> String {
    let start = beginning(bytes, 40);
    let shown = quoted(start);
    match start.len() == bytes.len() && is_all {
        true => shown,
        false => format!("{}...\"", shown.strip_suffix('"').unwrap_or(&shown)),
    }
}

/// The value of a field of a response head, if the head is whole.
#[must_use]
pub fn answer_field(bytes: &[u8], name: &str) -> Option<String> {
    let value = answer::read(bytes, |answer| answer.fields.text(name).map(str::to_owned));
    value.ok().flatten()
}
