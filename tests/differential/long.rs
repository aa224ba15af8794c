//! The long run: `make differential`, which also installs Python's `websockets`.
//!
//! `--streams N` how many (default 100,000), `--seed N`, `--first N` the number of the first one,
//! `--python FILE` a Python that has `websockets`; without it, tungstenite is the only peer.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod differences;
mod ours;
mod outcome;
mod peers;
mod plain;
mod python;
mod run;
mod streams;
/// The virtual clock and the client of the other tests.
#[allow(dead_code)]
#[path = "../wire/support"]
mod wire {
    pub mod client;
    pub mod sim;
}

use lexopt::{Arg, ValueExt};
use peers::Peer;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use wire::{client, sim};

struct Options {
    seed: u64,
    first: u64,
    streams: u64,
    python: Option<String>,
}

impl Options {
    fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self { seed: 1, first: 0, streams: 100_000, python: None };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("seed") => options.seed = parser.value()?.parse()?,
                Arg::Long("first") => options.first = parser.value()?.parse()?,
                Arg::Long("streams") => options.streams = parser.value()?.parse()?,
                Arg::Long("python") => options.python = Some(parser.value()?.parse()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Runs all streams against the peer; what it prints at the end is the result.
fn compare(options: &Options, peer: &mut dyn Peer) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let numbers = options.first..options.first + options.streams;
    let name = peer.name();
    let counts = run::run(options.seed, numbers, peer, |number| {
        let done = number - options.first;
        if done > 0 && done.is_multiple_of(20_000) {
            eprintln!("{name}: {done} streams");
        }
    })?;
    println!("ws101 and {name}, {} streams of seed {}:", options.streams, options.seed);
    println!("{:>10}  the same", counts.same);
    for (difference, count) in &counts.explained {
        println!("{count:>10}  {difference:?}");
    }
    let broken: u64 = counts.broken.values().sum();
    println!("{broken:>10}  broke a rule: {:?}", counts.broken);
    let seconds = began.elapsed().as_secs();
    println!("{:>10}  unexplained ({seconds} s)\n", 0);
    Ok(())
}

fn all(options: &Options) -> Result<usize, Box<dyn Error>> {
    compare(options, &mut peers::Tungstenite)?;
    let Some(python) = &options.python else { return Ok(1) };
    compare(options, &mut python::Python::start(python)?)?;
    Ok(2)
}

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("differential: {error}");
            return ExitCode::from(2);
        }
    };
    match all(&options) {
        Ok(peers) => {
            println!(
                "{} streams against {peers} implementations, every divergence explained",
                options.streams
            );
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("{what}\n1 divergence unexplained");
            ExitCode::FAILURE
        }
    }
}
