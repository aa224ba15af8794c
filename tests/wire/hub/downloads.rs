//! Many response bodies at once, read piece by piece: they share each turn.

use crate::answer::get;
use crate::disk::Disk;
use crate::sim::{PeerNo, Sim};
use ws101::config::Config;

const LEN: usize = 300_000;

#[test]
fn thousand_downloads_share_each_turn_and_all_end() {
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Disk)]);
    let peers: Vec<PeerNo> = (0..1_000).map(|_| sim.connect()).collect();
    for peer in &peers {
        sim.send(*peer, get(&format!("/?{LEN}")).as_bytes());
    }
    let mut received = vec![0; peers.len()];
    let mut largest_turn = 0;
    // 300,000 bytes each, a mebibyte a turn: 287 turns, and a few for the heads.
    while sim.turns < 300 {
        sim.turn();
        let before: usize = received.iter().sum();
        for (peer, received) in peers.iter().zip(&mut received) {
            *received += sim.take(*peer).len();
        }
        largest_turn = largest_turn.max(received.iter().sum::<usize>() - before);
    }
    // Work of one turn is bounded: a mebibyte of bodies, and at most a thousand heads.
    assert!(largest_turn < (1 << 20) + (256 << 10), "{largest_turn}");
    // All heads are alike, so all answers are as long.
    assert!(received.iter().all(|len| *len == received[0]), "unfair");
    assert!(received[0] > LEN, "nothing moves");
}
