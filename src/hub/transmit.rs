//! The last part of a turn: what was queued is written, what could not be written is kept.

use super::Hub;
use super::core::Core;
use crate::app::{Cause, Closed, ConnId, Net, Written};
use crate::conn::{Draining, Phase, Stage};
use crate::outbox::{MAX_PIECES, share};
use crate::ws::close::CloseCode;
use crate::ws::frame::Opcode;
use std::io::IoSlice;

/// Capacity that the arena keeps from turn to turn; more is given back.
const ARENA_KEPT_BYTES: usize = 256 << 10;
/// The most that a slow consumer is still sent of the frame it has begun to receive.
const LAST_FRAME_BYTES: usize = 64 << 10;

impl Hub {
    /// Writes to every connection for which something was queued: one write each.
    pub fn transmit(&mut self, net: &mut impl Net) {
        let mut next = 0;
        // Applications may queue more while connections end; the list grows behind us.
        while let Some(&slot) = self.core.touched.get(next) {
            next += 1;
            self.write(slot, net);
            if !self.core.reports.is_empty() {
                self.settle();
            }
        }
        self.core.touched.clear();
        self.core.leave_arena();
    }

    fn write(&mut self, slot: u32, net: &mut impl Net) {
        let core = &mut self.core;
        let Some(conn) = core.conns.get_mut(slot as usize) else {
            return;
        };
        conn.touched = false;
        let id = ConnId {
            slot,
            serial: conn.serial,
        };
        if conn.stalled {
            return self.judge_queue(id);
        }
        let waiting = conn.outbox.len();
        if waiting == 0 {
            return self.written_all(id, net);
        }
        let written = match conn.outbox.turn_span() {
            Some(span) => net.write(id, span.of(&core.arena)),
            None => {
                let mut pieces = [IoSlice::new(&[]); MAX_PIECES];
                let count = conn.outbox.pieces(&core.arena, &mut pieces);
                net.write_pieces(id, pieces.get(..count).unwrap_or(&pieces))
            }
        };
        let len = match written {
            Written::Bytes(len) => len,
            Written::Broken => return core.gone(id, Cause::Peer, true),
        };
        conn.bytes_out += len as u64;
        if len == waiting {
            conn.outbox.clear();
            if conn.paused.any() || !matches!(conn.phase, Phase::Open { .. }) {
                self.written_all(id, net);
            }
            return;
        }
        let offered = conn.outbox.offered_len();
        if len > 0 || !conn.outbox.waits_since_earlier() {
            conn.progressed = core.now;
        }
        conn.outbox.sent(&core.arena, len);
        if len < offered {
            conn.stalled = true;
        } else {
            // There were more pieces than one call takes: the socket may well take the rest.
            core.touch(id);
        }
        self.judge_queue(id);
    }

    /// Nothing waits any more: reading may go on, a body has its next piece, an ending its next step.
    fn written_all(&mut self, id: ConnId, net: &mut impl Net) {
        let core = &mut self.core;
        let now = core.now;
        let Some(conn) = core.get(id) else { return };
        conn.paused.by_queue = false;
        core.wake_reader(id);
        let Some(conn) = core.get(id) else { return };
        match &mut conn.phase {
            Phase::Http(exchange) if matches!(exchange.stage, Stage::Streaming { .. }) => {
                core.resume.push_back(id);
            }
            Phase::Http(exchange) => {
                exchange.since = now;
                core.arm(id);
            }
            Phase::Draining(
                Draining {
                    peer_closed: true, ..
                }
                | Draining { at_once: true, .. },
            ) => {
                core.gone(id, Cause::Peer, false);
            }
            Phase::Draining(draining) if draining.half_closed.is_none() => {
                draining.half_closed = Some(now);
                net.half_close(id);
                core.arm(id);
            }
            _ => {}
        }
    }

    /// The write took less than what waited: is the peer still worth the memory? (LIMITS §2, §6)
    fn judge_queue(&mut self, id: ConnId) {
        let core = &mut self.core;
        core.unsent.push(id.slot);
        let (high, low) = (core.config.high_water_bytes, core.config.low_water_bytes);
        let limit = core.config.queue_limit_bytes();
        let Some(conn) = core.get(id) else { return };
        let waiting = conn.outbox.len();
        if waiting > limit {
            return self.drop_slow_consumer(id);
        }
        if waiting >= high {
            conn.paused.by_queue = true;
        } else if waiting < low && std::mem::take(&mut conn.paused.by_queue) {
            core.wake_reader(id);
        }
        core.arm(id);
    }

    /// Discards what waits. Close 1013 is sent if it can begin where a frame ends, which may
    /// take the rest of the frame that the peer has begun to receive.
    pub(super) fn drop_slow_consumer(&mut self, id: ConnId) {
        let core = &mut self.core;
        let was_open = core.get(id).is_some_and(|conn| conn.is_open());
        core.leave(
            id,
            Closed {
                code: CloseCode::TryAgainLater,
                cause: Cause::Slow,
            },
        );
        core.log
            .slow_consumer(core.now, core.conns.get(id.slot as usize));
        let now = core.now;
        let Some(conn) = core.get(id) else { return };
        if !was_open || !conn.outbox.drop_unbegun(LAST_FRAME_BYTES) {
            return core.gone(id, Cause::Slow, true);
        }
        let code = CloseCode::TryAgainLater.0.to_be_bytes();
        let span = core.encode(Opcode::Close, [&code, b"too slow"]);
        core.queue(id, span);
        core.drain(id, false);
        let until = now.after(core.config.linger_timeout);
        if let Some(conn) = core.get(id)
            && let Phase::Draining(draining) = &mut conn.phase
        {
            draining.until = until;
            // From here on that is its only deadline: the queue is as good as new.
            conn.progressed = now;
        }
        core.unsent.push(id.slot);
        core.arm(id);
    }

    /// Ends the turn: sockets of ended connections are closed, their slots are free again.
    pub fn end_turn(&mut self, net: &mut impl Net) {
        let core = &mut self.core;
        for ending in std::mem::take(&mut core.endings) {
            net.close(ending.id, ending.reset);
            core.conns.try_remove(ending.id.slot as usize);
        }
        if core.arena.capacity() > ARENA_KEPT_BYTES {
            core.arena.shrink_to(ARENA_KEPT_BYTES);
        }
    }
}

impl Core {
    /// Everything that could be written is written: what is still queued moves out of the
    /// arena, into chunks that the queues share.
    fn leave_arena(&mut self) {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let mut spans = Vec::new();
            for slot in &unsent {
                if let Some(conn) = self.conns.get(*slot as usize) {
                    conn.outbox.collect_spans(&mut spans);
                }
            }
            let chunks = share(&self.arena, spans);
            for slot in &unsent {
                if let Some(conn) = self.conns.get_mut(*slot as usize) {
                    conn.outbox.adopt(&chunks);
                }
            }
        }
        self.arena.clear();
        self.deliveries = 0;
    }
}
