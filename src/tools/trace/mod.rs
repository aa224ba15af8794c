//! The trace of a running server: every byte of all connections, in the notation.
//!
//! The loop tells [`Trace`] the bytes (it is a [`Tap`]), which follows each connection and queues what it finds in a
//! bounded ring. After the turn the ring is drained: each [`Listener`] gets each event. So nothing calls back into the
//! hub, and two listeners see the same.

pub mod lines;
pub mod writer;

use super::conversation::Options;
use super::event::{Event, Listener, Seen};
use super::observed::Observed;
use crate::clock::Time;
use crate::hub::app::{ConnId, Written};
use crate::tap::Tap;
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
    observed: Observed,
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

    /// Has the connection of this name tell what it sees.
    fn tell(&mut self, id: ConnId, see: impl FnOnce(&mut Observed, &mut dyn FnMut(Seen))) {
        let Self { connections, ring, now, .. } = self;
        let found = connections.get_mut(&id.slot).filter(|it| it.serial == id.serial);
        let Some(Connection { number, observed, .. }) = found else { return };
        see(observed, &mut |what| ring.push(Event { conn: *number, at: *now, what }));
    }
}

impl Tap for Trace {
    fn turn(&mut self, now: Time) {
        self.now = now;
    }

    fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        self.count = self.count.saturating_add(1);
        let observed = Observed::new(peer, self.options);
        self.connections.insert(id.slot, Connection { serial: id.serial, number: self.count, observed });
        self.ring.push(Event { conn: self.count, at: self.now, what: Seen::Opened(peer) });
    }

    fn read(&mut self, id: ConnId, bytes: &[u8]) -> bool {
        self.tell(id, |observed, tell| observed.read(bytes, tell));
        true
    }

    fn read_end(&mut self, id: ConnId, reset: bool) {
        self.tell(id, |observed, tell| observed.read_end(reset, tell));
    }

    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) -> bool {
        self.tell(id, |observed, tell| observed.wrote(pieces, written, tell));
        true
    }

    fn half_closed(&mut self, id: ConnId) {
        self.tell(id, Observed::half_closed);
    }

    fn closed(&mut self, id: ConnId) {
        self.tell(id, Observed::closed);
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
