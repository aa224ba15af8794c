//! The packets of a POST, in their order; as many in one turn as others can be asked to wait for, and
//! in one second as a client may send.
//!
//! A body of a megabyte holds half a million packets, and each may be for everybody. So what is
//! left when the turn is full waits for a later one, and with it the answer. That is how a client that polls
//! is not read for a while: it sends its next POST when it has the answer to this one.

use super::Engine;
use super::answer::{self, Fault};
use super::io::{Service, SessionId};
use super::packet::SEPARATOR;
use super::table::Farewell;
use crate::app::{Ctx, RequestId};
use crate::clock::Time;
use crate::http::response::Response;
use crate::socketio::cors::Cors;
use std::time::Duration;

/// Packets of one POST that are taken in one turn, whatever comes of them.
const PACKETS_PER_TURN: usize = 1_000;
/// From one of these turns to the next.
const PAUSE: Duration = Duration::from_millis(1);

/// A POST of which not all is taken.
#[derive(Debug)]
pub(super) struct Inbox {
    body: String,
    /// Bytes of it that are.
    taken: usize,
    /// When it goes on.
    pub(super) at: Time,
    request: RequestId,
    cors: Cors,
}

/// A body, or the rest of one, is not taken whole.
struct Rest {
    /// Bytes that are.
    taken: usize,
    /// When it goes on.
    at: Time,
}

impl Inbox {
    /// Memory that it takes.
    pub(super) fn held_bytes(&self) -> usize {
        self.body.capacity()
    }

    /// Nothing more of it is taken.
    pub(super) fn refuse(&self, ctx: &mut Ctx<'_>) {
        self.answer(ctx, answer::fault(Fault::BadRequest));
    }

    fn answer(&self, ctx: &mut Ctx<'_>, response: Response) {
        ctx.respond(self.request, self.cors.on(response));
    }

    fn rest(&self) -> &str {
        self.body.get(self.taken..).unwrap_or_default()
    }
}

impl<S: Service> Engine<S> {
    /// The body of a POST. `None`: it is answered later.
    pub(super) fn take_body(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        body: &str,
        request: RequestId,
        cors: &Cors,
    ) -> Result<Option<Response>, Fault> {
        let rest = self.take_packets(ctx, id, body)?;
        let Some((rest, session)) = rest.zip(self.sessions.get_mut(id)) else {
            return Ok(Some(answer::ok()));
        };
        session.inbox = Some(Box::new(Inbox {
            body: body.get(rest.taken..).unwrap_or_default().to_owned(),
            taken: 0,
            at: rest.at,
            request,
            cors: cors.clone(),
        }));
        Ok(None)
    }

    /// Goes on with a POST, if it is time.
    pub(super) fn resume(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let now = ctx.now();
        let session = self.sessions.get_mut(id);
        let inbox = session.and_then(|session| session.inbox.take_if(|inbox| inbox.at <= now));
        let Some(mut inbox) = inbox else {
            return;
        };
        let rest = match self.take_packets(ctx, id, inbox.rest()) {
            Ok(rest) => rest,
            Err(fault) => return inbox.answer(ctx, answer::fault(fault)),
        };
        let Some((rest, session)) = rest.zip(self.sessions.get_mut(id)) else {
            return inbox.answer(ctx, answer::ok());
        };
        inbox.taken += rest.taken;
        inbox.at = rest.at;
        session.inbox = Some(inbox);
    }

    /// Takes packets until the turn is full, the client has sent as many as it may, one is malformed, or
    /// one ends the session. `None`: there is nothing left to take.
    fn take_packets(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        body: &str,
    ) -> Result<Option<Rest>, Fault> {
        let mut rest = body;
        let left = |rest: &str, at| Rest {
            taken: body.len() - rest.len(),
            at,
        };
        for _ in 0..PACKETS_PER_TURN {
            let Some(session) = self.sessions.get_mut(id) else {
                return Ok(None);
            };
            if let Err(at) = ctx.pay(&mut session.bucket) {
                return Ok(Some(left(rest, at)));
            }
            let (packet, behind) = match rest.split_once(SEPARATOR) {
                Some((packet, behind)) => (packet, Some(behind)),
                None => (rest, None),
            };
            if !self.take_packet(ctx, id, packet) {
                return Err(Fault::BadRequest);
            }
            match behind {
                Some(behind) if self.sessions.is_live(id) => rest = behind,
                _ => return Ok(None),
            }
            if ctx.is_turn_full() {
                break;
            }
        }
        Ok(Some(left(rest, ctx.now().after(PAUSE))))
    }

    /// A second POST, before the first was answered, ends the session.
    pub(super) fn check_overlap(&mut self, ctx: &mut Ctx<'_>, id: SessionId) -> Result<(), Fault> {
        let session = self.sessions.get(id);
        if session.is_some_and(|session| session.inbox.is_some()) {
            self.sessions.end(ctx, id, Farewell::Close);
            return Err(Fault::BadRequest);
        }
        Ok(())
    }
}
