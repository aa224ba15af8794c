//! What `/metrics` tells of this moment. It is read off the tables, and counted nowhere.

use super::core::Core;
use crate::budget::Holder;

impl Core {
    /// All metrics, as `/metrics` shows them.
    ///
    /// Only queues are added up when somebody asks, over those for whom something is held.
    pub(crate) fn metrics(&self) -> String {
        let queues = self.memory.budget.holders().filter_map(|(holder, _)| match holder {
            Holder::Conn(slot) => Some(self.table.conns.get(slot as usize)?.outbox.len()),
            Holder::Away { .. } => None,
        });
        let (queued, largest) = queues.fold((0, 0), |(total, largest), len| (total + len, largest.max(len)));
        self.notes.metrics.page(|name| {
            Some(match name {
                "ws101_timers" => {
                    self.watch.timers.len() + self.watch.app_timers.len() + self.rates.waiting()
                }
                "ws101_connections" => self.table.conns.len(),
                "ws101_max_connections" => self.config.max_connections,
                "ws101_handshakes" => self.table.caps.handshakes,
                "ws101_open_files" => self.table.caps.open_files(),
                "ws101_queued_bytes" => queued,
                "ws101_largest_queue_bytes" => largest,
                "ws101_held_bytes" => self.memory.budget.held_bytes(),
                "ws101_kept_bytes" => self.memory.pool.kept_bytes(),
                "ws101_memory_budget_bytes" => self.config.memory_budget_bytes,
                _ => return None,
            })
        })
    }
}
