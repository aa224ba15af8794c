//! What becomes of a request: its head is judged against the resource that it asks for.

use crate::http::framing::Framing;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::policy::Policy;
use crate::http::refusal::{self, Rejection};
use crate::http::route::Route;
use crate::ws::handshake::{self, Handshake};

/// Judges a request against its resource; `route` is `None` when nothing is served at the path.
///
/// `Some`: a valid opening handshake, which the application may accept. `None`: an ordinary request, whose
/// method and announced body the resource accepts.
///
/// # Errors
/// The answer to the first rule that is broken.
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
    // RFC 9110 §7.8: `Upgrade` in an HTTP/1.0 request is ignored. Otherwise a client that asks for
    // a WebSocket where there is none must not get a page for an answer.
    let is_attempt = head.http11 && head.asks_for("websocket");
    let is_websocket = route.is_some_and(|route| route.websocket);
    if is_websocket || is_attempt && head.method == Method::Get {
        let handshake = handshake::check_key(head)?;
        policy.check_origin(head)?;
        handshake::check_rest(head, framing)?;
        if is_websocket {
            return Ok(Some(handshake));
        }
    }
    let route = route.filter(|_| !is_attempt);
    let max_body_bytes = route.ok_or_else(refusal::not_found)?.max_body_bytes;
    match framing {
        Framing::Length(len) if len > max_body_bytes => Err(refusal::content_too_large()),
        // Chunks announce nothing: they are counted as they come.
        Framing::Chunked if max_body_bytes == 0 => Err(refusal::content_too_large()),
        _ => Ok(None),
    }
}
