//! The answers to requests that are refused: a function for each status, and the only place of the words.
//!
//! Bodies are short, fixed and ASCII, and never have bytes of the request: a peer must not be able to put its
//! words into our mouth. Every refusal ends the connection, because the body of such a request could be taken
//! for the next request (RFC 9112 §6.3, §9.6).

use super::method::Method;
use super::response::{Response, Status};
use std::borrow::Cow;

/// The answer to a request that is refused. After it the connection ends.
pub type Rejection = Box<Response>;

/// After how many seconds a client may come back that is refused because there is too much to do.
const RETRY_AFTER: &str = "5";
const RETRY: (&str, Cow<'static, str>) = ("Retry-After", Cow::Borrowed(RETRY_AFTER));

fn refuse(status: u16, text: &'static str) -> Rejection {
    refuse_with(status, text, [])
}

/// A refusal with header fields of its own.
fn refuse_with<const N: usize>(
    status: u16,
    text: &'static str,
    fields: [(&'static str, Cow<'static, str>); N],
) -> Rejection {
    let mut response = Response::text(Status(status), text);
    response.fields.extend(fields);
    response.close = true;
    Box::new(response)
}

/// `400`: the request breaks a rule of HTTP or of the opening handshake. `text` says which.
pub fn bad_request(text: &'static str) -> Rejection {
    refuse(400, text)
}

/// `403`: the Origin policy (RFC 6455 §10.2). It names the flag that would allow it.
pub fn origin_not_allowed() -> Rejection {
    let text = "This Origin is not allowed. The server's flag --allow-origin can allow it.\n";
    refuse(403, text)
}

/// `404`: no application serves this path.
pub fn not_found() -> Rejection {
    refuse(404, "Nothing is served at this path.\n")
}

/// `405`, with the methods that are allowed in `Allow` (RFC 9110 §15.5.6).
pub fn method_not_allowed(allowed: &[Method]) -> Rejection {
    let names: Vec<&str> = allowed.iter().map(|method| method.as_str()).collect();
    let allow = ("Allow", names.join(", ").into());
    refuse_with(405, "This path does not allow the method.\n", [allow])
}

/// `408`: the request did not arrive in time.
pub fn request_timeout() -> Rejection {
    refuse(408, "The request did not arrive in time.\n")
}

/// `413`: a body over the limit, or for a resource that reads none.
pub fn content_too_large() -> Rejection {
    refuse(413, "The request body is larger than this path accepts.\n")
}

/// `414`: the request target is over its limit.
pub fn uri_too_long() -> Rejection {
    refuse(414, "The request target is too long.\n")
}

/// `417`: `Expect` asks for something else than `100-continue` (RFC 9110 §10.1.1).
pub fn expectation_failed() -> Rejection {
    refuse(417, "The only expectation known here is 100-continue.\n")
}

/// `421`: the Host policy (RFC 9110 §15.5.20). It names the flag that would allow it.
pub fn host_not_allowed() -> Rejection {
    let text = "This Host is not served here. The server's flag --allow-host can allow it.\n";
    refuse(421, text)
}

/// `426`: this resource only speaks WebSocket, version 13.
///
/// RFC 9110 §15.5.22 demands `Upgrade`, §7.8 the connection option, and RFC 6455 §4.4 the version.
pub fn upgrade_required() -> Rejection {
    let fields = [
        ("Upgrade", "websocket".into()),
        ("Connection", "Upgrade".into()),
        ("Sec-WebSocket-Version", "13".into()),
    ];
    refuse_with(426, "This path speaks WebSocket, version 13.\n", fields)
}

/// `429` (RFC 6585 §4): too many connections from one address.
pub fn too_many_requests() -> Rejection {
    refuse(429, "Too many connections from this address.\n")
}

/// `431` (RFC 6585 §5): the request head is over a limit.
pub fn header_fields_too_large() -> Rejection {
    refuse(431, "The request head is too large.\n")
}

/// `500`: a mistake in the server.
pub fn internal_server_error() -> Rejection {
    refuse(500, "The server failed on this request.\n")
}

/// `501`: a method or a transfer coding that this server does not know.
pub fn not_implemented(text: &'static str) -> Rejection {
    refuse(501, text)
}

/// `503`: the server is full or stops, or gave no answer in time. It says when to come again.
pub fn service_unavailable() -> Rejection {
    refuse_with(503, "The server cannot take this request now.\n", [RETRY])
}

/// `503`: the server has too many connections. It says when to come again.
pub fn too_many_connections() -> Rejection {
    refuse_with(503, "The server has too many connections.\n", [RETRY])
}

/// `505`: a major version other than 1 (RFC 9110 §15.6.6).
pub fn http_version_not_supported() -> Rejection {
    refuse(505, "This server speaks HTTP/1.1.\n")
}
