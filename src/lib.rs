//! ws101: a WebSocket server written from scratch.

pub mod config;
pub mod http;
pub mod ws;
