//! The port for whoever watches the bytes of all connections, as a trace does.
//!
//! Skip this file on a first reading: nobody watches a usual server.
//!
//! The loop tells a [`Tap`] what it reads, and the sockets what they write. The tap must not call anybody back: it
//! queues what it makes of the bytes, and the loop has it drained after the turn, outside of the hub.

use crate::clock::Time;
use crate::hub::app::{ConnId, Written};
use std::io::IoSlice;
use std::net::SocketAddr;

/// Watches the bytes of all connections.
pub trait Tap {
    /// A turn begins. What follows happens now.
    fn turn(&mut self, now: Time);
    /// A connection was accepted.
    fn opened(&mut self, id: ConnId, peer: SocketAddr);
    /// One read gave these bytes.
    fn read(&mut self, id: ConnId, bytes: &[u8]);
    /// The peer has closed its side, or the connection is broken (`reset`).
    fn read_end(&mut self, id: ConnId, reset: bool);
    /// These pieces were offered to the socket, and it took as many of their bytes as this says.
    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written);
    /// The server has closed its side.
    fn half_closed(&mut self, id: ConnId);
    /// The connection is over.
    fn closed(&mut self, id: ConnId);
    /// Passes on what is queued. Returns whether it owes something for which there was no room.
    fn drain(&mut self) -> bool;
}

/// Whoever watches. `None`, as in a usual server: nobody does.
pub type Watcher = Option<Box<dyn Tap>>;
