//! What a client of the Django Channels chat sees, on `/ws/chat/{room}/` and
//! `/ws/socket-server/`. Clients written for it work unchanged.

mod json;
mod paths;
mod values;

use crate::client::{close, frame, frames, from_server, hex, text, texts};
use crate::sim::{End, PeerNo, Rng, Sim};

/// Opens one connection for each room.
fn members<const N: usize>(sim: &mut Sim, rooms: [&str; N]) -> [PeerNo; N] {
    rooms.map(|room| sim.open(&format!("/ws/chat/{room}/")))
}

/// What a page of the tutorial sends.
fn said(value: &str) -> Vec<u8> {
    text(format!("{{\"message\": {value}}}"))
}

/// What everybody in the room reads then.
fn chat(value: &str) -> String {
    format!("{{\"type\": \"chat\", \"message\": {value}}}")
}

/// What the peer has read since the last time: texts only, and nothing else may be among it.
fn lines(sim: &mut Sim, peer: PeerNo) -> Vec<String> {
    let bytes = sim.take(peer);
    let lines = texts(&bytes);
    assert_eq!(lines.len(), frames(&bytes).len(), "only text frames");
    lines
}

/// The peer was closed with 1011, and that is all that it read.
fn is_closed_1011(sim: &mut Sim, peer: PeerNo, what: &str) {
    let read = frames(&sim.take(peer));
    assert_eq!(read.len(), 1, "{what}: {read:02x?}");
    assert_eq!(read[0].first, 0x88, "{what}");
    assert_eq!(read[0].payload[..2], 1011_u16.to_be_bytes(), "{what}");
}

#[test]
fn message_goes_to_every_member_once_its_sender_included() {
    // These are the bytes that the server of the Django Channels tutorial sends.
    let mut sim = Sim::default();
    let [one, two, three] = members(&mut sim, ["lobby"; 3]);
    let answer = [hex("81 21").as_slice(), b"{\"type\": \"chat\", \"message\": \"hi\"}"].concat();
    assert_eq!(sim.exchange(two, &text("{\"message\": \"hi\"}")), answer);
    assert_eq!(sim.take(one), answer);
    assert_eq!(sim.take(three), answer);
}

#[test]
fn joining_and_leaving_are_silent() {
    // Members leave by a Close, by the end of the stream, by a reset, by breaking a rule.
    let mut sim = Sim::default();
    let [stays, other] = members(&mut sim, ["lobby"; 2]);
    let leavers = members(&mut sim, ["lobby"; 5]);
    sim.send(leavers[0], &close(1001, ""));
    sim.fin(leavers[1]);
    sim.reset(leavers[2]);
    sim.send(leavers[3], &hex("81 01 41"));
    sim.send(leavers[4], &text("nonsense"));
    sim.run();
    assert_eq!((sim.take(stays), sim.take(other)), (vec![], vec![]));
    sim.send(stays, &said("1"));
    sim.run();
    assert_eq!(lines(&mut sim, stays), [chat("1")]);
    assert_eq!(lines(&mut sim, other), [chat("1")]);
}

#[test]
fn rooms_do_not_hear_each_other() {
    // Names are case-sensitive; the room without a name is one of its own; `/ws` is another chat.
    let mut sim = Sim::default();
    let paths = [
        "/ws/chat/lobby/",
        "/ws/chat/Lobby/",
        "/ws/chat/lobby1/",
        "/ws/chat/7/",
        "/ws/chat/socket_server/",
        "/ws/chat/chat_lobby/",
        "/ws/socket-server/",
        "/ws/7",
        "/ws",
        "/broadcast",
        "/broadcast/lobby",
    ];
    let peers = paths.map(|path| sim.open(path));
    for speaker in 0..7 {
        sim.send(peers[speaker], &said("\"hi\""));
        sim.run();
        for (listener, path) in paths.iter().enumerate() {
            let expected = Vec::from_iter((listener == speaker).then(|| chat("\"hi\"")));
            assert_eq!(lines(&mut sim, peers[listener]), expected, "{path} from {speaker}");
        }
    }
}

#[test]
fn room_without_a_name_is_a_room() {
    // It is one fixed room, for pages that name none.
    let mut sim = Sim::default();
    let peers = [(); 3].map(|()| sim.open("/ws/socket-server/"));
    sim.send(peers[0], &said("\"x\""));
    sim.run();
    for peer in peers {
        assert_eq!(lines(&mut sim, peer), [chat("\"x\"")]);
    }
}

#[test]
fn bad_input_closes_its_sender_alone_and_the_room_goes_on() {
    // The sender gets a Close 1011, the room gets nothing.
    let mut sim = Sim::default();
    let [one, two, three] = members(&mut sim, ["lobby"; 3]);
    let input = [said("1"), text("nonsense"), said("2")].concat();
    sim.send(two, &input);
    sim.run();
    for peer in [one, three] {
        assert_eq!(lines(&mut sim, peer), [chat("1")], "what came before it counts");
    }
    let read = sim.take(two);
    assert!(read.starts_with(&from_server(0x81, chat("1"))));
    assert_eq!(frames(&read).len(), 2);
    sim.send(two, &close(1011, ""));
    sim.run();
    assert_ne!(sim.end(two), End::Open);
    sim.send(three, &said("3"));
    sim.run();
    for peer in [one, three] {
        assert_eq!(lines(&mut sim, peer), [chat("3")]);
    }
    assert_eq!(sim.take(two), b"");
}

#[test]
fn fragmented_message_is_passed_on_whole() {
    // Whatever the sender does, receivers get a message in one frame.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["lobby"; 2]);
    sim.send(one, &frame(0x01, "{\"mess"));
    sim.run();
    assert_eq!(sim.take(two), b"");
    sim.send(one, &[frame(0x00, "age\":"), frame(0x80, "0}")].concat());
    sim.run();
    assert_eq!(sim.take(two), from_server(0x81, chat("0")));
}

#[test]
fn burst_of_1_000_messages_loses_none_and_keeps_each_senders_order() {
    // The burst comes in one read, and from five senders in one turn.
    for senders in [1, 5] {
        let mut sim = Sim::default();
        let peers = members(&mut sim, ["lobby"; 5]);
        for (id, peer) in peers.iter().enumerate().take(senders) {
            let burst = (0..1_000).filter(|n| n % senders == id);
            let bytes: Vec<u8> = burst.flat_map(|n| said(&n.to_string())).collect();
            sim.send(*peer, &bytes);
        }
        sim.run();
        let orders = peers.map(|peer| lines(&mut sim, peer));
        for order in &orders {
            assert_eq!(order, &orders[0], "one order for all");
        }
        for id in 0..senders {
            let own = (0..1_000).filter(|n| n % senders == id);
            let own: Vec<String> = own.map(|n| chat(&n.to_string())).collect();
            let heard = orders[0].iter().filter(|line| own.contains(line));
            assert_eq!(heard.collect::<Vec<_>>(), Vec::from_iter(&own));
        }
        assert_eq!(orders[0].len(), 1_000);
    }
}

#[test]
fn member_that_does_not_read_stops_nobody_and_loses_nothing() {
    // The original drops what is more than 100 behind, and a dead member breaks the room.
    let mut sim = Sim::default();
    let [one, two, mute] = members(&mut sim, ["lobby"; 3]);
    sim.set_window(mute, Some(0));
    let mut expected = Vec::new();
    for n in 0..500 {
        let line = chat(&n.to_string());
        let answer = sim.exchange(one, &said(&n.to_string()));
        assert_eq!(answer, from_server(0x81, &line));
        assert_eq!(lines(&mut sim, two), std::slice::from_ref(&line));
        expected.push(line);
    }
    assert_eq!((sim.take(mute), sim.end(mute)), (vec![], End::Open));
    sim.set_window(mute, None);
    sim.run();
    assert_eq!(lines(&mut sim, mute), expected);
}

#[test]
fn message_of_16_mib_is_passed_on() {
    // 16 MiB is the default limit. The message that goes out is longer, by its type.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["lobby"; 2]);
    let text_len = (16 << 20) - "{\"message\": \"\"}".len();
    sim.send(one, &said(&format!("\"{}\"", "w".repeat(text_len))));
    sim.run();
    let expected = 10 + chat("\"\"").len() + text_len;
    for peer in [one, two] {
        assert_eq!((sim.take(peer).len(), sim.end(peer)), (expected, End::Open));
    }
}

#[test]
fn a_room_is_what_its_members_make_it_whoever_comes_and_goes() {
    // Against a list kept by the test: who is in which room, at any moment.
    let mut rng = Rng::new(5);
    let mut sim = Sim::default();
    let mut present: Vec<(PeerNo, usize)> = Vec::new();
    for step in 0..600 {
        match rng.below(4) {
            0 if present.len() < 20 => {
                let room = rng.below(3);
                let peer = sim.open(&format!("/ws/chat/room{room}/"));
                present.push((peer, room));
            }
            1 if !present.is_empty() => {
                let (peer, _) = present.swap_remove(rng.below(present.len()));
                match rng.below(3) {
                    0 => sim.fin(peer),
                    1 => sim.reset(peer),
                    _ => sim.send(peer, &text("[]")),
                }
            }
            _ if !present.is_empty() => {
                sim.run();
                let (speaker, place) = present[rng.below(present.len())];
                sim.send(speaker, &said(&step.to_string()));
                sim.run();
                for &(peer, room) in &present {
                    let expected = Vec::from_iter((room == place).then(|| chat(&step.to_string())));
                    assert_eq!(lines(&mut sim, peer), expected, "step {step}");
                }
            }
            _ => {}
        }
    }
}
