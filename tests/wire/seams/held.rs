//! A request answered later: from a timer, too late, or never (EXAMPLES §2).

use crate::answer::{self, get, request};
use crate::client::{from_server, text};
use crate::record::{Record, watched};
use crate::sim::{End, PeerNo, Sim};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::apps::echo::Echo;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::{Head, Method};
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
            let text = format!(
                "{} {millis} {}",
                request.head.path,
                String::from_utf8_lossy(request.body)
            );
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
                body: Body::Bytes(text.into_bytes()),
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
fn end_of_stream_is_noticed_while_a_request_is_held() {
    for together in [false, true] {
        let (mut sim, peer, record) = desk();
        sim.send(peer, get("/hold?5000").as_bytes());
        if !together {
            sim.run();
            sim.advance(millis(1_000));
        }
        sim.fin(peer);
        sim.run();
        assert_eq!(record.gone().len(), 1, "data and end together: {together}");
        assert_eq!(sim.end(peer), End::Closed);
        assert_eq!(sim.hub.connections(), 0);
        // The application answers all the same, to nobody.
        sim.advance(millis(60_000));
        assert_eq!(record.gone().len(), 1);
        assert_eq!(sim.take(peer), b"");
        assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    }
}

#[test]
fn reset_is_noticed_while_a_request_is_held() {
    let (mut sim, peer, record) = desk();
    sim.exchange(peer, get("/hold").as_bytes());
    sim.reset(peer);
    sim.run();
    assert_eq!(record.gone().len(), 1);
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn answered_request_is_never_given_up() {
    let (mut sim, peer, record) = desk();
    sim.exchange(peer, get("/hold?10").as_bytes());
    sim.advance(millis(10));
    assert_eq!(answer::statuses(&sim.take(peer)), [200]);
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.hub.connections(), 0);
    sim.advance(Duration::from_secs(120));
    assert_eq!(record.gone(), []);
}

#[test]
fn request_held_for_60_s_is_503_and_given_up_once() {
    // LIMITS §1: request held by the application
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
        let texts: Vec<String> = answer::all(&sim.take(peer))
            .iter()
            .map(answer::Answer::text)
            .collect();
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

#[test]
fn body_by_length_and_in_chunks_reaches_the_application() {
    let by_length =
        "POST /hold?0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nhello world";
    let in_chunks = "POST /hold?0 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                     5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
    for whole in [by_length, in_chunks] {
        let input = [whole, &get("/hold?0")].concat();
        for cut in 0..whole.len() {
            let (mut sim, peer, _) = desk();
            sim.send(peer, &input.as_bytes()[..cut]);
            sim.run();
            assert_eq!(sim.take(peer), b"", "cut at {cut}");
            sim.send(peer, &input.as_bytes()[cut..]);
            sim.run();
            let texts: Vec<String> = answer::all(&sim.take(peer))
                .iter()
                .map(answer::Answer::text)
                .collect();
            assert_eq!(texts, ["/hold 0 hello world", "/hold 0 "], "cut at {cut}");
        }
    }
}

fn post(fields: &str) -> String {
    format!("POST /hold?0 HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n")
}

#[test]
fn body_at_the_limit_passes_and_one_byte_more_is_413() {
    let body = "b".repeat(1_000);
    let exact = post("Content-Length: 1000") + &body;
    let longer = post("Content-Length: 1001");
    let chunked = |size: &str| post("Transfer-Encoding: chunked") + size + "\r\n";
    let exact_chunk = chunked("3e8") + &body + "\r\n0\r\n\r\n";
    for (input, status) in [
        (exact, 200),
        (longer, 413),
        (exact_chunk, 200),
        (chunked("3e9"), 413),
        (chunked("ffffffffffffffff"), 413),
    ] {
        let (mut sim, peer, _) = desk();
        let answer = answer::only(&sim.exchange(peer, input.as_bytes()));
        assert_eq!(
            answer.status,
            status,
            "{:?}",
            &input[..120.min(input.len())]
        );
        assert_eq!(answer.closes(), status == 413);
    }
}

#[test]
fn unfinished_body_is_408_after_30_s_whatever_arrives() {
    // LIMITS §1: request body incomplete (absolute)
    let (mut sim, peer, record) = desk();
    sim.send(peer, post("Content-Length: 100").as_bytes());
    for _ in 0..29 {
        sim.advance(millis(1_000));
        sim.send(peer, b"b");
    }
    sim.advance(millis(999));
    assert_eq!(sim.take(peer), b"");
    sim.advance(millis(1));
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, 408);
    assert!(answer.closes());
    assert_eq!(sim.end(peer), End::HalfClosed);
    assert_eq!(record.events(), [], "the application never heard of it");
}

#[test]
fn expectation_is_met_before_the_body_and_a_refusal_comes_instead() {
    // RFC 9110 §10.1.1
    let (mut sim, peer, _) = desk();
    let expecting = post("Content-Length: 2\r\nExpect: 100-continue");
    let interim = sim.exchange(peer, expecting.as_bytes());
    assert_eq!(
        String::from_utf8_lossy(&interim),
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    let answer = answer::only(&sim.exchange(peer, b"hi"));
    assert_eq!((answer.status, answer.text()), (200, "/hold 0 hi".into()));

    let too_long = post("Content-Length: 2000\r\nExpect: 100-continue");
    assert_eq!(
        answer::only(&sim.exchange(peer, too_long.as_bytes())).status,
        413
    );
}

#[test]
fn wish_to_be_woken_can_be_moved_and_taken_back() {
    /// Wishes for key 1 at 100, then at 200; for key 2 at 100, then never.
    struct Fickle(Record);
    impl App for Fickle {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(Route {
                methods: &[Method::Get],
                websocket: false,
                max_body_bytes: 0,
            })
        }
        fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, _: &Request<'_>) -> Reply {
            ctx.wake_at(1, Time(100));
            ctx.wake_at(2, Time(100));
            ctx.wake_at(1, Time(200));
            ctx.wake_at(2, Time::NEVER);
            self.0.note(crate::record::Event::Held(id));
            Reply::Now(Response::text(Status(200), "wishes noted\n"))
        }
        fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
            assert_eq!((key, ctx.now()), (1, Time(200)));
            self.0.note(crate::record::Event::Shutdown);
        }
    }
    let record = Record::default();
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Fickle(record.clone()))]);
    let peer = sim.connect();
    sim.exchange(peer, get("/").as_bytes());
    sim.reset(peer);
    sim.advance(millis(199));
    assert_eq!(record.events().len(), 1);
    assert_eq!(sim.hub.next_deadline(), Time(200));
    sim.advance(millis(1));
    assert_eq!(record.events().len(), 2);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

/// Wants to be called again at once, each time. It has other wishes, too, for much later.
#[derive(Default)]
struct Restless {
    calls: Rc<Cell<u32>>,
}

impl App for Restless {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        Desk::default().route(head)
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        for key in 0..50 {
            ctx.wake_at(key, ctx.now().after(millis(key * 1_000)));
        }
        Reply::Later
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        self.calls.set(self.calls.get() + 1);
        assert!(self.calls.get() < 1_000, "the turn never ends");
        ctx.wake_at(key, ctx.now());
    }
}

#[test]
fn timer_that_is_set_for_now_again_and_again_lets_others_be_served() {
    let restless = Restless::default();
    let calls = Rc::clone(&restless.calls);
    let apps: Vec<Box<dyn App>> = vec![Box::new(restless), Box::new(Echo)];
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.open("/echo");
    let restless = sim.connect();
    sim.send(restless, get("/hold").as_bytes());
    sim.turn();
    sim.send(peer, &text("still there?"));
    let before = calls.get();
    sim.turn();
    assert_eq!(calls.get(), before + 1, "once in a turn");
    assert_eq!(sim.take(peer), from_server(0x81, "still there?"));
}

#[test]
fn end_of_stream_is_noticed_for_a_request_that_waited_behind_a_stalled_answer() {
    /// Three hundred thousand bytes, everywhere but at `/hold`.
    struct Large;
    impl App for Large {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(Route {
                methods: &[Method::Get],
                websocket: false,
                max_body_bytes: 0,
            })
        }

        fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
            Reply::Now(Response {
                status: Status(200),
                fields: Vec::new(),
                body: Body::Bytes(vec![b'.'; 300_000]),
                close: false,
            })
        }
    }
    let (apps, record) = watched(vec![Box::new(Desk::default()), Box::new(Large)]);
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.connect();
    sim.set_window(peer, Some(0));
    let requests = [get("/large"), get("/hold"), get("/hold")].concat();
    sim.send(peer, requests.as_bytes());
    sim.fin(peer);
    sim.run();
    assert_eq!(record.gone(), []);
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(record.gone().len(), 1, "nobody waits for the answer");
    assert_eq!(sim.end(peer), End::Closed);
}
