//! Answers to requests: payloads, `ok`, and errors in the words that clients of Engine.IO know.
//!
//! The fields that CORS adds to each of them are in `socketio::cors`.

use crate::http::response::{Body, Response, Status};

/// What is wrong with a request; each has a number and a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The transport is missing, or there is none of this name.
    UnknownTransport,
    /// There is no such session, or no longer.
    UnknownSid,
    /// A session begins with GET.
    BadMethod,
    /// Anything else.
    BadRequest,
    /// Another protocol than 4.
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

/// `400`, saying why.
pub(super) fn fault(fault: Fault) -> Response {
    let body = Body::Static(fault.body().as_bytes());
    answer(400, "application/json", body)
}

/// What a waiting GET gets: packets, already joined.
pub(super) fn payload(text: String) -> Response {
    let body = Body::Bytes(text.into_bytes());
    answer(200, "text/plain; charset=UTF-8", body)
}

/// What a POST gets.
pub(super) fn ok() -> Response {
    answer(200, "text/html", Body::Static(b"ok"))
}
