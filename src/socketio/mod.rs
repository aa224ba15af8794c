//! Socket.IO 5: events with names, namespaces and acks, on top of Engine.IO 4.
//!
//! ```text
//! engine (an App) ──► broker (a Service) ──► application (chat)
//!                       │
//!                     packet ► placeholders
//! ```
//!
//! Engine.IO carries messages, whatever the transport. The broker knows who is in which namespace
//! and what is against the rules; an application sees sockets and events.

pub mod packet;
pub mod placeholders;
