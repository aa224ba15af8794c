//! What a client of the FastAPI chat sees, on `/ws/{client_id}` and `/ws`. Clients written for it work unchanged.

mod leaving;
mod memory;
mod paths;

use crate::client::{binary, close, frame, frames, from_server, hex, text, texts};
use crate::sim::{End, PeerNo, Rng, Sim, apps};
use std::time::Duration;
use ws101::apps::chat::Chat;
use ws101::config::Config;

/// Opens one connection for each id.
fn members<const N: usize>(sim: &mut Sim, ids: [&str; N]) -> [PeerNo; N] {
    ids.map(|id| sim.open(&format!("/ws/{id}")))
}

/// What the peer has read since the last time: texts only, and nothing else may be among it.
fn lines(sim: &mut Sim, peer: PeerNo) -> Vec<String> {
    let bytes = sim.take(peer);
    let lines = texts(&bytes);
    assert_eq!(lines.len(), frames(&bytes).len(), "only text frames");
    lines
}

#[test]
fn sender_reads_two_lines_and_everybody_else_one() {
    // These are the bytes that the chat of the FastAPI documentation sends.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    let hello = hex("81 85 01 02 03 04 49 67 6f 68 6e");
    let wrote = [&[0x81, 0x10], b"You wrote: Hello".as_slice()].concat();
    let says = [&[0x81, 0x15][..], b"Client #2 says: Hello".as_slice()].concat();
    assert_eq!(sim.exchange(two, &hello), [wrote.as_slice(), &says].concat());
    assert_eq!(sim.take(one), says);
}

#[test]
fn joining_is_silent() {
    // In both chats nobody reads a line when somebody joins.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    let [three, four] = [sim.open("/ws"), sim.open("/ws")];
    for peer in [one, two, three, four] {
        assert_eq!(sim.take(peer), b"");
    }
}

#[test]
fn somebody_alone_reads_both_lines() {
    // The second line goes to everybody, its sender included.
    let mut sim = Sim::default();
    let [one] = members(&mut sim, ["1"]);
    let answer = sim.exchange(one, &text("x"));
    assert_eq!(texts(&answer), ["You wrote: x", "Client #1 says: x"]);
}

#[test]
fn two_members_may_have_one_id() {
    // An id is a name only: these are two members.
    let mut sim = Sim::default();
    let [first, second] = members(&mut sim, ["7", "007"]);
    sim.send(first, &text("x"));
    sim.run();
    assert_eq!(lines(&mut sim, first), ["You wrote: x", "Client #7 says: x"]);
    assert_eq!(lines(&mut sim, second), ["Client #7 says: x"]);
    sim.fin(first);
    sim.run();
    assert_eq!(lines(&mut sim, second), ["Client #7 has left the chat"]);
}

#[test]
fn text_is_passed_on_as_it_is() {
    // The chat neither escapes nor trims.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    let [three, four] = [sim.open("/ws"), sim.open("/ws")];
    let long = "é".repeat(40_000);
    for said in [
        "",
        "\0",
        "a\0b",
        "one\ntwo\r\n",
        "  x\t ",
        "<b onclick='x()'>&amp;</b>",
        "🚀 ñ \u{feff}\u{202e}",
        "{\"message\": \"hi\"}",
        "You wrote: x",
        &long,
    ] {
        let wrote = format!("You wrote: {said}");
        let says = format!("Client #1 says: {said}");
        let expected = [from_server(0x81, &wrote), from_server(0x81, &says)].concat();
        assert!(sim.exchange(one, &text(said)) == expected, "{said:?}");
        assert!(sim.take(two) == from_server(0x81, &says), "{said:?}");

        let plain = from_server(0x81, said);
        assert!(sim.exchange(three, &text(said)) == plain, "{said:?}");
        assert!(sim.take(four) == plain, "{said:?}");
    }
}

#[test]
fn fragmented_message_is_passed_on_whole() {
    // Whatever the sender does, receivers get a message in one frame.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    sim.send(one, &frame(0x01, "Hel"));
    sim.run();
    assert_eq!(sim.take(two), b"");
    sim.send(one, &[frame(0x00, ""), frame(0x80, "lo")].concat());
    sim.run();
    assert_eq!(sim.take(two), from_server(0x81, "Client #1 says: Hello"));
}

#[test]
fn chats_with_and_without_ids_do_not_hear_each_other() {
    // `/ws` is a chat of its own.
    let mut sim = Sim::default();
    let [numbered] = members(&mut sim, ["1"]);
    let anonymous = sim.open("/ws");
    let echo = sim.open("/echo");
    sim.send(numbered, &text("x"));
    sim.send(anonymous, &text("y"));
    sim.run();
    assert_eq!(lines(&mut sim, numbered), ["You wrote: x", "Client #1 says: x"]);
    assert_eq!(lines(&mut sim, anonymous), ["y"]);
    assert_eq!(sim.take(echo), b"");
    sim.fin(anonymous);
    sim.run();
    assert_eq!(sim.take(numbered), b"");
}

#[test]
fn chat_without_ids_gives_every_message_once_to_everybody() {
    // Its sender is one of them, and leaving is one line for the rest.
    let mut sim = Sim::default();
    let peers = [(); 3].map(|()| sim.open("/ws"));
    sim.send(peers[1], &text("Hello"));
    sim.run();
    for peer in peers {
        assert_eq!(sim.take(peer), from_server(0x81, "Hello"));
    }
    sim.fin(peers[1]);
    sim.run();
    for peer in [peers[0], peers[2]] {
        assert_eq!(sim.take(peer), from_server(0x81, "A client disconnected"));
    }
    assert_eq!(sim.take(peers[1]), b"");
}

/// Without the lines that only the sender reads, and with each of them where it belongs:
/// directly before the same text as everybody's.
fn common(lines: Vec<String>, id: usize) -> Vec<String> {
    let mut common = Vec::new();
    let mut expected = None;
    for line in lines {
        if let Some(said) = line.strip_prefix("You wrote: ") {
            assert_eq!(expected, None, "two in a row at {id}");
            expected = Some(format!("Client #{id} says: {said}"));
        } else {
            if line.starts_with(&format!("Client #{id} says: ")) {
                assert_eq!(expected.take().as_ref(), Some(&line));
            }
            common.push(line);
        }
    }
    assert_eq!(expected, None);
    common
}

#[test]
fn all_receivers_see_one_order_and_each_sender_its_own() {
    // Messages come in one turn, and over turns, and are cut anywhere.
    for seed in 1..40 {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::default();
        let count = 2 + rng.below(5);
        let peers: Vec<PeerNo> = (0..count).map(|id| sim.open(&format!("/ws/{id}"))).collect();
        let mut said = vec![0; count];
        for _ in 0..60 {
            let id = rng.below(count);
            let mut bytes = Vec::new();
            for _ in 0..1 + rng.below(3) {
                bytes.extend(text(format!("{}", said[id])));
                said[id] += 1;
            }
            let (one, two) = bytes.split_at(rng.below(bytes.len()));
            for part in [one, two] {
                if !part.is_empty() {
                    sim.send(peers[id], part);
                }
            }
            match rng.below(3) {
                0 => sim.turn(),
                1 => sim.run(),
                _ => {}
            }
        }
        sim.run();
        let orders: Vec<_> = (0..count).map(|id| common(lines(&mut sim, peers[id]), id)).collect();
        for order in &orders {
            assert_eq!(order, &orders[0], "one order, seed {seed}");
        }
        for (id, said) in said.iter().enumerate() {
            let prefix = format!("Client #{id} says: ");
            let own = orders[0].iter().filter_map(|line| line.strip_prefix(&prefix));
            let expected: Vec<String> = (0..*said).map(|n: usize| n.to_string()).collect();
            assert_eq!(own.collect::<Vec<_>>(), expected, "seed {seed}");
        }
    }
}

#[test]
fn burst_of_1_000_messages_loses_none_and_doubles_none() {
    // The burst comes in one read, and from five senders in one turn.
    for senders in [1, 5] {
        let mut sim = Sim::default();
        let peers: Vec<PeerNo> = (0..5).map(|id| sim.open(&format!("/ws/{id}"))).collect();
        for (id, peer) in peers.iter().enumerate().take(senders) {
            let burst = (0..1_000).filter(|n| n % senders == id);
            let bytes: Vec<u8> = burst.flat_map(|n| text(format!("message {n}"))).collect();
            sim.send(*peer, &bytes);
        }
        sim.run();
        let orders: Vec<_> = (0..5).map(|id| common(lines(&mut sim, peers[id]), id)).collect();
        for order in &orders {
            assert_eq!(order.len(), 1_000);
            assert_eq!(order, &orders[0]);
        }
        let mut numbers: Vec<usize> =
            orders[0].iter().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
    }
}

#[test]
fn member_that_does_not_read_stops_nobody_and_loses_nothing_within_its_limits() {
    // In the chat of the FastAPI documentation such a member stops all others.
    let mut sim = Sim::default();
    let [one, two, mute] = members(&mut sim, ["1", "2", "3"]);
    sim.set_window(mute, Some(0));
    let mut expected = Vec::new();
    for n in 0..500 {
        let answer = sim.exchange(one, &text(format!("{n}")));
        let says = format!("Client #1 says: {n}");
        assert_eq!(texts(&answer), [format!("You wrote: {n}"), says.clone()]);
        assert_eq!(lines(&mut sim, two), std::slice::from_ref(&says));
        expected.push(says);
    }
    assert_eq!(sim.take(mute), b"");
    assert_eq!(sim.end(mute), End::Open);
    sim.set_window(mute, None);
    sim.run();
    assert_eq!(lines(&mut sim, mute), expected);
}

#[test]
fn message_of_16_mib_is_passed_on_and_its_sender_gets_two_copies() {
    // The queue limit is twice the message limit, which leaves room for both.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    sim.send(two, &text("w".repeat(16 << 20)));
    sim.run();
    let frame = |line: &str| 10 + line.len() + (16 << 20);
    let says = frame("Client #2 says: ");
    assert_eq!(sim.take(two).len(), frame("You wrote: ") + says);
    assert_eq!(sim.take(one).len(), says);
    assert_eq!((sim.end(one), sim.end(two)), (End::Open, End::Open));
}
