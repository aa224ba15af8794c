//! `/broadcast` and `/broadcast/{topic}`: every message unchanged to everybody on the topic.

use crate::client::{binary, close, frame, frame_with_key, frames, from_server, ping, text, texts, upgrade};
use crate::sim::{End, PeerNo, Rng, Sim};

fn is_refused(path: &str) {
    let mut sim = Sim::default();
    let peer = sim.connect();
    let answer = sim.exchange(peer, upgrade(path).as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{path}: {answer}");
    assert_eq!(sim.end(peer), End::HalfClosed, "{path}");
}

#[test]
fn message_reaches_everybody_unchanged_its_sender_included() {
    let mut sim = Sim::default();
    let peers = [(); 3].map(|()| sim.open("/broadcast"));
    let every_byte: Vec<u8> = (0..=255).collect();
    for (first, payload) in [
        (0x81, "Hello, é 🚀".as_bytes()),
        (0x82, &every_byte),
        (0x81, b""),
        (0x82, b""),
        (0x81, b"\0"),
        // Binary stays binary, also where it would be text.
        (0x82, b"Hello"),
    ] {
        let sent = frame(first, payload);
        let expected = from_server(first, payload);
        assert_eq!(sim.exchange(peers[1], &sent), expected);
        assert_eq!(sim.take(peers[0]), expected);
        assert_eq!(sim.take(peers[2]), expected);
    }
}

#[test]
fn topic_is_1_to_64_unreserved_characters() {
    // A topic is `[A-Za-z0-9_.~-]{1,64}`.
    let longest = "a".repeat(64);
    for topic in ["a", "Z", "0", "_", ".", "~", "-", "..", "a.b-c_d~e", &longest] {
        let mut sim = Sim::default();
        let peer = sim.open(&format!("/broadcast/{topic}"));
        assert_eq!(sim.exchange(peer, &text("x")), from_server(0x81, "x"), "{topic}");
    }
    is_refused(&format!("/broadcast/{longest}a"));
    is_refused(&format!("/broadcast/{}", longest.repeat(60)));
    // All of ASCII that may stand in a path and not in a topic (RFC 9112 §3.2.1).
    for byte in 0x21..0x7f_u8 {
        let c = char::from(byte);
        if !c.is_ascii_alphanumeric() && !"_.~-?#".contains(c) {
            is_refused(&format!("/broadcast/a{c}"));
        }
    }
    for path in [
        "/broadcast/",
        "/broadcast//",
        "/broadcast/a/",
        "/broadcast/a/b",
        "/broadcast//a",
        "/broadcast/a%62",
        "/broadcast/%61",
        "/broadcast/%C3%A9",
        "/broadcast%2Fa",
        "/Broadcast",
        "/broadcasts",
        "/broadcasta",
        "/broadcas",
        "//broadcast",
    ] {
        is_refused(path);
    }
}

#[test]
fn topics_do_not_hear_each_other() {
    let mut sim = Sim::default();
    let paths = ["/broadcast", "/broadcast/a", "/broadcast/A", "/broadcast/a.", "/broadcast/aa"];
    let rooms = paths.map(|path| [sim.open(path), sim.open(path)]);
    let strangers = [sim.open("/echo"), sim.open("/ws"), sim.open("/ws/1")];
    for (path, room) in paths.iter().zip(rooms) {
        sim.send(room[0], &text(path));
    }
    sim.run();
    for (path, room) in paths.iter().zip(rooms) {
        for peer in room {
            assert_eq!(sim.take(peer), from_server(0x81, path), "{path}");
        }
    }
    for stranger in strangers {
        assert_eq!(sim.take(stranger), b"");
    }
}

#[test]
fn query_is_no_part_of_the_topic() {
    let mut sim = Sim::default();
    let [one, two] = ["/broadcast/a?x=1", "/broadcast/a"].map(|path| sim.open(path));
    let all = sim.open("/broadcast?a");
    sim.send(one, &text("x"));
    sim.run();
    assert_eq!(sim.take(two), from_server(0x81, "x"));
    assert_eq!(sim.take(all), b"");
}

#[test]
fn who_has_left_is_sent_nothing_and_leaving_is_silent() {
    let mut sim = Sim::default();
    let peers: Vec<PeerNo> = (0..6).map(|_| sim.open("/broadcast/t")).collect();
    sim.fin(peers[0]);
    sim.reset(peers[1]);
    sim.send(peers[2], &close(1000, ""));
    sim.send(peers[3], &frame_with_key(0x83, b"", [0; 4]));
    sim.run();
    for gone in &peers[..4] {
        sim.take(*gone);
    }
    for rest in &peers[4..] {
        assert_eq!(sim.take(*rest), b"");
    }
    assert_eq!(sim.exchange(peers[5], &text("x")), from_server(0x81, "x"));
    assert_eq!(sim.take(peers[4]), from_server(0x81, "x"));
    for gone in &peers[..4] {
        assert_eq!(sim.take(*gone), b"");
    }
    // The topic ends with its last member, and may begin again.
    sim.fin(peers[4]);
    sim.fin(peers[5]);
    sim.run();
    let again = sim.open("/broadcast/t");
    assert_eq!(sim.exchange(again, &text("y")), from_server(0x81, "y"));
}

#[test]
fn members_come_and_go_and_each_message_reaches_exactly_those_present() {
    // Against a model: a list of who is on which topic.
    for seed in 1..20 {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::default();
        let mut present: Vec<(PeerNo, usize)> = Vec::new();
        for n in 0..150 {
            let choice = rng.below(5);
            if present.is_empty() || choice == 0 {
                let topic = rng.below(3);
                present.push((sim.open(&format!("/broadcast/{topic}")), topic));
            } else if choice == 1 {
                let (leaver, _) = present.remove(rng.below(present.len()));
                match rng.below(3) {
                    0 => sim.fin(leaver),
                    1 => sim.reset(leaver),
                    _ => sim.send(leaver, &close(1000, "")),
                }
                sim.run();
            } else {
                let (sender, topic) = present[rng.below(present.len())];
                sim.send(sender, &text(format!("{n}")));
                sim.run();
                for (peer, its_topic) in &present {
                    let expected =
                        if *its_topic == topic { from_server(0x81, format!("{n}")) } else { vec![] };
                    assert_eq!(sim.take(*peer), expected, "seed {seed}, step {n}");
                }
            }
        }
    }
}

#[test]
fn messages_of_one_turn_leave_in_one_write_for_each_receiver() {
    // What is queued in a turn is written at its end.
    let mut sim = Sim::default();
    let peers: Vec<PeerNo> = (0..20).map(|_| sim.open("/broadcast/t")).collect();
    let outside = sim.open("/broadcast/other");
    let before: Vec<usize> = peers.iter().map(|peer| sim.peer(*peer).writes).collect();
    let silent = sim.peer(outside).writes;
    for sender in &peers[..5] {
        let said = (0..10).flat_map(|n| text(format!("{} {n}", sender.0)));
        sim.send(*sender, &said.collect::<Vec<u8>>());
    }
    sim.run();
    let first = sim.take(peers[0]);
    assert_eq!(texts(&first).len(), 50);
    for (peer, before) in peers.iter().zip(before) {
        assert_eq!(sim.peer(*peer).writes, before + 1, "{peer:?}");
        if *peer != peers[0] {
            assert!(sim.take(*peer) == first, "{peer:?}");
        }
    }
    assert_eq!(sim.peer(outside).writes, silent);
}

#[test]
fn pong_and_broadcasts_keep_their_order_in_one_write() {
    // RFC 6455 §5.5.3: the Pong stands where the read had the Ping.
    let mut sim = Sim::default();
    let [one, two] = [sim.open("/broadcast"), sim.open("/broadcast")];
    let writes = sim.peer(one).writes;
    let answer = sim.exchange(one, &[text("a"), ping("p"), binary("b")].concat());
    let expected = [from_server(0x81, "a"), from_server(0x8a, "p"), from_server(0x82, "b")];
    assert_eq!(answer, expected.concat());
    assert_eq!(sim.peer(one).writes, writes + 1);
    assert_eq!(sim.take(two), [from_server(0x81, "a"), from_server(0x82, "b")].concat());
}

#[test]
fn fragmented_message_arrives_whole_and_unfragmented() {
    // RFC 6455 §5.4. Control frames and other senders come in between.
    let mut sim = Sim::default();
    let [one, two] = [sim.open("/broadcast"), sim.open("/broadcast")];
    for (first, whole) in [(0x01, 0x81), (0x02, 0x82)] {
        let parts = [frame(first, [0xc3]), ping("p"), frame(0x00, ""), frame(0x80, [0xa9])];
        for part in &parts[..3] {
            sim.send(one, part);
            sim.run();
        }
        assert_eq!(sim.take(two), b"");
        assert_eq!(sim.exchange(two, &text("other")), from_server(0x81, "other"));
        sim.send(one, &parts[3]);
        sim.run();
        assert_eq!(sim.take(two), from_server(whole, "é"));
        assert_eq!(
            sim.take(one),
            [from_server(0x8a, "p"), from_server(0x81, "other"), from_server(whole, "é")].concat()
        );
    }
}

#[test]
fn message_of_any_length_form_arrives_in_its_shortest() {
    // RFC 6455 §5.2
    let mut sim = Sim::default();
    let [one, two] = [sim.open("/broadcast"), sim.open("/broadcast")];
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 300_000] {
        let payload = vec![0x5a; len];
        sim.send(one, &binary(&payload));
        sim.run();
        let expected = from_server(0x82, &payload);
        assert!(sim.take(one) == expected, "{len}");
        assert!(sim.take(two) == expected, "{len}");
    }
}

#[test]
fn receivers_with_windows_of_any_size_read_the_same_bytes() {
    // A frame that is written in parts is none the less the same frame.
    let mut sim = Sim::default();
    let sender = sim.open("/broadcast");
    let slow: Vec<PeerNo> = (0..8).map(|_| sim.open("/broadcast")).collect();
    for (n, peer) in slow.iter().enumerate() {
        sim.set_window(*peer, Some(n));
    }
    let mut rng = Rng::new(5);
    let mut expected = Vec::new();
    for n in 0..40 {
        let payload = vec![n; rng.below(400)];
        sim.send(sender, &binary(&payload));
        sim.run();
        expected.extend(from_server(0x82, &payload));
        for peer in &slow {
            sim.open_window(*peer, rng.below(500));
        }
        sim.run();
    }
    for peer in &slow {
        sim.set_window(*peer, None);
    }
    sim.run();
    assert!(sim.take(sender) == expected);
    for peer in &slow {
        let received = sim.take(*peer);
        assert_eq!(frames(&received).len(), 40);
        assert!(received == expected);
    }
}
