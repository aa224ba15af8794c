//! WebSockets: a session's only transport, or one that is to take over from polling.
//!
//! A second transport proves itself first: `2probe`, `3probe`, `5`. Until the `5` packets for the client are
//! queued for its GET; with the `5` those that are still queued go over the WebSocket. So no message is lost
//! or doubled, whenever it was sent.

use super::Engine;
use super::io::{Service, SessionId};
use super::packet::{self, BINARY, NOOP, UPGRADE};
use super::session::{Probe, Transport};
use crate::hub::app::{ConnId, Ctx, Message, Options, Reply};
use std::mem;
use std::time::Duration;

/// From the handshake of a second transport to its `5`.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

impl<S: Service> Engine<S> {
    /// Accepts a correct opening handshake: a new session (`None`), or a second transport of this one.
    pub(super) fn accept_websocket(
        &mut self,
        ctx: &mut Ctx<'_>,
        session: Option<SessionId>,
        conn: ConnId,
    ) -> Reply {
        let id = session.unwrap_or_else(|| self.sessions.open(ctx, Transport::WebSocket(conn)));
        // Only one at a time may try. Any other gets no role, and is closed as soon as it is open.
        if self.sessions.live(id).is_some()
            && let Some(polling) = self.sessions.polling(id)
        {
            let until = ctx.now().after(UPGRADE_TIMEOUT);
            polling.probe.get_or_insert(Probe { conn, answered: false, until });
        }
        Reply::Upgrade(Options {
            tag: id.to_number(),
            max_message_bytes: Some(self.sessions.settings.max_payload),
            // Engine.IO has a heartbeat of its own.
            keepalive: false,
            // As in the original, whichever it is: a client that offers some may insist on one.
            first_subprotocol: true,
        })
    }

    /// Takes a message from the WebSocket that wants to take over. A wrong one closes it; polling goes on.
    pub(super) fn probed(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conn: ConnId, message: Message<'_>) {
        let Some(polling) = self.sessions.polling(id) else { return };
        let Some(probe) = &mut polling.probe else { return };
        match message {
            Message::Text("2probe") => {
                probe.answered = true;
                ctx.send_text([conn], ["3probe"]);
                self.sessions.answer(ctx, id, Some(NOOP));
            }
            Message::Text(text) if probe.answered && text.starts_with(UPGRADE) => {
                self.sessions.answer(ctx, id, Some(NOOP));
                self.take_over(ctx, id, conn);
            }
            _ => polling.drop_probe(ctx),
        }
    }

    /// Makes this WebSocket the transport. The packets that were queued go over it.
    fn take_over(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conn: ConnId) {
        let Some(session) = self.sessions.touch(id) else { return };
        let before = mem::replace(&mut session.transport, Transport::WebSocket(conn));
        let Transport::Polling(polling) = before else { return };
        self.sessions.polling -= 1;
        for packet in polling.queue {
            match packet.strip_prefix(BINARY).and_then(packet::bytes) {
                Some(bytes) => ctx.send(conn, Message::Binary(&bytes)),
                None => ctx.send_text([conn], [&packet]),
            }
        }
    }
}
