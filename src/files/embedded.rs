//! The pages of `www/`, inside the binary: the default, with nothing to install beside it.
//!
//! Found by exact path in a table; a path that is not in it does not exist. Adding a page is
//! adding its name to `pages!`, and a test says when one is forgotten. How a file gets into the
//! binary, and what `large` means, is said in `packed`.

use std::collections::BTreeMap;
use std::io;

use super::packed::{Stored, stored};
use super::{Content, Files, Form, Found, Resource, content_type};

/// One page of the table.
struct Page {
    /// Its path below `www/`.
    path: &'static str,
    stored: Stored,
}

macro_rules! pages {
    ($($(#[$condition:meta])? $path:literal $($large:ident)?),* $(,)?) => {
        &[$($(#[$condition])? Page { path: $path, stored: stored!($path $($large)?) }),*]
    };
}

static PAGES: &[Page] = pages! {
    "index.html",
    "rooms.html",
    "chat.js",
    "rooms.js",
    "connection.js",
    "composer.js",
    "rows.js",
    // Also without the feature: the other pages link to it, and it says itself what is missing.
    "socketio.html",
    "socketio.js",
    "style.css",
    "favicon.svg",
    "vendor/bootstrap.min.css" large,
    // The files beside it are not found here: see `socketio::bundle`.
    #[cfg(feature = "socketio")]
    "vendor/socket.io/LICENSE.txt",
};

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
        let (bytes, form) = page.stored.form(prefers_gzip)?;
        let tag = self.tags.entry((page.path, form == Form::Gzip));
        let tag = tag.or_insert_with(|| format!("\"{:016x}\"", fnv1a(bytes)));
        Ok(Found::File(Resource {
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            etag: tag.clone(),
            modified: None,
            content_type: content_type::of(page.path),
            form,
            has_ranges: true,
            content: Content::Static(bytes),
            cache_control: "no-cache",
            csp: true,
        }))
    }
}

/// 64-bit FNV-1a. Tells one release's page from the next, and a page's two forms apart; nobody can
/// choose what it is fed.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
