//! Every limit and every deadline that flags set, and those that tests make small: unit and default.
//!
//! The command line fills `Config` (`cli::flags`); the server only reads it. Other limits are constants, and stand
//! where they are used. docs/LIMITS.md lists them all, with reasons.

use std::time::Duration;

/// Open files that no connection may take: our own, and those of peers that are turned away.
const FILES_KEPT: usize = 16;
/// Open files of our own: three streams, the listener, the poll, a pair for signals, one in reserve; and two while
/// a page is looked up.
const FILES_ALWAYS_OPEN: usize = 10;

/// Which compression of messages is agreed to (RFC 7692).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deflate {
    /// None.
    Off,
    /// Each message by itself: a connection keeps nothing between two messages.
    On,
    /// Messages refer back to those before them, unless the client wants it otherwise: up to 4 KiB, or 32 KiB
    /// where it leaves us no choice, are kept for each direction.
    Takeover,
}

/// What the server does at most, and for how long it waits: a field for each flag that says so.
///
/// Sizes are bytes. A duration of zero switches off what can be off.
#[derive(Debug, Clone)]
pub struct Config {
    /// Connections at once, files being sent included. Over it: `503`. See `fit_open_files`.
    pub max_connections: usize,
    /// Connections at once whose first request head has not arrived whole. Over it: `503`.
    pub max_handshakes: usize,
    /// Connections at once from one address, which is a /64 network of IPv6. Over it: `429`. Zero:
    /// no limit.
    pub max_connections_per_ip: usize,
    /// Messages and Pings of one connection in a second, or packets of one session that polls. Over it: not
    /// read for a while. Zero: any number.
    pub max_messages_per_second: usize,
    /// Whole request head, start line and header fields together. Over it: `431`.
    pub max_head_bytes: usize,
    /// Payload of one frame, and of one message made of fragments. Over it: Close 1009.
    pub max_message_bytes: u64,
    /// Bytes queued for one peer that make it a slow consumer at once. `None`: twice the
    /// message limit, at least 8 MiB, because the chat answers its sender with two copies.
    pub max_queue_bytes: Option<usize>,
    /// Bytes of memory held for all peers together. Over it: the largest holder goes,
    /// with Close 1013 or `503`, and again until it fits.
    pub memory_budget_bytes: usize,

    /// Which compression is agreed to.
    pub deflate: Deflate,
    /// Messages shorter than this, in bytes, are sent as they are: it would cost more than it saves.
    pub deflate_threshold_bytes: usize,
    /// How hard the compressor tries: 1, fast, to 9, short.
    pub deflate_level: usize,

    /// From accept (or the first byte of a later request) to the end of the request head.
    pub head_timeout: Duration,
    /// From one answer to the first byte of the next request.
    pub keep_alive_timeout: Duration,
    /// How long a peer may accept no byte of what is queued for it.
    pub write_timeout: Duration,
    /// Silence of a WebSocket peer after which it is pinged. Zero: never.
    pub ping_interval: Duration,
    /// Silence after a ping that ends the connection with 1011.
    pub pong_timeout: Duration,
    /// From our Close to the peer's.
    pub close_timeout: Duration,
    /// From the first signal to the end of the process.
    pub drain_timeout: Duration,

    /// What no flag sets.
    pub tuning: Tuning,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_handshakes: 2_000,
            max_connections_per_ip: 0,
            max_messages_per_second: 0,
            max_head_bytes: 16 << 10,
            max_message_bytes: 16 << 20,
            max_queue_bytes: None,
            memory_budget_bytes: 64 << 20,
            deflate: Deflate::On,
            deflate_threshold_bytes: 256,
            deflate_level: 1,
            head_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(5),
            tuning: Tuning::default(),
        }
    }
}

impl Config {
    /// Fits the caps to the number of files that the process may have open: each connection is one.
    /// Returns `true` if there is less room for connections than was asked for.
    pub fn fit_open_files(&mut self, limit: usize) -> bool {
        let room = limit.saturating_sub(FILES_KEPT).max(1);
        let is_cut = room < self.max_connections;
        self.max_connections = self.max_connections.min(room);
        // A connection that is turned away is an open file, too. It must not take the last one.
        let spare = limit.saturating_sub(self.max_connections + FILES_ALWAYS_OPEN);
        self.tuning.max_refusals = self.tuning.max_refusals.min(spare);
        is_cut
    }

    /// Bytes queued for one peer that end its connection at once.
    #[must_use]
    pub fn queue_limit_bytes(&self) -> usize {
        self.max_queue_bytes.unwrap_or_else(|| {
            usize::try_from(self.max_message_bytes.saturating_mul(2))
                .unwrap_or(usize::MAX)
                .max(8 << 20)
        })
    }
}

/// Limits that no flag sets. Tests make them small, so that a few bytes reach them. Sizes are bytes.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// Connections at once that are being told `503` or `429`. Over it: closed without a word.
    pub max_refusals: usize,
    /// Request target. Over it: `414`.
    pub max_target_bytes: usize,
    /// Requests answered on one connection; the last answer says `Connection: close`.
    pub max_requests_per_connection: u32,
    /// Fragments of one message, empty ones included. Over it: Close 1008.
    pub max_fragments: u32,
    /// Bytes queued for one peer above which it is not read any more.
    pub high_water_bytes: usize,
    /// Bytes queued for one peer below which it is read again.
    pub low_water_bytes: usize,
    /// Bytes queued for one peer that make it a slow consumer when it accepts none for `STALL_PATIENCE`.
    pub stall_bytes: usize,
    /// Deliveries after which no further connection is read before they are written.
    pub max_deliveries_per_turn: usize,
    /// Bytes encoded in a turn after which no further connection is read before they are written.
    pub max_turn_bytes: usize,
    /// Bytes encoded in a turn after which they are written before the next connection is read: while
    /// they are in the processor's cache, and before the arena grows.
    pub write_out_bytes: usize,
    /// Size of one piece of a response body that is read as the socket drains.
    pub piece_bytes: usize,
    /// Bytes read and thrown away from a connection that ends. Over it: closed.
    pub linger_bytes: u64,
    /// An unfinished message larger than this must grow by as much every `MESSAGE_PATIENCE`.
    pub slow_message_bytes: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            max_refusals: 64,
            max_target_bytes: 8 << 10,
            max_requests_per_connection: 1_000,
            max_fragments: 131_072,
            high_water_bytes: 256 << 10,
            low_water_bytes: 64 << 10,
            stall_bytes: 1 << 20,
            max_deliveries_per_turn: 65_536,
            max_turn_bytes: 4 << 20,
            write_out_bytes: 64 << 10,
            piece_bytes: 64 << 10,
            linger_bytes: 1 << 20,
            slow_message_bytes: 64 << 10,
        }
    }
}
