//! The wire view on the virtual clock: who sees what of whose connection, and for how long.

mod bounds;
mod events;
mod experiments;
mod ids;
mod random;
mod secrets;

use crate::client::upgrade;
use crate::sim::{PeerNo, Sim};
use serde_json::Value;
use std::time::Duration;
use ws101::config::Config;
use ws101::tools::view;
use ws101::ws::endpoint::Limits;

const ID: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";

/// A server with the wire view.
pub(crate) fn viewed() -> Sim {
    viewed_with(Config::default())
}

fn viewed_with(config: Config) -> Sim {
    let mut sim = Sim::new(config);
    let eye = view::add(&mut sim.hub, Limits::default());
    sim.watch(eye);
    sim
}

/// The texts that came to this peer.
pub(crate) fn texts(bytes: &[u8]) -> Vec<Value> {
    let mut rest = bytes;
    let mut texts = Vec::new();
    while let [first, len, after @ ..] = rest {
        let (len, after) = match len {
            126 => (usize::from(after[0]) << 8 | usize::from(after[1]), &after[2..]),
            127 => (u64::from_be_bytes(after[..8].try_into().unwrap()) as usize, &after[8..]),
            len => (usize::from(*len), after),
        };
        // The others are a Ping or a Close.
        if *first == 0x81 {
            texts.push(serde_json::from_slice(&after[..len]).unwrap());
        }
        rest = &after[len..];
    }
    texts
}

/// What a viewer has been told since it was asked last.
pub(super) fn told(sim: &mut Sim, viewer: PeerNo) -> Vec<Value> {
    sim.advance(Duration::from_millis(200));
    texts(&sim.take(viewer))
}

pub(super) fn titles(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["title"].as_str().unwrap_or("?")).collect()
}

/// The status that a handshake for this path gets.
pub(super) fn status(sim: &mut Sim, path: &str) -> String {
    let peer = sim.connect();
    let answer = sim.exchange(peer, upgrade(path).as_bytes());
    String::from_utf8_lossy(&answer[9..12]).into_owned()
}
