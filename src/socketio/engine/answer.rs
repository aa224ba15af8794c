//! Answers to requests: payloads, `ok`, the errors of SEED_SYSTEMS §4.1, and what CORS adds to each
//! of them.

use crate::http::fields::{is_token_byte, items};
use crate::http::head::Head;
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

/// Pages of which origins may read the answers: none, unless some are listed (`*`: all).
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(pub(super) Vec<String>);

/// What is to be added to the answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cors {
    /// CORS is off.
    Off,
    /// This page may not read it; another might.
    Foreign,
    /// This origin may read it.
    Allowed(Box<str>),
}

impl Origins {
    /// What the Fetch standard wants to be said to the page that sent this request.
    pub(super) fn cors(&self, head: &Head<'_>) -> Cors {
        if self.0.is_empty() {
            return Cors::Off;
        }
        if self.0.iter().any(|origin| origin == "*") {
            return Cors::Allowed("*".into());
        }
        // It is repeated only if it is one of those that the operator has listed.
        let origin = head.single("origin");
        let origin = origin.and_then(|origin| std::str::from_utf8(origin).ok());
        match origin {
            Some(origin) if self.0.iter().any(|own| own.eq_ignore_ascii_case(origin)) => {
                Cors::Allowed(origin.into())
            }
            _ => Cors::Foreign,
        }
    }
}

impl Cors {
    /// Adds its fields.
    pub(super) fn on(&self, response: Response) -> Response {
        match self {
            Self::Off => response,
            Self::Foreign => response.with("Vary", "Origin"),
            Self::Allowed(origin) if &**origin == "*" => {
                response.with("Access-Control-Allow-Origin", "*")
            }
            Self::Allowed(origin) => response
                .with("Access-Control-Allow-Origin", origin.to_string())
                .with("Vary", "Origin"),
        }
    }

    /// The answer to a preflight: every method, and the fields that were asked for.
    pub(super) fn preflight(&self, head: &Head<'_>) -> Response {
        let response = Response {
            status: Status(204),
            fields: vec![(
                "Access-Control-Allow-Methods",
                "GET,HEAD,PUT,PATCH,POST,DELETE".into(),
            )],
            body: Body::None,
            close: false,
        };
        let wanted: Vec<&str> = items(head, "access-control-request-headers")
            .filter(|name| name.iter().copied().all(is_token_byte))
            .filter_map(|name| std::str::from_utf8(name).ok())
            .collect();
        let response = match wanted.is_empty() {
            true => response,
            false => response.with("Access-Control-Allow-Headers", wanted.join(",")),
        };
        let response = response.with("Vary", "Access-Control-Request-Headers");
        self.on(response)
    }
}
