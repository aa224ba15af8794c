//! Pages of other origins (CORS, of the Fetch standard): which of them may read answers.
//!
//! Engine.IO adds these fields to its answers, and `bundle` to the client that pages load. The operator lists the
//! origins; without a list no field is added.

use crate::http::fields::is_token_byte;
use crate::http::head::Head;
use crate::http::policy::is_same_origin;
use crate::http::response::{Body, Response, Status};

const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";

/// Which fields are added to the answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// CORS is off.
    Off,
    /// This page may not read it. A page of another origin might, so caches must tell them apart.
    Foreign,
    /// Pages of this origin may read it; `*`: all.
    Allowed(Box<str>),
}

impl Cors {
    /// What the Fetch standard demands for the page that sent this request.
    ///
    /// `origins`: those whose pages may read the answers; `*`: all. An empty list turns CORS off.
    #[must_use]
    pub fn of(head: &Head<'_>, origins: &[String]) -> Self {
        if origins.is_empty() {
            return Self::Off;
        }
        if origins.iter().any(|origin| origin == "*") {
            return Self::Allowed("*".into());
        }
        // A listed origin is repeated as it came, because the browser compares bytes.
        let origin = head.fields.single("origin");
        match origin.and_then(|origin| std::str::from_utf8(origin).ok()) {
            Some(origin) if origins.iter().any(|own| is_same_origin(own, origin)) => {
                Self::Allowed(origin.into())
            }
            _ => Self::Foreign,
        }
    }

    /// Adds the fields to a response.
    pub fn on(&self, response: Response) -> Response {
        match self {
            Self::Off => response,
            Self::Foreign => response.with("Vary", "Origin"),
            Self::Allowed(origin) if &**origin == "*" => response.with("Access-Control-Allow-Origin", "*"),
            Self::Allowed(origin) => {
                response.with("Access-Control-Allow-Origin", origin.to_string()).with("Vary", "Origin")
            }
        }
    }

    /// The answer to a preflight. It allows every method, and the fields that the browser asks for.
    pub fn preflight(&self, head: &Head<'_>) -> Response {
        let mut response =
            Response { status: Status(204), fields: Vec::new(), body: Body::None, close: false };
        response = response.with("Access-Control-Allow-Methods", METHODS);
        let wanted: Vec<&str> = (head.fields)
            .items("access-control-request-headers")
            .filter(|name| name.iter().copied().all(is_token_byte))
            .filter_map(|name| std::str::from_utf8(name).ok())
            .collect();
        if !wanted.is_empty() {
            response = response.with("Access-Control-Allow-Headers", wanted.join(","));
        }
        self.on(response.with("Vary", "Access-Control-Request-Headers"))
    }
}
