//! Who waits for an answer, and leaves: the application is told, once.

use super::{Desk, desk, millis};
use crate::answer::{self, get};
use crate::record::watched;
use crate::sim::{End, Sim};
use std::time::Duration;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Body, Response, Status};
use ws101::http::route::Route;

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
fn end_of_stream_is_noticed_for_a_request_that_waited_behind_a_stalled_answer() {
    /// Three hundred thousand bytes, everywhere but at `/hold`.
    struct Large;
    impl App for Large {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(Route { methods: &[Method::Get], websocket: false, max_body_bytes: 0 })
        }

        fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
            Reply::Now(Response {
                status: Status(200),
                fields: Vec::new(),
                body: Body::Bytes(vec![b'.'; 300_000].into()),
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
