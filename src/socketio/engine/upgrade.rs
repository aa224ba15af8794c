//! WebSockets: a session's only transport, or one that is to take over from polling.
//!
//! The second proves itself first: `2probe`, `3probe`, `5`. Until the `5` everything that is for the client
//! is queued for its GET; with the `5` what is left of that goes over the WebSocket. So no message is lost
//! or doubled, whenever it was sent.

use super::answer::Fault;
use super::io::{Service, SessionId};
use super::packet::{self, NOOP, Packet};
use super::session::{Probe, Transport};
use super::{Asked, Engine, full};
use crate::app::{ConnId, Ctx, Message, Options, Reply};
use crate::http::head::Head;

impl<S: Service> Engine<S> {
    /// A correct opening handshake.
    pub(super) fn ask_upgrade(
        &mut self,
        ctx: &mut Ctx<'_>,
        conn: ConnId,
        head: &Head<'_>,
    ) -> Result<Reply, Fault> {
        let tag = match self.judge(head, true)? {
            Asked::Open => match self.sessions.open(ctx, Transport::WebSocket(conn)) {
                Some(id) => id.key(),
                None => return Ok(Reply::Now(full())),
            },
            Asked::Of(id) => {
                self.begin_probe(ctx, id, conn);
                id.key()
            }
        };
        Ok(Reply::Upgrade(Options {
            tag,
            max_message_bytes: Some(self.sessions.settings.max_payload),
            // The heartbeat is ours.
            keepalive: false,
            // As the original does, whatever it is: a client that offers some may insist on one.
            first_subprotocol: true,
        }))
    }

    /// Only one at a time may try, and only beside polling. Any other has no role in its session, and is
    /// closed as soon as it is open.
    fn begin_probe(&mut self, ctx: &Ctx<'_>, id: SessionId, conn: ConnId) {
        let until = ctx.now().after(self.sessions.settings.upgrade_timeout);
        if self.sessions.is_polling(id)
            && let Some(session) = self.sessions.get_mut(id)
        {
            session.probe.get_or_insert(Probe {
                conn,
                answered: false,
                until,
            });
        }
    }

    pub(super) fn websocket_opened(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64) {
        match self.role(conn, tag) {
            Some((id, Role::Transport)) => {
                let packet = self.open_packet(id, "");
                ctx.send_text([conn], [&packet]);
                self.opened(ctx, id);
            }
            Some((_, Role::Probe)) => {}
            None => ctx.close_without_code(conn),
        }
    }

    pub(super) fn websocket_message(
        &mut self,
        ctx: &mut Ctx<'_>,
        conn: ConnId,
        tag: u64,
        message: Message<'_>,
    ) {
        match (self.role(conn, tag), message) {
            (Some((id, Role::Transport)), Message::Text(text)) => {
                self.take_packet(ctx, id, text);
            }
            (Some((id, Role::Transport)), Message::Binary(_)) => self.pass(ctx, id, message),
            (Some((id, Role::Probe)), Message::Text(text)) => self.probed(ctx, id, conn, text),
            (Some((id, Role::Probe)), Message::Binary(_)) => self.drop_probe(ctx, id),
            (None, _) => {}
        }
    }

    pub(super) fn websocket_closed(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64) {
        match self.role(conn, tag) {
            Some((id, Role::Transport)) => {
                self.sessions.end(ctx, id, super::Farewell::Close);
            }
            Some((id, Role::Probe)) => self.drop_probe(ctx, id),
            None => {}
        }
    }

    /// What this WebSocket is to the session that its tag names.
    fn role(&self, conn: ConnId, tag: u64) -> Option<(SessionId, Role)> {
        let session = self.sessions.get(SessionId::from_key(tag)?)?;
        let probe = session.probe.as_ref();
        match &session.transport {
            Transport::WebSocket(own) if *own == conn => Some((session.id, Role::Transport)),
            _ if probe.is_some_and(|probe| probe.conn == conn) => Some((session.id, Role::Probe)),
            _ => None,
        }
    }

    fn probed(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conn: ConnId, text: &str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(probe) = &mut session.probe else {
            return;
        };
        match packet::decode(text) {
            Some(Packet::Ping("probe")) => {
                probe.answered = true;
                ctx.send_text([conn], ["3probe"]);
                self.sessions.answer(ctx, id, Some(NOOP));
            }
            Some(Packet::Upgrade) if probe.answered => {
                self.sessions.answer(ctx, id, Some(NOOP));
                for packet in self.sessions.upgrade(id, conn) {
                    match packet::decode(&packet) {
                        Some(Packet::Binary(bytes)) => ctx.send(conn, Message::Binary(&bytes)),
                        _ => ctx.send_text([conn], [&packet]),
                    }
                }
            }
            _ => self.drop_probe(ctx, id),
        }
    }

    /// The WebSocket does not take over; polling goes on.
    fn drop_probe(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let session = self.sessions.get_mut(id);
        if let Some(probe) = session.and_then(|session| session.probe.take()) {
            ctx.close_without_code(probe.conn);
        }
    }
}

/// What a WebSocket is to a session.
enum Role {
    /// Its messages go over it.
    Transport,
    /// It wants that.
    Probe,
}
