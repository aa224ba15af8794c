//! Socket.IO 5 packets, from text and back: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`
//!
//! The protocol is written down at <https://socket.io/docs/v4/socket-io-protocol/>.
//!
//! Pure functions. Values stay the JSON text that they came as, so thirty digits stay thirty, and
//! `"\ud800"`, which is no Rust string, arrives as it was sent. Attachments are binary messages
//! of their own behind the packet: here they are only counted, and each placeholder in the JSON is
//! checked to name one of them. Who may send which packet when is the broker's business.

use super::placeholders;
use crate::apps::json;
use serde::Deserialize;
use serde_json::de::StrRead;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;

/// Most attachments of one packet. A packet that announces more is malformed.
pub const MAX_ATTACHMENTS: u8 = 10;
/// The namespace that is not written.
pub const MAIN: &str = "/";
/// Events of the libraries' own: no peer may send them.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// `/`, or `/` and a name.
    pub namespace: &'a str,
    /// Binary messages that follow; more than none make an event or an ack a binary one.
    pub attachments: u8,
    /// Of an event: an ack with this id is wished for. Of an ack: which event it answers. Digits, without
    /// zeros in front. It is a number only to the one who gave it, so it may have any length.
    pub id: Option<&'a str>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a packet says. `args` is JSON without the brackets: no value, one, or several with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// The wish to join, with credentials, an object; or the answer, which holds a socket id.
    Connect(Option<&'a str>),
    /// The namespace is left.
    Disconnect,
    /// Something happened.
    Event {
        /// What it is called.
        name: Name<'a>,
        /// What stands behind the name.
        args: &'a str,
    },
    /// The answer to an event.
    Ack {
        /// The answer.
        args: &'a str,
    },
    /// The namespace cannot be joined: a text or an object says why.
    ConnectError(&'a str),
}

/// The name of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number, or a string with half a character in it: as it stands in the JSON.
    Other(&'a str),
}

impl<'a> Name<'a> {
    /// `raw`: one JSON value. `None`: it is neither a string nor a number.
    fn of(raw: &'a str) -> Option<Self> {
        match raw.bytes().next()? {
            b'"' => Some(match string(raw) {
                Some(text) => Self::Text(text),
                None => Self::Other(raw),
            }),
            b'-' | b'0'..=b'9' => Some(Self::Other(raw)),
            _ => None,
        }
    }

    fn is_reserved(&self) -> bool {
        matches!(self, Self::Text(text) if RESERVED.contains(&text.as_ref()))
    }
}

/// The text of a JSON string, unless there is half a character in it.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(text))
}

impl Packet<'_> {
    /// Appends the packet as text. `args` and the other values go in as they are: they must be JSON.
    pub fn write(&self, text: &mut String) {
        let is_binary = self.attachments > 0;
        text.push(match (&self.body, is_binary) {
            (Body::Connect(_), _) => '0',
            (Body::Disconnect, _) => '1',
            (Body::Event { .. }, false) => '2',
            (Body::Ack { .. }, false) => '3',
            (Body::ConnectError(_), _) => '4',
            (Body::Event { .. }, true) => '5',
            (Body::Ack { .. }, true) => '6',
        });
        // Writing to a String cannot fail.
        if is_binary {
            let _ = write!(text, "{}-", self.attachments);
        }
        if self.namespace != MAIN {
            let _ = write!(text, "{},", self.namespace);
        }
        text.push_str(self.id.unwrap_or_default());
        match &self.body {
            Body::Connect(None) | Body::Disconnect => {}
            Body::Connect(Some(value)) | Body::ConnectError(value) => text.push_str(value),
            Body::Ack { args } => drop(write!(text, "[{args}]")),
            Body::Event { name, args } => {
                let name = match name {
                    Name::Text(name) => Cow::Owned(quoted(name)),
                    Name::Other(raw) => Cow::Borrowed(*raw),
                };
                let comma = if args.is_empty() { "" } else { "," };
                let _ = write!(text, "[{name}{comma}{args}]");
            }
        }
    }
}

/// A text as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    // Fails only for types that are not text.
    serde_json::to_string(text).unwrap_or_default()
}

/// Why a text is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Not 0 to 6.
    Type,
    /// A binary packet without a number of attachments, with 0, or with more than 10.
    Attachments,
    /// No JSON, or nested deeper than 32.
    Json,
    /// JSON that does not belong into a packet of this type.
    Payload,
    /// An event with a name of the libraries' own.
    Reserved,
    /// A placeholder without a number, or for an attachment that does not come.
    Placeholder,
}

impl Malformed {
    /// For the log.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Type => "an unknown packet type",
            Self::Attachments => "no number of attachments from 1 to 10",
            Self::Json => "broken JSON",
            Self::Payload => "JSON of another packet type",
            Self::Reserved => "a reserved event name",
            Self::Placeholder => "a placeholder without its attachment",
        }
    }
}

/// The packet that a text is: a message of Engine.IO, without the `4` that stands in front of it there.
///
/// # Errors
/// [`Malformed`]: which rule it breaks first.
pub fn parse(text: &str) -> Result<Packet<'_>, Malformed> {
    let kind = text.chars().next().ok_or(Malformed::Type)?;
    if !matches!(kind, '0'..='6') {
        return Err(Malformed::Type);
    }
    let mut rest = text.get(1..).unwrap_or_default();
    let mut attachments = 0;
    if matches!(kind, '5' | '6') {
        (attachments, rest) = split_attachments(rest)?;
    }
    let mut namespace = MAIN;
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let (id, json) = split_id(rest);
    let body = body(kind, json)?;
    if attachments > 0 && !placeholders::are_within(json, attachments) {
        return Err(Malformed::Placeholder);
    }
    Ok(Packet {
        namespace,
        attachments,
        // Only these two have a use for one.
        id: id.filter(|_| matches!(body, Body::Event { .. } | Body::Ack { .. })),
        body,
    })
}

fn split_attachments(text: &str) -> Result<(u8, &str), Malformed> {
    let (digits, rest) = text.split_once('-').ok_or(Malformed::Attachments)?;
    // `parse` alone would take `+5`.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.parse().ok().filter(|_| is_number);
    let count = count.filter(|count| (1..=MAX_ATTACHMENTS).contains(count));
    Ok((count.ok_or(Malformed::Attachments)?, rest))
}

/// The ack id, if there is one, and what stands behind it.
fn split_id(text: &str) -> (Option<&str>, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let id = match text.strip_suffix(rest) {
        None | Some("") => None,
        // `007` is 7, and `00` is 0.
        Some(digits) => match digits.trim_start_matches('0') {
            "" => Some("0"),
            id => Some(id),
        },
    };
    (id, rest)
}

/// `json`: whatever stands behind the ack id.
fn body(kind: char, json: &str) -> Result<Body<'_>, Malformed> {
    if !json::is_shallow(json) {
        return Err(Malformed::Json);
    }
    Ok(match kind {
        '0' if json.is_empty() => Body::Connect(None),
        '0' => Body::Connect(Some(value(json, "{")?)),
        '1' if json.is_empty() => Body::Disconnect,
        '1' => return Err(Malformed::Payload),
        '4' => Body::ConnectError(value(json, "{\"")?),
        // Not what the protocol says, but the original takes it.
        '3' | '6' if json.is_empty() => Body::Ack { args: "" },
        '3' | '6' => Body::Ack {
            args: elements(json)?.1,
        },
        _ if json.is_empty() => return Err(Malformed::Payload),
        _ => {
            let (first, all) = elements(json)?;
            let first = first.ok_or(Malformed::Payload)?;
            let name = Name::of(first).ok_or(Malformed::Payload)?;
            if name.is_reserved() {
                return Err(Malformed::Reserved);
            }
            let others = trim(all.strip_prefix(first).unwrap_or_default());
            let args = trim(others.strip_prefix(',').unwrap_or_default());
            Body::Event { name, args }
        }
    })
}

/// A value that begins with one of these characters, without the white space around it.
fn value<'a>(json: &'a str, first: &str) -> Result<&'a str, Malformed> {
    let raw: &RawValue = serde_json::from_str(json).map_err(|_| Malformed::Json)?;
    let is_one = raw.get().starts_with(|c| first.contains(c));
    is_one.then_some(raw.get()).ok_or(Malformed::Payload)
}

/// The first element of an array, and the array without its brackets.
fn elements(json: &str) -> Result<(Option<&str>, &str), Malformed> {
    // Whatever follows, an object is no array.
    if trim(json).starts_with('{') {
        return Err(Malformed::Payload);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let array = next_value(&mut reader).ok_or(Malformed::Json)?;
    let inside = array.strip_prefix('[').ok_or(Malformed::Payload)?;
    reader.end().map_err(|_| Malformed::Json)?;
    let inside = trim(inside.strip_suffix(']').unwrap_or(inside));
    let first = next_value(&mut serde_json::Deserializer::from_str(inside));
    Ok((first, inside))
}

fn next_value<'a>(reader: &mut serde_json::Deserializer<StrRead<'a>>) -> Option<&'a str> {
    Some(<&RawValue>::deserialize(reader).ok()?.get())
}

/// White space as JSON has it (RFC 8259 §2). Rust's idea of it is wider.
fn trim(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\n', '\r'])
}
