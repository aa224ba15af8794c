//! What a resource allows (RFC 9110 §9.1).
//!
//! The application fills a `Route` when the head is complete and the body is not: nothing was read
//! yet that would have to be thrown away.

use super::method::Method;

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
