//! Many response bodies at once, read piece by piece: they share each turn.

use crate::sim::{PeerNo, Sim};
use std::io;
use ws101::app::{App, ConnId, Ctx, Message, Reply, Request, RequestId};
use ws101::config::Config;
use ws101::http::head::{Head, Method};
use ws101::http::response::{Body, Response, Source, Status};
use ws101::http::route::Route;

const LEN: u64 = 300_000;

/// Zeros without end.
struct Zeros;

impl Source for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }
}

/// Every request gets a long body.
struct Files;

impl App for Files {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route {
            methods: &[Method::Get],
            websocket: false,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        let source = Box::new(Zeros);
        Reply::Now(Response {
            status: Status(200),
            fields: Vec::new(),
            body: Body::Stream { len: LEN, source },
            close: false,
        })
    }

    fn on_message(&mut self, _: &mut Ctx<'_>, _: ConnId, _: u64, _: Message<'_>) {}
}

#[test]
fn thousand_downloads_share_each_turn_and_all_end() {
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(Files)]);
    let peers: Vec<PeerNo> = (0..1_000).map(|_| sim.connect()).collect();
    for peer in &peers {
        sim.send(*peer, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    let mut received = vec![0; peers.len()];
    let mut largest_turn = 0;
    // 300,000 bytes each, a mebibyte a turn: 287 turns, and a few for the heads.
    while sim.turns < 300 {
        sim.turn();
        let before: usize = received.iter().sum();
        for (peer, received) in peers.iter().zip(&mut received) {
            *received += sim.take(*peer).len();
        }
        largest_turn = largest_turn.max(received.iter().sum::<usize>() - before);
    }
    // LIMITS, rule 3: a mebibyte of bodies, and at most a thousand heads.
    assert!(largest_turn < (1 << 20) + (256 << 10), "{largest_turn}");
    // All heads are alike, so all answers are as long.
    assert!(received.iter().all(|len| *len == received[0]), "unfair");
    assert!(received[0] > LEN as usize, "nothing moves");
}
