//! The pages of `www/`, inside the binary: the default, with nothing to install beside it.
//!
//! `stored!` embeds a file. A `page` loses its lines that say `data-needs="tools"` in a build without that feature: they
//! lead to what it lacks. A `large` one is embedded as gzip alone, where there is an inflater (feature `deflate`). That
//! form lies beside it: `gzip -9 -n -k -f www/FILE` makes it, and again after each change; a test compares the two.
//!
//! Pages are found by exact path in a table; a path that is not in it does not exist. Adding a page is
//! adding its name there, and a test says when one is forgotten.

use super::{Content, Files, Form, Found, Resource, content_type};
use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

/// A file, as the binary holds it.
pub(crate) struct Stored {
    /// Its path below `www/`.
    pub(crate) path: &'static str,
    pub(crate) bytes: &'static [u8],
    /// If the bytes are gzip: the file, inflated for the first client that needs it so, and kept.
    pub(crate) plain: Option<&'static OnceLock<Box<[u8]>>>,
}

/// Embeds a file: its path below `www/`, and `page` or `large` after it.
///
/// The lock can change, so it lies in the part of the program that may be written, which is its end, and so does the
/// gzip beside it. Among the constants the bytes would cost memory at start, though nobody reads them: the kernel
/// loads 64 KiB around each place that is touched.
macro_rules! stored {
    (@bytes $path:literal $($ending:literal)?) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/www/", $path $(, $ending)?))
    };
    ($path:literal) => {
        $crate::files::embedded::Stored { path: $path, bytes: stored!(@bytes $path), plain: None }
    };
    ($path:literal page) => {{
        #[cfg(feature = "tools")]
        let stored = stored!($path);
        #[cfg(not(feature = "tools"))]
        let stored = {
            const LEN: usize = stored!(@bytes $path).len();
            static PAGE: ([u8; LEN], usize) = $crate::files::embedded::without_tools(*stored!(@bytes $path));
            $crate::files::embedded::Stored { path: $path, bytes: PAGE.0.split_at(PAGE.1).0, plain: None }
        };
        stored
    }};
    ($path:literal large) => {{
        #[cfg(feature = "deflate")]
        let stored = {
            static GZIP: (std::sync::OnceLock<Box<[u8]>>, [u8; stored!(@bytes $path ".gz").len()]) =
                (std::sync::OnceLock::new(), *stored!(@bytes $path ".gz"));
            $crate::files::embedded::Stored { path: $path, bytes: &GZIP.1, plain: Some(&GZIP.0) }
        };
        #[cfg(not(feature = "deflate"))]
        let stored = stored!($path);
        stored
    }};
}
#[cfg(feature = "socketio")]
pub(crate) use stored;

/// A page without its lines for the feature `tools`, and how long it is now.
#[cfg(not(feature = "tools"))]
#[allow(clippy::indexing_slicing)] // It runs in the compiler alone, on our own pages; a wrong index would not compile.
const fn without_tools<const N: usize>(mut page: [u8; N]) -> ([u8; N], usize) {
    const MARK: &[u8] = b"data-needs=\"tools\"";
    let (mut from, mut to, mut line, mut is_marked) = (0, 0, 0, false);
    while from < N {
        let mut same = 0;
        while same < MARK.len() && from + same < N && page[from + same] == MARK[same] {
            same += 1;
        }
        is_marked |= same == MARK.len();
        page[to] = page[from];
        to += 1;
        if page[from] == b'\n' {
            if is_marked {
                to = line;
            }
            (line, is_marked) = (to, false);
        }
        from += 1;
    }
    (page, to)
}

static PAGES: &[Stored] = &[
    stored!("index.html" page),
    stored!("rooms.html" page),
    stored!("echo.html" page),
    stored!("chat.js"),
    stored!("rooms.js"),
    stored!("echo.js"),
    stored!("connection.js"),
    stored!("codes.js"),
    stored!("composer.js"),
    stored!("rows.js"),
    stored!("bytes.js"),
    stored!("server.js"),
    // Also without the feature: the other pages link to it, and it says itself what is missing.
    stored!("socketio.html" page),
    stored!("socketio.js"),
    stored!("style.css"),
    // The wire, on the pages with a connection and in the lab.
    stored!("wire.js"),
    stored!("panel.js"),
    stored!("wire.css"),
    stored!("frames.js"),
    #[cfg(feature = "tools")]
    stored!("lab.html"),
    #[cfg(feature = "tools")]
    stored!("lab.js"),
    stored!("favicon.svg"),
    stored!("vendor/bootstrap.min.css" large),
    // The files beside it are not found here: see `socketio::bundle`.
    #[cfg(feature = "socketio")]
    stored!("vendor/socket.io/LICENSE.txt"),
];

impl Stored {
    /// The file for a client, as a page without an entity tag.
    ///
    /// # Errors
    /// What was compiled in is no gzip.
    pub(crate) fn resource(&self, prefers_gzip: bool) -> io::Result<Resource> {
        let (bytes, form) = match self.plain {
            None => (self.bytes, Form::Only),
            Some(_) if prefers_gzip => (self.bytes, Form::Gzip),
            Some(plain) => {
                if plain.get().is_none() {
                    // Nobody else has set it: there is one thread.
                    let _ = plain.set(inflate(self.bytes)?);
                }
                (plain.get().map_or(&[][..], |plain| plain), Form::Plain)
            }
        };
        Ok(Resource {
            len: bytes.len() as u64,
            etag: String::new(),
            modified: None,
            content_type: content_type::of(self.path),
            form,
            has_ranges: true,
            content: Content::Static(bytes),
            cache_control: "no-cache",
            csp: true,
        })
    }
}

#[cfg(feature = "deflate")]
fn inflate(gzip: &[u8]) -> io::Result<Box<[u8]>> {
    // Its last four bytes say how long it will be (RFC 1952 §2.3.1): growing leaves holes behind.
    let len = gzip.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let mut plain = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    io::Read::read_to_end(&mut flate2::bufread::GzDecoder::new(gzip), &mut plain)?;
    Ok(plain.into_boxed_slice())
}

#[cfg(not(feature = "deflate"))]
fn inflate(_: &[u8]) -> io::Result<Box<[u8]>> {
    // Nothing is embedded as gzip.
    Err(io::ErrorKind::Unsupported.into())
}

/// The pages that were compiled in.
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    /// The entity tags by path, of the file as it is and as gzip. Each is made at the first request for it:
    /// hashing the pages at start would pull them all into memory.
    tags: BTreeMap<(&'static str, bool), String>,
}

impl Files for Embedded {
    fn open(&mut self, segments: &[String], prefers_gzip: bool) -> io::Result<Found> {
        let path = segments.join("/");
        let Some(page) = PAGES.iter().find(|page| page.path == path) else { return Ok(Found::Nothing) };
        let mut resource = page.resource(prefers_gzip)?;
        if let Content::Static(bytes) = resource.content {
            let tag = self.tags.entry((page.path, resource.form == Form::Gzip));
            resource.etag.clone_from(tag.or_insert_with(|| format!("\"{:016x}\"", fnv1a(bytes))));
        }
        Ok(Found::File(resource))
    }
}

/// 64-bit FNV-1a. Tells one release's page from the next, and a page's two forms apart; nobody can
/// choose what it is fed.
fn fnv1a(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
