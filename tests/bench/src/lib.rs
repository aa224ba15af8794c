//! What a WebSocket server costs, beside a server that does nothing but move the same bytes.
//!
//! Three programs share this library: `floor` (the bare server), `load` (the generator, by hand)
//! and `bench` (servers and generator, each on its core, and the report). README.md in this folder
//! explains the method. Nothing here is part of the server.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

#[cfg(not(target_os = "linux"))]
compile_error!("the bench reads /proc and pins processes to cores: it needs Linux");

pub mod bars;
pub mod cells;
pub mod children;
pub mod compressed;
pub mod contest;
pub mod cores;
pub mod counts;
pub mod deflate;
pub mod frames;
pub mod handshake;
pub mod histogram;
pub mod idle;
pub mod large;
pub mod load;
pub mod machine;
pub mod matches;
pub mod message;
pub mod peers;
pub mod pictures;
pub mod plot;
pub mod process;
pub mod progress;
pub mod report;
pub mod servers;
pub mod silent;
pub mod socketio;
pub mod start;
pub mod steps;
pub mod workload;

/// Where everything is built and installed: `target`, unless the variable `CARGO_TARGET_DIR` names another folder.
#[must_use]
pub fn target_dir() -> std::path::PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").filter(|name| !name.is_empty());
    named.map_or_else(|| "target".into(), Into::into)
}

/// An error that ends the program with a line on stderr.
pub type Error = Box<dyn std::error::Error>;

/// A result with such an error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
