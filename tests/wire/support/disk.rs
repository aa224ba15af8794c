//! Files of any size, for tests of who may read how much of them when.

use std::io;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;

/// The same letter without end.
pub struct Endless;

impl Source for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

/// Whatever is asked for is a file; its size is the query.
pub struct Disk;

impl App for Disk {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get, Method::Head], websocket: false, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let query = request.head.query.unwrap_or("200000");
        let len = query.parse().expect("a size");
        let source = Box::new(Endless);
        Reply::Now(Response {
            status: Status(200),
            fields: Vec::new(),
            body: Body::Stream { len, source },
            close: false,
        })
    }
}
