//! The packets of a POST: taken in order, some in each turn of the loop, and no faster than the cap allows.
//!
//! A body of a megabyte contains half a million packets, and each may be sent on to everybody. So the
//! packets after a full turn wait for a later one, and the POST is answered after its last packet. A
//! client sends its next POST when it has the answer to this one, so the server reads no more from it.

use super::Engine;
use super::answer::{self, Fault};
use super::io::{Service, SessionId};
use super::packet::SEPARATOR;
use super::session::Inbox;
use crate::clock::Time;
use crate::hub::app::{Ctx, Reply, RequestId};
use crate::socketio::cors::Cors;
use std::time::Duration;

/// Most packets of one POST that are taken in one turn.
const PACKETS_PER_TURN: usize = 1_000;
/// From one of these turns to the next.
const PAUSE: Duration = Duration::from_millis(1);

impl<S: Service> Engine<S> {
    /// Takes the packets of a POST, and answers it unless some are left for later.
    pub(super) fn take_body(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        body: &str,
        request: RequestId,
        cors: &Cors,
    ) -> Result<Reply, Fault> {
        let Some((taken, at)) = self.take_packets(ctx, id, body)? else {
            return Ok(Reply::Now(answer::ok()));
        };
        if let Some(session) = self.sessions.get_mut(id) {
            session.inbox = Some(Box::new(Inbox {
                body: body.get(taken..).unwrap_or_default().to_owned(),
                taken: 0,
                at,
                request,
                cors: cors.clone(),
            }));
        }
        Ok(Reply::Later)
    }

    /// Goes on with a POST, if it is time.
    pub(super) fn resume(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let now = ctx.now();
        let session = self.sessions.get_mut(id);
        let inbox = session.and_then(|session| session.inbox.take_if(|inbox| inbox.at <= now));
        let Some(mut inbox) = inbox else { return };
        let response = match self.take_packets(ctx, id, inbox.rest()) {
            Err(fault) => answer::fault(fault),
            Ok(None) => answer::ok(),
            Ok(Some((taken, at))) => {
                inbox.taken += taken;
                inbox.at = at;
                if let Some(session) = self.sessions.get_mut(id) {
                    session.inbox = Some(inbox);
                }
                return;
            }
        };
        inbox.answer(ctx, response);
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
            let Some(session) = self.sessions.get_mut(id) else { return Ok(None) };
            if let Err(at) = ctx.pay(&mut session.bucket) {
                return Ok(Some((body.len() - rest.len(), at)));
            }
            let mut parts = rest.splitn(2, SEPARATOR);
            self.take_packet(ctx, id, parts.next().unwrap_or_default())?;
            match parts.next() {
                Some(others) if self.sessions.is_live(id) => rest = others,
                _ => return Ok(None),
            }
            if ctx.is_turn_full() {
                break;
            }
        }
        Ok(Some((body.len() - rest.len(), ctx.now().after(PAUSE))))
    }
}
