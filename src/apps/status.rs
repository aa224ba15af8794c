//! `/healthz` answers `ok`, and `/metrics` is the page for Prometheus.

use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::response::{Body, Response, Status as Code};
use crate::http::route::Route;
use crate::hub::app::{App, Ctx, Reply, Request, RequestId};

/// The text format of Prometheus.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The application.
#[derive(Debug, Default)]
pub struct Status;

impl App for Status {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        matches!(head.path, "/healthz" | "/metrics").then_some(Route {
            methods: &[Method::Get, Method::Head],
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let answer = match request.head.path {
            "/metrics" => Response::new(200, Body::Bytes(ctx.metrics().into_bytes().into()))
                .with("Content-Type", EXPOSITION)
                .with("X-Content-Type-Options", "nosniff"),
            _ => Response::text(Code(200), "ok\n"),
        };
        // An answer from a cache would be wrong.
        Reply::Now(answer.with("Cache-Control", "no-store"))
    }
}
