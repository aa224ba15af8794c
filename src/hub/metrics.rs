//! What is counted, and how it is told: the text format of Prometheus, version 0.0.4.
//!
//! A counter costs an increment, and where nothing rare happens there is none. What can be read off
//! the tables is not counted twice. Only queues are added up when somebody asks, and only those for
//! whom something is held are looked at.

use super::core::Core;
use crate::budget::Holder;
use crate::guard::caps::Cap;
use crate::http::response::Status;
use crate::ws::close::CloseCode;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

/// A wait that has a deadline, by what is waited for. The drain when the server goes down is none of them: after that
/// nobody is left who could ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// The rest of a request head, or its first byte on a new connection.
    Head,
    /// The next request.
    KeepAlive,
    /// The rest of a request body.
    Body,
    /// The answer of an application.
    Held,
    /// A peer that takes nothing of an HTTP answer, or of an ending.
    Write,
    /// A peer that takes nothing of its queue.
    Queue,
    /// A sign of life after a ping.
    Ping,
    /// More of a large message.
    Message,
    /// The answer to our Close.
    Close,
    /// The end of the stream, after ours.
    Linger,
}

const WAITS: [(Wait, &str); 10] = [
    (Wait::Head, "head"),
    (Wait::KeepAlive, "keep_alive"),
    (Wait::Body, "body"),
    (Wait::Held, "held"),
    (Wait::Write, "write"),
    (Wait::Queue, "queue"),
    (Wait::Ping, "ping"),
    (Wait::Message, "message"),
    (Wait::Close, "close"),
    (Wait::Linger, "linger"),
];

const CAPS: [(Cap, &str); 5] = [
    (Cap::Connections, "connections"),
    (Cap::Handshakes, "handshakes"),
    (Cap::Address, "ip"),
    (Cap::Files, "files"),
    (Cap::Descriptors, "descriptors"),
];

/// The codes of `Violation::close_code`.
const CODES: [CloseCode; 4] = [
    CloseCode::ProtocolError,
    CloseCode::InvalidFramePayloadData,
    CloseCode::PolicyViolation,
    CloseCode::MessageTooBig,
];

/// How often something has happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    started: u64,
    pub(crate) accepts: u64,
    pub(crate) accept_errors: u64,
    pub(crate) slow_consumers: u64,
    pub(crate) overload_closes: u64,
    pub(crate) panics: u64,
    /// Pauses of connections that sent too many messages.
    pub(crate) rate_pauses: u64,
    /// Messages that applications sent, once for each receiver.
    pub(crate) messages_sent: u64,
    /// WebSocket connections that are open now.
    pub(crate) websockets: usize,
    pub(crate) longest_turn: Duration,
    refused: BTreeMap<Cap, u64>,
    violations: BTreeMap<u16, u64>,
    responses: BTreeMap<u16, u64>,
    timeouts: BTreeMap<Wait, u64>,
}

impl Counters {
    /// Nothing has happened yet. `started`: Unix seconds.
    pub(crate) fn new(started: u64) -> Self {
        Self {
            started,
            ..Self::default()
        }
    }

    /// Somebody was refused, or a file was.
    pub(crate) fn refused(&mut self, cap: Cap) {
        *self.refused.entry(cap).or_default() += 1;
    }

    /// A rule was broken: this is the code of our Close.
    pub(crate) fn violation(&mut self, code: CloseCode) {
        *self.violations.entry(code.0).or_default() += 1;
    }

    /// A request was answered.
    pub(crate) fn response(&mut self, Status(status): Status) {
        *self.responses.entry(status).or_default() += 1;
    }

    /// A connection ended because a deadline passed.
    pub(crate) fn timeout(&mut self, wait: Wait) {
        *self.timeouts.entry(wait).or_default() += 1;
    }
}

/// The text, as far as it is written.
struct Page(String);

impl Page {
    /// A metric with one value.
    fn one(&mut self, kind: &str, name: &str, help: &str, value: impl Display) {
        self.family(kind, name, help, [("", value)]);
    }

    /// A metric with a value for each set of labels.
    fn family<L: Display, V: Display>(
        &mut self,
        kind: &str,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }
}

fn label(name: &str, value: impl Display) -> String {
    format!("{{{name}=\"{value}\"}}")
}

impl Core {
    /// All metrics, as `/metrics` shows them.
    pub(crate) fn metrics(&self) -> String {
        let mut page = Page(String::with_capacity(8 << 10));
        self.write_process(&mut page);
        self.write_connections(&mut page);
        self.write_endings(&mut page);
        self.write_memory(&mut page);
        page.0
    }

    fn write_process(&self, page: &mut Page) {
        let counters = &self.counters;
        page.family(
            "gauge",
            "ws101_build_info",
            "The program that runs.",
            [(label("version", env!("CARGO_PKG_VERSION")), 1)],
        );
        page.one(
            "gauge",
            "process_start_time_seconds",
            "When the server was started, in Unix seconds.",
            counters.started,
        );
        page.one(
            "gauge",
            "ws101_turn_seconds_max",
            "Longest turn of the event loop since the start.",
            counters.longest_turn.as_secs_f64(),
        );
        page.one(
            "gauge",
            "ws101_timers",
            "Deadlines that are set.",
            self.timers.len() + self.app_timers.len() + self.rates.waiting(),
        );
        page.one(
            "counter",
            "ws101_panics_total",
            "Bugs that were met; each cost one connection at most.",
            counters.panics,
        );
    }

    fn write_connections(&self, page: &mut Page) {
        let counters = &self.counters;
        page.one(
            "gauge",
            "ws101_connections",
            "TCP connections, of all kinds, this one and those that end included.",
            self.conns.len(),
        );
        page.one(
            "gauge",
            "ws101_max_connections",
            "Most connections and open files together.",
            self.config.max_connections,
        );
        page.one(
            "gauge",
            "ws101_websockets",
            "WebSocket connections that are open.",
            counters.websockets,
        );
        page.one(
            "gauge",
            "ws101_handshakes",
            "Connections whose first request head has not arrived whole.",
            self.caps.handshakes,
        );
        page.one(
            "gauge",
            "ws101_open_files",
            "Files that are being sent.",
            self.caps.open_files(),
        );
        page.one(
            "counter",
            "ws101_accepts_total",
            "Connections that were accepted, refused ones included.",
            counters.accepts,
        );
        page.one(
            "counter",
            "ws101_accept_errors_total",
            "Errors of the system when a connection was to be accepted.",
            counters.accept_errors,
        );
        let of_cap = |cap| counters.refused.get(&cap).copied().unwrap_or(0);
        page.family(
            "counter",
            "ws101_refused_total",
            "Connections and downloads that were refused, by what there was too little of.",
            CAPS.map(|(cap, name)| (label("reason", name), of_cap(cap))),
        );
        page.family(
            "counter",
            "ws101_http_responses_total",
            "Answers to HTTP requests, by status; 101 is an opened WebSocket.",
            (counters.responses.iter()).map(|(status, count)| (label("status", status), count)),
        );
        page.one(
            "counter",
            "ws101_messages_sent_total",
            "Messages sent to WebSocket peers, once for each receiver.",
            counters.messages_sent,
        );
        page.one(
            "counter",
            "ws101_rate_pauses_total",
            "Pauses of connections, and of clients that poll, that sent more messages per second than they may.",
            counters.rate_pauses,
        );
    }

    fn write_endings(&self, page: &mut Page) {
        let counters = &self.counters;
        let of_code = |code: CloseCode| counters.violations.get(&code.0).copied().unwrap_or(0);
        page.family(
            "counter",
            "ws101_protocol_errors_total",
            "WebSocket connections failed for what the peer did, by close code.",
            CODES.map(|code| (label("code", code.0), of_code(code))),
        );
        page.one(
            "counter",
            "ws101_slow_consumers_total",
            "WebSocket connections ended because the peer did not read.",
            counters.slow_consumers,
        );
        let of_wait = |wait| counters.timeouts.get(&wait).copied().unwrap_or(0);
        page.family(
            "counter",
            "ws101_timeouts_total",
            "Deadlines that passed, by what was waited for.",
            WAITS.map(|(wait, name)| (label("state", name), of_wait(wait))),
        );
        page.one(
            "counter",
            "ws101_overload_closes_total",
            "Connections ended because the memory budget was used up.",
            counters.overload_closes,
        );
    }

    fn write_memory(&self, page: &mut Page) {
        let holders = self.budget.holders();
        let queues = holders.filter_map(|(holder, _)| match holder {
            Holder::Conn(slot) => Some(self.conns.get(slot as usize)?.outbox.len()),
            Holder::Away { .. } => None,
        });
        let (total, largest) = queues.fold((0, 0), |(total, largest), len| {
            (total + len, largest.max(len))
        });
        page.one(
            "gauge",
            "ws101_queued_bytes",
            "Bytes that wait to be sent to peers that do not keep up.",
            total,
        );
        page.one(
            "gauge",
            "ws101_largest_queue_bytes",
            "The most of them that wait for one peer.",
            largest,
        );
        page.one(
            "gauge",
            "ws101_held_bytes",
            "Memory held for peers, as the memory budget counts it.",
            self.budget.held_bytes(),
        );
        page.one(
            "gauge",
            "ws101_kept_bytes",
            "Unused memory that is kept for the next large message; it counts against the budget, too.",
            self.pool.kept_bytes(),
        );
        page.one(
            "gauge",
            "ws101_memory_budget_bytes",
            "The memory budget.",
            self.config.memory_budget_bytes,
        );
    }
}
