//! One session: its id, its transport, what is queued for it, what it waits for. And the settings of all.
//!
//! How sessions are found, and how they begin and end, is in `table`.

use super::answer::{self, Fault};
use super::packet::SEPARATOR;
use crate::clock::Time;
use crate::guard::rate::Bucket;
use crate::http::response::Response;
use crate::hub::app::{ConnId, Ctx, RequestId};
use crate::slots::Id;
use crate::socketio::cors::Cors;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// Names one Engine.IO session. It is not the sid, which is a secret of the session's client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SessionId(pub(crate) Id);

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

/// Memory of a session that polls: its record with its serial, and its places in the maps by which it is
/// found and woken.
const RECORD_BYTES: usize = size_of::<(u32, Session)>() + size_of::<Polling>() + 256;
/// Memory that a queued packet takes besides its text.
const PACKET_BYTES: usize = 48;

/// 15 random bytes as base64url: nobody can guess it.
pub(super) type Sid = [u8; 20];

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) sid: Sid,
    pub(super) transport: Transport,
    /// A WebSocket that wants to take over from polling.
    pub(super) probe: Option<Probe>,
    /// When the next `2` is due; once it was sent (`pinged`), when the session ends for want of a `3`.
    pub(super) heartbeat: Time,
    pub(super) pinged: bool,
    /// Counts the packets of its POSTs against the cap on messages per second.
    pub(super) bucket: Bucket,
    /// A POST whose packets were not all taken yet.
    pub(super) inbox: Option<Box<Inbox>>,
    /// When the service wants to be woken.
    pub(super) wish: Time,
    /// Set when the service closed it: until when it waits for the GET that fetches its `1`.
    pub(super) closed_until: Option<Time>,
    /// Whether the session is in the table's list `touched`.
    pub(super) touched: bool,
    /// When the hub was asked to wake it.
    pub(super) armed: Time,
    /// How many bytes were reported to the memory budget.
    pub(super) held: usize,
    /// How many bytes the service keeps for it.
    pub(super) kept: usize,
}

/// How the messages of a session travel.
#[derive(Debug)]
pub(super) enum Transport {
    /// Boxed, because most sessions have a WebSocket.
    Polling(Box<Polling>),
    WebSocket(ConnId),
}

/// What a WebSocket is to a session.
pub(super) enum Role {
    /// It carries the session's messages.
    Transport,
    /// It wants to take over from polling.
    Probe,
}

/// A session without a connection of its own.
#[derive(Debug, Default)]
pub(super) struct Polling {
    pub(super) waiting: Option<Waiting>,
    pub(super) queue: VecDeque<Rc<str>>,
    pub(super) queued_bytes: usize,
}

/// A GET that waits for packets.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: RequestId,
    pub(super) cors: Cors,
    /// When it is answered with `6` if no packet has come.
    pub(super) until: Time,
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
pub(super) struct Inbox {
    pub(super) body: String,
    /// How many bytes of the body were taken.
    pub(super) taken: usize,
    /// When the next packets are taken.
    pub(super) at: Time,
    pub(super) request: RequestId,
    pub(super) cors: Cors,
}

impl Inbox {
    /// The packets that were not taken yet.
    pub(super) fn rest(&self) -> &str {
        self.body.get(self.taken..).unwrap_or_default()
    }

    /// Answers the POST.
    pub(super) fn answer(&self, ctx: &mut Ctx<'_>, response: Response) {
        ctx.respond(self.request, self.cors.on(response));
    }
}

impl Polling {
    /// Queues a packet.
    pub(super) fn push(&mut self, packet: &Rc<str>) {
        self.queued_bytes += packet.len() + PACKET_BYTES;
        self.queue.push_back(Rc::clone(packet));
    }

    /// Takes all queued packets as one payload, with `last` at its end.
    pub(super) fn take(&mut self, last: Option<&str>) -> String {
        self.queued_bytes = 0;
        let mut text = String::new();
        let queue = std::mem::take(&mut self.queue);
        for packet in queue.iter().map(|packet| &**packet).chain(last) {
            if !text.is_empty() {
                text.push(SEPARATOR);
            }
            text.push_str(packet);
        }
        text
    }

    /// Answers the GET that waits, and returns its id. `None`: no GET waits.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, last: Option<&str>) -> Option<RequestId> {
        let waiting = self.waiting.take()?;
        let response = waiting.cors.on(answer::payload(self.take(last)));
        ctx.respond(waiting.request, response);
        Some(waiting.request)
    }
}

impl Session {
    /// The state of polling. `None`: the session has a WebSocket.
    pub(super) fn polling(&self) -> Option<&Polling> {
        match &self.transport {
            Transport::Polling(polling) => Some(polling),
            Transport::WebSocket(_) => None,
        }
    }

    /// Memory for the budget. The record of a session with a WebSocket counts as a part of its connection,
    /// as in every application.
    pub(super) fn held_bytes(&self) -> usize {
        let polling = self.polling();
        let inbox = self.inbox.as_ref();
        polling.map_or(0, |polling| RECORD_BYTES + polling.queued_bytes)
            + inbox.map_or(0, |inbox| inbox.body.capacity())
            + self.kept
    }

    /// Whether a GET waits and packets are queued for it.
    pub(super) fn has_news(&self) -> bool {
        self.polling().is_some_and(|polling| polling.waiting.is_some() && !polling.queue.is_empty())
    }

    /// When the GET that waits is answered with `6`.
    pub(super) fn waits_until(&self) -> Time {
        let waiting = self.polling().and_then(|polling| polling.waiting.as_ref());
        waiting.map_or(Time::NEVER, |waiting| waiting.until)
    }

    /// What this WebSocket is to the session. `None`: nothing.
    pub(super) fn role(&self, conn: ConnId) -> Option<Role> {
        let probe = self.probe.as_ref();
        match self.transport {
            Transport::WebSocket(own) if own == conn => Some(Role::Transport),
            _ => probe.and_then(|probe| (probe.conn == conn).then_some(Role::Probe)),
        }
    }

    /// When something is to be done for the session next.
    pub(super) fn next_deadline(&self) -> Time {
        if let Some(until) = self.closed_until {
            return until;
        }
        let probe = self.probe.as_ref().map_or(Time::NEVER, |probe| probe.until);
        let inbox = self.inbox.as_ref().map_or(Time::NEVER, |inbox| inbox.at);
        let own = self.heartbeat.min(self.wish).min(inbox);
        own.min(probe).min(self.waits_until())
    }

    /// Closes the WebSocket that wants to take over. Polling goes on.
    pub(super) fn drop_probe(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(probe) = self.probe.take() {
            ctx.close_without_code(probe.conn);
        }
    }

    /// Refuses the rest of a POST.
    pub(super) fn drop_inbox(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(inbox) = self.inbox.take() {
            inbox.answer(ctx, answer::fault(Fault::BadRequest));
        }
    }
}
