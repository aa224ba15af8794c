//! `/healthz` and `/metrics`: each number moves when it should, and only then.

mod counters;
mod gauges;

use crate::answer::{self, Answer, get, request};
use crate::client::upgrade;
use crate::sim::{NOON, Sim};
use std::collections::BTreeMap;

/// What is promised to whoever reads `/metrics`.
const PROMISED: [(&str, &str); 25] = [
    ("process_start_time_seconds", "gauge"),
    ("ws101_accept_errors_total", "counter"),
    ("ws101_accepts_total", "counter"),
    ("ws101_build_info", "gauge"),
    ("ws101_connections", "gauge"),
    ("ws101_handshakes", "gauge"),
    ("ws101_held_bytes", "gauge"),
    ("ws101_http_responses_total", "counter"),
    ("ws101_kept_bytes", "gauge"),
    ("ws101_largest_queue_bytes", "gauge"),
    ("ws101_max_connections", "gauge"),
    ("ws101_memory_budget_bytes", "gauge"),
    ("ws101_messages_sent_total", "counter"),
    ("ws101_open_files", "gauge"),
    ("ws101_overload_closes_total", "counter"),
    ("ws101_panics_total", "counter"),
    ("ws101_protocol_errors_total", "counter"),
    ("ws101_queued_bytes", "gauge"),
    ("ws101_rate_pauses_total", "counter"),
    ("ws101_refused_total", "counter"),
    ("ws101_slow_consumers_total", "counter"),
    ("ws101_timeouts_total", "counter"),
    ("ws101_timers", "gauge"),
    ("ws101_turn_seconds_max", "gauge"),
    ("ws101_websockets", "gauge"),
];

fn asked(sim: &mut Sim, request: &str) -> Answer {
    let peer = sim.connect();
    let output = sim.exchange(peer, request.as_bytes());
    sim.reset(peer);
    sim.run();
    let mut rest = &output[..];
    let answer = answer::take(&mut rest, request.starts_with("HEAD "));
    assert_eq!(rest, b"");
    answer
}

/// The samples by their names, labels included. They are asked for over a connection of their own,
/// which is among those that are counted.
pub fn metrics(sim: &mut Sim) -> BTreeMap<String, f64> {
    let answer = asked(sim, &get("/metrics"));
    assert_eq!(answer.status, 200);
    let mut samples = BTreeMap::new();
    for line in answer.text().lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect(line);
        let value = value.parse().expect(line);
        assert_eq!(samples.insert(name.to_owned(), value), None, "{line}");
    }
    samples
}

/// One sample.
pub fn metric(sim: &mut Sim, name: &str) -> f64 {
    *metrics(sim).get(name).expect(name)
}

#[test]
fn health_is_ok() {
    let mut sim = Sim::default();
    let answer = asked(&mut sim, &get("/healthz"));
    assert_eq!((answer.status, answer.text()), (200, "ok\n".to_owned()));
    assert_eq!(answer.field("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert!(!answer.closes());
}

#[test]
fn metrics_are_text_of_version_0_0_4_and_never_stored() {
    let mut sim = Sim::default();
    let answer = asked(&mut sim, &get("/metrics"));
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.field("Content-Type"), Some(kind));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert!(!answer.closes());
}

#[test]
fn both_take_get_and_head_and_nothing_else() {
    for path in ["/healthz", "/metrics"] {
        let mut sim = Sim::default();
        let head = asked(&mut sim, &request("HEAD", path));
        assert_eq!(head.status, 200);
        assert_ne!(head.field("Content-Length"), Some("0"));
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = asked(&mut sim, &request(method, path));
            assert_eq!(refused.status, 405, "{method} {path}");
            assert_eq!(refused.field("Allow"), Some("GET, HEAD"));
        }
        // No WebSocket either.
        assert_ne!(asked(&mut sim, &upgrade(path)).status, 101);
        for near in ["/", "/x", "x", "%20"] {
            assert_eq!(asked(&mut sim, &get(&format!("{path}{near}"))).status, 404);
        }
    }
}

#[test]
fn names_of_hosts_are_checked_as_everywhere() {
    for path in ["/healthz", "/metrics"] {
        let foreign = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n");
        assert_eq!(asked(&mut Sim::default(), &foreign).status, 421);
    }
}

#[test]
fn every_family_has_help_then_type_then_samples_of_its_own() {
    let mut sim = Sim::default();
    sim.open("/echo");
    let text = asked(&mut sim, &get("/metrics")).text();
    assert!(text.ends_with('\n'));
    let mut kinds = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
        assert!(help.ends_with('.') && !help.contains('\\'), "{help}");
        let declared = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
        let (same, kind) = declared.unwrap().split_once(' ').unwrap();
        assert_eq!(same, name);
        assert_eq!(kinds.insert(name, kind), None, "{name} twice");
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let name_ends = sample.find(['{', ' ']).unwrap();
            assert_eq!(&sample[..name_ends], name);
        }
    }
    assert_eq!(kinds, BTreeMap::from(PROMISED));
}

#[test]
fn page_is_this_to_the_letter() {
    let page = include_str!("status/page.txt").replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(asked(&mut Sim::default(), &get("/metrics")).text(), page);
}

#[test]
fn who_runs_and_since_when() {
    let mut sim = Sim::default();
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("ws101_build_info{{version=\"{version}\"}}");
    assert_eq!(metric(&mut sim, &build), 1.0);
    sim.advance(std::time::Duration::from_secs(100));
    assert_eq!(metric(&mut sim, "process_start_time_seconds"), NOON as f64);
}
