//! The answers to requests that are refused: a function for each, and the only place of the words.
//!
//! Bodies are short, fixed and ASCII, and never have bytes of the request: a peer must not be able to put its
//! words into our mouth. Every refusal ends the connection, because the body of such a request could be taken
//! for the next request (RFC 9112 §6.3, §9.6).

use super::method::Method;
use super::response::{Response, Status};

/// The answer to a request that is refused. After it the connection ends.
pub type Rejection = Box<Response>;

/// After how many seconds a client may come back that is refused because there is too much to do.
const RETRY_AFTER: &str = "5";

/// A refusal, with the header fields that belong to its status.
fn refuse(status: u16, text: &'static str) -> Rejection {
    let mut response = Response::text(Status(status), text);
    response.close = true;
    Box::new(match status {
        // RFC 9110 §15.5.22 demands `Upgrade`, §7.8 the connection option, and RFC 6455 §4.4 the version.
        426 => response
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Version", "13"),
        503 => response.with("Retry-After", RETRY_AFTER),
        _ => response,
    })
}

/// `400`: the request breaks a rule of HTTP or of the opening handshake. `text` says which.
pub fn bad_request(text: &'static str) -> Rejection {
    refuse(400, text)
}

/// `405`, with the methods that are allowed in `Allow` (RFC 9110 §15.5.6).
pub fn method_not_allowed(allowed: &[Method]) -> Rejection {
    let names: Vec<&str> = allowed.iter().map(|method| method.as_str()).collect();
    Box::new(refuse(405, "This path does not allow the method.\n").with("Allow", names.join(", ")))
}

/// `501`: a method or a transfer coding that this server does not know.
pub fn not_implemented(text: &'static str) -> Rejection {
    refuse(501, text)
}

/// Makes a function of each row of the table: a status and a text.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $text:literal;)*) => {
        $($(#[$doc])* pub fn $name() -> Rejection { refuse($status, $text) })*
    };
}

refusals! {
    /// `403`: the Origin policy (RFC 6455 §10.2). It names the flag that would allow it.
    origin_not_allowed = 403, "This Origin is not allowed. The server's flag --allow-origin can allow it.\n";
    /// `404`: no application serves this path.
    not_found = 404, "Nothing is served at this path.\n";
    /// `408`: the request did not arrive in time.
    request_timeout = 408, "The request did not arrive in time.\n";
    /// `413`: a body over the limit, or for a resource that reads none.
    content_too_large = 413, "The request body is larger than this path accepts.\n";
    /// `414`: the request target is over its limit.
    uri_too_long = 414, "The request target is too long.\n";
    /// `417`: `Expect` asks for something else than `100-continue` (RFC 9110 §10.1.1).
    expectation_failed = 417, "The only expectation known here is 100-continue.\n";
    /// `421`: the Host policy (RFC 9110 §15.5.20). It names the flag that would allow it.
    host_not_allowed = 421, "This Host is not served here. The server's flag --allow-host can allow it.\n";
    /// `426`: this resource only speaks WebSocket, version 13.
    upgrade_required = 426, "This path speaks WebSocket, version 13.\n";
    /// `429` (RFC 6585 §4): too many connections from one address.
    too_many_requests = 429, "Too many connections from this address.\n";
    /// `431` (RFC 6585 §5): the request head is over a limit.
    header_fields_too_large = 431, "The request head is too large.\n";
    /// `500`: a mistake in the server.
    internal_server_error = 500, "The server failed on this request.\n";
    /// `503`: the server is full or stops, or gave no answer in time. It says when to come again.
    service_unavailable = 503, "The server cannot take this request now.\n";
    /// `503`: the server has too many connections. It says when to come again.
    too_many_connections = 503, "The server has too many connections.\n";
    /// `505`: a major version other than 1 (RFC 9110 §15.6.6).
    http_version_not_supported = 505, "This server speaks HTTP/1.1.\n";
}
