//! Peers that read slowly, or not at all, or only in bits: nothing is lost, nothing grows without
//! a bound, nobody else waits.

mod bodies;
mod fairness;
mod pongs;
mod queues;

use crate::sim::{PeerNo, Sim};

/// Opens the window of this peer by `step` bytes at a time until nothing more comes; what it got.
fn take_in_steps(sim: &mut Sim, peer: PeerNo, mut step: impl FnMut() -> usize) -> Vec<u8> {
    let mut all = sim.take(peer);
    let mut idle = 0;
    // A step of nothing, or one that the server has to answer with a further turn, may give nothing.
    while idle < 20 {
        sim.open_window(peer, step());
        sim.run();
        let output = sim.take(peer);
        idle = if output.is_empty() { idle + 1 } else { 0 };
        all.extend(output);
    }
    all
}
