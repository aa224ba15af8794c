//! Long polling: a session begins, a GET waits for packets, a POST brings some.

use super::Engine;
use super::answer::{self, Fault};
use super::io::{Service, SessionId};
use super::packet::CLOSE;
use super::session::{Transport, Waiting};
use super::table::Farewell;
use crate::clock::Time;
use crate::http::head::Head;
use crate::http::refusal;
use crate::http::response::Response;
use crate::hub::app::{Ctx, Reply, Request, RequestId};
use crate::socketio::cors::Cors;
use std::time::Duration;

/// From a GET to its `6`, while a WebSocket is about to take over.
const PROBE_POLL: Duration = Duration::from_millis(100);

impl<S: Service> Engine<S> {
    /// Begins a session that polls, unless there are as many as connections are allowed.
    pub(super) fn handshake(&mut self, ctx: &mut Ctx<'_>) -> Response {
        if self.sessions.polling >= ctx.config().max_connections {
            return *refusal::service_unavailable();
        }
        let id = self.sessions.open(ctx, Transport::Polling(Box::default()));
        let packet = self.open_packet(id, "\"websocket\"");
        self.opened(ctx, id);
        answer::payload(packet)
    }

    /// A GET: answered at once if packets are queued, otherwise when some are.
    pub(super) fn poll(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        request: RequestId,
        cors: &Cors,
    ) -> Result<Reply, Fault> {
        let probe_poll = ctx.now().after(PROBE_POLL);
        let session = self.sessions.get_mut(id).ok_or(Fault::UnknownSid)?;
        let Transport::Polling(polling) = &mut session.transport else { return Err(Fault::BadRequest) };
        if session.closed_until.is_some() {
            let payload = polling.take(Some(CLOSE));
            self.sessions.end(ctx, id, Farewell::Close);
            return Ok(Reply::Now(answer::payload(payload)));
        }
        if polling.waiting.is_some() {
            self.sessions.end(ctx, id, Farewell::Close);
            return Err(Fault::BadRequest);
        }
        if !polling.queue.is_empty() {
            return Ok(Reply::Now(answer::payload(polling.take(None))));
        }
        // Before the client changes over it waits for the answer to its last GET.
        let is_probed = session.probe.as_ref().is_some_and(|probe| probe.answered);
        let waiting =
            Waiting { request, cors: cors.clone(), until: if is_probed { probe_poll } else { Time::NEVER } };
        self.sessions.wait(id, waiting);
        Ok(Reply::Later)
    }

    /// A POST. A second one before the first was answered ends the session.
    pub(super) fn post(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        from: RequestId,
        request: &Request<'_>,
        cors: &Cors,
    ) -> Result<Reply, Fault> {
        let Some(session) = self.sessions.live(id) else { return Ok(Reply::Now(answer::ok())) };
        let is_acceptable = session.inbox.is_none() && !is_binary(request.head);
        let body = std::str::from_utf8(request.body).ok();
        let Some(body) = body.filter(|_| is_acceptable) else {
            self.sessions.end(ctx, id, Farewell::Close);
            return Err(Fault::BadRequest);
        };
        self.take_body(ctx, id, body, from, cors)
    }
}

/// Whether the body is declared as binary. Protocol 4 has binary packets as base64, and no binary payload.
fn is_binary(head: &Head<'_>) -> bool {
    let kind = head.fields.text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/octet-stream")
}
