//! Many pages with and without a view, in an order that a seed decides: each sees its own bytes, and all is given back.

use super::{texts, viewed};
use crate::client::{SWITCHING, frame, hex, upgrade};
use crate::sim::{PeerNo, Rng, Sim};
use std::time::Duration;

/// A connection of the play.
struct Peer {
    no: PeerNo,
    /// The number in its id. `None`: it has none.
    id: Option<usize>,
    is_viewer: bool,
    came: Vec<u8>,
}

fn id(number: usize) -> String {
    format!("{number:032x}")
}

/// One step of the play.
fn step(sim: &mut Sim, random: &mut Rng, peers: &mut Vec<Peer>, nth: usize) {
    // Ids are used up, so there are new ones all the time.
    let number = nth / 10 + random.below(3);
    let path = match random.below(4) {
        0 => "/echo",
        1 => "/ws/7",
        2 => "/ws/chat/lobby/",
        _ => "/broadcast",
    };
    match random.below(14) {
        0 => open(sim, peers, &format!("/wire?id={}", id(number)), Some(number), true),
        1 => open(sim, peers, &format!("{path}?wire={}", id(number)), Some(number), false),
        2 => open(sim, peers, path, None, false),
        3 => {
            let peer = sim.connect();
            let request = format!("GET /healthz?wire={} HTTP/1.1\r\nHost: localhost\r\n\r\n", id(number));
            let cut = random.below(request.len());
            sim.send(peer, &request.as_bytes()[..cut]);
            sim.run();
            sim.send(peer, &request.as_bytes()[cut..]);
            sim.fin(peer);
            sim.run();
        }
        4 => sim.advance(Duration::from_millis(random.below(9_000) as u64)),
        kind => {
            if peers.is_empty() {
                return;
            }
            let at = random.below(peers.len());
            let peer = &peers[at];
            let word = peer.id.map_or("nobody".to_owned(), |id| format!("page {id} says"));
            match (kind, peer.is_viewer) {
                (5, _) => sim.fin(peer.no),
                (6, _) => sim.reset(peer.no),
                (7, _) => sim.send(peer.no, &hex("888237fa213d3412")),
                (_, true) => {
                    let wish = ["ping", "mask", "fragments", "?"][random.below(4)];
                    sim.send(peer.no, &frame(0x81, format!("{{\"do\":\"{wish}\"}}")));
                }
                _ => {
                    let bytes = frame(0x81, word);
                    let cut = random.below(bytes.len());
                    sim.send(peer.no, &bytes[..cut]);
                    sim.send(peer.no, &bytes[cut..]);
                }
            }
            sim.run();
        }
    }
    for peer in peers.iter_mut() {
        peer.came.extend(sim.take(peer.no));
    }
}

fn open(sim: &mut Sim, peers: &mut Vec<Peer>, path: &str, id: Option<usize>, is_viewer: bool) {
    let no = sim.connect();
    sim.send(no, upgrade(path).as_bytes());
    sim.run();
    peers.push(Peer { no, id, is_viewer, came: Vec::new() });
}

/// What clients have said, as this viewer was told.
fn seen(peer: &Peer) -> Vec<String> {
    // Others were refused.
    let Some(frames) = peer.came.strip_prefix(SWITCHING.as_bytes()) else { return Vec::new() };
    let is_client_text = |event: &serde_json::Value| event["dir"] == "C" && event["kind"] == "frame";
    let texts = texts(frames).into_iter().filter(is_client_text);
    texts.map(|event| event["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_viewer_sees_its_own_page_alone_and_nothing_stays() {
    let mut told = 0;
    for seed in 0..40 {
        let mut random = Rng::new(seed);
        let mut sim = viewed();
        let mut peers = Vec::new();
        for nth in 0..400 {
            step(&mut sim, &mut random, &mut peers, nth);
        }
        for peer in peers.iter().filter(|peer| peer.is_viewer) {
            let own = format!("text \"page {} says\"", peer.id.unwrap());
            for title in seen(peer) {
                assert!(
                    title == own || title.starts_with("close") || title.starts_with("pong"),
                    "seed {seed}: {title}"
                );
                told += usize::from(title == own);
            }
        }
        for peer in &peers {
            sim.reset(peer.no);
        }
        sim.advance(Duration::from_secs(60));
        assert_eq!(sim.hub.held_bytes(), 0, "seed {seed}");
        // A place for each of those who come now: nobody holds one.
        for number in 0..32 {
            sim.open(&format!("/wire?id={}", id(1_000 + number)));
        }
    }
    assert!(told > 50, "{told}");
}
