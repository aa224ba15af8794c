//! Values of flags: reading, judging and showing them.
//!
//! An error is the end of a sentence that starts with the flag: the value as it was given, what is
//! wrong with it, what would be right. The value is quoted and escaped, so it stays on its line.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use log::LevelFilter;

#[cfg(feature = "deflate")]
use crate::config::Deflate;

const SIZES: &[(&str, u64)] = &[("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1)];
const TIMES: &[(&str, u64)] = &[("m", 60_000), ("s", 1_000), ("ms", 1), ("", 1_000)];

/// How many: a whole number.
pub(super) fn count(text: &str) -> Result<u64, String> {
    scaled(text, &[("", 1)])
        .ok_or_else(|| format!("{text:?} is not a number: give digits only, as in 500"))
}

/// Bytes: a whole number, with `k` (1,024), `m` (1,024 k) or `g` (1,024 m).
pub(super) fn size(text: &str) -> Result<u64, String> {
    scaled(text, SIZES).ok_or_else(|| {
        format!(
            "{text:?} is not a size: give bytes, or a number with k, m or g, as in 512, 64k, 16m"
        )
    })
}

/// A duration: a whole number of seconds, or with `ms`, `s` or `m`.
pub(super) fn milliseconds(text: &str) -> Result<u64, String> {
    scaled(text, TIMES).ok_or_else(|| {
        format!("{text:?} is not a time: give seconds, or a number with ms, s or m, as in 500ms, 20s, 2m")
    })
}

/// Numbers too large for 64 bits become the largest: out of every range.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, suffix) = text.split_at(end.unwrap_or(text.len()));
    let (_, factor) = units.iter().find(|(unit, _)| *unit == suffix)?;
    if digits.is_empty() {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX).saturating_mul(*factor))
}

/// Bytes in the largest unit that leaves a whole number.
pub(super) fn show_size(bytes: u64) -> String {
    show(bytes, SIZES)
}

/// A duration in the largest unit that leaves a whole number.
pub(super) fn show_milliseconds(milliseconds: u64) -> String {
    show(milliseconds, TIMES)
}

fn show(amount: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor))
        .map_or_else(
            || amount.to_string(),
            |(unit, factor)| format!("{}{unit}", amount / factor),
        )
}

/// Whether an amount is within its range, or is the zero that switches something off.
pub(super) fn judge_range(
    text: &str,
    amount: u64,
    range: &RangeInclusive<u64>,
    zero: Option<&str>,
    show: fn(u64) -> String,
) -> Result<(), String> {
    if range.contains(&amount) || (amount == 0 && zero.is_some()) {
        return Ok(());
    }
    let problem = if amount == 0 {
        "this cannot be switched off".to_owned()
    } else {
        format!("{text:?} is out of range")
    };
    let off = zero.map_or_else(String::new, |zero| format!("0 ({zero}) or "));
    let (least, most) = (show(*range.start()), show(*range.end()));
    Err(format!("{problem}; allowed is {off}{least} to {most}"))
}

/// A port number.
pub(super) fn port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| format!("{text:?} is not a port: give 1 to 65535, or 0 for any free one"))
}

/// A level of the log.
pub(super) fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not a level: give off, error, warn, info, debug or trace")
    })
}

#[cfg(feature = "deflate")]
const DEFLATE: [(&str, Deflate); 3] = [
    ("on", Deflate::On),
    ("off", Deflate::Off),
    ("takeover", Deflate::Takeover),
];

/// Which compression is agreed to.
#[cfg(feature = "deflate")]
pub(super) fn deflate(text: &str) -> Result<Deflate, String> {
    let known = DEFLATE.iter().find(|(word, _)| *word == text);
    known
        .map(|(_, which)| *which)
        .ok_or_else(|| format!("{text:?} is not on, off or takeover"))
}

#[cfg(feature = "deflate")]
pub(super) fn show_deflate(which: Deflate) -> &'static str {
    let known = DEFLATE.iter().find(|(_, known)| *known == which);
    known.map_or("", |(word, _)| word)
}

/// Where to listen: an IP address (returned without brackets) or a name.
pub(super) fn listen_host(text: &str) -> Result<String, String> {
    name_or_address(text).ok_or_else(|| {
        let way_out = hint(text);
        format!("{text:?} is no IP address or host name: {way_out}")
    })
}

/// A host that requests may name: in lower case, without port and final dot; or `*`.
pub(super) fn host(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    name_or_address(text)
        .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
        .ok_or_else(|| {
            let way_out = hint(text);
            format!("{text:?} is no host name, IP address or *: {way_out}")
        })
}

fn hint(text: &str) -> &'static str {
    if text.contains('/') {
        "leave out scheme and path, as in chat.example.org"
    } else if text.contains(':') {
        "leave out the port (the port to listen at is --port)"
    } else {
        "as in 127.0.0.1, ::1 or chat.example.org"
    }
}

fn name_or_address(text: &str) -> Option<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match (bare.unwrap_or(text).parse::<IpAddr>(), bare) {
        (Ok(IpAddr::V4(_)), Some(_)) => None,
        (Ok(address), _) => Some(address.to_string()),
        (Err(_), Some(_)) => None,
        (Err(_), None) => is_name(text).then(|| text.to_owned()),
    }
}

/// Letters, digits, hyphens and dots (RFC 1123 §2.1), and the underscores of real networks. Names
/// whose last label is a number would be read as addresses by others.
fn is_name(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next();
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
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

fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port_digits)) if !authority.ends_with(']') => {
            if port(port_digits).is_err() {
                return false;
            }
            host
        }
        _ => authority,
    };
    // An IPv6 address without brackets would make its last group a port.
    let bare_ipv6 = host.contains(':') && !host.starts_with('[');
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
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
