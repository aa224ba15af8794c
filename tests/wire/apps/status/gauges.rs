//! What is now, and comes back to nothing.

use super::{metric, metrics};
use crate::answer::get;
use crate::client::{binary, close, frame, hex, text, upgrade};
use crate::sim::{PeerNo, Rng, Sim};
use std::net::Ipv4Addr;
use std::time::Duration;
use ws101::config::{Config, Tuning};

/// The connection that asks has a deadline, too.
const NOBODY: [(&str, f64); 7] = [
    ("ws101_connections", 1.0),
    ("ws101_timers", 1.0),
    ("ws101_websockets", 0.0),
    ("ws101_handshakes", 0.0),
    ("ws101_open_files", 0.0),
    ("ws101_queued_bytes", 0.0),
    ("ws101_held_bytes", 0.0),
];

fn expect(sim: &mut Sim, expected: &[(&str, f64)]) {
    let metrics = metrics(sim);
    for (name, value) in expected {
        assert_eq!(metrics[*name], *value, "{name}");
    }
}

#[test]
fn nobody_is_there_but_who_asks() {
    expect(&mut Sim::default(), &NOBODY);
}

#[test]
fn connections_are_told_apart() {
    let mut sim = Sim::default();
    sim.open("/echo");
    sim.open("/ws/1");
    sim.connect();
    let idle = sim.connect();
    sim.exchange(idle, get("/healthz").as_bytes());
    expect(
        &mut sim,
        &[
            ("ws101_connections", 5.0),
            ("ws101_websockets", 2.0),
            ("ws101_handshakes", 1.0),
            ("ws101_max_connections", 10_000.0),
        ],
    );
}

#[test]
fn websocket_is_none_any_more_however_it_ends() {
    let ways: [fn(&mut Sim, PeerNo); 6] = [
        |sim, peer| sim.send(peer, &close(1000, "")),
        |sim, peer| sim.send(peer, &hex("83 80")),
        |sim, peer| sim.fin(peer),
        |sim, peer| sim.reset(peer),
        |sim, _| sim.advance(Duration::from_secs(40)),
        |sim, _| sim.hub.cut_all(),
    ];
    for way in ways {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        assert_eq!(metric(&mut sim, "ws101_websockets"), 1.0);
        way(&mut sim, peer);
        sim.run();
        assert_eq!(metric(&mut sim, "ws101_websockets"), 0.0);
        sim.advance(Duration::from_secs(10));
        expect(&mut sim, &NOBODY);
    }
}

#[test]
fn queues_are_added_up_and_the_largest_is_named() {
    let mut sim = Sim::default();
    let slow = [sim.open("/echo"), sim.open("/echo")];
    for (peer, len) in slow.into_iter().zip([10_000, 1_000]) {
        sim.set_window(peer, Some(0));
        // A header of four bytes goes ahead.
        sim.exchange(peer, &binary(vec![b'x'; len - 4]));
    }
    let metrics = metrics(&mut sim);
    assert_eq!(metrics["ws101_queued_bytes"], 11_000.0);
    assert_eq!(metrics["ws101_largest_queue_bytes"], 10_000.0);
    assert_eq!(metrics["ws101_memory_budget_bytes"], f64::from(64 << 20));
    let held = metrics["ws101_held_bytes"];
    assert!((11_000.0..20_000.0).contains(&held), "{held}");
    for peer in slow {
        sim.set_window(peer, None);
    }
    sim.run();
    expect(
        &mut sim,
        &[("ws101_queued_bytes", 0.0), ("ws101_largest_queue_bytes", 0.0), ("ws101_held_bytes", 0.0)],
    );
}

#[test]
fn memory_of_large_messages_is_kept_and_held_for_nobody() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.exchange(peer, &binary(vec![b'x'; 1 << 20]));
    let kept = sim.hub.kept_bytes() as f64;
    assert!(kept > 500_000.0);
    expect(&mut sim, &[("ws101_held_bytes", 0.0), ("ws101_kept_bytes", kept)]);
}

#[test]
fn unfinished_messages_are_held_and_not_queued() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.exchange(peer, &frame(0x02, [0; 50_000]));
    let metrics = metrics(&mut sim);
    assert!(metrics["ws101_held_bytes"] >= 50_000.0);
    assert_eq!(metrics["ws101_queued_bytes"], 0.0);
}

#[test]
fn whatever_happens_all_of_them_come_back_to_nothing() {
    let mut sim = Sim::new(Config {
        max_connections: 12,
        max_handshakes: 6,
        max_connections_per_ip: 5,
        memory_budget_bytes: 64 << 10,
        tuning: Tuning { max_refusals: 5, ..Tuning::default() },
        ..Config::default()
    });
    let mut rng = Rng::new(0x6A06E);
    let inputs = [
        b"GET /echo HT".to_vec(),
        get("/healthz").into_bytes(),
        upgrade("/broadcast").into_bytes(),
        upgrade("/ws/7").into_bytes(),
        text("Hello"),
        binary(vec![0; 100_000]),
        frame(0x02, [0; 30_000]),
        close(1000, ""),
        hex("83 80"),
    ];
    let mut peers = Vec::new();
    for _ in 0..10_000 {
        let pick = rng.below(peers.len());
        match (rng.below(12), peers.get(pick).copied()) {
            (0..=3, _) | (_, None) => {
                peers.extend(sim.connect_from(Ipv4Addr::new(10, 0, 0, rng.below(4) as u8)));
            }
            (4..=7, Some(peer)) => sim.send(peer, &inputs[rng.below(inputs.len())]),
            (8, Some(peer)) => sim.set_window(peer, Some(rng.below(3) * 1_000)),
            (9, Some(_)) => sim.fin(peers.swap_remove(pick)),
            (10, Some(_)) => sim.reset(peers.swap_remove(pick)),
            (_, Some(_)) => sim.advance(Duration::from_millis(rng.below(3_000) as u64)),
        }
        if rng.below(3) == 0 {
            sim.run();
            peers.retain(|peer| !sim.peer(*peer).is_over());
        }
    }
    for peer in peers {
        sim.reset(peer);
    }
    sim.advance(Duration::from_secs(120));
    expect(&mut sim, &NOBODY);
    let metrics = metrics(&mut sim);
    for moved in [
        "ws101_refused_total{reason=\"connections\"}",
        "ws101_refused_total{reason=\"handshakes\"}",
        "ws101_refused_total{reason=\"ip\"}",
        "ws101_protocol_errors_total{code=\"1002\"}",
        "ws101_overload_closes_total",
        "ws101_timeouts_total{state=\"head\"}",
    ] {
        assert!(metrics[moved] > 0.0, "{moved}");
    }
}
