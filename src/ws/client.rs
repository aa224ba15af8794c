//! The opening handshake, the client's side (RFC 6455 §4.1).
//!
//! Skip this file on a first reading: the server needs nothing of it. Its tools do.
//!
//! [`Request`] writes what a client sends; [`judge`] reads what the server answers.

use super::handshake::accept_value;
use super::offers::subprotocols_in;
use crate::http::answer::Answer;

/// The opening handshake of a client.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Host, and the port unless it is that of the scheme.
    pub host: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// 16 random bytes in base64.
    pub key: &'a str,
    /// The subprotocols that are offered, in order of preference.
    pub protocols: &'a [String],
    /// The value of `Sec-WebSocket-Extensions`. `None`: none is offered.
    pub extensions: Option<&'a str>,
    /// Further fields, in their order.
    pub fields: &'a [(String, String)],
}

impl Request<'_> {
    /// Appends the request, with its empty line.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Self { host, target, key, protocols, extensions, fields } = *self;
        let mut text = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        );
        let offers = [
            ("Sec-WebSocket-Extensions", extensions.map(str::to_owned)),
            ("Sec-WebSocket-Protocol", (!protocols.is_empty()).then(|| protocols.join(", "))),
        ];
        for (name, value) in offers {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        out.extend_from_slice(text.as_bytes());
    }
}

/// What the client has said, as far as the answer depends on it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its `Sec-WebSocket-Key`. `None`: nobody knows it, so the accept value is not judged.
    pub key: Option<String>,
    /// The subprotocols that it offered.
    pub protocols: Vec<String>,
    /// Whether it offered permessage-deflate.
    pub deflate: bool,
}

/// What is wrong with the answer to an opening handshake (RFC 6455 §4.1, the client's requirements).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A status other than 101: plain HTTP goes on.
    Status(u16),
    /// `Upgrade` is missing, or not `websocket`.
    Upgrade,
    /// `Connection` does not name `Upgrade`.
    Connection,
    /// `Sec-WebSocket-Accept` is missing, repeated, or another value.
    Accept,
    /// An extension that was not offered, or the field twice.
    Extension,
    /// A subprotocol that was not offered, or more than one.
    Protocol,
}

/// Judges an answer. The caller judges the parameters of an extension.
///
/// # Errors
/// The first rule that is broken, in the order of RFC 6455 §4.1.
pub fn judge(answer: &Answer<'_>, asked: &Asked) -> Result<(), Fault> {
    let fields = answer.fields;
    let values = |name| fields.values(name).count();
    if answer.status != 101 {
        return Err(Fault::Status(answer.status));
    }
    // The value is compared, not searched: an answer agrees to one protocol.
    if !fields.single("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
        return Err(Fault::Upgrade);
    }
    if !fields.has_token("connection", "upgrade") {
        return Err(Fault::Connection);
    }
    let accept = fields.single("sec-websocket-accept");
    let is_right = match &asked.key {
        Some(key) => accept == Some(&accept_value(key.as_bytes())),
        None => accept.is_some_and(|value| value.len() == 28),
    };
    if !is_right {
        return Err(Fault::Accept);
    }
    if values("sec-websocket-extensions") > usize::from(asked.deflate) {
        return Err(Fault::Extension);
    }
    let mut chosen = subprotocols_in(fields);
    let is_offered = |name: Option<&str>| {
        asked.key.is_none() || name.is_some_and(|name| asked.protocols.iter().any(|offered| offered == name))
    };
    match (chosen.next(), chosen.next()) {
        (None, _) if values("sec-websocket-protocol") == 0 => Ok(()),
        (Some(name), None) if is_offered(name) => Ok(()),
        _ => Err(Fault::Protocol),
    }
}
