//! Engine.IO 4, the server's side: an application at a path prefix.
//!
//! Before this comes the contract of applications (`app`), after it Socket.IO (`socketio::broker`). A first
//! reader may skip it all: nothing else in the program depends on it.
//!
//! It gives the messages of its sessions to a [`Service`], which cannot tell the transports apart.
//! `docs/socketio.md` shows the protocol byte by byte.
//!
//! ```text
//! engine: what is asked, and may it be asked? ──► session: all sessions, by id and by sid; what waits for each
//!    └─► polling, upgrade: what follows from it     └─► io: what the service can do
//! ```
//!
//! After each callback `report_ended` tells the service which sessions ended.

mod answer;
pub mod io;
mod packet;
mod polling;
mod session;
mod upgrade;

pub use session::Settings;

use crate::clock::Time;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::route::Route;
use crate::hub::app::{App, Closed, ConnId, Ctx, Message, Reply, Request, RequestId};
use crate::socketio::cors::Cors;
use answer::{
    Asker, BAD_METHOD, BAD_REQUEST, Fault, UNKNOWN_SID, UNKNOWN_TRANSPORT, UNSUPPORTED_VERSION, parameter,
};
use io::{Io, Service, SessionId};
use packet::{BINARY, CLOSE, NOOP, PING, PONG, TEXT, UPGRADE};
use session::{Phase, Probe, Sessions, Transport};

/// All methods: Engine.IO answers the wrong ones itself, with a code of its own.
const METHODS: &[Method] =
    &[Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete, Method::Options, Method::Patch];

/// The version of the protocol, as it stands in every query.
const VERSION: &str = "4";

/// An Engine.IO endpoint.
pub struct Engine<S> {
    service: S,
    sessions: Sessions,
}

/// What a WebSocket is to a session.
enum Role {
    /// It carries the session's messages.
    Transport,
    /// It wants to take over from polling.
    Probe,
}

impl<S: Service> Engine<S> {
    /// An endpoint without sessions.
    #[must_use]
    pub fn new(settings: Settings, service: S) -> Self {
        Self { service, sessions: Sessions { settings, ..Sessions::default() } }
    }

    /// The session that a correct request is about; `None`: the request asks for a new one.
    ///
    /// The order of the rules is that of the original.
    fn judge(&self, head: &Head<'_>, upgrade: bool) -> Result<Option<SessionId>, Fault> {
        let value = |name| parameter(head.query.unwrap_or_default(), name);
        let is_fitting = match &*value("transport") {
            "polling" => !upgrade,
            "websocket" => upgrade,
            _ => return Err(UNKNOWN_TRANSPORT),
        };
        let (sid, is_current) = (value("sid"), value("EIO") == VERSION);
        if sid.is_empty() {
            return match head.method {
                Method::Get if !is_fitting => Err(BAD_REQUEST),
                Method::Get if !is_current => Err(UNSUPPORTED_VERSION),
                Method::Get => Ok(None),
                _ => Err(BAD_METHOD),
            };
        }
        let id = self.sessions.find(&sid).ok_or(UNKNOWN_SID)?;
        let has_websocket = self.sessions.live(id).is_some_and(|session| session.conn().is_some());
        if has_websocket && !upgrade || !is_current || !is_fitting {
            return Err(BAD_REQUEST);
        }
        Ok(Some(id))
    }

    fn serve(&mut self, ctx: &mut Ctx<'_>, asker: &Asker, request: &Request<'_>) -> Result<Reply, Fault> {
        let session = self.judge(request.head, request.upgrade)?;
        if request.upgrade {
            return Ok(self.accept_websocket(ctx, session, asker.request.conn));
        }
        match (session, request.head.method) {
            (None, _) => Ok(Reply::Now(self.handshake(ctx))),
            (Some(session), Method::Get) => self.poll(ctx, session, asker),
            (Some(session), Method::Post) => self.post(ctx, session, asker, request),
            _ => Err(BAD_REQUEST),
        }
    }

    /// The session that a WebSocket's tag names, and what the WebSocket is to it.
    fn role(&self, conn: ConnId, tag: u64) -> Option<(SessionId, Role)> {
        let id = SessionId::from_number(tag);
        let is_it = |probe: &Probe| probe.conn == conn;
        match &self.sessions.table.get(id)?.transport {
            Transport::WebSocket(own) if *own == conn => Some((id, Role::Transport)),
            Transport::Polling(polling) if polling.probe.as_ref().is_some_and(is_it) => {
                Some((id, Role::Probe))
            }
            _ => None,
        }
    }

    /// The first packet of a session.
    fn open_packet(&self, id: SessionId, upgrades: &str) -> String {
        let settings = &self.sessions.settings;
        let sid = self.sessions.table.get(id).map_or([0; 20], |session| session.sid);
        let sid = String::from_utf8_lossy(&sid);
        let interval = settings.ping_interval.as_millis();
        let timeout = settings.ping_timeout.as_millis();
        let most = settings.max_payload;
        format!(
            "0{{\"sid\":\"{sid}\",\"upgrades\":[{upgrades}],\"pingInterval\":{interval},\
             \"pingTimeout\":{timeout},\"maxPayload\":{most}}}"
        )
    }

    /// Takes a packet that a client sent, on either transport.
    ///
    /// # Errors
    /// No client may send this packet. It has ended the session.
    fn take_packet(&mut self, ctx: &mut Ctx<'_>, id: SessionId, text: &str) -> Result<(), Fault> {
        let (kind, data) = text.split_at_checked(1).unwrap_or_default();
        let bytes = (kind == BINARY).then(|| packet::bytes(data)).flatten();
        match (kind, bytes) {
            (TEXT, _) => self.pass(ctx, id, Message::Text(data)),
            (_, Some(bytes)) => self.pass(ctx, id, Message::Binary(&bytes)),
            (CLOSE, _) => self.sessions.end(ctx, id, NOOP),
            (PONG, _) => {
                let next = ctx.now().after(self.sessions.settings.ping_interval);
                if let Some(session) = self.sessions.touch(id) {
                    (session.phase, session.due) = (Phase::Quiet, next);
                }
            }
            // They mean nothing to a server, and `0` only to a client.
            ("0" | UPGRADE | NOOP, _) => {}
            _ => {
                self.sessions.end(ctx, id, CLOSE);
                return Err(BAD_REQUEST);
            }
        }
        Ok(())
    }

    /// Gives a message to the service.
    fn pass(&mut self, ctx: &mut Ctx<'_>, id: SessionId, message: Message<'_>) {
        let (service, mut io) = self.service(ctx);
        service.on_message(&mut io, id, message);
    }

    /// The service, and what it can do in a callback.
    fn service<'a, 'c>(&'a mut self, ctx: &'a mut Ctx<'c>) -> (&'a mut S, Io<'a, 'c>) {
        (&mut self.service, Io { ctx, sessions: &mut self.sessions })
    }

    /// Ends a callback: tells the service which sessions ended, until none is left to tell; then answers
    /// GETs and sets timers.
    fn report_ended(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.sessions.ended.pop_front() {
            let (service, mut io) = self.service(ctx);
            service.on_close(&mut io, id);
        }
        self.sessions.tidy(ctx);
    }

    /// Does what is due for a session.
    fn expire(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        // What its client sent until then has been read; more may lie in the kernel.
        let seen = ctx.seen();
        let Some(session) = self.sessions.touch(id) else { return };
        if let Transport::Polling(polling) = &mut session.transport {
            if polling.probe.as_ref().is_some_and(|probe| probe.until <= seen) {
                polling.drop_probe(ctx);
            }
            if polling.waiting.as_ref().is_some_and(|(_, until)| *until <= seen) {
                self.sessions.answer(ctx, id, Some(NOOP));
            }
        }
        self.end_phase(ctx, id);
        self.resume(ctx, id);
        if let Some(session) = self.sessions.touch(id)
            && session.wish <= seen
        {
            session.wish = Time::NEVER;
            let (service, mut io) = self.service(ctx);
            service.on_timer(&mut io, id);
        }
    }

    /// If it is time, sends a `2`, or ends a session that has not answered one.
    fn end_phase(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let timeout = self.sessions.settings.ping_timeout;
        let Some(session) = self.sessions.touch(id).filter(|session| session.due <= ctx.seen()) else {
            return;
        };
        match session.phase {
            Phase::Closed => return self.sessions.end(ctx, id, NOOP),
            Phase::Pinged => return self.sessions.end(ctx, id, CLOSE),
            Phase::Quiet => session.phase = Phase::Pinged,
        }
        // If this turn is late, the next deadline is not later for it. If it is very late, the client still
        // has half of its time.
        session.due = session.due.after(timeout).max(ctx.now().after(timeout / 2));
        match session.conn() {
            Some(conn) => ctx.send_text([conn], [PING]),
            None => self.sessions.push(ctx, id, &PING.into()),
        }
    }
}

impl<S: Service> App for Engine<S> {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let settings = &self.sessions.settings;
        head.path.starts_with(&settings.path).then_some(Route {
            methods: METHODS,
            websocket: head.http11 && head.asks_for("websocket"),
            max_body_bytes: settings.max_payload,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let cors = Cors::of(request.head, &self.sessions.settings.origins);
        if request.head.method == Method::Options && !cors.is_off() {
            return Reply::Now(cors.preflight(request.head));
        }
        let asker = Asker { request: id, cors };
        let reply = self.serve(ctx, &asker, request);
        self.report_ended(ctx);
        match reply.unwrap_or_else(|fault| Reply::Now(answer::fault(fault))) {
            Reply::Now(response) => Reply::Now(asker.cors.on(response)),
            reply => reply,
        }
    }

    fn on_request_gone(&mut self, ctx: &mut Ctx<'_>, id: RequestId) {
        if let Some(session) = self.sessions.waiting.remove(&id) {
            self.sessions.end(ctx, session, NOOP);
        }
        self.report_ended(ctx);
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64) {
        match self.role(conn, tag) {
            Some((id, Role::Transport)) => {
                let packet = self.open_packet(id, "");
                ctx.send_text([conn], [&packet]);
                let (service, mut io) = self.service(ctx);
                service.on_open(&mut io, id);
            }
            Some((_, Role::Probe)) => {}
            None => ctx.close_without_code(conn),
        }
        self.report_ended(ctx);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64, message: Message<'_>) {
        match (self.role(conn, tag), message) {
            (Some((id, Role::Transport)), Message::Text(text)) => {
                // An error has ended the session, and there is no request to answer.
                let _ = self.take_packet(ctx, id, text);
            }
            (Some((id, Role::Transport)), Message::Binary(_)) => self.pass(ctx, id, message),
            (Some((id, Role::Probe)), _) => self.probed(ctx, id, conn, message),
            (None, _) => {}
        }
        self.report_ended(ctx);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, conn: ConnId, tag: u64, _: &Closed) {
        match self.role(conn, tag) {
            Some((id, Role::Transport)) => self.sessions.end(ctx, id, CLOSE),
            Some((id, Role::Probe)) => {
                if let Some(polling) = self.sessions.polling(id) {
                    polling.drop_probe(ctx);
                }
            }
            None => {}
        }
        self.report_ended(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        self.expire(ctx, SessionId::from_number(key));
        self.report_ended(ctx);
    }

    fn on_give_up(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        self.sessions.give_up(ctx, SessionId::from_number(key));
        self.report_ended(ctx);
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        let ids: Vec<SessionId> = self.sessions.table.ids().collect();
        for id in ids {
            self.sessions.answer(ctx, id, Some(CLOSE));
            // The hub closes the WebSockets, because it tells their clients why.
            self.sessions.remove(ctx, id);
        }
        self.report_ended(ctx);
    }
}
