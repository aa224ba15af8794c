//! The JavaScript client that pages load from `/socket.io/socket.io.js`, its smaller forms, and
//! their source maps: the files of the npm package `socket.io-client`, unchanged.
//!
//! Every Socket.IO tutorial names this path, because a page gets the client there that fits its server. Each file
//! begins with its licence notice; `/vendor/socket.io/LICENSE.txt` has the licence.
//!
//! `Bundle` takes the paths of these files only. It must stand before the application that takes all other
//! paths below `/socket.io/`.
//!
//! A page may load a classic script from any origin, but a module only if that origin permits it. So pages
//! that may connect from elsewhere (CORS) may also import `socket.io.esm.min.js`.

use crate::files::embedded::{Stored, stored};
use crate::files::{self, Resource};
use crate::http::coding;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::route::Route;
use crate::hub::app::{App, Ctx, Reply, Request, RequestId};
use crate::socketio::cors::Cors;

/// The entity tag of every file: the version of the package. A test compares it with the notice in each file.
///
/// The plain form and the gzip form of a file share this strong tag, as in the original, because clients know
/// the value; RFC 9110 §8.8.3.3 demands two. `Vary` keeps caches right. As in the original no range
/// of a file can be requested, because a client could join parts of both forms.
const ETAG: &str = "\"4.8.4\"";

static FILES: &[Stored] = &[
    stored!("vendor/socket.io/socket.io.js" large),
    stored!("vendor/socket.io/socket.io.js.map" large),
    stored!("vendor/socket.io/socket.io.min.js" large),
    stored!("vendor/socket.io/socket.io.min.js.map" large),
    stored!("vendor/socket.io/socket.io.esm.min.js" large),
    stored!("vendor/socket.io/socket.io.esm.min.js.map" large),
    stored!("vendor/socket.io/socket.io.msgpack.min.js" large),
    stored!("vendor/socket.io/socket.io.msgpack.min.js.map" large),
];

fn find(path: &str) -> Option<&'static Stored> {
    let is_it = |file: &&Stored| file.path.strip_prefix("vendor") == Some(path);
    FILES.iter().find(is_it)
}

/// The application. Pages of this server may load the files, and pages of these origins (`*`: all).
#[derive(Debug, Clone, Default)]
pub struct Bundle(pub Vec<String>);

impl App for Bundle {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        find(head.path).map(|_| Route {
            methods: match self.0.is_empty() {
                true => &[Method::Get, Method::Head],
                false => &[Method::Get, Method::Head, Method::Options],
            },
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let head = request.head;
        let cors = Cors::of(head, &self.0);
        if head.method == Method::Options {
            return Reply::Now(cors.preflight(head));
        }
        // Fails only if a file in the program is broken; a test reads them all.
        let file = find(head.path).and_then(|file| file.resource(coding::prefers_gzip(head)).ok());
        let Some(file) = file else { return Reply::Now(cors.on(*refusal::internal_server_error())) };
        let file = Resource {
            etag: ETAG.to_owned(),
            // The original's types, which differ from those of the other pages.
            content_type: match head.path.ends_with(".map") {
                true => "application/json; charset=utf-8".into(),
                false => "application/javascript; charset=utf-8".into(),
            },
            has_ranges: false,
            cache_control: "public, max-age=0",
            csp: false,
            ..file
        };
        // The time is not needed: only files with a date are compared with it.
        Reply::Now(cors.on(files::answer(head, file, 0)))
    }
}
