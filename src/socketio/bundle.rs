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

use std::io;

use crate::files::packed::{Stored, stored};
use crate::files::{self, Content, Resource};
use crate::http::coding;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::response::Response;
use crate::http::route::Route;
use crate::hub::app::{App, Ctx, Reply, Request, RequestId};
use crate::socketio::cors::Cors;

/// The entity tag of every file: the version of the package. A test compares it with the notice in each file.
///
/// The plain form and the gzip form of a file share this strong tag, as in the original, because clients know
/// the value; RFC 9110 §8.8.3.3 demands two. `Vary` keeps caches right. As in the original no range
/// of a file can be requested, because a client could join parts of both forms.
const ETAG: &str = "\"4.8.4\"";

/// One of the files.
struct File {
    name: &'static str,
    stored: Stored,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(File { name: $name, stored: stored!("vendor/socket.io/" $name large) }),*]
    };
}

static FILES: &[File] = files! {
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
};

impl File {
    fn find(path: &str) -> Option<&'static Self> {
        let name = path.strip_prefix("/socket.io/")?;
        FILES.iter().find(|file| file.name == name)
    }

    /// # Errors
    /// The compressed file in the program is broken.
    fn resource(&self, prefers_gzip: bool) -> io::Result<Resource> {
        let (bytes, form) = self.stored.form(prefers_gzip)?;
        // The original's types, which differ from those of the other pages.
        let content_type = if self.name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        };
        Ok(Resource {
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            etag: ETAG.to_owned(),
            modified: None,
            content_type,
            form,
            has_ranges: false,
            content: Content::Static(bytes),
            cache_control: "public, max-age=0",
            csp: false,
        })
    }
}

/// The application.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    origins: Vec<String>,
}

impl Bundle {
    /// Pages of this server may load the files, and pages of these origins (`*`: all).
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    fn respond(head: &Head<'_>) -> Option<Response> {
        let file = File::find(head.path)?;
        let resource = file.resource(coding::prefers_gzip(head)).ok()?;
        // The time is not needed: only files with a date are compared with it.
        Some(files::answer(head, resource, 0))
    }
}

impl App for Bundle {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        File::find(head.path).map(|_| Route {
            methods: match self.origins.is_empty() {
                true => &[Method::Get, Method::Head],
                false => &[Method::Get, Method::Head, Method::Options],
            },
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let head = request.head;
        let cors = Cors::of(head, &self.origins);
        if head.method == Method::Options {
            return Reply::Now(cors.preflight(head));
        }
        // Fails only if a file in the program is broken; a test reads them all.
        let answer = Self::respond(head).unwrap_or_else(|| *refusal::internal_server_error());
        Reply::Now(cors.on(answer))
    }
}
