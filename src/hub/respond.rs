//! HTTP answers: at once, later, and piece by piece as the socket drains.

use super::conn::{Phase, Stage};
use super::core::Core;
use super::ids::{Cause, ConnId, RequestId};
use crate::clock::Time;
use crate::guard::caps::Cap;
use crate::guard::notes::Note;
use crate::guard::{CountsAs, NotAllowed};
use crate::http::refusal;
use crate::http::response::{self, Body, Response, Status};
use std::fmt::Display;

/// Bytes of a body that is copied after its head, so that both leave in one piece. Longer ones are not.
const SMALL_BODY_BYTES: usize = 4 << 10;

impl Core {
    /// Answers a request that breaks a rule, and ends the connection.
    pub(super) fn refuse(&mut self, id: ConnId, response: Response) {
        self.refuse_named(id, response, false, None);
    }

    /// Refuses a request whose method is known: an answer to HEAD has no body (RFC 9110 §9.3.2).
    ///
    /// `named` is what it named and is not allowed, for the log.
    pub(super) fn refuse_named(
        &mut self,
        id: ConnId,
        response: Response,
        head_only: bool,
        named: Option<NotAllowed<'_>>,
    ) {
        let is_stopping = self.watch.stop_at != Time::NEVER;
        if let Some(conn) = self.table.get(id) {
            let (peer, path, status) = (conn.peer(), &conn.path, response.status.0);
            let why: &dyn Display = match &named {
                Some(named) => named,
                None => &response.explanation(),
            };
            self.notes.note(self.turn.now, Note::Refused, format_args!("{peer} {path} {status}: {why}"));
            conn.closed.cause = match conn.counts_as {
                CountsAs::Refusal => Cause::Limit,
                _ => cause_of(response.status, is_stopping),
            };
        }
        let close = response.close;
        self.respond(id, response, head_only, close);
    }

    /// Queues a whole response.
    pub(super) fn respond(&mut self, id: ConnId, response: Response, head_only: bool, close: bool) {
        if let Body::Stream { len: 1.., .. } = response.body
            && !head_only
            && !self.table.caps.has_room(self.table.conns.len(), &self.config)
        {
            return self.refuse_file(id);
        }
        self.notes.metrics.count(Note::Answered, response.status.0);
        self.turn.is_busy = true;
        let close = close || response.close;
        let start = self.turn.arena.len();
        let date = self.dates.at(self.world.unix_time());
        response::write_head(&mut self.turn.arena, &response, date, close);
        let rest = match response.body {
            _ if head_only => Body::None,
            Body::Bytes(bytes) if bytes.len() <= SMALL_BODY_BYTES => {
                self.turn.arena.extend_from_slice(&bytes);
                Body::None
            }
            body => body,
        };
        let span = self.turn.span_since(start);
        let Some(conn) = self.table.conns.get_mut(id.slot as usize).filter(|conn| conn.serial == id.serial)
        else {
            return;
        };
        self.turn.queue(id.slot, conn, span);
        conn.status = response.status.0;
        let Phase::Http(exchange) = &mut conn.phase else { return };
        match rest {
            Body::None | Body::Stream { len: 0, .. } => {}
            Body::Bytes(bytes) => conn.outbox.push_owned(bytes, &self.memory.meter),
            Body::Stream { len: left, source } => {
                let source = self.table.caps.count_file(source);
                exchange.stage = Stage::Streaming { source, left, close };
                return;
            }
        }
        self.end_response(id, close);
    }

    /// Refuses to send a file, because a file that is sent counts as a connection and there is no room.
    #[cold]
    fn refuse_file(&mut self, id: ConnId) {
        self.notes.metrics.count(Note::NoRoom, Cap::Files as u16);
        self.refuse(id, *refusal::service_unavailable());
        if let Some(conn) = self.table.get(id) {
            conn.closed.cause = Cause::Limit;
        }
    }

    /// Answers a request that was held.
    pub(super) fn respond_later(&mut self, id: RequestId, response: Response) {
        let Some(conn) = self.table.get(id.conn) else { return };
        let Phase::Http(exchange) = &mut conn.phase else { return };
        if exchange.requests != id.serial {
            return;
        }
        if let Stage::Held { head_only, close } = exchange.stage {
            self.respond(id.conn, response, head_only, close);
        }
    }

    /// Ends a held request: its application hears of it, and its peer gets `response`.
    pub(super) fn request_gone_with(&mut self, id: ConnId, response: Response) {
        let Some(conn) = self.table.get(id) else { return };
        let head_only = matches!(
            &conn.phase,
            Phase::Http(exchange) if matches!(exchange.stage, Stage::Held { head_only: true, .. })
        );
        self.request_gone(id);
        self.refuse_named(id, response, head_only, None);
    }

    /// Ends a response that is queued whole. The connection ends, or the bytes after the request are next.
    pub(super) fn end_response(&mut self, id: ConnId, close: bool) {
        if close {
            return self.drain(id, false);
        }
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        if let Phase::Http(exchange) = &mut conn.phase {
            exchange.stage = Stage::Head;
            exchange.since = now;
        }
        self.wake_reader(id);
        self.arm(id);
    }

    /// Queues the next piece of a response body, if the last one has left. Returns its bytes.
    pub(super) fn next_piece(&mut self, id: ConnId) -> usize {
        let piece_bytes = self.config.tuning.piece_bytes;
        let meter = self.memory.meter.clone();
        let Some(conn) = self.table.get(id).filter(|conn| conn.outbox.is_empty()) else { return 0 };
        let Phase::Http(exchange) = &mut conn.phase else { return 0 };
        let Stage::Streaming { source, left, close } = &mut exchange.stage else { return 0 };
        let wanted = usize::try_from(*left).unwrap_or(usize::MAX).min(piece_bytes);
        let mut piece = vec![0; wanted];
        match source.read(&mut piece) {
            // The head has promised the length, so the connection has to break.
            Err(_) | Ok(0) => {
                self.end(id, Cause::Application, true);
                0
            }
            Ok(len) => {
                piece.truncate(len);
                *left = left.saturating_sub(len as u64);
                let (finished, close) = (*left == 0, *close);
                conn.outbox.push_owned(piece, &meter);
                self.touch(id);
                if finished {
                    self.end_response(id, close);
                }
                len
            }
        }
    }
}

/// The cause of a refusal, for the log.
fn cause_of(Status(status): Status, is_stopping: bool) -> Cause {
    match status {
        // No rule was broken: the resource is not here, or not for this peer.
        403 | 404 | 421 => Cause::Peer,
        408 => Cause::Timeout,
        413 | 414 | 431 => Cause::Limit,
        500 => Cause::Application,
        503 if is_stopping => Cause::Shutdown,
        503 => Cause::Timeout,
        _ => Cause::Protocol,
    }
}
