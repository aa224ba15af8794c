//! The opening handshake, the server's side (RFC 6455 §4.2).
//!
//! `check` judges a request in a fixed order: the first rule that is broken decides the answer. After that
//! `Handshake::write` writes the `101`.
//!
//! Before this: `http::head`, which judges the grammar of HTTP. `http::policy` judges whose pages may connect.

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

/// What the server hashes a key with (RFC 6455 §1.3).
///
/// No other protocol does that, so the answer proves that the server speaks WebSocket.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 that ignores the last four bits of a key, which mean nothing.
///
/// The example key of RFC 6455 §4.1 has some of them set.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Judges an upgrade (RFC 6455 §4.2.1).
///
/// # Errors
/// The errors of [`check_key`], then those of [`check_rest`].
pub fn check(head: &Head<'_>) -> Result<Handshake, Rejection> {
    let handshake = check_key(head)?;
    check_rest(head, Framing::of(head)?)?;
    Ok(handshake)
}

/// Judges the upgrade itself, up to the key. A server that has a rule for `Origin` applies it after this.
///
/// # Errors
/// `426` for a request without an upgrade, `400` for HTTP/1.0, `405` for another method than GET, `426`
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
        Some(key) => Ok(Handshake { accept: accept_value(key) }),
        None => Err(refusal::bad_request("Sec-WebSocket-Key must be one base64 value of 16 bytes.\n")),
    }
}

/// Judges what else a request with an upgrade may say.
///
/// # Errors
/// `400` for a body or a malformed list of offers.
pub fn check_rest(head: &Head<'_>, framing: Framing) -> Result<(), Rejection> {
    // Frames follow the head: a body there would be read as frames.
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

/// Whether a key is the base64 of 16 bytes (RFC 6455 §4.2.1 step 5).
fn is_key(key: &[u8]) -> bool {
    // The library wants room for what 24 characters can be at most.
    let mut decoded = [0; 18];
    KEY_BASE64.decode_slice(key, &mut decoded) == Ok(16)
}

/// The value of `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2 step 5.4): 28 characters of base64.
///
/// The text of the key is hashed, and not the bytes that it stands for.
pub fn accept_value(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    // A hash has 20 bytes, which are 28 characters: this cannot fail.
    let written = STANDARD.encode_slice(digest, &mut accept);
    debug_assert_eq!(written, Ok(28));
    accept
}

/// An upgrade that breaks no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    accept: [u8; 28],
}

impl Handshake {
    /// Appends the `101` (RFC 6455 §4.2.2 step 5). All bytes after it are frames.
    ///
    /// `extensions` is the value of `Sec-WebSocket-Extensions`, `protocol` that of `Sec-WebSocket-Protocol`; the client must
    /// have offered them. `None` leaves a field out: an empty one is forbidden.
    pub fn write(&self, out: &mut Vec<u8>, extensions: Option<&str>, protocol: Option<&str>) {
        out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        write_field(out, "Upgrade", "websocket", "");
        write_field(out, "Connection", "Upgrade", "");
        out.extend_from_slice(b"Sec-WebSocket-Accept: ");
        out.extend_from_slice(&self.accept);
        out.extend_from_slice(b"\r\n");
        let chosen = [("Sec-WebSocket-Extensions", extensions), ("Sec-WebSocket-Protocol", protocol)];
        for (name, value) in chosen {
            if let Some(value) = value {
                write_field(out, name, value, "");
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}
