//! The whole core: several connections and the clock, as a script of the engine's bytes.
//!
//! Input: three bytes that choose limits, caps and the end, then one step after another. A step is a byte,
//! its kind in the lower five bits and a peer in the upper three, and what the kind needs. Some peers agree to
//! compression: their frames with RSV1 are compressed, or only say so. What peers can say is in `said.rs`, what
//! limits there are in `limits.rs`. What must hold is said in `holds.rs`, in `ledger.rs` of
//! what the applications see, and in `output.rs` of what the peers see.

mod holds;
mod ledger;
mod limits;
mod output;
mod said;
mod site;

use crate::input::{Bytes, pieces};
use crate::sim::{PeerNo, Sim};
use ledger::{Ledger, Watched};
use limits::{caps_of, limits};
use output::Output;
use said::said;
use std::time::Duration;
use ws101::app::App;
use ws101::apps::{
    broadcast::Broadcast, channels::Channels, chat::Chat, echo::Echo, pages::Pages, status::Status,
};
use ws101::config::Config;
use ws101::files::embedded::Embedded;

const PEERS: usize = 8;
const MOST_STEPS: usize = 300;
/// All that peers send in one script.
const MOST_BYTES: usize = 120_000;

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

impl Play {
    fn new(config: Config) -> Self {
        let ledger = Ledger::default();
        let site = site::Site { ledger: ledger.clone(), past: Vec::new() };
        let apps: [Box<dyn App>; 7] = [
            Box::new(Echo),
            Box::new(Broadcast::default()),
            Box::new(Channels::default()),
            Box::new(Chat::new("has left the chat".to_owned())),
            Box::new(Status),
            Box::new(site),
            Box::new(Pages(Box::new(Embedded::default()))),
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
        let Some(client) = &mut self.clients[index] else { return };
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
        let Some(no) = self.sim.connect_from(ip) else { return };
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
        let Some(client) = &mut self.clients[index] else { return };
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
}
