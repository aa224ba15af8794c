//! The WebSocket protocol (RFC 6455): bytes in, events and bytes out.
//!
//! Before this: nothing; reading begins here. After this: `http`.
//! Read `frame`, `reader`, `utf8`, `message`, `close`, `endpoint`, then `handshake` and `offers`.
//! Skip on first reading: `content` and `large` (how long messages lie in memory), `extension` (compression).
//!
//! ```text
//! bytes ──► reader ──► message ──► endpoint ──► events
//!             │           │            │
//!           frame       utf8         close
//!                     extension
//! ```
//!
//! All this is pure functions and small state machines. Nothing here knows sockets, time or applications.

pub mod close;
mod content;
pub mod endpoint;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod large;
pub mod message;
pub mod offers;
pub mod reader;
pub mod utf8;
