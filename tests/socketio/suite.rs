//! The program that the public suites of Engine.IO 4 and Socket.IO 5 want to meet: short deadlines,
//! an echo at `/engine.io/`, namespaces that repeat what they are told. `tests/socketio/suites` starts it.
#![allow(clippy::expect_used)]

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ws101::app::{App, Message, World};
use ws101::config::Config;
use ws101::guard::panics;
use ws101::http::policy::Policy;
use ws101::hub::Hub;
use ws101::server::Server;
use ws101::socketio::application::{Application, Event, Socket, Sockets, Values};
use ws101::socketio::broker::Broker;
use ws101::socketio::engine::io::{Io, Service, SessionId};
use ws101::socketio::engine::{Engine, Settings};

/// Every message goes back to its sender.
struct Echo;

impl Service for Echo {
    fn on_open(&mut self, _: &mut Io<'_, '_>, _: SessionId) {}

    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>) {
        io.send(session, message);
    }

    fn on_close(&mut self, _: &mut Io<'_, '_>, _: SessionId) {}
}

/// `auth` says what a client brought; in `/` it hears again what it says.
struct Mirror;

impl Application for Mirror {
    fn accepts(&self, namespace: &str) -> bool {
        ["/", "/custom"].contains(&namespace)
    }

    fn on_connect(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, auth: Option<&str>) {
        sockets.emit(socket, "auth", Values::of(auth.unwrap_or("{}")));
    }

    fn on_event(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, event: &Event<'_>) {
        if sockets.namespace(socket) != "/" {
            return;
        }
        if event.is("message") {
            sockets.emit(socket, "message-back", event.values);
        } else if let (true, Some(ack)) = (event.is("message-with-ack"), event.ack) {
            sockets.ack(socket, ack, event.values);
        }
    }
}

struct System;

impl World for System {
    fn random(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("random bytes");
    }

    fn unix_time(&mut self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }

    fn last_panic(&mut self) -> String {
        panics::take()
    }
}

fn settings(path: &str) -> Settings {
    Settings {
        path: path.to_owned(),
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        origins: vec!["*".to_owned()],
        ..Settings::default()
    }
}

fn main() {
    let log = simplelog::ConfigBuilder::new().build();
    simplelog::WriteLogger::init(log::LevelFilter::Info, log, std::io::stderr()).expect("a log");
    panics::keep_messages();
    let broker = Broker::new(Mirror, Duration::from_secs(1));
    let apps: Vec<Box<dyn App>> = vec![
        Box::new(Engine::new(settings("/engine.io/"), Echo)),
        Box::new(Engine::new(settings("/socket.io/"), broker)),
    ];
    let policy = Policy { allowed_origins: vec!["*".to_owned()], ..Policy::default() };
    let hub = Hub::new(Config::default(), policy, Box::new(System), apps);
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Server::listen(address).expect("a port");
    let mut server = Server::new(listener, hub).expect("a loop");
    let address = server.local_addr().expect("an address");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "Server running at http://{address}").expect("a reader");
    stdout.flush().expect("a reader");
    server.run().expect("a loop");
}
