//! The sessions: how they are found, how they begin and end.
//!
//! What changes a session only *touches* it. When the callback is over `tidy` looks once at each that
//! was touched: a waiting GET is answered with all that came together, the one timer of the session
//! is set, and the memory budget is told what is queued. Ends are kept in `ended` until the service
//! can be told.

use super::io::SessionId;
use super::packet::{CLOSE, NOOP};
use super::session::{Session, Settings, Sid, Transport, Waiting};
use crate::app::{ConnId, Ctx, RequestId};
use crate::bucket::Bucket;
use crate::clock::Time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::rc::Rc;

/// Memory that a queued packet takes besides its text.
const PACKET_BYTES: usize = 48;

/// What a GET that waits gets when its session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// What is queued, and `1`.
    Close,
    /// `6`: the client ended the session itself.
    Noop,
    /// `1` only: what was queued is too much.
    Dropped,
    /// As `Close`. WebSockets are closed by the hub, which says why.
    Shutdown,
}

/// All sessions of one endpoint.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) settings: Settings,
    table: Slab<Session>,
    by_sid: BTreeMap<Sid, SessionId>,
    /// Whose GET it is.
    waiting: BTreeMap<RequestId, SessionId>,
    /// How many have no WebSocket.
    polling: usize,
    /// Counts the sessions of this process.
    serial: u32,
    touched: Vec<SessionId>,
    ended: VecDeque<SessionId>,
}

impl Sessions {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            table: Slab::new(),
            by_sid: BTreeMap::new(),
            waiting: BTreeMap::new(),
            polling: 0,
            serial: 0,
            touched: Vec::new(),
            ended: VecDeque::new(),
        }
    }

    /// How many have no WebSocket.
    pub(super) fn polling(&self) -> usize {
        self.polling
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        let session = self.table.get(id.slot as usize)?;
        (session.id == id).then_some(session)
    }

    /// The session, which is touched.
    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.table.get_mut(id.slot as usize)?;
        if session.id != id {
            return None;
        }
        if !mem::replace(&mut session.touched, true) {
            self.touched.push(id);
        }
        Some(session)
    }

    /// The session that the service knows: not one that it has closed.
    fn live(&self, id: SessionId) -> Option<&Session> {
        self.get(id).filter(|session| session.leaving.is_none())
    }

    pub(super) fn is_live(&self, id: SessionId) -> bool {
        self.live(id).is_some()
    }

    /// The session with this sid. If its time is over by the clock, its timer decides and not we: the
    /// request that asks may carry the answer that it waits for, and may have come in time.
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
        self.live(id)
            .is_some_and(|session| matches!(session.transport, Transport::Polling(_)))
    }

    /// A session begins.
    pub(super) fn open(&mut self, ctx: &mut Ctx<'_>, transport: Transport) -> Option<SessionId> {
        let sid = new_sid(ctx)?;
        self.serial = self.serial.wrapping_add(1);
        let entry = self.table.vacant_entry();
        let id = SessionId {
            slot: u32::try_from(entry.key()).ok()?,
            serial: self.serial,
        };
        if matches!(transport, Transport::Polling(_)) {
            self.polling += 1;
        }
        entry.insert(Session {
            id,
            sid,
            transport,
            probe: None,
            heartbeat: ctx.now().after(self.settings.ping_interval),
            pinged: false,
            bucket: Bucket::default(),
            inbox: None,
            wish: Time::NEVER,
            leaving: None,
            touched: true,
            armed: Time::NEVER,
            held: 0,
            kept: 0,
        });
        self.touched.push(id);
        self.by_sid.insert(sid, id);
        Some(id)
    }

    /// Queues a packet for a session that polls. Over the limit the session ends.
    pub(super) fn push(&mut self, ctx: &mut Ctx<'_>, id: SessionId, packet: &Rc<str>) {
        let most_bytes = ctx.config().queue_limit_bytes();
        let most = self.settings.max_queued;
        let Some(session) = self.get_mut(id) else {
            return;
        };
        let Transport::Polling(polling) = &mut session.transport else {
            return;
        };
        polling.queued_bytes += packet.len() + PACKET_BYTES;
        polling.queue.push_back(Rc::clone(packet));
        if polling.queued_bytes > most_bytes || polling.queue.len() > most {
            self.end(ctx, id, Farewell::Dropped);
        }
    }

    /// A GET waits from now on.
    pub(super) fn wait(&mut self, id: SessionId, waiting: Waiting) {
        let request = waiting.request;
        if let Some(session) = self.get_mut(id)
            && let Transport::Polling(polling) = &mut session.transport
        {
            polling.waiting = Some(waiting);
            self.waiting.insert(request, id);
        }
    }

    /// Answers the GET that waits, if there is one.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, id: SessionId, last: Option<&str>) {
        if let Some(session) = self.get_mut(id)
            && let Transport::Polling(polling) = &mut session.transport
            && let Some(waiting) = polling.waiting.take()
        {
            let request = waiting.request;
            polling.answer(ctx, waiting, last);
            self.waiting.remove(&request);
        }
    }

    /// Nobody waits for this answer any more: whose GET was it?
    pub(super) fn abandoned(&mut self, request: RequestId) -> Option<SessionId> {
        let id = self.waiting.remove(&request)?;
        if let Transport::Polling(polling) = &mut self.get_mut(id)?.transport {
            polling.waiting = None;
        }
        Some(id)
    }

    /// From now on everything goes over this WebSocket; gives what was queued.
    pub(super) fn upgrade(&mut self, id: SessionId, conn: ConnId) -> VecDeque<Rc<str>> {
        let Some(session) = self.get_mut(id) else {
            return VecDeque::new();
        };
        session.probe = None;
        let transport = mem::replace(&mut session.transport, Transport::WebSocket(conn));
        match transport {
            Transport::Polling(polling) => {
                self.polling -= 1;
                polling.queue
            }
            Transport::WebSocket(_) => VecDeque::new(),
        }
    }

    /// The service closes a session.
    pub(super) fn close(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let until = ctx.now().after(self.settings.farewell_timeout);
        let Some(session) = self.live(id) else {
            return;
        };
        match &session.transport {
            Transport::Polling(polling) if polling.waiting.is_none() => {}
            _ => return self.end(ctx, id, Farewell::Close),
        }
        if let Some(session) = self.get_mut(id) {
            session.leaving = Some(until);
            if let Some(inbox) = session.inbox.take() {
                inbox.refuse(ctx);
            }
            if let Some(probe) = session.probe.take() {
                ctx.close_without_code(probe.conn);
            }
            self.ended.push_back(id);
        }
    }

    pub(super) fn wish(&mut self, id: SessionId, when: Time) {
        if let Some(session) = self.get_mut(id) {
            session.wish = when;
        }
    }

    pub(super) fn hold(&mut self, id: SessionId, bytes: usize) {
        if let Some(session) = self.get_mut(id) {
            session.kept = bytes;
        }
    }

    /// The session is over: nothing of it is left.
    pub(super) fn end(&mut self, ctx: &mut Ctx<'_>, id: SessionId, farewell: Farewell) {
        if self.get(id).is_none() {
            return;
        }
        let Some(session) = self.table.try_remove(id.slot as usize) else {
            return;
        };
        self.by_sid.remove(&session.sid);
        if session.armed != Time::NEVER {
            ctx.wake_at(id.key(), Time::NEVER);
        }
        if session.held > 0 {
            ctx.hold(id.key(), 0);
        }
        if let Some(inbox) = session.inbox {
            inbox.refuse(ctx);
        }
        if let Some(probe) = session.probe
            && farewell != Farewell::Shutdown
        {
            ctx.close_without_code(probe.conn);
        }
        match session.transport {
            Transport::WebSocket(_) if farewell == Farewell::Shutdown => {}
            Transport::WebSocket(conn) => ctx.close_without_code(conn),
            Transport::Polling(mut polling) => {
                self.polling -= 1;
                if farewell == Farewell::Dropped {
                    polling.queue.clear();
                }
                if let Some(waiting) = polling.waiting.take() {
                    self.waiting.remove(&waiting.request);
                    let last = match farewell {
                        Farewell::Noop => NOOP,
                        _ => CLOSE,
                    };
                    polling.answer(ctx, waiting, Some(last));
                }
            }
        }
        debug_assert!(self.waiting.len() <= self.polling, "whose GET is it?");
        debug_assert_eq!(self.by_sid.len(), self.table.len());
        if session.leaving.is_none() {
            self.ended.push_back(id);
        }
    }

    /// All of them, in the order in which they are found.
    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.table.iter().map(|(_, session)| session.id).collect()
    }

    /// A session of which the service does not know yet that it is over.
    pub(super) fn next_ended(&mut self) -> Option<SessionId> {
        self.ended.pop_front()
    }

    /// Looks at each session that was touched.
    pub(super) fn tidy(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.touched.pop() {
            let has_news = self.get(id).is_some_and(Session::has_news);
            if has_news {
                self.answer(ctx, id, None);
            }
            let Some(session) = self.table.get_mut(id.slot as usize) else {
                continue;
            };
            if session.id != id {
                continue;
            }
            session.touched = false;
            let when = session.next_deadline();
            if when != session.armed {
                session.armed = when;
                ctx.wake_at(id.key(), when);
            }
            let held = session.held_bytes();
            if held != session.held {
                session.held = held;
                ctx.hold(id.key(), held);
            }
        }
    }

    /// The timer of this session has gone off.
    pub(super) fn disarmed(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.get_mut(id)?;
        session.armed = Time::NEVER;
        Some(session)
    }

    /// The client has answered a `2`.
    pub(super) fn alive(&mut self, now: Time, id: SessionId) {
        let next = now.after(self.settings.ping_interval);
        if let Some(session) = self.get_mut(id) {
            session.pinged = false;
            session.heartbeat = next;
        }
    }
}

fn new_sid(ctx: &mut Ctx<'_>) -> Option<Sid> {
    let mut bytes = [0; 15];
    ctx.random(&mut bytes);
    let mut sid = [0; 20];
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut sid).ok()?;
    Some(sid)
}
