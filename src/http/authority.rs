//! Reads `host [ ":" port ]` in `Host`, in targets and in Origins (RFC 3986 §3.2).
//!
//! Skip this file on a first reading. It tells addresses from names, because `policy` trusts an address more:
//! nobody can make the browser of a victim resolve it to something else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host of an authority.
#[derive(Debug, Clone, Copy)]
pub enum Host<'a> {
    /// A registered name, without its final dot; letter case does not count.
    ///
    /// A person may type `localhost.`, and browsers send it like that in `Host` and in `Origin`.
    Name(&'a str),
    /// An address, written as `127.0.0.1` or `[::1]`.
    Ip(IpAddr),
}

impl Host<'_> {
    /// Whether the host is `localhost`, in 127.0.0.0/8 or `[::1]`: its bytes never leave the machine.
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
    /// The port. `None`: it is not written, or empty (`example.org:`).
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads an authority. `None`: it breaks the grammar.
    ///
    /// Three things that RFC 3986 allows are refused: userinfo (RFC 9110 §4.2.4: it serves to mislead), an empty
    /// host (RFC 9110 §4.2.1), and anything in brackets but IPv6 without a zone.
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
        Some(Self { host, port: parse_port(rest)? })
    }
}

/// Reads an IPv4 address, else a registered name (RFC 3986 §3.2.2).
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
    // A final dot stands for the root of all names (RFC 1034 §3.1).
    let without_dot = name.strip_suffix('.').filter(|rest| !rest.is_empty());
    (!name.is_empty()).then_some(Host::Name(without_dot.unwrap_or(name)))
}

/// Reads what follows the host: nothing, or a colon and digits.
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
