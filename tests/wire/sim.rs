//! A world for the hub: sockets that are queues, a clock that is a number, randomness from a seed.
//!
//! `Sim` drives the hub exactly as `src/server.rs` does, turn by turn. Nothing here calls our own
//! encoder: what a client sends is written by `client.rs`, which knows RFC 6455 by itself.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::Duration;
use ws101::app::{App, ConnId, Net, World, Written};
use ws101::apps::{broadcast::Broadcast, chat::Chat, echo::Echo};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::policy::Policy;
use ws101::hub::Hub;

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
        if end == 0 {
            0
        } else {
            (self.next() % end as u64) as usize
        }
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
enum Inbound {
    /// What one read gives.
    Bytes(Vec<u8>),
    Fin,
    Reset,
}

/// One connection, seen from the client.
pub struct Peer {
    pub id: ConnId,
    inbound: VecDeque<Inbound>,
    /// What the server wrote and `Sim::take` has not taken.
    received: Vec<u8>,
    /// How many more bytes the connection takes from the server; `None`: any number.
    pub window: Option<usize>,
    /// The window was full, so that the server waits for readiness.
    blocked: bool,
    pub end: End,
    /// Write calls so far.
    pub writes: usize,
    broken: bool,
}

/// A client, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerNo(pub usize);

#[derive(Default)]
struct Sockets {
    peers: Vec<Peer>,
}

impl Sockets {
    fn by_id(&mut self, id: ConnId) -> &mut Peer {
        self.peers
            .iter_mut()
            .rev()
            .find(|peer| peer.id == id)
            .expect("a known connection")
    }
}

impl Net for Sockets {
    fn write(&mut self, id: ConnId, bytes: &[u8]) -> Written {
        self.write_pieces(id, &[IoSlice::new(bytes)])
    }

    fn write_pieces(&mut self, id: ConnId, pieces: &[IoSlice<'_>]) -> Written {
        let peer = self.by_id(id);
        assert_eq!(
            peer.end,
            End::Open,
            "write after the server's side was closed"
        );
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

    fn half_close(&mut self, id: ConnId) {
        let peer = self.by_id(id);
        assert_eq!(peer.end, End::Open, "half-closed twice");
        peer.end = End::HalfClosed;
    }

    fn close(&mut self, id: ConnId, reset: bool) {
        let peer = self.by_id(id);
        assert!(
            matches!(peer.end, End::Open | End::HalfClosed),
            "closed twice"
        );
        peer.end = if reset { End::Reset } else { End::Closed };
    }
}

/// The hub and its world.
pub struct Sim {
    pub hub: Hub,
    pub now: Time,
    sockets: Sockets,
    /// Turns driven so far.
    pub turns: usize,
}

/// What the tests run against unless they say otherwise: the applications of the program.
pub fn apps() -> Vec<Box<dyn App>> {
    vec![
        Box::new(Echo),
        Box::new(Broadcast::default()),
        Box::new(Chat::new("has left the chat".to_owned())),
    ]
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
            turns: 0,
        }
    }

    /// A TCP connection from 127.0.0.1.
    pub fn connect(&mut self) -> PeerNo {
        let port = 40_000 + (self.sockets.peers.len() % 20_000) as u16;
        let id = self
            .hub
            .accept(SocketAddr::from(([127, 0, 0, 1], port)), self.now);
        self.sockets.peers.push(Peer {
            id,
            inbound: VecDeque::new(),
            received: Vec::new(),
            window: None,
            blocked: false,
            end: End::Open,
            writes: 0,
            broken: false,
        });
        PeerNo(self.sockets.peers.len() - 1)
    }

    pub fn peer(&self, peer: PeerNo) -> &Peer {
        &self.sockets.peers[peer.0]
    }

    fn peer_mut(&mut self, peer: PeerNo) -> &mut Peer {
        &mut self.sockets.peers[peer.0]
    }

    /// Queues bytes for the server: one read of it, when it next reads. `run` carries them over.
    pub fn send(&mut self, peer: PeerNo, bytes: &[u8]) {
        self.peer_mut(peer)
            .inbound
            .push_back(Inbound::Bytes(bytes.to_vec()));
    }

    /// Closes the client's side behind what was sent.
    pub fn fin(&mut self, peer: PeerNo) {
        self.peer_mut(peer).inbound.push_back(Inbound::Fin);
    }

    /// Resets the connection.
    pub fn reset(&mut self, peer: PeerNo) {
        let peer = self.peer_mut(peer);
        peer.broken = true;
        peer.inbound.push_back(Inbound::Reset);
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

    /// One turn: one read of each connection that has something and is wanted.
    pub fn turn(&mut self) {
        self.turns += 1;
        let now = self.now;
        self.hub.begin_turn(now);
        for index in 0..self.sockets.peers.len() {
            let peer = &mut self.sockets.peers[index];
            let id = peer.id;
            if matches!(peer.end, End::Closed | End::Reset) {
                continue;
            }
            if peer.blocked && peer.window != Some(0) {
                peer.blocked = false;
                self.hub.writable(id);
            }
            if peer
                .inbound
                .iter()
                .any(|item| matches!(item, Inbound::Fin | Inbound::Reset))
            {
                self.hub.hang_up(id, now);
            }
            if self.hub.should_transmit() {
                self.hub.transmit(&mut self.sockets);
            }
            let peer = &mut self.sockets.peers[index];
            if !self.hub.wants_read(id) {
                continue;
            }
            match peer.inbound.pop_front() {
                Some(Inbound::Bytes(mut bytes)) => {
                    self.hub.receive(id, &mut bytes, now);
                    let ends = matches!(peer.inbound.front(), Some(Inbound::Fin));
                    if ends && self.hub.wants_read(id) {
                        peer.inbound.pop_front();
                        self.hub.read_closed(id, now);
                    }
                }
                Some(Inbound::Fin) => self.hub.read_closed(id, now),
                Some(Inbound::Reset) => self.hub.broken(id, now),
                None => {}
            }
        }
        if self.hub.next_deadline() <= now {
            self.hub.expire(now);
        }
        self.hub.transmit(&mut self.sockets);
        self.hub.end_turn(&mut self.sockets);
        while self.hub.next_readable().is_some() {}
    }

    fn is_idle(&self) -> bool {
        !self.hub.has_work()
            && self.hub.next_deadline() > self.now
            && self.sockets.peers.iter().all(|peer| {
                matches!(peer.end, End::Closed | End::Reset)
                    || (!peer.blocked || peer.window == Some(0))
                        && (peer.inbound.is_empty() || !self.hub.wants_read(peer.id))
            })
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
        while self.hub.next_deadline() <= target {
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
        assert_eq!(
            String::from_utf8_lossy(&answer),
            crate::client::SWITCHING,
            "the handshake on {path}"
        );
        peer
    }

    /// Sends and runs; gives what came back to the same peer.
    pub fn exchange(&mut self, peer: PeerNo, bytes: &[u8]) -> Vec<u8> {
        self.send(peer, bytes);
        self.run();
        self.take(peer)
    }
}
