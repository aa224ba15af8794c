//! Packets with attachments, both ways: a text, then as many binary messages as it announces.

use super::client::{BOTH, Client, Got, Noting, Transport, bytes, noting, said, serve_with, take};
use super::namespaces::rest;
use std::time::Duration;
use ws101::config::Config;

const TWO: &str = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;

#[test]
fn attachments_go_both_ways() {
    for transport in BOTH {
        let (mut sim, _) = noting();
        let mut client = Client::joined(&mut sim, transport);
        for (sent, back) in
            [("52-[\"message\",", "52-[\"message-back\","), ("52-789[\"message-with-ack\",", "62-789[")]
        {
            let sent = format!("{sent}{TWO}]");
            let (one, two) = (bytes(&[1, 2, 3]), bytes(&[]));
            client.send_all(&mut sim, &[said(&sent), one.clone(), two.clone()]);
            let back = said(&format!("{back}{TWO}]"));
            assert_eq!(client.read(&mut sim), [back, one, two]);
        }
    }
}

#[test]
fn attachments_of_an_answer_reach_the_application() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::joined(&mut sim, transport);
        client.exchange(&mut sim, &["0/custom,", "2/custom,[\"ask\"]"]);
        take(&notes);
        let ack = said("61-/custom,0[{\"_placeholder\":true,\"num\":0}]");
        client.send_all(&mut sim, &[ack, bytes(&[9, 8])]);
        let told = take(&notes);
        assert!(told[0].ends_with("attachments: [[9, 8]] }"), "{told:?}");
    }
}

#[test]
fn ten_attachments_are_waited_for_one_by_one() {
    let (mut sim, _) = noting();
    let mut client = Client::joined(&mut sim, Transport::WebSocket);
    let whole = |name: &str| format!("510-[\"{name}\",{{\"_placeholder\":true,\"num\":9}}]");
    assert_eq!(client.exchange(&mut sim, &[&whole("message")]), []);
    for n in 0..10 {
        assert_eq!(client.read(&mut sim), []);
        client.send_all(&mut sim, &[bytes(&[n])]);
    }
    let got = client.read(&mut sim);
    assert_eq!(got[0], said(&whole("message-back")));
    assert_eq!(got[1..], (0..10).map(|n| bytes(&[n])).collect::<Vec<_>>());
    // What follows is a packet again.
    assert_eq!(client.exchange(&mut sim, &["2[\"message\"]"]).len(), 1);
}

#[test]
fn an_attachment_that_does_not_come_ends_the_session() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::joined(&mut sim, transport);
        take(&notes);
        client.send(&mut sim, &["52-[\"message\"]"]);
        rest(&mut sim, &mut client, 59);
        client.send_all(&mut sim, &[bytes(&[1])]);
        // It has come: so long again for the next.
        rest(&mut sim, &mut client, 59);
        sim.advance(Duration::from_secs(2));
        assert_eq!(client.read(&mut sim), [Got::Close]);
        assert_eq!(take(&notes), ["disconnect /"]);
    }
}

#[test]
fn when_all_have_come_nothing_is_waited_for() {
    let (mut sim, _) = noting();
    let mut client = Client::joined(&mut sim, Transport::WebSocket);
    client.send_all(&mut sim, &[said("51-[\"unknown\"]"), bytes(&[1])]);
    assert_eq!(sim.hub.held_bytes(), 0);
    rest(&mut sim, &mut client, 130);
}

#[test]
fn what_is_held_for_a_packet_counts_and_is_given_back() {
    for transport in BOTH {
        let (mut sim, _) = noting();
        let mut client = Client::joined(&mut sim, transport);
        let before = sim.hub.held_bytes();
        let text = "53-[\"message\"]";
        client.send_all(&mut sim, &[said(text), bytes(&[0; 9_000]), bytes(&[0; 800])]);
        assert_eq!(sim.hub.held_bytes() - before, text.len() + 9_800, "{transport:?}");
        client.send(&mut sim, &["2[\"message\"]"]);
        assert_eq!(client.read(&mut sim), [Got::Close]);
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn nothing_is_held_for_a_client_that_was_closed_and_has_not_heard_of_it() {
    let (mut sim, _) = noting();
    let mut client = Client::open(&mut sim, Transport::Polling);
    client.send(&mut sim, &["0"]);
    let queued = sim.hub.held_bytes();
    client.send_all(&mut sim, &[said("52-[\"message\"]"), bytes(&[0; 9_000])]);
    assert_eq!(sim.hub.held_bytes() - queued, 14 + 9_000);
    client.send(&mut sim, &["2[\"message\"]"]);
    assert_eq!(sim.hub.held_bytes(), queued, "the answer to its CONNECT");
    assert_eq!(client.read(&mut sim).len(), 3);
}

#[test]
fn who_makes_us_hold_most_goes_when_memory_is_short() {
    let config = Config { memory_budget_bytes: 2_000_000, ..Config::default() };
    let notes = super::client::Notes::default();
    let mut sim = serve_with(config, Noting(notes.clone()));
    let mut modest = Client::joined(&mut sim, Transport::WebSocket);
    let mut greedy = Client::joined(&mut sim, Transport::WebSocket);
    take(&notes);
    modest.send_all(&mut sim, &[said("52-[\"message\"]"), bytes(&[1; 1_000])]);
    greedy.send(&mut sim, &["510-[\"message\"]"]);
    for _ in 0..9 {
        greedy.send_all(&mut sim, &[bytes(&[1; 400_000])]);
    }
    assert_eq!(greedy.read(&mut sim), [Got::Close]);
    assert_eq!(take(&notes), ["disconnect /"]);
    modest.send_all(&mut sim, &[bytes(&[2])]);
    assert_eq!(modest.read(&mut sim).len(), 3);
}
