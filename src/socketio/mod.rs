//! Socket.IO 5 on Engine.IO 4: the map of its layers. `docs/socketio.md` shows the bytes.
//!
//! Before this comes the contract of applications (`app`): to the hub, Socket.IO is one application among others.
//! After it comes `main`, which puts it into the list. A first reader may skip it: nothing else depends on it.
//!
//! ```text
//! app (trait) ◄── engine: sessions, long polling, heartbeat, upgrade ──► engine::io (trait Service)
//!                                                                            ▲
//!            chat ──► application (trait) ◄── broker: namespaces, packets ───┘
//!                         └──────────────► packet ◄──┘
//! ```
//!
//! Engine.IO knows sessions and messages. The broker knows namespaces and packets, and which packets are against
//! the rules. An application knows sockets and events. `bundle` is apart from all that: files for pages to load.
//!
//! Words: a *session* is one client of Engine.IO; a *socket* is one client in one namespace. A session *ends*, a
//! socket *leaves*, a connection *closes*. A session *polls* while it has no WebSocket; a WebSocket that wants to take
//! over is a *probe*. What is kept for a session counts into the memory budget (`count_kept`).

pub mod application;
pub mod broker;
pub mod bundle;
pub mod chat;
pub mod cors;
pub mod engine;
pub mod packet;
