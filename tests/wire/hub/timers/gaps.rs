//! Time in which the server did not look: the process stood still, or a turn was long. What was in
//! the kernel in time is in time.

use super::{close_frame, until, without_pings};
use crate::answer::{self, get};
use crate::client::{self, from_server, ping, pong, text};
use crate::sim::{End, PeerNo, Sim};
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Status};
use ws101::http::route::Route;

const PING: [u8; 2] = [0x89, 0x00];

/// The process stands still until this moment; then the wait ends, as a signal ends it: without events.
fn stopped_until(sim: &mut Sim, moment: u64) {
    sim.now = Time(moment);
    sim.interrupted_turn();
}

fn status(sim: &mut Sim, peer: PeerNo) -> u16 {
    answer::only(&sim.take(peer)).status
}

#[test]
fn head_whose_end_lies_in_the_kernel_is_in_time() {
    for moment in [10_000, 10_001, 3_600_000] {
        let mut sim = Sim::default();
        let [whole, half, mute] = [(); 3].map(|()| sim.connect());
        let head = get("/healthz");
        sim.send(whole, &head.as_bytes()[..20]);
        sim.send(half, &head.as_bytes()[..20]);
        until(&mut sim, 9_000);
        sim.send(whole, &head.as_bytes()[20..]);
        sim.send(half, &head.as_bytes()[20..30]);
        stopped_until(&mut sim, moment);
        sim.run();
        assert_eq!(status(&mut sim, whole), 200, "{moment}");
        // Who is late is judged in the same moment.
        assert_eq!(status(&mut sim, half), 408, "{moment}");
        assert_eq!((sim.take(mute), sim.end(mute)), (vec![], End::Closed));
    }
}

#[test]
fn pong_that_lies_in_the_kernel_is_in_time() {
    let mut sim = Sim::default();
    let [answers, mute] = [(); 2].map(|()| sim.open("/echo"));
    until(&mut sim, 20_000);
    assert_eq!((sim.take(answers), sim.take(mute)), (PING.into(), PING.into()));
    sim.send(answers, &pong(""));
    stopped_until(&mut sim, 40_500);
    sim.run();
    assert_eq!(sim.take(answers), b"");
    assert_eq!(sim.take(mute), close_frame(1011, "keepalive ping timeout"));
    // It was heard when it was read.
    until(&mut sim, 60_499);
    assert_eq!(sim.take(answers), b"");
    until(&mut sim, 60_500);
    assert_eq!(sim.take(answers), PING);
}

#[test]
fn close_that_lies_in_the_kernel_behind_much_else_is_in_time() {
    // A turn takes 260 KiB of a connection: more turns are needed.
    for is_interrupted in [false, true] {
        let mut sim = Sim::new(without_pings());
        let peer = sim.open("/ws/1");
        sim.exchange(peer, &client::binary("x"));
        let mut sent = client::binary(vec![7; 1_800_000]);
        sent.extend(client::close(1003, ""));
        sim.send(peer, &sent);
        sim.now = Time(5_100);
        if is_interrupted {
            sim.interrupted_turn();
        }
        for _ in 0..5 {
            sim.turn();
            assert_eq!(sim.end(peer), End::Open, "not all of it is read");
        }
        sim.run();
        assert_eq!(sim.end(peer), End::HalfClosed);
        assert_eq!(sim.unread(peer), 0);
    }
}

/// Answers with the length of the body.
struct Length;

impl App for Length {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Post], websocket: false, max_body_bytes: 1_000_000 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        Reply::Now(Response {
            status: Status(200),
            fields: Vec::new(),
            body: Body::Bytes(request.body.len().to_string().into_bytes().into()),
            close: false,
        })
    }
}

#[test]
fn body_that_lies_in_the_kernel_is_in_time_however_many_reads_it_takes() {
    for missing in [0, 1] {
        let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Length)]);
        let peer = sim.connect();
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
        sim.exchange(peer, head.as_bytes());
        sim.send(peer, &vec![b'x'; 1_000_000 - missing]);
        stopped_until(&mut sim, 30_100);
        sim.run();
        let answer = answer::only(&sim.take(peer));
        let expected = if missing == 0 { 200 } else { 408 };
        assert_eq!(answer.status, expected);
        assert!(missing > 0 || answer.text() == "1000000");
    }
}

#[test]
fn peer_that_has_read_everything_meanwhile_is_no_slow_consumer() {
    let mut sim = Sim::new(without_pings());
    let [reads, mute] = [(); 2].map(|()| sim.open("/echo"));
    let message = vec![7; 8 << 20];
    for peer in [reads, mute] {
        sim.set_window(peer, Some(1 << 20));
        sim.send(peer, &client::binary(&message));
        sim.run();
        assert!(sim.is_blocked(peer));
    }
    sim.open_window(reads, 1 << 20);
    stopped_until(&mut sim, 1_500);
    sim.run();
    assert_eq!(sim.end(reads), End::Open);
    // Another stop, and then it takes the rest.
    sim.open_window(reads, 1);
    stopped_until(&mut sim, 3_100);
    sim.run();
    assert_eq!(sim.end(reads), End::Open);
    sim.set_window(reads, None);
    sim.run();
    assert!(sim.take(reads) == from_server(0x82, &message), "not the message");
    assert_eq!(sim.exchange(reads, &text("x")), from_server(0x81, "x"));
    // Who takes nothing is dropped.
    sim.set_window(mute, None);
    sim.run();
    assert_ne!(sim.end(mute), End::Open);
}

#[test]
fn socket_that_takes_the_last_bytes_saves_a_response() {
    // 30 s without a byte taken end it; it takes all in the last millisecond.
    let mut sim = Sim::default();
    let [reads, mute] = [(); 2].map(|()| sim.connect());
    for peer in [reads, mute] {
        sim.set_window(peer, Some(10));
        sim.send(peer, get("/healthz").as_bytes());
    }
    until(&mut sim, 29_999);
    sim.set_window(reads, None);
    stopped_until(&mut sim, 30_000);
    sim.run();
    assert_eq!(status(&mut sim, reads), 200);
    assert_eq!((sim.end(reads), sim.end(mute)), (End::Open, End::Reset));
}

#[test]
fn deadlines_that_were_due_in_a_gap_are_judged_by_what_came_until_its_end() {
    // A Ping is late after an hour, and then the peer has its 20 s to answer it.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    stopped_until(&mut sim, 3_600_000);
    sim.run();
    assert_eq!(sim.take(peer), PING);
    until(&mut sim, 3_619_999);
    assert_eq!(sim.end(peer), End::Open);
    assert_eq!(sim.exchange(peer, &ping("")), from_server(0x8a, ""));
    until(&mut sim, 3_639_998);
    assert_eq!(sim.take(peer), b"");
    until(&mut sim, 3_639_999);
    assert_eq!(sim.take(peer), PING);
}
