//! The contract between Engine.IO and what stands on it: `Service` is called, and answers by calling
//! `Io`.
//!
//! A service sees sessions and messages, never transports: whether a session polls or has a
//! WebSocket, and when it changes over, is not its business. As with applications, nothing that a
//! service does inside a callback calls back into it: what it ends is reported afterwards.

use super::packet;
use super::table::Sessions;
use crate::app::{Ctx, Message};
use crate::clock::Time;

/// One Engine.IO session: slot and serial number; never the sid, which is a secret of its client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SessionId {
    pub(super) slot: u32,
    pub(super) serial: u32,
}

impl SessionId {
    /// An index into a table of sessions: a small number, used again when the session is over.
    #[must_use]
    pub fn slot(self) -> usize {
        self.slot as usize
    }

    /// The same as one number, for timers, tags and the memory budget.
    pub(super) fn key(self) -> u64 {
        u64::from(self.serial) << 32 | u64::from(self.slot)
    }

    pub(super) fn from_key(key: u64) -> Option<Self> {
        Some(Self {
            slot: u32::try_from(key & u64::from(u32::MAX)).ok()?,
            serial: u32::try_from(key >> 32).ok()?,
        })
    }
}

/// What stands on Engine.IO.
pub trait Service {
    /// A session began; messages may be sent.
    fn on_open(&mut self, io: &mut Io<'_, '_>, session: SessionId);

    /// A message arrived.
    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>);

    /// The session is over, exactly once for each `on_open`: nothing can be sent any more.
    fn on_close(&mut self, io: &mut Io<'_, '_>, session: SessionId);

    /// The moment asked for with [`Io::wake_at`] has come.
    fn on_timer(&mut self, _io: &mut Io<'_, '_>, _session: SessionId) {}
}

/// The service's hands: valid during one callback. What is sent to a session that is over is
/// ignored.
pub struct Io<'a, 'c> {
    pub(super) ctx: &'a mut Ctx<'c>,
    pub(super) sessions: &'a mut Sessions,
}

impl<'c> Io<'_, 'c> {
    /// Sends one message to one session.
    pub fn send(&mut self, session: SessionId, message: Message<'_>) {
        self.send_many([session], message);
    }

    /// Sends one message to many sessions. It is encoded once for all that are on WebSocket, and
    /// once for all that poll.
    pub fn send_many(
        &mut self,
        to: impl IntoIterator<Item = SessionId, IntoIter: Clone> + Clone,
        message: Message<'_>,
    ) {
        let sessions = &*self.sessions;
        let conns = to.clone().into_iter();
        let conns = conns.filter_map(|id| sessions.conn_of(id));
        match message {
            Message::Text(text) => self.ctx.send_text(conns, ["4", text]),
            Message::Binary(_) => self.ctx.send_many(conns, message),
        }
        if self.sessions.polling() == 0 {
            return;
        }
        let mut packet = None;
        for id in to {
            if self.sessions.is_polling(id) {
                let packet = packet.get_or_insert_with(|| packet::for_payload(message));
                self.sessions.push(self.ctx, id, packet);
            }
        }
    }

    /// Ends the session: behind what was sent, a WebSocket gets a Close without a code, and a
    /// client that polls gets `1`.
    pub fn close(&mut self, session: SessionId) {
        self.sessions.close(self.ctx, session);
    }

    /// Asks for `on_timer` at `when`, instead of any earlier wish of this session.
    /// [`Time::NEVER`] takes the wish back.
    pub fn wake_at(&mut self, session: SessionId, when: Time) {
        self.sessions.wish(session, when);
    }

    /// Counts bytes that the service keeps for this session into the memory budget: so many from now on.
    /// When memory is short the session that holds most may be ended for it.
    pub fn hold(&mut self, session: SessionId, bytes: usize) {
        self.sessions.hold(session, bytes);
    }

    /// The time of this turn.
    #[must_use]
    pub fn now(&self) -> Time {
        self.ctx.now()
    }

    /// Fills `bytes` with unpredictable bytes.
    pub fn random(&mut self, bytes: &mut [u8]) {
        self.ctx.random(bytes);
    }

    /// What else an application can do: log, the limits in force. Not for `wake_at` and `hold`, whose keys
    /// are the sessions'.
    pub fn ctx(&mut self) -> &mut Ctx<'c> {
        self.ctx
    }
}
