//! Lines for a descriptor that others have too, such as stderr. Writing one never waits.
//!
//! The reader of a log may stand still: a pager, a terminal after Ctrl-S, a collector that hangs. A
//! server must go on then, so a line for which there is no room is lost. Lost lines are counted, and a
//! line tells how many they were as soon as there is room again.
//!
//! The descriptor is shared with other processes, which would suffer from `O_NONBLOCK`. So before each
//! write we ask whether there is room. For a pipe that means at least [`PIPE_BUF`] bytes.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A terminal that says it takes bytes takes 256, and makes two of each line end.
const TERMINAL_BYTES: usize = 128;

/// Takes bytes, and passes them on in whole lines.
///
/// No call fails. What cannot be written because of an error (nobody reads any more, the disk is
/// full) is dropped and not counted.
#[derive(Debug)]
pub struct Outlet<F> {
    to: F,
    /// The line that is being put together.
    line: Vec<u8>,
    /// The end of a line of which the beginning is written.
    rest: Vec<u8>,
    /// Lines lost since the last that told of them.
    lost: u64,
    /// Makes the line that tells how many were lost, with its end.
    notice: fn(u64) -> String,
    /// Whether something is owed: lost lines, or the rest of a line. Then somebody should call `flush` now and then.
    pub owes: Arc<AtomicBool>,
}

impl<F: AsFd> Outlet<F> {
    /// Writes to `to`. `notice` makes the line that tells how many lines were lost, `\n` included.
    pub fn new(to: F, notice: fn(u64) -> String) -> Self {
        Self { to, line: Vec::new(), rest: Vec::new(), lost: 0, notice, owes: Arc::default() }
    }

    /// Writes as much of a line as there is room for, and keeps what is left. `false`: there is no room.
    fn put(&mut self, line: &[u8]) -> bool {
        let sent = send(&self.to, line);
        if sent > 0 {
            self.rest.extend_from_slice(line.get(sent..).unwrap_or_default());
        }
        sent > 0
    }

    fn note(&self) {
        self.owes.store(self.lost > 0 || !self.rest.is_empty(), Ordering::Relaxed);
    }
}

/// Writes as much as there is room for, and returns how many bytes. After an error that is all of them.
fn send(to: &impl AsFd, bytes: &[u8]) -> usize {
    // Whether a write does not have to wait. After an error it would fail at once.
    let has_room = || {
        let mut asked = [PollFd::new(to, PollFlags::OUT)];
        poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    };
    let step = if to.as_fd().is_terminal() { TERMINAL_BYTES } else { PIPE_BUF };
    let mut left = bytes;
    while !left.is_empty() && has_room() {
        match rustix::io::write(to, left.get(..step).unwrap_or(left)) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(len) => left = left.get(len..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(_) => return bytes.len(),
        }
    }
    bytes.len() - left.len()
}

impl<F: AsFd> Write for Outlet<F> {
    /// A line may come in pieces. One that ends with `\n` ends it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if bytes.ends_with(b"\n") {
            self.flush()?;
            let mut line = mem::take(&mut self.line);
            if self.owes.load(Ordering::Relaxed) || !self.put(&line) {
                self.lost += 1;
            }
            line.clear();
            self.line = line;
            self.note();
        }
        Ok(bytes.len())
    }

    /// Tries to make up for what is owed. A line without its end is not written.
    fn flush(&mut self) -> io::Result<()> {
        let sent = send(&self.to, &self.rest);
        self.rest.drain(..sent);
        if self.rest.is_empty() && self.lost > 0 && self.put((self.notice)(self.lost).as_bytes()) {
            self.lost = 0;
        }
        self.note();
        Ok(())
    }
}
