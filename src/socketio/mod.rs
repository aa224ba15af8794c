//! Socket.IO.

pub mod bundle;
