//! What the pages are told, as JSON: an object for each head, frame, read, and whatever else was seen.

use super::places::News;
use crate::clock::Time;
use crate::tools::event::{Seen, Summary};
use crate::tools::fields::{Field, fields};
use crate::tools::json::{bits_of, hex, hidden, object};
use crate::tools::kept::Kept;
use crate::tools::names::{count, opcode_name};
use crate::tools::rules::rule;
use crate::tools::title::short_title;
use crate::tools::unit::{Missing, Unit, What};
use crate::ws::frame::Sender;
use serde_json::{Map, Value, json};

/// An event: what was seen, as the number `number`, at this time.
pub(super) fn event(number: u64, at: Time, what: &News) -> String {
    let object = match what {
        News::Seen(Seen::Unit(unit)) => self::unit(unit),
        News::Seen(seen) => object(other(seen)),
        News::Note(text) => object(json!({"kind": "note", "title": text})),
    };
    numbered(object, number, at)
}

/// An object as text, with its number and time.
pub(super) fn numbered(mut object: Map<String, Value>, number: u64, at: Time) -> String {
    object.insert("n".to_owned(), json!(number));
    object.insert("ms".to_owned(), json!(at.0));
    Value::Object(object).to_string()
}

fn other(seen: &Seen) -> Value {
    match seen {
        Seen::Opened(_) | Seen::Unit(_) => json!({}),
        Seen::Read(number, len, missing) => {
            let missing = match missing {
                Some(missing) => format!("{} missing", count(*missing)),
                None => "the head is not complete".to_owned(),
            };
            let title = format!("read {number}: {}; {missing}", count(*len));
            json!({"kind": "read", "dir": "C", "title": title, "size": len})
        }
        Seen::ClientEnd(reset) => {
            let title = if *reset {
                "the client has reset the connection"
            } else {
                "the client has closed its side (TCP FIN)"
            };
            json!({"kind": "eof", "dir": "C", "title": title})
        }
        Seen::ServerEnd => {
            json!({"kind": "eof", "dir": "S", "title": "the server has closed its side (TCP FIN)"})
        }
        Seen::Closed(Summary { received, sent, end, .. }) => {
            let (received, sent) = (count(*received), count(*sent));
            let title =
                format!("the connection is over ({end}): {received} from the client, {sent} from the server");
            json!({"kind": "end", "title": title})
        }
        Seen::Lost(lost) => {
            let events = if *lost == 1 { "1 event is".to_owned() } else { format!("{lost} events are") };
            json!({"kind": "lost", "count": lost, "title": format!("{events} missing here: more than the view has room for")})
        }
    }
}

/// A head, a body or a frame.
pub(super) fn unit(unit: &Unit) -> Map<String, Value> {
    let kind = match &unit.what {
        What::Request(_) => "request",
        What::Response(_) => "response",
        What::Body(_) => "body",
        What::Unread(_) => "unread",
        What::Frame(_) => "frame",
    };
    let mut map = object(json!({
        "kind": kind,
        "dir": if unit.from == Sender::Client { "C" } else { "S" },
        "size": unit.len,
        "title": short_title(unit),
    }));
    let mut put = |name: &str, value: Value| _ = map.insert(name.to_owned(), value);
    if unit.from == Sender::Client {
        // The read in which it begins may have begun before it.
        let earlier = u64::from(unit.reads.first() != Some(&0));
        put("reads", json!(unit.reads.len() as u64 + unit.more_reads + earlier));
        put("cuts", json!(unit.reads));
    }
    if let Missing::Bytes(missing) = unit.missing {
        put("missing", json!(missing));
    }
    let all = fields(unit);
    let shown: Vec<Value> = match &unit.what {
        What::Request(_) | What::Response(_) => lines(&all),
        What::Body(kept) | What::Unread(kept) => {
            put_bytes(&mut put, &[], kept);
            vec![
                json!({"o": 0, "l": kept.len(), "k": "payload", "name": all.first().map(|field| &field.name)}),
            ]
        }
        What::Frame(frame) => {
            put_bytes(&mut put, &frame.header, &frame.payload);
            put("control", json!(frame.layout.opcode >= 8));
            of_frame(&all, frame.layout.opcode)
        }
    };
    put("fields", Value::Array(shown));
    let broken = rule(unit).map(|rule| {
        let at = unit.broken.as_ref().map(|broken| broken.at);
        let field = all.iter().find(|field| field.rule.is_some()).and_then(|field| key(&field.name));
        json!({"id": rule.id, "section": rule.section(), "at": at, "k": field, "words": rule.words})
    });
    put("rules", json!(broken.into_iter().collect::<Vec<_>>()));
    map
}

/// The bytes of a unit that are kept, and where some are left out.
fn put_bytes(put: &mut impl FnMut(&str, Value), header: &[u8], payload: &Kept) {
    put("hex", json!(format!("{}{}{}", hex(header), hex(&payload.first), hex(&payload.last))));
    if payload.left_out > 0 {
        put("gap", json!({"at": header.len() + payload.first.len(), "len": payload.left_out}));
    }
}

/// The lines of a head, without its secrets.
fn lines(fields: &[Field]) -> Vec<Value> {
    let line = |field: &Field| {
        // The note of the first line repeats the target.
        let note = if field.name == "request line" { "" } else { &field.note };
        json!({"o": field.offset, "l": field.len, "k": "line", "name": field.name, "v": hidden(&field.bytes, field.is_first_line()), "note": note})
    };
    fields.iter().map(line).collect()
}

/// The fields of a frame: each byte belongs to one, or, as bits, to some.
fn of_frame(fields: &[Field], opcode: u8) -> Vec<Value> {
    let mut all: Vec<Map<String, Value>> = Vec::new();
    let has_parts = fields.iter().any(|field| field.name == "close code");
    for field in fields {
        let Some(key) = key(&field.name) else { continue };
        let is_whole_payload = key == "payload";
        // The payload of a Close is shown as its code and its reason.
        if is_whole_payload && has_parts {
            continue;
        }
        if is_whole_payload
            && field.is_derived
            && let Some(payload) = all.last_mut()
        {
            // What the payload is without its mask, or inflated, stands beside it.
            let name = if field.name == "payload, inflated" { "inflated" } else { "clear" };
            put_derived(payload, name, &field.bytes);
            put_words(payload, field);
            continue;
        }
        let name = if is_whole_payload { "payload" } else { &field.name };
        let mut map = object(json!({"o": field.offset, "l": field.len, "k": key, "name": name}));
        if let Some(bits) = field.bits {
            map.insert("b".to_owned(), json!(bits_of(&field.bytes, bits)));
        }
        if field.is_derived {
            put_derived(&mut map, "clear", &field.bytes);
        }
        put_words(&mut map, field);
        if key == "op" {
            map.insert("v".to_owned(), json!(opcode_name(opcode)));
            map.insert("op".to_owned(), json!(opcode));
        }
        all.push(map);
    }
    all.into_iter().map(Value::Object).collect()
}

/// What a field says, and what that means.
fn put_words(map: &mut Map<String, Value>, field: &Field) {
    for (name, text) in [("v", &field.value), ("note", &field.note)] {
        if !text.is_empty() {
            map.insert(name.to_owned(), json!(text));
        }
    }
}

fn put_derived(map: &mut Map<String, Value>, name: &str, bytes: &Kept) {
    map.insert(name.to_owned(), json!(hex(&bytes.first)));
    if bytes.left_out > 0 {
        map.insert(format!("{name}_end"), json!(hex(&bytes.last)));
    }
}

/// The short name of a field, by which a page chooses its label and colour.
fn key(name: &str) -> Option<&'static str> {
    Some(match name {
        "FIN" => "fin",
        "RSV1 RSV2 RSV3" => "rsv",
        "opcode" => "op",
        "MASK" => "mask",
        "payload length" => "len",
        "extended length" => "ext",
        "masking key" => "key",
        "close code" => "code",
        "reason" => "reason",
        "payload" | "payload, masked" | "payload, clear" | "payload, inflated" => "payload",
        _ => return None,
    })
}
