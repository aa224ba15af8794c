//! The whole core: several connections and the clock, as a script of the engine's bytes.
//!
//! Input: three bytes that choose limits, caps and the end, then one step after another. A step is a byte,
//! its kind in the lower five bits and a peer in the upper three, and what the kind needs. Some peers agree to
//! compression: their frames with RSV1 are compressed, or only say so. What
//! must hold is said in `Play::check_turn`, `Play::check_rest` and `Play::end`, in `ledger.rs` of
//! what the applications see, and in `output.rs` of what the peers see.

mod ledger;
mod output;
mod site;

use crate::client::{close, frame_with_key, upgrade};
use crate::inflate::compressed;
use crate::input::{Bytes, pieces};
use crate::sim::{End, PeerNo, Sim};
use ledger::{Ledger, Watched};
use output::Output;
use std::time::Duration;
use ws101::app::App;
use ws101::apps::{broadcast::Broadcast, chat::Chat, echo::Echo, pages::Pages, status::Status};
use ws101::clock::Time;
use ws101::config::{Config, Deflate};
use ws101::files::embedded::Embedded;

const PEERS: usize = 8;
const MOST_STEPS: usize = 300;
/// All that peers send in one script.
const MOST_BYTES: usize = 120_000;
/// Longer than everything that a silent peer can make the server wait for, one behind the other.
const LONG: Duration = Duration::from_secs(600);

const WEBSOCKETS: [&str; 8] = [
    "/echo",
    "/broadcast",
    "/unruly",
    "/unruly/quiet",
    "/ws",
    "/ws/1",
    "/broadcast/topic",
    "/ws/%2D2",
];
const REQUESTS: [&str; 16] = [
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /release HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /now HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /hold HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /chat.js HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-900\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nsome body",
    "POST /later HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1600\r\n\r\n",
    "GET /metrics HTTP/1.0\r\n\r\n",
    "GET /now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "GET /nothing HTTP/1.1\r\nHost: localhost\r\n",
];
const FIRST_BYTES: [u8; 12] = [
    0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1, 0xc2, 0x41,
];
/// What a peer offers.
const OFFERS: [&str; 4] = [
    "",
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=8",
];
/// What a compressed message can make a peer hold besides: the library's state, what it can refer back to, and what
/// earlier messages left for that.
const INFLATING_BYTES: usize = 200_000;
const SIZES: [usize; 10] = [
    126, 300, 700, 4_095, 4_096, 9_999, 10_001, 20_000, 65_535, 70_000,
];

struct Client {
    no: PeerNo,
    /// Said, and not on its way yet.
    pending: Vec<u8>,
    output: Output,
    /// It has closed its side, or reset the connection.
    has_left: bool,
}

struct Play {
    sim: Sim,
    ledger: Ledger,
    clients: [Option<Client>; PEERS],
    config: Config,
    stopped: bool,
    sent_bytes: usize,
    /// Turns that all that has happened can explain.
    turns_explained: usize,
}

pub fn check(data: &[u8]) {
    let mut input = Bytes::new(data);
    let (flags, end, caps) = (input.byte(), input.byte(), input.byte());
    let mut play = Play::new(caps_of(caps, limits(flags)));
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        play.step(&mut input);
        if end & 0x80 != 0 {
            play.settle();
        }
    }
    play.end(end & 3);
}

/// Limits that a script can pass: the fewer bits are set, the narrower.
fn limits(flags: u8) -> Config {
    let mut config = Config::default();
    if flags & 1 == 0 {
        config = Config {
            max_head_bytes: 600,
            max_target_bytes: 100,
            max_requests_per_connection: 5,
            max_message_bytes: 10_000,
            max_fragments: 8,
            slow_message_bytes: 500,
            linger_bytes: 5_000,
            ..config
        };
    }
    if flags & 2 == 0 {
        config = Config {
            high_water_bytes: 2_000,
            low_water_bytes: 500,
            stall_bytes: 8_000,
            max_queue_bytes: Some(20_000),
            piece_bytes: 700,
            ..config
        };
    }
    if flags & 4 == 0 {
        config = Config {
            max_deliveries_per_turn: 3,
            max_turn_bytes: 8_000,
            write_out_bytes: 2_000,
            ..config
        };
    }
    if flags & 8 != 0 {
        config.ping_interval = Duration::ZERO;
    }
    match flags >> 6 {
        0 => {}
        1 => config.deflate = Deflate::Takeover,
        2 => (config.deflate_threshold_bytes, config.deflate_level) = (0, 6),
        _ => {
            config.deflate = Deflate::Takeover;
            config.deflate_threshold_bytes = 0;
        }
    }
    config.memory_budget_bytes = match flags >> 4 & 3 {
        1 => 4_000,
        2 => 30_000,
        _ => config.memory_budget_bytes,
    };
    config
}

/// Caps that eight peers can reach.
fn caps_of(caps: u8, config: Config) -> Config {
    let one_of = |shift: u8, choices: [usize; 4]| choices[usize::from(caps >> shift & 3)];
    Config {
        max_connections: one_of(0, [10_000, 5, 3, 10_000]),
        max_handshakes: one_of(2, [2_000, 2, 1, 2_000]),
        max_connections_per_ip: one_of(4, [0, 2, 1, 0]),
        max_refusals: one_of(4, [64, 1, 0, 2]),
        // So few that what a script says is dealt with in `LONG`.
        max_messages_per_second: one_of(6, [0, 50, 1_000, 0]),
        ..config
    }
}

impl Play {
    fn new(config: Config) -> Self {
        let ledger = Ledger::default();
        let site = site::Site {
            ledger: ledger.clone(),
            past: Vec::new(),
        };
        let apps: [Box<dyn App>; 6] = [
            Box::new(Echo),
            Box::new(Broadcast::default()),
            Box::new(Chat::new("has left the chat".to_owned())),
            Box::new(Status),
            Box::new(site),
            Box::new(Pages::new(Box::new(Embedded::default()))),
        ];
        let watch = |inner| {
            let ledger = ledger.clone();
            Box::new(Watched { inner, ledger }) as Box<dyn App>
        };
        let mut sim = Sim::with_apps(config.clone(), apps.map(watch).into());
        sim.expects_bugs = true;
        Self {
            sim,
            config,
            ledger,
            clients: Default::default(),
            stopped: false,
            sent_bytes: 0,
            turns_explained: 100,
        }
    }

    fn step(&mut self, input: &mut Bytes<'_>) {
        self.turns_explained += 30;
        let op = input.byte();
        let index = usize::from(op >> 5);
        match op & 31 {
            0 | 1 => return self.connect(index, input.byte()),
            2 => return self.pass_time(Duration::from_millis(input.byte().into())),
            3 => return self.pass_time(Duration::from_secs(input.byte().into())),
            4 => return self.turn(),
            5 | 6 => return self.settle(),
            7 => {
                // Rare, because little happens behind it.
                if input.byte() == 0x5A {
                    self.sim.hub.stop(self.sim.now);
                    self.stopped = true;
                }
                return;
            }
            _ => {}
        }
        let Some(client) = &mut self.clients[index] else {
            return;
        };
        let no = client.no;
        match op & 31 {
            8 => self.sim.set_window(no, None),
            9 => self.sim.set_window(no, Some(input.short() % 3_000)),
            10 => self.sim.open_window(no, input.short()),
            11 if !client.has_left => {
                client.has_left = true;
                self.sim.fin(no);
            }
            12 if !client.has_left => {
                client.has_left = true;
                self.sim.reset(no);
            }
            13 | 14 => self.send(index, &[]),
            15 => {
                let lengths = [input.byte(), input.byte()];
                self.send(index, &lengths);
            }
            16 => {
                let len = usize::from(input.byte()) * 8;
                let rest = client.pending.split_off(len.min(client.pending.len()));
                self.send(index, &[]);
                if let Some(client) = &mut self.clients[index] {
                    client.pending = rest;
                }
            }
            kind => {
                let said = said(kind, input);
                client.pending.extend(said);
                if kind & 1 == 0 {
                    self.send(index, &[]);
                }
            }
        }
    }

    fn connect(&mut self, index: usize, window: u8) {
        if self.clients[index].is_some() || self.stopped {
            return;
        }
        let ip = [127, 0, 0, 1 + (index as u8 >> 2)];
        let Some(no) = self.sim.connect_from(ip) else {
            return;
        };
        self.sim.set_window(
            no,
            match window & 3 {
                0 => Some(usize::from(window)),
                1 => Some(usize::from(window) * 20),
                _ => None,
            },
        );
        self.clients[index] = Some(Client {
            no,
            pending: Vec::new(),
            output: Output::new(self.sim.peer(no).id),
            has_left: false,
        });
    }

    /// What is pending leaves, in pieces of these lengths, each of which is one read.
    fn send(&mut self, index: usize, lengths: &[u8]) {
        let Some(client) = &mut self.clients[index] else {
            return;
        };
        let bytes = std::mem::take(&mut client.pending);
        self.sent_bytes += bytes.len();
        if client.has_left || bytes.is_empty() || self.sent_bytes > MOST_BYTES {
            return;
        }
        client.output.said(&bytes);
        self.turns_explained += bytes.len();
        // Not all of it in pieces: the simulator's queue of reads is slow when it is long.
        let (begin, rest) = match lengths {
            [] => bytes.split_at(0),
            _ => bytes.split_at(bytes.len().min(500)),
        };
        let mut in_pieces = pieces(begin, lengths);
        in_pieces.push(rest);
        for piece in in_pieces {
            if !piece.is_empty() {
                self.sim.send(client.no, piece);
            }
        }
    }

    fn turn(&mut self) {
        self.sim.turn();
        self.check_turn();
    }

    /// Turns until nothing is left to do at this moment.
    fn settle(&mut self) {
        loop {
            self.turn();
            if self.sim.is_idle() {
                return self.check_rest();
            }
        }
    }

    /// Lets time pass, stopping at each deadline of the server.
    fn pass_time(&mut self, span: Duration) {
        let target = self.sim.now.after(span);
        self.settle();
        while self.sim.hub.next_deadline() <= target && !self.sim.hub.is_finished() {
            self.sim.now = self.sim.hub.next_deadline().max(self.sim.now);
            self.turns_explained += 10;
            self.settle();
        }
        self.sim.now = target;
        self.settle();
    }

    /// What holds after every turn.
    fn check_turn(&mut self) {
        let mut count = 0;
        for slot in &mut self.clients {
            let Some(client) = slot else { continue };
            let end = self.sim.end(client.no);
            let bytes = self.sim.take(client.no);
            self.turns_explained += bytes.len();
            client.output.take(&bytes, &self.ledger);
            if end != End::Open {
                client.output.check_end(end);
            }
            if matches!(end, End::Closed | End::Reset) {
                *slot = None;
            } else {
                count += 1;
            }
        }
        assert_eq!(self.sim.hub.connections(), count);
        assert!(
            self.sim.turns <= self.turns_explained,
            "{} turns, and nothing happens",
            self.sim.turns
        );
        let hub = &self.sim.hub;
        if hub.next_deadline() == Time::NEVER && !hub.has_work() {
            let needs_one = |client: &Client| !self.may_stay(client);
            assert!(
                !self.clients.iter().flatten().any(needs_one),
                "a connection without a deadline"
            );
        }
    }

    /// Whether this connection may wait for ever: an open WebSocket that is not pinged, for which
    /// nothing waits.
    fn may_stay(&self, client: &Client) -> bool {
        let id = self.sim.peer(client.no).id;
        self.ledger.is_open(id)
            && (self.config.ping_interval.is_zero() || self.ledger.is_quiet(id))
            && !self.sim.is_blocked(client.no)
    }

    /// What holds when nothing is left to do: all that was sent has arrived where it can, who can
    /// be read has been, and memory is not short. (That it is counted right, `Sim` looks itself.)
    fn check_rest(&self) {
        assert!(
            self.sim.hub.held_bytes() <= self.config.memory_budget_bytes,
            "more is held than may be"
        );
        for client in self.clients.iter().flatten() {
            let id = self.sim.peer(client.no).id;
            let wants_read = self.sim.hub.wants_read(id);
            assert!(
                !wants_read || self.sim.unread(client.no) == 0,
                "bytes wait, and nobody reads them"
            );
            if !self.sim.is_blocked(client.no) {
                let may_pause = self.config.max_messages_per_second > 0;
                assert!(
                    wants_read || may_pause || !self.ledger.is_open(id),
                    "paused, and nothing waits for the peer"
                );
                self.ledger.assert_all_seen(id, client.output.may_be_head);
            }
        }
    }

    /// Everybody falls silent, or leaves: then nothing may be left of them.
    fn end(&mut self, how: u8) {
        self.settle();
        self.turns_explained += 5_000;
        match how {
            0 => {
                // Silent, and deaf if they were.
                self.pass_time(LONG);
                for client in self.clients.iter().flatten() {
                    assert!(self.may_stay(client), "somebody is never given up");
                }
                // The beginning of a large message is not kept for ever.
                let kept = 2 * self.config.slow_message_bytes + 1_000 + INFLATING_BYTES;
                let most = self.clients.iter().flatten().count() * kept;
                assert!(self.sim.hub.held_bytes() <= most, "kept for ever");
                self.leave(Sim::reset);
            }
            1 => self.leave(Sim::reset),
            2 => self.leave(Sim::fin),
            _ => {
                self.sim.hub.stop(self.sim.now);
                self.pass_time(Config::default().drain_timeout);
                assert!(self.sim.hub.is_finished(), "the server does not go down");
            }
        }
        self.pass_time(LONG);
        assert_eq!(self.sim.hub.connections(), 0, "somebody is never given up");
        assert_eq!(self.sim.hub.held_bytes(), 0, "held, and for nobody");
        self.ledger.assert_all_over();
        if !self.stopped && how != 3 {
            assert_eq!(self.sim.hub.next_deadline(), Time::NEVER);
        }
        assert!(!self.sim.hub.has_work());
    }

    fn leave(&mut self, leave: fn(&mut Sim, PeerNo)) {
        for client in self.clients.iter_mut().flatten() {
            if !client.has_left {
                client.has_left = true;
                leave(&mut self.sim, client.no);
            }
        }
    }
}

/// Something to say, of this kind (17 to 31).
fn said(kind: u8, input: &mut Bytes<'_>) -> Vec<u8> {
    let key = [0x37, 0xFA, 0x21, 0x3D];
    match kind {
        17 | 18 => {
            let choice = usize::from(input.byte());
            let request = upgrade(WEBSOCKETS[choice % 8]);
            match OFFERS[choice >> 3 & 3] {
                "" => request.into_bytes(),
                offer => {
                    let fields = request.trim_end();
                    let offer = format!("{fields}\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
                    offer.into_bytes()
                }
            }
        }
        19 | 20 => input.choose(&REQUESTS).as_bytes().to_vec(),
        21 | 22 => {
            let first = input.choose(&FIRST_BYTES);
            let len = usize::from(input.byte() & 0x7F);
            frame_with_key(first, input.take(len), key)
        }
        23 | 24 => {
            let first = input.choose(&FIRST_BYTES);
            let mut payload = vec![b'a' + input.byte() % 26; input.choose(&SIZES)];
            if first & 0x40 != 0 {
                payload = compressed(&payload, 1);
            }
            frame_with_key(first, &payload, key)
        }
        25 | 26 => {
            let first = input.choose(&FIRST_BYTES);
            let len = usize::from(input.byte() & 7);
            let count = usize::from(input.byte());
            frame_with_key(first, input.take(len), key).repeat(count)
        }
        27 | 28 => {
            let code = input.short();
            let len = usize::from(input.byte() & 7);
            let reason = String::from_utf8_lossy(input.take(len)).into_owned();
            close(code as u16, &reason)
        }
        29 => vec![b'x'; input.short() % 4_000],
        _ => {
            let len = usize::from(input.byte());
            input.take(len).to_vec()
        }
    }
}
