//! The fields of a unit, each with its bytes, its value, and what it means: what all tools show.

use super::kept::Kept;
use super::names::{close_code_name, opcode_name};
use super::notation::quoted;
use super::rules::{Rule, rule};
use super::unit::{Frame, Unit, What};
use crate::ws::frame::Sender;
use crate::ws::raw::{FIRST_BYTE, Layout, SECOND_BYTE};

/// One field of a head or frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it begins, counted from the first byte of the unit.
    pub offset: u64,
    /// How many bytes it has. Fields of bits share their byte.
    pub len: u64,
    /// Its bits, if it is only a part of a byte.
    pub bits: Option<u8>,
    /// Its bytes: those of the wire, or what they are without the mask, or inflated.
    pub bytes: Kept,
    /// The bytes are not those of the wire.
    pub is_derived: bool,
    /// How far to the right derived bytes are shown: they stand below those from which they come.
    pub indent: usize,
    /// What the field is called.
    pub name: String,
    /// What it says.
    pub value: String,
    /// What that means.
    pub note: String,
    /// The rule that it breaks.
    pub rule: Option<Rule>,
}

impl Field {
    fn new(offset: u64, bytes: &[u8], name: &str) -> Self {
        let kept = Kept { first: bytes.to_vec(), ..Kept::default() };
        Self {
            offset,
            len: bytes.len() as u64,
            bits: None,
            bytes: kept,
            is_derived: false,
            indent: 0,
            name: name.to_owned(),
            value: String::new(),
            note: String::new(),
            rule: None,
        }
    }

    /// Whether it is the first line of a head, in which the query stands.
    #[must_use]
    pub fn is_first_line(&self) -> bool {
        matches!(self.name.as_str(), "request line" | "status line")
    }

    fn says(mut self, value: impl Into<String>, note: impl Into<String>) -> Self {
        self.value = value.into();
        self.note = note.into();
        self
    }
}

/// The fields of a unit, in the order of its bytes.
#[must_use]
pub fn fields(unit: &Unit) -> Vec<Field> {
    let mut fields = match &unit.what {
        What::Request(bytes) => of_head(bytes, true),
        What::Response(bytes) => of_head(bytes, false),
        What::Body(kept) => vec![of_bytes(kept, "body")],
        What::Unread(kept) => vec![of_bytes(kept, "bytes that nobody reads")],
        What::Frame(frame) => of_frame(frame, unit.from),
    };
    let Some(rule) = rule(unit) else { return fields };
    let at = unit.broken.as_ref().map_or(0, |broken| broken.at);
    let is_named = |field: &Field| {
        let name = field.name.split(',').next().unwrap_or_default();
        name.eq_ignore_ascii_case(rule.field) || rule.field == "payload" && name == "reason"
    };
    // Derived bytes are easier to read than those of the wire, so the last of several gets it.
    let named = fields.iter().rposition(is_named);
    let there = fields.iter().rposition(|field| !field.is_derived && field.offset <= at);
    if let Some(field) = named.or(there).and_then(|index| fields.get_mut(index)) {
        field.rule = Some(rule);
    }
    fields
}

fn of_bytes(kept: &Kept, name: &str) -> Field {
    Field { len: kept.len(), bytes: kept.clone(), ..Field::new(0, &[], name) }
}

fn of_head(bytes: &[u8], is_request: bool) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        // An empty line may stand before the first one (RFC 9112 §2.2).
        let is_first = fields.iter().all(|field: &Field| field.name == "empty line");
        let (name, note) = match text.split_once(':') {
            _ if is_first && text.is_empty() => ("empty line".to_owned(), String::new()),
            _ if is_first => ("request line".to_owned(), first_line_note(&text)),
            _ if text.is_empty() => ("empty line".to_owned(), end_note(line, bytes)),
            Some((name, value)) if is_request => (name.to_owned(), field_note(name, value.trim())),
            // An answer repeats what was asked for.
            Some((name, _)) => (name.to_owned(), String::new()),
            None => ("line".to_owned(), String::new()),
        };
        let name = if is_first && text.starts_with("HTTP/") { "status line".to_owned() } else { name };
        fields.push(Field { name, ..Field::new(offset, line, "") }.says(text, note));
        offset += line.len() as u64;
    }
    fields
}

/// What the empty line of a head means.
fn end_note(line: &[u8], head: &[u8]) -> String {
    let bytes = if line == b"\n" { "0a" } else { "0d 0a" };
    match head.get(9..12) == Some(b"101") && head.starts_with(b"HTTP/") {
        true => format!("{bytes}: the next byte is a frame"),
        false => format!("{bytes}: the head ends here"),
    }
}

fn first_line_note(text: &str) -> String {
    let words: Vec<&str> = text.splitn(3, ' ').collect();
    match words[..] {
        [version, "101", ..] if version.starts_with("HTTP/") => {
            "101: the protocol changes after the empty line".to_owned()
        }
        [version, status, ..] if version.starts_with("HTTP/") => {
            format!("{status}: no WebSocket; HTTP goes on")
        }
        [method, target, _] => format!("{method}: asks for {target}"),
        _ => String::new(),
    }
}

/// Fields of a handshake, and what they are for.
const NOTES: [(&str, &str); 8] = [
    ("host", "the name by which the client has reached the server"),
    ("upgrade", "the protocol to change to"),
    ("connection", "Upgrade is meant for this hop, and not for the next"),
    ("sec-websocket-key", "16 random bytes in base64"),
    ("sec-websocket-accept", "the proof that the key was read"),
    ("sec-websocket-protocol", "subprotocols"),
    ("sec-websocket-extensions", "extensions, such as compression"),
    ("origin", "the page that connects; only browsers send it"),
];

fn field_note(name: &str, value: &str) -> String {
    if name.eq_ignore_ascii_case("sec-websocket-version") && value == "13" {
        return "the version of RFC 6455".to_owned();
    }
    let known = NOTES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    known.map_or("", |(_, note)| note).to_owned()
}

fn of_frame(frame: &Frame, from: Sender) -> Vec<Field> {
    let Frame { header, layout, payload, clear, inflated, .. } = frame;
    let mut fields = Vec::new();
    for ((bits, name), (value, note)) in FIRST_BYTE.into_iter().zip(first_byte(frame)) {
        fields.push(Field { bits: Some(bits), ..Field::new(0, part(header, 0, 1), name) }.says(value, note));
    }
    let Some(second) = layout.second else { return fields };
    for ((bits, name), (value, note)) in SECOND_BYTE.into_iter().zip(second_byte(layout, from)) {
        fields.push(Field { bits: Some(bits), ..Field::new(1, part(header, 1, 1), name) }.says(value, note));
    }
    if second.extended_len > 0 {
        let bytes = part(header, 2, second.extended_len);
        let value = layout.payload_len.map(|len| len.to_string()).unwrap_or_default();
        let note = format!("{} bits, big-endian", 8 * second.extended_len);
        fields.push(Field::new(2, bytes, "extended length").says(value, note));
    }
    if second.is_masked {
        let at = 2 + second.extended_len;
        fields.push(Field::new(at as u64, part(header, at, 4), "masking key"));
    }
    fields.retain(|field| field.len > 0);
    let at = second.header_len as u64;
    let is_close = layout.opcode == 8;
    if payload.is_empty() {
        return fields;
    }
    if second.is_masked {
        let name = "payload, masked";
        fields.push(Field { len: payload.len(), bytes: payload.clone(), ..Field::new(at, &[], name) });
    }
    let row = |indent: usize, bytes: &Kept, name: &str| Field {
        len: bytes.len(),
        bytes: bytes.clone(),
        is_derived: second.is_masked,
        indent: if second.is_masked { indent } else { 0 },
        ..Field::new(at + indent as u64, &[], name)
    };
    if is_close {
        let whole = clear.all().unwrap_or(&clear.first);
        let (code, reason) = whole.split_at(whole.len().min(2));
        let shown = |bytes: &[u8]| Kept { first: bytes.to_vec(), ..Kept::default() };
        let number = code.first_chunk().map(|code| u16::from_be_bytes(*code));
        let value = number.map(|code| code.to_string()).unwrap_or_default();
        let note = number.map(close_code_name).unwrap_or_default();
        fields.push(row(0, &shown(code), "close code").says(value, note));
        if !reason.is_empty() {
            // One that is too long may have been kept without its middle.
            let kept = Kept { first: reason.to_vec(), left_out: clear.left_out, last: clear.last.clone() };
            fields.push(row(2, &kept, "reason").says(quote(&kept), ""));
        }
        return fields;
    }
    let name = if second.is_masked { "payload, clear" } else { "payload" };
    let is_text = layout.opcode == 1 || frame.continues == Some(1) || layout.opcode > 8;
    let is_clear = inflated.is_none() && layout.rsv & 4 == 0;
    let value = if is_text && is_clear { quote(clear) } else { String::new() };
    fields.push(row(0, clear, name).says(value, if layout.rsv & 4 != 0 { "compressed" } else { "" }));
    if let Some(inflated) = inflated.as_ref().filter(|inflated| !inflated.is_empty()) {
        let value = if is_text { quote(inflated) } else { String::new() };
        let field = Field { is_derived: true, ..row(0, inflated, "payload, inflated") };
        fields.push(field.says(value, ""));
    }
    fields
}

fn part(bytes: &[u8], at: usize, len: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.get(..len).unwrap_or(rest)
}

/// Value and note of FIN, the reserved bits, and the opcode.
fn first_byte(frame: &Frame) -> [(String, &'static str); 3] {
    let Layout { fin, rsv, opcode, .. } = frame.layout;
    let fin_note = match (fin, opcode) {
        (_, 8..) => "never fragmented",
        (true, _) => "last of the message",
        (false, _) => "more frames follow",
    };
    let rsv_note = match (rsv & 4 != 0, opcode) {
        (true, 1 | 2) => "RSV1: compressed",
        _ => "",
    };
    let opcode_note = match (opcode, frame.continues) {
        (0, Some(1)) => "continuation of text",
        (0, Some(_)) => "continuation of binary",
        _ => opcode_name(opcode),
    };
    let bits = [4, 2, 1].map(|bit| if rsv & bit == 0 { "0" } else { "1" });
    [(u8::from(fin).to_string(), fin_note), (bits.join(" "), rsv_note), (format!("{opcode:#x}"), opcode_note)]
}

/// Value and note of the mask bit, and of the payload length.
fn second_byte(layout: &Layout, from: Sender) -> [(String, &'static str); 2] {
    let (is_masked, short_len) =
        layout.second.map_or((false, 0), |second| (second.is_masked, second.short_len));
    let mask_note = match (is_masked, from) {
        (true, _) => "a masking key follows",
        (false, Sender::Server) => "a server does not mask",
        (false, Sender::Client) => "no masking key follows",
    };
    let len_note = match (short_len, layout.opcode) {
        (_, 8..) => "control: at most 125",
        (126, _) => "126: 2 bytes follow",
        (127, _) => "127: 8 bytes follow",
        _ => "",
    };
    [(u8::from(is_masked).to_string(), mask_note), (short_len.to_string(), len_note)]
}

/// Text in quotes; where its middle is left out, three dots stand.
fn quote(kept: &Kept) -> String {
    match kept.all() {
        Some(text) => quoted(text),
        None if kept.first.is_empty() && kept.last.is_empty() => String::new(),
        None => format!("{} ... {}", quoted(&kept.first), quoted(&kept.last)),
    }
}
