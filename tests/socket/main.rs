//! The program as it is started, over real sockets on the loopback interface: what the virtual
//! sockets of `tests/wire` cannot show. Signals, exit statuses, edges of readiness, resets, the
//! kernel's buffers, and a client that others wrote.
//!
//! No test measures time. Time-outs are there only so that a broken server fails instead of hanging.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod caps;
mod client;
mod command;
#[cfg(feature = "tools")]
mod connect;
#[cfg(feature = "tools")]
mod console;
mod deflate;
mod foreign;
mod handshake;
mod idle;
mod leaving;
mod load;
mod logs;
/// The reader of our documents.
#[cfg(feature = "tools")]
#[allow(dead_code)]
#[path = "../wire/support/markdown.rs"]
mod markdown;
mod memory;
mod outlet;
mod pages;
mod panics;
mod process;
#[cfg(feature = "socketio")]
mod socketio;
mod stop;
mod stopped;
#[cfg(feature = "tools")]
mod trace;
#[cfg(target_os = "linux")]
mod unread;
#[cfg(feature = "tools")]
mod view;
/// The encoder of the byte-level tests: it knows RFC 6455 by itself.
#[allow(dead_code)]
#[path = "../wire/support/client.rs"]
mod wire;
