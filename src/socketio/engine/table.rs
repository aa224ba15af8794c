//! The sessions of one endpoint: how they are found, how they begin and end.
//!
//! A callback that changes a session only *touches* it. After the callback `tidy` looks once at each
//! touched session: it answers a waiting GET with all packets together, sets the session's one timer, and
//! reports its memory. Sessions that ended are listed in `ended` until the service was told.

use super::packet::{CLOSE, NOOP};
use super::session::{Polling, Role, Session, SessionId, Settings, Sid, Transport, Waiting};
use crate::clock::Time;
use crate::guard::rate::Bucket;
use crate::hub::app::{ConnId, Ctx, RequestId};
use crate::slots::{Id, Slots};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::rc::Rc;
use std::time::Duration;

/// How long a session closed by the service waits for the GET that fetches its `1`.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(30);

/// What a waiting GET is answered when its session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The queued packets, and `1`.
    Close,
    /// The queued packets, and `6`: the client itself ended the session.
    Noop,
    /// `1` only: too much was queued.
    Dropped,
    /// As `Close`. The hub closes the WebSockets, because it tells their clients why.
    Shutdown,
}

/// All sessions of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    pub(super) settings: Settings,
    table: Slots<Session>,
    by_sid: BTreeMap<Sid, SessionId>,
    /// The sessions of the GETs that wait.
    waiting: BTreeMap<RequestId, SessionId>,
    /// How many sessions have no WebSocket.
    pub(super) polling: usize,
    touched: Vec<SessionId>,
    ended: VecDeque<SessionId>,
}

impl Sessions {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.table.get(id.0)
    }

    /// Touches a session.
    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.table.get_mut(id.0)?;
        if !mem::replace(&mut session.touched, true) {
            self.touched.push(id);
        }
        Some(session)
    }

    /// Touches a session that polls.
    fn polling_mut(&mut self, id: SessionId) -> Option<&mut Polling> {
        match &mut self.get_mut(id)?.transport {
            Transport::Polling(polling) => Some(polling),
            Transport::WebSocket(_) => None,
        }
    }

    /// A session that the service has not closed.
    pub(super) fn live(&self, id: SessionId) -> Option<&Session> {
        self.get(id).filter(|session| session.closed_until.is_none())
    }

    pub(super) fn is_live(&self, id: SessionId) -> bool {
        self.live(id).is_some()
    }

    /// The session with this sid, even if its time is over by the clock: only its timer ends it, because
    /// the request that asks may bring the awaited answer, and may have come in time.
    pub(super) fn find(&self, sid: &str) -> Option<SessionId> {
        self.by_sid.get(sid.as_bytes()).copied()
    }

    pub(super) fn conn_of(&self, id: SessionId) -> Option<ConnId> {
        match self.live(id)?.transport {
            Transport::WebSocket(conn) => Some(conn),
            Transport::Polling(_) => None,
        }
    }

    pub(super) fn is_polling(&self, id: SessionId) -> bool {
        self.live(id).and_then(Session::polling).is_some()
    }

    /// The session that a WebSocket's tag names, and what the WebSocket is to it.
    pub(super) fn role(&self, conn: ConnId, tag: u64) -> Option<(SessionId, Role)> {
        let id = SessionId(Id::from_number(tag));
        Some((id, self.get(id)?.role(conn)?))
    }

    /// Begins a session.
    pub(super) fn open(&mut self, ctx: &mut Ctx<'_>, transport: Transport) -> SessionId {
        let sid = random_id(ctx);
        self.polling += usize::from(matches!(transport, Transport::Polling(_)));
        let id = SessionId(self.table.insert(Session {
            sid,
            transport,
            probe: None,
            heartbeat: ctx.now().after(self.settings.ping_interval),
            pinged: false,
            bucket: Bucket::default(),
            inbox: None,
            wish: Time::NEVER,
            closed_until: None,
            touched: true,
            armed: Time::NEVER,
            held: 0,
            kept: 0,
        }));
        self.touched.push(id);
        self.by_sid.insert(sid, id);
        id
    }

    /// Queues a packet for a session that polls. If too much is queued then, the session ends.
    pub(super) fn push(&mut self, ctx: &mut Ctx<'_>, id: SessionId, packet: &Rc<str>) {
        let (most, most_bytes) = (self.settings.max_queued, ctx.config().queue_limit_bytes());
        if let Some(polling) = self.polling_mut(id) {
            polling.push(packet);
            if polling.queued_bytes > most_bytes || polling.queue.len() > most {
                self.end(ctx, id, Farewell::Dropped);
            }
        }
    }

    /// Lets a GET wait for packets.
    pub(super) fn wait(&mut self, id: SessionId, waiting: Waiting) {
        let request = waiting.request;
        if let Some(polling) = self.polling_mut(id) {
            polling.waiting = Some(waiting);
            self.waiting.insert(request, id);
        }
    }

    /// Answers the GET that waits, if there is one.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, id: SessionId, last: Option<&str>) {
        let polling = self.polling_mut(id);
        if let Some(request) = polling.and_then(|polling| polling.answer(ctx, last)) {
            self.waiting.remove(&request);
        }
    }

    /// Forgets a GET whose client does not wait for the answer any more. Returns its session.
    pub(super) fn abandoned(&mut self, request: RequestId) -> Option<SessionId> {
        let id = self.waiting.remove(&request)?;
        self.polling_mut(id)?.waiting = None;
        Some(id)
    }

    /// Makes this WebSocket the transport. Returns the packets that were queued.
    pub(super) fn upgrade(&mut self, id: SessionId, conn: ConnId) -> VecDeque<Rc<str>> {
        let Some(session) = self.get_mut(id) else { return VecDeque::new() };
        session.probe = None;
        match mem::replace(&mut session.transport, Transport::WebSocket(conn)) {
            Transport::Polling(polling) => {
                self.polling -= 1;
                polling.queue
            }
            Transport::WebSocket(_) => VecDeque::new(),
        }
    }

    /// The service closes a session. If it polls and no GET waits, its record stays for the next GET.
    pub(super) fn close(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let until = ctx.now().after(FAREWELL_TIMEOUT);
        let Some(session) = self.live(id) else { return };
        let polling = session.polling();
        if polling.is_none_or(|polling| polling.waiting.is_some()) {
            return self.end(ctx, id, Farewell::Close);
        }
        if let Some(session) = self.get_mut(id) {
            session.closed_until = Some(until);
            session.drop_inbox(ctx);
            session.drop_probe(ctx);
            self.ended.push_back(id);
        }
    }

    /// Ends a session: its record is removed.
    pub(super) fn end(&mut self, ctx: &mut Ctx<'_>, id: SessionId, farewell: Farewell) {
        let Some(mut session) = self.table.remove(id.0) else { return };
        self.by_sid.remove(&session.sid);
        if session.armed != Time::NEVER {
            ctx.wake_at(id.0.to_number(), Time::NEVER);
        }
        if session.held > 0 {
            ctx.hold(id.0.to_number(), 0);
        }
        session.drop_inbox(ctx);
        if farewell != Farewell::Shutdown {
            session.drop_probe(ctx);
        }
        match session.transport {
            Transport::WebSocket(_) if farewell == Farewell::Shutdown => {}
            Transport::WebSocket(conn) => ctx.close_without_code(conn),
            Transport::Polling(mut polling) => {
                self.polling -= 1;
                if farewell == Farewell::Dropped {
                    polling.queue.clear();
                }
                let last = if farewell == Farewell::Noop { NOOP } else { CLOSE };
                if let Some(request) = polling.answer(ctx, Some(last)) {
                    self.waiting.remove(&request);
                }
            }
        }
        debug_assert!(self.waiting.len() <= self.polling, "whose GET is it?");
        debug_assert_eq!(self.by_sid.len(), self.table.count());
        if session.closed_until.is_none() {
            self.ended.push_back(id);
        }
    }

    /// Closes the WebSocket that wants to take over. Polling goes on.
    pub(super) fn drop_probe(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(session) = self.get_mut(id) {
            session.drop_probe(ctx);
        }
    }

    /// All sessions, by slot.
    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.table.ids().map(SessionId).collect()
    }

    /// A session that ended, and of which the service was not told yet.
    pub(super) fn next_ended(&mut self) -> Option<SessionId> {
        self.ended.pop_front()
    }

    /// Looks at each session that was touched.
    pub(super) fn tidy(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.touched.pop() {
            if self.get(id).is_some_and(Session::has_news) {
                self.answer(ctx, id, None);
            }
            let Some(session) = self.table.get_mut(id.0) else { continue };
            session.touched = false;
            let (when, held) = (session.next_deadline(), session.held_bytes());
            if mem::replace(&mut session.armed, when) != when {
                ctx.wake_at(id.0.to_number(), when);
            }
            if mem::replace(&mut session.held, held) != held {
                ctx.hold(id.0.to_number(), held);
            }
        }
    }
}

/// 15 random bytes as base64url: 20 characters that nobody can guess.
pub(super) fn random_id(ctx: &mut Ctx<'_>) -> [u8; 20] {
    let (mut bytes, mut id) = ([0; 15], [b'A'; 20]);
    ctx.random(&mut bytes);
    // Cannot fail: 15 bytes are 20 characters.
    let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
    id
}
