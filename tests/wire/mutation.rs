//! Broken conversations, from a seed: whatever peers send, read and do, the core does not panic and
//! keeps its promises. The same seed gives the same bytes.
//!
//! A *step* is one action of one peer: send a piece, read a little, close, reset, come anew; or
//! time that passes. Valid conversations are cut from a stock, then flipped, cut, doubled, spliced.

use crate::answer;
use crate::client::{self, binary, close, frame, ping, pong, text};
use crate::record::{Event, Record, watched};
use crate::sim::{End, PeerNo, Rng, Sim, apps};
use std::time::Duration;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::apps::pages::Pages;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::files::embedded::Embedded;
use ws101::http::head::{Head, Method};
use ws101::http::response::{Response, Status};
use ws101::http::route::Route;

/// Holds requests to `/hold` for as many milliseconds as the body is long, times 100.
#[derive(Default)]
struct Desk {
    held: Vec<RequestId>,
}

impl App for Desk {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/hold").then_some(Route {
            methods: &[Method::Get, Method::Head, Method::Post],
            websocket: false,
            max_body_bytes: 200,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let key = self.held.len() as u64;
        self.held.push(id);
        let millis = 100 * request.body.len() as u64;
        ctx.wake_at(key, Time(ctx.now().0 + millis));
        Reply::Later
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        let id = self.held[key as usize];
        ctx.respond(id, Response::text(Status(200), "waited\n"));
    }
}

/// Small limits, so that a run passes all of them.
fn config(rng: &mut Rng) -> Config {
    let small = rng.below(2) == 0;
    let mut config = Config {
        max_message_bytes: 3_000,
        max_fragments: 6,
        max_head_bytes: 600,
        max_target_bytes: 100,
        max_requests_per_connection: 20,
        ..Config::default()
    };
    if small {
        config.high_water_bytes = 2_000;
        config.low_water_bytes = 500;
        config.stall_bytes = 6_000;
        config.max_queue_bytes = Some(12_000);
        config.max_deliveries_per_turn = 40;
        config.max_turn_bytes = 20_000;
        config.write_out_bytes = 3_000;
        config.piece_bytes = 700;
        config.linger_bytes = 5_000;
        config.slow_message_bytes = 400;
    }
    config
}

/// A piece of a correct conversation, mostly of the kind that is spoken now.
fn valid(rng: &mut Rng, speaks_frames: bool) -> Vec<u8> {
    let len = [0, 1, 5, 125, 126, 600, 2_999, 3_001][rng.below(8)];
    let payload = vec![b'a' + rng.below(26) as u8; len];
    let paths = [
        "/echo",
        "/broadcast",
        "/broadcast/t",
        "/ws",
        "/ws/1",
        "/ws/-07",
    ];
    let kind = match (rng.below(50), speaks_frames) {
        (0, _) => rng.below(16),
        (_, true) => 5 + rng.below(11),
        (_, false) => rng.below(5),
    };
    match kind {
        0 => answer::get(["/", "/favicon.svg", "/nothing", "/hold", "/echo"][rng.below(5)]).into(),
        1 => answer::request(["HEAD", "POST", "PUT", "BREW"][rng.below(4)], "/hold").into(),
        2 => b"POST /hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc".to_vec(),
        3 => b"POST /hold HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
               5\r\nhello\r\n0\r\n\r\n"
            .to_vec(),
        4 => client::upgrade(paths[rng.below(paths.len())]).into(),
        5..=7 => text(&payload),
        8 => binary(&payload),
        9 => [frame(0x01, &payload), frame(0x00, "mid"), frame(0x80, "é")].concat(),
        10 => [frame(0x02, "a"), ping("in between"), frame(0x80, &payload)].concat(),
        11 => ping(&payload[..len.min(125)]),
        12 => pong("nobody asked"),
        13 if rng.below(4) == 0 => close(1000 + rng.below(16) as u16, "reason"),
        14 if rng.below(8) == 0 => frame(0x88, ""),
        _ => text("é🚀\u{0}<b>"),
    }
}

/// The same, damaged, perhaps with a piece of another one.
fn mutate(rng: &mut Rng, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    let at = rng.below(bytes.len());
    match rng.below(7) {
        0 => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(..at)),
        3 => bytes.insert(at, rng.next() as u8),
        4 => {
            let end = at + rng.below(bytes.len() - at);
            let part = bytes[at..=end.min(bytes.len() - 1)].to_vec();
            bytes.splice(at..at, part);
        }
        5 => {
            bytes.truncate(at);
            bytes.extend(&other[rng.below(other.len())..]);
        }
        _ => bytes = (0..rng.below(40)).map(|_| rng.next() as u8).collect(),
    }
    bytes
}

/// What a peer has received, checked as it grows.
#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    /// Where the frames begin: behind the 101.
    frames_from: Option<usize>,
}

impl Received {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        if self.frames_from.is_none() {
            let head = client::SWITCHING.as_bytes();
            let found = self
                .bytes
                .windows(head.len())
                .position(|window| window == head);
            self.frames_from = found.map(|at| at + head.len());
        }
    }

    /// Frames of a server, the last of them perhaps cut off; nothing behind a Close. Else answers.
    fn check(&self) {
        let Some(from) = self.frames_from else {
            let starts = b"HTTP/1.1 ".starts_with(&self.bytes[..self.bytes.len().min(9)])
                || self.bytes.starts_with(b"HTTP/1.1 ");
            assert!(starts, "{:?}", String::from_utf8_lossy(&self.bytes));
            return;
        };
        let whole = whole_frames(&self.bytes[from..]);
        let frames = client::frames(&self.bytes[from..from + whole]);
        let mut closed = false;
        for frame in &frames {
            match frame.first {
                0x81 => drop(std::str::from_utf8(&frame.payload).expect("text is UTF-8")),
                0x82 => {}
                0x88 => {
                    assert!(!closed, "a second Close");
                    closed = true;
                }
                0x89 | 0x8a => assert!(frame.payload.len() <= 125),
                other => panic!("a first byte of {other:#x} from a server"),
            }
            // A Pong is owed until the peer's Close has come.
            assert!(
                !closed || matches!(frame.first, 0x88 | 0x8a),
                "behind a Close"
            );
        }
        let begun = self.bytes.get(from + whole);
        assert!(
            !closed || matches!(begun, None | Some(0x8a)),
            "behind a Close"
        );
    }
}

/// Length of the whole frames at the beginning of `bytes`.
fn whole_frames(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let (len, header) = match rest.get(1) {
            Some(126) if rest.len() >= 4 => {
                (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4)
            }
            Some(127) if rest.len() >= 10 => (
                u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize,
                10,
            ),
            Some(short) if *short < 126 => (usize::from(*short), 2),
            _ => return at,
        };
        if rest.len() < header + len {
            return at;
        }
        at += header + len;
    }
}

const SEATS: usize = 12;

struct Run {
    rng: Rng,
    sim: Sim,
    record: Record,
    seats: Vec<(PeerNo, Received)>,
    /// A digest of every byte that the server wrote, and to whom.
    digest: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut all = apps();
        all.push(Box::<Desk>::default());
        all.push(Box::new(Pages::new(Box::new(Embedded::default()))));
        let (all, record) = watched(all);
        let sim = Sim::with_apps(config(&mut rng), all);
        let mut run = Self {
            rng,
            sim,
            record,
            seats: Vec::new(),
            digest: 0,
        };
        for _ in 0..SEATS {
            let newcomer = run.newcomer();
            run.seats.push(newcomer);
        }
        run
    }

    /// Comes with a handshake, mostly.
    fn newcomer(&mut self) -> (PeerNo, Received) {
        let peer = self.sim.connect();
        if self.rng.below(4) > 0 {
            let paths = ["/echo", "/broadcast", "/ws", "/ws/1", "/ws/2"];
            let path = paths[self.rng.below(paths.len())];
            self.sim.send(peer, client::upgrade(path).as_bytes());
        }
        (peer, Received::default())
    }

    fn step(&mut self) {
        let seat = self.rng.below(SEATS);
        if self.sim.end(self.seats[seat].0) != End::Open {
            self.leave_seat(seat);
        }
        let peer = self.seats[seat].0;
        match self.rng.below(100) {
            0..=59 => {
                let frames = self.seats[seat].1.frames_from.is_some();
                let mut bytes = valid(&mut self.rng, frames);
                if self.rng.below(8) == 0 {
                    let other = valid(&mut self.rng, !frames);
                    bytes = mutate(&mut self.rng, bytes, &other);
                }
                for _ in 0..self.rng.below(3) {
                    bytes.extend(valid(&mut self.rng, frames));
                }
                self.send_cut(peer, &bytes);
            }
            60..=67 => {
                let window = self.rng.below(3_000);
                self.sim.set_window(peer, Some(window));
            }
            68..=77 => {
                let bytes = self.rng.below(2_000);
                self.sim.open_window(peer, bytes);
            }
            78..=82 => self.sim.set_window(peer, None),
            83 => self.sim.fin(peer),
            84 => self.sim.reset(peer),
            85..=96 => {
                let limits = [1, 50, 1_000, 5_000, 25_000];
                let most = limits[self.rng.below(limits.len())];
                let millis = self.rng.below(most) as u64;
                self.sim.advance(Duration::from_millis(millis));
            }
            _ => self.leave_seat(seat),
        }
        if self.rng.below(3) > 0 {
            self.sim.turn();
        }
        self.collect(seat);
    }

    fn send_cut(&mut self, peer: PeerNo, bytes: &[u8]) {
        let cut = self.rng.below(bytes.len() + 1);
        let pieces = match self.rng.below(2) {
            0 => [bytes, &[]],
            _ => [&bytes[..cut], &bytes[cut..]],
        };
        for piece in pieces {
            if !piece.is_empty() {
                self.sim.send(peer, piece);
            }
        }
    }

    /// Whoever sat there goes on as it was, unwatched; somebody new comes.
    fn leave_seat(&mut self, seat: usize) {
        self.collect(seat);
        self.seats[seat].1.check();
        let peer = self.seats[seat].0;
        if self.rng.below(2) == 0 {
            self.sim.reset(peer);
        } else {
            self.sim.fin(peer);
        }
        self.seats[seat] = self.newcomer();
    }

    fn collect(&mut self, seat: usize) {
        let (peer, received) = &mut self.seats[seat];
        let bytes = self.sim.take(*peer);
        for byte in &bytes {
            // FNV-1a over everything, with the peer mixed in.
            self.digest ^= u64::from(*byte) + ((peer.0 as u64) << 8);
            self.digest = self.digest.wrapping_mul(0x0100_0000_01b3);
        }
        received.push(&bytes);
    }

    /// At rest: everything that is open has a deadline, and the records agree.
    fn check(&mut self) {
        self.sim.run();
        for seat in 0..SEATS {
            self.collect(seat);
            self.seats[seat].1.check();
        }
        let open = self.record.check();
        assert!(open <= self.sim.hub.connections());
        if self.sim.hub.connections() > 0 {
            assert_ne!(self.sim.hub.next_deadline(), Time::NEVER, "no deadline");
        }
    }

    /// Nobody moves any more: the server's own deadlines end everything.
    fn silence(&mut self) {
        self.check();
        self.sim.advance(Duration::from_secs(600));
        assert_eq!(self.sim.hub.connections(), 0, "every state has a deadline");
        assert_eq!(self.record.check(), 0, "every opening has its close");
        assert_eq!(self.sim.hub.next_deadline(), Time::NEVER);
        let count = |wanted: fn(&Event) -> bool| {
            let events = self.record.events();
            events.iter().filter(|event| wanted(event)).count()
        };
        let opens = count(|event| matches!(event, Event::Open(_)));
        let closes = count(|event| matches!(event, Event::Close(..)));
        assert_eq!(opens, closes);
    }
}

fn run(seed: u64, steps: usize) -> (u64, usize) {
    let mut run = Run::new(seed);
    for step in 1..=steps {
        run.step();
        if step % 250 == 0 {
            run.check();
        }
    }
    run.silence();
    (run.digest, run.record.events().len())
}

const STEPS: usize = 1_500;

#[test]
fn no_conversation_breaks_the_core() {
    let mut events = 0;
    for seed in 0..16 {
        events += run(seed, STEPS).1;
    }
    assert!(events > 10_000, "the conversations get somewhere: {events}");
}

#[test]
fn same_seed_gives_the_same_bytes() {
    let first = run(99, STEPS);
    assert_eq!(first, run(99, STEPS));
    assert_ne!(first.0, run(100, STEPS).0);
}

#[test]
fn stop_in_the_middle_of_anything_ends_in_time() {
    for seed in 200..220 {
        let mut run = Run::new(seed);
        for _ in 0..150 {
            run.step();
        }
        let now = run.sim.now;
        run.sim.hub.stop(now);
        for _ in 0..50 {
            if run.sim.hub.is_finished() {
                break;
            }
            run.step();
        }
        run.sim.advance(Duration::from_secs(5));
        assert!(run.sim.hub.is_finished(), "seed {seed}");
        assert_eq!(run.record.check(), 0);
    }
}
