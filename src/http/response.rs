//! A response, and how its head is written (RFC 9112 §4).
//!
//! `write_head` writes the fields of a `Response`, and adds those that belong to the connection. The caller sends
//! the body, or leaves it out after HEAD.

use std::borrow::Cow;
use std::io::{self, Write};

/// The interim answer to `Expect: 100-continue` (RFC 9110 §10.1.1, §15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A status code (RFC 9110 §15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// The phrase after the code on the status line, for people (RFC 9112 §4).
    ///
    /// It is empty for a code that this server never sends.
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

/// A response body that is read piece by piece while the socket takes it.
pub trait Source {
    /// Fills `buffer` with the next bytes of the body. Returns how many; 0 is the end.
    ///
    /// # Errors
    /// An error of the disk. The hub then cuts the connection, since the length is already promised.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// What follows the head of a response.
pub enum Body {
    /// Nothing, and no `Content-Length` (`304`, `101`, `204`).
    None,
    /// Bytes of the program, or bytes made for this answer.
    Bytes(Cow<'static, [u8]>),
    /// `len` bytes that come in pieces.
    Stream {
        /// The length of the whole body.
        len: u64,
        /// Gives the bytes.
        source: Box<dyn Source>,
    },
}

impl Body {
    /// The value of `Content-Length`, in bytes. `None`: there is no such field.
    pub fn content_length(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream { len, .. } => Some(*len),
        }
    }
}

/// One HTTP response. [`write_head`] adds `Date`, `Content-Length` and `Connection`.
#[must_use]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// Header fields in their order. Values never have bytes of the request unescaped.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Body,
    /// The connection ends after this answer.
    pub close: bool,
}

impl Response {
    /// A response without header fields.
    pub fn new(status: u16, body: Body) -> Self {
        Self { status: Status(status), fields: Vec::new(), body, close: false }
    }

    /// A fixed text as an answer. `nosniff` tells browsers not to take it for a page.
    pub fn text(status: Status, text: &'static str) -> Self {
        Self::new(status.0, Body::Bytes(text.as_bytes().into()))
            .with("Content-Type", "text/plain; charset=utf-8")
            .with("X-Content-Type-Options", "nosniff")
    }

    /// Adds a header field after the others.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Appends the whole answer, without `Date`, as the last one of its connection.
    ///
    /// It is for programs without a clock. A body that comes in pieces is left to the caller.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, self, "", true);
        match &self.body {
            Body::Bytes(bytes) => out.extend_from_slice(bytes),
            Body::None | Body::Stream { .. } => {}
        }
    }

    /// The text of a [`Response::text`], for the log. It has no byte of the request. Empty for other bodies.
    pub fn explanation(&self) -> &'static str {
        match self.body {
            Body::Bytes(Cow::Borrowed(bytes)) => std::str::from_utf8(bytes).unwrap_or("").trim_end(),
            _ => "",
        }
    }
}

/// Appends status line, header fields and the empty line (RFC 9112 §2.1).
///
/// `date` is an IMF-fixdate (see `date::DateCache`); an empty one leaves the field out. `closing`, or
/// `response.close`, adds the connection option `close`. `Content-Length` is written for every body but `Body::None`,
/// also if the caller leaves the body out after HEAD (RFC 9110 §9.3.2).
pub fn write_head(out: &mut Vec<u8>, response: &Response, date: &str, closing: bool) {
    let closing = closing || response.close;
    let Status(code) = response.status;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "HTTP/1.1 {code} {}\r\n", response.status.reason());
    if !date.is_empty() {
        write_field(out, "Date", date, "");
    }
    let mut must_say_close = closing;
    for (name, value) in &response.fields {
        let adds_close = must_say_close && name.eq_ignore_ascii_case("connection");
        must_say_close &= !adds_close;
        write_field(out, name, value, if adds_close { ", close" } else { "" });
    }
    if let Some(len) = response.body.content_length() {
        let _ = write!(out, "Content-Length: {len}\r\n");
    }
    if must_say_close {
        write_field(out, "Connection", "close", "");
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a header field. Its value is `value` and `more`, and a control byte in `value` becomes a space.
///
/// A CR or LF there would begin another field, or a second response ("response splitting", RFC 9110 §5.5). Such a
/// value is a mistake in this program, which the assertion finds in tests.
pub(crate) fn write_field(out: &mut Vec<u8>, name: &str, value: &str, more: &str) {
    let is_forbidden = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    let is_clean = !value.bytes().any(is_forbidden);
    debug_assert!(is_clean, "control byte in the value of {name}");
    let clean = |byte| if is_forbidden(byte) { b' ' } else { byte };
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(value.bytes().map(clean));
    out.extend_from_slice(more.as_bytes());
    out.extend_from_slice(b"\r\n");
}
