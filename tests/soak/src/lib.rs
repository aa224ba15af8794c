//! Thousands of connections come and go, half of them badly; nothing of them may stay in the server.
//!
//! `main.rs` is the program, and says what is judged. This is no part of the server.

#[cfg(not(target_os = "linux"))]
compile_error!("the soak watches /proc: it needs Linux");

pub mod crowd;
pub mod inbox;
pub mod kinds;
pub mod script;
pub mod visitor;
pub mod watch;

/// The client's side of RFC 6455 that the server's own tests use.
#[path = "../../wire/support/client.rs"]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]
mod client;
