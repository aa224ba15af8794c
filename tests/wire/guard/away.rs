//! What an application keeps for peers that are away counts into the memory budget.
//!
//! A last test is about the Close without a code, with which Socket.IO ends a session.

use crate::client::{frame, from_server, text, texts};
use crate::sim::{End, Sim};
use std::cell::RefCell;
use std::rc::Rc;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// Does what it is told: `hold KEY BYTES`, `close`. Notes what it has to give up, and how
/// connections ended.
#[derive(Default)]
struct Keeper {
    given_up: Rc<RefCell<Vec<u64>>>,
    closed: Rc<RefCell<Vec<CloseCode>>>,
}

impl App for Keeper {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/keeper").then_some(Route {
            methods: &[Method::Get],
            websocket: true,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        let Message::Text(text) = message else { return };
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["hold", key, bytes] => ctx.count_kept(key.parse().unwrap(), bytes.parse().unwrap()),
            ["close"] => ctx.close_without_code(id),
            _ => panic!("{text}"),
        }
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, _: u64, why: &Closed) {
        self.closed.borrow_mut().push(why.code);
    }

    fn on_give_up(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        ctx.count_kept(key, 0);
        self.given_up.borrow_mut().push(key);
    }
}

struct Seen {
    given_up: Rc<RefCell<Vec<u64>>>,
    closed: Rc<RefCell<Vec<CloseCode>>>,
}

fn keeper(memory_budget_bytes: usize) -> (Sim, Seen) {
    let app = Keeper::default();
    let seen = Seen { given_up: Rc::clone(&app.given_up), closed: Rc::clone(&app.closed) };
    let config = Config { memory_budget_bytes, ..Config::default() };
    let apps: Vec<Box<dyn App>> = vec![Box::new(app), Box::new(ws101::apps::echo::Echo)];
    (Sim::with_apps(config, apps), seen)
}

#[test]
fn what_is_held_for_who_is_away_counts_until_it_is_released() {
    let (mut sim, seen) = keeper(1 << 20);
    let peer = sim.open("/keeper");
    sim.exchange(peer, &text("hold 1 1000"));
    sim.exchange(peer, &text("hold 2 500"));
    assert_eq!(sim.hub.held_bytes(), 1_500);
    sim.exchange(peer, &text("hold 1 300"));
    assert_eq!(sim.hub.held_bytes(), 800);
    sim.exchange(peer, &text("hold 1 0"));
    sim.exchange(peer, &text("hold 2 0"));
    assert_eq!(sim.hub.held_bytes(), 0);
    assert!(seen.given_up.borrow().is_empty());
}

#[test]
fn the_largest_goes_whether_it_is_away_or_connected() {
    let (mut sim, seen) = keeper(1 << 20);
    let peer = sim.open("/keeper");
    for held in ["hold 1 300000", "hold 2 400000", "hold 3 300000"] {
        sim.exchange(peer, &text(held));
    }
    assert!(seen.given_up.borrow().is_empty());
    sim.exchange(peer, &text("hold 4 100000"));
    assert_eq!(*seen.given_up.borrow(), [2]);
    assert_eq!(sim.hub.held_bytes(), 700_000);
    assert_eq!(sim.end(peer), End::Open, "who asked for it holds nothing");

    // A connection that holds more than any of them goes first.
    let large = sim.open("/echo");
    let innocent = sim.open("/echo");
    sim.send(large, &frame(0x02, vec![7; 310_000]));
    sim.run();
    assert_eq!(*seen.given_up.borrow(), [2]);
    sim.exchange(peer, &text("hold 5 200000"));
    assert_eq!(*seen.given_up.borrow(), [2]);
    assert_eq!(sim.end(large), End::HalfClosed);
    assert_eq!(texts(&sim.exchange(innocent, &text("x"))), ["x"]);
}

#[test]
fn whoever_holds_again_while_it_is_told_to_give_up_is_told_again_or_fits() {
    let (mut sim, seen) = keeper(1 << 20);
    let peer = sim.open("/keeper");
    for round in 0..100 {
        sim.exchange(peer, &text(format!("hold {round} 600000")));
        assert!(sim.hub.held_bytes() <= 1 << 20, "{round}");
    }
    assert_eq!(seen.given_up.borrow().len(), 99);
}

#[test]
fn close_without_a_code_is_an_empty_frame_and_is_reported_as_1005() {
    // RFC 6455 §5.5.1, §7.1.5
    let (mut sim, seen) = keeper(1 << 20);
    let peer = sim.open("/keeper");
    assert_eq!(sim.exchange(peer, &text("close")), from_server(0x88, ""));
    assert_eq!(*seen.closed.borrow(), [CloseCode::NoStatusReceived]);
    sim.exchange(peer, &frame(0x88, ""));
    assert_eq!(sim.end(peer), End::HalfClosed);
}
