//! Wishes to be woken: moved, taken back, and for now again and again.

use super::{Desk, millis};
use crate::answer::get;
use crate::client::{from_server, text};
use crate::record::Record;
use crate::sim::Sim;
use std::cell::Cell;
use std::rc::Rc;
use ws101::app::{App, Ctx, Reply, Request, RequestId};
use ws101::apps::echo::Echo;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::response::{Response, Status};
use ws101::http::route::Route;

#[test]
fn wish_to_be_woken_can_be_moved_and_taken_back() {
    /// Wishes for key 1 at 100, then at 200; for key 2 at 100, then never.
    struct Fickle(Record);
    impl App for Fickle {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(Route { methods: &[Method::Get], websocket: false, max_body_bytes: 0 })
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
