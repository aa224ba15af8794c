//! Pages of other origins (CORS, of the Fetch standard): what is said to them, by Engine.IO and with the
//! client that pages load. Which origins are meant, the operator says; without that, nothing.

use crate::http::fields::{is_token_byte, items};
use crate::http::head::Head;
use crate::http::policy::is_same_origin;
use crate::http::response::{Body, Response, Status};

/// Pages of which origins may read the answers: none, unless some are listed (`*`: all).
#[derive(Debug, Clone, Default)]
pub struct Origins(pub Vec<String>);

/// What is to be added to the answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// CORS is off.
    Off,
    /// This page may not read it; another might.
    Foreign,
    /// This origin may read it.
    Allowed(Box<str>),
}

impl Origins {
    /// What the Fetch standard wants to be said to the page that sent this request.
    #[must_use]
    pub fn cors(&self, head: &Head<'_>) -> Cors {
        if self.0.is_empty() {
            return Cors::Off;
        }
        if self.0.iter().any(|origin| origin == "*") {
            return Cors::Allowed("*".into());
        }
        // It is repeated as it came, for the browser compares bytes, but only if the operator has listed it.
        let origin = head.single("origin");
        let origin = origin.and_then(|origin| std::str::from_utf8(origin).ok());
        match origin {
            Some(origin) if self.0.iter().any(|own| is_same_origin(own, origin)) => {
                Cors::Allowed(origin.into())
            }
            _ => Cors::Foreign,
        }
    }
}

impl Cors {
    /// Adds its fields.
    #[must_use]
    pub fn on(&self, response: Response) -> Response {
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
    #[must_use]
    pub fn preflight(&self, head: &Head<'_>) -> Response {
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
