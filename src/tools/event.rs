//! What was seen on connections: what a trace tells its listeners.

use super::unit::Unit;
use crate::clock::Time;
use crate::config::TraceForm;
use std::net::SocketAddr;

/// Something that was seen on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The connection, counted from 1 since the start.
    pub conn: u32,
    /// When it was seen.
    pub at: Time,
    /// What was seen.
    pub what: Seen,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The connection was accepted.
    Opened(SocketAddr),
    /// A head, a body or a frame is complete. Or nothing more comes, and it is not.
    Unit(Unit),
    /// A read ended within a unit: the number of the read, its bytes, and how many bytes are missing at least.
    Read(u64, u64, Option<u64>),
    /// The client has closed its side, or the connection is broken (`true`).
    ClientEnd(bool),
    /// The server has closed its side.
    ServerEnd,
    /// The connection is over.
    Closed(Summary),
    /// This number of events is missing here: there was no room for them.
    Lost(u64),
}

/// What a connection has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The other side.
    pub peer: SocketAddr,
    /// Bytes from the client.
    pub received: u64,
    /// Bytes from the server.
    pub sent: u64,
    /// How it ended.
    pub end: &'static str,
}

/// Gets all events, in their order.
pub trait Listener {
    /// Takes an event.
    fn event(&mut self, event: &Event);
    /// The turn is over. Returns whether something is owed for which there was no room.
    fn turn_ends(&mut self) -> bool;
}

/// What the trace looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// The form of its lines.
    pub form: TraceForm,
    /// Payloads are shown whole.
    pub is_full: bool,
    /// Secrets of heads are shown.
    pub with_secrets: bool,
    /// Times are left out.
    pub without_times: bool,
}
