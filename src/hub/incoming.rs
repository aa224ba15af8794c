//! What comes in beside frames: HTTP, bytes that had to wait, parts of large messages, and news of the socket.
//!
//! Skip on first reading: `receive_large` and all after it.

use super::conn::{Conn, Phase, Stage};
use super::core::Core;
use super::ids::{Cause, Closed, ConnId};
use super::ports::Net;
use super::receive_buffer::READ_AT;
use super::{Hub, Next};
use crate::clock::Time;
use crate::pool::BlockSize;
use crate::ws::close::CloseCode;
use crate::ws::endpoint::Limits;
use crate::ws::frame::Sender::Client;
use std::mem;

/// Bytes of response bodies that are read from files in one turn at most.
///
/// Otherwise a thousand downloads would keep everybody else waiting for a thousand reads.
const BODY_BYTES_PER_TURN: usize = 1 << 20;

impl Hub {
    /// Goes on with what an earlier turn left over: too much memory, and connections that had to wait for this turn.
    ///
    /// If that fills the turn, it is written at once: connections that are ready now need not wait for it.
    #[cold]
    pub(super) fn go_on(&mut self, net: &mut impl Net) {
        self.core.turn.active = None;
        if self.is_over() {
            self.evict_largest();
        }
        let mut body_bytes = 0;
        for _ in 0..self.core.watch.resume.len() {
            if self.core.turn_is_full() || body_bytes >= BODY_BYTES_PER_TURN {
                break;
            }
            let Some(id) = self.core.watch.resume.pop_front() else { break };
            self.core.turn.active = Some(id);
            self.core.turn.is_busy = true;
            body_bytes += self.core.next_piece(id);
            if let Some(mut backlog) = self.core.take_backlog(id) {
                self.process(id, &mut backlog);
                if !self.core.watch.backlogs.contains_key(&id.slot) {
                    self.core.wake_reader(id);
                }
            }
            self.deliver_reports();
        }
        if self.next() == Next::Write {
            self.transmit(net);
        }
    }

    /// Processes bytes that have arrived, of a connection in any phase.
    pub(super) fn process(&mut self, id: ConnId, bytes: &mut [u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            let Some(conn) = self.core.table.get(id) else { return };
            match &mut conn.phase {
                // What is left of a read in which the WebSocket ends is thrown away.
                Phase::Open { .. } => return self.receive_frames(id, &mut input),
                Phase::Http(_) => {
                    self.receive_http(id, &mut input);
                    self.core.count(id);
                }
                Phase::Draining(draining) => {
                    draining.discarded += input.len() as u64;
                    if draining.discarded > self.core.config.tuning.linger_bytes {
                        self.core.end(id, Cause::Peer, true);
                    }
                    return;
                }
                Phase::Gone => return,
            }
            if !self.core.turn.reports.is_empty() {
                self.deliver_reports();
            }
        }
    }

    /// Notes that the peer has closed its side of the stream, and nothing more arrives.
    pub fn read_closed(&mut self, id: ConnId, now: Time) -> Next {
        self.core.turn.now = now;
        self.core.turn.active = Some(id);
        let core = &mut self.core;
        let Some(conn) = core.table.get(id) else { return Next::Read };
        match &mut conn.phase {
            Phase::Gone => {}
            Phase::Draining(draining) => {
                draining.peer_closed = true;
                core.touch(id);
            }
            _ => {
                // RFC 6455 §7.1.5: a WebSocket that ends without a Close has the code 1006.
                let why = Closed { code: CloseCode::AbnormalClosure, cause: Cause::Peer };
                core.end_websocket(id, why);
                core.request_gone(id);
                core.drain(id, false);
                if let Some(conn) = core.table.get(id)
                    && let Phase::Draining(draining) = &mut conn.phase
                {
                    draining.peer_closed = true;
                }
            }
        }
        self.deliver_reports();
        self.next()
    }

    /// Notes that the readiness says the peer has closed. It may have sent bytes before.
    ///
    /// This matters only for a request that waits for its answer, because the connection is not read meanwhile.
    pub fn hang_up(&mut self, id: ConnId, now: Time) -> Next {
        let held = self.core.table.get(id).is_some_and(|conn| match &conn.phase {
            Phase::Http(exchange) => matches!(exchange.stage, Stage::Held { .. }),
            _ => false,
        });
        if held {
            return self.read_closed(id, now);
        }
        Next::Read
    }

    /// Notes that the connection broke.
    pub fn broken(&mut self, id: ConnId, now: Time) -> Next {
        self.core.turn.now = now;
        self.core.end(id, Cause::Peer, true);
        self.deliver_reports();
        self.next()
    }

    /// Notes that the socket takes bytes again.
    pub fn writable(&mut self, id: ConnId) {
        if let Some(conn) = self.core.table.get(id)
            && conn.stalled
        {
            conn.stalled = false;
            self.core.touch(id);
        }
    }

    /// Receives a part of a large message where it lies: in the message itself, or in the receive buffer, which becomes its first
    /// block.
    ///
    /// Returns `false`, and does nothing, if the read is anything else.
    #[cold]
    pub(super) fn receive_large(&mut self, id: ConnId, len: usize) -> bool {
        if self.core.receive_buffer.block.is_some() {
            return self.adopt(id, len);
        }
        self.receive_directly(id, len);
        true
    }

    /// Makes the receive buffer the first block of a large message, if the read is the beginning of one and nothing else.
    ///
    /// Returns `false`, and does nothing, if it is anything else.
    #[cold]
    fn adopt(&mut self, id: ConnId, len: usize) -> bool {
        let core = &mut self.core;
        let max_fragments = core.config.tuning.max_fragments;
        let may_adopt = !core.rates.is_on && !core.turn_is_full();
        let Some(conn) = core.table.get(id) else { return false };
        let limits = Limits { from: Client, max_message_bytes: conn.max_message_bytes.into(), max_fragments };
        let end = READ_AT + len;
        let block = core.receive_buffer.block.as_deref();
        let bytes = block.and_then(|block| block.get(READ_AT..end)).unwrap_or_default();
        let Phase::Open { endpoint, .. } = &mut conn.phase else { return false };
        let Some(header) = endpoint.begins_large(bytes, &limits, &core.memory.pool) else { return false };
        if !may_adopt || conn.paused.any() {
            return false;
        }
        // The next buffer comes first: without one no connection could be read any more.
        let Some(next) = core.memory.pool.take(BlockSize::Usual) else { return false };
        let Some(buffer) = core.receive_buffer.block.as_deref_mut() else { return false };
        let block = mem::replace(buffer, next);
        let begun = endpoint.adopt(&header, block, READ_AT + header.header_len, end);
        self.take_event(id, begun.map(|()| None));
        true
    }

    /// Whether a connection that filled its room is to be read once more in this turn.
    ///
    /// That is so if a large message has begun and its first block is not full. The block is still in the processor's cache
    /// now; until the next turn the bytes of all other connections would push it out.
    #[must_use]
    pub fn reads_on(&self, id: ConnId) -> bool {
        let conn = self.core.table.conns.get(id.slot as usize);
        conn.is_some_and(|conn| match &conn.phase {
            Phase::Open { endpoint, .. } => conn.serial == id.serial && endpoint.is_first_open(),
            _ => false,
        })
    }

    /// Processes bytes that have arrived and lie elsewhere.
    pub fn receive(&mut self, id: ConnId, mut bytes: &[u8], now: Time) {
        while !bytes.is_empty() {
            let Some(room) = self.receive_buffer(id) else { return self.core.keep_backlog(id, bytes) };
            let (arrived, rest) = bytes.split_at(bytes.len().min(room.len()));
            let Some(room) = room.get_mut(..arrived.len()).filter(|room| !room.is_empty()) else { return };
            room.copy_from_slice(arrived);
            self.received(id, arrived.len(), now);
            bytes = rest;
        }
    }
}

impl Core {
    /// Has the meter count what the connection holds for something that is not complete: see `Conn::count`.
    #[cold]
    pub(crate) fn count(&mut self, id: ConnId) {
        if let Some(conn) = self.table.get(id) {
            conn.count(&self.memory.meter);
        }
    }

    /// Gets memory for the receive buffer: what was put aside, or a block of the pool.
    #[cold]
    pub(super) fn get_receive_block(&mut self) {
        let new = || self.memory.pool.take(BlockSize::Usual).map(Box::new);
        self.receive_buffer.block = self.receive_buffer.aside.take().or_else(new);
    }

    /// Makes room for the next bytes of a large message in the message itself. Returns `false` if they go to the receive buffer.
    #[cold]
    pub(super) fn make_room_in_message(&mut self, id: ConnId) -> bool {
        let has_room =
            |conn: &Conn| matches!(&conn.phase, Phase::Open { endpoint, .. } if endpoint.has_room());
        if self.rates.is_on || !self.table.get(id).is_some_and(|conn| has_room(conn)) {
            return false;
        }
        // This may add a block, which has to be counted.
        if self.room_in_message(id).is_none() {
            return false;
        }
        self.count(id);
        let buffer = &mut self.receive_buffer;
        buffer.aside = buffer.block.take().or_else(|| buffer.aside.take());
        true
    }

    /// The place for the next bytes of a large message.
    pub(super) fn room_in_message(&mut self, id: ConnId) -> Option<&mut [u8]> {
        match &mut self.table.get(id)?.phase {
            Phase::Open { endpoint, .. } => endpoint.room(&self.memory.pool),
            _ => None,
        }
    }

    /// Copies the queued frame into the arena, because it cannot be written at once, or not alone.
    #[cold]
    pub(crate) fn empty_receive_buffer(&mut self) {
        if let Some((_, slot)) = self.receive_buffer.queued
            && let Some((frame, bytes)) = self.receive_buffer.queued_for(slot)
        {
            let start = self.turn.arena.len();
            self.turn.arena.extend_from_slice(bytes);
            let copy = self.turn.span_since(start);
            if let Some(conn) = self.table.conns.get_mut(slot as usize) {
                conn.outbox.replace(frame, copy);
            }
        }
        self.receive_buffer.queued = None;
    }
}
