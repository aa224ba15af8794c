//! Large messages that an application sends back as they are: they are written from where they arrived,
//! and nobody can tell. Whatever is queued with them, however little the peer takes, whoever panics.

use crate::client::{binary, frames, from_server, text};
use crate::sim::{PeerNo, Rng, Sim};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use ws101::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// `/odd` does with a message what its first byte says.
#[derive(Default)]
struct Odd {
    everybody: Vec<ConnId>,
}

impl App for Odd {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/odd").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, id: RequestId, _: &Request<'_>) -> Reply {
        self.everybody.push(id.conn);
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        let Message::Binary(bytes) = message else { return };
        let word = Message::Text("word");
        match bytes[0] {
            b'2' => {
                ctx.send(id, message);
                ctx.send(id, message);
            }
            b'<' => {
                ctx.send(id, word);
                ctx.send(id, message);
            }
            b'>' => {
                ctx.send(id, message);
                ctx.send(id, word);
            }
            b'p' => {
                ctx.send(id, message);
                ctx.ping(id, b"?");
            }
            b'c' => {
                ctx.send(id, message);
                ctx.close(id, CloseCode::NormalClosure, "");
            }
            b'h' => ctx.send(id, Message::Binary(&bytes[..bytes.len() / 2])),
            b't' => ctx.send(id, Message::Text(std::str::from_utf8(bytes).unwrap())),
            b'o' => self.everybody.iter().for_each(|to| ctx.send(*to, message)),
            b'!' => {
                ctx.send(id, message);
                panic!("as asked");
            }
            _ => ctx.send(id, message),
        }
    }
}

fn sim() -> Sim {
    let mut apps = crate::sim::apps();
    apps.insert(0, Box::<Odd>::default());
    Sim::with_apps(Config::default(), apps)
}

fn payload(first: u8, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|at| b'a' + (at % 23) as u8).collect();
    bytes[0] = first;
    bytes
}

fn server_text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    from_server(0x81, payload)
}

fn server_binary(payload: impl AsRef<[u8]>) -> Vec<u8> {
    from_server(0x82, payload)
}

/// Around 4 KiB, around each form of the length, up to what one read takes.
const SIZES: [usize; 12] =
    [1, 125, 126, 4_095, 4_096, 4_097, 10_000, 65_535, 65_536, 100_000, 131_057, 131_058];

#[test]
fn message_of_every_size_comes_back_in_one_write() {
    let mut sim = sim();
    let peer = sim.open("/echo");
    for size in SIZES {
        let payload = payload(b'x', size);
        let writes = sim.peer(peer).writes;
        assert!(sim.exchange(peer, &binary(&payload)) == server_binary(&payload));
        assert!(sim.exchange(peer, &text(&payload)) == server_text(&payload));
        assert_eq!(sim.peer(peer).writes - writes, 2, "{size} bytes");
    }
}

#[test]
fn messages_of_one_read_come_back_each_as_it_was() {
    // Only the last of a read may be taken from where it lies.
    let mut sim = sim();
    let peer = sim.open("/odd");
    let sent = [payload(b' ', 5_000), payload(b'~', 5_000), payload(b'#', 9_000)];
    let answer = sim.exchange(peer, &sent.each_ref().map(binary).concat());
    let expected = sent.each_ref().map(server_binary).concat();
    assert!(answer == expected, "the bytes differ");
}

#[test]
fn messages_of_many_peers_in_one_turn_do_not_mix() {
    let mut sim = sim();
    let peers: Vec<PeerNo> = (0..20).map(|_| sim.open("/echo")).collect();
    for round in 0..5_u8 {
        for (number, peer) in (0..).zip(&peers) {
            sim.send(*peer, &binary(payload(number, 5_000 + 4_000 * number as usize)));
            if round % 2 == number % 2 {
                sim.send(*peer, &text("small"));
            }
        }
        sim.run();
        for (number, peer) in (0..).zip(&peers) {
            let mut expected = server_binary(payload(number, 5_000 + 4_000 * number as usize));
            if round % 2 == number % 2 {
                expected.extend(server_text("small"));
            }
            assert!(sim.take(*peer) == expected, "peer {number}");
        }
    }
}

#[test]
fn what_is_sent_beside_it_keeps_its_place() {
    for size in SIZES {
        let of = |first| server_binary(payload(first, size));
        let word = server_text("word");
        let half = server_binary(&payload(b'h', size)[..size / 2]);
        let cases = [
            (b'2', [of(b'2'), of(b'2')].concat()),
            (b'<', [word.clone(), of(b'<')].concat()),
            (b'>', [of(b'>'), word].concat()),
            (b'p', [of(b'p'), from_server(0x89, "?")].concat()),
            (b'h', half),
            (b't', server_text(payload(b't', size))),
            (b'c', [of(b'c'), from_server(0x88, [0x03, 0xE8])].concat()),
        ];
        let mut sim = sim();
        let peer = sim.open("/odd");
        for (first, expected) in cases {
            let shown = char::from(first);
            let came = sim.exchange(peer, &binary(payload(first, size)));
            assert!(came == expected, "{shown} with {size} bytes");
        }
    }
}

#[test]
fn one_after_the_other_gets_it() {
    let mut sim = sim();
    let peers: Vec<PeerNo> = (0..3).map(|_| sim.open("/odd")).collect();
    sim.send(peers[1], &binary(payload(b'o', 70_000)));
    sim.run();
    for peer in peers {
        assert!(sim.take(peer) == server_binary(payload(b'o', 70_000)));
    }
}

#[test]
fn peer_that_takes_little_by_little_gets_everything() {
    let mut rng = Rng::new(7);
    for first in *b"x2<>p" {
        let mut sim = sim();
        let (peer, other) = (sim.open("/odd"), sim.open("/echo"));
        sim.set_window(peer, Some(0));
        let mut expected = Vec::new();
        for size in [70_000, 4_096, 131_058, 5_000] {
            sim.open_window(peer, rng.below(2 * size));
            let payload = payload(first, size);
            sim.send(peer, &binary(&payload));
            // What others send overwrites the receive buffer.
            sim.send(other, &binary(vec![0xFF; 131_058]));
            sim.run();
            let copies = if first == b'2' { 2 } else { 1 };
            expected.extend((0..copies).map(|_| payload.clone()));
        }
        let mut came = sim.take(peer);
        for _ in 0..100 {
            sim.open_window(peer, rng.below(20_000));
            sim.advance(Duration::from_millis(1));
            came.extend(sim.take(peer));
        }
        sim.set_window(peer, None);
        sim.run();
        came.extend(sim.take(peer));
        let data: Vec<Vec<u8>> = frames(&came)
            .into_iter()
            .filter(|frame| frame.first == 0x82)
            .map(|frame| frame.payload)
            .collect();
        assert!(data == expected, "{}", char::from(first));
    }
}

#[test]
fn panic_behind_it_costs_it_nothing() {
    for size in [10, 4_096, 70_000] {
        let mut sim = sim();
        let (peer, other) = (sim.open("/odd"), sim.open("/echo"));
        let expected = server_binary(payload(b'!', size));
        sim.send(peer, &binary(payload(b'!', size)));
        let panicked = catch_unwind(AssertUnwindSafe(|| sim.run())).is_err();
        assert!(panicked);
        sim.expects_bugs = true;
        sim.hub.recover(sim.now);
        // What others send overwrites the receive buffer.
        sim.send(other, &binary(vec![0xFF; 131_058]));
        sim.run();
        let came = sim.take(peer);
        assert!(came[..expected.len()] == expected, "{size} bytes");
        assert_eq!(frames(&came)[1].payload[..2], [0x03, 0xF3]);
        assert!(sim.take(other) == server_binary(vec![0xFF; 131_058]));
    }
}
