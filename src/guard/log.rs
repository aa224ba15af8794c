//! The log: a few lines of each kind in some time, then the number of those that were left out.

use super::notes::{Note, Row};
use crate::clock::Time;
use log::{Level, log, log_enabled};
use std::collections::BTreeMap;
use std::fmt::Arguments;

/// The lines of one kind since the first of them.
#[derive(Debug)]
struct Window {
    level: Level,
    name: &'static str,
    until: Time,
    lines: u32,
}

/// Counts lines, so that nobody can flood the log.
#[derive(Debug)]
pub(crate) struct Log {
    windows: BTreeMap<Note, Window>,
    /// When [`Log::flush`] has a number to tell. [`Time::NEVER`]: no line was left out.
    pub(crate) due: Time,
}

impl Default for Log {
    fn default() -> Self {
        Self { windows: BTreeMap::new(), due: Time::NEVER }
    }
}

impl Log {
    /// Writes a line, if the table has one for this note and another may be written now.
    pub(crate) fn write(&mut self, now: Time, note: Note, words: Arguments<'_>) {
        let Row { level, name, .. } = note.row();
        let Some(level) = level else { return };
        self.flush(now);
        if !log_enabled!(level) {
            return;
        }
        let (most, within) = note.limit();
        let window =
            self.windows.entry(note).or_insert(Window { level, name, until: now.after(within), lines: 0 });
        window.lines += 1;
        if window.lines <= most {
            log!(level, "{words}");
        } else {
            self.due = self.due.min(window.until);
        }
    }

    /// Ends the windows that are over, and tells how many lines were left out in them.
    pub(crate) fn flush(&mut self, now: Time) {
        self.due = Time::NEVER;
        self.windows.retain(|note, window| {
            let is_over = window.until <= now;
            let left_out = window.lines.saturating_sub(note.limit().0);
            if left_out > 0 && is_over {
                log!(window.level, "{left_out} {} lines suppressed", window.name);
            } else if left_out > 0 {
                self.due = self.due.min(window.until);
            }
            !is_over
        });
    }
}
