//! The whole core against peers that do anything: valid conversations, mutated, on all endpoints
//! at once, with random cuts, windows, pauses, ends. No expected output; what must hold is said in
//! `Crowd::check` and `Crowd::end`.
//!
//! Everything follows from the seed: a failing run prints its own, and is repeated by it.

use crate::record::{Record, watched};
use crate::sim::{End, PeerNo, Rng, Sim, apps};
use crate::support::conversation::{self, Place, Site};
use crate::support::reading::Reading;
use std::time::Duration;
use ws101::app::App;
use ws101::apps::pages::Pages;
use ws101::clock::Time;
use ws101::config::{Config, Tuning};
use ws101::files::embedded::Embedded;

const SEEDS: u64 = 40;
const STEPS: usize = 600;
/// Peers at the same time.
const MOST_PEERS: usize = 10;
/// Longer than everything that a silent peer can make the server wait for, one behind the other.
const LONG: Duration = Duration::from_secs(600);
/// More turns than deadlines in that time: a server that spins through it takes a thousand a second.
const MOST_IDLE_TURNS: usize = 5_000;

struct Client {
    no: PeerNo,
    place: Place,
    /// What it still has to send, one piece for each read of the server.
    pieces: Vec<Vec<u8>>,
    fin: bool,
    reading: Reading,
}

/// The server, its peers and the dice.
struct Crowd {
    sim: Sim,
    record: Record,
    rng: Rng,
    clients: Vec<Client>,
    pings: bool,
    /// All that the server wrote and did, in order, with whom and when.
    story: Vec<u8>,
}

/// Limits so narrow that these peers pass all of them.
fn narrow() -> Config {
    Config {
        max_head_bytes: 600,
        max_message_bytes: 3_000,
        max_queue_bytes: Some(20_000),
        tuning: Tuning {
            max_requests_per_connection: 5,
            max_fragments: 8,
            high_water_bytes: 2_000,
            low_water_bytes: 500,
            stall_bytes: 8_000,
            max_deliveries_per_turn: 3,
            max_turn_bytes: 8_000,
            write_out_bytes: 2_000,
            piece_bytes: 700,
            slow_message_bytes: 500,
            ..Tuning::default()
        },
        ..Config::default()
    }
}

impl Crowd {
    fn new(seed: u64) -> Self {
        let mut config = if seed.is_multiple_of(2) { narrow() } else { Config::default() };
        let pings = !seed.is_multiple_of(5);
        if !pings {
            config.ping_interval = Duration::ZERO;
        }
        let mut all: Vec<Box<dyn App>> = apps();
        all.push(Box::new(Site));
        all.push(Box::new(Pages(Box::new(Embedded::default()))));
        let (apps, record) = watched(all);
        Self {
            sim: Sim::with_apps(config, apps),
            record,
            rng: Rng::new(seed),
            clients: Vec::new(),
            pings,
            story: Vec::new(),
        }
    }

    fn connect(&mut self) {
        let no = self.sim.connect();
        let place = Place::any(&mut self.rng);
        let conversation = place.opening(&mut self.rng);
        let pieces = conversation::cut(conversation, &mut self.rng);
        if self.rng.below(2) == 0 {
            let window = self.rng.below(3_000);
            self.sim.set_window(no, Some(window));
        }
        self.clients.push(Client { no, place, pieces, fin: false, reading: Reading::default() });
    }

    /// The next piece of what this client wants to say; when there is none, it thinks of more.
    fn send(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if client.fin {
            return;
        }
        if client.pieces.is_empty() {
            let more = client.place.more(&mut self.rng);
            client.pieces = conversation::cut(more, &mut self.rng);
        }
        for _ in 0..=self.rng.below(4) {
            if !client.pieces.is_empty() {
                let piece = client.pieces.remove(0);
                self.sim.send(client.no, &piece);
            }
        }
    }

    fn change_window(&mut self, no: PeerNo) {
        match self.rng.below(8) {
            0 => self.sim.set_window(no, None),
            1..4 => self.sim.set_window(no, Some(0)),
            _ => {
                let bytes = self.rng.below(5_000);
                self.sim.open_window(no, bytes);
            }
        }
    }

    fn pass_time(&mut self) {
        let most = [2, 50, 1_000, 6_000, 25_000][self.rng.below(5)];
        let millis = self.rng.below(most) as u64;
        self.sim.advance(Duration::from_millis(millis));
    }

    fn step(&mut self) {
        let dice = self.rng.below(100);
        let some = self.rng.below(self.clients.len());
        if self.clients.is_empty() || (dice < 15 && self.clients.len() < MOST_PEERS) {
            self.connect();
        } else if dice < 75 {
            self.send(some);
        } else if dice < 85 {
            self.change_window(self.clients[some].no);
        } else if dice < 95 {
            self.pass_time();
        } else if dice < 97 {
            self.sim.reset(self.clients[some].no);
            self.clients[some].fin = true;
        } else if !self.clients[some].fin {
            self.sim.fin(self.clients[some].no);
            self.clients[some].fin = true;
        }
        // Sometimes more arrives before the server has dealt with it all.
        if self.rng.below(3) == 0 {
            self.sim.turn();
        } else {
            self.sim.run();
        }
        self.check();
    }

    /// Each client reads what has come for it.
    fn read(&mut self) {
        for client in &mut self.clients {
            let bytes = self.sim.take(client.no);
            let end = self.sim.end(client.no);
            if !bytes.is_empty() || end != End::Open {
                let line = format!("{} {:?} {end:?} ", self.sim.now.0, client.no);
                self.story.extend(line.bytes());
                self.story.extend(&bytes);
            }
            client.reading.take(&bytes);
            client.reading.check_end(end);
        }
        let sim = &self.sim;
        self.clients.retain(|client| !sim.peer(client.no).is_over());
    }

    /// What holds after every turn.
    fn check(&mut self) {
        self.read();
        assert_eq!(self.sim.hub.connections(), self.clients.len());
        let needs_none =
            |client: &Client| !self.pings && client.reading.is_websocket() && !self.sim.is_blocked(client.no);
        assert!(
            self.sim.hub.next_deadline() != Time::NEVER
                || self.sim.hub.has_work()
                || self.clients.iter().all(needs_none),
            "a connection without a deadline"
        );
        self.record.check();
    }

    /// Everybody falls silent, or leaves: then nothing may be left of them.
    fn end(&mut self, how: u64) {
        self.sim.run();
        self.check();
        match how % 4 {
            // Silent, and deaf if they were. Without pings only those that leave are gone.
            0 if self.pings => {}
            0 | 1 => self.each(Sim::reset),
            2 => self.each(Sim::fin),
            _ => self.sim.hub.stop(self.sim.now),
        }
        let turns = self.sim.turns;
        self.sim.advance(LONG);
        assert!(self.sim.turns - turns < MOST_IDLE_TURNS, "the server spins while it waits");
        self.read();
        assert_eq!(self.sim.hub.connections(), 0, "somebody is never given up");
        assert_eq!(self.record.check(), 0, "each opening has its close");
        if how % 4 == 3 {
            assert!(self.sim.hub.is_finished());
        } else {
            assert_eq!(self.sim.hub.next_deadline(), Time::NEVER);
        }
    }

    fn each(&mut self, leave: fn(&mut Sim, PeerNo)) {
        for client in self.clients.iter().filter(|client| !client.fin) {
            leave(&mut self.sim, client.no);
        }
    }
}

/// One run, to its end.
fn run(seed: u64) -> Crowd {
    println!("seed {seed}");
    let mut crowd = Crowd::new(seed);
    for _ in 0..STEPS {
        crowd.step();
    }
    crowd.end(seed / 2);
    crowd
}

#[test]
fn nothing_that_peers_do_breaks_what_must_hold() {
    let mut closed = 0;
    for seed in 0..SEEDS {
        closed += run(seed).record.closes().len();
    }
    assert!(closed > 500, "only {closed} got in: the mutations are too wild");
}

#[test]
fn same_seed_gives_the_same_bytes() {
    for seed in [3, 4, 10] {
        let (one, two) = (run(seed), run(seed));
        assert!(one.story.len() > 10_000);
        assert!(one.story == two.story, "seed {seed} is not a seed");
        assert_eq!(one.record.events(), two.record.events());
    }
}
