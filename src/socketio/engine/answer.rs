//! Requests to Engine.IO and the answers to them: the query, payloads, `ok`, and errors in the words that clients know.

use crate::http::percent::decoded;
use crate::http::response::{Body, Response};
use crate::hub::app::{Ctx, RequestId};
use crate::socketio::cors::Cors;
use std::borrow::Cow;

/// What is wrong with a request: the body of the answer, with a number and a text for clients.
pub(super) type Fault = &'static str;

/// The transport is missing or unknown.
pub(super) const UNKNOWN_TRANSPORT: Fault = r#"{"code":0,"message":"Transport unknown"}"#;
/// There is no session with this sid.
pub(super) const UNKNOWN_SID: Fault = r#"{"code":1,"message":"Session ID unknown"}"#;
/// A request for a new session is not a GET.
pub(super) const BAD_METHOD: Fault = r#"{"code":2,"message":"Bad handshake method"}"#;
/// Anything else.
pub(super) const BAD_REQUEST: Fault = r#"{"code":3,"message":"Bad request"}"#;
/// The version of the protocol is not 4.
pub(super) const UNSUPPORTED_VERSION: Fault = r#"{"code":5,"message":"Unsupported protocol version"}"#;

/// Who is to be answered, and which fields the answer has for pages of other origins.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) request: RequestId,
    pub(super) cors: Cors,
}

impl Asker {
    /// Answers a request that was answered `Later`. Nothing happens if nobody waits for it any more.
    pub(super) fn answer(&self, ctx: &mut Ctx<'_>, response: Response) {
        ctx.respond(self.request, self.cors.on(response));
    }
}

fn answer(status: u16, content_type: &'static str, body: Body) -> Response {
    Response::new(status, body)
        .with("Content-Type", content_type)
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
}

/// `400`, with the fault.
pub(super) fn fault(fault: Fault) -> Response {
    answer(400, "application/json", Body::Bytes(fault.as_bytes().into()))
}

/// The answer to a GET: packets, already joined.
pub(super) fn payload(text: String) -> Response {
    answer(200, "text/plain; charset=UTF-8", Body::Bytes(text.into_bytes().into()))
}

/// The answer to a POST.
pub(super) fn ok() -> Response {
    answer(200, "text/html", Body::Bytes(b"ok".into()))
}

/// The value of a parameter of the query; empty if the query does not have it.
///
/// If the parameter is there several times, the last counts, as in the original. A text with a bad escape stays
/// as it is: nobody asks for a text with a `%`.
pub(super) fn parameter<'a>(query: &'a str, wanted: &str) -> Cow<'a, str> {
    let plain = |text| decoded(text).unwrap_or(Cow::Borrowed(text));
    let value = query.rsplit('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (plain(name) == wanted).then(|| plain(value))
    });
    value.unwrap_or_default()
}
