//! Socket.IO 5 packets, from text and back: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`
//!
//! The protocol is written down at <https://socket.io/docs/v4/socket-io-protocol/>.
//!
//! These are pure functions. Values stay the JSON text that came, so thirty digits stay thirty, and
//! `"\ud800"`, which is no Rust string, arrives as it was sent. Attachments are binary messages
//! of their own after the packet: here they are only counted, and each placeholder in the JSON must
//! name one of them. The broker decides who may send which packet when.

use super::placeholders;
use crate::apps::json;
use serde::Deserialize;
use serde_json::de::StrRead;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;

/// Most attachments of one packet. A packet that announces more is malformed.
pub const MAX_ATTACHMENTS: u8 = 10;
/// The main namespace. A packet for it is written without a namespace.
pub const MAIN: &str = "/";
/// Names of events that the libraries use themselves. No client may send them.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// `/`, or `/` and a name.
    pub namespace: &'a str,
    /// How many binary messages follow. An event or an ack with one or more is written as a binary packet.
    pub attachments: u8,
    /// Of an event: the id of the ack that its sender waits for. Of an ack: the id in the event that it
    /// answers. Digits without leading zeros. Only its giver reads it as a number, so it may have any length.
    pub id: Option<&'a str>,
    /// Its type, and the values of that type.
    pub body: Body<'a>,
}

/// The type of a packet, and its values. `args` is JSON without the brackets of its array: no value, one, or
/// several with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// A client asks to join the namespace, perhaps with credentials; the server answers with the id of its socket.
    ///
    /// Credentials and id are JSON objects.
    Connect(Option<&'a str>),
    /// The sender leaves the namespace.
    Disconnect,
    /// Something happened.
    Event {
        /// Its name.
        name: Name<'a>,
        /// The values after the name.
        args: &'a str,
    },
    /// The answer to an event.
    Ack {
        /// The values of the answer.
        args: &'a str,
    },
    /// The client cannot join the namespace: a JSON string or object says why.
    ConnectError(&'a str),
}

/// The name of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number, or a string with half a character in it: the JSON text that came.
    Other(&'a str),
}

impl<'a> Name<'a> {
    /// `raw`: one JSON value. `None`: it is neither a string nor a number.
    fn of(raw: &'a str) -> Option<Self> {
        match raw.bytes().next()? {
            b'"' => Some(string(raw).map_or(Self::Other(raw), Self::Text)),
            b'-' | b'0'..=b'9' => Some(Self::Other(raw)),
            _ => None,
        }
    }

    fn is_reserved(&self) -> bool {
        matches!(self, Self::Text(text) if RESERVED.contains(&text.as_ref()))
    }
}

/// The text of a JSON string. `None`: there is half a character in it.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(text))
}

impl Packet<'_> {
    /// Appends the packet to `text`. Its values must be JSON: they are written as they are.
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
                    // Fails only for types that are not text.
                    Name::Text(name) => Cow::Owned(serde_json::to_string(name).unwrap_or_default()),
                    Name::Other(raw) => Cow::Borrowed(*raw),
                };
                let comma = if args.is_empty() { "" } else { "," };
                let _ = write!(text, "[{name}{comma}{args}]");
            }
        }
    }
}

/// Why a text is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The type is not 0 to 6.
    Type,
    /// A binary packet without a number of attachments, with 0, or with more than 10.
    Attachments,
    /// The values are not JSON, or nested deeper than 32.
    Json,
    /// The values are JSON that no packet of this type has.
    Payload,
    /// An event with a name that the libraries use themselves.
    Reserved,
    /// A placeholder without a number, or for an attachment that does not come.
    Placeholder,
}

impl Malformed {
    /// A few words for the log.
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

/// Reads a packet: a text message of Engine.IO, without its leading `4`.
///
/// # Errors
/// [`Malformed`] names the first rule that the text breaks.
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
        // Only events and acks have an id.
        id: id.filter(|_| matches!(body, Body::Event { .. } | Body::Ack { .. })),
        body,
    })
}

fn split_attachments(text: &str) -> Result<(u8, &str), Malformed> {
    let (digits, rest) = text.split_once('-').ok_or(Malformed::Attachments)?;
    let count = digits.parse().map_err(|_| Malformed::Attachments)?;
    // `parse` alone would take `+5`.
    if !(1..=MAX_ATTACHMENTS).contains(&count) || digits.starts_with('+') {
        return Err(Malformed::Attachments);
    }
    Ok((count, rest))
}

/// The ack id, if there is one, and the rest of the text.
fn split_id(text: &str) -> (Option<&str>, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(rest).unwrap_or_default();
    // `007` is 7, and `00` is 0.
    let id = match digits.trim_start_matches('0') {
        "" => digits.get(..1),
        id => Some(id),
    };
    (id, rest)
}

/// `json`: the text after the ack id.
fn body(kind: char, json: &str) -> Result<Body<'_>, Malformed> {
    if !json::is_shallow(json) {
        return Err(Malformed::Json);
    }
    Ok(match (kind, json) {
        ('0', "") => Body::Connect(None),
        ('0', _) => Body::Connect(Some(value(json, "{")?)),
        ('1', "") => Body::Disconnect,
        ('4', _) => Body::ConnectError(value(json, "{\"")?),
        // The protocol demands an array, but the original takes this.
        ('3' | '6', "") => Body::Ack { args: "" },
        ('3' | '6', _) => {
            let (_, args) = elements(json)?;
            Body::Ack { args }
        }
        ('1', _) | (_, "") => return Err(Malformed::Payload),
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

/// The only value of a text, without the white space around it. It must begin with a character of `first`.
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

/// Removes white space around a text: that of JSON (RFC 8259 §2), which is less than Rust's.
fn trim(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\n', '\r'])
}
