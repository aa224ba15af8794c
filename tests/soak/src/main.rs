//! `make soak`: thousands of connections come and go, half of them badly, in cycles, against the real
//! server. After each cycle nothing of them may be left: no descriptor, no connection, no timer,
//! no work for the processor, no memory.
//!
//! Memory is judged over the whole run: allocators keep some, and what they keep differs from cycle to
//! cycle. The cycles after the first ones are halved; the least resident memory after a cycle of the second half may
//! be at most `SLACK` more than the most after one of the first half.

mod crowd;
mod inbox;
mod kinds;
mod script;
mod visitor;
mod watch;
/// The client's side of RFC 6455 that the server's own tests use.
#[path = "../../wire/client.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all)]
#[allow(clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
mod client;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser, ValueExt};
use watch::{State, Watch};
use ws101_bench::Result;
use ws101_bench::cores::{Cores, raise_file_limit};
use ws101_bench::process::{Program, Server};

const USAGE: &str = "\
soak [--connections 10000] [--cycles 10] [--seconds N] [--server target/release/ws101]

--seconds: no further cycle begins after so many seconds.";

/// Deadlines so short that a cycle takes seconds, and yet so long that a busy machine keeps them.
const DEADLINES: [&str; 12] = [
    "--head-timeout",
    "3s",
    "--keep-alive-timeout",
    "3s",
    "--write-timeout",
    "3s",
    "--ping-interval",
    "1s",
    "--pong-timeout",
    "4s",
    "--close-timeout",
    "2s",
];

/// Files that the client and the server need beside their connections.
const OTHER_FILES: u64 = 64;
/// Growth of resident memory that is not called a leak.
const SLACK: u64 = 512 << 10;

struct Options {
    connections: usize,
    cycles: usize,
    seconds: Option<u64>,
    server: String,
}

impl Options {
    fn parse() -> std::result::Result<Self, lexopt::Error> {
        let mut options = Self {
            connections: 10_000,
            cycles: 10,
            seconds: None,
            server: "target/release/ws101".into(),
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("connections") => options.connections = parser.value()?.parse()?,
                Arg::Long("cycles") => options.cycles = parser.value()?.parse()?,
                Arg::Long("seconds") => options.seconds = Some(parser.value()?.parse()?),
                Arg::Long("server") => options.server = parser.value()?.parse()?,
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// One cycle, in figures.
struct Cycle {
    gathered: Duration,
    took: Duration,
    cpu: Duration,
    files_at_peak: usize,
    resident_at_peak: u64,
    after: State,
    quiet: Duration,
}

fn soak(options: &Options) -> Result<usize> {
    let limit = raise_file_limit()?;
    let room = usize::try_from(limit.saturating_sub(OTHER_FILES))?;
    let connections = options.connections.min(room);
    if connections < options.connections {
        println!(
            "Only {connections} connections instead of {}: a process may open {limit} files here (ulimit -Hn).",
            options.connections
        );
    }
    let mut arguments = vec!["--port", "0", "--log", "error"];
    arguments.extend(DEADLINES);
    let server = Server::start(
        &Program::new(&options.server, &arguments),
        Cores {
            server: None,
            generator: None,
        },
    )?;
    let watch = Watch::new(&server)?;
    println!("{} at {}: {}", options.server, server.address, watch.baseline);
    println!("{}", HEADINGS);
    let began = Instant::now();
    let mut cycles = Vec::new();
    let mut number = 0;
    while cycles.len() < options.cycles
        && options.seconds.is_none_or(|seconds| began.elapsed().as_secs() < seconds)
    {
        let cycle = cycle(&server, &watch, &mut number, connections)
            .map_err(|what| format!("cycle {}: {what}", cycles.len() + 1))?;
        println!("{}", cycle.row(cycles.len() + 1));
        cycles.push(cycle);
    }
    judge_memory(&cycles)?;
    server.stop()?;
    Ok(cycles.len() * connections)
}

const HEADINGS: &str = "cycle  gathered  in all  CPU  files at peak  after  RSS at peak  after  CPU in a quiet second";

impl Cycle {
    fn row(&self, number: usize) -> String {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        format!(
            "{number:>5}  {:>6.1} s {:>5.1} s {:>6.2} s {:>14} {:>6} {:>8.2} MiB {:>6.2} {:>9.3} ms",
            self.gathered.as_secs_f64(),
            self.took.as_secs_f64(),
            self.cpu.as_secs_f64(),
            self.files_at_peak,
            self.after.files,
            mib(self.resident_at_peak),
            mib(self.after.resident),
            self.quiet.as_secs_f64() * 1e3,
        )
    }
}

fn cycle(server: &Server, watch: &Watch<'_>, number: &mut u64, count: usize) -> Result<Cycle> {
    let began = Instant::now();
    let cpu = server.cpu_time()?;
    let mut peak = (0, 0);
    let (report, staying) = crowd::visit(server.address, *number, count, || {
        peak = (server.open_files()?, server.resident_memory()?);
        Ok(())
    })?;
    *number += count as u64;
    if !report.complaints.is_empty() {
        let mut text = "not served as they should have been:".to_owned();
        for ((name, what), count) in &report.complaints {
            text += &format!("\n  {count} x {name}: {what}");
        }
        return Err(text.into());
    }
    // Those who read nothing are still there: the server must have let go of them by itself.
    let after = watch.settled()?;
    drop(staying);
    let quiet = watch.quiet()?;
    Ok(Cycle {
        gathered: report.gathered,
        took: began.elapsed(),
        cpu: server.cpu_time()?.saturating_sub(cpu),
        files_at_peak: peak.0,
        resident_at_peak: peak.1,
        after,
        quiet,
    })
}

/// See the head of this file.
fn judge_memory(cycles: &[Cycle]) -> Result<()> {
    let warm = if cycles.len() >= 6 { 2 } else { 1 };
    let judged: Vec<u64> = cycles.iter().skip(warm).map(|cycle| cycle.after.resident).collect();
    let (first, second) = judged.split_at(judged.len() / 2);
    let (Some(most), Some(least)) = (first.iter().max(), second.iter().min()) else {
        println!("Too few cycles to judge memory.");
        return Ok(());
    };
    if *least > most + SLACK {
        return Err(format!(
            "memory grows: at most {most} bytes resident after the cycles {} to {}, at least {least} after the later ones",
            warm + 1,
            warm + first.len(),
        )
        .into());
    }
    Ok(())
}

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("soak: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match soak(&options) {
        Ok(visitors) => {
            println!("{visitors} connections came and went, half of them badly, and nothing stayed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
