//! What a resource allows (RFC 9110 §9.1).
//!
//! An application makes a `Route` from the head alone. So a body that is not allowed is never read.

use super::method::Method;

/// What one resource allows.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The allowed methods. `Get` must be one of them if `websocket` is set.
    pub methods: &'static [Method],
    /// The resource speaks WebSocket only. A plain request gets `426`.
    pub websocket: bool,
    /// The largest request body that is read, in bytes after decoding. 0: none is read.
    pub max_body_bytes: u64,
}
