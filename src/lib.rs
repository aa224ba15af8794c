//! ws101: a WebSocket server written from scratch.

pub mod clock;
pub mod config;
pub mod outbox;
pub mod timers;
pub mod http;
pub mod ws;
