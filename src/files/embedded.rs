//! The pages of `www/`, inside the binary: the default, with nothing to install beside it.
//!
//! Found by exact path in a table; a path that is not in it does not exist. Adding a page is
//! adding its name to `pages!`, and a test says when one is forgotten.
//!
//! A `large` page is embedded as gzip alone, where there is an inflater (feature `deflate`). That
//! form lies beside it: `gzip -9 -n -k -f www/PAGE` makes it, and again after each change; a test
//! compares the two.

use std::io;
#[cfg(feature = "deflate")]
use std::io::Read;
#[cfg(feature = "deflate")]
use std::sync::OnceLock;

use super::{Content, Files, Form, Found, Resource, content_type};

/// One page of the table.
struct Page {
    /// Its path below `www/`.
    path: &'static str,
    stored: Stored,
}

/// What the binary holds of a page.
enum Stored {
    /// The file.
    Plain(&'static [u8]),
    /// The file as gzip.
    #[cfg(feature = "deflate")]
    Gzip {
        bytes: &'static [u8],
        /// Inflated for the first client that needs it so, and kept: never once per request.
        plain: &'static OnceLock<Box<[u8]>>,
    },
}

macro_rules! pages {
    ($($path:literal $($large:ident)?),* $(,)?) => {
        &[$(Page { path: $path, stored: stored!($path $($large)?) }),*]
    };
}

macro_rules! stored {
    ($path:literal) => {
        Stored::Plain(include_bytes!(concat!("../../www/", $path)))
    };
    ($path:literal large) => {{
        #[cfg(feature = "deflate")]
        let stored = {
            static PLAIN: OnceLock<Box<[u8]>> = OnceLock::new();
            Stored::Gzip {
                bytes: include_bytes!(concat!("../../www/", $path, ".gz")),
                plain: &PLAIN,
            }
        };
        #[cfg(not(feature = "deflate"))]
        let stored = stored!($path);
        stored
    }};
}

static PAGES: &[Page] = pages! {
    "index.html",
    "rooms.html",
    "chat.js",
    "rooms.js",
    "connection.js",
    "composer.js",
    "rows.js",
    "style.css",
    "favicon.svg",
    "vendor/bootstrap.min.css" large,
};

impl Stored {
    /// The bytes for this client.
    ///
    /// # Errors
    /// What was compiled in is no gzip.
    fn form(&self, prefers_gzip: bool) -> io::Result<(&'static [u8], Form)> {
        match (self, prefers_gzip) {
            (Self::Plain(bytes), _) => Ok((bytes, Form::Only)),
            #[cfg(feature = "deflate")]
            (Self::Gzip { bytes, .. }, true) => Ok((bytes, Form::Gzip)),
            #[cfg(feature = "deflate")]
            (Self::Gzip { bytes, plain }, false) => {
                let plain = match plain.get() {
                    Some(plain) => plain,
                    None => {
                        let inflated = inflate(bytes)?;
                        plain.get_or_init(|| inflated)
                    }
                };
                Ok((plain, Form::Plain))
            }
        }
    }
}

#[cfg(feature = "deflate")]
fn inflate(gzip: &[u8]) -> io::Result<Box<[u8]>> {
    // Its last four bytes say how long it will be (RFC 1952 §2.3.1): growing leaves holes behind.
    let len = gzip.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let mut plain = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    flate2::bufread::GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain.into_boxed_slice())
}

/// The pages that were compiled in.
#[derive(Debug, Clone)]
pub struct Embedded {
    tags: Vec<Tags>,
}

/// The entity tags of one page, each made at the first request for its form: hashing the pages at
/// start would pull them all into memory.
#[derive(Debug, Clone, Default)]
struct Tags {
    plain: Option<String>,
    gzip: Option<String>,
}

impl Default for Embedded {
    fn default() -> Self {
        Self {
            tags: vec![Tags::default(); PAGES.len()],
        }
    }
}

impl Files for Embedded {
    fn open(&mut self, segments: &[String], prefers_gzip: bool) -> io::Result<Found> {
        let path = segments.join("/");
        let mut pages = PAGES.iter().zip(&mut self.tags);
        let Some((page, tags)) = pages.find(|(page, _)| page.path == path) else {
            return Ok(Found::Nothing);
        };
        let (bytes, form) = page.stored.form(prefers_gzip)?;
        let tag = match form {
            Form::Only | Form::Plain => &mut tags.plain,
            Form::Gzip => &mut tags.gzip,
        };
        let tag = tag.get_or_insert_with(|| format!("\"{:016x}\"", fnv1a(bytes)));
        Ok(Found::File(Resource {
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            etag: tag.clone(),
            modified: None,
            content_type: content_type::of(page.path),
            form,
            content: Content::Static(bytes),
            csp: true,
        }))
    }
}

/// 64-bit FNV-1a. Tells one release's page from the next, and a page's two forms apart; nobody can
/// choose what it is fed.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
