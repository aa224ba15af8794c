//! Connections that come in, and those that are turned away because a cap is reached.
//!
//! The hub accepts those, too, answers `503` or `429` at once, and reads for a while what they ask: in the
//! backlog they would wait for an answer that does not come, and a request that comes late must not turn
//! the answer into a reset. It answers a few at a time, and closes the others without a word.

use super::Hub;
use super::conn::{Conn, LINGER_TIMEOUT, Phase};
use super::core::Core;
use super::ids::{Cause, ConnId};
use crate::clock::Time;
use crate::guard::caps::Cap;
use crate::guard::notes::Note;
use crate::http::refusal;
use std::net::SocketAddr;

impl Hub {
    /// Takes a connection that was accepted. `None`: the caller must close it at once, without a word.
    pub fn accept(&mut self, peer: SocketAddr, now: Time) -> Option<ConnId> {
        let core = &mut self.core;
        core.turn.now = now;
        core.turn.active = None;
        core.notes.metrics.count(Note::Accepted, 0);
        let reached = core.table.caps.reached(peer.ip(), core.table.conns.len(), &core.config);
        if let Some(cap) = reached {
            core.notes.metrics.count(Note::NoRoom, cap as u16);
            if core.table.caps.refusals >= core.config.tuning.max_refusals {
                return None;
            }
        }
        let serial = core.table.next_serial();
        let counts_as = core.table.caps.enter(peer.ip(), reached.is_some(), &core.config);
        let conn = Conn::new(serial, peer, counts_as, now);
        let id = core.table.add(conn);
        match reached {
            None => core.arm(id),
            Some(cap) => core.turn_away(id, cap),
        }
        Some(id)
    }

    /// Counts a connection that the driver accepted and closed at once, for want of descriptors.
    pub fn note_turned_away(&mut self) {
        let metrics = &mut self.core.notes.metrics;
        metrics.count(Note::Accepted, 0);
        metrics.count(Note::NoRoom, Cap::Descriptors as u16);
    }
}

impl Core {
    /// Tells the peer which cap was reached, and ends the connection.
    #[cold]
    fn turn_away(&mut self, id: ConnId, cap: Cap) {
        let answer = match cap {
            Cap::Address => refusal::too_many_requests(),
            _ => refusal::too_many_connections(),
        };
        self.refuse(id, *answer);
        let until = self.turn.now.after(LINGER_TIMEOUT);
        if let Some(conn) = self.table.get(id) {
            conn.closed.cause = Cause::Limit;
            if let Phase::Draining(draining) = &mut conn.phase {
                draining.until = until;
            }
        }
        self.arm(id);
    }
}
