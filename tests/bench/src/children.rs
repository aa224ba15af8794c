//! What this program has started, so that it can all be ended when somebody interrupts it.
//!
//! Each child leads a process group of its own: a tracer and what it traces, or a package manager and its
//! helpers, end together. A child is on the list from the moment it exists.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn groups() -> MutexGuard<'static, BTreeSet<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on SIGINT, SIGTERM and SIGHUP end the children, then this program.
///
/// # Errors
/// The signals cannot be watched.
pub fn end_with_us() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        // Held until the end, so that nobody starts another one.
        let groups = groups();
        groups.iter().for_each(|group| kill_group(*group));
        let ended = groups.len();
        eprintln!("\nbench: interrupted, {ended} children ended; no report");
        exit(128 + signal);
    });
    Ok(())
}

/// Starts a child.
///
/// # Errors
/// It cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut groups = groups();
    let child = command.process_group(0).spawn()?;
    groups.insert(child.id());
    Ok(child)
}

/// A child has ended and been waited for.
pub fn forget(child: &Child) {
    groups().remove(&child.id());
}

/// Ends a child at once, with everything it has started.
pub fn kill(child: &mut Child) {
    kill_group(child.id());
    let _ = child.wait();
    forget(child);
}

fn kill_group(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// It cannot be started.
pub fn output(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let child = spawn(command.stderr(Stdio::piped()))?;
    let id = child.id();
    let output = child.wait_with_output();
    groups().remove(&id);
    output
}
