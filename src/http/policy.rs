//! Which names this server answers to, and whose pages may connect.
//!
//! Both rules protect somebody with a browser. A WebSocket is not bound by the same-origin policy:
//! any page in the world may connect to `ws://localhost:8000` from the visitor's own machine, and
//! only the server can refuse it, by `Origin` (RFC 6455 §10.2). And a page may have its own name
//! resolve to 127.0.0.1 ("DNS rebinding"): then Origin and Host agree, and only a list of the names
//! that are ours tells it apart.
//!
//! Peers that are no browsers can write what they like into both fields; they are not kept out here.

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
    /// Whether a `Host` is one of ours: an address, `localhost`, the machine's name, that name
    /// with `.local` (how a Raspberry Pi announces itself), or listed. A final dot is not counted.
    ///
    /// A request without `Host` passes: only HTTP/1.0 may omit it, and no browser does.
    ///
    /// # Errors
    /// `421`, naming the flag.
    pub fn check_host(&self, host: Option<&str>) -> Result<(), Rejection> {
        let Some(host) = host else { return Ok(()) };
        if is_listed(&self.allowed_hosts, "*") {
            return Ok(());
        }
        let is_ours = Authority::parse(host).is_some_and(|authority| match authority.host {
            Host::Ip(_) => true,
            Host::Name(name) => {
                name.eq_ignore_ascii_case("localhost")
                    || self.is_machine_name(name)
                    || is_listed(&self.allowed_hosts, name)
            }
        });
        if is_ours {
            Ok(())
        } else {
            Err(refusal::host_not_allowed())
        }
    }

    fn allows_origin(&self, origin: &str) -> bool {
        let mut listed = self.allowed_origins.iter();
        listed.any(|listed| is_same_origin(listed, origin))
    }

    fn is_machine_name(&self, name: &str) -> bool {
        let Some(rest) = name
            .get(self.machine_name.len()..)
            .filter(|_| !self.machine_name.is_empty())
        else {
            return false;
        };
        let begins = name
            .get(..self.machine_name.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(&self.machine_name));
        begins && (rest.is_empty() || rest.eq_ignore_ascii_case(".local"))
    }

    /// Whether a page of this `Origin` may connect (RFC 6455 §4.2.2 step 4, §10.2).
    ///
    /// Accepted are: no Origin at all (not a browser), `file://` (a page from disk), the server's
    /// own pages, any page of a loopback name when the server is reached by one, and what is listed.
    ///
    /// # Errors
    /// `403`, naming the flag.
    pub fn check_origin(&self, head: &Head<'_>) -> Result<(), Rejection> {
        let mut origins = head.fields.values("origin");
        let Some(origin) = origins.next() else {
            return Ok(());
        };
        let is_allowed = origins.next().is_none()
            && std::str::from_utf8(origin).is_ok_and(|origin| {
                origin == "file://"
                    || is_listed(&self.allowed_origins, "*")
                    || self.allows_origin(origin)
                    || head.host.is_some_and(|host| is_own_origin(origin, host))
            });
        if is_allowed {
            Ok(())
        } else {
            Err(refusal::origin_not_allowed())
        }
    }
}

/// Whether two origins are one (RFC 6454 §5): scheme, host and port are the same.
///
/// Letter case means nothing, nor does a final dot of the host: `https://example.org.` is how a browser
/// names a page whose address was typed like that. A port counts as it is written.
#[must_use]
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

/// Host names have no letter case that would mean anything (RFC 9110 §4.2.3).
fn is_listed(list: &[String], entry: &str) -> bool {
    list.iter().any(|listed| listed.eq_ignore_ascii_case(entry))
}

/// The origin's host and port are those of `Host`, or both hosts are loopback names.
///
/// Behind a proxy that ends TLS the origin says `https` and `Host` has no port, so the port that
/// the origin's scheme implies is dropped on both sides.
fn is_own_origin(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let (Some(page), Some(server)) = (Authority::parse(authority), Authority::parse(host)) else {
        return false;
    };
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let port =
        |authority: &Authority<'_>| authority.port.filter(|&port| Some(port) != default_port);
    let is_same = page.host == server.host && port(&page) == port(&server);
    is_same || (page.host.is_loopback() && server.host.is_loopback())
}
