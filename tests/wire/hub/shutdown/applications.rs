//! What applications hear and may still say when the server goes down.

use super::{DRAIN, GOING_AWAY, going_away, leave, sim, stop};
use crate::client::from_server;
use crate::record::watched;
use crate::sim::{PeerNo, Sim};
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Options, Reply, Request, RequestId};
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

#[test]
fn chat_of_fifty_hears_no_farewells() {
    for path in ["/ws", "/ws/7"] {
        let (mut sim, record) = sim();
        let peers: Vec<PeerNo> = (0..50).map(|_| sim.open(path)).collect();
        let written = sim.peer(peers[0]).writes;
        stop(&mut sim);
        for &peer in &peers {
            assert_eq!(sim.take(peer), going_away());
        }
        assert_eq!(sim.peer(peers[0]).writes, written + 1);
        // However they leave: answering, closing, breaking, or cut.
        for &peer in &peers[..20] {
            leave(&mut sim, peer);
        }
        for &peer in &peers[20..30] {
            sim.fin(peer);
        }
        for &peer in &peers[30..40] {
            sim.reset(peer);
        }
        sim.advance(DRAIN);
        for &peer in &peers {
            assert_eq!(sim.take(peer), b"");
            assert!(sim.peer(peer).is_over());
        }
        assert!(sim.hub.is_finished());
        assert_eq!(record.closes(), [GOING_AWAY; 50]);
        assert_eq!(record.check(), 0);
    }
}

/// Says farewell to each of its connections; the first it closes itself.
#[derive(Default)]
struct Polite(Vec<ConnId>);

impl App for Polite {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_open(&mut self, _: &mut Ctx<'_>, id: ConnId, _: u64) {
        self.0.push(id);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, _: &Closed) {
        // Too late.
        ctx.send_text([id], ["never"]);
        ctx.close(id, CloseCode::NormalClosure, "never");
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        ctx.send_text(self.0.iter().copied(), ["farewell"]);
        if let Some(first) = self.0.first() {
            ctx.close(*first, CloseCode::NormalClosure, "until next time");
        }
    }
}

#[test]
fn last_message_of_an_application_stands_before_the_close() {
    let (apps, record) = watched(vec![Box::new(Polite::default())]);
    let mut sim = Sim::with_apps(Config::default(), apps);
    let first = sim.open("/");
    let second = sim.open("/");
    stop(&mut sim);
    let farewell = from_server(0x81, "farewell");
    let own = [&1000_u16.to_be_bytes()[..], b"until next time"].concat();
    assert_eq!(sim.take(first), [farewell.clone(), from_server(0x88, own)].concat());
    assert_eq!(sim.take(second), [farewell, going_away()].concat());
    let application = Closed { code: CloseCode::NormalClosure, cause: Cause::Application };
    assert_eq!(record.closes(), [application, GOING_AWAY]);
    for peer in [first, second] {
        leave(&mut sim, peer);
    }
    assert!(sim.hub.is_finished());
}
