//! Engine.IO packets: the first character is the type. In a polling payload they are joined by the
//! byte 0x1E, and binary is `b` and base64. `docs/socketio.md` shows some.
//!
//! The other modules decide what a packet causes.

use crate::hub::app::Message;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use std::rc::Rc;

/// Between two packets of a payload.
pub(super) const SEPARATOR: char = '\u{1e}';
/// `1`: the session is over.
pub(super) const CLOSE: &str = "1";
/// `2`: the peer must answer `3`.
pub(super) const PING: &str = "2";
/// `6`: nothing. It answers a GET that waits when there is no packet for it.
pub(super) const NOOP: &str = "6";

/// Reads base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A packet of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// `1`
    Close,
    /// `2`, and the text after it. Only a WebSocket that wants to take over may send it.
    Ping(&'a str),
    /// `3`: the answer to a `2`.
    Pong,
    /// `4`
    Text(&'a str),
    /// `b`
    Binary(Vec<u8>),
    /// `5`
    Upgrade,
    /// `0` and `6`: they mean nothing to a server.
    Nothing,
}

/// Reads one packet. `None`: it is malformed.
pub(super) fn decode(text: &str) -> Option<Packet<'_>> {
    let kind = text.chars().next()?;
    let data = text.get(kind.len_utf8()..)?;
    Some(match kind {
        '0' | '6' => Packet::Nothing,
        '1' => Packet::Close,
        '2' => Packet::Ping(data),
        '3' => Packet::Pong,
        '4' => Packet::Text(data),
        '5' => Packet::Upgrade,
        'b' => Packet::Binary(BASE64.decode(data).ok()?),
        _ => return None,
    })
}

/// A message as a packet of a payload.
pub(super) fn for_payload(message: Message<'_>) -> Rc<str> {
    match message {
        Message::Text(text) => format!("4{text}").into(),
        Message::Binary(bytes) => {
            let mut packet = String::from("b");
            STANDARD.encode_string(bytes, &mut packet);
            packet.into()
        }
    }
}
