//! What the chat itself holds: a member that has left costs nothing, however it left.

use super::{Chat, Config, PeerNo, Sim, binary, close, hex};
use std::cell::RefCell;
use std::rc::Rc;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::route::Route;

/// A chat that the test can look into.
struct Shared(Rc<RefCell<Chat>>);

impl App for Shared {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        self.0.borrow().route(head)
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        self.0.borrow_mut().on_request(ctx, id, request)
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        self.0.borrow_mut().on_message(ctx, id, tag, message);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, why: &Closed) {
        self.0.borrow_mut().on_close(ctx, id, tag, why);
    }
}

#[test]
fn who_has_left_is_held_nowhere() {
    let chat = Rc::new(RefCell::new(Chat::new("left".to_owned())));
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Shared(Rc::clone(&chat)))]);
    let peers: Vec<PeerNo> = (0..10).map(|n| sim.open(["/ws", "/ws/7"][n % 2])).collect();
    let held = |text: &str| format!("{:?}", chat.borrow()).contains(text);
    assert!(held("members: Slab { len: 10,") && held("\"numbered\": "));
    for (n, peer) in peers.iter().enumerate() {
        match n / 2 {
            0 => sim.fin(*peer),
            1 => sim.reset(*peer),
            2 => sim.send(*peer, &close(1000, "")),
            3 => sim.send(*peer, &binary("x")),
            _ => sim.send(*peer, &hex("81 01 41")),
        }
        sim.run();
    }
    // No members, no rooms, no memberships.
    for empty in ["members: Slab { len: 0,", "by_name: {}", "rooms: Slab { len: 0,", "places: Slab { len: 0,"]
    {
        assert!(held(empty), "{empty} in {:?}", chat.borrow());
    }
}
