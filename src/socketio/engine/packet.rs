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
/// `2`: the peer must answer `3`. Of clients only a WebSocket that wants to take over may send it.
pub(super) const PING: &str = "2";
/// `3`: the answer to a `2`.
pub(super) const PONG: &str = "3";
/// `4`: a text message.
pub(super) const TEXT: &str = "4";
/// `b`: a binary message.
pub(super) const BINARY: &str = "b";
/// `5`: from now on the WebSocket is the transport.
pub(super) const UPGRADE: &str = "5";
/// `6`: nothing. It answers a GET that waits when there is no packet for it.
pub(super) const NOOP: &str = "6";

/// Reads base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The binary message in a packet, without its `b`. `None`: it is no base64.
pub(super) fn bytes(base64: &str) -> Option<Vec<u8>> {
    BASE64.decode(base64).ok()
}

/// A message as a packet of a payload.
pub(super) fn for_payload(message: Message<'_>) -> Rc<str> {
    match message {
        Message::Text(text) => format!("{TEXT}{text}").into(),
        Message::Binary(bytes) => {
            let mut packet = BINARY.to_owned();
            STANDARD.encode_string(bytes, &mut packet);
            packet.into()
        }
    }
}
