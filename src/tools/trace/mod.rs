//! The trace of a running server: every byte of all connections, in the notation.
//!
//! The loop tells [`Trace`] the bytes (it is a [`Tap`]), which follows each connection and queues what it finds in a
//! bounded ring. After the turn the ring is drained: each [`Listener`] gets each event. So nothing calls back into the
//! hub, and two listeners see the same.

pub mod lines;
pub mod start;
pub mod writer;

use super::conversation::{Conversation, Options};
use super::event::{Event, Listener, Seen, Summary};
use super::follow::Start;
use crate::clock::Time;
use crate::hub::app::{ConnId, Written};
use crate::tap::Tap;
use crate::ws::frame::Sender;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use std::net::SocketAddr;

/// Bytes that wait for the end of the turn at most. What comes then is lost, and counted.
const RING_BYTES: usize = 8 << 20;
/// What an event takes besides its payload.
const EVENT_BYTES: usize = 512;

/// Follows all connections.
pub struct Trace {
    options: Options,
    listeners: Vec<Box<dyn Listener>>,
    connections: BTreeMap<u32, Connection>,
    /// How many connections there were.
    count: u32,
    now: Time,
    ring: Ring,
}

/// Events that wait for the end of the turn.
#[derive(Default)]
struct Ring {
    events: VecDeque<Event>,
    bytes: usize,
    lost: u64,
}

/// One connection, by its slot.
struct Connection {
    serial: u32,
    number: u32,
    peer: SocketAddr,
    conversation: Conversation,
    reads: u64,
    received: u64,
    sent: u64,
    /// The server has closed its side, and that was told.
    server_ended: bool,
    reset: bool,
    /// Whether each side has sent a Close.
    closes: [bool; 2],
}

impl Ring {
    fn push(&mut self, event: Event) {
        let payload = match &event.what {
            Seen::Unit(unit) => usize::try_from(unit.len).unwrap_or(usize::MAX).min(3 * unit.kept_bytes()),
            _ => 0,
        };
        let bytes = EVENT_BYTES + payload;
        if self.bytes > RING_BYTES {
            self.lost += 1;
            return;
        }
        self.bytes += bytes;
        self.events.push_back(event);
    }
}

impl Trace {
    /// Follows connections, and gives all that it sees to these listeners.
    #[must_use]
    pub fn new(options: Options, listeners: Vec<Box<dyn Listener>>) -> Self {
        let (connections, ring) = (BTreeMap::new(), Ring::default());
        Self { options, listeners, connections, count: 0, now: Time(0), ring }
    }

    /// The connection of this name, and where events go.
    fn of(&mut self, id: ConnId) -> Option<(&mut Connection, &mut Ring, Time)> {
        let connection = self.connections.get_mut(&id.slot).filter(|it| it.serial == id.serial)?;
        Some((connection, &mut self.ring, self.now))
    }
}

impl Connection {
    fn follow(&mut self, from: Sender, bytes: &[u8], ring: &mut Ring, now: Time) {
        let Self { conversation, number, closes, .. } = self;
        conversation.push(from, bytes, true, &mut |unit| {
            if unit.is_close() {
                let [client, server] = &mut *closes;
                *(if from == Sender::Client { client } else { server }) = true;
            }
            ring.push(Event { conn: *number, at: now, what: Seen::Unit(unit) });
        });
    }

    fn tell(&self, what: Seen, ring: &mut Ring, now: Time) {
        ring.push(Event { conn: self.number, at: now, what });
    }

    /// Tells what has begun and will not be complete.
    fn finish(&mut self, from: Sender, ring: &mut Ring, now: Time) {
        if let Some(unit) = self.conversation.finish(from) {
            self.tell(Seen::Unit(unit), ring, now);
        }
    }

    fn server_end(&mut self, ring: &mut Ring, now: Time) {
        if !self.server_ended {
            self.server_ended = true;
            self.finish(Sender::Server, ring, now);
            self.tell(Seen::ServerEnd, ring, now);
        }
    }
}

impl Tap for Trace {
    fn turn(&mut self, now: Time) {
        self.now = now;
    }

    fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        self.count = self.count.saturating_add(1);
        let connection = Connection {
            serial: id.serial,
            number: self.count,
            peer,
            conversation: Conversation::new(self.options, Start::Head),
            reads: 0,
            received: 0,
            sent: 0,
            server_ended: false,
            reset: false,
            closes: [false; 2],
        };
        connection.tell(Seen::Opened(peer), &mut self.ring, self.now);
        self.connections.insert(id.slot, connection);
    }

    fn read(&mut self, id: ConnId, bytes: &[u8]) {
        let Some((connection, ring, now)) = self.of(id) else { return };
        connection.reads += 1;
        connection.received += bytes.len() as u64;
        connection.follow(Sender::Client, bytes, ring, now);
        if let Some(missing) = connection.conversation.missing(Sender::Client) {
            connection.tell(Seen::Read(connection.reads, bytes.len() as u64, missing), ring, now);
        }
    }

    fn read_end(&mut self, id: ConnId, reset: bool) {
        let Some((connection, ring, now)) = self.of(id) else { return };
        connection.reset |= reset;
        connection.finish(Sender::Client, ring, now);
        connection.tell(Seen::ClientEnd(reset), ring, now);
    }

    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) {
        let Some((connection, ring, now)) = self.of(id) else { return };
        let Written::Bytes(mut left) = written else { return };
        for piece in pieces {
            let piece = piece.get(..left.min(piece.len())).unwrap_or_default();
            left -= piece.len();
            connection.sent += piece.len() as u64;
            connection.follow(Sender::Server, piece, ring, now);
        }
    }

    fn half_closed(&mut self, id: ConnId) {
        if let Some((connection, ring, now)) = self.of(id) {
            connection.server_end(ring, now);
        }
    }

    fn closed(&mut self, id: ConnId) {
        let Some((connection, ring, now)) = self.of(id) else { return };
        connection.finish(Sender::Client, ring, now);
        if connection.reset {
            connection.finish(Sender::Server, ring, now);
        } else {
            connection.server_end(ring, now);
        }
        let end = match (connection.closes, connection.reset) {
            (_, true) => "reset",
            ([true, true], _) => "clean",
            ([false, false], _) if !connection.conversation.has_upgraded() => "no WebSocket",
            ([true, false], _) => "the server has sent no Close",
            ([false, true], _) => "the client has sent no Close",
            _ => "no Close was sent",
        };
        let Connection { peer, received, sent, .. } = *connection;
        connection.tell(Seen::Closed(Summary { peer, received, sent, end }), ring, now);
        self.connections.remove(&id.slot);
    }

    fn drain(&mut self) -> bool {
        let Ring { events, bytes, lost } = &mut self.ring;
        *bytes = 0;
        for event in events.drain(..) {
            self.listeners.iter_mut().for_each(|listener| listener.event(&event));
        }
        if *lost > 0 {
            let event = Event { conn: 1, at: self.now, what: Seen::Lost(std::mem::take(lost)) };
            self.listeners.iter_mut().for_each(|listener| listener.event(&event));
        }
        // Each must be asked, also when one before it owes something.
        let mut owes = false;
        for listener in &mut self.listeners {
            owes |= listener.turn_ends();
        }
        owes
    }
}
