//! The secret that a page and its view share.

use sha1::{Digest, Sha1};

/// An id, as it is kept: its SHA-1.
///
/// So ids have one size, and how long a comparison takes tells nothing about the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id([u8; 20]);

impl Id {
    /// The id that the query of a request has under this name: 22 to 64 letters, digits, `-` or `_`.
    ///
    /// 22 such letters hold 128 bits; a page that uses hex digits needs 32.
    pub(super) fn of(query: Option<&str>, name: &str) -> Option<Self> {
        let mut parts = query?.split('&').filter_map(|part| part.split_once('='));
        let (_, value) = parts.find(|(key, _)| *key == name)?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_id = (22..=64).contains(&value.len()) && value.bytes().all(is_word);
        is_id.then(|| Self(Sha1::digest(value.as_bytes()).into()))
    }
}
