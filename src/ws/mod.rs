//! RFC 6455, and RFC 7692 for compression, as pure functions and small state machines: bytes in, events and bytes out.
//!
//! ```text
//! bytes ──► reader ──► message ──► endpoint ──► events
//!             │           │            │
//!           frame     deflate       close
//!                      utf8
//! ```
//!
//! Nothing here knows about sockets, time, HTTP connections or applications.

pub mod close;
mod content;
#[cfg_attr(not(feature = "deflate"), path = "deflate/absent.rs")]
pub mod deflate;
pub mod endpoint;
pub mod frame;
pub mod handshake;
pub mod large;
pub mod message;
pub mod reader;
pub mod utf8;
