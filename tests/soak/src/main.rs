//! `soak`: thousands of connections come and go, half of them badly, in cycles, against the real
//! server. After each cycle nothing of them may be left: no descriptor, no connection, no timer,
//! no work for the processor, no memory.
//!
//! Memory is judged over the whole run, by what is resident after each cycle. The first two do not count; the others are
//! cut into three parts, and memory leaks if the median grows by more than `SLACK` from the first part to the second and again
//! to the third. (One step is none: a cycle may happen to need more than those before.) So that small leaks are not hidden
//! by what the C library keeps for later use, it is told to keep little (`LEAN`).

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser, ValueExt};
use ws101_bench::cores::{Cores, raise_file_limit};
use ws101_bench::process::{Program, Server};
use ws101_bench::{Result, target_dir};
use ws101_soak::crowd::{self, Moment, Report, Who};
use ws101_soak::watch::{self, Gauges, State, Watch};

const USAGE: &str = "\
soak [--connections 10000] [--cycles 10] [--seconds N] [--server target/release/ws101]

--seconds: no further cycle begins after so many seconds.";

/// Deadlines so short that a cycle takes seconds, and yet so long that a busy machine keeps them.
const DEADLINES: [&str; 12] = [
    "--head-timeout",
    "5s",
    "--keep-alive-timeout",
    "6s",
    "--write-timeout",
    "4s",
    "--ping-interval",
    "2s",
    "--pong-timeout",
    "8s",
    "--close-timeout",
    "4s",
];

/// glibc gives back what is free at the end of its heap, and does not put large blocks there. (With its own
/// numbers some 20 MiB stay after 10,000 visitors, no more after the tenth cycle than after the first.)
const LEAN: [&str; 2] = ["MALLOC_TRIM_THRESHOLD_=65536", "MALLOC_MMAP_THRESHOLD_=16384"];

/// Files that the client and the server need beside their connections.
const OTHER_FILES: u64 = 64;
/// Visitors who come after each cycle, to see whether the server still answers.
const FEW: usize = 60;
/// Cycles after which memory is not judged: they are the first to need what all need.
const WARM: usize = 2;
/// Growth of resident memory that is not called a leak.
const SLACK: u64 = 256 << 10;

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
            server: target_dir().join("release/ws101").display().to_string(),
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
    connections_at_peak: usize,
    at_peak: Gauges,
    most_resident: u64,
    after: State,
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
    // The soak is not about refusals.
    let most = (connections as u64 + OTHER_FILES / 2).to_string();
    let mut arguments = LEAN.to_vec();
    arguments.extend([options.server.as_str(), "--port", "0", "--log", "error"]);
    arguments.extend(["--max-connections", &most, "--max-handshakes", &most]);
    arguments.extend(DEADLINES);
    let server = Server::start(&Program::new("env", &arguments), Cores { server: None, generator: None })?;
    let watch = Watch::new(&server)?;
    println!("{} at {}: {}", options.server, server.address, watch.baseline);
    println!("{}", headings());
    let began = Instant::now();
    let mut cycles = Vec::new();
    while cycles.len() < options.cycles
        && options.seconds.is_none_or(|seconds| began.elapsed().as_secs() < seconds)
    {
        let number = cycles.len() + 1;
        let first = (number * 2 * connections.max(FEW)) as u64;
        let cycle =
            cycle(&server, &watch, first, connections).map_err(|what| format!("cycle {number}: {what}"))?;
        println!("{}", cycle.row(number));
        cycles.push(cycle);
    }
    let resident: Vec<u64> = cycles.iter().map(|cycle| cycle.after.resident).collect();
    judge_memory(&resident)?;
    server.stop()?;
    Ok(cycles.len() * connections)
}

/// A line of the table.
fn row(cells: [&str; 9]) -> String {
    let [cycle, gathered, took, cpu, peak, timers, files, most, resident] = cells;
    format!(
        "{cycle:>5} {gathered:>9} {took:>7} {cpu:>7} {peak:>11} {timers:>7} {files:>11} {most:>9} {resident:>9}"
    )
}

fn headings() -> String {
    let first = row(["", "all came", "", "CPU", "connections", "timers", "files", "RSS", "RSS"]);
    let second = row(["cycle", "in", "took", "time", "at peak", "at peak", "after", "at most", "after"]);
    format!("{first}\n{second}")
}

impl Cycle {
    fn row(&self, number: usize) -> String {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let mib = |bytes: u64| format!("{:.2} M", bytes as f64 / f64::from(1 << 20));
        let gauge = |name: &str| self.at_peak.get(name).map_or("-".into(), f64::to_string);
        row([
            &number.to_string(),
            &seconds(self.gathered),
            &seconds(self.took),
            &seconds(self.cpu),
            &self.connections_at_peak.to_string(),
            &gauge("ws101_timers"),
            &self.after.files.to_string(),
            &mib(self.most_resident),
            &mib(self.after.resident),
        ])
    }
}

fn cycle(server: &Server, watch: &Watch<'_>, first: u64, count: usize) -> Result<Cycle> {
    let (began, cpu) = (Instant::now(), server.cpu_time()?);
    let (mut connections_at_peak, mut most_resident) = (0, 0);
    let mut at_peak = Gauges::new();
    let (report, staying) = crowd::visit(server.address, Who::All, first, count, &mut |moment| {
        if moment == Moment::Gathered {
            connections_at_peak = server.open_files()?.saturating_sub(watch.baseline.files);
            at_peak = watch::gauges(server.address)?;
        }
        most_resident = server.resident_memory()?.max(most_resident);
        Ok(())
    })?;
    as_it_should_be(&report)?;
    let gathered = report.gathered;
    // Those who read nothing are still there: the server must have let go of them by itself.
    watch.settled()?;
    drop(staying);
    let (took, cpu) = (began.elapsed(), server.cpu_time()?.saturating_sub(cpu));
    // And it still answers.
    let first = first + count as u64;
    let (report, _) = crowd::visit(server.address, Who::Quick, first, FEW, &mut |_| Ok(()))?;
    as_it_should_be(&report)?;
    let after = watch.settled()?;
    watch.quiet()?;
    Ok(Cycle { gathered, took, cpu, connections_at_peak, at_peak, most_resident, after })
}

fn as_it_should_be(report: &Report) -> Result<()> {
    if report.complaints.is_empty() {
        return Ok(());
    }
    let mut text = "not served as they should have been:".to_owned();
    for ((name, what), count) in report.complaints.iter().take(20) {
        text += &format!("\n  {count} x {name}: {what}");
    }
    text +=
        "\nIf these are timeouts: was the machine too busy for this program to keep the server's deadlines?";
    Err(text.into())
}

/// See the head of this file.
fn judge_memory(resident: &[u64]) -> Result<()> {
    let judged = resident.get(WARM..).unwrap_or_default();
    let third = judged.len() / 3;
    let (first, rest) = judged.split_at(third);
    let (second, last) = rest.split_at(rest.len() - third);
    let (Some(first), Some(second), Some(last)) = (median(first), median(second), median(last)) else {
        println!("Too few cycles to judge memory: it takes {}.", WARM + 3);
        return Ok(());
    };
    if second > first + SLACK && last > second + SLACK {
        let kib = [first, second, last].map(|bytes| bytes >> 10);
        return Err(format!(
            "memory grows: after the first, middle and last cycles {kib:?} KiB are resident"
        )
        .into());
    }
    Ok(())
}

fn median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Mebibytes after the cycles of a run, in hundredths.
    fn verdict(hundredths: [u64; 10]) -> bool {
        let bytes = hundredths.map(|value| (value << 20) / 100);
        judge_memory(&bytes).is_ok()
    }

    #[test]
    fn steady_growth_is_a_leak_and_fluctuation_is_none() {
        assert!(verdict([682, 741, 748, 741, 741, 742, 742, 742, 749, 754]));
        assert!(!verdict([790, 800, 820, 850, 880, 910, 940, 975, 1041, 1087]));
        assert!(verdict([682, 741, 742, 742, 742, 742, 742, 742, 1207, 1207]));
        assert!(verdict([950, 950, 1207, 1207, 1207, 1207, 1207, 1207, 1207, 1207]));
        assert!(verdict([682, 741, 742, 742, 742, 742, 900, 742, 742, 742]));
        assert!(verdict([300, 2000, 742, 742, 742, 742, 742, 742, 742, 742]));
    }
}
