//! What a resource allows, and whether a request keeps to it (RFC 9110 §9.1, §15.5.6).
//!
//! The application fills a `Route` when the head is complete and the body is not: nothing was read
//! yet that would have to be thrown away.

use super::head::{Framing, Head, Method};
use super::refusal::{self, Rejection};

/// What may be asked of one resource.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The methods it has; `Get` among them when `websocket` is set.
    pub methods: &'static [Method],
    /// It is a WebSocket endpoint, and nothing else: plain requests are told so.
    pub websocket: bool,
    /// The largest request body it reads, in bytes after decoding. 0: none is read.
    pub max_body_bytes: u64,
}

/// Whether the method is implemented at all, whatever the resource.
///
/// # Errors
/// `501` for unknown methods and for CONNECT, which asks for a proxy (RFC 9110 §9.3.6).
pub fn check_method_known(head: &Head<'_>) -> Result<(), Rejection> {
    match head.method {
        Method::Unknown | Method::Connect => Err(refusal::not_implemented(
            "This method is not implemented.\n",
        )),
        _ => Ok(()),
    }
}

impl Route {
    /// Whether the resource has this method.
    ///
    /// # Errors
    /// `405` with `Allow`.
    pub fn check_method(&self, head: &Head<'_>) -> Result<(), Rejection> {
        if self.methods.contains(&head.method) {
            Ok(())
        } else {
            Err(refusal::method_not_allowed(self.methods))
        }
    }

    /// Whether the body, as far as the head announces it, will be read. Chunks announce nothing:
    /// they are counted as they come (`body::BodyReader`).
    ///
    /// # Errors
    /// `413`, before a byte of the body is read.
    pub fn check_body(&self, head: &Head<'_>) -> Result<(), Rejection> {
        let is_accepted = match head.framing {
            Framing::None => true,
            Framing::Length(len) => len <= self.max_body_bytes,
            Framing::Chunked => self.max_body_bytes > 0,
        };
        if is_accepted {
            Ok(())
        } else {
            Err(refusal::content_too_large())
        }
    }
}
