//! Responses: a status, header fields, and a body in memory or in pieces (RFC 9112 §4).
//!
//! A `Response` says what is answered. `write_head` turns it into bytes and adds the fields that
//! belong to the connection. Sending the body, or leaving it out after HEAD, is the caller's.

use std::borrow::Cow;
use std::io::{self, Write};

/// The interim answer to `Expect: 100-continue` (RFC 9110 §10.1.1, §15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A status code (RFC 9110 §15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// The phrase behind the code on the status line: for people only, RFC 9112 §4.
    /// Empty for a code that this server never sends.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self.0 {
            101 => "Switching Protocols",
            200 => "OK",
            204 => "No Content",
            206 => "Partial Content",
            301 => "Moved Permanently",
            304 => "Not Modified",
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            412 => "Precondition Failed",
            413 => "Content Too Large",
            414 => "URI Too Long",
            416 => "Range Not Satisfiable",
            417 => "Expectation Failed",
            421 => "Misdirected Request",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            505 => "HTTP Version Not Supported",
            _ => "",
        }
    }
}

/// A response body that is too large to hold, or not read yet: produced piece by piece as the socket drains.
pub trait Source {
    /// The next bytes of the body; 0 is its end.
    ///
    /// # Errors
    /// Whatever the disk says. The connection is then cut, since the length was already promised.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// What follows the head of a response.
pub enum Body {
    /// Nothing, and no `Content-Length` either (`304`, `101`, `204`).
    None,
    /// Bytes that live as long as the program.
    Static(&'static [u8]),
    /// Bytes made for this answer.
    Bytes(Vec<u8>),
    /// `len` bytes that come in pieces.
    Stream {
        /// The promised length.
        len: u64,
        /// Where they come from.
        source: Box<dyn Source>,
    },
}

impl Body {
    /// The value of `Content-Length`, in bytes. `None`: the field is left out.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Static(bytes) => Some(bytes.len() as u64),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream { len, .. } => Some(*len),
        }
    }
}

/// One HTTP response, without the fields that belong to the connection
/// (`Date`, `Content-Length`, `Connection`), which are added when it is written.
#[must_use]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// Header fields in their order. Values never contain request bytes unescaped.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Body,
    /// The connection ends after this answer.
    pub close: bool,
}

impl Response {
    /// An answer for people: a fixed text. `nosniff` keeps a browser from taking it for a page.
    pub fn text(status: Status, text: &'static str) -> Self {
        Self {
            status,
            fields: vec![
                ("Content-Type", Cow::Borrowed("text/plain; charset=utf-8")),
                ("X-Content-Type-Options", Cow::Borrowed("nosniff")),
            ],
            body: Body::Static(text.as_bytes()),
            close: false,
        }
    }

    /// The same response with one more header field behind the others.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Appends the whole answer, as the last of its connection, for a program without a clock: it has no `Date`.
    ///
    /// A body that comes in pieces is left to the caller.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, self, "", true);
        match &self.body {
            Body::Static(bytes) => out.extend_from_slice(bytes),
            Body::Bytes(bytes) => out.extend_from_slice(bytes),
            Body::None | Body::Stream { .. } => {}
        }
    }

    /// The fixed text of a `Response::text`, for the log: it holds no byte of the request.
    /// Empty for any other body.
    #[must_use]
    pub fn explanation(&self) -> &'static str {
        match self.body {
            Body::Static(bytes) => std::str::from_utf8(bytes).unwrap_or("").trim_end(),
            _ => "",
        }
    }
}

/// Appends status line, header fields and the empty line (RFC 9112 §2.1).
///
/// `date` is an IMF-fixdate (see `date::DateCache`), or empty, which leaves it out. `closing` (or `response.close`) adds the
/// connection option `close`; `Content-Length` stands for every body but `Body::None`, also when
/// the request was HEAD and the caller leaves the body out (RFC 9110 §9.3.2).
pub fn write_head(out: &mut Vec<u8>, response: &Response, date: &str, closing: bool) {
    let closing = closing || response.close;
    let Status(code) = response.status;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "HTTP/1.1 {code} {}\r\n", response.status.reason());
    if !date.is_empty() {
        write_field(out, "Date", date, "");
    }
    let mut close_written = false;
    for (name, value) in &response.fields {
        let is_connection = name.eq_ignore_ascii_case("connection");
        let more = if closing && is_connection {
            close_written = true;
            ", close"
        } else {
            ""
        };
        write_field(out, name, value, more);
    }
    if let Some(len) = response.body.content_length() {
        let _ = write!(out, "Content-Length: {len}\r\n");
    }
    if closing && !close_written {
        write_field(out, "Connection", "close", "");
    }
    out.extend_from_slice(b"\r\n");
}

/// A CR, LF or NUL inside a value would let whoever chose it write header fields or a whole second
/// response ("response splitting", RFC 9110 §5.5). Such a value is our own fault: it is found by
/// the assertion in tests, and harmless in a release.
pub(crate) fn write_field(out: &mut Vec<u8>, name: &str, value: &str, more: &str) {
    let is_forbidden = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    debug_assert!(
        !value.bytes().any(is_forbidden),
        "control byte in the value of {name}"
    );
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(
        value
            .bytes()
            .map(|byte| if is_forbidden(byte) { b' ' } else { byte }),
    );
    out.extend_from_slice(more.as_bytes());
    out.extend_from_slice(b"\r\n");
}
