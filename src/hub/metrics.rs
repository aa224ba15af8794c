//! What the hub tells of itself, and what the loop tells it for the log and the metrics.
//!
//! What `/metrics` tells of this moment is read off the tables, and counted nowhere.

use super::Hub;
use super::core::Core;
use super::ids::ConnId;
use crate::clock::Time;
use crate::guard::notes::Note;

impl Hub {
    /// Whether the connection should be read: no queue of its own, and nothing that it has already sent, stands in
    /// the way.
    #[must_use]
    pub fn wants_read(&mut self, id: ConnId) -> bool {
        self.core.table.readable(id).is_some()
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.core.table.conns.len()
    }

    /// Notes that the loop could not accept a connection.
    pub fn note_accept_error(&mut self, error: &std::io::Error, now: Time) {
        self.core.notes.note(now, Note::AcceptError, format_args!("connections cannot be accepted: {error}"));
    }

    /// Writes the log lines that are still owed, because the last turn is over.
    pub fn finish(&mut self) {
        self.core.notes.log.flush(Time::NEVER);
    }
}

impl Core {
    /// All metrics, as `/metrics` shows them.
    ///
    /// Only queues are added up when somebody asks.
    pub(crate) fn metrics(&self) -> String {
        let queues = self.table.conns.iter().map(|(_, conn)| conn.outbox.len());
        let (queued, largest) = queues.fold((0, 0), |(total, largest), len| (total + len, largest.max(len)));
        self.notes.metrics.page(|name| {
            Some(match name {
                "ws101_timers" => {
                    self.watch.timers.len() + self.watch.app_timers.len() + self.rates.timers.len()
                }
                "ws101_connections" => self.table.conns.len(),
                "ws101_max_connections" => self.config.max_connections,
                "ws101_handshakes" => self.table.caps.handshakes,
                "ws101_open_files" => self.table.caps.open_files(),
                "ws101_queued_bytes" => queued,
                "ws101_largest_queue_bytes" => largest,
                "ws101_held_bytes" => self.memory.meter.total(),
                "ws101_kept_bytes" => self.memory.pool.kept_bytes(),
                "ws101_memory_budget_bytes" => self.config.memory_budget_bytes,
                _ => return None,
            })
        })
    }
}
