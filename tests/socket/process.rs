//! A server process that a test starts, and that ends with the test, whatever happens.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What no healthy server needs, however slow the machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// For tests in which silence must not end a connection.
pub const NO_PING: [&str; 2] = ["--ping-interval", "0"];

/// The program with these arguments and an empty environment, all streams piped.
pub fn command<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = piped(Path::new(env!("CARGO_BIN_EXE_ws101")));
    command.args(arguments);
    command
}

/// A program with an empty environment, all streams piped.
pub fn piped(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// One of the examples of Cargo.toml, with an empty environment, all streams piped.
pub fn example(name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_ws101"));
    let program = program.with_file_name("examples").join(name);
    let hint = "`cargo build --examples` makes it, and so does `cargo test` without --test";
    assert!(program.exists(), "{} is missing: {hint}", program.display());
    piped(&program)
}

/// The program, started by a shell that sets a limit first.
pub fn limited(limit: &str, arguments: &[&str]) -> Command {
    let mut shell = piped(Path::new("/bin/sh"));
    let script = format!("{limit}; exec \"$0\" --port 0 \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_ws101")]);
    shell.args(NO_PING).args(arguments);
    shell
}

/// What a program that ends by itself left behind.
pub struct Outcome {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command that is expected to end by itself.
pub fn outcome(mut command: Command) -> Outcome {
    let mut server = Guard(command.spawn().unwrap());
    let status = server.wait();
    let mut outcome = Outcome { status: status.code(), stdout: String::new(), stderr: String::new() };
    let (stdout, stderr) = (server.0.stdout.take(), server.0.stderr.take());
    stdout.unwrap().read_to_string(&mut outcome.stdout).unwrap();
    stderr.unwrap().read_to_string(&mut outcome.stderr).unwrap();
    outcome
}

/// Kills the process at the end, if it still runs.
pub struct Guard(pub Child);

impl Guard {
    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the program does not end");
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running server.
pub struct Server {
    guard: Guard,
    pub port: u16,
    /// Kept open, as a terminal would.
    pub stdout: Option<ChildStdout>,
    log: Receiver<String>,
}

impl Server {
    /// On a free port of 127.0.0.1, without pings, with these further arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let all = ["--port", "0"].iter().chain(&NO_PING).chain(arguments);
        Self::spawn(command(all.copied()))
    }

    /// Waits for the start line, and takes the port from it.
    pub fn spawn(mut command: Command) -> Self {
        let mut guard = Guard(command.spawn().unwrap());
        let mut reader = BufReader::new(guard.0.stdout.take().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let port = line
            .strip_prefix("Server running at http://")
            .and_then(|rest| rest.trim_end().rsplit_once(':'))
            .and_then(|(_, port)| port.parse().ok());
        // A test that has redirected it reads it itself.
        let stderr = guard.0.stderr.take();
        let log = stderr.map_or_else(|| mpsc::channel().1, lines);
        let Some(port) = port else {
            let said = log.recv_timeout(PATIENCE);
            panic!("start line {line:?}, on stderr {said:?}");
        };
        Self { guard, port, stdout: Some(reader.into_inner()), log }
    }

    /// The next line on stderr.
    pub fn log_line(&self) -> String {
        self.log.recv_timeout(PATIENCE).expect("a line on stderr")
    }

    pub fn pid(&self) -> u32 {
        self.guard.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid() as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// While `meanwhile` runs the server stands still, so that it finds all of it at once.
    pub fn frozen<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        self.signal(Signal::STOP);
        if cfg!(target_os = "linux") {
            eventually("the server stands still", || self.proc("status").contains("\nState:\tT"));
        }
        let result = meanwhile();
        self.signal(Signal::CONT);
        result
    }

    /// A file of `/proc/PID` (Linux).
    pub fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.pid())).unwrap()
    }

    /// Nobody reads its stderr any more, once the next line has come.
    pub fn hang_up_stderr(&mut self) {
        (_, self.log) = mpsc::channel();
    }

    pub fn is_running(&mut self) -> bool {
        self.guard.0.try_wait().unwrap().is_none()
    }

    /// Waits for the server to end by itself, and gives its exit status.
    pub fn exit_status(&mut self) -> Option<i32> {
        self.guard.wait().code()
    }
}

/// The lines that can be read there, as they come.
pub fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// How many files this process, with all its clients, may have open: as many as the system allows.
pub fn raise_file_limit() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    let raised = getrlimit(Resource::Nofile).current;
    raised.map_or(usize::MAX, |limit| limit as usize)
}

/// Asks again and again until the answer is yes.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// An empty directory, removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("socket-{}-{number}", std::process::id());
        let scratch = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
        std::fs::create_dir_all(&scratch.0).unwrap();
        scratch
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
