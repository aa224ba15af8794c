//! One turn of the loop: its time, what it encodes, whom it writes to, and what it has to tell afterwards.

use super::conn::Conn;
use super::ids::{Closed, ConnId, RequestId};
use crate::clock::Time;
use crate::outbox::Span;
use crate::ws::frame::{self, Opcode};
use std::collections::VecDeque;

/// Something an application has to be told.
#[derive(Debug)]
pub(crate) enum Report {
    /// A WebSocket connection is over.
    Closed { id: ConnId, app: u8, tag: u64, why: Closed },
    /// Nobody waits for the answer to this request any more.
    RequestGone { id: RequestId, app: u8 },
    /// It holds too much for a peer that is away.
    GiveUp { app: u8, key: u64 },
}

/// A socket to close at the end of the turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) id: ConnId,
    pub(crate) reset: bool,
}

/// What belongs to the turn that runs.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) now: Time,
    /// Deadlines are judged by this time: see `Hub::expire`.
    pub(crate) seen: Time,
    /// The connection that is being dealt with: it pays for a panic.
    pub(crate) active: Option<ConnId>,
    /// The turn does more than pass a message on: see `Rest::was_busy`.
    pub(crate) is_busy: bool,
    /// All frames and response heads of this turn, one after the other.
    pub(crate) arena: Vec<u8>,
    /// Work of this turn that the arena does not show, in bytes: queued elsewhere, inflated and compressed.
    pub(crate) other_work: usize,
    /// Messages queued in this turn, counted per receiver.
    pub(crate) deliveries: usize,
    /// Connections to write to in this turn, by slot.
    pub(crate) touched: Vec<u32>,
    /// Connections that still hold ranges of the arena after their write, by slot.
    pub(crate) unsent: Vec<u32>,
    pub(crate) reports: VecDeque<Report>,
    pub(crate) endings: Vec<Ending>,
}

impl Turn {
    /// Whether it has done so much work, in bytes, or queued so many messages.
    #[inline]
    pub(crate) fn has_done(&self, bytes: usize, deliveries: usize) -> bool {
        self.deliveries >= deliveries || self.arena.len() + self.other_work >= bytes
    }

    /// Puts a connection on the list of those to write to.
    pub(crate) fn touch(&mut self, slot: u32, conn: &mut Conn) {
        if !conn.touched {
            conn.touched = true;
            self.touched.push(slot);
        }
    }

    /// Queues a range of the arena for a connection.
    pub(crate) fn queue(&mut self, slot: u32, conn: &mut Conn, span: Span) {
        conn.outbox.push(span);
        self.touch(slot, conn);
    }

    /// Appends a whole frame to the arena. Its payload is given in parts.
    #[inline]
    pub(crate) fn encode<const N: usize>(&mut self, opcode: Opcode, parts: [&[u8]; N]) -> Span {
        let start = self.arena.len();
        frame::encode(&mut self.arena, opcode, parts);
        span_since(&self.arena, start)
    }

    /// What was appended to the arena since it was `start` bytes long.
    pub(crate) fn span_since(&self, start: usize) -> Span {
        span_since(&self.arena, start)
    }
}

/// The range of the arena from `start` to its end.
#[inline]
pub(super) fn span_since(arena: &[u8], start: usize) -> Span {
    // The arena stays far below 4 GiB: it is emptied each turn, `max_turn_bytes` ends a turn,
    // and one message is at most 1 GiB by the range of its flag.
    let clamp = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    Span { start: clamp(start), end: clamp(arena.len()) }
}
