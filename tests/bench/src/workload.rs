//! What clients do to a server in one cell: how many they are, what they send, in which way.

use crate::Result;
use crate::load::{Load, Run};
use crate::message::{Kind, Message};

/// What clients do.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// Each sends this many messages ahead of the replies.
    Echo(usize),
    /// So many of them send one message each in a turn.
    Broadcast(usize),
}

/// From this size in bytes on a message is called large.
pub const LARGE: usize = 96 << 10;

/// The load of one cell.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// Open connections; with broadcasts all of them receive.
    pub connections: usize,
    /// What they send.
    pub message: Message,
    /// In which way.
    pub pattern: Pattern,
}

/// Nobody sends anything.
pub const SILENT: Workload =
    Workload { connections: 0, message: Message { kind: Kind::Text, size: 16 }, pattern: Pattern::Echo(1) };

impl Workload {
    /// The endpoint for it, with every server.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match (self.pattern, self.message.kind) {
            (_, Kind::Event) => "/socket.io/?EIO=4&transport=websocket",
            (Pattern::Echo(_), _) => "/echo",
            (Pattern::Broadcast(_), _) => "/broadcast/bench",
        }
    }

    /// The first word of the floor's arguments for it.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self.pattern {
            Pattern::Echo(_) => "echo",
            Pattern::Broadcast(_) => "broadcast",
        }
    }

    /// Messages (or deliveries) under way at once.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let each = match self.pattern {
            Pattern::Echo(in_flight) => in_flight,
            Pattern::Broadcast(senders) => senders * window(senders),
        };
        (each * self.connections) as u64
    }

    /// Messages to begin with when it is not known how long they take: 256, but 16 MiB at most, and two on each
    /// connection at least.
    #[must_use]
    pub fn a_few(&self) -> u64 {
        let fitting = (16 << 20) / self.message.size.max(1);
        (self.connections * 2).max(fitting.min(256)) as u64
    }

    /// Sends about this many messages (echo: exactly; broadcast: deliveries, rounded up to whole turns).
    ///
    /// # Errors
    /// Those of [`Load`].
    pub fn run(&self, load: &mut Load, messages: u64) -> Result<Run> {
        match self.pattern {
            Pattern::Echo(in_flight) => load.echo(messages, in_flight),
            Pattern::Broadcast(senders) => {
                let turns = messages.div_ceil((senders * self.connections) as u64);
                load.broadcast(turns, senders, window(senders))
            }
        }
    }
}

/// Several senders count as one turn only if the server finds all their messages at once: then the
/// next turn has to wait for it while it writes.
fn window(senders: usize) -> usize {
    if senders > 1 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_messages_are_no_gigabytes() {
        let few = |connections, size| {
            let mut workload = SILENT;
            workload.connections = connections;
            workload.message.size = size;
            workload.a_few()
        };
        assert_eq!((few(50, 0), few(50, 16), few(50, 64 << 10)), (256, 256, 256));
        assert_eq!((few(1_000, 16), few(4, 1 << 20), few(2, 16_000_000)), (2_000, 16, 4));
    }
}
