//! Answers to requests: payloads, `ok`, and errors in the words that clients of Engine.IO know.
//!
//! `socketio::cors` adds the fields for pages of other origins.

use crate::http::response::{Body, Response, Status};

/// What is wrong with a request. The answer has a number and a text for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The transport is missing or unknown.
    UnknownTransport,
    /// There is no session with this sid.
    UnknownSid,
    /// A request for a new session is not a GET.
    BadMethod,
    /// Anything else.
    BadRequest,
    /// The version of the protocol is not 4.
    UnsupportedVersion,
}

impl Fault {
    fn body(self) -> &'static str {
        match self {
            Self::UnknownTransport => r#"{"code":0,"message":"Transport unknown"}"#,
            Self::UnknownSid => r#"{"code":1,"message":"Session ID unknown"}"#,
            Self::BadMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            Self::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            Self::UnsupportedVersion => r#"{"code":5,"message":"Unsupported protocol version"}"#,
        }
    }
}

fn answer(status: u16, content_type: &'static str, body: Body) -> Response {
    Response {
        status: Status(status),
        fields: vec![
            ("Content-Type", content_type.into()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
        ],
        body,
        close: false,
    }
}

/// `400`, with the fault.
pub(super) fn fault(fault: Fault) -> Response {
    let body = Body::Static(fault.body().as_bytes());
    answer(400, "application/json", body)
}

/// The answer to a GET: packets, already joined.
pub(super) fn payload(text: String) -> Response {
    let body = Body::Bytes(text.into_bytes());
    answer(200, "text/plain; charset=UTF-8", body)
}

/// The answer to a POST.
pub(super) fn ok() -> Response {
    answer(200, "text/html", Body::Static(b"ok"))
}
