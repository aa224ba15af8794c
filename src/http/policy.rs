//! Which names this server answers to (`Host`), and whose pages may connect (`Origin`).
//!
//! Skip this file on a first reading: it protects people with a browser, and no byte of a message passes it.
//!
//! The same-origin policy of browsers does not bind a WebSocket: any page may connect to
//! `ws://localhost:8000` from the visitor's own machine. Only the server can refuse that, by `Origin` (RFC 6455
//! §10.2). And the name of an attacker's page may resolve to 127.0.0.1 ("DNS rebinding"). Then Origin and Host
//! agree, so the server must know which names are its own.
//!
//! Peers that are no browsers can write what they like into both fields. These rules do not keep them out.

use super::authority::{Authority, Host};
use super::head::Head;
use super::refusal::{self, Rejection};

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
    pub fn check_host(&self, host: Option<&str>) -> Result<(), Rejection> {
        let Some(host) = host else { return Ok(()) };
        let is_own_name = |name: &str| {
            name.eq_ignore_ascii_case("localhost")
                || self.is_machine_name(name)
                || is_listed(&self.allowed_hosts, name)
        };
        let is_own = match Authority::parse(host).map(|authority| authority.host) {
            _ if is_listed(&self.allowed_hosts, "*") => true,
            Some(Host::Ip(_)) => true,
            Some(Host::Name(name)) => is_own_name(name),
            None => false,
        };
        is_own.then_some(()).ok_or_else(refusal::host_not_allowed)
    }

    fn is_machine_name(&self, name: &str) -> bool {
        let own = &self.machine_name;
        let parts = name.split_at_checked(own.len());
        parts.is_some_and(|(begin, rest)| {
            let is_whole = rest.is_empty() || rest.eq_ignore_ascii_case(".local");
            !own.is_empty() && begin.eq_ignore_ascii_case(own) && is_whole
        })
    }

    /// Checks that a page of this `Origin` may connect (RFC 6455 §4.2.2 step 4, §10.2).
    ///
    /// Accepted are no Origin at all (not a browser), `file://` (a page from disk), the server's own pages, the listed
    /// origins, and any page of a loopback name if the server is reached by one.
    ///
    /// # Errors
    /// `403`, naming the flag.
    pub fn check_origin(&self, head: &Head<'_>) -> Result<(), Rejection> {
        let mut origins = head.fields.values("origin");
        let Some(origin) = origins.next() else { return Ok(()) };
        let is_allowed = |origin: &str| {
            let mut listed = self.allowed_origins.iter();
            origin == "file://"
                || is_listed(&self.allowed_origins, "*")
                || listed.any(|listed| is_same_origin(listed, origin))
                || head.host.is_some_and(|host| is_own_origin(origin, host))
        };
        let is_allowed = origins.next().is_none() && std::str::from_utf8(origin).is_ok_and(is_allowed);
        let rejection = refusal::origin_not_allowed;
        is_allowed.then_some(()).ok_or_else(rejection)
    }
}

/// Whether scheme, host and port of two origins are the same (RFC 6454 §5).
///
/// Letter case does not count, nor does a final dot of the host: a browser keeps that dot if the address was typed
/// with it. A port counts as it is written.
pub fn is_same_origin(one: &str, two: &str) -> bool {
    let parts = |origin| {
        let (scheme, authority) = str::split_once(origin, "://")?;
        Some((scheme, Authority::parse(authority)?))
    };
    match (parts(one), parts(two)) {
        (Some((one, page)), Some((two, listed))) => one.eq_ignore_ascii_case(two) && page == listed,
        // `null` has no parts.
        _ => one.eq_ignore_ascii_case(two),
    }
}

/// Whether a list has this entry. Letter case does not count (RFC 9110 §4.2.3).
fn is_listed(list: &[String], entry: &str) -> bool {
    list.iter().any(|listed| listed.eq_ignore_ascii_case(entry))
}

/// Whether an origin has host and port of `Host`, or both hosts are loopback names.
///
/// If a proxy ends TLS, the origin says `https` and `Host` has no port. So the default port of the origin's
/// scheme does not count on either side.
fn is_own_origin(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let (Some(page), Some(server)) = (Authority::parse(authority), Authority::parse(host)) else {
        return false;
    };
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port = |authority: &Authority<'_>| authority.port.filter(|&port| Some(port) != default_port);
    let is_same = page.host == server.host && port(&page) == port(&server);
    is_same || (page.host.is_loopback() && server.host.is_loopback())
}
