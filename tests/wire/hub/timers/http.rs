//! Deadlines of a connection that speaks HTTP. (Bodies and held requests: `hub::seams::held`.)

use super::{millis, until};
use crate::answer::{self, get};
use crate::client;
use crate::sim::{End, PeerNo, Sim};
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Status};
use ws101::http::route::Route;

static BIG: [u8; 200_000] = [b'.'; 200_000];

/// Answers everything else with a page.
struct Page;

impl App for Page {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        head.path.starts_with("/page").then_some(Route {
            methods: &[Method::Get],
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let body: &'static [u8] = match request.head.path {
            "/page/big" => &BIG,
            _ => b"small",
        };
        Reply::Now(Response {
            status: Status(200),
            fields: Vec::new(),
            body: Body::Bytes(body.into()),
            close: false,
        })
    }
}

fn pages() -> (Sim, PeerNo) {
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Page)]);
    let peer = sim.connect();
    (sim, peer)
}

/// Ended without a word: everything was taken before.
fn ends_silently(sim: &mut Sim, peer: PeerNo, moment: u64) {
    until(sim, moment - 1);
    assert_eq!(sim.end(peer), End::Open, "not before {moment} ms");
    until(sim, moment);
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.take(peer), b"");
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

fn ends_with_408(sim: &mut Sim, peer: PeerNo, moment: u64) {
    until(sim, moment - 1);
    assert_eq!(sim.end(peer), End::Open, "not before {moment} ms");
    assert_eq!(sim.take(peer), b"");
    until(sim, moment);
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, 408);
    assert!(answer.closes());
    assert_eq!(sim.end(peer), End::HalfClosed);
    until(sim, moment + 1_999);
    assert_eq!(sim.end(peer), End::HalfClosed, "lingers for 2 s");
    until(sim, moment + 2_000);
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn who_sends_nothing_is_closed_silently_after_10_s() {
    let (mut sim, peer) = pages();
    ends_silently(&mut sim, peer, 10_000);
}

#[test]
fn head_has_10_s_from_the_accept_whatever_arrives() {
    let (mut sim, peer) = pages();
    let head = get("/page");
    for byte in head.bytes().take(9) {
        sim.advance(millis(1_000));
        sim.send(peer, &[byte]);
    }
    ends_with_408(&mut sim, peer, 10_000);

    // The first byte late: the time of the accept counts.
    let (mut sim, peer) = pages();
    until(&mut sim, 9_999);
    sim.send(peer, b"G");
    ends_with_408(&mut sim, peer, 10_000);
}

#[test]
fn head_in_the_last_millisecond_is_in_time() {
    let (mut sim, peer) = pages();
    let head = get("/page");
    sim.send(peer, &head.as_bytes()[..30]);
    until(&mut sim, 9_999);
    sim.send(peer, &head.as_bytes()[30..]);
    sim.run();
    assert_eq!(answer::statuses(&sim.take(peer)), [200]);
    // And from here on the connection waits 15 s for the next request.
    ends_silently(&mut sim, peer, 9_999 + 15_000);
}

#[test]
fn idle_connection_is_closed_silently_15_s_after_the_answer() {
    let (mut sim, peer) = pages();
    until(&mut sim, 3_000);
    sim.exchange(peer, get("/page").as_bytes());
    until(&mut sim, 17_999);
    assert_eq!(answer::statuses(&sim.exchange(peer, get("/page").as_bytes())), [200]);
    ends_silently(&mut sim, peer, 17_999 + 15_000);
}

#[test]
fn later_head_has_10_s_from_its_first_byte() {
    for first_byte in [1_u64, 4_000, 14_999] {
        let (mut sim, peer) = pages();
        sim.exchange(peer, get("/page").as_bytes());
        until(&mut sim, first_byte);
        for byte in b"GET /p" {
            sim.send(peer, &[*byte]);
            sim.advance(millis(1_000));
        }
        ends_with_408(&mut sim, peer, first_byte + 10_000);
    }
}

#[test]
fn beginning_of_the_next_head_in_the_same_read_has_10_s() {
    let (mut sim, peer) = pages();
    let both = [&get("/page"), "GET /pa"].concat();
    assert_eq!(answer::statuses(&sim.exchange(peer, both.as_bytes())), [200]);
    ends_with_408(&mut sim, peer, 10_000);
}

#[test]
fn stalled_answer_is_cut_30_s_after_the_last_byte_taken() {
    let (mut sim, peer) = pages();
    sim.set_window(peer, Some(0));
    sim.send(peer, get("/page/big").as_bytes());
    until(&mut sim, 29_999);
    assert_eq!(sim.end(peer), End::Open);
    // One byte is progress.
    sim.open_window(peer, 1);
    sim.run();
    until(&mut sim, 29_999 + 29_999);
    assert_eq!(sim.end(peer), End::Open);
    until(&mut sim, 29_999 + 30_000);
    assert_eq!(sim.end(peer), End::Reset);
    assert_eq!(sim.take(peer), b"H");
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn wait_for_the_next_request_begins_when_the_answer_has_left() {
    let (mut sim, peer) = pages();
    sim.set_window(peer, Some(100_000));
    sim.send(peer, get("/page/big").as_bytes());
    until(&mut sim, 25_000);
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(answer::only(&sim.take(peer)).body.len(), BIG.len());
    ends_silently(&mut sim, peer, 25_000 + 15_000);
}

#[test]
fn head_that_began_while_an_answer_was_stalled_is_not_forgotten() {
    // The write has the deadline as long as it lasts; then the head has its 10 s, at most.
    let (mut sim, peer) = pages();
    sim.set_window(peer, Some(0));
    sim.exchange(peer, get("/page/big").as_bytes());
    until(&mut sim, 1_000);
    sim.exchange(peer, b"GET /pa");
    until(&mut sim, 20_000);
    assert_eq!(sim.end(peer), End::Open);
    sim.set_window(peer, None);
    sim.run();
    let mut output = &sim.take(peer)[..];
    assert_eq!(answer::take(&mut output, false).status, 200);
    sim.advance(millis(10_000));
    if !output.is_empty() {
        assert_eq!(answer::take(&mut output, false).status, 408);
    }
    assert_ne!(sim.end(peer), End::Open);
}

#[test]
fn refused_request_lingers_for_2_s_or_1_mib() {
    // RFC 9112 §9.6
    let refused = |sim: &mut Sim| {
        let peer = sim.connect();
        let output = sim.exchange(peer, b"BROKEN\r\n\r\n");
        assert_eq!(answer::statuses(&output), [400]);
        assert_eq!(sim.end(peer), End::HalfClosed);
        peer
    };
    let mut sim = Sim::default();
    let silent = refused(&mut sim);
    let ends = refused(&mut sim);
    let floods = refused(&mut sim);
    until(&mut sim, 1_000);
    sim.fin(ends);
    // The ten bytes that were refused count, too.
    sim.send(floods, &vec![b'x'; (1 << 20) - 10]);
    sim.run();
    assert_eq!(sim.end(ends), End::Closed, "the client's end is awaited");
    assert_eq!(sim.end(floods), End::HalfClosed, "1 MiB is thrown away");
    sim.send(floods, b"x");
    sim.run();
    assert_eq!(sim.end(floods), End::Reset, "and no more than that");
    until(&mut sim, 1_999);
    assert_eq!(sim.end(silent), End::HalfClosed);
    until(&mut sim, 2_000);
    assert_eq!(sim.end(silent), End::Closed);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn flags_change_the_deadlines() {
    let config = Config {
        head_timeout: millis(100),
        keep_alive_timeout: millis(70),
        write_timeout: millis(500),
        ..Config::default()
    };
    let mut sim = Sim::with_apps(config, vec![Box::new(Page)]);
    let (mute, begun, idle, stalled) = (sim.connect(), sim.connect(), sim.connect(), sim.connect());
    sim.send(begun, b"G");
    sim.send(idle, get("/page").as_bytes());
    sim.set_window(stalled, Some(0));
    sim.send(stalled, get("/page/big").as_bytes());
    for (moment, peer, end) in [
        (70, idle, End::Closed),
        (100, mute, End::Closed),
        (100, begun, End::HalfClosed),
        (500, stalled, End::Reset),
    ] {
        if sim.now.0 < moment - 1 {
            until(&mut sim, moment - 1);
        }
        if sim.now.0 < moment {
            assert_eq!(sim.end(peer), End::Open, "{moment}");
            until(&mut sim, moment);
        }
        assert_eq!(sim.end(peer), end, "{moment}");
    }
}

#[test]
fn nothing_is_waited_for_without_connections() {
    let (mut sim, peer) = pages();
    sim.exchange(peer, get("/page").as_bytes());
    assert_ne!(sim.hub.next_deadline(), Time::NEVER);
    sim.reset(peer);
    sim.run();
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    let turns = sim.turns;
    until(&mut sim, 1_000_000);
    assert!(sim.turns - turns <= 2, "nobody woke up meanwhile");

    // Connections of every kind, gone by every way.
    let mut sim = Sim::default();
    for round in 0..3_u64 {
        let http = sim.connect();
        let half_head = sim.connect();
        sim.send(half_head, b"GET /");
        let echo = sim.open("/echo");
        sim.send(echo, &client::text("x"));
        let chat = sim.open("/ws/1");
        sim.set_window(chat, Some(3));
        sim.send(chat, &client::text("x"));
        let refused = sim.connect();
        sim.exchange(refused, get("/nowhere").as_bytes());
        sim.advance(millis(round * 500));
        for peer in [http, half_head, echo, chat, refused] {
            match round {
                0 => sim.reset(peer),
                1 => {
                    sim.set_window(peer, None);
                    sim.fin(peer);
                }
                _ => {
                    sim.hub.broken(sim.peer(peer).id, sim.now);
                }
            }
        }
        sim.run();
        assert_eq!(sim.hub.connections(), 0, "round {round}");
        assert_eq!(sim.hub.next_deadline(), Time::NEVER, "round {round}");
    }
}
