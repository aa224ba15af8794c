//! Which names this server answers to (`Host`), and whose pages may connect (`Origin`).
//!
//! Skip this file on a first reading: it protects people with a browser, and no byte of a message passes it.
//!
//! The same-origin policy of browsers does not bind a WebSocket: any page may connect to
//! `ws://localhost:8000` from the visitor's own machine. Only the server can refuse that, by `Origin` (RFC 6455
//! §10.2). And the name of an attacker's page may resolve to 127.0.0.1 ("DNS rebinding"). Then Origin and Host
//! agree, so the server must know which names are its own. An address is trusted more than a name: nobody can make
//! the browser of a victim resolve it to something else.
//!
//! Peers that are no browsers can write what they like into both fields. These rules do not keep them out.

use super::refusal::{self, Rejection};
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

/// A host and a port: `host [ ":" port ]` in `Host`, in targets and in Origins (RFC 3986 §3.2).
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// Both, as they were written.
    pub text: &'a str,
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
            (Host::Ip(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)), rest)
        } else {
            let (name, rest) = text.split_at_checked(text.find(':').unwrap_or(text.len()))?;
            let host = match name.parse::<Ipv4Addr>() {
                Ok(address) => Host::Ip(IpAddr::V4(address)),
                Err(_) => Host::Name(parse_name(name)?),
            };
            (host, rest)
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            Some("") => None,
            // `parse` alone would accept a plus sign.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            _ => return None,
        };
        Some(Self { text, host, port })
    }
}

/// Reads a registered name (RFC 3986 §3.2.2), without its final dot.
fn parse_name(name: &str) -> Option<&str> {
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let mut is_hex = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
        let is_valid = match byte {
            b'%' => is_hex() && is_hex(),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte),
        };
        if !is_valid {
            return None;
        }
    }
    // A final dot stands for the root of all names (RFC 1034 §3.1).
    let without_dot = name.strip_suffix('.').filter(|rest| !rest.is_empty());
    (!name.is_empty()).then_some(without_dot.unwrap_or(name))
}

/// What the command line says about names and origins.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// `--allow-host`: host names without a port and without a final dot; `*` is any.
    pub allowed_hosts: Vec<String>,
    /// `--allow-origin`: whole origins (`https://example.org`, or `null`), see `is_same_origin`; `*` is any.
    pub allowed_origins: Vec<String>,
    /// The machine's own name; empty when it is not known.
    pub machine_name: String,
}

impl Policy {
    /// Checks that a `Host` names this server.
    ///
    /// Accepted are an address, `localhost`, the machine's name, that name with `.local` (as a Raspberry Pi announces
    /// itself), and the listed names; a final dot does not count. A request without `Host` passes: only HTTP/1.0
    /// may omit it, and no browser does.
    ///
    /// # Errors
    /// `421`, naming the flag.
    pub fn check_host(&self, host: Option<Authority<'_>>) -> Result<(), Rejection> {
        match host.map(|authority| authority.host) {
            Some(Host::Name(name)) if !self.serves(name) => Err(refusal::host_not_allowed()),
            _ => Ok(()),
        }
    }

    /// Whether the server answers to this name.
    fn serves(&self, name: &str) -> bool {
        let own = &self.machine_name;
        let is_own = |(begin, rest): (&str, &str)| {
            let is_whole = rest.is_empty() || rest.eq_ignore_ascii_case(".local");
            !own.is_empty() && begin.eq_ignore_ascii_case(own) && is_whole
        };
        name.eq_ignore_ascii_case("localhost")
            || name.split_at_checked(own.len()).is_some_and(is_own)
            || ["*", name].iter().any(|entry| is_listed(&self.allowed_hosts, entry))
    }

    /// Checks that a page of this `Origin` may connect to `host` (RFC 6455 §4.2.2 step 4, §10.2).
    ///
    /// Accepted are no Origin at all (not a browser), `file://` (a page from disk), the server's own pages, the listed
    /// origins, and any page of a loopback name if the server is reached by one.
    ///
    /// # Errors
    /// `403`, naming the flag.
    pub fn check_origin<'a>(
        &self,
        mut origins: impl Iterator<Item = &'a [u8]>,
        host: Option<Authority<'_>>,
    ) -> Result<(), Rejection> {
        let Some(origin) = origins.next() else { return Ok(()) };
        let is_allowed = |origin: &str| {
            let mut listed = self.allowed_origins.iter();
            origin == "file://"
                || is_listed(&self.allowed_origins, "*")
                || listed.any(|listed| is_same_origin(listed, origin))
                || host.is_some_and(|host| is_own_origin(origin, host))
        };
        let is_allowed = origins.next().is_none() && std::str::from_utf8(origin).is_ok_and(is_allowed);
        is_allowed.then_some(()).ok_or_else(refusal::origin_not_allowed)
    }
}

/// Whether scheme, host and port of two origins are the same (RFC 6454 §5).
///
/// Letter case does not count, nor does a final dot of the host: a browser keeps that dot if the address was typed
/// with it. A port counts as it is written.
pub fn is_same_origin(one: &str, two: &str) -> bool {
    match (origin_parts(one), origin_parts(two)) {
        (Some((one, page)), Some((two, listed))) => {
            one.eq_ignore_ascii_case(two) && page.host == listed.host && page.port == listed.port
        }
        // `null` has no parts.
        _ => one.eq_ignore_ascii_case(two),
    }
}

/// Scheme and authority of an origin.
pub(crate) fn origin_parts(origin: &str) -> Option<(&str, Authority<'_>)> {
    let (scheme, authority) = origin.split_once("://")?;
    Some((scheme, Authority::parse(authority)?))
}

/// Whether a list has this entry. Letter case does not count (RFC 9110 §4.2.3).
fn is_listed(list: &[String], entry: &str) -> bool {
    list.iter().any(|listed| listed.eq_ignore_ascii_case(entry))
}

/// Whether an origin has host and port of `Host`, or both hosts are loopback names.
///
/// If a proxy ends TLS, the origin says `https` and `Host` has no port. So the default port of the origin's
/// scheme does not count on either side.
fn is_own_origin(origin: &str, server: Authority<'_>) -> bool {
    let Some((scheme, page)) = origin_parts(origin) else { return false };
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port = |authority: &Authority<'_>| authority.port.filter(|&port| Some(port) != default_port);
    let is_same = page.host == server.host && port(&page) == port(&server);
    is_same || (page.host.is_loopback() && server.host.is_loopback())
}
