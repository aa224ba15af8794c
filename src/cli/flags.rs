//! The table of flags: name, unit, range, the field that each one fills, and meaning.
//!
//! No default stands here. It is read from `Options::default()`, so `--help` cannot lie. What the columns do is in
//! `flag`.

use super::flag::Field::{Bytes, Number, Queue, Time};
use super::flag::Kind::{Amount, Folder, List, Text};
use super::flag::{Flag, Group};
use super::value::{self, COUNT, SIZE, TIME};
use std::ops::RangeInclusive;

/// Every state has a deadline, so that no peer can hold a connection for nothing. An hour is
/// as good as none, and less than a hundredth of a second refuses everybody.
const DEADLINE: RangeInclusive<u64> = 10..=60 * 60_000;

/// More than any system has room for.
const MANY: RangeInclusive<u64> = 1..=1_000_000;

/// One line for each flag: its name, how its value is stored, and what `--help` says of it.
macro_rules! groups {
    ($($(#[$condition:meta])? $title:literal { $($name:literal = $kind:expr, $about:literal;)* })*) => {
        &[$($(#[$condition])? Group {
            title: $title,
            flags: &[$(Flag { name: $name, about: $about, kind: $kind }),*],
        }),*]
    };
}

/// All flags, in the order of `--help`.
pub(super) static GROUPS: &[Group] = groups! {
    "Where to listen" {
        "host" = Text("HOST", |to, text| value::listen_host(text).map(|host| to.host = host), |of| of.host.clone()),
            "IP address or name of this machine to listen at; 0.0.0.0 is every address";
        "port" = Text("PORT", |to, text| value::port(text).map(|port| to.port = port), |of| of.port.to_string()),
            "TCP port; 0 takes a free one";
    }
    "Pages and chat" {
        "www" = Folder,
            "serve this folder, looked up and read anew for each request";
        "farewell" = Text(
            "TEXT",
            |to, text| value::line(text).map(|line| to.farewell = line),
            |of| format!("{:?}", of.farewell),
        ),
            "what the chat says after the name of somebody who left";
    }
    "Who may connect" {
        "allow-origin" = List("ORIGIN", value::origin, |to| &mut to.allow_origin),
            "also let pages of this origin connect, as in https://example.org; * is any; may be repeated";
        "allow-host" = List("HOST", value::host, |to| &mut to.allow_host),
            "also answer to this name (behind a proxy: its public name); * is any; may be repeated";
    }
    "Limits" {
        "max-connections" = Amount(&COUNT, MANY, None, |to| Number(&mut to.config.max_connections)),
            "connections at once, files being sent included; beyond it 503; never more than the limit \
             on open files minus 16";
        "max-handshakes" = Amount(&COUNT, MANY, None, |to| Number(&mut to.config.max_handshakes)),
            "connections at once whose first request head is not complete; beyond it 503";
        "max-connections-per-ip" = Amount(&COUNT, MANY, Some("any number"), |to| Number(&mut to.config.max_connections_per_ip)),
            "connections at once from one IPv4 address or IPv6 network (/64); beyond it 429; 0: any \
             number, as it must be behind a proxy";
        "max-messages-per-second" = Amount(&COUNT, MANY, Some("any number"), |to| Number(&mut to.config.max_messages_per_second)),
            "messages and pings of one WebSocket connection, or packets of one client of Socket.IO \
             that polls, in a second; beyond it the connection is not read for a while, and a POST \
             not answered; 0: any number";
        // A control frame's payload at least; its length must fit 32-bit machines.
        "max-message-bytes" = Amount(&SIZE, 125..=1 << 30, None, |to| Bytes(&mut to.config.max_message_bytes)),
            "largest frame and message; beyond it Close 1009";
        // Less would cut off a peer whom backpressure is about to stop.
        "max-queue-bytes" = Amount(&SIZE, 512 << 10..=1 << 30, None, |to| Queue(&mut to.config.max_queue_bytes)),
            "largest queue of a peer that does not read; beyond it Close 1013";
        "memory-budget-bytes" = Amount(&SIZE, 64 << 10..=64 << 30, None, |to| Number(&mut to.config.memory_budget_bytes)),
            "most that is held for all peers together; beyond it the largest holder is closed with 1013";
        // Browsers with a few cookies send more than a kilobyte.
        "max-head-bytes" = Amount(&SIZE, 1 << 10..=1 << 20, None, |to| Number(&mut to.config.max_head_bytes)),
            "largest request head; beyond it 431";
    }
    "Deadlines, how long the server waits" {
        "head-timeout" = Amount(&TIME, DEADLINE, None, |to| Time(&mut to.config.head_timeout)),
            "for a request head to arrive whole";
        "keep-alive-timeout" = Amount(&TIME, DEADLINE, None, |to| Time(&mut to.config.keep_alive_timeout)),
            "for the next request on a connection";
        "write-timeout" = Amount(&TIME, DEADLINE, None, |to| Time(&mut to.config.write_timeout)),
            "for a peer to accept a byte of what waits for it";
        "ping-interval" = Amount(&TIME, DEADLINE, Some("never"), |to| Time(&mut to.config.ping_interval)),
            "silence after which a WebSocket is pinged; 0: never";
        "pong-timeout" = Amount(&TIME, DEADLINE, None, |to| Time(&mut to.config.pong_timeout)),
            "after a ping: silence that ends the connection";
        "close-timeout" = Amount(&TIME, DEADLINE, None, |to| Time(&mut to.config.close_timeout)),
            "for a peer to answer our Close";
        "drain-timeout" = Amount(&TIME, DEADLINE, Some("cut at once"), |to| Time(&mut to.config.drain_timeout)),
            "for everybody to leave at SIGTERM or SIGINT; 0: cut at once";
    }
    #[cfg(feature = "deflate")]
    "Compression of messages (permessage-deflate)" {
        "deflate" = Text(
            "WHICH",
            |to, text| value::deflate(text).map(|which| to.config.deflate = which),
            |of| format!("{:?}", of.config.deflate).to_lowercase(),
        ),
            "on, off, or takeover: messages may refer back to earlier ones, for which each connection \
             keeps the last 4k to 32k of what it sent, and as much of what it was sent";
        "deflate-threshold" = Amount(&SIZE, 0..=1 << 30, None, |to| Number(&mut to.config.deflate_threshold_bytes)),
            "shorter messages are sent as they are; 0: all are compressed that become shorter";
        "deflate-level" = Amount(&COUNT, 1..=9, None, |to| Number(&mut to.config.deflate_level)),
            "1 is fast, 9 makes the shortest messages; those of 64k and more are always compressed fast";
    }
    "Logs" {
        "log" = Text(
            "LEVEL",
            |to, text| value::level(text).map(|level| to.log = level),
            |of| of.log.to_string().to_lowercase(),
        ),
            "off, error, warn, info, debug or trace; goes to stderr";
    }
};

/// All flags, without their headings.
pub(super) fn flags() -> impl Iterator<Item = &'static Flag> + Clone {
    GROUPS.iter().flat_map(|group| group.flags)
}

/// Why there is no flag of this name, if other builds have one.
pub(super) fn built_without(name: &str) -> Option<&'static str> {
    let is_missing = cfg!(not(feature = "deflate")) && name.starts_with("deflate");
    is_missing.then_some("this program was built without compression (feature deflate)")
}
