//! For compressed messages: a DEFLATE that is not the server's, and a client that uses it.

pub mod client;
pub mod flate;
