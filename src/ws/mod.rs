//! The WebSocket protocol (RFC 6455): bytes in, events and bytes out.
//!
//! Before this: nothing; reading begins here. After this: `http`.
//! Read `frame`, `message`, `close`, `endpoint`, then `handshake` and `offers`.
//! Skip on first reading: `content`, `utf8` and `direct` (messages that arrive in pieces), `extension` (compression),
//! `client` and `raw` (for tools).
//!
//! ```text
//! bytes ──► endpoint ──► events
//!               │
//!     frame  message  close
//!               │
//!     content  utf8  extension
//! ```
//!
//! All this is pure functions and small state machines. Nothing here knows sockets, time or applications.

#[cfg(feature = "tools")]
pub mod client;
pub mod close;
pub mod content;
mod direct;
pub mod endpoint;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod message;
pub mod offers;
#[cfg(feature = "tools")]
pub mod raw;
pub mod utf8;
