//! Whatever arrives: no panic, no session too many, nothing left behind.

use super::{RS, Server};
use crate::client::{binary, frame, text, upgrade};
use crate::sim::{PeerNo, Rng};
use ws101::config::Config;
use ws101::socketio::engine::Settings;

const PIECES: &[&str] = &[
    "4",
    "4x",
    "2",
    "2probe",
    "3",
    "3probe",
    "5",
    "6",
    "0",
    "1",
    "b",
    "bAQID",
    "bA",
    RS,
    "\u{1e}\u{1e}",
    "4close",
    "4all hi",
    "4all# 3",
    "4burst 30",
    "4long 3000",
    "4wake 50",
    "\u{e9}",
    "\u{10ffff}",
    "42[",
];

/// Some packets, most of them possible.
fn payload(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..1 + rng.below(4) {
        if !text.is_empty() {
            text.push_str(RS);
        }
        text.push_str(PIECES[rng.below(PIECES.len())]);
    }
    text
}

fn request(rng: &mut Rng, sids: &[String]) -> Vec<u8> {
    let nobody = "nobody".to_owned();
    let sid = sids.get(rng.below(sids.len() + 1)).unwrap_or(&nobody);
    let transport = ["polling", "polling", "polling", "websocket", "x"][rng.below(5)];
    let sid = ["", "&sid=", &format!("&sid={sid}"), &format!("&sid={sid}")][rng.below(4)].to_owned();
    let eio = ["EIO=4", "EIO=4", "EIO=4", "EIO=%"][rng.below(4)];
    let path = format!("/socket.io/?{eio}&transport={transport}{sid}");
    let body = payload(rng);
    let len = body.len();
    let method = ["GET", "GET", "GET", "POST", "POST", "PUT", "OPTIONS", "HEAD"][rng.below(8)];
    match method {
        "GET" if transport == "websocket" => upgrade(&path).into_bytes(),
        "POST" | "PUT" => {
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n{body}")
                .into_bytes()
        }
        _ => format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes(),
    }
}

/// Every sid that can be read in what came.
fn learn(bytes: &[u8], sids: &mut Vec<String>) {
    let text = String::from_utf8_lossy(bytes);
    for (at, found) in text.match_indices("{\"sid\":\"") {
        if let Some(sid) = text.get(at + found.len()..at + found.len() + 20) {
            sids.push(sid.to_owned());
        }
    }
}

fn step(server: &mut Server, rng: &mut Rng, peers: &mut Vec<PeerNo>, sids: &mut Vec<String>) {
    if peers.len() < 12 || rng.below(6) == 0 {
        // It may be over the cap.
        peers.extend(server.sim.connect_from([127, 0, 0, 1]));
    }
    let Some(&peer) = peers.get(rng.below(peers.len())) else { return server.advance(1_000) };
    match rng.below(12) {
        0..=5 => {
            let bytes = request(rng, sids);
            server.sim.send(peer, &bytes);
        }
        6 | 7 => server.sim.send(peer, &text(payload(rng))),
        8 => server.sim.send(peer, &text(["2probe", "5", "3"][rng.below(3)])),
        9 => server.sim.send(peer, &[binary([1, 2]), frame(0x89, "p")][rng.below(2)]),
        10 => match rng.below(3) {
            0 => server.sim.fin(peer),
            1 => server.sim.reset(peer),
            _ => server.sim.send(peer, &frame(0x88, "")),
        },
        _ => server.advance(rng.below(4_000) as u64),
    }
    if rng.below(3) > 0 {
        server.sim.run();
        learn(&server.sim.take(peer), sids);
    }
    peers.retain(|&peer| server.sim.end(peer) == crate::sim::End::Open);
}

#[test]
fn nothing_that_arrives_upsets_it() {
    let mut upgraded = 0;
    for seed in 0..150 {
        let mut rng = Rng::new(seed);
        let config = Config {
            max_connections: 30,
            max_queue_bytes: Some(20_000),
            memory_budget_bytes: 200_000,
            ..Config::default()
        };
        let settings = Settings { max_queued: 100, origins: vec!["*".to_owned()], ..Settings::default() };
        let mut server = Server::with(config, settings);
        let (mut peers, mut sids) = (Vec::new(), Vec::new());
        for _ in 0..300 {
            step(&mut server, &mut rng, &mut peers, &mut sids);
            assert!(server.seen.open() <= 60, "seed {seed}");
        }
        upgraded += server.seen.opened();
        for peer in peers {
            server.sim.reset(peer);
        }
        server.sim.run();
        server.advance(60_000);
        assert_eq!(server.seen.closed(), server.seen.opened(), "seed {seed}");
        server.assert_nothing_left();
    }
    assert!(upgraded > 1_000, "the requests are not all nonsense: {upgraded}");
}
