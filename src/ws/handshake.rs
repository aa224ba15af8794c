//! The opening handshake, the server's side (RFC 6455 §4.2).
//!
//! `plan` decides what becomes of a request once its head was parsed and the application has said
//! what the resource allows. `check` holds the rules of the upgrade itself, in the order in which
//! they are judged: the first that fails decides the answer. Nothing is written before everything
//! was judged; `Handshake::write` then makes the `101`.
//!
//! Left to others: the grammar of HTTP (`http::head`), which extension is agreed to.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

use crate::http::fields::{are_offers_well_formed, has_token};
use crate::http::head::{Framing, Head, Method};
use crate::http::policy::Policy;
use crate::http::refusal::{self, Rejection};
use crate::http::response::write_field;
use crate::http::route::{Route, check_method_known};

/// RFC 6455 §1.3: no other protocol hashes a key with this, so the answer proves that the server
/// understood what it was asked for.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 of 16 bytes ends in four bits that stand for nothing. The RFC's own example key (§4.1)
/// has some of them set, so they must not matter.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What becomes of a request whose head is complete.
pub enum Plan {
    /// It is answered so, and the connection ends.
    Refuse(Rejection),
    /// The opening handshake is valid: the application may accept it.
    Upgrade(Handshake),
    /// An ordinary request, whose method and announced body the resource accepts.
    Serve,
}

/// Judges a request against its resource; `route` is `None` when nothing is served at the path.
#[must_use]
pub fn plan(head: &Head<'_>, route: Option<&Route>, policy: &Policy) -> Plan {
    match judge(head, route, policy) {
        Ok(Some(handshake)) => Plan::Upgrade(handshake),
        Ok(None) => Plan::Serve,
        Err(rejection) => Plan::Refuse(rejection),
    }
}

fn judge(
    head: &Head<'_>,
    route: Option<&Route>,
    policy: &Policy,
) -> Result<Option<Handshake>, Rejection> {
    check_method_known(head)?;
    if let Some(route) = route {
        route.check_method(head)?;
        if route.websocket {
            return check(head, policy).map(Some);
        }
    }
    // RFC 9110 §7.8: `Upgrade` in an HTTP/1.0 request is ignored. Otherwise a client that asks for
    // a WebSocket where there is none must not get a page for an answer.
    let is_attempt = head.http11 && asks_for_websocket(head);
    if is_attempt && head.method == Method::Get {
        check(head, policy)?;
    }
    match route {
        Some(route) if !is_attempt => route.check_body(head).map(|()| None),
        _ => Err(refusal::not_found()),
    }
}

/// `Upgrade` names `websocket`, and `Connection` says that `Upgrade` is meant for us.
fn asks_for_websocket(head: &Head<'_>) -> bool {
    has_token(head, "upgrade", "websocket") && has_token(head, "connection", "upgrade")
}

/// Judges an upgrade (RFC 6455 §4.2.1).
///
/// # Errors
/// The answer to the first rule that is broken: `426` unless it asks for a WebSocket, `400` on
/// HTTP/1.0, `405` for another method than GET, `426` for another version than 13, `400` for a bad
/// key, `403` for a foreign Origin, `400` for a body or a malformed list of offers.
pub fn check(head: &Head<'_>, policy: &Policy) -> Result<Handshake, Rejection> {
    if !asks_for_websocket(head) {
        return Err(refusal::upgrade_required());
    }
    if !head.http11 {
        return Err(refusal::bad_request("An upgrade needs HTTP/1.1.\n"));
    }
    if head.method != Method::Get {
        return Err(refusal::method_not_allowed(&[Method::Get]));
    }
    // RFC 6455 §4.4: the answer names the version that would do.
    if head.single("sec-websocket-version") != Some(b"13") {
        return Err(refusal::upgrade_required());
    }
    let Some(key) = head.single("sec-websocket-key").filter(|key| is_key(key)) else {
        return Err(refusal::bad_request(
            "Sec-WebSocket-Key must be one base64 value of 16 bytes.\n",
        ));
    };
    policy.check_origin(head)?;
    // Behind the head come frames: a body there would be read as some.
    if head.framing != Framing::None {
        return Err(refusal::bad_request("An upgrade has no body.\n"));
    }
    if !are_offers_well_formed(head) {
        return Err(refusal::bad_request(
            "Sec-WebSocket-Extensions or Sec-WebSocket-Protocol is malformed.\n",
        ));
    }
    Ok(Handshake {
        accept: accept_value(key),
    })
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
