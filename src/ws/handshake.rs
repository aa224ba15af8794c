//! The opening handshake, the server's side (RFC 6455 §4.2).
//!
//! `check` judges a request, in a fixed order: the first rule that is broken decides the answer. Nothing
//! is written before everything was judged; `Handshake::write` then makes the `101`.
//!
//! Left to others: the grammar of HTTP (`http::head`), whose pages may connect (`http::policy`), which
//! extension is agreed to.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

use super::offers::are_offers_well_formed;
use crate::http::framing::Framing;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::refusal::{self, Rejection};
use crate::http::response::write_field;

/// RFC 6455 §1.3: no other protocol hashes a key with this, so the answer proves that the server
/// understood what it was asked for.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 of 16 bytes ends in four bits that stand for nothing. The RFC's own example key (§4.1)
/// has some of them set, so they must not matter.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Judges an upgrade (RFC 6455 §4.2.1).
///
/// # Errors
/// The answer to the first rule that is broken: those of [`check_key`], then those of [`check_rest`].
pub fn check(head: &Head<'_>) -> Result<Handshake, Rejection> {
    let handshake = check_key(head)?;
    check_rest(head, Framing::of(head)?)?;
    Ok(handshake)
}

/// Judges all up to the key. A server with a rule of its own for `Origin` asks it after this.
///
/// # Errors
/// `426` unless it asks for a WebSocket, `400` on HTTP/1.0, `405` for another method than GET, `426`
/// for another version than 13, `400` for a bad key.
pub fn check_key(head: &Head<'_>) -> Result<Handshake, Rejection> {
    if !head.asks_for("websocket") {
        return Err(refusal::upgrade_required());
    }
    if !head.http11 {
        return Err(refusal::bad_request("An upgrade needs HTTP/1.1.\n"));
    }
    if head.method != Method::Get {
        return Err(refusal::method_not_allowed(&[Method::Get]));
    }
    // RFC 6455 §4.4: the answer names the version that would do.
    if head.fields.single("sec-websocket-version") != Some(b"13") {
        return Err(refusal::upgrade_required());
    }
    let key = head.fields.single("sec-websocket-key");
    match key.filter(|key| is_key(key)) {
        Some(key) => Ok(Handshake {
            accept: accept_value(key),
        }),
        None => Err(refusal::bad_request(
            "Sec-WebSocket-Key must be one base64 value of 16 bytes.\n",
        )),
    }
}

/// Judges what stands in a head beside the upgrade itself.
///
/// # Errors
/// `400` for a body or a malformed list of offers.
pub fn check_rest(head: &Head<'_>, framing: Framing) -> Result<(), Rejection> {
    // Behind the head come frames: a body there would be read as some.
    if framing != Framing::None {
        return Err(refusal::bad_request("An upgrade has no body.\n"));
    }
    if !are_offers_well_formed(head) {
        return Err(refusal::bad_request(
            "Sec-WebSocket-Extensions or Sec-WebSocket-Protocol is malformed.\n",
        ));
    }
    Ok(())
}

/// RFC 6455 §4.2.1 step 5: base64 that, decoded, is 16 bytes long.
fn is_key(key: &[u8]) -> bool {
    // 24 characters, the padding among them; the estimate for so many is 18 bytes.
    let mut decoded = [0; 18];
    KEY_BASE64.decode_slice(key, &mut decoded) == Ok(16)
}

/// `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2 step 5.4): 28 characters of base64.
///
/// The key is hashed as the text it came in, never decoded.
#[must_use]
pub fn accept_value(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    // 20 bytes are 28 characters: this cannot fail.
    let written = STANDARD.encode_slice(digest, &mut accept);
    debug_assert_eq!(written, Ok(28));
    accept
}

/// An upgrade that keeps every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    accept: [u8; 28],
}

impl Handshake {
    /// Appends the `101` (RFC 6455 §4.2.2 step 5). Everything behind its empty line is frames.
    ///
    /// `extensions` is the value of `Sec-WebSocket-Extensions`: what was agreed to, each of it
    /// offered by the client; `None` leaves the field out. `protocol` is the subprotocol that is selected, one
    /// that the client offered; `None` selects none (an empty field is forbidden).
    pub fn write(&self, out: &mut Vec<u8>, extensions: Option<&str>, protocol: Option<&str>) {
        out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        write_field(out, "Upgrade", "websocket", "");
        write_field(out, "Connection", "Upgrade", "");
        out.extend_from_slice(b"Sec-WebSocket-Accept: ");
        out.extend_from_slice(&self.accept);
        out.extend_from_slice(b"\r\n");
        if let Some(extensions) = extensions {
            write_field(out, "Sec-WebSocket-Extensions", extensions, "");
        }
        if let Some(protocol) = protocol {
            write_field(out, "Sec-WebSocket-Protocol", protocol, "");
        }
        out.extend_from_slice(b"\r\n");
    }
}
