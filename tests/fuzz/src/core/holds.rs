//! What must hold: after every turn, at rest, and when everybody is gone.

use super::{Client, Play};
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::clock::Time;
use ws101::config::Config;

/// Longer than everything that a silent peer can make the server wait for, one behind the other.
const LONG: Duration = Duration::from_secs(600);
/// What a compressed message can make a peer hold besides: the library's state, what it can refer back to, and what
/// earlier messages left for that.
const INFLATING_BYTES: usize = 200_000;

impl Play {
    /// What holds after every turn.
    pub(super) fn check_turn(&mut self) {
        let mut count = 0;
        for slot in &mut self.clients {
            let Some(client) = slot else { continue };
            let end = self.sim.end(client.no);
            let bytes = self.sim.take(client.no);
            self.turns_explained += bytes.len();
            client.output.take(&bytes, &self.ledger);
            if end != End::Open {
                client.output.check_end(end);
            }
            if matches!(end, End::Closed | End::Reset) {
                *slot = None;
            } else {
                count += 1;
            }
        }
        assert_eq!(self.sim.hub.connections(), count);
        assert!(self.sim.turns <= self.turns_explained, "{} turns, and nothing happens", self.sim.turns);
        let hub = &self.sim.hub;
        if hub.next_deadline() == Time::NEVER && !hub.has_work() {
            let needs_one = |client: &Client| !self.may_stay(client);
            assert!(!self.clients.iter().flatten().any(needs_one), "a connection without a deadline");
        }
    }

    /// Whether this connection may wait for ever: an open WebSocket that is not pinged, for which
    /// nothing waits.
    fn may_stay(&self, client: &Client) -> bool {
        let id = self.sim.peer(client.no).id;
        self.ledger.is_open(id)
            && (self.config.ping_interval.is_zero() || self.ledger.is_quiet(id))
            && !self.sim.is_blocked(client.no)
    }

    /// What holds when nothing is left to do: all that was sent has arrived where it can, who can
    /// be read has been, and memory is not short. (That it is counted right, `Sim` looks itself.)
    pub(super) fn check_rest(&mut self) {
        assert!(self.sim.hub.held_bytes() <= self.config.memory_budget_bytes, "more is held than may be");
        for client in self.clients.iter().flatten() {
            let id = self.sim.peer(client.no).id;
            let wants_read = self.sim.hub.wants_read(id);
            assert!(!wants_read || self.sim.unread(client.no) == 0, "bytes wait, and nobody reads them");
            if !self.sim.is_blocked(client.no) {
                let may_pause = self.config.max_messages_per_second > 0;
                assert!(
                    wants_read || may_pause || !self.ledger.is_open(id),
                    "paused, and nothing waits for the peer"
                );
                self.ledger.assert_all_seen(id, client.output.may_be_head);
            }
        }
    }

    /// Everybody falls silent, or leaves: then nothing may be left of them.
    pub(super) fn end(&mut self, how: u8) {
        self.settle();
        self.turns_explained += 5_000;
        match how {
            0 => {
                // Silent, and deaf if they were.
                self.pass_time(LONG);
                for client in self.clients.iter().flatten() {
                    assert!(self.may_stay(client), "somebody is never given up");
                }
                // The beginning of a large message is not kept for ever.
                let kept = 2 * self.config.tuning.slow_message_bytes + 1_000 + INFLATING_BYTES;
                let most = self.clients.iter().flatten().count() * kept;
                assert!(self.sim.hub.held_bytes() <= most, "kept for ever");
                self.leave(Sim::reset);
            }
            1 => self.leave(Sim::reset),
            2 => self.leave(Sim::fin),
            _ => {
                self.sim.hub.stop(self.sim.now);
                self.pass_time(Config::default().drain_timeout);
                assert!(self.sim.hub.is_finished(), "the server does not go down");
            }
        }
        self.pass_time(LONG);
        assert_eq!(self.sim.hub.connections(), 0, "somebody is never given up");
        assert_eq!(self.sim.hub.held_bytes(), 0, "held, and for nobody");
        self.ledger.assert_all_over();
        if !self.stopped && how != 3 {
            assert_eq!(self.sim.hub.next_deadline(), Time::NEVER);
        }
        assert!(!self.sim.hub.has_work());
    }

    fn leave(&mut self, leave: fn(&mut Sim, PeerNo)) {
        for client in self.clients.iter_mut().flatten() {
            if !client.has_left {
                client.has_left = true;
                leave(&mut self.sim, client.no);
            }
        }
    }
}
