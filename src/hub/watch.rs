//! Who is looked at again, and when: deadlines, connections that go on in the next turn, bytes that wait.

use super::ids::ConnId;
use crate::clock::{Time, Timers};
use crate::metered::Account;
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
    /// Asks for a call of the application at `at`, instead of any earlier wish for this key.
    pub(super) fn wake_application(&mut self, key: (u8, u64), at: Time) {
        let mut armed = self.app_armed.remove(&key).unwrap_or(Time::NEVER);
        self.app_timers.set(key, &mut armed, at);
        if armed != Time::NEVER {
            self.app_armed.insert(key, armed);
        }
    }
}
