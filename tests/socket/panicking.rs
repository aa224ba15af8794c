//! A server with an application that has bugs, for `panics.rs`: it panics on words.
#![allow(clippy::expect_used)]

use std::io::Write;
use std::net::SocketAddr;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId, World};
use ws101::apps::{WEBSOCKET, chat::Chat, echo::Echo, status::Status};
use ws101::config::Config;
use ws101::guard::panics;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::policy::Policy;
use ws101::http::route::Route;
use ws101::hub::Hub;
use ws101::server::Server;

/// `/buggy` is an echo until it hears "panic"; after "later" it panics when its client leaves.
/// A request for `/buggy/request` panics at once.
#[derive(Default)]
struct Buggy {
    later: bool,
}

impl App for Buggy {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        match head.path {
            "/buggy" => Some(WEBSOCKET),
            "/buggy/request" => Some(Route { methods: &[Method::Get], websocket: false, max_body_bytes: 0 }),
            _ => None,
        }
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        assert!(request.upgrade, "a request that nobody expected");
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        assert_ne!(message, Message::Text("panic\u{1b}"), "heard the word");
        self.later |= message == Message::Text("later");
        ctx.send(id, message);
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, _: u64, _: &Closed) {
        assert!(!std::mem::take(&mut self.later), "somebody has left");
    }

    fn on_shutdown(&mut self, _: &mut Ctx<'_>) {
        panic!("time to go");
    }
}

struct NoWorld;

impl World for NoWorld {
    fn random(&mut self, _: &mut [u8]) {}
    fn unix_time(&mut self) -> u64 {
        0
    }
    fn last_panic(&mut self) -> String {
        panics::take()
    }
}

fn main() {
    let log = simplelog::ConfigBuilder::new().build();
    simplelog::WriteLogger::init(log::LevelFilter::Info, log, std::io::stderr()).expect("a log");
    panics::keep_messages();
    let apps: Vec<Box<dyn App>> = vec![
        Box::new(Buggy::default()),
        Box::new(Echo),
        Box::new(Chat::new("has left the chat".to_owned())),
        Box::new(Status),
    ];
    let hub = Hub::new(Config::default(), Policy::default(), Box::new(NoWorld), apps);
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Server::listen(address).expect("a port");
    let mut server = Server::new(listener, hub).expect("a loop");
    let address = server.local_addr().expect("an address");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "Server running at http://{address}").expect("a reader");
    stdout.flush().expect("a reader");
    server.run().expect("a loop");
}
