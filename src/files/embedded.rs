//! The pages of `www/`, inside the binary: the default, with nothing to install beside it.
//!
//! Found by exact path in a table; a path that is not in it does not exist. Adding a page is
//! adding its name to `pages!`, and a test says when one is forgotten.

use std::io;

use super::{Content, Files, Found, Resource, content_type};

macro_rules! pages {
    ($($path:literal)*) => {
        &[$(($path, include_bytes!(concat!("../../www/", $path)))),*]
    };
}

/// Paths below `www/`, and the bytes of the files.
static PAGES: &[(&str, &[u8])] = pages! {
    "index.html"
    "chat.js"
    "style.css"
    "favicon.svg"
    "vendor/bootstrap.min.css"
};

/// The pages that were compiled in.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// One for each page, made at its first request: hashing them at start would pull every page
    /// into memory.
    etags: Vec<Option<String>>,
}

impl Default for Embedded {
    fn default() -> Self {
        Self {
            etags: vec![None; PAGES.len()],
        }
    }
}

impl Files for Embedded {
    fn open(&mut self, segments: &[String]) -> io::Result<Found> {
        let path = segments.join("/");
        let mut pages = PAGES.iter().zip(&mut self.etags);
        let Some((&(path, bytes), etag)) = pages.find(|((known, _), _)| *known == path) else {
            return Ok(Found::Nothing);
        };
        let etag = etag.get_or_insert_with(|| format!("\"{:016x}\"", fnv1a(bytes)));
        Ok(Found::File(Resource {
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            etag: etag.clone(),
            modified: None,
            content_type: content_type::of(path),
            content: Content::Static(bytes),
            csp: true,
        }))
    }
}

/// 64-bit FNV-1a. Tells one release's page from the next; nobody can choose what it is fed.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
