//! HTTP/1.1 as far as a WebSocket server needs it: request heads, bodies, responses, dates.
//!
//! Pure functions of bytes. Nothing here knows about sockets, time or connections.

pub mod head;
pub mod response;
