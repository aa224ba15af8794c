//! The record of one TCP connection: its phase, what waits to be written, what is known of it.
//!
//! ```text
//! accept ─► Http ──101──► Open ── their Close (echo it) ────────┐
//!            │             ├─ our Close ─► Open, `open` false ─ their Close
//!            │             └─ violation: fail(code) ────────────┤
//!            └─ last response, or end of input ─────────────────┤
//!                              Draining: flush, half-close, discard input ─ EOF or deadline ─► Gone
//! ```
//!
//! A record and its deadlines, no behaviour: the hub moves it from phase to phase. An idle
//! WebSocket connection owns no buffer, so this record is what it costs; mind its size.

mod deadline;
mod path;

use super::ids::{Cause, Closed, Options};
use crate::clock::Time;
use crate::config::Config;
use crate::guard::CountsAs;
use crate::http::body::BodyReader;
use crate::http::response::Source;
use crate::http::scan::HeadScanner;
use crate::outbox::Outbox;
use crate::ws::close::CloseCode;
use crate::ws::endpoint::{Endpoint, Limits};
use crate::ws::extension::{Agreed, History};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use path::Path;

/// How long a connection that ends is still read, so that the peer sees our last bytes.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a large unfinished message had come at some time.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// How much of it there was.
    pub held: usize,
    /// When. Later, if the connection was not read for a while: that was not the peer's time.
    pub at: Time,
    /// The connection is not read since then.
    pub paused: Option<Time>,
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    /// Tells this tenant of the slot from others; see `ConnId`.
    pub serial: u32,
    /// The peer's port; see `peer`.
    port: u16,
    /// The peer's address.
    ip: IpAddr,
    /// Which application it belongs to; an index.
    pub app: u8,
    /// A WebSocket whose application may send: no Close went out, and none came. When this
    /// becomes false, and only then, the application hears of the end.
    pub open: bool,
    /// What it counts as for the caps on connections.
    pub counts_as: CountsAs,
    /// In the list of connections to write to.
    pub touched: bool,
    /// Wrote less than it wanted: waits for the socket to become writable.
    pub stalled: bool,
    /// Why it is not read at the moment.
    pub paused: Paused,
    /// A ping went out at `since` and nothing has come back.
    pub pinged: bool,
    /// Something is held for it; see `held_bytes`.
    pub counted: bool,
    /// The server pings it.
    pub keepalive: bool,
    /// Status of its last HTTP answer, for the log; 101 once it is a WebSocket.
    pub status: u16,
    /// How it ended, as it will be logged.
    pub closed: Closed,
    /// The compression that was agreed to.
    pub agreed: Option<Agreed>,
    /// What compression keeps between two messages; made by the first of them.
    pub history: Option<Box<History>>,
    /// Its limit for one message, in bytes.
    pub max_message_bytes: u32,
    /// The application's name for it.
    pub tag: u64,
    /// What it is doing.
    pub phase: Phase,
    /// What waits to be written.
    pub outbox: Outbox,
    /// When its timer fires. Never later than its deadline, perhaps earlier.
    pub armed: Time,
    /// Accepted at.
    pub accepted: Time,
    /// Last received bytes at.
    pub heard: Time,
    /// When the last Ping, or our Close, was sent on this WebSocket.
    pub since: Time,
    /// The peer last accepted bytes of a queue at.
    pub progressed: Time,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// The path of its last request, for the log.
    pub path: Path,
}

/// Why a connection is not read. Nothing set: it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paused {
    /// Too much is queued for it (backpressure).
    pub by_queue: bool,
    /// Bytes it sent wait to be processed.
    pub by_backlog: bool,
}

impl Paused {
    /// Any reason.
    #[must_use]
    #[inline]
    pub fn any(self) -> bool {
        self.by_queue || self.by_backlog
    }
}

/// What a connection is doing.
#[derive(Debug)]
pub enum Phase {
    /// Speaks HTTP.
    Http(Box<Exchange>),
    /// A WebSocket.
    Open {
        /// The protocol.
        endpoint: Endpoint,
        /// Set while a large message is unfinished.
        mark: Option<Box<Mark>>,
    },
    /// Ends: what waits is written, then our side is closed, then input is thrown away until
    /// the peer closes too. Closing at once would make the kernel send a reset, and the peer
    /// might never see our last bytes (RFC 9112 §9.6, RFC 6455 §7.1.1).
    /// Boxed, so that connections that do not end need no room for it.
    Draining(Box<Draining>),
    /// Is over; the slot is freed at the end of the turn.
    Gone,
}

/// The last part of a connection's life.
#[derive(Debug, Clone, Copy)]
pub struct Draining {
    /// Our side is closed since then.
    pub half_closed: Option<Time>,
    /// Bytes read and thrown away.
    pub discarded: u64,
    /// Close the socket after the write, without waiting for the peer.
    pub at_once: bool,
    /// The peer has closed its side.
    pub peer_closed: bool,
    /// End at this time whatever happens.
    pub until: Time,
}

/// HTTP on one connection: one request at a time, in order.
pub struct Exchange {
    /// Where the head ends.
    pub scanner: HeadScanner,
    /// The head, as far as it did not arrive in one piece with its end; during `Body` the whole head.
    pub head: Vec<u8>,
    /// What it is waiting for.
    pub stage: Stage,
    /// When the wait for that began.
    pub since: Time,
    /// Requests taken so far.
    pub requests: u32,
}

/// What an HTTP exchange is waiting for.
pub enum Stage {
    /// A request head.
    Head,
    /// The rest of a request body.
    Body {
        /// Finds its end.
        reader: BodyReader,
        /// What has arrived, decoded.
        body: Vec<u8>,
    },
    /// The application's answer.
    Held {
        /// The response has no body.
        head_only: bool,
        /// The connection ends after the answer.
        close: bool,
    },
    /// The next piece of a response body.
    Streaming {
        /// Where it comes from.
        source: Box<dyn Source>,
        /// Bytes still promised.
        left: u64,
        /// The connection ends after it.
        close: bool,
    },
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = match self.stage {
            Stage::Head => "Head",
            Stage::Body { .. } => "Body",
            Stage::Held { .. } => "Held",
            Stage::Streaming { .. } => "Streaming",
        };
        write!(f, "Exchange({stage}, request {})", self.requests)
    }
}

impl Conn {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(serial: u32, peer: SocketAddr, counts_as: CountsAs, now: Time) -> Self {
        let exchange = Exchange {
            scanner: HeadScanner::default(),
            head: Vec::new(),
            stage: Stage::Head,
            since: now,
            requests: 0,
        };
        Self {
            serial,
            port: peer.port(),
            ip: peer.ip(),
            app: 0,
            open: false,
            counts_as,
            touched: false,
            stalled: false,
            paused: Paused::default(),
            pinged: false,
            counted: false,
            keepalive: false,
            status: 0,
            closed: Closed {
                code: CloseCode::AbnormalClosure,
                cause: Cause::Peer,
            },
            agreed: None,
            history: None,
            max_message_bytes: 0,
            tag: 0,
            phase: Phase::Http(Box::new(exchange)),
            outbox: Outbox::default(),
            armed: Time::NEVER,
            accepted: now,
            heard: now,
            since: now,
            progressed: now,
            bytes_in: 0,
            bytes_out: 0,
            path: Path::default(),
        }
    }

    /// Whether it should be read: it is not held up by its own queue or by what it has already sent.
    #[must_use]
    #[inline]
    pub fn wants_read(&self) -> bool {
        !self.paused.any()
            && match &self.phase {
                Phase::Open { .. } | Phase::Draining(_) => true,
                Phase::Http(exchange) => {
                    matches!(exchange.stage, Stage::Head | Stage::Body { .. })
                }
                Phase::Gone => false,
            }
    }

    /// The limits of what it sends on a WebSocket.
    #[must_use]
    #[inline]
    pub fn limits(&self, max_fragments: u32) -> Limits {
        Limits {
            max_message_bytes: u64::from(self.max_message_bytes),
            max_fragments,
        }
    }

    /// The peer's address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Applies what the application asked for when it accepted the upgrade.
    pub fn set_options(&mut self, options: &Options, config: &Config) {
        let limit = options
            .max_message_bytes
            .unwrap_or(config.max_message_bytes);
        self.max_message_bytes = u32::try_from(limit).unwrap_or(u32::MAX);
        self.tag = options.tag;
        self.keepalive = options.keepalive;
    }

    /// Memory held for it alone from one turn to the next, in bytes: its buffers, and then the records
    /// that go with them. Nothing for an idle connection. What it sent and is not processed yet is
    /// kept beside the table, and comes on top.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let (unfinished, record) = match &self.phase {
            Phase::Http(exchange) => {
                let body = match &exchange.stage {
                    Stage::Body { body, .. } => body.capacity(),
                    _ => 0,
                };
                (exchange.head.capacity() + body, size_of::<Exchange>())
            }
            Phase::Open { endpoint, .. } => (endpoint.held_bytes(), 0),
            Phase::Draining(_) | Phase::Gone => (0, 0),
        };
        let history = self.history.as_ref();
        let history = history.map_or(0, |history| history.held_bytes());
        match unfinished + holes(unfinished) + history + self.outbox.held_bytes() {
            0 => 0,
            buffers => buffers + record + size_of::<Self>(),
        }
    }
}

/// What a buffer that has grown to this size costs beside itself. It was moved now and then, and what it left behind
/// fits those that grow beside it only in part: with a thousand messages in steps of 3,000 bytes, such holes
/// were 15 MiB beside the 64 that were counted. From 256 KiB on a message lies in blocks of one size, which
/// leave none.
fn holes(grown_bytes: usize) -> usize {
    (grown_bytes / 4).min(64 << 10)
}
