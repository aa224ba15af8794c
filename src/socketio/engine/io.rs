//! The contract between Engine.IO and what stands on it: `Service` is called, and answers by calling
//! `Io`.
//!
//! A service sees sessions and messages, never transports: it need not know whether a session polls or has
//! a WebSocket, nor when it changes over. Nothing that a service does inside a callback calls back into it:
//! sessions that it closes are reported afterwards.

use super::packet::{self, TEXT};
use super::session::{Phase, Sessions};
pub use super::session::{SessionId, Sid, random_id};
use crate::clock::Time;
use crate::hub::app::{Ctx, Message};

/// What stands on Engine.IO.
pub trait Service {
    /// A session began; messages may be sent.
    fn on_open(&mut self, io: &mut Io<'_, '_>, session: SessionId);

    /// A message arrived.
    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>);

    /// A session ended, exactly once for each `on_open`. Nothing can be sent to it any more.
    fn on_close(&mut self, io: &mut Io<'_, '_>, session: SessionId);

    /// The moment that the service asked for with [`Io::wake_at`] has come.
    fn on_timer(&mut self, _io: &mut Io<'_, '_>, _session: SessionId) {}
}

/// What a service can do during one callback. What it sends to a session that ended is ignored.
pub struct Io<'a, 'c> {
    /// What else an application can do: read the clock, write to the log. A service must not call
    /// `wake_at` and `hold` there, because their keys are those of the sessions.
    pub ctx: &'a mut Ctx<'c>,
    pub(super) sessions: &'a mut Sessions,
}

impl Io<'_, '_> {
    /// Sends one message to one session.
    pub fn send(&mut self, session: SessionId, message: Message<'_>) {
        self.send_many([session], message);
    }

    /// Sends one message to many sessions. It is encoded once for all that have a WebSocket, and
    /// once for all that poll.
    pub fn send_many(
        &mut self,
        to: impl IntoIterator<Item = SessionId, IntoIter: Clone> + Clone,
        message: Message<'_>,
    ) {
        let sessions = &*self.sessions;
        let conns = to.clone().into_iter().filter_map(|id| sessions.live(id)?.conn());
        match message {
            Message::Text(text) => self.ctx.send_text(conns, [TEXT, text]),
            Message::Binary(_) => self.ctx.send_many(conns, message),
        }
        if self.sessions.polling == 0 {
            return;
        }
        let mut packet = None;
        for id in to {
            if self.sessions.live(id).is_some_and(|session| session.conn().is_none()) {
                let packet = packet.get_or_insert_with(|| packet::for_payload(message));
                self.sessions.push(self.ctx, id, packet);
            }
        }
    }

    /// Ends a session. After what was sent before, a WebSocket gets a Close without a code, and a
    /// client that polls gets `1`.
    pub fn close(&mut self, session: SessionId) {
        self.sessions.close(self.ctx, session);
    }

    /// Asks for `on_timer` at `when`, instead of any earlier wish for this session.
    /// [`Time::NEVER`] takes the wish back.
    pub fn wake_at(&mut self, session: SessionId, when: Time) {
        let session = self.sessions.touch(session).filter(|session| session.phase != Phase::Closed);
        if let Some(session) = session {
            session.wish = when;
        }
    }

    /// Sets how many bytes the service keeps for a session, for the memory budget.
    /// When memory is short, the session with the most bytes may be ended.
    pub fn count_kept(&mut self, session: SessionId, bytes: usize) {
        if let Some(session) = self.sessions.touch(session) {
            session.kept = bytes;
        }
    }
}
