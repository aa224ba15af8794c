//! ws101: a WebSocket server written from scratch.
//!
//! Read the folders in this order. Each `mod.rs` says what to skip on first reading.
//!
//!  1. `ws`: the WebSocket protocol, from bytes to messages and back
//!  2. `http`: HTTP/1.1, as far as a WebSocket server needs it
//!  3. `hub`: all connections, without sockets
//!  4. `server`: the loop, which carries bytes between the hub and the sockets
//!  5. `apps`: what messages mean: echo, broadcast, chat, pages
//!  6. `guard`: what keeps the server alive: caps, rates, log, metrics
//!  7. `deflate`: compression of messages
//!  8. `files`: static files
//!  9. `socketio`: Socket.IO, as one more application
//! 10. `cli`: the command line
//! 11. `tools`: what shows the bytes
//!
//! ```text
//! main ──► server (mio: sockets, clock) ──► hub ──► conn ──► ws::{endpoint ► message ► frame}
//!   │                                        │        │           deflate ──► ws::extension (a port)
//!   │                                        │        └────► http::{head, body, response}
//!   └─► cli, apps                            └─► app (trait) ◄── apps::{echo, broadcast, chat, pages}, socketio
//! ```
//!
//! Dependencies point one way: the protocol (`ws`, `http`) knows nothing of connections, the hub
//! nothing of sockets, applications nothing of frames. `tests/wire/layers.rs` holds them to it.

pub mod apps;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod files;
pub mod guard;
pub mod http;
pub mod hub;
pub mod large;
pub mod metered;
pub mod outbox;
pub mod pool;
pub mod rooms;
pub mod server;
mod shortcuts;
pub mod slots;
#[cfg(feature = "socketio")]
pub mod socketio;
mod sockets;
pub mod tap;
#[cfg(feature = "tools")]
pub mod tools;
pub mod ws;

pub use hub::app;
