//! Many clients: one encoding for all, nothing left when they are gone.

use super::client::{Client, Got, Transport, noting, said, serve, take};
use crate::client::from_server;
use crate::sim::Rng;
use std::time::Duration;
use ws101::socketio::chat::Chat;

#[test]
fn a_hundred_clients_read_the_same_bytes() {
    let mut sim = serve(Chat);
    let mut clients: Vec<Client> = (0..100)
        .map(|n| match n % 4 {
            0 => Client::joined(&mut sim, Transport::Polling),
            _ => Client::joined(&mut sim, Transport::WebSocket),
        })
        .collect();
    for n in 0..20 {
        let message = format!("2[\"chat message\",{n}]");
        clients[n * 5].send(&mut sim, &[&message]);
        for client in &mut clients {
            assert_eq!(client.read(&mut sim), [said(&message)]);
        }
    }
}

#[test]
fn a_broadcast_is_encoded_once() {
    // What the hub holds for those who do not read is shared: were it encoded for each, this would be
    // a hundred times as much.
    let mut sim = serve(Chat);
    let clients: Vec<Client> = (0..100).map(|_| Client::joined(&mut sim, Transport::WebSocket)).collect();
    let mut speaker = Client::joined(&mut sim, Transport::WebSocket);
    for client in &clients {
        if let Client::WebSocket(peer) = client {
            sim.set_window(*peer, Some(0));
        }
    }
    let message = format!("2[\"chat message\",\"{}\"]", "x".repeat(50_000));
    assert_eq!(speaker.exchange(&mut sim, &[&message]), [said(&message)]);
    let held = sim.hub.held_bytes();
    assert!((50_000..200_000).contains(&held), "{held} bytes for 100");
    let frame = from_server(0x81, format!("4{message}"));
    for client in &clients {
        if let Client::WebSocket(peer) = client {
            sim.set_window(*peer, None);
            sim.run();
            assert_eq!(sim.take(*peer), frame);
        }
    }
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn whatever_a_crowd_does_each_that_joined_leaves_once() {
    let (mut sim, notes) = noting();
    let mut rng = Rng::new(77);
    let mut clients = Vec::new();
    for _ in 0..1_500 {
        if clients.len() < 40 {
            let transport = super::client::BOTH[rng.below(2)];
            clients.push(Client::open(&mut sim, transport));
        }
        let index = rng.below(clients.len());
        let client = &mut clients[index];
        let texts = [
            "0",
            "0/custom,",
            "1",
            "1/custom,",
            "2[\"message\",1]",
            "2/custom,[\"ask\"]",
            "3/custom,0[1]",
            "51-[\"message\"]",
        ];
        let got = match rng.below(12) {
            0 => {
                client.send_all(&mut sim, &[Got::Close]);
                vec![Got::Close]
            }
            1 => {
                client.send_all(&mut sim, &[Got::Binary(vec![1])]);
                client.read(&mut sim)
            }
            n => client.exchange(&mut sim, &[texts[n % texts.len()]]),
        };
        if got.contains(&Got::Close) {
            clients.swap_remove(index);
        }
    }
    for mut client in clients {
        client.send_all(&mut sim, &[Got::Close]);
    }
    sim.advance(Duration::from_secs(100));
    let told = take(&notes);
    for namespace in ["/", "/custom"] {
        let count = |what: &str| {
            let line = format!("{what} {namespace}");
            told.iter().filter(|told| **told == line).count()
        };
        assert!(count("connect") > 100, "{}", count("connect"));
        assert_eq!(count("connect"), count("disconnect"), "{namespace}");
    }
    assert_eq!(sim.hub.held_bytes(), 0);
}
