//! Values of flags: reading, judging and showing them.
//!
//! An error is the end of a sentence that starts with the flag: the value as it was given, what is
//! wrong with it, what would be right. The value is quoted and escaped, so it stays on its line.

use log::LevelFilter;
use std::net::IpAddr;

#[cfg(feature = "deflate")]
use crate::config::Deflate;

/// How an amount is written.
pub(super) struct Unit {
    /// What `--help` calls it.
    pub(super) name: &'static str,
    /// What may stand after the digits, the largest first, and by how much it multiplies them.
    suffixes: &'static [(&'static str, u64)],
    /// What to say of a text that is no such amount.
    is_not: &'static str,
}

/// A whole number.
pub(super) static COUNT: Unit =
    Unit { name: "COUNT", suffixes: &[("", 1)], is_not: "is not a number: give digits only, as in 500" };

/// Bytes.
pub(super) static SIZE: Unit = Unit {
    name: "SIZE",
    suffixes: &[("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1)],
    is_not: "is not a size: give bytes, or a number with k, m or g, as in 512, 64k, 16m",
};

/// A duration in milliseconds; a bare number is seconds.
pub(super) static TIME: Unit = Unit {
    name: "TIME",
    suffixes: &[("m", 60_000), ("s", 1_000), ("ms", 1), ("", 1_000)],
    is_not: "is not a time: give seconds, or a number with ms, s or m, as in 500ms, 20s, 2m",
};

impl Unit {
    /// Reads an amount. One too large for 64 bits becomes the largest, which is out of every range.
    pub(super) fn read(&self, text: &str) -> Result<u64, String> {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (digits, suffix) = text.split_at(end.unwrap_or(text.len()));
        match self.suffixes.iter().find(|(known, _)| *known == suffix) {
            Some((_, factor)) if !digits.is_empty() => {
                Ok(digits.parse().unwrap_or(u64::MAX).saturating_mul(*factor))
            }
            _ => Err(format!("{text:?} {}", self.is_not)),
        }
    }

    /// Writes an amount with the largest suffix that leaves a whole number.
    pub(super) fn show(&self, amount: u64) -> String {
        let mut suffixes = self.suffixes.iter();
        match suffixes.find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor)) {
            Some((suffix, factor)) => format!("{}{suffix}", amount / factor),
            None => amount.to_string(),
        }
    }
}

/// A port number.
pub(super) fn port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| digits);
    port.ok_or_else(|| format!("{text:?} is not a port: give 1 to 65535, or 0 for any free one"))
}

/// A level of the log.
pub(super) fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| format!("{text:?} is not a level: give off, error, warn, info, debug or trace"))
}

/// Which compression is agreed to.
#[cfg(feature = "deflate")]
pub(super) fn deflate(text: &str) -> Result<Deflate, String> {
    match text {
        "on" => Ok(Deflate::On),
        "off" => Ok(Deflate::Off),
        "takeover" => Ok(Deflate::Takeover),
        _ => Err(format!("{text:?} is not on, off or takeover")),
    }
}

/// Where to listen: an IP address (returned without brackets) or a name.
pub(super) fn listen_host(text: &str) -> Result<String, String> {
    name_or_address(text).ok_or_else(|| format!("{text:?} is no IP address or host name: {}", hint(text)))
}

/// A host that requests may name: in lower case, without port and final dot; or `*`.
pub(super) fn host(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    name_or_address(text)
        .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
        .ok_or_else(|| format!("{text:?} is no host name, IP address or *: {}", hint(text)))
}

/// What is probably wrong with a host.
fn hint(text: &str) -> &'static str {
    if text.contains('/') {
        "leave out scheme and path, as in chat.example.org"
    } else if text.contains(':') {
        "leave out the port (the port to listen at is --port)"
    } else {
        "as in 127.0.0.1, ::1 or chat.example.org"
    }
}

/// A name as it is, an address in its shortest form. Only IPv6 may stand in brackets.
fn name_or_address(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match (bare.unwrap_or(text).parse::<IpAddr>(), bare) {
        (Ok(IpAddr::V4(_)) | Err(_), Some(_)) => None,
        (Ok(address), _) => Some(address.to_string()),
        (Err(_), None) => is_name(text).then(|| text.to_owned()),
    }
}

/// Letters, digits, hyphens and dots (RFC 1123 §2.1), and the underscores of real networks. Names
/// whose last label is a number would be read as addresses by others.
fn is_name(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next();
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && !text.contains("..")
        && last.is_some_and(|label| !label.bytes().all(|b| b.is_ascii_digit()))
}

/// An origin as browsers send it (RFC 6454 §6.2), in lower case: `scheme://host[:port]`, `null`; or `*`.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let origin = text.to_ascii_lowercase();
    if origin == "*" || origin == "null" || is_origin(&origin) {
        return Ok(origin);
    }
    let way_out = if origin.contains("://") {
        "scheme, host and port only, without a path or a final slash, as in https://example.org"
    } else {
        "it starts with a scheme, as in https://example.org; * is any"
    };
    Err(format!("{text:?} is not an origin: {way_out}"))
}

/// Whether this is `scheme://host[:port]`, in lower case.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let (host, is_port) = match authority.rsplit_once(':') {
        Some((host, digits)) if !authority.ends_with(']') => (host, port(digits).is_ok()),
        _ => (authority, true),
    };
    // An IPv6 address without brackets would make its last group a port.
    let bare_ipv6 = host.contains(':') && !host.starts_with('[');
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && is_port
        && !bare_ipv6
        && name_or_address(host).is_some()
}

/// Text for one line of a chat.
pub(super) fn line(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 1_000 || text.chars().any(char::is_control) {
        return Err(format!(
            "{text:?} does not fit: give one line of 1 to 1000 bytes, without control characters"
        ));
    }
    Ok(text.to_owned())
}
