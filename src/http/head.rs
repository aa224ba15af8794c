//! A request head: start line and header fields (RFC 9112 §2 to §6).

use super::response::Response;

/// A method this server knows by name (RFC 9110 §9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
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
    /// Any other token. Answered `501`.
    Unknown,
}

/// How the length of a request body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body (`Content-Length: 0` included).
    None,
    /// Exactly so many bytes follow the head, at least one.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
}

/// One complete request head, borrowed from the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The request method.
    pub method: Method,
    /// Path of the target, still percent-encoded. Starts with `/` (or is `*`).
    pub path: &'a str,
    /// What follows the first `?` of the target.
    pub query: Option<&'a str>,
    /// HTTP/1.1 or a later 1.x; `false` means HTTP/1.0.
    pub http11: bool,
    /// The value of `Host` (or the authority of an absolute target), checked against its grammar.
    pub host: Option<&'a str>,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether the client lets the connection stay open after the answer.
    pub keep_alive: bool,
    /// All header fields in their order.
    pub fields: &'a [httparse::Header<'a>],
}

impl<'a> Head<'a> {
    /// The values of all fields of this name, in their order, without the white space around them.
    pub fn values(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the first field of this name, when it is UTF-8.
    #[must_use]
    pub fn value(&self, name: &'a str) -> Option<&'a str> {
        std::str::from_utf8(self.values(name).next()?).ok()
    }
}

/// A request that is refused: the answer, after which the connection ends.
pub type Rejection = Box<Response>;
