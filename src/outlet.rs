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
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A terminal that says it takes bytes takes 256, and makes two of each line end.
const TERMINAL_BYTES: usize = 128;

/// Whether an [`Outlet`] has something to make up for: lost lines, or the rest of a line. Then
/// somebody should call its `flush` now and then. Clones tell of the same outlet.
#[derive(Debug, Clone, Default)]
pub struct Owing(Arc<AtomicBool>);

impl Owing {
    /// There is something to make up for.
    #[must_use]
    #[inline]
    pub fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

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
    owing: Owing,
}

impl<F: AsFd> Outlet<F> {
    /// Writes to `to`. `notice` makes the line that tells how many lines were lost, `\n` included.
    pub fn new(to: F, notice: fn(u64) -> String) -> Self {
        Self {
            to,
            line: Vec::new(),
            rest: Vec::new(),
            lost: 0,
            notice,
            owing: Owing::default(),
        }
    }

    /// Tells from now on whether there is something to make up for.
    #[must_use]
    pub fn owing(&self) -> Owing {
        self.owing.clone()
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if !self.catch_up() || !self.put(&line) {
            self.lost += 1;
        }
        line.clear();
        self.line = line;
        self.note_owing();
    }

    /// Writes what is owed. `false`: there is no room for it.
    fn catch_up(&mut self) -> bool {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() && !self.put(&rest) {
            self.rest = rest;
        }
        if self.rest.is_empty() && self.lost > 0 {
            let notice = (self.notice)(self.lost);
            if !self.put(notice.as_bytes()) {
                return false;
            }
            self.lost = 0;
        }
        self.rest.is_empty()
    }

    fn note_owing(&self) {
        let is_so = self.lost > 0 || !self.rest.is_empty();
        self.owing.0.store(is_so, Ordering::Relaxed);
    }

    /// Writes a line, or the rest of one. What does not fit becomes the rest. `false`: nothing of it fits.
    fn put(&mut self, line: &[u8]) -> bool {
        let step = if self.to.as_fd().is_terminal() {
            TERMINAL_BYTES
        } else {
            PIPE_BUF
        };
        let mut left = line;
        while !left.is_empty() && self.has_room() {
            match rustix::io::write(&self.to, left.get(..step).unwrap_or(left)) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(len) => left = left.get(len..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(_) => return true,
            }
        }
        if left.len() == line.len() {
            return line.is_empty();
        }
        self.rest = left.to_vec();
        true
    }

    /// A write does not have to wait. (After an error it would fail at once.)
    fn has_room(&self) -> bool {
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let mut asked = [PollFd::new(&self.to, PollFlags::OUT)];
        poll(&mut asked, Some(&now)).is_ok_and(|ready| ready > 0)
    }
}

impl<F: AsFd> Write for Outlet<F> {
    /// A line may come in pieces. One that ends with `\n` ends it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if bytes.ends_with(b"\n") {
            self.end_line();
        }
        Ok(bytes.len())
    }

    /// Tries to make up for what is owed. A line without its end is not written.
    fn flush(&mut self) -> io::Result<()> {
        self.catch_up();
        self.note_owing();
        Ok(())
    }
}
