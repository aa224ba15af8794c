//! A world for the hub: sockets that are queues, a clock that is a number, randomness from a seed.
//!
//! `Sim` drives the hub as `src/server.rs` does, turn by turn and with edge-triggered readiness: what
//! the hub does not name again (`Rest::readable`) is not read again, so a forgotten wake-up is a
//! test that fails. Nothing here calls our own encoder: what a client sends is written by
//! `client.rs`, which knows RFC 6455 by itself.

pub mod bugs;
mod net;

pub use net::{End, Peer};

use net::{Inbound, Sockets};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use ws101::app::{App, World};
use ws101::apps::{broadcast::Broadcast, channels::Channels, chat::Chat, echo::Echo, status::Status};
use ws101::clock::{Dealt, Seen, Time};
use ws101::config::Config;
use ws101::http::policy::Policy;
use ws101::hub::{Hub, Next};
#[cfg(feature = "tools")]
use ws101::tap::{Tap, Watcher};

/// 21 November 2024, 12:00:00 GMT.
pub const NOON: u64 = 1_732_190_400;

/// Small, seeded, good enough for choosing cuts and mutations (xorshift64*).
#[derive(Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number in `0..end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

struct SeededWorld(Rng);

impl World for SeededWorld {
    fn random(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.next() as u8;
        }
    }

    fn unix_time(&mut self) -> u64 {
        NOON
    }
}

/// A client, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerNo(pub usize);

/// The hub and its world.
pub struct Sim {
    pub hub: Hub,
    pub now: Time,
    sockets: Sockets,
    /// The driver's list of connections to read.
    ready: Vec<usize>,
    /// Edges of readiness that no poll has reported yet, in their order.
    edges: VecDeque<usize>,
    /// As in the driver: one poll reports at most this many.
    pub events_per_turn: usize,
    seen: Seen,
    /// Turns driven so far.
    pub turns: usize,
    /// A turn since this was taken last did more than pass a message on.
    pub was_busy: bool,
    /// Applications panic, and are meant to. Elsewhere that is an assertion of theirs that failed.
    pub expects_bugs: bool,
}

/// What the tests run against unless they say otherwise: the applications of the program.
pub fn apps() -> Vec<Box<dyn App>> {
    vec![
        #[cfg(feature = "socketio")]
        Box::new(ws101::socketio::bundle::Bundle::default()),
        #[cfg(feature = "socketio")]
        Box::new(socket_io()),
        Box::new(Echo),
        Box::new(Broadcast::default()),
        Box::new(Channels::default()),
        Box::new(Chat::new("has left the chat".to_owned())),
        Box::new(Status),
    ]
}

#[cfg(feature = "socketio")]
fn socket_io() -> impl App {
    use ws101::socketio::{broker, chat, engine};
    let broker = broker::Broker::new(chat::Chat, broker::CONNECT_TIMEOUT);
    engine::Engine::new(engine::Settings::default(), broker)
}

impl Default for Sim {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Sim {
    pub fn new(config: Config) -> Self {
        Self::with_apps(config, apps())
    }

    pub fn with_apps(config: Config, apps: Vec<Box<dyn App>>) -> Self {
        let world = Box::new(SeededWorld(Rng::new(7)));
        let hub = Hub::new(config, Policy::default(), world, apps);
        Self {
            hub,
            now: Time(0),
            sockets: Sockets::default(),
            ready: Vec::new(),
            edges: VecDeque::new(),
            events_per_turn: 1_024,
            seen: Seen::default(),
            turns: 0,
            was_busy: false,
            expects_bugs: false,
        }
    }

    /// Has all bytes watched from now on.
    #[cfg(feature = "tools")]
    pub fn watch(&mut self, tap: impl Tap + 'static) {
        self.sockets.tap = Watcher::new(Box::new(tap));
    }

    /// A TCP connection from 127.0.0.1.
    pub fn connect(&mut self) -> PeerNo {
        self.connect_from([127, 0, 0, 1]).expect("an answer")
    }

    /// A TCP connection from this address. `None`: it is closed at once.
    pub fn connect_from(&mut self, ip: impl Into<IpAddr>) -> Option<PeerNo> {
        let port = 40_000 + (self.sockets.peers.len() % 20_000) as u16;
        let address = SocketAddr::new(ip.into(), port);
        let id = self.hub.accept(address, self.now)?;
        let peer = PeerNo(self.sockets.insert(id));
        self.sockets.tap.opened(id, address);
        Some(peer)
    }

    pub fn peer(&self, peer: PeerNo) -> &Peer {
        &self.sockets.peers[peer.0]
    }

    fn peer_mut(&mut self, peer: PeerNo) -> &mut Peer {
        &mut self.sockets.peers[peer.0]
    }

    fn arrives(&mut self, peer: PeerNo, item: Inbound) {
        let peer = self.peer_mut(peer);
        peer.inbound.push_back(item);
        peer.event = true;
    }

    /// Queues bytes for the server: one read of it, when it next reads. `run` carries them over.
    pub fn send(&mut self, peer: PeerNo, bytes: &[u8]) {
        self.arrives(peer, Inbound::Bytes(bytes.to_vec()));
    }

    /// Closes the client's side behind what was sent.
    pub fn fin(&mut self, peer: PeerNo) {
        self.arrives(peer, Inbound::Fin);
    }

    /// Resets the connection.
    pub fn reset(&mut self, peer: PeerNo) {
        self.peer_mut(peer).broken = true;
        self.arrives(peer, Inbound::Reset);
    }

    /// The client reads: the connection takes `bytes` more from the server.
    pub fn open_window(&mut self, peer: PeerNo, bytes: usize) {
        let peer = self.peer_mut(peer);
        peer.window = peer.window.map(|window| window + bytes);
    }

    /// Limits what the connection takes from the server from now on.
    pub fn set_window(&mut self, peer: PeerNo, window: Option<usize>) {
        self.peer_mut(peer).window = window;
    }

    /// Bytes that the client has sent and the server has not read.
    pub fn unread(&self, peer: PeerNo) -> usize {
        let bytes = |item: &Inbound| match item {
            Inbound::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        self.peer(peer).inbound.iter().map(bytes).sum()
    }

    /// The server has more for this peer than the connection takes.
    pub fn is_blocked(&self, peer: PeerNo) -> bool {
        self.peer(peer).blocked
    }

    /// One turn, as in `Server::turn`.
    pub fn turn(&mut self) {
        self.turn_after(Self::poll);
    }

    /// A turn after a poll that reported nothing, although somebody may be ready.
    pub fn interrupted_turn(&mut self) {
        self.turn_after(|_| (Vec::new(), false));
    }

    /// `poll` gives the peers that have an event, and whether these are all.
    fn turn_after(&mut self, poll: impl FnOnce(&mut Self) -> (Vec<usize>, bool)) {
        self.turns += 1;
        let now = self.now;
        let due = self.hub.next_deadline();
        let (events, is_all) = poll(self);
        self.sockets.tap.now = now;
        self.guarded(|sim| sim.hub.begin_turn(now, &mut sim.sockets));
        let taken = events.len();
        self.take_events(events);
        for index in std::mem::take(&mut self.ready) {
            let mut next = Next::Read;
            self.survives(|sim| next = sim.read(index));
            if next == Next::Write {
                self.guarded(|sim| sim.hub.transmit(&mut sim.sockets));
            }
        }
        self.guarded(|sim| sim.hub.transmit(&mut sim.sockets));
        let dealt = Dealt {
            events: taken,
            is_all,
            most: self.hub.connections(),
            has_rest: !self.ready.is_empty() || self.hub.has_work(),
        };
        let seen = self.seen.advance(dealt, now);
        if due <= seen {
            self.guarded(|sim| sim.hub.expire(now, seen));
            self.guarded(|sim| sim.hub.transmit(&mut sim.sockets));
        }
        let rest = self.hub.end_turn(&mut self.sockets);
        if self.sockets.tap.has_news {
            self.sockets.tap.drain();
            self.hub.wake_for_news(now);
        }
        self.audit();
        self.was_busy |= rest.was_busy;
        for id in rest.readable {
            if let Some(index) = self.sockets.find(id) {
                self.requeue(index);
            }
        }
    }

    /// What is counted against the memory budget is what is held. Now and then only in a crowd,
    /// since this looks at everybody.
    fn audit(&self) {
        if self.hub.connections() < 100 || self.turns.is_multiple_of(64) {
            let held = self.hub.held_bytes();
            assert_eq!(held, self.hub.recount_held_bytes(), "counted, and held");
        }
        assert!(self.expects_bugs || self.hub.panics() == 0, "a panic");
    }

    /// What an edge-triggered poll reports: each edge once, in their order.
    fn poll(&mut self) -> (Vec<usize>, bool) {
        for (index, peer) in self.sockets.peers.iter_mut().enumerate() {
            let has_edge = peer.event || peer.takes_again();
            if !peer.is_over() && has_edge && !peer.is_listed {
                peer.is_listed = true;
                self.edges.push_back(index);
            }
        }
        let count = self.edges.len().min(self.events_per_turn);
        let events = self.edges.drain(..count).collect();
        (events, count < self.events_per_turn)
    }

    fn take_events(&mut self, events: Vec<usize>) {
        for index in events {
            let peer = &mut self.sockets.peers[index];
            peer.is_listed = false;
            if peer.is_over() {
                continue;
            }
            if peer.takes_again() {
                peer.blocked = false;
                self.hub.writable(peer.id);
            }
            if !std::mem::take(&mut peer.event) {
                continue;
            }
            peer.readable = true;
            if !peer.queued {
                peer.queued = true;
                self.ready.push(index);
            }
            if peer.has_hung_up() {
                peer.read_closed = true;
                self.hub.hang_up(peer.id, self.now);
            }
        }
    }

    fn requeue(&mut self, index: usize) {
        let peer = &mut self.sockets.peers[index];
        if !peer.is_over() && peer.readable && !peer.queued {
            peer.queued = true;
            self.ready.push(index);
        }
    }

    /// As `Server::read`: one read, or two when the peer is known to have closed.
    fn read(&mut self, index: usize) -> Next {
        let now = self.now;
        let mut next = Next::Read;
        for _ in 0..2 {
            let peer = &mut self.sockets.peers[index];
            let id = peer.id;
            peer.queued = false;
            if peer.is_over() {
                return next;
            }
            let Some(room) = self.hub.receive_buffer(id) else {
                if peer.read_closed {
                    return self.hub.hang_up(id, now);
                }
                return next;
            };
            match peer.inbound.pop_front() {
                Some(Inbound::Bytes(mut bytes)) => {
                    let rest = bytes.split_off(bytes.len().min(room.len()));
                    let is_full = bytes.len() == room.len();
                    room[..bytes.len()].copy_from_slice(&bytes);
                    if !rest.is_empty() {
                        peer.inbound.push_front(Inbound::Bytes(rest));
                    }
                    self.sockets.tap.read(id, Some(&bytes));
                    let read_closed = peer.read_closed;
                    peer.readable = is_full || read_closed;
                    // What was sent behind this arrives after the read.
                    peer.event |= !is_full && !peer.inbound.is_empty();
                    next = self.hub.received(id, bytes.len(), now);
                    if !is_full && !read_closed {
                        return next;
                    }
                    if is_full && !self.hub.reads_on(id) {
                        break;
                    }
                }
                Some(Inbound::Fin) => {
                    peer.readable = false;
                    self.sockets.tap.read_end(id, false);
                    return self.hub.read_closed(id, now);
                }
                Some(Inbound::Reset) => {
                    peer.readable = false;
                    self.sockets.tap.read_end(id, true);
                    return self.hub.broken(id, now);
                }
                // Would block.
                None => {
                    peer.readable = false;
                    return next;
                }
            }
        }
        self.requeue(index);
        next
    }

    /// Nothing is left to do at this moment.
    pub fn is_idle(&self) -> bool {
        let is_quiet = |peer: &Peer| peer.is_over() || !peer.event && !peer.takes_again();
        self.ready.is_empty()
            && !self.hub.has_work()
            && (self.hub.next_deadline() > self.now || self.hub.is_finished())
            && self.sockets.peers.iter().all(is_quiet)
    }

    /// Turns until nothing is left to do at this moment.
    pub fn run(&mut self) {
        for _ in 0..1_000_000 {
            self.turn();
            if self.is_idle() {
                return;
            }
        }
        panic!("the server never comes to rest");
    }

    /// Lets time pass, stopping at each deadline of the server.
    pub fn advance(&mut self, span: Duration) {
        let target = self.now.after(span);
        self.run();
        while self.hub.next_deadline() <= target && !self.hub.is_finished() {
            self.now = self.hub.next_deadline().max(self.now);
            self.run();
        }
        self.now = target;
        self.run();
    }

    /// What the server has written to this peer since the last call.
    pub fn take(&mut self, peer: PeerNo) -> Vec<u8> {
        std::mem::take(&mut self.peer_mut(peer).received)
    }

    pub fn end(&self, peer: PeerNo) -> End {
        self.peer(peer).end
    }

    /// A WebSocket connection: TCP, the handshake, its answer taken and checked.
    pub fn open(&mut self, path: &str) -> PeerNo {
        let peer = self.connect();
        self.send(peer, crate::client::upgrade(path).as_bytes());
        self.run();
        let answer = self.take(peer);
        assert_eq!(String::from_utf8_lossy(&answer), crate::client::SWITCHING, "the handshake on {path}");
        peer
    }

    /// Sends and runs; gives what came back to the same peer.
    pub fn exchange(&mut self, peer: PeerNo, bytes: &[u8]) -> Vec<u8> {
        self.send(peer, bytes);
        self.run();
        self.take(peer)
    }
}
