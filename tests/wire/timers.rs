//! LIMITS §1: every deadline, at its time and not a millisecond before.

mod http;
mod websocket;

use crate::sim::Sim;
use std::time::Duration;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Goes on to a moment, in milliseconds since the beginning.
fn until(sim: &mut Sim, moment: u64) {
    let span = moment.checked_sub(sim.now.0).expect("not yet past");
    sim.advance(millis(span));
}
