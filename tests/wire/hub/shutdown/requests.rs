//! HTTP when the server goes down: idle connections end, answers that were begun are finished.

use super::{DRAIN, MILLISECOND, cut, stop};
use crate::answer::{self, get, request};
use crate::client;
use crate::disk::Endless;
use crate::record::{Event, Record, watched};
use crate::sim::{End, Sim, apps};
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Status};
use ws101::http::route::Route;

/// Larger than one piece of a streamed body, smaller than a queue that holds up reading.
const BODY_BYTES: usize = 200_000;

/// `/now` answers at once, `/large` with one large body, `/stream` with one that comes in pieces,
/// `/hold` never; all but `/hold` read a body.
struct Site;

impl App for Site {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let is_ours = ["/now", "/large", "/stream", "/hold"].contains(&head.path);
        is_ours.then_some(Route {
            methods: &[Method::Get, Method::Head, Method::Post],
            websocket: false,
            max_body_bytes: 1_000,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        let body = match request.head.path {
            "/now" => Body::Bytes(b"now".into()),
            "/large" => Body::Bytes(vec![b'x'; BODY_BYTES].into()),
            "/stream" => Body::Stream { len: BODY_BYTES as u64, source: Box::new(Endless) },
            _ => return Reply::Later,
        };
        Reply::Now(Response { status: Status(200), fields: Vec::new(), body, close: false })
    }
}

fn site() -> (Sim, Record) {
    let mut all = apps();
    all.push(Box::new(Site));
    let (apps, record) = watched(all);
    (Sim::with_apps(Config::default(), apps), record)
}

#[test]
fn idle_connections_are_closed_at_once() {
    let (mut sim, _) = site();
    let fresh = sim.connect();
    let kept = sim.connect();
    let answers = sim.exchange(kept, get("/now").as_bytes());
    assert_eq!(answer::only(&answers).status, 200);
    stop(&mut sim);
    for peer in [fresh, kept] {
        assert_eq!(sim.take(peer), b"");
        assert_eq!(sim.end(peer), End::Closed);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(sim.now, Time(0));
}

#[test]
fn half_a_head_is_closed_at_once_wherever_it_ends() {
    for whole in [client::upgrade("/ws/1"), get("/now")] {
        for len in 1..whole.len() {
            let (mut sim, record) = site();
            let peer = sim.connect();
            assert_eq!(sim.exchange(peer, &whole.as_bytes()[..len]), b"");
            sim.send(peer, &whole.as_bytes()[len..]);
            stop(&mut sim);
            assert_eq!(sim.take(peer), b"", "cut at {len}");
            assert_eq!(sim.end(peer), End::Closed);
            assert!(sim.hub.is_finished());
            let stop = |event: &Event| *event == Event::Shutdown;
            assert!(record.events().iter().all(stop), "only that the server goes down");
        }
    }
}

#[test]
fn half_a_body_is_closed_at_once() {
    let (mut sim, record) = site();
    let peer = sim.connect();
    let head = "POST /hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";
    assert_eq!(sim.exchange(peer, format!("{head}01234").as_bytes()), b"");
    sim.send(peer, b"56789");
    stop(&mut sim);
    assert_eq!(sim.take(peer), b"");
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(record.gone(), [], "the application was never asked");
}

#[test]
fn held_request_is_answered_503_and_given_up_once() {
    for method in ["GET", "HEAD"] {
        let (mut sim, record) = site();
        let peer = sim.connect();
        let pipelined = [request(method, "/hold"), get("/now")].concat();
        assert_eq!(sim.exchange(peer, pipelined.as_bytes()), b"");
        assert_eq!(record.gone(), []);
        stop(&mut sim);
        let bytes = sim.take(peer);
        let mut rest = &bytes[..];
        let refusal = answer::take(&mut rest, method == "HEAD");
        assert_eq!(rest, b"", "what was sent behind it is not answered");
        assert_eq!(refusal.status, 503);
        assert!(refusal.closes());
        assert_eq!(record.gone().len(), 1);
        assert_eq!(sim.end(peer), End::HalfClosed);
        sim.fin(peer);
        sim.run();
        assert!(sim.hub.is_finished());
        assert_eq!(record.gone().len(), 1);
    }
}

#[test]
fn answer_that_was_begun_is_finished() {
    // What is in memory is queued at once, and so is the answer to the request behind it. A stream
    // is one answer at a time.
    for (path, answers) in [("/large", 2), ("/stream", 1)] {
        let (mut sim, _) = site();
        let peer = sim.connect();
        sim.set_window(peer, Some(1_000));
        let pipelined = [get(path), get("/now")].concat();
        sim.send(peer, pipelined.as_bytes());
        sim.run();
        stop(&mut sim);
        let mut bytes = sim.take(peer);
        assert_eq!(bytes.len(), 1_000, "{path}");
        assert_eq!(sim.end(peer), End::Open);
        sim.advance(DRAIN - MILLISECOND);
        sim.set_window(peer, None);
        sim.run();
        bytes.extend(sim.take(peer));
        let begun = answer::all(&bytes);
        assert_eq!(begun.len(), answers, "{path}");
        assert_eq!(begun[0].status, 200, "{path}");
        assert_eq!(begun[0].body.len(), BODY_BYTES);
        assert_eq!(sim.end(peer), End::HalfClosed, "{path}");
        sim.fin(peer);
        sim.run();
        assert_eq!(sim.end(peer), End::Closed);
        assert!(sim.hub.is_finished());
    }
}

#[test]
fn answer_that_is_not_taken_is_cut_at_the_end_and_not_before() {
    for path in ["/large", "/stream"] {
        let (mut sim, _) = site();
        let peer = sim.connect();
        sim.set_window(peer, Some(1_000));
        sim.send(peer, get(path).as_bytes());
        sim.run();
        stop(&mut sim);
        assert!(sim.hub.next_deadline() <= Time(5_000));
        sim.advance(DRAIN - MILLISECOND);
        assert_eq!(sim.end(peer), End::Open);
        sim.advance(MILLISECOND);
        assert_eq!(sim.end(peer), End::Reset);
        assert!(sim.hub.is_finished());
    }
}

#[test]
fn second_signal_cuts_requests_too() {
    let (mut sim, record) = site();
    let held = sim.connect();
    let streaming = sim.connect();
    sim.set_window(held, Some(0));
    sim.set_window(streaming, Some(0));
    sim.send(held, get("/hold").as_bytes());
    sim.send(streaming, get("/stream").as_bytes());
    sim.run();
    stop(&mut sim);
    assert!(!sim.hub.is_finished());
    cut(&mut sim);
    for peer in [held, streaming] {
        assert_eq!(sim.end(peer), End::Reset);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(record.gone().len(), 1);
}

#[test]
fn who_was_accepted_too_late_is_served_once_and_opens_nothing() {
    // The listener is closed by then, but readiness of one turn comes in any order.
    let (mut sim, record) = site();
    stop(&mut sim);
    let wants_page = sim.connect();
    let wants_chat = sim.connect();
    let silent = sim.connect();
    let page = answer::only(&sim.exchange(wants_page, get("/now").as_bytes()));
    assert_eq!((page.status, page.closes()), (200, true));
    let refusal = sim.exchange(wants_chat, client::upgrade("/ws/1").as_bytes());
    let refusal = answer::only(&refusal);
    assert_eq!((refusal.status, refusal.closes()), (503, true));
    for peer in [wants_page, wants_chat] {
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
    sim.advance(DRAIN - MILLISECOND);
    assert_eq!(sim.end(silent), End::Open);
    sim.advance(MILLISECOND);
    assert!(sim.peer(silent).is_over());
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), []);
}
