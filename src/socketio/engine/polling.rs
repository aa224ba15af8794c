//! Long polling: a session begins, a GET waits for packets, a POST brings some.

use super::answer::{self, Fault};
use super::io::{Service, SessionId};
use super::packet::CLOSE;
use super::session::{Transport, Waiting};
use super::table::Farewell;
use super::{Engine, full};
use crate::app::{Ctx, Request, RequestId};
use crate::clock::Time;
use crate::http::head::Head;
use crate::http::response::Response;
use crate::socketio::cors::Cors;

impl<S: Service> Engine<S> {
    /// A session begins with polling.
    pub(super) fn handshake(&mut self, ctx: &mut Ctx<'_>) -> Response {
        if self.is_full(ctx) {
            return full();
        }
        let transport = Transport::Polling(Box::default());
        let Some(id) = self.sessions.open(ctx, transport) else {
            return full();
        };
        let packet = self.open_packet(id, "\"websocket\"");
        self.opened(ctx, id);
        answer::payload(packet)
    }

    /// A GET. `None`: there is nothing to tell yet.
    pub(super) fn poll(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        request: RequestId,
        cors: &Cors,
    ) -> Result<Option<Response>, Fault> {
        let probe_poll = ctx.now().after(self.sessions.settings.probe_poll);
        let session = self.sessions.get_mut(id).ok_or(Fault::UnknownSid)?;
        let Transport::Polling(polling) = &mut session.transport else {
            return Err(Fault::BadRequest);
        };
        if session.leaving.is_some() {
            let farewell = polling.take(Some(CLOSE));
            self.sessions.end(ctx, id, Farewell::Close);
            return Ok(Some(answer::payload(farewell)));
        }
        if polling.waiting.is_some() {
            self.sessions.end(ctx, id, Farewell::Close);
            return Err(Fault::BadRequest);
        }
        if !polling.queue.is_empty() {
            return Ok(Some(answer::payload(polling.take(None))));
        }
        // Before the client changes over it lets its last GET come back.
        let is_probed = session.probe.as_ref().is_some_and(|probe| probe.answered);
        let waiting = Waiting {
            request,
            cors: cors.clone(),
            until: if is_probed { probe_poll } else { Time::NEVER },
        };
        self.sessions.wait(id, waiting);
        Ok(None)
    }

    /// A POST. `None`: its packets are many, and it is answered later.
    pub(super) fn post(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        from: RequestId,
        request: &Request<'_>,
        cors: &Cors,
    ) -> Result<Option<Response>, Fault> {
        if !self.sessions.is_live(id) {
            return Ok(Some(answer::ok()));
        }
        self.check_overlap(ctx, id)?;
        let body = std::str::from_utf8(request.body).ok();
        let Some(body) = body.filter(|_| !is_binary(request.head)) else {
            self.sessions.end(ctx, id, Farewell::Close);
            return Err(Fault::BadRequest);
        };
        self.take_body(ctx, id, body, from, cors)
    }
}

/// Protocol 4 has binary packets as base64, and no binary payload.
fn is_binary(head: &Head<'_>) -> bool {
    let kind = head.value("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/octet-stream")
}
