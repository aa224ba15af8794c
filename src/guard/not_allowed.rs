//! What the log says of a refused host or origin: its name, and the flag that allows it.
//!
//! The answer to the peer never names it, so that no peer can make the server say its words. The operator
//! has to know it: perhaps somebody typed a name that the server does not know, or opened a page of another
//! place.
//!
//! Operators copy the flag into a shell. So it repeats only names that can do nothing there; for others
//! the line says `NAME` or `ORIGIN`. And it says when to follow the advice: an attacker's site can cause such
//! lines too, by sending its visitors here.

use super::escape::{Escaped, FIELD_BYTES};
use crate::http::authority::{Authority, Host};
use std::fmt;

/// The host or the origin that a request named, and that is not allowed.
#[derive(Debug, Clone, Copy)]
pub enum NotAllowed<'a> {
    /// A `Host` that this server does not answer to: `421`.
    Host(&'a str),
    /// An `Origin` whose pages may not connect: `403`.
    Origin(&'a [u8]),
}

/// The reason of the refusal, as it stands in the log.
impl fmt::Display for NotAllowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Host(host) => write!(
                f,
                "Host \"{}\" is not served here; if this name is yours: --allow-host {}",
                Escaped(host.as_bytes()),
                name_of(host).unwrap_or("NAME"),
            ),
            Self::Origin(b"null") => f.write_str(
                "Origin \"null\" may not connect; a page from disk, or a sandboxed frame of any site: \
                 serve its folder with --www instead",
            ),
            Self::Origin(origin) => write!(
                f,
                "Origin \"{}\" may not connect; if you trust that site: --allow-origin {}",
                Escaped(origin),
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

/// Whether a shell reads nothing into this text: letters, digits, hyphens, dots, underscores, and `others`.
fn is_harmless(text: &str, others: &[u8]) -> bool {
    let mut bytes = text.bytes();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.starts_with('-')
        && text.len() <= FIELD_BYTES
        && bytes.all(|byte| is_plain(byte) || others.contains(&byte))
}
