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

/// A record of settings, each with its default.
macro_rules! settings {
    ($(#[$about:meta])* pub struct $record:ident {
        $($(#[$doc:meta])* pub $field:ident: $kind:ty = $default:expr,)*
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone)]
        pub struct $record { $($(#[$doc])* pub $field: $kind),* }

        impl Default for $record {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }
    };
}

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

settings! {
    /// What the server does at most, and for how long it waits: a field for each flag that says so.
    ///
    /// Sizes are bytes. A duration of zero switches off what can be off.
    pub struct Config {
        /// Connections at once, files being sent included. Over it: `503`. See `fit_open_files`.
        pub max_connections: usize = 10_000,
        /// Connections at once whose first request head has not arrived whole. Over it: `503`.
        pub max_handshakes: usize = 2_000,
        /// Connections at once from one address, which is a /64 network of IPv6. Over it: `429`. Zero:
        /// no limit.
        pub max_connections_per_ip: usize = 0,
        /// Messages and Pings of one connection in a second, or packets of one session that polls. Over it: not
        /// read for a while. Zero: any number.
        pub max_messages_per_second: usize = 0,
        /// Whole request head, start line and header fields together. Over it: `431`.
        pub max_head_bytes: usize = 16 << 10,
        /// Payload of one frame, and of one message made of fragments. Over it: Close 1009.
        pub max_message_bytes: u64 = 16 << 20,
        /// Bytes queued for one peer that make it a slow consumer at once. `None`: twice the
        /// message limit, at least 8 MiB, because the chat answers its sender with two copies.
        pub max_queue_bytes: Option<usize> = None,
        /// Bytes of memory held for all peers together. Over it: the largest holder goes,
        /// with Close 1013 or `503`, and again until it fits.
        pub memory_budget_bytes: usize = 64 << 20,

        /// Which compression is agreed to.
        pub deflate: Deflate = Deflate::On,
        /// Messages shorter than this, in bytes, are sent as they are: it would cost more than it saves.
        pub deflate_threshold_bytes: usize = 256,
        /// How hard the compressor tries: 1, fast, to 9, short.
        pub deflate_level: usize = 1,

        /// From accept (or the first byte of a later request) to the end of the request head.
        pub head_timeout: Duration = Duration::from_secs(10),
        /// From one answer to the first byte of the next request.
        pub keep_alive_timeout: Duration = Duration::from_secs(15),
        /// How long a peer may accept no byte of what is queued for it.
        pub write_timeout: Duration = Duration::from_secs(30),
        /// Silence of a WebSocket peer after which it is pinged. Zero: never.
        pub ping_interval: Duration = Duration::from_secs(20),
        /// Silence after a ping that ends the connection with 1011.
        pub pong_timeout: Duration = Duration::from_secs(20),
        /// From our Close to the peer's.
        pub close_timeout: Duration = Duration::from_secs(5),
        /// From the first signal to the end of the process.
        pub drain_timeout: Duration = Duration::from_secs(5),

        /// What no flag sets.
        pub tuning: Tuning = Tuning::default(),
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
            usize::try_from(self.max_message_bytes.saturating_mul(2)).unwrap_or(usize::MAX).max(8 << 20)
        })
    }
}

settings! {
    /// Limits that no flag sets. Sizes are bytes.
    ///
    /// Tests make them small, so that a few bytes reach them.
    pub struct Tuning {
        /// Connections at once that are being told `503` or `429`. Over it: closed without a word.
        pub max_refusals: usize = 64,
        /// Request target. Over it: `414`.
        pub max_target_bytes: usize = 8 << 10,
        /// Requests answered on one connection; the last answer says `Connection: close`.
        pub max_requests_per_connection: u32 = 1_000,
        /// Fragments of one message, empty ones included. Over it: Close 1008.
        pub max_fragments: u32 = 131_072,
        /// Bytes queued for one peer above which it is not read any more.
        pub high_water_bytes: usize = 256 << 10,
        /// Bytes queued for one peer below which it is read again.
        pub low_water_bytes: usize = 64 << 10,
        /// Bytes queued for one peer that make it a slow consumer when it accepts none for `STALL_PATIENCE`.
        pub stall_bytes: usize = 1 << 20,
        /// Deliveries after which no further connection is read before they are written.
        pub max_deliveries_per_turn: usize = 65_536,
        /// Bytes encoded in a turn after which no further connection is read before they are written.
        pub max_turn_bytes: usize = 4 << 20,
        /// Bytes encoded in a turn after which they are written before the next connection is read: while
        /// they are in the processor's cache, and before the arena grows.
        pub write_out_bytes: usize = 64 << 10,
        /// Size of one piece of a response body that is read as the socket drains.
        pub piece_bytes: usize = 64 << 10,
        /// Bytes read and thrown away from a connection that ends. Over it: closed.
        pub linger_bytes: u64 = 1 << 20,
        /// An unfinished message larger than this must grow by as much every `MESSAGE_PATIENCE`.
        pub slow_message_bytes: usize = 64 << 10,
    }
}
