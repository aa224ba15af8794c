//! Request methods (RFC 9110 §9).

/// A method of a request (RFC 9110 §9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    /// Any other token. The server answers it with `501`.
    Unknown,
}

/// Methods, and their names on the wire. Letter case counts (RFC 9110 §9.1).
pub(super) const NAMES: [(Method, &str); 9] = [
    (Method::Get, "GET"),
    (Method::Head, "HEAD"),
    (Method::Post, "POST"),
    (Method::Put, "PUT"),
    (Method::Delete, "DELETE"),
    (Method::Connect, "CONNECT"),
    (Method::Options, "OPTIONS"),
    (Method::Trace, "TRACE"),
    (Method::Patch, "PATCH"),
];

impl Method {
    /// Its name on the wire; `?` for `Unknown`, which is no token.
    pub fn as_str(self) -> &'static str {
        let known = NAMES.iter().find(|(method, _)| *method == self);
        known.map_or("?", |(_, name)| name)
    }
}
