//! One session: its transport, what is queued for it, what it waits for. And the settings of all.
//!
//! How sessions are found and how they end is `table`'s.

use super::answer;
use super::inbox::Inbox;
use super::io::SessionId;
use super::packet::SEPARATOR;
use crate::app::{ConnId, Ctx, RequestId};
use crate::bucket::Bucket;
use crate::clock::Time;
use crate::socketio::cors::Cors;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// What clients are told, and how long they are waited for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything below it is the endpoint; it ends in `/`.
    pub path: String,
    /// From one heartbeat to the next `2`.
    pub ping_interval: Duration,
    /// From `2` to its `3`.
    pub ping_timeout: Duration,
    /// From a second transport to the end of its probe.
    pub upgrade_timeout: Duration,
    /// How long a session that was closed is kept for the GET that fetches its `1`.
    pub farewell_timeout: Duration,
    /// From `3probe` to the `6` that ends a GET with nothing to tell.
    pub probe_poll: Duration,
    /// Bytes of a POST and of a WebSocket message.
    pub max_payload: u64,
    /// Packets that wait for a GET.
    pub max_queued: usize,
    /// Origins whose pages may read answers (CORS); `*`: all.
    pub origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            farewell_timeout: Duration::from_secs(30),
            probe_poll: Duration::from_millis(100),
            max_payload: 1_000_000,
            max_queued: 10_000,
            origins: Vec::new(),
        }
    }
}

/// Memory that a session takes which has no connection of its own: its record, and its places in the maps
/// by which it is found and woken.
const RECORD_BYTES: usize = size_of::<Session>() + size_of::<Polling>() + 256;

/// 15 random bytes as base64url: unguessable.
pub(super) type Sid = [u8; 20];

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) sid: Sid,
    pub(super) transport: Transport,
    /// A WebSocket that wants to take over.
    pub(super) probe: Option<Probe>,
    /// The next `2` goes out, or, when `pinged`, the session ends.
    pub(super) heartbeat: Time,
    pub(super) pinged: bool,
    /// What its POSTs have paid for: many connections bring them, and one session sends them.
    pub(super) bucket: Bucket,
    /// What is left of a POST of many packets.
    pub(super) inbox: Option<Box<Inbox>>,
    /// The service's own timer.
    pub(super) wish: Time,
    /// Closed by the service, which was told so; kept until a GET fetches the `1`, at most so long.
    pub(super) leaving: Option<Time>,
    /// It is in `touched`.
    pub(super) touched: bool,
    /// What the hub was asked for.
    pub(super) armed: Time,
    /// What the memory budget was told.
    pub(super) held: usize,
    /// What the service keeps for it.
    pub(super) kept: usize,
}

/// How its messages travel.
#[derive(Debug)]
pub(super) enum Transport {
    /// Boxed, because those with a WebSocket are many.
    Polling(Box<Polling>),
    WebSocket(ConnId),
}

/// A session without a connection of its own.
#[derive(Debug, Default)]
pub(super) struct Polling {
    pub(super) waiting: Option<Waiting>,
    pub(super) queue: VecDeque<Rc<str>>,
    pub(super) queued_bytes: usize,
}

/// A GET that waits for something to tell.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: RequestId,
    pub(super) cors: Cors,
    /// When it is told that there is nothing.
    pub(super) until: Time,
}

/// A WebSocket beside polling.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) conn: ConnId,
    /// `3probe` was sent.
    pub(super) answered: bool,
    pub(super) until: Time,
}

impl Polling {
    /// Everything queued, as one payload, and `last` behind it.
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

    /// Answers the GET that waits.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, waiting: Waiting, last: Option<&str>) {
        let response = waiting.cors.on(answer::payload(self.take(last)));
        ctx.respond(waiting.request, response);
    }
}

impl Session {
    /// Memory that is held for it. (With a WebSocket it is part of what a connection costs, as every
    /// application's record of one.)
    pub(super) fn held_bytes(&self) -> usize {
        let polling = match &self.transport {
            Transport::Polling(polling) => RECORD_BYTES + polling.queued_bytes,
            Transport::WebSocket(_) => 0,
        };
        polling + self.kept + self.inbox.as_ref().map_or(0, |inbox| inbox.held_bytes())
    }

    /// A GET waits, and there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        match &self.transport {
            Transport::Polling(polling) => polling.waiting.is_some() && !polling.queue.is_empty(),
            Transport::WebSocket(_) => false,
        }
    }

    /// When the GET that waits is told that there is nothing.
    pub(super) fn waits_until(&self) -> Time {
        match &self.transport {
            Transport::Polling(polling) => {
                let waiting = polling.waiting.as_ref();
                waiting.map_or(Time::NEVER, |waiting| waiting.until)
            }
            Transport::WebSocket(_) => Time::NEVER,
        }
    }

    /// Whether the service is to be woken now, once for each wish.
    pub(super) fn take_wish(&mut self, now: Time) -> bool {
        let is_due = self.wish <= now;
        if is_due {
            self.wish = Time::NEVER;
        }
        is_due
    }

    /// When something is to be done for it.
    pub(super) fn next_deadline(&self) -> Time {
        if let Some(until) = self.leaving {
            return until;
        }
        let probe = self.probe.as_ref().map_or(Time::NEVER, |probe| probe.until);
        let inbox = self.inbox.as_ref().map_or(Time::NEVER, |inbox| inbox.at);
        let own = self.heartbeat.min(self.wish).min(inbox);
        own.min(probe).min(self.waits_until())
    }
}
