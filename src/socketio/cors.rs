//! Pages of other origins (CORS, of the Fetch standard): which of them may read answers.
//!
//! Engine.IO adds these fields to its answers, and `bundle` to the client that pages load. The operator lists the
//! origins; without a list no field is added.

use crate::http::head::{Head, is_token_byte};
use crate::http::policy::is_same_origin;
use crate::http::response::{Body, Response};
use std::borrow::Cow;

const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";
const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";

/// The fields that are added to the answer to one request.
#[derive(Debug, Clone)]
pub struct Cors(Vec<(&'static str, Cow<'static, str>)>);

impl Cors {
    /// What the Fetch standard demands for the page that sent this request.
    ///
    /// `origins`: those whose pages may read the answers; `*`: all. An empty list turns CORS off.
    #[must_use]
    pub fn of(head: &Head<'_>, origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") {
            return Self(vec![(ALLOW_ORIGIN, "*".into())]);
        }
        let origin = head.fields.single("origin").and_then(|origin| std::str::from_utf8(origin).ok());
        let origin = origin.filter(|origin| origins.iter().any(|own| is_same_origin(own, origin)));
        // A listed origin is repeated as it came, because the browser compares bytes.
        let allow = origin.map(|origin| (ALLOW_ORIGIN, origin.to_owned().into()));
        // A page of another origin might read what this one may not, so caches must tell them apart.
        let vary = (!origins.is_empty()).then_some(("Vary", "Origin".into()));
        Self(allow.into_iter().chain(vary).collect())
    }

    /// Whether CORS is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the fields to a response.
    pub fn on(&self, mut response: Response) -> Response {
        response.fields.extend_from_slice(&self.0);
        response
    }

    /// The answer to a preflight. It allows every method, and the fields that the browser asks for.
    pub fn preflight(&self, head: &Head<'_>) -> Response {
        let mut response = Response::new(204, Body::None).with("Access-Control-Allow-Methods", METHODS);
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
