//! The sessions of one endpoint: how they are found, how they begin and end, and what waits for each.
//!
//! A callback that changes a session *touches* it. After the callback `tidy` looks once at each touched session: it
//! answers a waiting GET with all packets together, sets the session's one timer, and reports its memory. Sessions
//! that ended are listed in `ended` until the service was told.

use super::answer::{self, Asker, BAD_REQUEST};
use super::packet::{CLOSE, SEPARATOR};
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
/// Memory of a session that polls: its record with its serial, and its places in the maps by which it is
/// found and woken.
const RECORD_BYTES: usize = size_of::<(u32, Session)>() + size_of::<Polling>() + 256;
/// Memory that a queued packet takes besides its text.
const PACKET_BYTES: usize = 48;

/// Names one Engine.IO session. It is not the sid, which is a secret of the session's client.
pub type SessionId = Id;

/// 15 random bytes as base64url: 20 characters that nobody can guess.
pub type Sid = [u8; 20];

/// Makes an id for a client.
pub fn random_id(ctx: &mut Ctx<'_>) -> Sid {
    let (mut bytes, mut id) = ([0; 15], [b'A'; 20]);
    ctx.random(&mut bytes);
    // Cannot fail: 15 bytes are 20 characters.
    let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
    id
}

/// What an endpoint tells its clients, and how long it waits for them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The endpoint answers every path that begins with this one. It ends in `/`.
    pub path: String,
    /// From the last sign of life to the next `2`.
    pub ping_interval: Duration,
    /// From a `2` to its `3`.
    pub ping_timeout: Duration,
    /// Most bytes of a POST, and of a WebSocket message.
    pub max_payload: u64,
    /// Most packets that may wait for a GET. One more ends the session.
    pub max_queued: usize,
    /// Origins whose pages may read the answers (CORS); `*`: all.
    pub origins: Vec<String>,
}

impl Default for Settings {
    // A part of its caller, so that a start touches no page of this module.
    #[inline]
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            max_queued: 10_000,
            origins: Vec::new(),
        }
    }
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) sid: Sid,
    pub(super) transport: Transport,
    pub(super) phase: Phase,
    /// When the phase ends.
    pub(super) due: Time,
    /// Counts the packets of its POSTs against the cap on messages per second.
    pub(super) bucket: Bucket,
    pub(super) post: Option<Box<Post>>,
    /// When the service wants to be woken.
    pub(super) wish: Time,
    /// How many bytes the service keeps for it.
    pub(super) kept: usize,
    /// Whether `touched` lists it.
    is_touched: bool,
}

/// What happens next to a session, if nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It gets the next `2`.
    Quiet,
    /// It ends for want of a `3`.
    Pinged,
    /// The service has closed it. It is forgotten, unless a GET fetches its `1` before.
    Closed,
}

/// How the messages of a session travel.
#[derive(Debug)]
pub(super) enum Transport {
    /// Boxed, because most sessions have a WebSocket.
    Polling(Box<Polling>),
    WebSocket(ConnId),
}

/// A session without a connection of its own.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// The GET that waits for packets, and when it is answered with `6` if none has come.
    pub(super) waiting: Option<(Asker, Time)>,
    pub(super) probe: Option<Probe>,
    pub(super) queue: Vec<Rc<str>>,
    queued_bytes: usize,
}

/// A WebSocket that wants to take over from polling.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) conn: ConnId,
    /// Whether `3probe` was sent.
    pub(super) answered: bool,
    pub(super) until: Time,
}

/// A POST whose packets were not all taken yet.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) body: String,
    /// How many bytes of the body were taken.
    pub(super) taken: usize,
    /// When the next packets are taken.
    pub(super) at: Time,
    pub(super) asker: Asker,
}

impl Polling {
    /// Closes the WebSocket that wants to take over. Polling goes on.
    pub(super) fn drop_probe(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(probe) = self.probe.take() {
            ctx.close_without_code(probe.conn);
        }
    }

    /// Takes all queued packets as one payload, with `last` at its end.
    pub(super) fn take(&mut self, last: Option<&str>) -> String {
        self.queued_bytes = 0;
        let mut text = String::new();
        for packet in mem::take(&mut self.queue).iter().map(|packet| &**packet).chain(last) {
            if !text.is_empty() {
                text.push(SEPARATOR);
            }
            text.push_str(packet);
        }
        text
    }
}

impl Session {
    /// The WebSocket that carries its messages. `None`: it polls.
    pub(super) fn conn(&self) -> Option<ConnId> {
        match self.transport {
            Transport::WebSocket(conn) => Some(conn),
            Transport::Polling(_) => None,
        }
    }

    /// When something is to be done for it next, and how many bytes are held for it.
    ///
    /// The record of a session with a WebSocket counts as a part of its connection, as in every application.
    fn needs(&self) -> (Time, usize) {
        let (mut when, mut held) = (self.due.min(self.wish), self.kept);
        if let Transport::Polling(polling) = &self.transport {
            held += RECORD_BYTES + polling.queued_bytes;
            when = polling.waiting.as_ref().map_or(when, |(_, until)| when.min(*until));
            when = polling.probe.as_ref().map_or(when, |probe| when.min(probe.until));
        }
        if let Some(post) = &self.post {
            held += post.body.capacity();
            when = when.min(post.at);
        }
        (when, held)
    }

    /// Refuses the rest of a POST.
    fn drop_post(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(post) = self.post.take() {
            post.asker.answer(ctx, answer::fault(BAD_REQUEST));
        }
    }
}

/// All sessions of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    pub(super) settings: Settings,
    pub(super) table: Slots<Session>,
    pub(super) by_sid: BTreeMap<Sid, SessionId>,
    /// The sessions of the GETs that wait.
    pub(super) waiting: BTreeMap<RequestId, SessionId>,
    /// How many sessions have no WebSocket.
    pub(super) polling: usize,
    pub(super) touched: Vec<SessionId>,
    pub(super) ended: VecDeque<SessionId>,
}

impl Sessions {
    /// Touches a session.
    pub(super) fn touch(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.table.get_mut(id)?;
        if !mem::replace(&mut session.is_touched, true) {
            self.touched.push(id);
        }
        Some(session)
    }

    /// Touches a session that polls.
    pub(super) fn polling(&mut self, id: SessionId) -> Option<&mut Polling> {
        match &mut self.touch(id)?.transport {
            Transport::Polling(polling) => Some(polling),
            Transport::WebSocket(_) => None,
        }
    }

    /// A session that the service has not closed.
    pub(super) fn live(&self, id: SessionId) -> Option<&Session> {
        self.table.get(id).filter(|session| session.phase != Phase::Closed)
    }

    /// The session with this sid, even if its time is over by the clock: only its timer ends it, because
    /// the request that asks may bring the awaited answer, and may have come in time.
    pub(super) fn find(&self, sid: &str) -> Option<SessionId> {
        self.by_sid.get(sid.as_bytes()).copied()
    }

    /// Begins a session.
    pub(super) fn open(&mut self, ctx: &mut Ctx<'_>, transport: Transport) -> SessionId {
        let sid = random_id(ctx);
        self.polling += usize::from(matches!(transport, Transport::Polling(_)));
        let id = self.table.insert(Session {
            sid,
            transport,
            phase: Phase::Quiet,
            due: ctx.now().after(self.settings.ping_interval),
            bucket: Bucket::default(),
            post: None,
            wish: Time::NEVER,
            kept: 0,
            is_touched: true,
        });
        self.touched.push(id);
        self.by_sid.insert(sid, id);
        id
    }

    /// Queues a packet for a session that polls. If too much is queued then, the session ends.
    pub(super) fn push(&mut self, ctx: &mut Ctx<'_>, id: SessionId, packet: &Rc<str>) {
        let (most, most_bytes) = (self.settings.max_queued, ctx.config().queue_limit_bytes());
        let Some(polling) = self.polling(id) else { return };
        polling.queued_bytes += packet.len() + PACKET_BYTES;
        polling.queue.push(Rc::clone(packet));
        if polling.queued_bytes > most_bytes || polling.queue.len() > most {
            self.give_up(ctx, id);
        }
    }

    /// Answers the GET that waits, if there is one: with the queued packets, and `last`.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, id: SessionId, last: Option<&str>) {
        let Some(polling) = self.polling(id) else { return };
        if let Some((asker, _)) = polling.waiting.take() {
            asker.answer(ctx, answer::payload(polling.take(last)));
            self.waiting.remove(&asker.request);
        }
    }

    /// The service closes a session. If it polls and no GET waits, its record stays for the next GET.
    pub(super) fn close(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let session = self.touch(id).filter(|session| session.phase != Phase::Closed);
        let Some(session) = session else { return };
        match &mut session.transport {
            Transport::Polling(polling) if polling.waiting.is_none() => polling.drop_probe(ctx),
            _ => return self.end(ctx, id, CLOSE),
        }
        session.phase = Phase::Closed;
        (session.due, session.wish) = (ctx.now().after(FAREWELL_TIMEOUT), Time::NEVER);
        session.drop_post(ctx);
        self.ended.push_back(id);
    }

    /// Ends a session for which too much is held: what is queued for it is lost.
    pub(super) fn give_up(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(polling) = self.polling(id) {
            polling.queue.clear();
        }
        self.end(ctx, id, CLOSE);
    }

    /// Ends a session. A GET that waits gets the queued packets and `last`; WebSockets are closed.
    pub(super) fn end(&mut self, ctx: &mut Ctx<'_>, id: SessionId, last: &str) {
        self.answer(ctx, id, Some(last));
        match self.remove(ctx, id).map(|session| session.transport) {
            Some(Transport::WebSocket(conn)) => ctx.close_without_code(conn),
            Some(Transport::Polling(mut polling)) => polling.drop_probe(ctx),
            None => {}
        }
    }

    /// Removes a session for which no GET waits. Its WebSockets are left to the caller.
    pub(super) fn remove(&mut self, ctx: &mut Ctx<'_>, id: SessionId) -> Option<Session> {
        let mut session = self.table.remove(id)?;
        self.by_sid.remove(&session.sid);
        self.polling -= usize::from(session.conn().is_none());
        ctx.wake_at(id.to_number(), Time::NEVER);
        ctx.count_kept(id.to_number(), 0);
        session.drop_post(ctx);
        debug_assert!(self.waiting.len() <= self.polling, "whose GET is it?");
        debug_assert_eq!(self.by_sid.len(), self.table.count());
        if session.phase != Phase::Closed {
            self.ended.push_back(id);
        }
        Some(session)
    }

    /// Looks at each session that was touched.
    pub(super) fn tidy(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.touched.pop() {
            let Some(session) = self.table.get(id) else { continue };
            if matches!(&session.transport, Transport::Polling(it) if it.waiting.is_some() && !it.queue.is_empty())
            {
                self.answer(ctx, id, None);
            }
            let Some(session) = self.table.get_mut(id) else { continue };
            session.is_touched = false;
            let (when, held) = session.needs();
            ctx.wake_at(id.to_number(), when);
            ctx.count_kept(id.to_number(), held);
        }
    }
}
