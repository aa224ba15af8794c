//! Who is looked at again, and when: deadlines, connections that go on in the next turn, bytes that wait.

use super::conn::Conn;
use super::ids::ConnId;
use crate::clock::Time;
use crate::config::Config;
use crate::metered::Account;
use crate::timers::Timers;
use std::collections::{BTreeMap, VecDeque};

/// Received bytes that could not be processed yet.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pub(super) bytes: Vec<u8>,
    pub(super) account: Account,
}

/// What is waited for, and who waits.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Deadlines of connections.
    pub(super) timers: Timers<ConnId>,
    /// When applications want to be called, by application and key.
    pub(super) app_timers: Timers<(u8, u64)>,
    pub(super) app_armed: BTreeMap<(u8, u64), Time>,
    /// Received bytes that could not be processed yet, by slot; see `Hub::begin_turn`.
    pub(super) backlogs: BTreeMap<u32, Backlog>,
    /// Connections whose backlog, or next piece of a body, is due in the next turn.
    pub(super) resume: VecDeque<ConnId>,
    /// Connections that may be read again.
    pub(super) readable: Vec<ConnId>,
    /// When the rest is cut, once the server goes down. [`Time::NEVER`]: it does not go down.
    pub(super) stop_at: Time,
    /// When the pool gives back what it may not keep. [`Time::NEVER`]: it has no more than that.
    pub(super) trim_at: Time,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            timers: Timers::default(),
            app_timers: Timers::default(),
            app_armed: BTreeMap::new(),
            backlogs: BTreeMap::new(),
            resume: VecDeque::new(),
            readable: Vec::new(),
            stop_at: Time::NEVER,
            trim_at: Time::NEVER,
        }
    }
}

impl Watch {
    /// Whether the server goes down.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop_at != Time::NEVER
    }

    /// Makes sure that the timer of the connection fires when its deadline comes.
    ///
    /// A timer that would fire too early is left alone: it finds nothing to do and is set anew.
    /// So a deadline that moves with each received byte costs nothing.
    pub(super) fn arm(&mut self, id: ConnId, conn: &mut Conn, config: &Config, now: Time) {
        // Not at once again: a deadline that passed and was not dealt with must not keep `expire`
        // busy for ever.
        let deadline = conn.deadline(config).max(Time(now.0 + 1));
        if deadline < conn.armed {
            self.timers.set(id, &mut conn.armed, deadline);
        }
    }

    /// Asks for a call of the application at `at`, instead of any earlier wish for this key.
    pub(super) fn wake_application(&mut self, key: (u8, u64), at: Time) {
        let mut armed = self.app_armed.remove(&key).unwrap_or(Time::NEVER);
        self.app_timers.set(key, &mut armed, at);
        if armed != Time::NEVER {
            self.app_armed.insert(key, armed);
        }
    }
}
