//! RFC 6455 as pure functions and small state machines: bytes in, events and bytes out.
//!
//! ```text
//! bytes ──► reader ──► message ──► endpoint ──► events
//!             │           │            │
//!           frame       utf8         close
//! ```
//!
//! Nothing here knows about sockets, time, HTTP connections or applications.

mod blocks;
pub mod close;
pub mod endpoint;
pub mod frame;
pub mod handshake;
pub mod message;
pub mod reader;
pub mod utf8;
