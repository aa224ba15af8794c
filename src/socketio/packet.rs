//! Socket.IO 5 packets, from text and back: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`
//!
//! The protocol is written down at <https://socket.io/docs/v4/socket-io-protocol/>.
//!
//! These are pure functions. Values stay the JSON text that came, so thirty digits stay thirty, and
//! `"\ud800"`, which is no Rust string, arrives as it was sent. Attachments are binary messages
//! of their own after the packet: here they are only counted, and each placeholder in the JSON must
//! name one of them. The broker decides who may send which packet when.

use crate::apps::json::{self, is_name, tokens};
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

/// Which rule a client broke, for the log.
pub type Breach = &'static str;

/// The type is not 0 to 6.
pub const UNKNOWN_TYPE: Breach = "an unknown packet type";
/// A binary packet without a number of attachments, with 0, or with more than 10.
pub const WRONG_COUNT: Breach = "no number of attachments from 1 to 10";
/// The values are not JSON, or nested deeper than 32.
pub const BROKEN_JSON: Breach = "broken JSON";
/// The values are JSON that no packet of this type has.
pub const OTHER_JSON: Breach = "JSON of another packet type";
/// An event with a name that the libraries use themselves.
pub const RESERVED_NAME: Breach = "a reserved event name";
/// A placeholder without a number, or for an attachment that does not come.
pub const WRONG_PLACEHOLDER: Breach = "a placeholder without its attachment";

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
        /// Its name: a JSON string or number, as it stands in the packet.
        name: Cow<'a, str>,
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
                let comma = if args.is_empty() { "" } else { "," };
                let _ = write!(text, "[{name}{comma}{args}]");
            }
        }
    }
}

/// Reads a packet: a text message of Engine.IO, without its leading `4`.
///
/// # Errors
/// The first rule that the text breaks.
pub fn parse(text: &str) -> Result<Packet<'_>, Breach> {
    let kind = text.chars().next().filter(|kind| matches!(kind, '0'..='6')).ok_or(UNKNOWN_TYPE)?;
    let mut rest = text.get(1..).unwrap_or_default();
    let mut attachments = 0;
    if matches!(kind, '5' | '6') {
        (attachments, rest) = split_attachments(rest).ok_or(WRONG_COUNT)?;
    }
    let mut namespace = MAIN;
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let (id, json) = split_id(rest);
    let body = body(kind, json)?;
    if attachments > 0 && !places_are_within(json, attachments) {
        return Err(WRONG_PLACEHOLDER);
    }
    // Only events and acks have an id.
    let id = id.filter(|_| matches!(body, Body::Event { .. } | Body::Ack { .. }));
    Ok(Packet { namespace, attachments, id, body })
}

fn split_attachments(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_once('-')?;
    // `parse` alone would take `+5`.
    let count = digits.parse().ok().filter(|_| !digits.starts_with('+'))?;
    (1..=MAX_ATTACHMENTS).contains(&count).then_some((count, rest))
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
fn body(kind: char, json: &str) -> Result<Body<'_>, Breach> {
    if !json::is_shallow(json) {
        return Err(BROKEN_JSON);
    }
    Ok(match (kind, json) {
        ('0', "") => Body::Connect(None),
        ('0', _) => Body::Connect(Some(value(json, "{")?)),
        ('1', "") => Body::Disconnect,
        ('4', _) => Body::ConnectError(value(json, "{\"")?),
        // The protocol demands an array, but the original takes this.
        ('3' | '6', "") => Body::Ack { args: "" },
        ('3' | '6', _) => Body::Ack { args: elements(json)?.1 },
        ('1', _) | (_, "") => return Err(OTHER_JSON),
        _ => {
            let (first, all) = elements(json)?;
            // A string or a number.
            let is_fit =
                |name: &&str| name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '-'));
            let name = first.filter(is_fit).ok_or(OTHER_JSON)?;
            if RESERVED.iter().any(|reserved| is_name(name, reserved)) {
                return Err(RESERVED_NAME);
            }
            let others = trim(all.strip_prefix(name).unwrap_or_default());
            let args = trim(others.strip_prefix(',').unwrap_or_default());
            Body::Event { name: name.into(), args }
        }
    })
}

/// The only value of a text, without the white space around it. It must begin with a character of `first`.
fn value<'a>(json: &'a str, first: &str) -> Result<&'a str, Breach> {
    let raw: &RawValue = serde_json::from_str(json).map_err(|_| BROKEN_JSON)?;
    let is_one = raw.get().starts_with(|c| first.contains(c));
    is_one.then_some(raw.get()).ok_or(OTHER_JSON)
}

/// The first element of an array, and the array without its brackets.
fn elements(json: &str) -> Result<(Option<&str>, &str), Breach> {
    // Whatever follows, an object is no array.
    if trim(json).starts_with('{') {
        return Err(OTHER_JSON);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let array = next_value(&mut reader).ok_or(BROKEN_JSON)?;
    let inside = array.strip_prefix('[').ok_or(OTHER_JSON)?;
    reader.end().map_err(|_| BROKEN_JSON)?;
    let inside = trim(inside.strip_suffix(']').unwrap_or(inside));
    Ok((next_value(&mut serde_json::Deserializer::from_str(inside)), inside))
}

fn next_value<'a>(reader: &mut serde_json::Deserializer<StrRead<'a>>) -> Option<&'a str> {
    Some(<&RawValue>::deserialize(reader).ok()?.get())
}

/// Removes white space around a text: that of JSON (RFC 8259 §2), which is less than Rust's.
fn trim(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\n', '\r'])
}

/// Whether each placeholder names one of the first `count` attachments. Not each attachment needs one.
///
/// `{"_placeholder":true,"num":0}` stands where attachment 0 belongs. One loop over the tokens of the JSON finds
/// these objects: no value is built, and no function calls itself.
fn places_are_within(json: &str, count: u8) -> bool {
    let names_one = |num: f64| num >= 0.0 && num < f64::from(count) && num.fract() == 0.0;
    // Of each open bracket: whether `"_placeholder":true` is in it, and its `num`. Of two of a name the last counts.
    let mut open: Vec<(bool, Option<f64>)> = Vec::new();
    let (mut before, mut key) = ("", None);
    for token in tokens(json) {
        if token == ":" {
            key = Some(before);
            continue;
        }
        if let (Some(key), Some((is_placeholder, num))) = (key.take(), open.last_mut()) {
            if is_name(key, "_placeholder") {
                *is_placeholder = token == "true";
            } else if is_name(key, "num") {
                *num = serde_json::from_str(token).ok();
            }
        }
        match token {
            "{" | "[" => open.push((false, None)),
            "}" | "]" => {
                if matches!(open.pop(), Some((true, num)) if !num.is_some_and(names_one)) {
                    return false;
                }
            }
            _ => {}
        }
        before = token;
    }
    true
}
