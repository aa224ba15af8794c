//! The metrics: how often something was noted, and the page that Prometheus reads (text format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

/// The metrics with their HELP texts, in the order of the page. A counter has a name that ends in `_total`.
const METRICS: &str = "\
ws101_build_info The program that runs.
process_start_time_seconds When the server was started, in Unix seconds.
ws101_turn_seconds_max Longest turn of the event loop since the start.
ws101_timers Deadlines that are set.
ws101_panics_total Bugs that were met; each cost one connection at most.
ws101_connections TCP connections, of all kinds, this one and those that end included.
ws101_max_connections Most connections and open files together.
ws101_websockets WebSocket connections that are open.
ws101_handshakes Connections whose first request head has not arrived whole.
ws101_open_files Files that are being sent.
ws101_accepts_total Connections that were accepted, refused ones included.
ws101_accept_errors_total Errors of the system when a connection was to be accepted.
ws101_refused_total Connections and downloads that were refused, by what there was too little of.
ws101_http_responses_total Answers to HTTP requests, by status; 101 is an opened WebSocket.
ws101_messages_sent_total Messages sent to WebSocket peers, once for each receiver.
ws101_rate_pauses_total Pauses of connections, and of clients that poll, that sent more messages per second than they may.
ws101_protocol_errors_total WebSocket connections failed for what the peer did, by close code.
ws101_slow_consumers_total WebSocket connections ended because the peer did not read.
ws101_timeouts_total Deadlines that passed, by what was waited for.
ws101_overload_closes_total Connections ended because the memory budget was used up.
ws101_queued_bytes Bytes that wait to be sent to peers that do not keep up.
ws101_largest_queue_bytes The most of them that wait for one peer.
ws101_held_bytes Memory held for peers, as the memory budget counts it.
ws101_kept_bytes Unused memory that is kept for the next large message; it counts against the budget, too.
ws101_memory_budget_bytes The memory budget.
";
/// The names of each [`Cap`](super::caps::Cap), in their order.
const CAPS: &str = "connections handshakes ip files descriptors";
/// The names of each [`Wait`](super::notes::Wait), in their order.
const WAITS: &str = "head keep_alive body held write queue ping message close linger";
/// The close codes of violations, without the one that says that we lack memory.
const CODES: [u16; 4] = [1002, 1007, 1008, 1009];

/// What has happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// When the server was started, in Unix seconds.
    pub(crate) started: u64,
    /// Messages that applications sent, once for each receiver. They are too many to be noted.
    pub(crate) messages_sent: u64,
    /// WebSocket connections that are open now.
    pub(crate) websockets: u64,
    pub(crate) longest_turn: Duration,
    /// By metric, and by the number that stands for a label.
    pub(super) counts: BTreeMap<(&'static str, u16), u64>,
}

impl Metrics {
    /// How often something panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.of("ws101_panics_total", 0)
    }

    fn of(&self, metric: &'static str, label: u16) -> u64 {
        self.counts.get(&(metric, label)).copied().unwrap_or(0)
    }

    /// The page. `read`: reads the number that is not counted here off the tables of the hub.
    pub(crate) fn page(&self, read: impl Fn(&str) -> Option<usize>) -> String {
        let mut page = String::with_capacity(8 << 10);
        for metric in METRICS.lines() {
            let name = metric.split(' ').next().unwrap_or_default();
            let kind = match name.ends_with("_total") {
                true => "counter",
                false => "gauge",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(page, "# HELP {metric}\n# TYPE {name} {kind}");
            let samples = match read(name) {
                Some(number) => vec![format!(" {number}")],
                None => self.samples(name),
            };
            for sample in samples {
                let _ = writeln!(page, "{name}{sample}");
            }
        }
        page
    }

    /// What stands after the name of this metric: labels, a space, and the value.
    fn samples(&self, metric: &'static str) -> Vec<String> {
        let one = |value: &dyn Display| vec![format!(" {value}")];
        let labelled = |name: &str, label: &dyn Display, number| {
            format!("{{{name}=\"{label}\"}} {}", self.of(metric, number))
        };
        let all = |name, labels: &str| {
            let labels = labels.split(' ').zip(0..);
            labels.map(|(label, number)| labelled(name, &label, number)).collect()
        };
        match metric {
            "ws101_build_info" => vec![format!("{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))],
            "process_start_time_seconds" => one(&self.started),
            "ws101_turn_seconds_max" => one(&self.longest_turn.as_secs_f64()),
            "ws101_websockets" => one(&self.websockets),
            "ws101_messages_sent_total" => one(&self.messages_sent),
            "ws101_refused_total" => all("reason", CAPS),
            "ws101_timeouts_total" => all("state", WAITS),
            "ws101_protocol_errors_total" => CODES.map(|code| labelled("code", &code, code)).into(),
            "ws101_http_responses_total" => {
                let counts = self.counts.range((metric, 0)..=(metric, u16::MAX));
                counts.map(|((_, status), _)| labelled("status", status, *status)).collect()
            }
            _ => one(&self.of(metric, 0)),
        }
    }
}
