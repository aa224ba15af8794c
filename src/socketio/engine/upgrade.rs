//! WebSockets: a session's only transport, or one that is to take over from polling.
//!
//! A second transport proves itself first: `2probe`, `3probe`, `5`. Until the `5` packets for the client are
//! queued for its GET; with the `5` those that are still queued go over the WebSocket. So no message is lost
//! or doubled, whenever it was sent.

use super::Engine;
use super::io::{Service, SessionId};
use super::packet::{self, NOOP, Packet};
use super::session::{Probe, Transport};
use super::table::Farewell;
use crate::app::{ConnId, Ctx, Message, Options, Reply};
use crate::slots::Id;

impl<S: Service> Engine<S> {
    /// Accepts a correct opening handshake: a new session (`None`), or a second transport of this one.
    pub(super) fn accept_websocket(
        &mut self,
        ctx: &mut Ctx<'_>,
        session: Option<SessionId>,
        conn: ConnId,
    ) -> Reply {
        let id = match session {
            Some(id) => {
                self.begin_probe(ctx, id, conn);
                id
            }
            None => self.sessions.open(ctx, Transport::WebSocket(conn)),
        };
        Reply::Upgrade(Options {
            tag: id.0.to_number(),
            max_message_bytes: Some(self.sessions.settings.max_payload),
            // Engine.IO has a heartbeat of its own.
            keepalive: false,
            // As in the original, whichever it is: a client that offers some may insist on one.
            first_subprotocol: true,
        })
    }

    /// Lets a WebSocket try to take over: one at a time, and only from polling. Any other gets no role in the
    /// session, and is closed as soon as it is open.
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
                // An error has ended the session, and there is no request to answer.
                let _ = self.take_packet(ctx, id, text);
            }
            (Some((id, Role::Transport)), Message::Binary(_)) => self.pass(ctx, id, message),
            (Some((id, Role::Probe)), Message::Text(text)) => self.probed(ctx, id, conn, text),
            (Some((id, Role::Probe)), Message::Binary(_)) => self.drop_probe(ctx, id),
            (None, _) => {}
        }
    }

    pub(super) fn websocket_closed(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64) {
        match self.role(conn, tag) {
            Some((id, Role::Transport)) => self.sessions.end(ctx, id, Farewell::Close),
            Some((id, Role::Probe)) => self.drop_probe(ctx, id),
            None => {}
        }
    }

    /// The session that the tag names, and what this WebSocket is to it.
    fn role(&self, conn: ConnId, tag: u64) -> Option<(SessionId, Role)> {
        let id = SessionId(Id::from_number(tag));
        let session = self.sessions.get(id)?;
        let probe = session.probe.as_ref();
        match &session.transport {
            Transport::WebSocket(own) if *own == conn => Some((id, Role::Transport)),
            _ if probe.is_some_and(|probe| probe.conn == conn) => Some((id, Role::Probe)),
            _ => None,
        }
    }

    /// A text from the WebSocket that wants to take over.
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

    fn drop_probe(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.drop_probe(ctx);
        }
    }
}

/// What a WebSocket is to a session.
enum Role {
    /// It carries the session's messages.
    Transport,
    /// It wants to take over from polling.
    Probe,
}
