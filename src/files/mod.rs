//! Pages: `GET` and `HEAD` of static files, embedded or from a folder.
//!
//! Before this: `http`, which reads a request and writes an answer. After this: `apps::pages`, which serves the pages.
//! A first reader may skip all of it: pages have no part in a WebSocket. Whoever reads on begins with `respond`.
//!
//! `respond` is the way of a request: method, path (`path`), file (a `Files`: `embedded` or
//! `folder`), conditions (`conditional`, RFC 9110 §13), range (`range`, RFC 9110 §14). Everything but
//! `folder` is a function of its arguments; the disk is behind the two ports `Files` and `Contents`.
//!
//! A body on disk is read in pieces as the socket drains: a stalled download holds one descriptor,
//! not the file. Whoever writes the response adds the fields of the connection (`Date`, `Content-Length`),
//! and leaves out the body in answer to `HEAD`.

pub mod conditional;
pub mod content_type;
pub mod embedded;
pub mod folder;
pub mod path;
pub mod range;

use std::borrow::Cow;
use std::io;

use crate::http::coding;
use crate::http::date;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::response::{Body, Response, Source, Status};
use conditional::Verdict;
use path::Refusal;
use range::Selection;

/// What embedded pages may load and connect to: this server, and nothing else.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:";

/// The page of a directory.
pub const INDEX: &str = "index.html";

const NOT_FOUND: &str = "Not found\n";
/// For whoever has just named a folder to serve, and opens `/`.
const NO_INDEX: &str = "Not found: the folder that is served has no index.html, or is not there\n";

/// Where pages come from.
pub trait Files {
    /// What stands at this path. The segments are those of `path::clean`, at most one
    /// `index.html` longer; none of them names a root. `prefers_gzip`: the client would rather have
    /// that form, where there is one.
    ///
    /// # Errors
    /// The disk or the process is in trouble. That a file is absent or may not be read is no error;
    /// that no further file can be opened now is `QuotaExceeded`.
    fn open(&mut self, segments: &[String], prefers_gzip: bool) -> io::Result<Found>;
}

/// What stands at a path.
pub enum Found {
    /// A file that may be served.
    File(Resource),
    /// A directory.
    Directory,
    /// Nothing, or nothing that may be served.
    Nothing,
}

/// A file that may be served, opened and not yet read, in the form that is meant for this client.
pub struct Resource {
    /// Its length in bytes. This many are sent, whatever happens to the file meanwhile.
    pub len: u64,
    /// Its entity tag, with the quotes, and `W/` if it is a weak one (RFC 9110 §8.8.3).
    pub etag: String,
    /// When it changed last, in Unix seconds.
    pub modified: Option<u64>,
    /// Its `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// Which of its forms this is.
    pub form: Form,
    /// Whether a part of it may be asked for (RFC 9110 §14). Only with a tag that is different for
    /// each form: a client would join halves of two.
    pub has_ranges: bool,
    /// Its bytes.
    pub content: Content,
    /// Its `Cache-Control`.
    pub cache_control: &'static str,
    /// Whether this is one of our pages: `CONTENT_SECURITY_POLICY` goes with it.
    pub csp: bool,
}

/// Which form of a file this is, where `Accept-Encoding` decides (RFC 9110 §12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The file as it is, for everybody.
    Only,
    /// The file as it is. Other clients get it as gzip.
    Plain,
    /// The file as gzip. Other clients get it as it is.
    Gzip,
}

/// The bytes of a resource.
pub enum Content {
    /// In memory.
    Static(&'static [u8]),
    /// On disk.
    Pieces(Contents),
}

/// Reads an open file from a position on; 0 is its end (or an empty buffer). An error is whatever the disk says.
pub type Contents = Box<dyn FnMut(&mut [u8], u64) -> io::Result<usize>>;

/// Answers a request for a page. `now`: Unix seconds.
///
/// # Errors
/// The disk or the process is in trouble: a `500`.
pub fn respond(head: &Head<'_>, files: &mut dyn Files, now: u64) -> io::Result<Response> {
    match head.method {
        Method::Get | Method::Head => {}
        Method::Unknown => return Ok(plain(501, "Not implemented\n")),
        _ => return Ok(plain(405, "Method not allowed\n").with("Allow", "GET, HEAD")),
    }
    let path::Target { mut segments, directory } = match path::clean(head.path) {
        Ok(target) => target,
        Err(Refusal::Malformed) => return Ok(Response { close: true, ..plain(400, "Bad request\n") }),
        Err(Refusal::Absent) => return Ok(plain(404, NOT_FOUND)),
    };
    let absent = if segments.is_empty() { NO_INDEX } else { NOT_FOUND };
    if directory {
        segments.push(INDEX.to_owned());
    }
    let prefers_gzip = coding::prefers_gzip(head);
    match files.open(&segments, prefers_gzip)? {
        Found::File(resource) => return Ok(answer(head, resource, now)),
        Found::Nothing => return Ok(plain(404, absent)),
        Found::Directory => {}
    }
    // Without the slash the page's relative links would lead to its directory's neighbours.
    let location = path::directory_location(&segments, head.query);
    segments.push(INDEX.to_owned());
    if directory || !matches!(files.open(&segments, prefers_gzip)?, Found::File(_)) {
        return Ok(plain(404, absent));
    }
    Ok(plain(301, "Moved permanently\n").with("Location", location))
}

/// Answers a `GET` or `HEAD` of this resource: `200`, `206`, `304`, `412` or `416`.
///
/// Without `has_ranges` it is never `206` or `416`: a server may ignore `Range`, which is
/// defined for `GET` only (RFC 9110 §14.2). The answer to `HEAD` carries the body too, so that its
/// length is known; the caller must not send it.
pub fn answer(head: &Head<'_>, resource: Resource, now: u64) -> Response {
    let Resource { len, ref etag, .. } = resource;
    match conditional::judge(head, etag, resource.modified, now) {
        Verdict::Perform => {}
        Verdict::Failed => return plain(412, "Precondition failed\n"),
        Verdict::NotModified => {
            let mut fields = fields(&resource, None, now);
            fields.retain(|(name, _)| OF_NOT_MODIFIED.contains(name));
            return Response { fields, ..Response::new(304, Body::None) };
        }
    }
    let is_ranged =
        resource.has_ranges && head.method == Method::Get && conditional::range_applies(head, etag);
    let (status, part, first, count) = match range::select(head, len) {
        Selection::Part(first, last) if is_ranged => {
            (206, Some(format!("bytes {first}-{last}/{len}")), first, (last - first).saturating_add(1))
        }
        Selection::Unsatisfiable if is_ranged => {
            return plain(416, "Range not satisfiable\n").with("Content-Range", format!("bytes */{len}"));
        }
        _ => (200, None, 0, len),
    };
    let fields = fields(&resource, part, now);
    Response { fields, ..Response::new(status, body(resource.content, first, count)) }
}

type Fields = Vec<(&'static str, Cow<'static, str>)>;

/// The fields of a `304`: those of a `200` that a cache needs (RFC 9110 §15.4.5).
const OF_NOT_MODIFIED: [&str; 4] = ["ETag", "Cache-Control", "X-Content-Type-Options", "Vary"];

/// The header fields of a file, or of a `part` of it.
///
/// `Vary` keeps a cache from giving one form to a client that gets the other (RFC 9110 §12.5.5).
fn fields(resource: &Resource, part: Option<String>, now: u64) -> Fields {
    let form = resource.form;
    // A date may not lie in the future (RFC 9110 §8.8.2.1); without it the tag serves.
    let modified = resource.modified.filter(|&then| then <= now);
    let fields = [
        Some(("Content-Type", resource.content_type.clone())),
        part.map(|part| ("Content-Range", part.into())),
        (form == Form::Gzip).then_some(("Content-Encoding", "gzip".into())),
        resource.has_ranges.then_some(("Accept-Ranges", "bytes".into())),
        Some(("ETag", resource.etag.clone().into())),
        modified.map(|then| ("Last-Modified", date::format(then).into())),
        resource.csp.then_some(("Content-Security-Policy", CONTENT_SECURITY_POLICY.into())),
        Some(("Cache-Control", resource.cache_control.into())),
        Some(("X-Content-Type-Options", "nosniff".into())),
        (form != Form::Only).then_some(("Vary", "Accept-Encoding".into())),
    ];
    fields.into_iter().flatten().collect()
}

fn body(content: Content, first: u64, count: u64) -> Body {
    match content {
        Content::Static(bytes) => {
            let position = |it| usize::try_from(it).unwrap_or(usize::MAX);
            let part = bytes.get(position(first)..).and_then(|rest| rest.get(..position(count)));
            Body::Bytes(part.unwrap_or_default().into())
        }
        Content::Pieces(_) if count == 0 => Body::Bytes(Cow::default()),
        Content::Pieces(contents) => {
            Body::Stream { len: count, source: Box::new(Part { contents, offset: first, left: count }) }
        }
    }
}

/// `left` bytes of a file from `offset` on, and never another number of them: the length is
/// already on its way. A file that grew is cut; one that shrank is an error.
struct Part {
    contents: Contents,
    offset: u64,
    left: u64,
}

impl Source for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..wanted).filter(|piece| !piece.is_empty()) else { return Ok(0) };
        let count = (self.contents)(buffer, self.offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = u64::try_from(count).unwrap_or(u64::MAX);
        self.offset = self.offset.saturating_add(read);
        self.left = self.left.saturating_sub(read);
        Ok(count)
    }
}

/// An answer with a fixed text, which is not to be kept: a page may appear at any moment.
fn plain(status: u16, text: &'static str) -> Response {
    Response::text(Status(status), text).with("Cache-Control", "no-cache")
}
