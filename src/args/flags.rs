//! The table of flags: name, unit, meaning, range, and the field that each one fills. How that is done is in `kind`.
//!
//! A default stands nowhere here: it is read from `Options::default()`, so `--help` cannot lie.

use super::kind::{Flag, Kind};
use super::value;
use crate::config::Config;
use std::ops::RangeInclusive;
use std::time::Duration;

const LISTEN: &str = "Where to listen";
const PAGES: &str = "Pages and chat";
const WHO: &str = "Who may connect";
const LIMITS: &str = "Limits";
const DEADLINES: &str = "Deadlines, how long the server waits";
#[cfg(feature = "deflate")]
const COMPRESSION: &str = "Compression of messages (permessage-deflate)";
const LOGS: &str = "Logs";

/// Every state has a deadline, so that no peer can hold a connection for nothing; an hour is
/// as good as none, and less than a hundredth of a second refuses everybody.
const DEADLINE: RangeInclusive<u64> = 10..=60 * 60_000;

/// More than any system has room for.
const COUNT: RangeInclusive<u64> = 1..=1_000_000;

/// All flags, in the order of `--help`.
pub(super) static FLAGS: &[Flag] = &[
    Flag {
        name: "host",
        unit: "HOST",
        group: LISTEN,
        about: "IP address or name of this machine to listen at; 0.0.0.0 is every address",
        kind: Kind::Text {
            set: |options, text| value::listen_host(text).map(|host| options.host = host),
            default: |options| options.host.clone(),
        },
    },
    Flag {
        name: "port",
        unit: "PORT",
        group: LISTEN,
        about: "TCP port; 0 takes a free one",
        kind: Kind::Text {
            set: |options, text| value::port(text).map(|port| options.port = port),
            default: |options| options.port.to_string(),
        },
    },
    Flag {
        name: "www",
        unit: "DIR",
        group: PAGES,
        about: "serve this folder, looked up and read anew for each request",
        kind: Kind::Folder {
            field: |options| &mut options.www,
            default: "the built-in pages",
        },
    },
    Flag {
        name: "farewell",
        unit: "TEXT",
        group: PAGES,
        about: "what the chat says after the name of somebody who left",
        kind: Kind::Text {
            set: |options, text| value::line(text).map(|text| options.farewell = text),
            default: |options| format!("{:?}", options.farewell),
        },
    },
    Flag {
        name: "allow-origin",
        unit: "ORIGIN",
        group: WHO,
        about: "also let pages of this origin connect, as in https://example.org; * is any; \
                may be repeated",
        kind: Kind::List {
            judge: value::origin,
            field: |options| &mut options.allow_origin,
        },
    },
    Flag {
        name: "allow-host",
        unit: "HOST",
        group: WHO,
        about: "also answer to this name (behind a proxy: its public name); * is any; may be \
                repeated",
        kind: Kind::List {
            judge: value::host,
            field: |options| &mut options.allow_host,
        },
    },
    Flag {
        name: "max-connections",
        unit: "COUNT",
        group: LIMITS,
        about: "connections at once, files being sent included; beyond it 503; never more than \
                the limit on open files minus 16",
        kind: Kind::Count {
            range: COUNT,
            zero: None,
            field: |config| &mut config.max_connections,
        },
    },
    Flag {
        name: "max-handshakes",
        unit: "COUNT",
        group: LIMITS,
        about: "connections at once whose first request head is not complete; beyond it 503",
        kind: Kind::Count {
            range: COUNT,
            zero: None,
            field: |config| &mut config.max_handshakes,
        },
    },
    Flag {
        name: "max-connections-per-ip",
        unit: "COUNT",
        group: LIMITS,
        about: "connections at once from one IPv4 address or IPv6 network (/64); beyond it 429; \
                0: any number, as it must be behind a proxy",
        kind: Kind::Count {
            range: COUNT,
            zero: Some("any number"),
            field: |config| &mut config.max_connections_per_ip,
        },
    },
    Flag {
        name: "max-messages-per-second",
        unit: "COUNT",
        group: LIMITS,
        about: "messages and pings of one WebSocket connection, or packets of one client of \
                Socket.IO that polls, in a second; beyond it the connection is not read for a \
                while, and a POST not answered; 0: any number",
        kind: Kind::Count {
            range: COUNT,
            zero: Some("any number"),
            field: |config| &mut config.max_messages_per_second,
        },
    },
    Flag {
        name: "max-message-bytes",
        unit: "SIZE",
        group: LIMITS,
        about: "largest frame and message; beyond it Close 1009",
        kind: Kind::Size {
            // A control frame's payload at least; its length must fit 32-bit machines.
            range: 125..=1 << 30,
            set: |config, bytes| config.max_message_bytes = bytes,
            default: |config| value::show_size(config.max_message_bytes),
        },
    },
    Flag {
        name: "max-queue-bytes",
        unit: "SIZE",
        group: LIMITS,
        about: "largest queue of a peer that does not read; beyond it Close 1013",
        kind: Kind::Size {
            // Less would cut off a peer whom backpressure is about to stop.
            range: 512 << 10..=1 << 30,
            set: |config, bytes| config.max_queue_bytes = usize::try_from(bytes).ok(),
            default: |config| match config.max_queue_bytes {
                Some(bytes) => value::show_size(u64::try_from(bytes).unwrap_or(u64::MAX)),
                None => "twice the message limit, at least 8m".to_owned(),
            },
        },
    },
    Flag {
        name: "memory-budget-bytes",
        unit: "SIZE",
        group: LIMITS,
        about: "most that is held for all peers together; beyond it the largest holder is closed with 1013",
        kind: Kind::Size {
            range: 64 << 10..=64 << 30,
            set: |config, bytes| {
                config.memory_budget_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            },
            default: |config| {
                value::show_size(u64::try_from(config.memory_budget_bytes).unwrap_or(u64::MAX))
            },
        },
    },
    Flag {
        name: "max-head-bytes",
        unit: "SIZE",
        group: LIMITS,
        about: "largest request head; beyond it 431",
        kind: Kind::Size {
            // Browsers with a few cookies send more than a kilobyte.
            range: 1 << 10..=1 << 20,
            set: |config, bytes| {
                config.max_head_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            },
            default: |config| {
                value::show_size(u64::try_from(config.max_head_bytes).unwrap_or(u64::MAX))
            },
        },
    },
    Flag {
        name: "head-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "for a request head to arrive whole",
        kind: deadline(|config| &mut config.head_timeout),
    },
    Flag {
        name: "keep-alive-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "for the next request on a connection",
        kind: deadline(|config| &mut config.keep_alive_timeout),
    },
    Flag {
        name: "write-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "for a peer to accept a byte of what waits for it",
        kind: deadline(|config| &mut config.write_timeout),
    },
    Flag {
        name: "ping-interval",
        unit: "TIME",
        group: DEADLINES,
        about: "silence after which a WebSocket is pinged; 0: never",
        kind: Kind::Time {
            range: DEADLINE,
            zero: Some("never"),
            field: |config| &mut config.ping_interval,
        },
    },
    Flag {
        name: "pong-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "silence after that ping which ends the connection",
        kind: deadline(|config| &mut config.pong_timeout),
    },
    Flag {
        name: "close-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "for a peer to answer our Close",
        kind: deadline(|config| &mut config.close_timeout),
    },
    Flag {
        name: "drain-timeout",
        unit: "TIME",
        group: DEADLINES,
        about: "for everybody to leave at SIGTERM or SIGINT; 0: cut at once",
        kind: Kind::Time {
            range: DEADLINE,
            zero: Some("cut at once"),
            field: |config| &mut config.drain_timeout,
        },
    },
    #[cfg(feature = "deflate")]
    Flag {
        name: "deflate",
        unit: "WHICH",
        group: COMPRESSION,
        about: "on, off, or takeover: messages may refer back to earlier ones, for which each \
                connection keeps the last 4k to 32k of what it sent, and as much of what it was sent",
        kind: Kind::Text {
            set: |options, text| value::deflate(text).map(|which| options.config.deflate = which),
            default: |options| value::show_deflate(options.config.deflate).to_owned(),
        },
    },
    #[cfg(feature = "deflate")]
    Flag {
        name: "deflate-threshold",
        unit: "SIZE",
        group: COMPRESSION,
        about: "shorter messages are sent as they are; 0: all are compressed that become shorter",
        kind: Kind::Size {
            range: 0..=1 << 30,
            set: |config, bytes| {
                config.deflate_threshold_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            },
            default: |config| {
                value::show_size(u64::try_from(config.deflate_threshold_bytes).unwrap_or(u64::MAX))
            },
        },
    },
    #[cfg(feature = "deflate")]
    Flag {
        name: "deflate-level",
        unit: "COUNT",
        group: COMPRESSION,
        about: "1 is fast, 9 makes the shortest messages; those of 64k and more are always \
                compressed fast",
        kind: Kind::Count {
            range: 1..=9,
            zero: None,
            field: |config| &mut config.deflate_level,
        },
    },
    Flag {
        name: "log",
        unit: "LEVEL",
        group: LOGS,
        about: "off, error, warn, info, debug or trace; goes to stderr",
        kind: Kind::Text {
            set: |options, text| value::level(text).map(|level| options.log = level),
            default: |options| options.log.to_string().to_lowercase(),
        },
    },
];

const fn deadline(field: fn(&mut Config) -> &mut Duration) -> Kind {
    Kind::Time {
        range: DEADLINE,
        zero: None,
        field,
    }
}
