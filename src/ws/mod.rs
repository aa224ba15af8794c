//! RFC 6455 as pure functions and small state machines: bytes in, events and bytes out.
//!
//! ```text
//! bytes ──► reader ──► message ──► endpoint ──► events
//!             │           │            │
//!           frame       utf8         close
//!                     extension
//! ```
//!
//! Nothing here knows about sockets, time, HTTP connections or applications.

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
