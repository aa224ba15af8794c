//! The table of flags: name, unit, meaning, range, and the field that each one fills.
//!
//! A default stands nowhere here: it is read from `Options::default()`, so `--help` cannot lie.

use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::{Options, value};
use crate::config::Config;

/// One flag, which is also one environment variable.
pub(super) struct Flag {
    /// Without the dashes.
    pub(super) name: &'static str,
    /// What its value is, in capitals.
    pub(super) unit: &'static str,
    /// The heading it stands under in `--help`.
    pub(super) group: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// How a value is read, judged, stored, and its default shown.
pub(super) enum Kind {
    /// Bytes.
    Size {
        range: RangeInclusive<u64>,
        set: fn(&mut Config, u64),
        default: fn(&Config) -> String,
    },
    /// How many.
    Count {
        range: RangeInclusive<u64>,
        /// What 0 means, if it is allowed.
        zero: Option<&'static str>,
        field: fn(&mut Config) -> &mut usize,
    },
    /// A duration in milliseconds.
    Time {
        range: RangeInclusive<u64>,
        /// What 0 means, if it is allowed.
        zero: Option<&'static str>,
        field: fn(&mut Config) -> &mut Duration,
    },
    /// A value, or with commas (or by repeating the flag) several.
    List {
        judge: fn(&str) -> Result<String, String>,
        field: fn(&mut Options) -> &mut Vec<String>,
    },
    /// Anything else that is text.
    Text {
        set: fn(&mut Options, &str) -> Result<(), String>,
        default: fn(&Options) -> String,
    },
    /// A folder.
    Folder {
        field: fn(&mut Options) -> &mut Option<PathBuf>,
        default: &'static str,
    },
}

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
        about: "serve this folder, read anew for each request",
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
        about: "messages and pings of one WebSocket connection in a second; beyond it the \
                connection is not read for a while; 0: any number",
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

impl Flag {
    /// Its environment variable: `--ping-interval` is `WS101_PING_INTERVAL`.
    pub(super) fn variable(&self) -> String {
        format!("WS101_{}", self.name.replace('-', "_").to_uppercase())
    }
}

impl Kind {
    /// Reads a value into its field, or says what is wrong with it and what would be right.
    pub(super) fn set(&self, value: &OsStr, options: &mut Options) -> Result<(), String> {
        if let Kind::Folder { field, .. } = self {
            if value.is_empty() {
                return Err("the folder's name is empty".to_owned());
            }
            *field(options) = Some(PathBuf::from(value));
            return Ok(());
        }
        let text = value
            .to_str()
            .ok_or_else(|| format!("{value:?} is not UTF-8"))?;
        match self {
            Kind::Size { range, set, .. } => {
                let bytes = value::size(text)?;
                value::judge_range(text, bytes, range, None, value::show_size)?;
                set(&mut options.config, bytes);
            }
            Kind::Count { range, zero, field } => {
                let count = value::count(text)?;
                value::judge_range(text, count, range, *zero, |count| count.to_string())?;
                *field(&mut options.config) = usize::try_from(count).unwrap_or(usize::MAX);
            }
            Kind::Time { range, zero, field } => {
                let milliseconds = value::milliseconds(text)?;
                value::judge_range(text, milliseconds, range, *zero, value::show_milliseconds)?;
                *field(&mut options.config) = Duration::from_millis(milliseconds);
            }
            Kind::List { judge, field } => {
                for item in text.split(',') {
                    let item = judge(item.trim())?;
                    field(options).push(item);
                }
            }
            Kind::Text { set, .. } => set(options, text)?,
            Kind::Folder { .. } => {}
        }
        Ok(())
    }

    /// The default, as `--help` shows it.
    pub(super) fn default(&self, options: &mut Options) -> String {
        match self {
            Kind::Size { default, .. } => default(&options.config),
            Kind::Count { field, .. } => field(&mut options.config).to_string(),
            Kind::Time { field, .. } => {
                let milliseconds = field(&mut options.config).as_millis();
                value::show_milliseconds(u64::try_from(milliseconds).unwrap_or(u64::MAX))
            }
            Kind::List { .. } => "none".to_owned(),
            Kind::Text { default, .. } => default(options),
            Kind::Folder { default, .. } => (*default).to_owned(),
        }
    }
}
