//! RFC 6455: frames, messages, closing, the opening handshake.

mod closing;
mod control;
mod fragmentation;
mod framing;
pub mod handshake;
mod large;
mod limits;
mod masking;
mod opening;
mod utf8;
