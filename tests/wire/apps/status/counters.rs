//! Events that are counted: the one that happened, once, and no other.

use super::{metric, metrics};
use crate::answer::get;
use crate::client::{binary, close, frame, hex, text, upgrade};
use crate::sim::{PeerNo, Sim, apps};
use std::collections::BTreeMap;
use std::mem::take;
use std::net::Ipv4Addr;
use std::time::Duration;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::config::{Config, Tuning};
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;

/// Says nothing, for ever. Takes a body.
struct Holds;

impl App for Holds {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/hold").then_some(Route {
            methods: &[Method::Get, Method::Post],
            websocket: false,
            max_body_bytes: 100,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Later
    }
}

fn sim(config: Config) -> Sim {
    let mut apps = apps();
    apps.push(Box::new(Holds));
    Sim::with_apps(config, apps)
}

/// What has changed, of one family.
fn changes(sim: &mut Sim, family: &str, event: impl FnOnce(&mut Sim)) -> BTreeMap<String, f64> {
    let before = metrics(sim);
    event(sim);
    let mut after = metrics(sim);
    after.retain(|name, value| {
        let before = before.get(name).copied().unwrap_or(0.0);
        let is_ours = name.starts_with(family);
        let has_changed = *value != before;
        *value -= before;
        is_ours && has_changed
    });
    after
}

fn expect_change(sim: &mut Sim, name: &str, by: f64, event: impl FnOnce(&mut Sim)) {
    let family = name.split('{').next().unwrap();
    let expected = BTreeMap::from([(name.to_owned(), by)]);
    assert_eq!(changes(sim, family, event), expected);
}

#[test]
fn each_deadline_is_counted_by_its_state() {
    type Act = fn(&mut Sim);
    let cases: [(&str, u64, Act); 12] = [
        ("head", 10, |sim| {
            sim.connect();
        }),
        ("head", 10, |sim| {
            let peer = sim.connect();
            sim.send(peer, b"GET / HTTP/1.1\r\n");
            // So that nothing is to be lingered for.
            sim.set_window(peer, Some(0));
            sim.advance(Duration::from_secs(10));
            sim.reset(peer);
        }),
        ("head", 10, |sim| {
            let peer = sim.connect();
            sim.send(peer, (get("/healthz") + "GET ").as_bytes());
            sim.advance(Duration::from_secs(10));
            sim.reset(peer);
        }),
        ("keep_alive", 15, |sim| {
            let peer = sim.connect();
            sim.send(peer, get("/healthz").as_bytes());
        }),
        ("body", 30, |sim| {
            let peer = sim.connect();
            sim.send(peer, b"POST /hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
            sim.advance(Duration::from_secs(30));
            sim.reset(peer);
        }),
        ("held", 60, |sim| {
            let peer = sim.connect();
            sim.send(peer, get("/hold").as_bytes());
            sim.advance(Duration::from_secs(60));
            sim.reset(peer);
        }),
        ("write", 30, |sim| {
            let peer = sim.connect();
            sim.set_window(peer, Some(10));
            sim.send(peer, get("/healthz").as_bytes());
        }),
        ("queue", 30, |sim| {
            let peer = sim.open("/echo");
            sim.set_window(peer, Some(10));
            sim.send(peer, &text("more than that"));
            sim.advance(Duration::from_secs(30));
            sim.reset(peer);
        }),
        ("ping", 40, |sim| {
            sim.open("/echo");
        }),
        ("close", 5, |sim| {
            // Binary is not for the chat: our Close, which is not answered.
            let peer = sim.open("/ws");
            sim.send(peer, &binary("x"));
            sim.advance(Duration::from_secs(5));
            sim.reset(peer);
        }),
        ("linger", 2, |sim| {
            let peer = sim.open("/echo");
            sim.send(peer, &close(1000, ""));
        }),
        ("message", 60, |sim| {
            let peer = sim.open("/echo");
            let begun = hex("82 ff 00 00 00 00 00 10 00 00 00 00 00 00");
            sim.send(peer, &[begun, vec![0; 70_000]].concat());
            for _ in 0..6 {
                sim.advance(Duration::from_secs(10));
                sim.send(peer, b".");
            }
            sim.run();
            sim.reset(peer);
        }),
    ];
    for (state, seconds, act) in cases {
        let mut sim = sim(Config::default());
        let name = format!("ws101_timeouts_total{{state=\"{state}\"}}");
        expect_change(&mut sim, &name, 1.0, |sim| {
            act(sim);
            let left = Duration::from_secs(seconds).saturating_sub(sim.now.since(Default::default()));
            sim.advance(left);
        });
    }
}

#[test]
fn violations_are_counted_by_close_code() {
    let cases = [
        (1002, hex("83 80")),
        (1007, frame(0x81, [0xff])),
        (1008, frame(0x01, "").into_iter().chain(frame(0x00, "").repeat(131_072)).collect()),
        (1009, hex("82 ff 00 00 00 00 02")),
    ];
    for (code, bytes) in cases {
        let mut sim = Sim::default();
        let name = format!("ws101_protocol_errors_total{{code=\"{code}\"}}");
        expect_change(&mut sim, &name, 3.0, |sim| {
            for _ in 0..3 {
                let peer = sim.open("/echo");
                sim.exchange(peer, &bytes);
            }
        });
    }
}

#[test]
fn slow_consumers_are_counted_and_those_who_lack_memory_apart() {
    let mut sim = Sim::default();
    let slow = sim.open("/broadcast");
    sim.set_window(slow, Some(0));
    let sender = sim.open("/broadcast");
    expect_change(&mut sim, "ws101_slow_consumers_total", 1.0, |sim| {
        sim.exchange(sender, &binary(vec![0; 2 << 20]));
        sim.advance(Duration::from_secs(1));
    });
    assert_eq!(metric(&mut sim, "ws101_overload_closes_total"), 0.0);

    let mut sim = Sim::new(Config { memory_budget_bytes: 1 << 20, ..Config::default() });
    let slow = sim.open("/broadcast");
    sim.set_window(slow, Some(0));
    let sender = sim.open("/broadcast");
    expect_change(&mut sim, "ws101_overload_closes_total", 1.0, |sim| {
        sim.exchange(sender, &binary(vec![0; 1 << 19]));
        sim.exchange(sender, &binary(vec![0; 1 << 19]));
        sim.run();
    });
    assert_eq!(metric(&mut sim, "ws101_slow_consumers_total"), 0.0);
}

#[test]
fn refusals_are_counted_by_reason_told_or_not() {
    for (reason, config) in [
        ("connections", Config { max_connections: 2, ..Config::default() }),
        ("handshakes", Config { max_handshakes: 1, ..Config::default() }),
        ("ip", Config { max_connections_per_ip: 2, ..Config::default() }),
    ] {
        let mut sim = Sim::new(Config { tuning: Tuning { max_refusals: 2, ..config.tuning }, ..config });
        let name = format!("ws101_refused_total{{reason=\"{reason}\"}}");
        expect_change(&mut sim, &name, 5.0, |sim| {
            let first = sim.open("/echo");
            let second = sim.connect();
            for _ in 0..5 {
                sim.connect_from(Ipv4Addr::LOCALHOST);
            }
            sim.reset(first);
            sim.reset(second);
            sim.run();
        });
    }
}

#[test]
fn what_the_driver_meets_is_counted() {
    let mut sim = Sim::default();
    let errors = "ws101_accept_errors_total";
    expect_change(&mut sim, errors, 1.0, |sim| {
        let error = std::io::Error::from(std::io::ErrorKind::OutOfMemory);
        sim.hub.note_accept_error(&error, sim.now);
    });
    let descriptors = "ws101_refused_total{reason=\"descriptors\"}";
    expect_change(&mut sim, descriptors, 1.0, |sim| sim.hub.note_turned_away());
    expect_change(&mut sim, "ws101_panics_total", 1.0, |sim| {
        sim.expects_bugs = true;
        sim.hub.recover(sim.now);
    });
    for (millis, longest) in [(5, 0.005), (3, 0.005), (1_500, 1.5)] {
        sim.hub.note_turn(Duration::from_millis(millis));
        assert_eq!(metric(&mut sim, "ws101_turn_seconds_max"), longest);
    }
}

#[test]
fn connections_answers_and_messages_are_counted() {
    let mut sim = Sim::default();
    let before = metric(&mut sim, "ws101_accepts_total");
    sim.connect();
    sim.connect();
    assert_eq!(metric(&mut sim, "ws101_accepts_total"), before + 3.0);
    let status = |status: u16| format!("ws101_http_responses_total{{status=\"{status}\"}}");
    for input in [&get("/missing"), &get("/healthz"), "nonsense\r\n\r\n"] {
        let peer = sim.connect();
        sim.exchange(peer, input.as_bytes());
    }
    sim.open("/echo");
    let metrics = metrics(&mut sim);
    // Two were read before.
    for (code, count) in [(101, 1.0), (200, 3.0), (400, 1.0), (404, 1.0)] {
        assert_eq!(metrics.get(&status(code)), Some(&count), "{code}");
    }
}

#[test]
fn messages_are_counted_once_for_each_receiver() {
    let mut sim = Sim::default();
    let peers: Vec<PeerNo> = (0..5).map(|_| sim.open("/broadcast")).collect();
    expect_change(&mut sim, "ws101_messages_sent_total", 15.0, |sim| {
        sim.exchange(peers[0], &text("a"));
        sim.exchange(peers[1], &[text("b"), binary("c")].concat());
    });
    expect_change(&mut sim, "ws101_messages_sent_total", 1.0, |sim| {
        let peer = sim.connect();
        sim.exchange(peer, &[upgrade("/echo").as_bytes(), &text("d")].concat());
    });
}

#[test]
fn a_busy_turn_is_one_that_does_more_than_pass_a_message_on() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.run();
    sim.was_busy = false;
    sim.exchange(peer, &text("one to one"));
    assert!(!take(&mut sim.was_busy));
    let _others = [sim.open("/broadcast"), sim.open("/broadcast")];
    let sender = sim.open("/broadcast");
    assert!(!take(&mut sim.was_busy));
    metric(&mut sim, "ws101_connections");
    assert!(take(&mut sim.was_busy), "a request was answered");
    sim.exchange(sender, &text("one to three"));
    assert!(take(&mut sim.was_busy), "a broadcast");
    assert!(!take(&mut sim.was_busy), "that was told");
    sim.advance(Duration::from_secs(20));
    assert!(take(&mut sim.was_busy), "pings are due");
}
