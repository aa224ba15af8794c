//! A request answered later: from a timer, too late, or never.

mod bodies;
mod gone;
mod timers;

use crate::answer::{self, get, request};
use crate::record::{Record, watched};
use crate::sim::{End, PeerNo, Sim};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Status};
use ws101::http::route::Route;

/// Holds every request to `/hold…` and answers it after as many milliseconds as the query says,
/// for each number in it once. Without a query: never.
#[derive(Default)]
struct Desk {
    answers: BTreeMap<u64, (RequestId, String)>,
    next_key: u64,
}

const MAX_BODY_BYTES: u64 = 1_000;

impl App for Desk {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        head.path.starts_with("/hold").then_some(Route {
            methods: &[Method::Get, Method::Head, Method::Post],
            websocket: false,
            max_body_bytes: MAX_BODY_BYTES,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let times = request.head.query.unwrap_or_default();
        for millis in times.split(',').filter(|millis| !millis.is_empty()) {
            let millis: u64 = millis.parse().expect("milliseconds");
            let text = format!("{} {millis} {}", request.head.path, String::from_utf8_lossy(request.body));
            self.answers.insert(self.next_key, (id, text));
            ctx.wake_at(self.next_key, Time(ctx.now().0 + millis));
            self.next_key += 1;
        }
        Reply::Later
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        let (id, text) = self.answers.remove(&key).expect("a key of ours, once");
        ctx.respond(
            id,
            Response {
                status: Status(200),
                fields: vec![("Content-Type", Cow::Borrowed("text/plain"))],
                body: Body::Bytes(text.into_bytes().into()),
                close: false,
            },
        );
    }
}

fn desk() -> (Sim, PeerNo, Record) {
    let (apps, record) = watched(vec![Box::new(Desk::default())]);
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.connect();
    (sim, peer, record)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn held_request_is_answered_from_a_timer_at_its_time() {
    let (mut sim, peer, record) = desk();
    assert_eq!(sim.exchange(peer, get("/hold?500").as_bytes()), b"");
    sim.advance(millis(499));
    assert_eq!(sim.take(peer), b"");
    sim.advance(millis(1));
    let answer = answer::only(&sim.take(peer));
    assert_eq!((answer.status, answer.text()), (200, "/hold 500 ".into()));
    assert!(!answer.closes());
    assert_eq!(record.gone(), []);
    // The connection serves the next request.
    assert_eq!(sim.exchange(peer, get("/hold?0").as_bytes()).len(), {
        sim.run();
        answer.head.len() + 4 + "/hold 0 ".len() - "0".len()
    });
}

#[test]
fn answer_to_head_has_the_length_and_no_body() {
    let (mut sim, peer, _) = desk();
    let output = sim.exchange(peer, request("HEAD", "/hold?0").as_bytes());
    let mut rest = &output[..];
    let answer = answer::take(&mut rest, true);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("Content-Length"), Some("8"));
    assert_eq!(rest, b"", "RFC 9110 §9.3.2: no content");
}

#[test]
fn request_held_for_60_s_is_503_and_given_up_once() {
    // An application may hold a request for 60 s at most.
    let (mut sim, peer, record) = desk();
    sim.exchange(peer, get("/hold?59999,60000,70000").as_bytes());
    sim.advance(millis(59_998));
    assert_eq!((sim.take(peer), record.gone()), (vec![], vec![]));
    sim.advance(millis(1));
    assert_eq!(answer::statuses(&sim.take(peer)), [200], "just in time");

    let held_again = get("/hold?60001");
    assert_eq!(sim.exchange(peer, held_again.as_bytes()), b"");
    let before = sim.now;
    sim.advance(millis(59_999));
    assert_eq!((sim.take(peer), record.gone()), (vec![], vec![]));
    sim.advance(millis(1));
    assert_eq!(sim.now.since(before), Duration::from_secs(60));
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, 503);
    assert!(answer.closes());
    assert_eq!(record.gone().len(), 1);
    assert_eq!(record.gone()[0].serial, 2);
    sim.advance(Duration::from_secs(120));
    assert_eq!(record.gone().len(), 1);
    assert_eq!(sim.take(peer), b"");
    assert_eq!(sim.end(peer), End::Closed, "lingered for 2 s, then gone");
}

#[test]
fn given_up_request_with_another_behind_it_still_sees_the_end_of_the_stream() {
    let (mut sim, peer, _) = desk();
    sim.send(peer, (get("/hold") + &get("/hold?0")).as_bytes());
    sim.advance(millis(60_000));
    assert_eq!(answer::only(&sim.take(peer)).status, 503);
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Closed, "not only after the linger time");
}

#[test]
fn expired_head_request_has_no_body_either() {
    let (mut sim, peer, _) = desk();
    sim.exchange(peer, request("HEAD", "/hold").as_bytes());
    sim.advance(Duration::from_secs(60));
    let output = sim.take(peer);
    let mut rest = &output[..];
    assert_eq!(answer::take(&mut rest, true).status, 503);
    assert_eq!(rest, b"");
}

#[test]
fn answer_to_an_older_request_of_the_connection_is_ignored() {
    let (mut sim, peer, record) = desk();
    // The first is answered at 100 and once more at 200, while the second is held.
    sim.exchange(peer, get("/hold/one?100,200").as_bytes());
    sim.advance(millis(100));
    assert_eq!(answer::only(&sim.take(peer)).text(), "/hold/one 100 ");
    sim.exchange(peer, get("/hold/two?400").as_bytes());
    sim.advance(millis(300));
    assert_eq!(sim.take(peer), b"", "not the answer to `one`");
    sim.advance(millis(100));
    assert_eq!(answer::only(&sim.take(peer)).text(), "/hold/two 400 ");
    assert_eq!(record.gone(), []);
}

#[test]
fn answer_to_a_request_of_an_earlier_tenant_of_the_slot_is_ignored() {
    let (mut sim, old, record) = desk();
    sim.exchange(old, get("/hold/old?100").as_bytes());
    sim.reset(old);
    sim.run();
    let new = sim.connect();
    sim.exchange(new, get("/hold/new?500").as_bytes());
    assert_eq!(sim.peer(old).id.slot, sim.peer(new).id.slot);
    sim.advance(millis(200));
    assert_eq!(sim.take(new), b"");
    sim.advance(millis(300));
    assert_eq!(answer::only(&sim.take(new)).text(), "/hold/new 500 ");
    assert_eq!(record.gone().len(), 1);
}

#[test]
fn requests_behind_a_held_one_wait_and_are_answered_in_order() {
    let requests = [get("/hold/a?300"), get("/hold/b?200"), get("/hold/c?0")].concat();
    for cut in 0..requests.len() {
        let (mut sim, peer, record) = desk();
        sim.send(peer, &requests.as_bytes()[..cut]);
        sim.run();
        sim.send(peer, &requests.as_bytes()[cut..]);
        sim.advance(millis(299));
        assert_eq!(sim.take(peer), b"");
        sim.advance(millis(1));
        assert_eq!(answer::only(&sim.take(peer)).text(), "/hold/a 300 ");
        sim.advance(millis(199));
        assert_eq!(sim.take(peer), b"");
        sim.advance(millis(1));
        let texts: Vec<String> = answer::all(&sim.take(peer)).iter().map(answer::Answer::text).collect();
        assert_eq!(texts, ["/hold/b 200 ", "/hold/c 0 "]);
        assert_eq!(record.gone(), []);
    }
}

#[test]
fn what_follows_a_held_request_is_not_read() {
    let (mut sim, peer, _) = desk();
    sim.exchange(peer, get("/hold?1000").as_bytes());
    for _ in 0..10 {
        sim.send(peer, &[b'x'; 1_000]);
        sim.run();
    }
    assert_eq!(sim.unread(peer), 10_000);
    let turns = sim.turns;
    sim.advance(millis(999));
    assert!(sim.turns - turns <= 2, "and nobody is kept busy by it");
}
