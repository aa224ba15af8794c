//! Sockets that are queues, with the readiness that an edge-triggered poll would report.

use std::collections::VecDeque;
use std::io::IoSlice;
use ws101::app::{ConnId, Net, Written};
use ws101::tap::Watcher;

/// How the server's side of a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both directions are open.
    Open,
    /// The server has closed its side and still reads.
    HalfClosed,
    /// The server has closed the socket.
    Closed,
    /// The server has reset the connection.
    Reset,
}

/// Something on its way to the server.
pub enum Inbound {
    /// What one read gives, unless it is longer than the driver's buffer.
    Bytes(Vec<u8>),
    Fin,
    Reset,
}

/// One connection, seen from the client; the lower half is what the driver knows of its socket.
pub struct Peer {
    pub id: ConnId,
    pub(super) inbound: VecDeque<Inbound>,
    /// What the server wrote and `Sim::take` has not taken.
    pub(super) received: Vec<u8>,
    /// How many more bytes the connection takes from the server; `None`: any number.
    pub window: Option<usize>,
    pub end: End,
    /// Write calls so far.
    pub writes: usize,
    pub(super) broken: bool,

    /// Readiness that the next turn is told of.
    pub(super) event: bool,
    /// It is in the simulator's list of edges that no poll has reported yet.
    pub(super) is_listed: bool,
    /// The driver has not read until it would block.
    pub(super) readable: bool,
    /// The readiness said that the peer has closed its side.
    pub(super) read_closed: bool,
    /// In the driver's list of those to read.
    pub(super) queued: bool,
    /// The last write took less than was offered: the driver waits for the socket.
    pub(super) blocked: bool,
}

impl Peer {
    pub(super) fn new(id: ConnId) -> Self {
        Self {
            id,
            inbound: VecDeque::new(),
            received: Vec::new(),
            window: None,
            end: End::Open,
            writes: 0,
            broken: false,
            event: false,
            is_listed: false,
            readable: false,
            read_closed: false,
            queued: false,
            blocked: false,
        }
    }

    /// The server has closed the socket.
    pub fn is_over(&self) -> bool {
        matches!(self.end, End::Closed | End::Reset)
    }

    /// The client has closed its side, or reset the connection.
    pub(super) fn has_hung_up(&self) -> bool {
        self.inbound.iter().any(|item| !matches!(item, Inbound::Bytes(_)))
    }

    /// A write that was refused would succeed now.
    pub(super) fn takes_again(&self) -> bool {
        self.blocked && (self.broken || self.window != Some(0))
    }
}

/// All sockets, and which peer has which slot of the hub.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) peers: Vec<Peer>,
    /// As in the driver: it watches all bytes.
    pub(super) tap: Watcher,
    slots: Vec<usize>,
}

impl Sockets {
    pub(super) fn insert(&mut self, id: ConnId) -> usize {
        let slot = id.slot as usize;
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, usize::MAX);
        }
        self.slots[slot] = self.peers.len();
        self.peers.push(Peer::new(id));
        self.slots[slot]
    }

    /// The number of this connection's peer, unless its slot has no tenant or another one.
    pub(super) fn find(&self, id: ConnId) -> Option<usize> {
        let index = *self.slots.get(id.slot as usize)?;
        (self.peers.get(index)?.id == id).then_some(index)
    }

    /// The present tenant of the slot.
    pub(super) fn by_id(&mut self, id: ConnId) -> &mut Peer {
        let peer = &mut self.peers[self.slots[id.slot as usize]];
        assert_eq!(peer.id, id, "the driver is asked for a connection of old");
        peer
    }
}

impl Net for Sockets {
    fn write(&mut self, id: ConnId, bytes: &[u8]) -> Written {
        self.write_pieces(id, &[IoSlice::new(bytes)])
    }

    fn write_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        let written = self.take_pieces(id, pieces);
        self.tap.wrote(id, pieces, written);
        written
    }

    fn half_close(&mut self, id: ConnId) {
        let peer = self.by_id(id);
        assert_eq!(peer.end, End::Open, "half-closed twice");
        peer.end = End::HalfClosed;
        self.tap.half_closed(id);
    }

    fn close(&mut self, id: ConnId, reset: bool) {
        let peer = self.by_id(id);
        assert!(!peer.is_over(), "closed twice");
        peer.end = if reset { End::Reset } else { End::Closed };
        self.tap.closed(id);
    }
}

impl Sockets {
    fn take_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        let peer = self.by_id(id);
        assert_eq!(peer.end, End::Open, "write after the server's side was closed");
        assert!(pieces.iter().any(|piece| !piece.is_empty()), "a write of nothing");
        peer.writes += 1;
        if peer.broken {
            return Written::Broken;
        }
        let mut taken = 0;
        for piece in pieces {
            let room = peer.window.unwrap_or(usize::MAX).min(piece.len());
            peer.received.extend_from_slice(&piece[..room]);
            peer.window = peer.window.map(|window| window - room);
            taken += room;
            if room < piece.len() {
                peer.blocked = true;
                break;
            }
        }
        Written::Bytes(taken)
    }
}
