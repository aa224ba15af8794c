//! The packets of a POST, in their order; as many in one turn as others can be asked to wait for.
//!
//! A body of a megabyte holds half a million packets, and each may be for everybody. So what is
//! left when the turn is full waits for the next one, and with it the answer.

use super::Engine;
use super::answer::{self, Cors, Fault};
use super::io::{Service, SessionId};
use super::packet::SEPARATOR;
use super::table::Farewell;
use crate::app::{Ctx, RequestId};
use crate::clock::Time;
use crate::http::response::Response;
use std::time::Duration;

/// Packets of one POST that are taken in one turn, whatever comes of them.
const PACKETS_PER_TURN: usize = 1_000;
/// From one of these turns to the next.
const PAUSE: Duration = Duration::from_millis(1);

/// What is left of a POST.
#[derive(Debug)]
pub(super) struct Inbox {
    body: String,
    /// When it goes on.
    pub(super) at: Time,
    request: RequestId,
    cors: Cors,
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
        session.inbox = Some(Inbox {
            body: rest.to_owned(),
            at: ctx.now().after(PAUSE),
            request,
            cors: cors.clone(),
        });
        Ok(None)
    }

    /// Goes on with a POST.
    pub(super) fn resume(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let session = self.sessions.get_mut(id);
        let Some(inbox) = session.and_then(|session| session.inbox.take()) else {
            return;
        };
        let (request, cors) = (inbox.request, &inbox.cors);
        match self.take_body(ctx, id, &inbox.body, request, cors) {
            Ok(None) => {}
            Ok(Some(response)) => inbox.answer(ctx, response),
            Err(fault) => inbox.answer(ctx, answer::fault(fault)),
        }
    }

    /// Takes packets until the turn is full, one is malformed, or one ends the session; gives what is
    /// left of the body.
    fn take_packets<'a>(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        mut body: &'a str,
    ) -> Result<Option<&'a str>, Fault> {
        for _ in 0..PACKETS_PER_TURN {
            let (packet, rest) = match body.split_once(SEPARATOR) {
                Some((packet, rest)) => (packet, Some(rest)),
                None => (body, None),
            };
            if !self.take_packet(ctx, id, packet) {
                return Err(Fault::BadRequest);
            }
            match rest {
                Some(rest) if self.sessions.is_live(id) => body = rest,
                _ => return Ok(None),
            }
            if ctx.is_turn_full() {
                break;
            }
        }
        Ok(Some(body))
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
