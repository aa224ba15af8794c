//! What is left of visitors when they have gone: files, memory, processor time, and what the server
//! itself counts.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use ws101_bench::Result;
use ws101_bench::process::Server;

/// How long the server may take to let go of what visitors left: longer than its deadlines.
const PATIENCE: Duration = Duration::from_secs(30);
/// Processor time in a second in which nothing happens.
const MOST_QUIET: Duration = Duration::from_millis(1);

/// How the server stands.
#[derive(Debug, Clone)]
pub struct State {
    /// Open files.
    pub files: usize,
    /// Resident bytes.
    pub resident: u64,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.resident as f64 / f64::from(1 << 20);
        write!(f, "{} open files, {mib:.2} MiB resident", self.files)
    }
}

/// A server that is watched.
pub struct Watch<'a> {
    server: &'a Server,
    /// Before the first visitor.
    pub baseline: State,
}

impl<'a> Watch<'a> {
    pub fn new(server: &'a Server) -> Result<Self> {
        thread::sleep(Duration::from_millis(200));
        Ok(Self {
            server,
            baseline: state(server)?,
        })
    }

    /// Waits until all visitors have been let go of.
    ///
    /// # Errors
    /// They have not.
    pub fn settled(&self) -> Result<State> {
        let began = Instant::now();
        loop {
            let now = state(self.server)?;
            if now.files <= self.baseline.files {
                thread::sleep(Duration::from_millis(300));
                return state(self.server);
            }
            if began.elapsed() > PATIENCE {
                let more = now.files - self.baseline.files;
                return Err(format!(
                    "{more} descriptors are still open half a minute after the last visitor left"
                )
                .into());
            }
            thread::sleep(Duration::from_millis(50));
        }
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
            return Err(format!("nobody is there, and it used {used:?} of processor time in a second").into());
        }
        Ok(used)
    }
}

fn state(server: &Server) -> Result<State> {
    Ok(State {
        files: server.open_files()?,
        resident: server.resident_memory()?,
    })
}
