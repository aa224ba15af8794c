//! Every way a WebSocket connection can end is reported once, with its code and its cause.

use crate::client::{self, binary, close, frame, hex, text};
use crate::record::{Event, Record, watched};
use crate::sim::{PeerNo, Sim, apps};
use std::time::Duration;
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// At `/leave`: closes with 4001 whoever says something, and says goodbye twice.
struct Leaver;

impl App for Leaver {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/leave").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(77))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        assert_eq!(tag, 77, "the application's own name comes back");
        ctx.send(id, message);
        ctx.close(id, CloseCode(4001), "bye");
        ctx.close(id, CloseCode(4002), "bye again");
        ctx.send(id, Message::Text("nothing goes behind a Close"));
        ctx.ping(id, b"neither this");
    }
}

fn leaver() -> (Sim, Record) {
    leaver_with(Config::default())
}

fn leaver_with(config: Config) -> (Sim, Record) {
    let mut all = apps();
    all.push(Box::new(Leaver));
    let (all, record) = watched(all);
    (Sim::with_apps(config, all), record)
}

/// Does `leave` to an open connection, then everything that could report it a second time.
fn ends_with(name: &str, path: &str, leave: impl Fn(&mut Sim, PeerNo), code: u16, cause: Cause) {
    let (mut sim, record) = leaver();
    let peer = sim.open(path);
    leave(&mut sim, peer);
    sim.run();
    let expected = Closed { code: CloseCode(code), cause };
    assert_eq!(record.closes(), [expected], "{name}");
    // Whatever comes later is not reported again.
    sim.send(peer, &close(1000, ""));
    sim.run();
    sim.fin(peer);
    sim.run();
    sim.reset(peer);
    sim.run();
    sim.hub.cut_all();
    sim.advance(Duration::from_secs(120));
    assert_eq!(record.closes(), [expected], "{name}, afterwards");
    assert_eq!(record.check(), 0, "{name}");
    assert_eq!(sim.hub.connections(), 0, "{name}");
}

#[test]
fn every_way_to_leave_is_reported_once_with_code_and_cause() {
    type Leave = Box<dyn Fn(&mut Sim, PeerNo)>;
    let says = |bytes: Vec<u8>| -> Leave { Box::new(move |sim, peer| sim.send(peer, &bytes)) };
    let mut fragment = frame(0x01, "a");
    fragment.extend(frame(0x00, "b").repeat(131_072));
    let mut too_big = hex("82 ff 00 00 00 00 01 00 00 01");
    too_big.extend([0; 4]);
    let text_then_fin: Leave = Box::new(|sim, peer| {
        sim.send(peer, &text("last words"));
        sim.fin(peer);
    });
    let cases: Vec<(&str, &str, Leave, u16, Cause)> = vec![
        ("Close", "/echo", says(close(1000, "")), 1000, Cause::Peer),
        ("tab", "/echo", says(close(1001, "")), 1001, Cause::Peer),
        ("own code", "/echo", says(close(4999, "x")), 4999, Cause::Peer),
        ("no code", "/echo", says(frame(0x88, "")), 1005, Cause::Peer),
        ("FIN", "/echo", Box::new(Sim::fin), 1006, Cause::Peer),
        ("data, FIN", "/echo", text_then_fin, 1006, Cause::Peer),
        ("RST", "/echo", Box::new(Sim::reset), 1006, Cause::Peer),
        ("RSV", "/echo", says(hex("c1 80")), 1002, Cause::Protocol),
        ("utf-8", "/echo", says(text([0xff])), 1007, Cause::Protocol),
        ("too big", "/echo", says(too_big), 1009, Cause::Limit),
        ("fragments", "/echo", says(fragment), 1008, Cause::Limit),
        ("app", "/leave", says(text("go")), 4001, Cause::Application),
        ("chat", "/ws/1", says(binary("x")), 1003, Cause::Application),
        ("silence", "/echo", Box::new(|sim, _| sim.advance(Duration::from_secs(40))), 1011, Cause::Timeout),
        ("shutdown", "/echo", Box::new(|sim, _| sim.hub.stop(sim.now)), 1001, Cause::Shutdown),
        ("cut", "/echo", Box::new(|sim, _| sim.hub.cut_all()), 1006, Cause::Shutdown),
        (
            "does not read",
            "/echo",
            Box::new(|sim, peer| {
                sim.set_window(peer, Some(0));
                sim.send(peer, &text("x"));
                sim.advance(Duration::from_secs(30));
            }),
            1013,
            Cause::Slow,
        ),
    ];
    for (name, path, leave, code, cause) in cases {
        ends_with(name, path, leave, code, cause);
    }
}

#[test]
fn nothing_goes_out_behind_the_close_of_an_application() {
    let (mut sim, record) = leaver();
    let peer = sim.open("/leave");
    let output = sim.exchange(peer, &[text("one"), text("two")].concat());
    let mut expected = client::from_server(0x81, "one");
    expected.extend(client::from_server(0x88, [&[0x0f, 0xa1], &b"bye"[..]].concat()));
    assert_eq!(output, expected);
    assert_eq!(
        record.events().last(),
        Some(&Event::Close(sim.peer(peer).id, Closed { code: CloseCode(4001), cause: Cause::Application })),
        "the second message was not delivered any more"
    );
}

#[test]
fn application_may_close_anybody_from_any_callback() {
    /// `/pair`: who leaves, or says something, takes all others along.
    #[derive(Default)]
    struct Pair(Vec<ConnId>);
    impl App for Pair {
        fn route(&self, head: &Head<'_>) -> Option<Route> {
            (head.path == "/pair").then_some(WEBSOCKET)
        }
        fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
            Reply::Upgrade(Options::tagged(0))
        }
        fn on_open(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64) {
            self.0.push(id);
            if self.0.len() > 5 {
                ctx.close(id, CloseCode::TryAgainLater, "full");
            }
        }
        fn on_message(&mut self, ctx: &mut Ctx<'_>, _: ConnId, _: u64, _: Message<'_>) {
            for id in &self.0 {
                ctx.close(*id, CloseCode::NormalClosure, "all");
            }
        }
        fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, _: &Closed) {
            self.0.retain(|other| *other != id);
            for other in &self.0 {
                ctx.close(*other, CloseCode::GoingAway, "with you");
            }
        }
    }
    for leave in [text("all of you"), close(1000, ""), hex("81 00")] {
        let (all, record) = watched(vec![Box::<Pair>::default() as Box<dyn App>]);
        let mut sim = Sim::with_apps(Config::default(), all);
        let peers: Vec<PeerNo> = (0..5).map(|_| sim.open("/pair")).collect();
        sim.send(peers[2], &leave);
        sim.run();
        assert_eq!(record.closes().len(), 5);
        assert_eq!(record.check(), 0);
        for peer in peers {
            let frames = client::frames(&sim.take(peer));
            assert_eq!(frames.len(), 1, "one Close for each");
            assert_eq!(frames[0].first, 0x88);
        }
    }
    // Closed before it is open: the 101 goes out, and the Close behind it.
    let (all, record) = watched(vec![Box::<Pair>::default() as Box<dyn App>]);
    let mut sim = Sim::with_apps(Config::default(), all);
    for _ in 0..5 {
        sim.open("/pair");
    }
    let sixth = sim.connect();
    let output = sim.exchange(sixth, client::upgrade("/pair").as_bytes());
    let frames = output.strip_prefix(client::SWITCHING.as_bytes());
    assert_eq!(
        client::frames(frames.expect("the 101 first"))[0].payload,
        [&[0x03, 0xf5], &b"full"[..]].concat()
    );
    assert_eq!(record.check(), 0);
}

#[test]
fn limits_of_a_connection_can_be_its_applications_own() {
    struct Small;
    impl App for Small {
        fn route(&self, _: &Head<'_>) -> Option<Route> {
            Some(WEBSOCKET)
        }
        fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
            Reply::Upgrade(Options {
                tag: 0,
                max_message_bytes: Some(10),
                keepalive: false,
                first_subprotocol: false,
            })
        }
        fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
            ctx.send(id, message);
        }
    }
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Small)]);
    let peer = sim.open("/");
    assert_eq!(sim.exchange(peer, &text("0123456789")), client::from_server(0x81, "0123456789"));
    sim.advance(Duration::from_secs(3_600));
    assert_eq!(sim.take(peer), b"", "no ping");
    let output = client::frames(&sim.exchange(peer, &text("0123456789a")));
    assert_eq!(output[0].payload[..2], 1009_u16.to_be_bytes());
}
