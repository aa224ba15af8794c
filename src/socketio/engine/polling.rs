//! Long polling: a session begins, a GET waits for packets, a POST brings some.
//!
//! A body of a megabyte contains half a million packets, and each may be sent on to everybody. So a turn takes some
//! of them in their order, and no more than the cap on messages allows; the others wait for a later turn. The POST is
//! answered after its last packet. A client sends its next POST when it has that answer, so the server reads no more
//! from it.

use super::Engine;
use super::answer::{self, Asker, BAD_REQUEST, Fault, UNKNOWN_SID};
use super::io::{Service, SessionId};
use super::packet::{CLOSE, SEPARATOR};
use super::session::{Phase, Post, Transport};
use crate::clock::Time;
use crate::http::head::Head;
use crate::http::refusal;
use crate::http::response::Response;
use crate::hub::app::{Ctx, Reply, Request};
use std::time::Duration;

/// From a GET to its `6`, while a WebSocket is about to take over.
const PROBE_POLL: Duration = Duration::from_millis(100);
/// Most packets of one POST that are taken in one turn.
const PACKETS_PER_TURN: usize = 1_000;
/// From one of these turns to the next.
const PAUSE: Duration = Duration::from_millis(1);

impl<S: Service> Engine<S> {
    /// Begins a session that polls, unless there are as many as connections are allowed.
    pub(super) fn handshake(&mut self, ctx: &mut Ctx<'_>) -> Response {
        if self.sessions.polling >= ctx.config().max_connections {
            return *refusal::service_unavailable();
        }
        let id = self.sessions.open(ctx, Transport::Polling(Box::default()));
        let packet = self.open_packet(id, "\"websocket\"");
        let (service, mut io) = self.service(ctx);
        service.on_open(&mut io, id);
        answer::payload(packet)
    }

    /// A GET: answered at once if packets are queued, otherwise when some are.
    pub(super) fn poll(&mut self, ctx: &mut Ctx<'_>, id: SessionId, asker: &Asker) -> Result<Reply, Fault> {
        let session = self.sessions.touch(id).ok_or(UNKNOWN_SID)?;
        let Transport::Polling(polling) = &mut session.transport else { return Err(BAD_REQUEST) };
        if session.phase == Phase::Closed {
            let payload = polling.take(Some(CLOSE));
            self.sessions.end(ctx, id, CLOSE);
            return Ok(Reply::Now(answer::payload(payload)));
        }
        if polling.waiting.is_some() {
            self.sessions.end(ctx, id, CLOSE);
            return Err(BAD_REQUEST);
        }
        if !polling.queue.is_empty() {
            return Ok(Reply::Now(answer::payload(polling.take(None))));
        }
        // Before the client changes over it waits for the answer to its last GET.
        let is_probed = polling.probe.as_ref().is_some_and(|probe| probe.answered);
        let until = if is_probed { ctx.now().after(PROBE_POLL) } else { Time::NEVER };
        polling.waiting = Some((asker.clone(), until));
        self.sessions.waiting.insert(asker.request, id);
        Ok(Reply::Later)
    }

    /// A POST. A second one before the first was answered ends the session.
    pub(super) fn post(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        asker: &Asker,
        request: &Request<'_>,
    ) -> Result<Reply, Fault> {
        let Some(session) = self.sessions.live(id) else { return Ok(Reply::Now(answer::ok())) };
        let is_acceptable = session.post.is_none() && !is_binary(request.head);
        let body = std::str::from_utf8(request.body).ok().filter(|_| is_acceptable);
        let Some(body) = body else {
            self.sessions.end(ctx, id, CLOSE);
            return Err(BAD_REQUEST);
        };
        let Some((taken, at)) = self.take_packets(ctx, id, body)? else {
            return Ok(Reply::Now(answer::ok()));
        };
        let body = body.get(taken..).unwrap_or_default().to_owned();
        if let Some(session) = self.sessions.touch(id) {
            session.post = Some(Box::new(Post { body, taken: 0, at, asker: asker.clone() }));
        }
        Ok(Reply::Later)
    }

    /// Goes on with a POST, if it is time.
    pub(super) fn resume(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let now = ctx.now();
        let session = self.sessions.touch(id);
        let post = session.and_then(|session| session.post.take_if(|post| post.at <= now));
        let Some(mut post) = post else { return };
        let response = match self.take_packets(ctx, id, post.body.get(post.taken..).unwrap_or_default()) {
            Err(fault) => answer::fault(fault),
            Ok(None) => answer::ok(),
            Ok(Some((taken, at))) => {
                (post.taken, post.at) = (post.taken + taken, at);
                if let Some(session) = self.sessions.touch(id) {
                    session.post = Some(post);
                }
                return;
            }
        };
        post.asker.answer(ctx, response);
    }

    /// Takes packets, and returns how many bytes those were and when to go on; `None`: never.
    ///
    /// It stops when the turn is full, when the client has sent as many as it may, at a malformed packet, and
    /// after one that ends the session.
    fn take_packets(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        body: &str,
    ) -> Result<Option<(usize, Time)>, Fault> {
        let mut rest = body;
        for _ in 0..PACKETS_PER_TURN {
            let Some(session) = self.sessions.touch(id) else { return Ok(None) };
            if let Err(at) = ctx.pay(&mut session.bucket) {
                return Ok(Some((body.len() - rest.len(), at)));
            }
            let mut parts = rest.splitn(2, SEPARATOR);
            self.take_packet(ctx, id, parts.next().unwrap_or_default())?;
            match parts.next() {
                Some(others) if self.sessions.live(id).is_some() => rest = others,
                _ => return Ok(None),
            }
            if ctx.is_turn_full() {
                break;
            }
        }
        Ok(Some((body.len() - rest.len(), ctx.now().after(PAUSE))))
    }
}

/// Whether the body is declared as binary. Protocol 4 has binary packets as base64, and no binary payload.
fn is_binary(head: &Head<'_>) -> bool {
    let kind = head.fields.text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/octet-stream")
}
