//! Responses: a status, header fields, and a body in memory or in pieces (RFC 9112 §4).

use std::borrow::Cow;
use std::io;

/// A status code (RFC 9110 §15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

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

/// One HTTP response, without the fields that belong to the connection
/// (`Date`, `Content-Length`, `Connection`), which are added when it is written.
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
