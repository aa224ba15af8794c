//! Socket.IO 5 on Engine.IO 4: the map of its layers. `docs/socketio.md` shows the bytes.
//!
//! ```text
//! app (trait) ◄── engine: sessions, long polling, heartbeat, upgrade ──► engine::io (trait Service)
//!                                                                            ▲
//!                      application (trait) ◄── broker: namespaces, sockets ──┘
//!                              ▲                 │  └─► sockets
//!                            chat              packet ► placeholders
//! ```
//!
//! Nothing below knows that it exists: to the hub it is one application among others. Engine.IO knows
//! sessions and messages; the broker namespaces, packets and what is against the rules; an application
//! sockets and events. `bundle` stands beside all that: files for pages to load.

pub mod application;
pub mod broker;
pub mod bundle;
pub mod chat;
pub mod cors;
pub mod engine;
pub mod packet;
pub mod placeholders;
pub mod sockets;
