//! The last part of a turn: what was queued is written, what could not be written is kept.

use super::conn::{LINGER_TIMEOUT, Phase, Stage};
use super::core::Core;
use super::ids::{Cause, Closed, ConnId};
use super::ports::{Net, Written};
use super::receive_buffer::ReceiveBuffer;
use super::{ARENA_KEPT_BYTES, Hub};
use crate::clock::Time;
use crate::guard::notes::Note;
use crate::outbox::{MAX_PIECES, Span, share};
use crate::pool;
use crate::shortcuts;
use crate::ws::close::CloseCode;
use crate::ws::frame::Opcode;
use std::io::IoSlice;
use std::mem;

/// Bytes that a slow consumer is still sent at most, of the frame that it has begun to receive.
const LAST_FRAME_BYTES: usize = 64 << 10;

impl Hub {
    /// Writes to each connection for which something was queued, once.
    pub fn transmit(&mut self, net: &mut impl Net) {
        let mut next = 0;
        self.core.turn.active = None;
        // Applications may queue more while connections end, so the list may grow.
        while next < self.core.turn.touched.len() {
            // Shortcut, equals `write`: all that waits is one piece of the arena.
            if shortcuts::ON
                && let Some(written) = self.core.write_pieces(&mut next, net)
                && let Some(&slot) = self.core.turn.touched.get(next - 1)
            {
                self.core.written(slot, written, net);
            } else if let Some(&slot) = self.core.turn.touched.get(next) {
                next += 1;
                self.core.write(slot, net);
            }
            if !self.core.turn.reports.is_empty() {
                self.deliver_reports();
            }
        }
        let core = &mut self.core;
        core.notes.metrics.messages_sent += core.turn.deliveries as u64;
        if !core.turn.unsent.is_empty() {
            core.keep_unsent();
        }
        core.receive_buffer.queued = None;
        core.turn.is_busy |= next > 1;
        core.turn.touched.clear();
        core.turn.arena.clear();
        core.turn.deliveries = 0;
        core.turn.other_work = 0;
    }
}

impl Core {
    /// Queues a range of the arena for one connection.
    pub(crate) fn queue(&mut self, id: ConnId, span: Span) {
        if let Some(conn) = self.table.get(id) {
            self.turn.queue(id.slot, conn, span);
        }
    }

    /// Puts the connection on the list of those to write to.
    pub(crate) fn touch(&mut self, id: ConnId) {
        if let Some(conn) = self.table.get(id) {
            self.turn.touch(id.slot, conn);
        }
    }

    /// Writes to open WebSockets for which one piece of the arena waits, as long as they take all of it.
    ///
    /// It goes on with the list from `next`, up to the end or a connection that is another case. If the connection before
    /// `next` took less, the caller must deal with that write.
    #[inline]
    fn write_pieces(&mut self, next: &mut usize, net: &mut impl Net) -> Option<Written> {
        let Self { table, turn, .. } = self;
        while let Some(&slot) = turn.touched.get(*next) {
            let conn = table.conns.get_mut(slot as usize)?;
            if !matches!(conn.phase, Phase::Open { .. }) {
                return None;
            }
            // A peer that does not keep up has a queue, and no such piece.
            let bytes = conn.outbox.turn_bytes(&turn.arena)?;
            *next += 1;
            conn.touched = false;
            let id = ConnId { slot, serial: conn.serial };
            match net.write(id, bytes) {
                Written::Bytes(len) if len == bytes.len() => conn.bytes_out += len as u64,
                written => return Some(written),
            }
            conn.outbox.turn_sent();
        }
        None
    }

    /// Writes to one connection what is queued for it.
    #[cold]
    fn write(&mut self, slot: u32, net: &mut impl Net) {
        let Some(conn) = self.table.conns.get_mut(slot as usize) else { return };
        let id = ConnId { slot, serial: conn.serial };
        conn.touched = false;
        // A peer that does not keep up has a queue, and no such piece.
        let bytes = match conn.outbox.turn_bytes(&self.turn.arena) {
            Some(bytes) if !bytes.is_empty() => bytes,
            _ => return self.write_queue(id, net),
        };
        match net.write(id, bytes) {
            Written::Bytes(len) if len == bytes.len() => conn.bytes_out += len as u64,
            written => return self.written(id.slot, written, net),
        }
        conn.outbox.turn_sent();
        // An open WebSocket that was paused because of its queue has a queue.
        if !matches!(conn.phase, Phase::Open { .. }) {
            self.written_all(id, net);
        }
    }

    /// Writes to a connection for which something else waits than one piece of the arena.
    #[cold]
    fn write_queue(&mut self, id: ConnId, net: &mut impl Net) {
        self.turn.active = Some(id);
        let Some(conn) = self.table.get(id) else { return };
        if conn.stalled {
            return self.judge_queue(id);
        }
        if conn.outbox.is_empty() {
            return self.written_all(id, net);
        }
        // Shortcut, equals the arena: an echo is sent from the receive buffer.
        if shortcuts::ON
            && let Some(written) = self.write_received(id, net)
        {
            return self.written(id.slot, written, net);
        }
        let Some(conn) = self.table.get(id) else { return };
        let written = match conn.outbox.turn_bytes(&self.turn.arena) {
            Some(bytes) => net.write(id, bytes),
            None => {
                let mut pieces = [IoSlice::new(&[]); MAX_PIECES];
                let count = conn.outbox.pieces(&self.turn.arena, &mut pieces);
                net.write_pieces(id, pieces.get(..count).unwrap_or(&pieces))
            }
        };
        self.written(id.slot, written, net);
    }

    /// Ends a turn that leaves something to tidy up: connections that ended, memory that is not needed any more.
    #[cold]
    pub(super) fn tidy(&mut self, has_surplus: bool, net: &mut impl Net) {
        for ending in mem::take(&mut self.turn.endings) {
            net.close(ending.id, ending.reset);
            self.table.conns.try_remove(ending.id.slot as usize);
        }
        self.turn.arena.shrink_to(ARENA_KEPT_BYTES);
        // Each turn that uses the pool puts off the time at which it gives back what it may not keep.
        if has_surplus && (self.memory.pool.take_busy() || self.watch.trim_at == Time::NEVER) {
            self.watch.trim_at = self.turn.now.after(pool::PAUSE);
        }
        if self.table.conns.is_empty() {
            // The tables stay. If they grew again with the next crowd, they would leave holes: 1.5 MiB with 9,900
            // connections.
            self.turn.arena = Vec::new();
            self.receive_buffer = ReceiveBuffer::default();
            self.memory.pool.clear();
        }
    }

    /// Lets the pool give back what it may not keep, if large messages have paused.
    pub(super) fn trim_pool(&mut self) {
        if self.watch.trim_at <= self.turn.now {
            self.watch.trim_at = Time::NEVER;
            self.memory.pool.trim();
        }
    }

    /// Writes a frame from the receive buffer, if that is all that waits.
    fn write_received(&mut self, id: ConnId, net: &mut impl Net) -> Option<Written> {
        let (frame, bytes) = self.receive_buffer.queued_for(id.slot)?;
        let conn = self.table.conns.get(id.slot as usize)?;
        let is_all = conn.outbox.turn == frame;
        let written = is_all.then(|| net.write(id, bytes));
        if written == Some(Written::Bytes(bytes.len())) {
            self.receive_buffer.queued = None;
        } else {
            self.empty_receive_buffer();
        }
        written
    }

    /// Notes the result of a write.
    #[cold]
    fn written(&mut self, slot: u32, written: Written, net: &mut impl Net) {
        let Some(conn) = self.table.conns.get_mut(slot as usize) else { return };
        let id = ConnId { slot, serial: conn.serial };
        self.turn.active = Some(id);
        let len = match written {
            Written::Bytes(len) => len,
            Written::Broken => return self.end(id, Cause::Peer, true),
        };
        conn.bytes_out += len as u64;
        if len == conn.outbox.len() {
            conn.outbox.clear();
            return self.written_all(id, net);
        }
        if len > 0 || !conn.outbox.waits_since_earlier() {
            conn.progressed = self.turn.now;
        }
        let offered = conn.outbox.offered_len();
        conn.outbox.sent(&self.turn.arena, len);
        if len < offered {
            conn.stalled = true;
        } else {
            // One call takes only so many pieces; the socket may well take the rest.
            self.touch(id);
        }
        self.judge_queue(id);
    }

    /// Goes on with a connection for which nothing waits any more.
    ///
    /// It may be read again, the next piece of a body is due, or its ending takes the next step.
    #[cold]
    fn written_all(&mut self, id: ConnId, net: &mut impl Net) {
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        if conn.paused.any() {
            conn.paused.by_queue = false;
            self.wake_reader(id);
        }
        let Some(conn) = self.table.get(id) else { return };
        match &mut conn.phase {
            Phase::Http(exchange) => {
                match exchange.stage {
                    Stage::Streaming { .. } => self.watch.resume.push_back(id),
                    // The wait for the next request begins when the answer has left.
                    Stage::Head if exchange.scanner.head_bytes == 0 => exchange.since = now,
                    _ => {}
                }
                self.arm(id);
            }
            Phase::Draining(draining) if draining.peer_closed || draining.at_once => {
                self.end(id, Cause::Peer, false);
            }
            Phase::Draining(draining) if draining.half_closed.is_none() => {
                draining.half_closed = Some(now);
                net.half_close(id);
                self.arm(id);
            }
            _ => {}
        }
    }

    /// Judges a peer whose socket took less than what waits for it.
    ///
    /// The hub stops reading from it when its queue is long, and drops it when the queue is over its limit. It never
    /// leaves messages out: a chat cannot show where one is missing, but a peer that was dropped knows it.
    fn judge_queue(&mut self, id: ConnId) {
        self.turn.unsent.push(id.slot);
        let (high, low) = (self.config.tuning.high_water_bytes, self.config.tuning.low_water_bytes);
        let limit = self.config.queue_limit_bytes();
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        if matches!(&conn.phase, Phase::Draining(draining) if draining.at_once) {
            return self.end(id, Cause::Timeout, true);
        }
        let waiting = conn.outbox.len();
        if waiting > limit {
            return self.drop_slow_consumer(id);
        }
        if waiting >= high {
            conn.paused.by_queue = true;
            conn.note_pause(now);
        } else if waiting < low && mem::take(&mut conn.paused.by_queue) {
            self.wake_reader(id);
        }
        self.arm(id);
    }

    /// Ends a peer that does not read and whose queue is over its limit.
    pub(super) fn drop_slow_consumer(&mut self, id: ConnId) {
        if let Some(conn) = self.table.conns.get(id.slot as usize) {
            let (peer, bytes) = (conn.peer(), conn.outbox.len());
            self.notes.note(
                self.turn.now,
                Note::Slow,
                format_args!("{peer} does not read: {bytes} bytes dropped"),
            );
        }
        self.drop_queue(id, Cause::Slow, "too slow");
    }

    /// Throws away what waits, and ends the connection.
    ///
    /// Close 1013 is sent if it can begin where a frame ends. For that the peer may have to be sent the rest of the frame
    /// that it has begun to receive.
    pub(super) fn drop_queue(&mut self, id: ConnId, cause: Cause, reason: &str) {
        let was_open = self.table.get(id).is_some_and(|conn| conn.open);
        let code = CloseCode::TryAgainLater;
        self.end_websocket(id, Closed { code, cause });
        let Some(conn) = self.table.get(id) else { return };
        if !was_open || !conn.outbox.drop_unbegun(LAST_FRAME_BYTES) {
            return self.end(id, cause, true);
        }
        let span = self.turn.encode(Opcode::Close, [&code.0.to_be_bytes(), reason.as_bytes()]);
        self.queue(id, span);
        self.drain(id, false);
        let now = self.turn.now;
        let until = now.after(LINGER_TIMEOUT);
        if let Some(conn) = self.table.get(id)
            && let Phase::Draining(draining) = &mut conn.phase
        {
            draining.until = until;
            // From here on this is its only deadline, so the queue counts as new.
            conn.progressed = now;
        }
        self.turn.unsent.push(id.slot);
        self.arm(id);
    }

    /// Moves what could not be written out of the arena, into chunks that the queues share.
    #[cold]
    fn keep_unsent(&mut self) {
        let unsent = mem::take(&mut self.turn.unsent);
        let meter = &self.memory.meter;
        let mut spans = Vec::new();
        for slot in &unsent {
            if let Some(conn) = self.table.conns.get_mut(*slot as usize) {
                conn.outbox.collect_spans(&self.turn.arena, meter, &mut spans);
            }
        }
        let chunks = share(&mut self.turn.arena, spans, meter);
        for slot in unsent {
            if let Some(conn) = self.table.conns.get_mut(slot as usize) {
                conn.outbox.adopt(&chunks, meter);
            }
        }
    }
}
