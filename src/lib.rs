//! ws101: a WebSocket server written from scratch.
//!
//! ```text
//! main ──► server (mio: sockets, clock) ──► hub ──► conn ──► ws::{endpoint ► message ► reader ► frame}
//!   │                                        │        │           deflate ──► ws::extension (a port)
//!   │                                        │        └────► http::{scan, head, body, response}
//!   └─► cli, apps                            └─► app (trait) ◄── apps::{echo, broadcast, chat, pages}, socketio
//! ```
//!
//! Dependencies point one way: the protocol (`ws`, `http`) knows nothing of connections, the hub
//! nothing of sockets, applications nothing of frames. `tests/wire/layers.rs` holds them to it.

pub mod app;
pub mod apps;
pub mod budget;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conn;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod files;
pub mod guard;
pub mod http;
pub mod hub;
pub mod large;
pub mod outbox;
pub mod pool;
pub mod rooms;
pub mod seen;
pub mod server;
mod shortcuts;
pub mod slots;
#[cfg(feature = "socketio")]
pub mod socketio;
mod sockets;
pub mod timers;
pub mod ws;
