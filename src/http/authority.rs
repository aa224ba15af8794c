//! `host [ ":" port ]`, as in `Host`, in an absolute target and in an Origin (RFC 3986 §3.2).
//!
//! Names and addresses are told apart here, because policy trusts an address more than a name:
//! nobody can make the browser of a victim resolve an address to something else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host of an authority.
#[derive(Debug, Clone, Copy)]
pub enum Host<'a> {
    /// A registered name; letter case has no meaning. Without its final dot: `localhost.` is how a
    /// person may write it in full, and browsers pass it on like that, in `Host` and in `Origin`.
    Name(&'a str),
    /// An address, written as `127.0.0.1` or `[::1]`.
    Ip(IpAddr),
}

impl Host<'_> {
    /// `localhost`, 127.0.0.0/8 and `[::1]`: they never leave the machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
            Self::Ip(address) => address.is_loopback(),
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Ip(one), Self::Ip(two)) => one == two,
            _ => false,
        }
    }
}

/// A host and a port.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Authority<'a> {
    /// The host, never empty.
    pub host: Host<'a>,
    /// The port; `None` when it is not written, or empty (`example.org:`), which means the same.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads an authority; `None` when it breaks the grammar.
    ///
    /// Stricter than RFC 3986 in three points: no userinfo (RFC 9110 §4.2.4: it serves to mislead),
    /// no empty host (RFC 9110 §4.2.1), and of the bracketed forms only IPv6 without a zone.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (host, rest) = if let Some(bracketed) = text.strip_prefix('[') {
            let (address, rest) = bracketed.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            (Host::Ip(IpAddr::V6(address)), rest)
        } else {
            let end = text.find(':').unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(end)?;
            (parse_name(name)?, rest)
        };
        Some(Self {
            host,
            port: parse_port(rest)?,
        })
    }
}

/// RFC 3986 §3.2.2: what reads as an IPv4 address is one; anything else is a registered name.
fn parse_name(name: &str) -> Option<Host<'_>> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Some(Host::Ip(IpAddr::V4(address)));
    }
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let is_valid = match byte {
            b'%' => {
                let mut is_hex = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                is_hex() && is_hex()
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte),
        };
        if !is_valid {
            return None;
        }
    }
    (!name.is_empty()).then_some(Host::Name(without_final_dot(name)))
}

/// The name without the dot that stands for the root of all names (RFC 1034 §3.1).
fn without_final_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        None | Some("") => name,
        Some(rest) => rest,
    }
}

/// What follows the host: nothing, or a colon and digits.
fn parse_port(text: &str) -> Option<Option<u16>> {
    if text.is_empty() {
        return Some(None);
    }
    match text.strip_prefix(':')? {
        "" => Some(None),
        // `parse` alone would accept a plus sign.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
        _ => None,
    }
}
