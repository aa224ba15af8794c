//! ws101: a WebSocket server written from scratch.

pub mod args;
pub mod config;
pub mod files;
pub mod http;
