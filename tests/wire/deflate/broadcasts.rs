//! One message for many: compressed once for all who have agreed to the same window.

use super::client::{Client, json, takeover};
use crate::client::{frames, from_server, text};
use crate::sim::{PeerNo, Sim};
use ws101::config::{Config, Tuning};

const OFFER: &str = "permessage-deflate";

#[test]
fn receivers_with_the_same_parameters_get_the_same_bytes() {
    for config in [Config::default(), takeover()] {
        let mut sim = Sim::new(config);
        let mut clients: Vec<Client> = (0..20).map(|_| Client::open(&mut sim, "/broadcast", OFFER)).collect();
        for round in 0..5 {
            let message = json(1_000 + 100 * round);
            sim.send(clients[round].no, &text(&message));
            sim.run();
            let received: Vec<Vec<u8>> = clients.iter().map(|client| sim.take(client.no)).collect();
            assert!(received.iter().all(|bytes| *bytes == received[0]));
            for (client, bytes) in clients.iter_mut().zip(&received) {
                let expected = (0x81, message.clone().into_bytes(), true);
                assert!(client.read(bytes) == [expected]);
            }
        }
    }
}

#[test]
fn everybody_reads_the_same_whatever_they_agreed_to() {
    // Plain, both policies' answers, windows of each size, takeover or not; broadcasts in a row.
    for config in [Config::default(), takeover()] {
        let mut sim = Sim::new(config);
        let plain: Vec<PeerNo> = (0..3).map(|_| sim.open("/broadcast")).collect();
        let offers = [
            OFFER.to_owned(),
            "permessage-deflate; server_no_context_takeover".to_owned(),
            "permessage-deflate; client_max_window_bits".to_owned(),
        ];
        let windows = (9..=15).map(|bits| format!("{OFFER}; server_max_window_bits={bits}"));
        let mut clients: Vec<Client> = offers
            .into_iter()
            .chain(windows)
            .cycle()
            .take(20)
            .map(|offer| Client::open(&mut sim, "/broadcast", &offer))
            .collect();
        for round in 0..12 {
            let message = json([100, 300, 2_000, 9_000][round % 4]);
            let input = clients[round].compressed(0x81, &message);
            sim.send(clients[round].no, &input);
            sim.run();
            for peer in &plain {
                assert!(sim.take(*peer) == from_server(0x81, &message), "{round}");
            }
            let mut sent: Vec<(u8, Vec<u8>)> = Vec::new();
            for client in &mut clients {
                let bytes = sim.take(client.no);
                let messages = client.read(&bytes);
                assert_eq!(messages.len(), 1);
                let is_long = message.len() >= 256;
                let expected = (0x81, message.clone().into_bytes(), is_long);
                assert!(messages[0] == expected, "{round} {}", client.answer);
                sent.push((client.window_bits(), bytes));
            }
            // The same window, the same bytes: however takeover was agreed on.
            for (bits, bytes) in &sent {
                assert!(sent.iter().all(|(b, other)| b != bits || other == bytes));
            }
        }
    }
}

/// Turns that it takes to pass on this many long messages, which arrive in one read, to as many receivers.
fn turns(receivers: usize, offer: impl Fn(usize) -> String) -> usize {
    let mut sim = Sim::new(Config {
        tuning: Tuning { max_turn_bytes: 64 << 10, ..Tuning::default() },
        ..Config::default()
    });
    let sender = Client::open(&mut sim, "/broadcast", &offer(0));
    let clients: Vec<Client> =
        (1..receivers).map(|no| Client::open(&mut sim, "/broadcast", &offer(no))).collect();
    let before = sim.turns;
    sim.send(sender.no, &text("a".repeat(8_000)).repeat(16));
    sim.run();
    for client in &clients {
        assert_eq!(frames(&sim.take(client.no)).len(), 16);
    }
    sim.turns - before
}

#[test]
fn work_does_not_grow_with_the_receivers() {
    // What goes through the compressor counts against a turn, like what is encoded: 64 KiB of it and the
    // rest waits. 16 messages of 8 KB fill two turns, however many receive them.
    let same = |_| OFFER.to_owned();
    let few = turns(1, same);
    assert_eq!(turns(40, same), few);
    // Windows of seven sizes are seven times the work, and seen to be: the count is no constant.
    let each = |no: usize| format!("{OFFER}; server_max_window_bits={}", 9 + no % 7);
    let seven = turns(7, each);
    assert!(seven >= few + 4, "{seven}, {few}");
    assert_eq!(turns(28, each), seven);
}

#[test]
fn memory_does_not_grow_with_the_receivers() {
    // One compressed form lies in memory for all who do not read at the moment.
    let held = |receivers: usize| {
        let mut sim = Sim::default();
        let sender = Client::open(&mut sim, "/broadcast", OFFER);
        for _ in 0..receivers {
            let client = Client::open(&mut sim, "/broadcast", OFFER);
            sim.set_window(client.no, Some(0));
        }
        sim.exchange(sender.no, &text(json(60_000)));
        sim.hub.held_bytes()
    };
    let (few, many) = (held(2), held(100));
    assert!(few > 4_000, "something is held: {few}");
    assert!(many < few + 98 * 500, "{few}, {many}");
}
