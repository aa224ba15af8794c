//! What the hub needs from outside. The program implements these traits, and so do tests.

use super::ids::ConnId;
use std::io::IoSlice;

/// The world below the core: randomness, the calendar, and what a panic said. Sockets are [`Net`].
pub trait World {
    /// Fills `bytes` with unpredictable bytes.
    fn random(&mut self, bytes: &mut [u8]);
    /// Seconds since 1970, for `Date`.
    fn unix_time(&mut self) -> u64;
    /// What the last panic said, and where it was; empty when nobody knows.
    fn last_panic(&mut self) -> String {
        String::new()
    }
}

/// The sockets, as the hub needs them. The loop implements it, and so do tests.
pub trait Net {
    /// Writes what fits of `bytes`, in one call.
    fn write(&mut self, id: ConnId, bytes: &[u8]) -> Written;
    /// Writes what fits of `pieces`, one after the other, in one call.
    fn write_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written;
    /// Closes the server's side of the connection. Bytes that were written before still arrive.
    fn half_close(&mut self, id: ConnId);
    /// Ends the connection. `reset`: what the peer has not read may be lost.
    fn close(&mut self, id: ConnId, reset: bool);
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// How many bytes the socket took. Fewer than were offered: it takes no more for now.
    Bytes(usize),
    /// The connection is broken.
    Broken,
}
