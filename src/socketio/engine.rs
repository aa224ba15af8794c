//! Engine.IO 4, the server's side: an application at a path prefix.
//!
//! Messages of its sessions go to a [`Service`], which cannot tell the transports apart. `docs/socketio.md` shows
//! the protocol byte by byte.
//!
//! Here is what is asked of the endpoint and whether it may be asked; what follows from it is in
//! `polling` and `upgrade`. After each callback `settle` tells the service which sessions ended.

mod answer;
mod inbox;
pub mod io;
mod packet;
mod polling;
mod query;
mod session;
mod table;
mod upgrade;

pub use session::Settings;

use crate::app::{App, Closed, ConnId, Ctx, Message, Reply, Request, RequestId};
use crate::http::fields::has_token;
use crate::http::head::{Head, Method};
use crate::http::refusal;
use crate::http::response::Response;
use crate::http::route::Route;
use crate::socketio::cors::{Cors, Origins};
use answer::Fault;
use io::{Io, Service, SessionId};
use packet::{PING, Packet};
use query::Query;
use session::Transport;
use table::{Farewell, Sessions};

/// The methods are judged here, because the answer has a code of its own.
const METHODS: &[Method] = &[
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Delete,
    Method::Options,
    Method::Patch,
];

/// Of the protocol, as it stands in every query.
const VERSION: &str = "4";

/// An Engine.IO endpoint.
pub struct Engine<S> {
    service: S,
    sessions: Sessions,
    origins: Origins,
}

/// A request that may be asked.
enum Asked {
    /// A new session.
    Open,
    /// Something about this one.
    Of(SessionId),
}

impl<S: Service> Engine<S> {
    /// An endpoint without sessions.
    #[must_use]
    pub fn new(settings: Settings, service: S) -> Self {
        Self {
            service,
            origins: Origins(settings.origins.clone()),
            sessions: Sessions::new(settings),
        }
    }

    /// Whether this may be asked. The order of the rules is that of the original.
    fn judge(&self, head: &Head<'_>, upgrade: bool) -> Result<Asked, Fault> {
        let query = Query::parse(head.query);
        let websocket = match &*query.transport {
            "polling" => false,
            "websocket" => true,
            _ => return Err(Fault::UnknownTransport),
        };
        let asked = if query.sid.is_empty() {
            if head.method != Method::Get {
                return Err(Fault::BadMethod);
            }
            Asked::Open
        } else {
            let id = self.sessions.find(&query.sid);
            let id = id.ok_or(Fault::UnknownSid)?;
            let has_websocket = !upgrade && self.sessions.conn_of(id).is_some();
            if has_websocket || query.version != VERSION {
                return Err(Fault::BadRequest);
            }
            Asked::Of(id)
        };
        if websocket != upgrade {
            return Err(Fault::BadRequest);
        }
        match asked {
            Asked::Open if query.version != VERSION => Err(Fault::UnsupportedVersion),
            asked => Ok(asked),
        }
    }

    /// `None`: it is answered later.
    fn serve(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: RequestId,
        request: &Request<'_>,
        cors: &Cors,
    ) -> Result<Option<Response>, Fault> {
        match self.judge(request.head, false)? {
            Asked::Open => Ok(Some(self.handshake(ctx))),
            Asked::Of(session) => match request.head.method {
                Method::Get => self.poll(ctx, session, id, cors),
                Method::Post => self.post(ctx, session, id, request, cors),
                _ => Err(Fault::BadRequest),
            },
        }
    }

    /// No further session without a connection can be held.
    fn is_full(&self, ctx: &Ctx<'_>) -> bool {
        self.sessions.polling() >= ctx.config().max_connections
    }

    /// The first packet of a session.
    fn open_packet(&self, id: SessionId, upgrades: &str) -> String {
        let settings = &self.sessions.settings;
        let sid = self.sessions.get(id).map_or([0; 20], |session| session.sid);
        let sid = String::from_utf8_lossy(&sid);
        let interval = settings.ping_interval.as_millis();
        let timeout = settings.ping_timeout.as_millis();
        let most = settings.max_payload;
        format!(
            "0{{\"sid\":\"{sid}\",\"upgrades\":[{upgrades}],\"pingInterval\":{interval},\
             \"pingTimeout\":{timeout},\"maxPayload\":{most}}}"
        )
    }

    /// A packet of a session, by whichever transport. `false`: it ends the session, and was no
    /// packet that a client may send.
    fn take_packet(&mut self, ctx: &mut Ctx<'_>, id: SessionId, text: &str) -> bool {
        match packet::decode(text) {
            None | Some(Packet::Ping(_)) => {
                self.sessions.end(ctx, id, Farewell::Close);
                return false;
            }
            Some(Packet::Close) => self.sessions.end(ctx, id, Farewell::Noop),
            Some(Packet::Pong) => self.sessions.alive(ctx.now(), id),
            Some(Packet::Text(text)) => self.pass(ctx, id, Message::Text(text)),
            Some(Packet::Binary(bytes)) => self.pass(ctx, id, Message::Binary(&bytes)),
            Some(Packet::Upgrade | Packet::Nothing) => {}
        }
        true
    }

    fn pass(&mut self, ctx: &mut Ctx<'_>, id: SessionId, message: Message<'_>) {
        let sessions = &mut self.sessions;
        let io = &mut Io { ctx, sessions };
        self.service.on_message(io, id, message);
    }

    /// The service hears of a new session.
    fn opened(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let sessions = &mut self.sessions;
        self.service.on_open(&mut Io { ctx, sessions }, id);
    }

    /// What this callback has caused: the service hears which sessions ended, until nothing is left to
    /// tell; then answers leave and timers are set.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.sessions.next_ended() {
            let sessions = &mut self.sessions;
            self.service.on_close(&mut Io { ctx, sessions }, id);
        }
        self.sessions.tidy(ctx);
    }

    /// What is due for a session.
    fn expire(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        // What its client sent until then has been read; more may lie in the kernel.
        let seen = ctx.seen();
        let Some(session) = self.sessions.disarmed(id) else {
            return;
        };
        if let Some(until) = session.leaving {
            if until <= seen {
                self.sessions.end(ctx, id, Farewell::Noop);
            }
            return;
        }
        if let Some(probe) = session.probe.take_if(|probe| probe.until <= seen) {
            ctx.close_without_code(probe.conn);
        }
        if session.waits_until() <= seen {
            self.sessions.answer(ctx, id, Some(packet::NOOP));
        }
        self.heartbeat(ctx, id);
        self.resume(ctx, id);
        let session = self.sessions.get_mut(id);
        if session.is_some_and(|session| session.take_wish(seen)) {
            let sessions = &mut self.sessions;
            self.service.on_timer(&mut Io { ctx, sessions }, id);
        }
    }

    /// A `2`, or the end of a session that has not answered one.
    fn heartbeat(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let now = ctx.now();
        let timeout = self.sessions.settings.ping_timeout;
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.heartbeat > ctx.seen() {
            return;
        }
        if session.pinged {
            return self.sessions.end(ctx, id, Farewell::Close);
        }
        session.pinged = true;
        // A turn that came late does not add up; nor does a client pay for one that came very late.
        session.heartbeat = session.heartbeat.after(timeout).max(now.after(timeout / 2));
        match session.transport {
            Transport::WebSocket(conn) => ctx.send_text([conn], [PING]),
            Transport::Polling(_) => self.sessions.push(ctx, id, &PING.into()),
        }
    }
}

impl<S: Service> App for Engine<S> {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let settings = &self.sessions.settings;
        let websocket = head.http11
            && has_token(head, "upgrade", "websocket")
            && has_token(head, "connection", "upgrade");
        head.path.starts_with(&settings.path).then_some(Route {
            methods: METHODS,
            websocket,
            max_body_bytes: settings.max_payload,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let cors = self.origins.cors(request.head);
        if request.head.method == Method::Options && cors != Cors::Off {
            return Reply::Now(cors.preflight(request.head));
        }
        let reply = if request.upgrade {
            self.ask_upgrade(ctx, id.conn, request.head)
        } else {
            self.serve(ctx, id, request, &cors)
                .map(|response| response.map_or(Reply::Later, Reply::Now))
        };
        self.settle(ctx);
        match reply.unwrap_or_else(|fault| Reply::Now(answer::fault(fault))) {
            Reply::Now(response) => Reply::Now(cors.on(response)),
            reply => reply,
        }
    }

    fn on_request_gone(&mut self, ctx: &mut Ctx<'_>, id: RequestId) {
        if let Some(session) = self.sessions.abandoned(id) {
            self.sessions.end(ctx, session, Farewell::Noop);
        }
        self.settle(ctx);
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64) {
        self.websocket_opened(ctx, id, tag);
        self.settle(ctx);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        self.websocket_message(ctx, id, tag, message);
        self.settle(ctx);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, _: &Closed) {
        self.websocket_closed(ctx, id, tag);
        self.settle(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        if let Some(id) = SessionId::from_key(key) {
            self.expire(ctx, id);
        }
        self.settle(ctx);
    }

    fn on_give_up(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        if let Some(id) = SessionId::from_key(key) {
            self.sessions.end(ctx, id, Farewell::Dropped);
        }
        self.settle(ctx);
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        for id in self.sessions.ids() {
            self.sessions.end(ctx, id, Farewell::Shutdown);
        }
        self.settle(ctx);
    }
}

/// `503`: there is no room for another session.
fn full() -> Response {
    *refusal::service_unavailable()
}
