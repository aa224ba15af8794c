//! For Engine.IO and Socket.IO: a client, and a service for each to talk to.

pub mod client;
pub mod service;
