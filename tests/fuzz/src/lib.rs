//! What must hold whatever bytes come: one property for each target of `make fuzz`.
//!
//! A property is a function of bytes that panics when it does not hold. The programs in `targets/`
//! hand it to the engine; nothing here knows of that, so it compiles with any Rust. README.md in
//! this folder tells how to run it.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a panic is how a property reports"
)]

#[cfg(feature = "tools")]
pub mod connect;
pub mod core;
pub mod explain;
pub mod frame_header;
pub mod header_lists;
pub mod inflate;
pub mod input;
#[cfg(feature = "tools")]
pub mod notation;
pub mod request_head;

// The tests' own client and virtual clock. They know nothing of us.
#[allow(dead_code, unreachable_pub, reason = "not all of it is needed here")]
#[path = "../../wire/support"]
mod wire {
    pub mod client;
    pub mod json;
    pub mod reading;
    pub mod sim;
}
use wire::{client, sim};
