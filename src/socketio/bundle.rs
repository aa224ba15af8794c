//! The JavaScript client that pages load from `/socket.io/socket.io.js`, its smaller forms, and
//! their source maps: the files of the npm package `socket.io-client`, unchanged.
//!
//! A page gets the client that belongs to its server by naming this path, as in every Socket.IO
//! tutorial. The files carry their licence notice on top, and its text is a page beside the others
//! (`/vendor/socket.io/LICENSE.txt`). All other paths below `/socket.io/` are Engine.IO's.
//!
//! `Bundle` claims these paths and no others, so it may stand anywhere in the list of applications
//! before one that takes all of `/socket.io/`.
//!
//! A classic script may come from anywhere, a module may not: a page of another origin that imports
//! `socket.io.esm.min.js` needs leave to read it. So it has the leave that it has to connect.

use std::io;

use crate::app::{App, Ctx, Reply, Request, RequestId};
use crate::files::packed::{Stored, stored};
use crate::files::{self, Content, Resource};
use crate::http::coding;
use crate::http::head::{Head, Method};
use crate::http::refusal;
use crate::http::response::Response;
use crate::http::route::Route;
use crate::socketio::cors::Origins;

/// The entity tag of every file is the version of the package; a test compares it with the notice
/// on top of each. Plain and as gzip a file has the same, though it is a strong one and RFC 9110 §8.8.3.3 would
/// have two: so does the original, and clients know that value. `Vary` keeps caches right. And as in the original
/// no part of a file can be asked for, since half of the one form could be joined with half of the other.
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
    /// What was compiled in is no gzip.
    fn resource(&self, prefers_gzip: bool) -> io::Result<Resource> {
        let (bytes, form) = self.stored.form(prefers_gzip)?;
        // These are Socket.IO's words, which differ from those of our own pages.
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
    origins: Origins,
}

impl Bundle {
    /// For pages of this server, and for those of these origins (`*`: all).
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self {
            origins: Origins(origins),
        }
    }

    fn respond(head: &Head<'_>) -> Option<Response> {
        let file = File::find(head.path)?;
        let resource = file.resource(coding::prefers_gzip(head)).ok()?;
        // The time is for comparing dates, and the files have none: they change with the program.
        Some(files::answer(head, resource, 0))
    }
}

impl App for Bundle {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        File::find(head.path).map(|_| Route {
            methods: match self.origins.0.is_empty() {
                true => &[Method::Get, Method::Head],
                false => &[Method::Get, Method::Head, Method::Options],
            },
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let head = request.head;
        let cors = self.origins.cors(head);
        if head.method == Method::Options {
            return Reply::Now(cors.preflight(head));
        }
        // What was compiled in is no gzip, and a test would have said so.
        let answer = Self::respond(head).unwrap_or_else(|| *refusal::internal_server_error());
        Reply::Now(cors.on(answer))
    }
}
