//! Hosts and origins that were refused, in the words of the log: which it was, and the way out.
//!
//! The answer never names them, so that no peer can make the server say its words. The operator has to
//! know them: somebody typed a name that the server does not know, or opened a page of another place.
//!
//! The advice is meant to be copied into a shell. So it repeats only what can do nothing there; for
//! anything else it says `NAME` or `ORIGIN`. And it says when it is good: an attacker's site can write
//! such lines too, by sending its visitors here.

use super::escape::{self, escaped};
use crate::http::authority::{Authority, Host};
use std::fmt;

/// What a request named and is not allowed.
#[derive(Debug, Clone, Copy)]
pub enum NotAllowed<'a> {
    /// A `Host` that this server does not answer to: `421`.
    Host(&'a str),
    /// An `Origin` whose pages may not connect: `403`.
    Origin(&'a [u8]),
}

/// What stands in the log for it.
impl fmt::Display for NotAllowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Host(host) => write!(
                f,
                "Host \"{}\" is not served here; if this name is yours: --allow-host {}",
                escaped(host.as_bytes()),
                name_of(host).unwrap_or("NAME"),
            ),
            Self::Origin(b"null") => f.write_str(
                "Origin \"null\" may not connect; a page from disk, or a sandboxed frame of any site: \
                 serve its folder with --www instead",
            ),
            Self::Origin(origin) => write!(
                f,
                "Origin \"{}\" may not connect; if you trust that site: --allow-origin {}",
                escaped(origin),
                origin_of(origin).unwrap_or("ORIGIN"),
            ),
        }
    }
}

/// The value for `--allow-host`.
fn name_of(host: &str) -> Option<&str> {
    match Authority::parse(host)?.host {
        Host::Name(name) => is_harmless(name, b"").then_some(name),
        Host::Ip(_) => None,
    }
}

/// The value for `--allow-origin`.
fn origin_of(origin: &[u8]) -> Option<&str> {
    let origin = std::str::from_utf8(origin).ok()?;
    let (scheme, authority) = origin.split_once("://")?;
    Authority::parse(authority)?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_scheme && is_harmless(origin, b":/")).then_some(origin)
}

/// Letters, digits, hyphens, dots, underscores, and these. No shell reads anything into them.
fn is_harmless(text: &str, others: &[u8]) -> bool {
    let mut bytes = text.bytes();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.starts_with('-')
        && text.len() <= escape::FIELD_BYTES
        && bytes.all(|byte| is_plain(byte) || others.contains(&byte))
}
