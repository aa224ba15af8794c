//! Text that a peer chose, made fit for a line of the log.
//!
//! The answer to a peer never names a refused host or origin, so that no peer can make the server say its words. The
//! operator has to know it: perhaps somebody typed a name that the server does not know, or opened a page of another
//! place.
//!
//! Operators copy the flag that allows it into a shell. So the line repeats only names that can do nothing there; for
//! others it says `NAME` or `ORIGIN`. And it says when to follow the advice: an attacker's site can cause such
//! lines too, by sending its visitors here.

use crate::http::policy::{Authority, Host, origin_parts};
use std::fmt::{self, Display, Formatter};

/// How many bytes of a text are kept.
const FIELD_BYTES: usize = 256;

/// Writes text that a peer chose so that it can neither forge nor hide anything in a line of the log.
///
/// Control characters (C0, C1, DEL), bidirectional controls and invalid UTF-8 become `\xNN` or `\u{..}`.
/// Quotes and backslashes are escaped. The text is cut after 256 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kept = self.0.get(..FIELD_BYTES);
        for chunk in kept.unwrap_or(self.0).utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' | '\\' => write!(f, "\\{character}"),
                    '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", u32::from(character)),
                    '\u{80}'..='\u{9f}'
                    | '\u{61c}'
                    | '\u{200e}'
                    | '\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}' => write!(f, "\\u{{{:x}}}", u32::from(character)),
                    plain => write!(f, "{plain}"),
                }?;
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        match self.0.len() > FIELD_BYTES {
            true => f.write_str("..."),
            false => Ok(()),
        }
    }
}

/// The host or the origin that a request named, and that is not allowed.
#[derive(Debug, Clone, Copy)]
pub enum NotAllowed<'a> {
    /// A `Host` that this server does not answer to: `421`.
    Host(&'a str),
    /// An `Origin` whose pages may not connect: `403`.
    Origin(&'a [u8]),
}

/// The reason of the refusal, as it stands in the log.
impl Display for NotAllowed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
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
    let (scheme, _) = origin_parts(origin)?;
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
