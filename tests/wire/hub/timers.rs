//! Every state has a deadline: each strikes at its time, and not a millisecond before.

mod gaps;
mod http;
mod message;
mod starving;
mod websocket;

use crate::client::from_server;
use crate::record::{Record, watched};
use crate::sim::{Sim, apps};
use std::time::Duration;
use ws101::config::Config;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Goes on to a moment, in milliseconds since the beginning.
fn until(sim: &mut Sim, moment: u64) {
    let span = moment.checked_sub(sim.now.0).expect("not yet past");
    sim.advance(millis(span));
}

fn watched_sim(config: Config) -> (Sim, Record) {
    let (apps, record) = watched(apps());
    (Sim::with_apps(config, apps), record)
}

fn without_pings() -> Config {
    Config { ping_interval: Duration::ZERO, ..Config::default() }
}

fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    from_server(0x88, [&code.to_be_bytes(), reason.as_bytes()].concat())
}
