//! The server that the public protocol suites are run against (SEED_SYSTEMS §4.2): Engine.IO v4 and
//! Socket.IO v5, as those suites' README files describe it.
//!
//! `cargo run --example suite`, then `npm test` in docs/engine.io-protocol/v4-test-suite and in
//! docs/socket.io-protocol/v5-test-suite of the repository socketio/socket.io. An argument is another port
//! than 3000.
#![allow(clippy::expect_used)]

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use ws101::app::{App, Message, World};
use ws101::config::Config;
use ws101::http::policy::Policy;
use ws101::hub::Hub;
use ws101::server::Server;
use ws101::socketio::application::{Application, Event, Socket, Values};
use ws101::socketio::broker::Broker;
use ws101::socketio::engine::io::{Io, Service, SessionId};
use ws101::socketio::engine::{Engine, Settings};
use ws101::socketio::sockets::Sockets;

/// Tells credentials, sends back, acknowledges.
struct Suite;

impl Application for Suite {
    fn accepts(&self, namespace: &str) -> bool {
        matches!(namespace, "/" | "/custom")
    }

    fn on_connect(
        &mut self,
        sockets: &mut Sockets<'_, '_, '_>,
        socket: Socket,
        auth: Option<&str>,
    ) {
        sockets.emit(socket, "auth", Values::of(auth.unwrap_or("{}")));
    }

    fn on_event(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, event: &Event<'_>) {
        if sockets.namespace(socket) != "/" {
            return;
        }
        if event.is("message") {
            sockets.emit(socket, "message-back", event.values);
        }
        if let Some(ack) = event.ack.filter(|_| event.is("message-with-ack")) {
            sockets.ack(socket, ack, event.values);
        }
    }
}

/// Engine.IO with nothing on it: every message comes back.
struct Echo;

impl Service for Echo {
    fn on_open(&mut self, _: &mut Io<'_, '_>, _: SessionId) {}

    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>) {
        io.send(session, message);
    }

    fn on_close(&mut self, _: &mut Io<'_, '_>, _: SessionId) {}
}

struct System;

impl World for System {
    fn random(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("randomness");
    }

    fn unix_time(&mut self) -> u64 {
        0
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
    let port = std::env::args().nth(1);
    let port = port.map_or(3000, |port| port.parse().expect("a port"));
    let broker = Broker::new(Suite, Duration::from_secs(1));
    let apps: Vec<Box<dyn App>> = vec![
        Box::new(Engine::new(settings("/socket.io/"), broker)),
        Box::new(Engine::new(settings("/engine.io/"), Echo)),
    ];
    let policy = Policy {
        allowed_origins: vec!["*".to_owned()],
        ..Policy::default()
    };
    let hub = Hub::new(Config::default(), policy, Box::new(System), apps);
    let listener = Server::listen(SocketAddr::from(([127, 0, 0, 1], port))).expect("a port");
    let mut server = Server::new(listener, hub).expect("a loop");
    let address = server.local_addr().expect("an address");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "Server running at http://{address}").expect("a reader");
    stdout.flush().expect("a reader");
    server.run().expect("a loop");
}
