//! Every limit and every deadline that flags set, and those that tests make small.
//!
//! One table says it all of a flag: the field that it fills, the default, the range, and what it means. `record` makes
//! `Config` of it, which the server reads; `cli::flags` makes the command line, the variables and `--help` of it.
//! Other limits are constants, and stand where they are used. docs/LIMITS.md lists them all, with reasons.

use std::time::Duration;

/// Open files that no connection may take: our own, and those of peers that are turned away.
const FILES_KEPT: usize = 16;
/// Open files of our own: three streams, the listener, the poll, a pair for signals, one in reserve; and two while
/// a page is looked up.
const FILES_ALWAYS_OPEN: usize = 10;

/// A record of settings: each with its default, and those that a flag sets with that flag.
///
/// A flag is its name, how its value is read and judged (`cli::value`), and what `--help` says of it, which is
/// the documentation of the field, too. `cli::flags` makes the flags of the same table.
macro_rules! record {
    ($(#[$of:meta])* pub struct $record:ident {
        $($title:literal $(if $feature:literal)?:
            $($(#[$more:meta])* pub $field:ident: $kind:ty = $default:expr,
                $name:literal $how:expr,
                $about:literal;)*)*
        $(also: $($(#[$doc:meta])* pub $also:ident: $also_kind:ty = $also_default:expr,)*)?
    }) => {
        $(#[$of])*
        #[derive(Debug, Clone)]
        #[allow(rustdoc::bare_urls, reason = "the words are those of --help")]
        pub struct $record {
            $($(#[doc = $about] #[doc = ""] $(#[$more])* pub $field: $kind,)*)*
            $($($(#[$doc])* pub $also: $also_kind,)*)?
        }

        impl Default for $record {
            fn default() -> Self {
                Self { $($($field: $default,)*)* $($($also: $also_default,)*)? }
            }
        }
    };
}
pub(crate) use record;

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

/// How much of each frame a trace shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TraceForm {
    /// Nothing: there is no trace.
    #[default]
    Off,
    /// Each field of a frame on a line.
    Fields,
    /// Each frame on a line.
    Short,
    /// Each field on a line, and all bytes as a hex dump.
    Hex,
    /// Each event as an object of JSON.
    Json,
}

/// The table of limits and deadlines. `$read` is the macro that it is given to.
macro_rules! limits {
    ($read:ident $($of:tt)*) => { $read! { $($of)*
    /// What the server does at most, and for how long it waits.
    ///
    /// Sizes are bytes. A duration of zero switches off what can be off.
    pub struct Config {
        "Limits":
        /// See `fit_open_files`.
        pub max_connections: usize = 10_000,
            "max-connections" COUNT.within(1, MANY),
            "connections at once, files being sent included; beyond it 503; never more than the limit \
             on open files minus 16";
        pub max_handshakes: usize = 2_000,
            "max-handshakes" COUNT.within(1, MANY),
            "connections at once whose first request head is not complete; beyond it 503";
        pub max_connections_per_ip: usize = 0,
            "max-connections-per-ip" COUNT.within(1, MANY).or_zero("any number"),
            "connections at once from one IPv4 address or IPv6 network (/64); beyond it 429; 0: any \
             number, as it must be behind a proxy";
        pub max_messages_per_second: usize = 0,
            "max-messages-per-second" COUNT.within(1, MANY).or_zero("any number"),
            "messages and pings of one WebSocket connection, or packets of one client of Socket.IO \
             that polls, in a second; beyond it the connection is not read for a while, and a POST \
             not answered; 0: any number";
        // A control frame's payload at least; its length must fit 32-bit machines.
        pub max_message_bytes: u64 = 16 << 20,
            "max-message-bytes" SIZE.within(125, 1 << 30),
            "largest frame and message; beyond it Close 1009";
        // Less would cut off a peer whom backpressure is about to stop.
        /// `None`: twice the message limit, at least 8 MiB, because the chat answers its sender with two copies.
        pub max_queue_bytes: Option<usize> = None,
            "max-queue-bytes" SIZE.within(512 << 10, 1 << 30),
            "largest queue of a peer that does not read; beyond it Close 1013";
        /// A peer that has no WebSocket gets `503`. It is repeated until the rest fits.
        pub memory_budget_bytes: usize = 64 << 20,
            "memory-budget-bytes" SIZE.within(64 << 10, 64 << 30),
            "most that is held for all peers together; beyond it the largest holder is closed with 1013";
        // Browsers with a few cookies send more than a kilobyte.
        pub max_head_bytes: usize = 16 << 10,
            "max-head-bytes" SIZE.within(1 << 10, 1 << 20),
            "largest request head; beyond it 431";

        "Deadlines, how long the server waits":
        /// Counted from accept, or from the first byte of a later request.
        pub head_timeout: Duration = Duration::from_secs(10),
            "head-timeout" DEADLINE,
            "for a request head to arrive whole";
        pub keep_alive_timeout: Duration = Duration::from_secs(15),
            "keep-alive-timeout" DEADLINE,
            "for the next request on a connection";
        pub write_timeout: Duration = Duration::from_secs(30),
            "write-timeout" DEADLINE,
            "for a peer to accept a byte of what waits for it";
        pub ping_interval: Duration = Duration::from_secs(20),
            "ping-interval" DEADLINE.or_zero("never"),
            "silence after which a WebSocket is pinged; 0: never";
        /// With the code 1011.
        pub pong_timeout: Duration = Duration::from_secs(20),
            "pong-timeout" DEADLINE,
            "after a ping: silence that ends the connection";
        pub close_timeout: Duration = Duration::from_secs(5),
            "close-timeout" DEADLINE,
            "for a peer to answer our Close";
        pub drain_timeout: Duration = Duration::from_secs(5),
            "drain-timeout" DEADLINE.or_zero("cut at once"),
            "for everybody to leave at SIGTERM or SIGINT; 0: cut at once";

        "Compression of messages (permessage-deflate)" if "deflate":
        pub deflate: Deflate = Deflate::On,
            "deflate" WHICH,
            "on, off, or takeover: messages may refer back to earlier ones, for which each connection \
             keeps the last 4k to 32k of what it sent, and as much of what it was sent";
        pub deflate_threshold_bytes: usize = 256,
            "deflate-threshold" SIZE.within(0, 1 << 30),
            "shorter messages are sent as they are; 0: all are compressed that become shorter";
        pub deflate_level: usize = 1,
            "deflate-level" COUNT.within(1, 9),
            "1 is fast, 9 makes the shortest messages; those of 64k and more are always compressed fast";

        also:
        /// What no flag sets.
        pub tuning: Tuning = Tuning::default(),
    }
    } };
}
pub(crate) use limits;
limits!(record);

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

record! {
    /// Limits that no flag sets. Sizes are bytes.
    ///
    /// Tests make them small, so that a few bytes reach them.
    pub struct Tuning {
        also:
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
