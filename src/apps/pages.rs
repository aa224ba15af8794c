//! Pages: what no other application claims is a file, or is not found.

use crate::files::{self, Files};
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::route::Route;
use crate::hub::app::{App, Ctx, Reply, Request, RequestId};
use std::io::ErrorKind;

/// The application, which serves these files. It must be the last in the list.
pub struct Pages(pub Box<dyn Files>);

impl App for Pages {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get, Method::Head], websocket: false, max_body_bytes: 0 })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let answer = files::respond(request.head, &mut *self.0, ctx.unix_time());
        Reply::Now(answer.unwrap_or_else(|error| {
            ctx.report_trouble("a page could not be opened", &error);
            match error.kind() {
                ErrorKind::QuotaExceeded => *refusal::service_unavailable(),
                _ => *refusal::internal_server_error(),
            }
        }))
    }
}
