//! Socket.IO 5 on Engine.IO 4 (SEED_SYSTEMS §4): the map of its layers.
//!
//! ```text
//! app (trait) ◄── engine: sessions, long polling, heartbeat, upgrade ──► engine::io (trait Service)
//! ```
//!
//! Nothing below knows that it exists: to the hub it is one application among others.

pub mod engine;
