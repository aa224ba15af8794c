//! Server processes: started on their core, watched through /proc, ended with SIGTERM.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Result;
use crate::children;
use crate::cores::{Cores, pin};

/// How long a server may take to start, to notice something, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a runtime may open beside connections after its start line.
const FILES_OF_ITS_OWN: usize = 8;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable, looked up in PATH when it has no slash.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// It is a tracer: the server is its child, and ends it by ending.
    pub is_tracer: bool,
}

impl Program {
    /// A server by its path and arguments.
    pub fn new(path: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self {
            path: path.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            is_tracer: false,
        }
    }

    /// This program as the argument of another, such as strace.
    #[must_use]
    pub fn under(&self, tool: &str, options: &[OsString], is_tracer: bool) -> Self {
        let mut arguments = options.to_vec();
        arguments.push(self.path.clone().into());
        arguments.extend(self.arguments.iter().cloned());
        Self { path: tool.into(), arguments, is_tracer }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The server itself, also when it runs under a tool that is its parent.
    pid: u32,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the moment before it was started to its start line.
    pub start_up: Duration,
}

impl Server {
    /// Starts the program on the servers' core and waits for the line `Server running at http://ADDRESS`.
    ///
    /// # Errors
    /// It cannot be started, ends at once, or says something else.
    pub fn start(program: &Program, cores: Cores) -> Result<Self> {
        let name = program.path.display();
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).stdout(Stdio::piped());
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("WS101_") {
                command.env_remove(variable);
            }
        }
        pin(cores.server)?;
        let started = Instant::now();
        let child = children::spawn(&mut command);
        pin(cores.generator)?;
        let mut child = child.map_err(|error| format!("{name}: {error}"))?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (sender, receiver) = mpsc::channel();
        // The thread lives on to keep the pipe open; it ends with the server.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                let _ = sender.send((started.elapsed(), line));
            }
        });
        let mut server = Self {
            pid: child.id(),
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            start_up: Duration::ZERO,
        };
        let (start_up, line) =
            receiver.recv_timeout(PATIENCE).map_err(|_| format!("{name} did not say where it listens"))?;
        server.start_up = start_up;
        server.address = line
            .rsplit_once("http://")
            .and_then(|(_, address)| address.trim_end_matches('/').parse().ok())
            .ok_or_else(|| format!("{name} said {line:?} instead of where it listens"))?;
        if program.is_tracer {
            let children = server.proc_file(&format!("task/{}/children", server.pid))?;
            let child = children.split_whitespace().next();
            server.pid = child.ok_or("the tracer traces nothing")?.parse()?;
        }
        Ok(server)
    }

    fn proc_file(&self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.pid);
        fs::read_to_string(&path).map_err(|error| format!("{path}: {error}").into())
    }

    /// Processor time of all its threads, user and system, in nanoseconds.
    ///
    /// # Errors
    /// The process has ended, or the kernel keeps no such count.
    pub fn cpu_time(&self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let counts = fs::read_to_string(thread?.path().join("schedstat"))?;
            let own = counts.split_whitespace().next();
            nanos += own.ok_or("empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// How often it was taken from its core, by itself or by the kernel.
    ///
    /// # Errors
    /// The process has ended.
    pub fn context_switches(&self) -> Result<u64> {
        sum_of_fields(&self.proc_file("status")?, |name| name.ends_with("voluntary_ctxt_switches"))
    }

    /// Pages that it touched and that had to be given to it, without a look at the disk, since it was started.
    ///
    /// # Errors
    /// The process has ended.
    pub fn page_faults(&self) -> Result<u64> {
        minor_faults(&self.proc_file("stat")?)
    }

    /// The most that was resident at any time, in bytes.
    ///
    /// # Errors
    /// The process has ended.
    pub fn peak_resident_memory(&self) -> Result<u64> {
        Ok(sum_of_fields(&self.proc_file("status")?, |name| name == "VmHWM")? << 10)
    }

    /// Memory that no other process shares, in bytes.
    ///
    /// # Errors
    /// The process has ended.
    pub fn private_memory(&self) -> Result<u64> {
        let kilobytes = sum_of_fields(&self.proc_file("smaps_rollup")?, |name| {
            name == "Private_Clean" || name == "Private_Dirty"
        })?;
        Ok(kilobytes << 10)
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// The process has ended.
    pub fn resident_memory(&self) -> Result<u64> {
        Ok(sum_of_fields(&self.proc_file("smaps_rollup")?, |name| name == "Rss")? << 10)
    }

    /// Number of files it has open.
    ///
    /// # Errors
    /// The process has ended.
    pub fn open_files(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid))?.count())
    }

    /// Waits until it has so many files open.
    ///
    /// A few more are no connections: some runtimes open files of their own when the first one comes.
    ///
    /// # Errors
    /// It still has not, after half a minute.
    pub fn wait_for_open_files(&self, wanted: usize) -> Result<()> {
        let started = Instant::now();
        loop {
            let open = self.open_files()?;
            if (wanted..=wanted + FILES_OF_ITS_OWN).contains(&open) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("the server has {open} files open, not {wanted}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(mut self) -> Result<()> {
        signal(self.pid, Signal::TERM)?;
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            if started.elapsed() > PATIENCE {
                return Err("the server does not end on SIGTERM".into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        children::forget(&self.child);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            children::kill(&mut self.child);
        }
    }
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).ok_or("no such process")?;
    Ok(kill_process(pid, signal)?)
}

/// The tenth field of /proc/PID/stat; the second is a name in brackets, in which anything may stand.
fn minor_faults(stat: &str) -> Result<u64> {
    let behind_the_name = stat.rsplit_once(')').map_or(stat, |(_, rest)| rest);
    let field = behind_the_name.split_whitespace().nth(7);
    Ok(field.ok_or("the kernel does not say")?.parse()?)
}

/// Adds the numbers of those lines `name: number` whose name is wanted.
fn sum_of_fields(text: &str, wanted: impl Fn(&str) -> bool) -> Result<u64> {
    let mut sum = None;
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(':')
            && wanted(name)
        {
            let number = value.split_whitespace().next().unwrap_or_default();
            *sum.get_or_insert(0) += number.parse::<u64>()?;
        }
    }
    sum.ok_or_else(|| "the kernel does not say".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_faults_are_read_whatever_the_process_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 931 12 3 0 5 6 0 0 20 0 1 0 99 4096 25";
        assert_eq!(minor_faults(stat).unwrap(), 931);
        assert!(minor_faults("7 (a) S 1").is_err());
    }
}
