//! Caps on connections: who is let in, who is told why not, who is not even told.

mod files;

use crate::answer::{self, get};
use crate::client::{from_server, text, upgrade};
use crate::sim::{End, PeerNo, Rng, Sim};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use ws101::clock::Time;
use ws101::config::{Config, Tuning};

fn at_most(max_connections: usize) -> Sim {
    Sim::new(Config { max_connections, ..Config::default() })
}

fn handshakes_at_most(max_handshakes: usize) -> Sim {
    Sim::new(Config { max_handshakes, ..Config::default() })
}

fn per_ip_at_most(max_connections_per_ip: usize) -> Sim {
    Sim::new(Config { max_connections_per_ip, ..Config::default() })
}

/// Whether somebody who connects now is served.
fn is_let_in(sim: &mut Sim) -> bool {
    let peer = sim.connect();
    sim.run();
    let is_let_in = sim.take(peer).is_empty();
    sim.reset(peer);
    sim.run();
    is_let_in
}

fn expect_refusal(sim: &mut Sim, peer: PeerNo, status: u16) {
    sim.run();
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, status);
    assert!(answer.closes());
    let retry_after = (status == 503).then_some("5");
    assert_eq!(answer.field("Retry-After"), retry_after);
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn connection_over_the_cap_is_told_503_and_the_others_are_served() {
    let mut sim = at_most(3);
    let mut peers: Vec<PeerNo> = (0..3).map(|_| sim.open("/echo")).collect();
    let refused = sim.connect();
    expect_refusal(&mut sim, refused, 503);
    for peer in &peers {
        assert_eq!(sim.exchange(*peer, &text("well")), from_server(0x81, "well"));
    }
    sim.reset(peers.pop().unwrap());
    sim.run();
    sim.open("/echo");
    assert!(!is_let_in(&mut sim));
}

#[test]
fn refused_connection_is_read_and_discarded_for_2_s() {
    // The answer must reach a client that sends its request only afterwards.
    let mut sim = at_most(1);
    sim.open("/echo");
    let refused = sim.connect();
    expect_refusal(&mut sim, refused, 503);
    sim.advance(Duration::from_millis(1_500));
    assert_eq!(sim.exchange(refused, upgrade("/echo").as_bytes()), b"");
    assert_eq!(sim.unread(refused), 0, "it was read");
    sim.advance(Duration::from_millis(499));
    assert_eq!(sim.end(refused), End::HalfClosed);
    sim.advance(Duration::from_millis(1));
    assert_eq!(sim.end(refused), End::Closed);
    assert_eq!(sim.hub.connections(), 1);
}

#[test]
fn request_that_comes_with_the_connection_is_discarded_too() {
    let mut sim = at_most(1);
    sim.open("/echo");
    let refused = sim.connect();
    sim.send(refused, get("/").as_bytes());
    expect_refusal(&mut sim, refused, 503);
    sim.fin(refused);
    sim.run();
    assert_eq!(sim.end(refused), End::Closed, "no need to wait");
    assert_eq!(sim.hub.connections(), 1);
}

#[test]
fn refused_peer_that_takes_nothing_goes_after_2_s_too() {
    let mut sim = at_most(1);
    sim.open("/echo");
    let refused = sim.connect();
    sim.set_window(refused, Some(0));
    sim.advance(Duration::from_millis(1_999));
    assert_eq!(sim.end(refused), End::Open);
    sim.advance(Duration::from_millis(1));
    assert_eq!(sim.end(refused), End::Reset);
}

#[test]
fn refused_peer_that_floods_is_cut() {
    let mut sim = at_most(1);
    sim.open("/echo");
    let refused = sim.connect();
    expect_refusal(&mut sim, refused, 503);
    sim.send(refused, &vec![b'x'; (1 << 20) + 1]);
    sim.run();
    assert_eq!(sim.end(refused), End::Reset);
}

#[test]
fn sixty_four_are_told_at_once_and_beyond_that_nobody() {
    // Each of the 64 is an open file for 2 s, so their number has a bound too.
    let mut sim = at_most(2);
    let served = [sim.open("/echo"), sim.open("/echo")];
    let told: Vec<PeerNo> = (0..64).map(|_| sim.connect()).collect();
    for _ in 0..100 {
        assert_eq!(sim.connect_from(Ipv4Addr::LOCALHOST), None);
    }
    for peer in &told {
        expect_refusal(&mut sim, *peer, 503);
    }
    assert_eq!(sim.hub.connections(), 66);
    sim.fin(told[7]);
    sim.run();
    let next = sim.connect();
    expect_refusal(&mut sim, next, 503);
    assert_eq!(sim.connect_from(Ipv4Addr::LOCALHOST), None);
    sim.advance(Duration::from_secs(2));
    assert_eq!(sim.hub.connections(), 2);
    let next = sim.connect();
    expect_refusal(&mut sim, next, 503);
    // Those who are told take no place from those who are served.
    sim.reset(served[0]);
    sim.run();
    sim.open("/echo");
}

#[test]
fn handshake_in_progress_is_one_whose_first_head_is_not_complete() {
    let mut sim = handshakes_at_most(2);
    let silent = sim.connect();
    let slow = sim.connect();
    sim.send(slow, b"GET / HTTP/1.1\r\nHost: localhost\r\n");
    sim.run();
    let refused = sim.connect();
    expect_refusal(&mut sim, refused, 503);
    // The head is complete, whatever the answer is; what follows is no handshake any more.
    sim.send(slow, b"\r\nGET / HTTP/1.1\r\n");
    sim.run();
    assert_eq!(answer::only(&sim.take(slow)).status, 404);
    assert!(is_let_in(&mut sim));
    let another = sim.connect();
    assert!(!is_let_in(&mut sim));
    // So it is when the head can never be completed.
    sim.send(another, b"GET  / HTTP/1.1\r\n\r\n");
    sim.run();
    assert_eq!(answer::only(&sim.take(another)).status, 400);
    assert!(is_let_in(&mut sim));
    // Those who are served may be many.
    let peers: Vec<PeerNo> = (0..50).map(|_| sim.open("/echo")).collect();
    assert!(is_let_in(&mut sim));
    sim.fin(silent);
    sim.run();
    for peer in peers {
        sim.reset(peer);
    }
    sim.run();
    let _both = [sim.connect(), sim.connect()];
    assert!(!is_let_in(&mut sim), "nothing was given back twice");
}

#[test]
fn head_that_is_given_up_is_no_handshake_any_more() {
    let mut sim = handshakes_at_most(2);
    let silent = sim.connect();
    let slow = sim.connect();
    sim.send(slow, b"GET / HT");
    sim.advance(Duration::from_secs(9));
    assert!(!is_let_in(&mut sim));
    sim.advance(Duration::from_secs(1));
    assert_eq!(sim.end(silent), End::Closed);
    // It lingers, but no head is waited for.
    assert_eq!(answer::only(&sim.take(slow)).status, 408);
    let _new = [sim.connect(), sim.connect()];
    assert!(!is_let_in(&mut sim));
}

#[test]
fn head_that_is_too_long_is_no_handshake_any_more() {
    let mut sim = handshakes_at_most(1);
    let long = sim.connect();
    sim.send(long, &vec![b'x'; 20 << 10]);
    sim.run();
    assert_eq!(answer::only(&sim.take(long)).status, 431);
    assert!(is_let_in(&mut sim));
}

#[test]
fn too_many_from_one_address_are_told_429() {
    let mut sim = per_ip_at_most(2);
    let [first, second]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
    let peers = [0; 2].map(|_| sim.connect_from(first).unwrap());
    let refused = sim.connect_from(first).unwrap();
    expect_refusal(&mut sim, refused, 429);
    // Nobody else pays for it.
    for _ in 0..2 {
        let peer = sim.connect_from(second).unwrap();
        assert_eq!(answer::only(&sim.exchange(peer, get("/").as_bytes())).status, 404);
    }
    // A place is free when its connection is gone; that of the refused one never was a place.
    sim.advance(Duration::from_secs(2));
    let refused = sim.connect_from(first).unwrap();
    expect_refusal(&mut sim, refused, 429);
    sim.reset(peers[0]);
    sim.run();
    let peer = sim.connect_from(first).unwrap();
    assert_eq!(answer::only(&sim.exchange(peer, get("/").as_bytes())).status, 404);
}

#[test]
fn an_address_is_an_ipv4_address_or_a_64_bit_network() {
    for (first, second, is_same) in [
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", false),
        ("10.0.0.1", "::ffff:10.0.0.1", true),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
        ("2001:db8::1", "2001:db8:0:1::1", false),
        ("::1", "127.0.0.1", false),
    ] {
        let mut sim = per_ip_at_most(1);
        sim.connect_from(first.parse::<IpAddr>().unwrap());
        let peer = sim.connect_from(second.parse::<IpAddr>().unwrap()).unwrap();
        sim.run();
        let is_refused = !sim.take(peer).is_empty();
        assert_eq!(is_refused, is_same, "{first} and {second}");
    }
}

#[test]
fn without_a_cap_on_addresses_one_may_have_them_all() {
    let mut sim = at_most(500);
    for _ in 0..500 {
        sim.open("/echo");
    }
    assert!(!is_let_in(&mut sim));
}

#[test]
fn nothing_is_left_of_those_who_were_refused() {
    let mut sim = at_most(1);
    let peer = sim.open("/echo");
    for _ in 0..64 {
        sim.connect();
    }
    sim.reset(peer);
    sim.advance(Duration::from_secs(2));
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn whatever_comes_and_goes_the_caps_hold_and_every_place_is_given_back() {
    const PLACES: usize = 12;
    let config = Config {
        max_connections: PLACES,
        max_handshakes: 5,
        max_connections_per_ip: 4,
        tuning: Tuning { max_refusals: 3, ..Tuning::default() },
        ..Config::default()
    };
    let mut sim = Sim::new(config);
    let mut rng = Rng::new(0xCA95);
    let mut peers = Vec::new();
    let inputs: [&[u8]; 5] = [
        b"GET /echo HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\0\r\n\r\n",
        &upgrade("/echo").into_bytes(),
        &text("Hello"),
    ];
    for _ in 0..20_000 {
        let pick = rng.below(peers.len());
        match (rng.below(10), peers.get(pick).copied()) {
            (0..=3, _) | (_, None) => {
                let ip = Ipv4Addr::new(10, 0, 0, rng.below(8) as u8);
                peers.extend(sim.connect_from(ip));
            }
            (4..=6, Some(peer)) => sim.send(peer, inputs[rng.below(inputs.len())]),
            (7, Some(_)) => sim.fin(peers.swap_remove(pick)),
            (8, Some(_)) => sim.reset(peers.swap_remove(pick)),
            (_, Some(_)) => sim.advance(Duration::from_millis(rng.below(3_000) as u64)),
        }
        if rng.below(3) == 0 {
            sim.run();
            peers.retain(|peer| !sim.peer(*peer).is_over());
        }
        let all = sim.hub.connections();
        assert!(all <= PLACES + 3, "{all} connections");
    }
    for peer in peers {
        sim.reset(peer);
    }
    sim.advance(Duration::from_secs(120));
    assert_eq!(sim.hub.connections(), 0);
    let mut served = 0;
    for ip in 0..8 {
        for _ in 0..5 {
            let peer = sim.connect_from(Ipv4Addr::new(10, 0, 0, ip));
            let Some(peer) = peer else { continue };
            sim.send(peer, upgrade("/echo").as_bytes());
            sim.run();
            served += usize::from(sim.take(peer).starts_with(b"HTTP/1.1 101 "));
        }
    }
    assert_eq!(served, PLACES);
}
