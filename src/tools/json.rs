//! Units and events as JSON: an object a line.

use super::event::{Event, Look, Seen};
use super::fields::{Field, fields};
use super::kept::Kept;
use super::rules::{Rule, rule};
use super::secrets::{self, Part};
use super::title::title;
use super::unit::{Missing, Unit, What};
use serde_json::{Map, Value, json};

/// An event of a trace.
#[must_use]
pub fn event(event: &Event, look: Look) -> String {
    let Event { conn, at, what } = event;
    let mut object = match what {
        Seen::Opened(peer) => object(json!({"event": "open", "peer": peer.to_string()})),
        Seen::Unit(unit) => self::unit(unit, look.with_secrets),
        Seen::Read(read, len, missing) => {
            object(json!({"event": "read", "read": read, "len": len, "missing": missing}))
        }
        Seen::ClientEnd(reset) => object(json!({"event": "client end", "reset": reset})),
        Seen::ServerEnd => object(json!({"event": "server end"})),
        Seen::Closed(it) => object(
            json!({"event": "end", "peer": it.peer.to_string(), "received": it.received, "sent": it.sent, "end": it.end}),
        ),
        Seen::Lost(count) => object(json!({"event": "lost", "events": count})),
    };
    object.insert("conn".to_owned(), json!(conn));
    if !look.without_times {
        object.insert("ms".to_owned(), json!(at.0));
    }
    Value::Object(object).to_string()
}

/// The object that this value is. Of anything else an empty one.
#[must_use]
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// A unit: what it is, its bytes, its fields, and the rule that it breaks.
#[must_use]
pub fn unit(unit: &Unit, with_secrets: bool) -> Map<String, Value> {
    let what = match &unit.what {
        What::Request(_) => "request",
        What::Response(_) => "response",
        What::Body(_) => "body",
        What::Frame(_) => "frame",
        What::Unread(_) => "unread",
    };
    let missing = match unit.missing {
        Missing::Nothing => Value::Null,
        Missing::Bytes(missing) => json!(missing),
    };
    let is_head = matches!(unit.what, What::Request(_) | What::Response(_));
    let fields = fields(unit);
    let hides = is_head && !with_secrets;
    let shown: Vec<Value> = fields.iter().map(|it| Value::Object(field(it, hides))).collect();
    object(json!({
        "event": what,
        "from": unit.sender(),
        "at": unit.at,
        "len": unit.len,
        "reads": unit.reads,
        "missing": missing,
        "title": title(unit),
        "fields": shown,
        "broken": rule(unit).map(|rule| broken(&rule, unit)),
    }))
}

fn broken(rule: &Rule, unit: &Unit) -> Value {
    let at = unit.broken.as_ref().map(|broken| broken.at);
    json!({"rule": rule.id, "section": rule.section(), "at": at, "words": rule.words})
}

fn field(field: &Field, hides: bool) -> Map<String, Value> {
    let is_first = field.is_first_line();
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    put("offset", json!(field.offset));
    put("len", json!(field.len));
    if let Some(bits) = field.bits {
        put("bits", json!(bits_of(&field.bytes, bits)));
    }
    put("name", json!(field.name));
    if hides {
        put("value", json!(hidden(&field.bytes, is_first)));
    } else {
        put("hex", json!(hex(&field.bytes.first)));
        if field.bytes.left_out > 0 {
            put("left_out", json!(field.bytes.left_out));
            put("hex_end", json!(hex(&field.bytes.last)));
        }
        put("value", json!(field.value));
    }
    if field.is_derived {
        put("derived", json!(true));
    }
    // The first line's note repeats the target.
    let repeats_it = hides && is_first;
    if !field.note.is_empty() && !repeats_it {
        put("note", json!(field.note));
    }
    if let Some(rule) = &field.rule {
        put("rule", json!(rule.id));
    }
    map
}

/// A line of a head without its secrets.
#[must_use]
pub fn hidden(line: &Kept, is_first: bool) -> String {
    let parts = secrets::hide(&line.first, is_first).into_iter().map(|part| match part {
        Part::Shown(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Part::Hidden(len) => format!("(hidden, {len} bytes)"),
    });
    parts.collect::<String>().trim_end().to_owned()
}

/// Bytes as hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Some bits of a byte, with points for the others: `.0000101`.
#[must_use]
pub fn bits_of(bytes: &Kept, bits: u8) -> String {
    let byte = bytes.first.first().copied().unwrap_or_default();
    let shown = (0..8).rev().map(|bit| match (bits >> bit & 1, byte >> bit & 1) {
        (0, _) => '.',
        (_, 0) => '0',
        _ => '1',
    });
    shown.collect()
}
