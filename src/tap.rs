//! The port for whoever watches the bytes of connections, as a trace does.
//!
//! Skip this file on a first reading: nobody watches a usual server.
//!
//! The loop tells a [`Tap`] what it reads, and the sockets what they write. The tap must not call anybody back: it
//! queues what it makes of the bytes, and the loop has it drained after the turn, outside of the hub.

use crate::clock::Time;
use crate::hub::app::{ConnId, Written};
use std::io::IoSlice;
use std::net::SocketAddr;

/// Watches the bytes of connections.
pub trait Tap {
    /// A turn in which there is something to tell. What follows happens now.
    fn turn(&mut self, now: Time);
    /// A connection was accepted.
    fn opened(&mut self, id: ConnId, peer: SocketAddr);
    /// One read gave these bytes. Returns whether this connection is still to be watched.
    fn read(&mut self, id: ConnId, bytes: &[u8]) -> bool;
    /// The peer has closed its side, or the connection is broken (`reset`).
    fn read_end(&mut self, id: ConnId, reset: bool);
    /// These pieces were offered to the socket, and it took as many of their bytes as this says.
    ///
    /// Returns whether this connection is still to be watched.
    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) -> bool;
    /// The server has closed its side.
    fn half_closed(&mut self, id: ConnId);
    /// The connection is over.
    fn closed(&mut self, id: ConnId);
    /// Passes on what is queued. Returns whether it owes something for which there was no room.
    fn drain(&mut self) -> bool;
}

/// Two taps that see the same.
pub struct Both(pub Box<dyn Tap>, pub Box<dyn Tap>);

impl Tap for Both {
    fn turn(&mut self, now: Time) {
        self.0.turn(now);
        self.1.turn(now);
    }

    fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        self.0.opened(id, peer);
        self.1.opened(id, peer);
    }

    fn read(&mut self, id: ConnId, bytes: &[u8]) -> bool {
        self.0.read(id, bytes) | self.1.read(id, bytes)
    }

    fn read_end(&mut self, id: ConnId, reset: bool) {
        self.0.read_end(id, reset);
        self.1.read_end(id, reset);
    }

    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) -> bool {
        self.0.wrote(id, pieces, written) | self.1.wrote(id, pieces, written)
    }

    fn half_closed(&mut self, id: ConnId) {
        self.0.half_closed(id);
        self.1.half_closed(id);
    }

    fn closed(&mut self, id: ConnId) {
        self.0.closed(id);
        self.1.closed(id);
    }

    fn drain(&mut self) -> bool {
        self.0.drain() | self.1.drain()
    }
}

/// Whoever watches, and which connections.
#[derive(Default)]
pub struct Watcher {
    /// `None`, as in a usual server: nobody watches.
    pub by: Option<Box<dyn Tap>>,
    /// Whether a connection is watched, by its slot. Empty if none is.
    pub watched: Vec<bool>,
    /// How many are.
    count: usize,
    /// The time of this turn.
    pub now: Time,
    /// Something was told since the last drain.
    pub has_news: bool,
}

impl Watcher {
    /// Has connections watched by this tap.
    #[must_use]
    pub fn new(tap: Box<dyn Tap>) -> Self {
        Self { by: Some(tap), ..Self::default() }
    }

    /// Tells of a new connection, which is watched from now on.
    #[cold]
    pub fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        let slot = id.slot as usize;
        let Some(tap) = begin(&mut self.by, self.now, &mut self.has_news) else { return };
        tap.opened(id, peer);
        if slot >= self.watched.len() {
            self.watched.resize(slot + 1, false);
        }
        self.set(id, true);
    }

    /// Notes whether a connection is watched. When none is, nobody has to be asked any more.
    fn set(&mut self, id: ConnId, is_watched: bool) {
        let Some(watched) = self.watched.get_mut(id.slot as usize) else { return };
        if std::mem::replace(watched, is_watched) != is_watched {
            self.count = if is_watched { self.count + 1 } else { self.count - 1 };
        }
        if self.count == 0 {
            self.watched.clear();
        }
    }

    /// Tells what a read gave, if the connection is watched. Returns whether it still is.
    #[cold]
    pub fn read(&mut self, id: ConnId, bytes: Option<&[u8]>) -> bool {
        let Some(tap) = self.tap_of(id) else { return false };
        let goes_on = tap.read(id, bytes.unwrap_or_default());
        self.set(id, goes_on);
        goes_on
    }

    /// Tells that the peer has closed its side, or that the connection is broken (`reset`).
    #[cold]
    pub fn read_end(&mut self, id: ConnId, reset: bool) {
        if let Some(tap) = self.tap_of(id) {
            tap.read_end(id, reset);
        }
    }

    /// Tells what a write has taken of these pieces.
    #[cold]
    pub fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) {
        if let Some(tap) = self.tap_of(id) {
            let goes_on = tap.wrote(id, pieces, written);
            self.set(id, goes_on);
        }
    }

    /// Tells that the server has closed its side.
    #[cold]
    pub fn half_closed(&mut self, id: ConnId) {
        if let Some(tap) = self.tap_of(id) {
            tap.half_closed(id);
        }
    }

    /// Tells that the connection is over.
    #[cold]
    pub fn closed(&mut self, id: ConnId) {
        if let Some(tap) = self.tap_of(id) {
            tap.closed(id);
        }
        self.set(id, false);
    }

    /// Has the tap pass on what it has queued. Returns whether it owes something for which there was no room.
    #[cold]
    pub fn drain(&mut self) -> bool {
        self.has_news = false;
        self.by.as_mut().is_some_and(|tap| tap.drain())
    }

    /// The tap, if this connection is watched.
    fn tap_of(&mut self, id: ConnId) -> Option<&mut Box<dyn Tap>> {
        self.watched.get(id.slot as usize).filter(|watched| **watched)?;
        begin(&mut self.by, self.now, &mut self.has_news)
    }
}

/// The tap, which is told the time before the first news of a turn.
fn begin<'a>(
    tap: &'a mut Option<Box<dyn Tap>>,
    now: Time,
    has_news: &mut bool,
) -> Option<&'a mut Box<dyn Tap>> {
    let tap = tap.as_mut()?;
    if !std::mem::replace(has_news, true) {
        tap.turn(now);
    }
    Some(tap)
}
