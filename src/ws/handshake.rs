//! The opening handshake, the server's side (RFC 6455 §4.2).
//!
//! `plan` judges a request against the resource that it asks for, in a fixed order: the first rule that is broken decides
//! the answer. After that `Handshake::write` writes the `101`.
//!
//! Before this: `http::head`, which judges the grammar of HTTP. `http::policy` judges whose pages may connect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::offers::are_offers_well_formed;
use crate::http::body::{Announced, Framing};
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::policy::Policy;
use crate::http::refusal::{self, Rejection};
use crate::http::response::write_field;
use crate::http::route::Route;

/// What the server hashes a key with (RFC 6455 §1.3).
///
/// No other protocol does that, so the answer proves that the server speaks WebSocket.
pub const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Judges an upgrade (RFC 6455 §4.2.1). It is for programs that have no rule for `Origin`.
///
/// # Errors
/// The errors of [`Announced::of`], then those of the opening handshake (see [`plan`]).
pub fn check(head: &Head<'_>) -> Result<Handshake, Rejection> {
    judge(head, Announced::of(head)?.framing, None)
}

/// Judges a request against its resource; `route` is `None` when nothing is served at the path.
///
/// `Some`: a valid opening handshake, which the application may accept. `None`: an ordinary request, whose
/// method and announced body the resource accepts.
///
/// # Errors
/// The answer to the first rule that is broken: `501` and `405` for the method; for a request with an upgrade `426`
/// without a good `Upgrade`, `Connection` or version, `400` for HTTP/1.0 or a bad key, `403` for an `Origin`, `400` for
/// a body or a malformed list of offers; `404` if nothing is there; `413` for a body that is not read.
pub fn plan(
    head: &Head<'_>,
    framing: Framing,
    route: Option<&Route>,
    policy: &Policy,
) -> Result<Option<Handshake>, Rejection> {
    if matches!(head.method, Method::Unknown | Method::Connect) {
        // CONNECT asks for a proxy (RFC 9110 §9.3.6).
        return Err(refusal::not_implemented("This method is not implemented.\n"));
    }
    if let Some(route) = route
        && !route.methods.contains(&head.method)
    {
        return Err(refusal::method_not_allowed(route.methods));
    }
    if route.is_some_and(|route| route.websocket) {
        return judge(head, framing, Some(policy)).map(Some);
    }
    // RFC 9110 §7.8: `Upgrade` in an HTTP/1.0 request is ignored. Otherwise a client that asks for
    // a WebSocket where there is none must not get a page for an answer.
    let is_attempt = head.http11 && head.asks_for("websocket");
    if is_attempt && head.method == Method::Get {
        judge(head, framing, Some(policy))?;
    }
    let route = route.filter(|_| !is_attempt).ok_or_else(refusal::not_found)?;
    match framing {
        Framing::Length(len) if len > route.max_body_bytes => Err(refusal::content_too_large()),
        // Chunks announce nothing: they are counted as they come.
        Framing::Chunked if route.max_body_bytes == 0 => Err(refusal::content_too_large()),
        _ => Ok(None),
    }
}

/// Judges an opening handshake: the upgrade itself up to the key, then whose page it is, then what else it says.
fn judge(head: &Head<'_>, framing: Framing, policy: Option<&Policy>) -> Result<Handshake, Rejection> {
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
    // 16 bytes in base64 (RFC 6455 §4.2.1 step 5). The last four bits mean nothing; the key of §4.1 has some of them set.
    let key = head.fields.single("sec-websocket-key").unwrap_or_default();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if !matches!(key, [text @ .., b'=', b'='] if text.len() == 22 && text.iter().all(is_base64)) {
        return Err(refusal::bad_request("Sec-WebSocket-Key must be one base64 value of 16 bytes.\n"));
    }
    let has = |name| head.fields.values(name).next().is_some();
    // Only browsers send `Origin`. Without it there is nothing to judge.
    if let Some(policy) = policy.filter(|_| has("origin")) {
        policy.check_origin(head.fields.values("origin"), head.host)?;
    }
    // Frames follow the head: a body there would be read as frames.
    if framing != Framing::None {
        return Err(refusal::bad_request("An upgrade has no body.\n"));
    }
    if ["sec-websocket-extensions", "sec-websocket-protocol"].into_iter().any(has)
        && !are_offers_well_formed(head)
    {
        let text = "Sec-WebSocket-Extensions or Sec-WebSocket-Protocol is malformed.\n";
        return Err(refusal::bad_request(text));
    }
    Ok(Handshake { accept: accept_value(key) })
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
        out.extend_from_slice(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: ",
        );
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
