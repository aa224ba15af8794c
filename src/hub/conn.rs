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

use super::ids::{Cause, Closed, Options, Path};
use crate::clock::Time;
use crate::config::Config;
use crate::guard::CountsAs;
use crate::http::body::BodyReader;
use crate::http::head::HeadScanner;
use crate::http::response::Source;
use crate::metered::{Account, Meter, with_holes};
use crate::outbox::Outbox;
use crate::ws::close::CloseCode;
use crate::ws::endpoint::Endpoint;
use crate::ws::extension::{Agreed, History};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How long a connection that ends is still read, so that the peer sees our last bytes.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a large unfinished message had come at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Bytes of it that had arrived.
    pub held: usize,
    /// The moment. A pause in which the connection was not read moves it on: that was not the peer's time.
    pub at: Time,
    /// The connection has not been read since this time. `None`: it is read.
    pub paused: Option<Time>,
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    /// Tells this connection from others that had its slot; see `ConnId`.
    pub serial: u32,
    /// The peer's port; see `peer`.
    port: u16,
    /// The peer's address.
    ip: IpAddr,
    /// The index of the application that it belongs to.
    pub app: u8,
    /// The application may send: this is a WebSocket, no Close went out, and none came.
    ///
    /// When this becomes false, and only then, the application hears of the end.
    pub open: bool,
    /// What it counts as for the caps on connections.
    pub counts_as: CountsAs,
    /// It is in the list of connections to write to.
    pub touched: bool,
    /// The socket took less than was offered; it must become writable first.
    pub stalled: bool,
    /// Why it is not read at the moment.
    pub paused: Paused,
    /// A Ping went out at `since`, and nothing has arrived after it.
    pub pinged: bool,
    /// The server pings it when it is silent.
    pub keepalive: bool,
    /// The status of its last HTTP answer, for the log. A WebSocket has 101.
    pub status: u16,
    /// How it ended, for the log.
    pub closed: Closed,
    /// The compression that the peer has agreed to.
    pub agreed: Option<Agreed>,
    /// What compression keeps between two messages. The first message makes it.
    pub history: Option<Box<History>>,
    /// Bytes that one message of the peer may have.
    pub max_message_bytes: u32,
    /// The number by which the application knows it.
    pub tag: u64,
    /// What it is doing.
    pub phase: Phase,
    /// What waits to be written.
    pub outbox: Outbox,
    /// When its timer fires: at its deadline, or earlier.
    pub armed: Time,
    /// When it was accepted.
    pub accepted: Time,
    /// When bytes arrived last.
    pub heard: Time,
    /// When the server's last Ping, or its Close, was sent on this WebSocket.
    pub since: Time,
    /// When the peer last took bytes of its queue.
    pub progressed: Time,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// The path of its last request, for the log.
    pub path: Path,
}

/// Why a connection is not read. It is read if no reason is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paused {
    /// Too much is queued for it (backpressure).
    pub by_queue: bool,
    /// Bytes that it sent wait to be processed.
    pub by_backlog: bool,
}

impl Paused {
    /// Whether there is any reason.
    #[must_use]
    #[inline]
    pub fn any(self) -> bool {
        self.by_queue || self.by_backlog
    }
}

/// What a connection is doing.
#[derive(Debug)]
pub enum Phase {
    /// It speaks HTTP.
    Http(Box<Exchange>),
    /// It is a WebSocket.
    Open {
        /// The receiving side of the protocol.
        endpoint: Endpoint,
        /// How far a large unfinished message has come, if there is one.
        mark: Option<Box<Mark>>,
    },
    /// It ends. What waits is written, then the server closes its side, then it throws input away until
    /// the peer closes, too.
    ///
    /// If the server closed at once, the kernel would send a reset, and the peer might never see the last bytes
    /// (RFC 9112 §9.6, RFC 6455 §7.1.1). The record is boxed, so that other connections need no room for it.
    Draining(Box<Draining>),
    /// It is over. The slot is freed at the end of the turn.
    Gone,
}

/// The last part of a connection's life.
#[derive(Debug, Clone, Copy)]
pub struct Draining {
    /// When the server closed its side.
    pub half_closed: Option<Time>,
    /// Bytes read and thrown away.
    pub discarded: u64,
    /// The socket is closed after the write, without waiting for the peer.
    pub at_once: bool,
    /// The peer has closed its side.
    pub peer_closed: bool,
    /// It ends at this time, whatever happens.
    pub until: Time,
}

/// HTTP on one connection: one request at a time, in order.
pub struct Exchange {
    /// Where the head ends.
    pub scanner: HeadScanner,
    /// The beginning of a head whose end has not arrived. During `Body` it is the whole head.
    pub head: Vec<u8>,
    /// What it is waiting for.
    pub stage: Stage,
    /// When this wait began.
    pub since: Time,
    /// How many requests it has taken.
    pub requests: u32,
    account: Account,
}

/// What an HTTP exchange is waiting for.
pub enum Stage {
    /// A request head.
    Head,
    /// The rest of a request body.
    Body {
        /// Finds its end.
        reader: BodyReader,
        /// The decoded bytes that have arrived.
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
    /// Makes the record of a connection that was just accepted.
    #[must_use]
    pub fn new(serial: u32, peer: SocketAddr, counts_as: CountsAs, now: Time) -> Self {
        let exchange = Exchange {
            scanner: HeadScanner::default(),
            head: Vec::new(),
            stage: Stage::Head,
            since: now,
            requests: 0,
            account: Account::default(),
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
            keepalive: false,
            status: 0,
            closed: Closed { code: CloseCode::AbnormalClosure, cause: Cause::Peer },
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
            path: Path::new(""),
        }
    }

    /// The peer's address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Applies what the application asked for when it accepted the upgrade.
    pub fn set_options(&mut self, options: &Options, config: &Config) {
        let limit = options.max_message_bytes.unwrap_or(config.max_message_bytes);
        self.max_message_bytes = u32::try_from(limit).unwrap_or(u32::MAX);
        self.tag = options.tag;
        self.keepalive = options.keepalive;
    }

    /// Has the meter count what it holds for a request or a message that is not complete, and for compression.
    ///
    /// The hub must call this when a read leaves such a thing. What the connection drops is subtracted by itself.
    pub fn count(&mut self, meter: &Meter) {
        match &mut self.phase {
            Phase::Http(exchange) => exchange.account.set(exchange.held_bytes(), meter),
            Phase::Open { endpoint, .. } => endpoint.count(meter),
            Phase::Draining(_) | Phase::Gone => {}
        }
        if let Some(history) = &mut self.history {
            history.count(meter);
        }
    }

    /// Bytes of memory that are held for what it has sent: none for an idle connection.
    ///
    /// What is not processed yet lies elsewhere (`Watch::backlogs`), and what waits to be written is not counted here.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let unfinished = match &self.phase {
            Phase::Http(exchange) => exchange.held_bytes(),
            Phase::Open { endpoint, .. } => endpoint.held_bytes(),
            Phase::Draining(_) | Phase::Gone => 0,
        };
        unfinished + self.history.as_ref().map_or(0, |history| history.held_bytes())
    }
}

impl Exchange {
    /// Bytes of memory held for a request that is not complete, with this record.
    fn held_bytes(&self) -> usize {
        let body = match &self.stage {
            Stage::Body { body, .. } => body.capacity(),
            _ => 0,
        };
        match self.head.capacity() + body {
            0 => 0,
            bytes => with_holes(bytes) + size_of::<Self>(),
        }
    }
}
