//! What is left of visitors when they have gone: files, memory, processor time, and what the server
//! itself counts.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use ws101_bench::Result;
use ws101_bench::process::Server;

/// How long the server may take to let go of what visitors left: longer than its deadlines.
const PATIENCE: Duration = Duration::from_secs(30);
/// What it may need to give memory back.
const PAUSE: Duration = Duration::from_millis(300);
/// Processor time in a second in which nothing happens.
const MOST_QUIET: Duration = Duration::from_millis(1);

/// What `/metrics` tells of things that come and go. The request itself is one connection with one timer.
const GAUGES: [&str; 7] = [
    "ws101_connections",
    "ws101_websockets",
    "ws101_handshakes",
    "ws101_timers",
    "ws101_open_files",
    "ws101_queued_bytes",
    "ws101_held_bytes",
];

/// Those numbers, by name; none of a server without `/metrics`.
pub type Gauges = BTreeMap<String, f64>;

/// How the server stands when nobody is there.
#[derive(Debug, Clone)]
pub struct State {
    /// Open files.
    pub files: usize,
    /// Resident bytes.
    pub resident: u64,
    /// What it counts.
    pub gauges: Gauges,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.resident as f64 / f64::from(1 << 20);
        write!(f, "{} open files, {mib:.2} MiB resident", self.files)?;
        for (name, value) in &self.gauges {
            write!(f, ", {value} {}", name.trim_start_matches("ws101_"))?;
        }
        Ok(())
    }
}

/// A server that is watched.
#[derive(Debug)]
pub struct Watch<'a> {
    server: &'a Server,
    /// Before the first visitor.
    pub baseline: State,
}

impl<'a> Watch<'a> {
    /// Looks at a server that nobody has visited.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn new(server: &'a Server) -> Result<Self> {
        // The first request makes it open what it opens once.
        gauges(server.address)?;
        thread::sleep(PAUSE);
        let files = server.open_files()?;
        let gauges = gauges(server.address)?;
        server.wait_for_open_files(files)?;
        let baseline = State { files, resident: server.resident_memory()?, gauges };
        Ok(Self { server, baseline })
    }

    /// Waits until all visitors have been let go of.
    ///
    /// # Errors
    /// They have not.
    pub fn settled(&self) -> Result<State> {
        let began = Instant::now();
        while let Some(rest) = self.rest()? {
            if began.elapsed() > PATIENCE {
                return Err(format!("half a minute after the last visitor left there is still{rest}").into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.server.wait_for_open_files(self.baseline.files)?;
        thread::sleep(PAUSE);
        Ok(State { resident: self.server.resident_memory()?, ..self.baseline.clone() })
    }

    /// What is left of the visitors, in words.
    fn rest(&self) -> Result<Option<String>> {
        let files = self.server.open_files()?;
        if files > self.baseline.files {
            return Ok(Some(format!(": open files {files}, not {}", self.baseline.files)));
        }
        let now = gauges(self.server.address)?;
        let mut rest = String::new();
        for (name, value) in &self.baseline.gauges {
            let now = now.get(name).copied().unwrap_or(f64::NAN);
            if now != *value {
                let _ = write!(rest, ": {name} {now}, not {value}");
            }
        }
        Ok((!rest.is_empty()).then_some(rest))
    }

    /// The processor time of a second in which nobody is there.
    ///
    /// # Errors
    /// It is not zero, or nearly.
    pub fn quiet(&self) -> Result<Duration> {
        let before = self.server.cpu_time()?;
        thread::sleep(Duration::from_secs(1));
        let used = self.server.cpu_time()?.saturating_sub(before);
        if used > MOST_QUIET {
            return Err(format!("nobody is there, and yet it worked for {used:?} in a second").into());
        }
        Ok(used)
    }
}

/// Asks the server.
///
/// # Errors
/// It does not answer, or has met a bug.
pub fn gauges(server: SocketAddr) -> Result<Gauges> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        return Ok(Gauges::new());
    }
    let samples = answer.lines().filter_map(|line| line.split_once(' '));
    let values: Gauges =
        samples.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect();
    match values.get("ws101_panics_total") {
        Some(0.0) => {}
        other => return Err(format!("ws101_panics_total is {other:?}").into()),
    }
    let is_gauge = |name: &String| GAUGES.contains(&name.as_str());
    Ok(values.into_iter().filter(|(name, _)| is_gauge(name)).collect())
}
