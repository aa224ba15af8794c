//! Engine.IO 4, the server's side (SEED_SYSTEMS §4.1).
#![allow(dead_code, reason = "the endpoint follows")]

mod answer;
pub mod io;
mod packet;
mod session;
mod table;

pub use session::Settings;
