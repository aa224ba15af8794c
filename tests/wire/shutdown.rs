//! Going down in order (LIMITS §7): first signal, drain, cut.

use crate::answer::{self, get};
use crate::client::{self, binary, close, from_server, text, upgrade};
use crate::record::{Event, Record, watched};
use crate::sim::{End, PeerNo, Sim, apps};
use std::time::Duration;
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::{Head, Method};
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// `/hold` is held, `/big` streams a MiB, `/guests` says goodbye when the server goes down.
#[derive(Default)]
struct Desk {
    guests: Vec<ConnId>,
}

const BIG: usize = 1 << 20;

struct Zeros(usize);

impl Source for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(self.0);
        self.0 -= len;
        Ok(len)
    }
}

impl App for Desk {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        match head.path {
            "/hold" | "/big" | "/post" => Some(Route {
                methods: &[Method::Get, Method::Post],
                websocket: false,
                max_body_bytes: 100,
            }),
            "/guests" => Some(WEBSOCKET),
            _ => None,
        }
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        match request.head.path {
            "/guests" => {
                self.guests.push(id.conn);
                Reply::Upgrade(ws101::app::Options::tagged(0))
            }
            "/hold" => Reply::Later,
            _ => Reply::Now(Response {
                status: Status(200),
                fields: Vec::new(),
                body: Body::Stream {
                    len: BIG as u64,
                    source: Box::new(Zeros(BIG)),
                },
                close: false,
            }),
        }
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        ctx.send_text(self.guests.iter().copied(), ["closing time"]);
    }
}

fn house() -> (Sim, Record) {
    let mut all = apps();
    all.push(Box::<Desk>::default());
    let (all, record) = watched(all);
    (Sim::with_apps(Config::default(), all), record)
}

fn stop(sim: &mut Sim) {
    sim.hub.stop(sim.now);
    sim.run();
}

fn going_away() -> Vec<u8> {
    let code = 1001_u16.to_be_bytes();
    from_server(0x88, [&code[..], b"server is going down"].concat())
}

#[test]
fn websockets_get_what_is_queued_and_then_1001() {
    let (mut sim, record) = house();
    let peers = [sim.open("/echo"), sim.open("/ws/1"), sim.open("/guests")];
    let stalled = sim.open("/broadcast");
    let speaker = sim.open("/broadcast");
    sim.set_window(stalled, Some(1));
    sim.send(speaker, &text("queued"));
    sim.send(peers[0], &text("same turn"));
    sim.turn();
    stop(&mut sim);
    assert_eq!(
        sim.take(peers[0]),
        [from_server(0x81, "same turn"), going_away()].concat()
    );
    assert_eq!(sim.take(peers[1]), going_away());
    assert_eq!(
        sim.take(peers[2]),
        [from_server(0x81, "closing time"), going_away()].concat()
    );
    sim.set_window(stalled, None);
    sim.run();
    assert_eq!(
        sim.take(stalled),
        [from_server(0x81, "queued"), going_away()].concat()
    );
    let shutdown = Closed {
        code: CloseCode::GoingAway,
        cause: Cause::Shutdown,
    };
    assert_eq!(record.closes(), [shutdown; 5]);
    assert!(!sim.hub.is_finished(), "their Closes are waited for");

    for peer in peers.into_iter().chain([stalled, speaker]) {
        sim.send(peer, &text("not heard any more"));
        sim.send(peer, &close(1001, ""));
        sim.fin(peer);
        sim.run();
        assert_eq!(sim.end(peer), End::Closed);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes().len(), 5);
    let shutdowns = record
        .events()
        .iter()
        .filter(|e| **e == Event::Shutdown)
        .count();
    assert_eq!(shutdowns, 4, "each application was told once");
}

#[test]
fn nobody_reads_that_everybody_leaves() {
    let (mut sim, _) = house();
    for path in ["/ws", "/ws/5"] {
        for _ in 0..20 {
            sim.open(path);
        }
    }
    stop(&mut sim);
    for peer in (0..40).map(PeerNo) {
        assert_eq!(sim.take(peer), going_away(), "one Close and no farewell");
        if peer.0 % 2 == 0 {
            sim.reset(peer);
        }
    }
    sim.advance(Duration::from_secs(1));
    for peer in (0..40).map(PeerNo) {
        assert_eq!(sim.take(peer), b"");
    }
}

#[test]
fn idle_and_half_done_connections_end_at_once() {
    let (mut sim, record) = house();
    let silent = sim.connect();
    let begun = sim.connect();
    sim.exchange(begun, b"GET /ws/1 HTTP/1.1\r\nHos");
    let idle = sim.connect();
    sim.exchange(idle, get("/nothing").as_bytes());
    let body = sim.connect();
    let post = "POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf";
    sim.exchange(body, post.as_bytes());
    let kept = sim.connect();
    sim.exchange(kept, get("/big").as_bytes());
    stop(&mut sim);
    for peer in [silent, begun, body, kept] {
        assert_eq!(sim.end(peer), End::Closed);
    }
    assert!(matches!(sim.end(idle), End::HalfClosed | End::Closed));
    assert_eq!(record.closes(), []);
    sim.fin(idle);
    sim.run();
    assert!(sim.hub.is_finished());
}

#[test]
fn answers_in_flight_are_finished_and_are_the_last() {
    let (mut sim, _) = house();
    let streams = sim.connect();
    let pipelined = sim.connect();
    for peer in [streams, pipelined] {
        sim.set_window(peer, Some(100));
    }
    sim.send(streams, get("/big").as_bytes());
    sim.send(pipelined, [get("/big"), get("/big")].concat().as_bytes());
    sim.run();
    stop(&mut sim);
    sim.advance(Duration::from_secs(4));
    for peer in [streams, pipelined] {
        assert_eq!(sim.end(peer), End::Open, "still in flight");
        sim.set_window(peer, None);
    }
    sim.run();
    for peer in [streams, pipelined] {
        let answer = answer::only(&sim.take(peer));
        assert_eq!(answer.body.len(), BIG, "whole, and not the second");
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

#[test]
fn held_requests_are_503_and_given_up_once() {
    let (mut sim, record) = house();
    let peer = sim.connect();
    let both = [get("/hold"), get("/hold")].concat();
    sim.exchange(peer, both.as_bytes());
    stop(&mut sim);
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, 503);
    assert!(answer.closes());
    assert_eq!(record.gone().len(), 1, "the one behind it never began");
    sim.fin(peer);
    sim.advance(Duration::from_secs(100));
    assert_eq!(record.gone().len(), 1);
    assert!(sim.hub.is_finished());
}

#[test]
fn what_is_left_after_5_s_is_cut() {
    let (mut sim, record) = house();
    sim.advance(Duration::from_secs(3));
    let echo = sim.open("/echo");
    let stalled = sim.open("/echo");
    sim.set_window(stalled, Some(0));
    sim.exchange(stalled, &text("x"));
    let streams = sim.connect();
    sim.set_window(streams, Some(0));
    sim.exchange(streams, get("/big").as_bytes());
    stop(&mut sim);
    sim.advance(Duration::from_millis(4_999));
    for peer in [echo, stalled, streams] {
        assert!(!sim.peer(peer).is_over(), "{peer:?}");
    }
    assert_eq!(sim.hub.next_deadline(), Time(8_000));
    sim.advance(Duration::from_millis(1));
    for peer in [echo, stalled, streams] {
        assert_eq!(sim.end(peer), End::Reset);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes().len(), 2);
    assert_eq!(record.check(), 0);
}

#[test]
fn drain_time_is_a_setting() {
    let config = Config {
        drain_timeout: Duration::from_millis(70),
        ..Config::default()
    };
    let mut sim = Sim::new(config);
    let peer = sim.open("/echo");
    stop(&mut sim);
    sim.advance(Duration::from_millis(69));
    assert!(!sim.hub.is_finished());
    sim.advance(Duration::from_millis(1));
    assert!(sim.hub.is_finished());
    assert_eq!(sim.end(peer), End::Reset);
}

#[test]
fn second_signal_cuts_at_once() {
    let (mut sim, record) = house();
    let peers = [
        sim.open("/echo"),
        sim.open("/ws/1"),
        sim.connect(),
        sim.connect(),
    ];
    sim.exchange(peers[2], get("/hold").as_bytes());
    sim.set_window(peers[3], Some(5));
    sim.exchange(peers[3], get("/big").as_bytes());
    stop(&mut sim);
    sim.hub.cut_all();
    sim.run();
    for peer in peers {
        assert_eq!(sim.end(peer), End::Reset);
    }
    assert!(sim.hub.is_finished());
    assert_eq!((record.closes().len(), record.gone().len()), (2, 1));
}

#[test]
fn nobody_joins_while_the_server_goes_down() {
    let (mut sim, record) = house();
    // Its head is half here, and an answer in flight keeps it alive.
    let late = sim.connect();
    sim.set_window(late, Some(10));
    let both = [get("/big"), upgrade("/echo")].concat();
    sim.send(late, both.as_bytes());
    sim.run();
    // Accepted by the driver in the very turn of the signal.
    let new = sim.connect();
    stop(&mut sim);
    sim.send(new, upgrade("/echo").as_bytes());
    sim.set_window(late, None);
    sim.run();
    let mut rest = &sim.take(late)[..];
    assert_eq!(answer::take(&mut rest, false).status, 200);
    assert_eq!(rest, b"");
    assert_eq!(sim.take(new), b"");
    assert_eq!(
        record
            .events()
            .iter()
            .filter(|e| matches!(e, Event::Open(_)))
            .count(),
        0
    );
    let newer = sim.connect();
    assert_eq!(
        answer::statuses(&sim.exchange(newer, upgrade("/echo").as_bytes())),
        [503]
    );
    sim.advance(Duration::from_secs(5));
    assert!(sim.hub.is_finished());
}

#[test]
fn who_was_closing_already_goes_on_closing() {
    let (mut sim, record) = house();
    let chat = sim.open("/ws/1");
    let failed = sim.open("/echo");
    sim.exchange(chat, &binary("x"));
    sim.exchange(failed, &[0xff]);
    assert_eq!(record.closes().len(), 2);
    stop(&mut sim);
    assert_eq!(sim.take(chat), b"", "no second Close");
    assert_eq!(sim.take(failed), b"");
    sim.send(chat, &close(1003, ""));
    for peer in [chat, failed] {
        sim.fin(peer);
    }
    sim.run();
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes().len(), 2);
}

#[test]
fn without_connections_the_end_is_immediate() {
    let mut sim = Sim::default();
    stop(&mut sim);
    assert!(sim.hub.is_finished());
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.exchange(peer, &client::close(1000, ""));
    sim.fin(peer);
    sim.run();
    stop(&mut sim);
    assert!(sim.hub.is_finished());
}
