//! The FastAPI chat, exactly as SEED_SYSTEMS §2 tells it.

use crate::answer;
use crate::client::{self, binary, close, frame, from_server, hex, text};
use crate::record::watched;
use crate::sim::{End, PeerNo, Sim, apps};
use std::time::Duration;
use ws101::apps::chat::Chat;
use ws101::config::Config;

/// What each of these has received since the last time, as texts.
fn heard(sim: &mut Sim, peers: &[PeerNo]) -> Vec<Vec<String>> {
    let mut texts = |peer: &PeerNo| client::texts(&sim.take(*peer));
    peers.iter().map(&mut texts).collect()
}

fn says(sim: &mut Sim, peer: PeerNo, message: &str) {
    sim.send(peer, &text(message));
    sim.run();
}

#[test]
fn message_goes_to_its_sender_first_then_to_everybody() {
    // SEED_SYSTEMS §2.1, byte for byte
    let mut sim = Sim::default();
    let one = sim.open("/ws/1");
    let two = sim.open("/ws/2");
    assert_eq!(sim.take(one), b"", "joining is silent");
    sim.send(two, &hex("81 85 01 02 03 04 49 67 6f 68 6e"));
    sim.run();
    let says = [&[0x81, 0x15][..], b"Client #2 says: Hello"].concat();
    let wrote = [&[0x81, 0x10][..], b"You wrote: Hello"].concat();
    assert_eq!(sim.take(two), [&wrote[..], &says].concat());
    assert_eq!(sim.take(one), says);
}

#[test]
fn client_ids_are_numbers() {
    let digits_127 = format!("1{}", "0".repeat(126));
    let cases = [
        ("7", "7".to_owned()),
        ("007", "7".to_owned()),
        ("-5", "-5".to_owned()),
        ("+5", "5".to_owned()),
        ("-007", "-7".to_owned()),
        ("0", "0".to_owned()),
        ("000", "0".to_owned()),
        ("-0", "0".to_owned()),
        ("1732147200123", "1732147200123".to_owned()),
        (
            "12345678901234567890123456",
            "12345678901234567890123456".to_owned(),
        ),
        (&digits_127, digits_127.clone()),
        ("%2D5", "-5".to_owned()),
        ("%2d5", "-5".to_owned()),
        ("%2B5", "5".to_owned()),
        ("%31%32", "12".to_owned()),
        ("5?x=/abc", "5".to_owned()),
    ];
    for (segment, shown) in cases {
        let mut sim = Sim::default();
        let peer = sim.open(&format!("/ws/{segment}"));
        says(&mut sim, peer, "x");
        let heard = client::texts(&sim.take(peer));
        assert_eq!(heard[1], format!("Client #{shown} says: x"), "{segment}");
    }
}

#[test]
fn what_is_no_client_id_refuses_the_upgrade() {
    let digits_128 = "1".repeat(128);
    for path in [
        "/ws/abc",
        "/ws/1.5",
        "/ws/0x10",
        "/ws/",
        "/ws/1/",
        "/ws/1/2",
        "/ws//1",
        "/ws/+",
        "/ws/-",
        "/ws/--5",
        "/ws/5-",
        "/ws/1_000",
        "/ws/%20",
        "/ws/%20%205",
        "/ws/5%",
        "/ws/%3",
        "/ws/%zz",
        "/ws/%+5",
        "/ws/%D9%A5",
        "/ws/%00",
        "/ws/5%2F",
        "/WS/5",
        "/Ws",
        "/wss",
        &format!("/ws/{digits_128}"),
        &format!("/ws/-{digits_128}"),
    ] {
        let mut sim = Sim::default();
        let peer = sim.connect();
        let output = sim.exchange(peer, client::upgrade(path).as_bytes());
        assert_eq!(answer::statuses(&output), [404], "{path}");
    }
}

#[test]
fn two_members_with_one_id_are_two_members() {
    let (apps, record) = watched(apps());
    let mut sim = Sim::with_apps(Config::default(), apps);
    let twins = [sim.open("/ws/4"), sim.open("/ws/04"), sim.open("/ws/9")];
    says(&mut sim, twins[0], "hi");
    assert_eq!(
        heard(&mut sim, &twins),
        [
            vec!["You wrote: hi", "Client #4 says: hi"],
            vec!["Client #4 says: hi"],
            vec!["Client #4 says: hi"]
        ]
    );
    sim.send(twins[0], &close(1000, ""));
    sim.run();
    let farewell = vec!["Client #4 has left the chat"];
    assert_eq!(
        heard(&mut sim, &twins),
        [vec![], farewell.clone(), farewell.clone()]
    );
    says(&mut sim, twins[1], "still here");
    assert_eq!(heard(&mut sim, &twins)[1].len(), 2);
    sim.reset(twins[1]);
    sim.run();
    assert_eq!(heard(&mut sim, &twins[2..])[0], farewell);
    assert_eq!(record.check(), 1);
}

/// Lets time pass for somebody who answers pings.
fn stay(sim: &mut Sim, peer: PeerNo, seconds: u64) {
    for _ in 0..seconds {
        sim.advance(Duration::from_secs(1));
        sim.send(peer, &client::pong(""));
        sim.run();
    }
}

#[test]
fn farewell_comes_once_by_every_way_of_leaving() {
    type Leave = fn(&mut Sim, PeerNo, PeerNo);
    let ways: [(&str, Leave); 12] = [
        ("Close", |sim, peer, _| sim.send(peer, &close(1000, ""))),
        ("tab closed", |sim, peer, _| {
            sim.send(peer, &close(1001, ""));
        }),
        ("no code", |sim, peer, _| sim.send(peer, &frame(0x88, ""))),
        ("FIN", |sim, peer, _| sim.fin(peer)),
        ("RST", |sim, peer, _| sim.reset(peer)),
        ("violation", |sim, peer, _| sim.send(peer, &[0xff])),
        ("UTF-8", |sim, peer, _| sim.send(peer, &text([0xc0]))),
        ("binary", |sim, peer, _| sim.send(peer, &binary("x"))),
        ("Close and FIN", |sim, peer, _| {
            sim.send(peer, &close(1000, ""));
            sim.fin(peer);
        }),
        ("half a frame", |sim, peer, _| {
            sim.send(peer, &text("half")[..5]);
            sim.fin(peer);
        }),
        ("silence", |sim, _, stays| stay(sim, stays, 40)),
        ("does not read", |sim, peer, stays| {
            sim.set_window(peer, Some(0));
            sim.send(stays, &text("anybody?"));
            stay(sim, stays, 30);
        }),
    ];
    for (name, leave) in ways {
        for (path, others, farewell) in [
            ("/ws/2", "/ws/1", "Client #2 has left the chat"),
            ("/ws", "/ws", "A client disconnected"),
        ] {
            let mut sim = Sim::default();
            let stays = sim.open(others);
            let leaver = sim.open(path);
            leave(&mut sim, leaver, stays);
            sim.run();
            let mut texts = client::texts(&sim.take(stays));
            texts.retain(|text| !text.contains("anybody?"));
            assert_eq!(texts, [farewell], "{name} on {path}");
            let own = sim.take(leaver);
            let is_farewell = own
                .windows(farewell.len())
                .any(|window| window == farewell.as_bytes());
            assert!(!is_farewell, "{name}: the leaver itself gets none");
            sim.set_window(leaver, None);
            stay(&mut sim, stays, 60);
            assert_eq!(client::texts(&sim.take(stays)), [""; 0], "{name}, later");
            assert_eq!(sim.hub.connections(), 1, "{name}");
        }
    }
}

#[test]
fn last_words_and_the_end_of_the_stream_in_one_are_both_heard_at_once() {
    let mut sim = Sim::default();
    let stays = sim.open("/ws/1");
    let leaver = sim.open("/ws/2");
    let now = sim.now;
    sim.send(leaver, &text("bye"));
    sim.fin(leaver);
    sim.run();
    assert_eq!(sim.now, now, "no deadline had to pass");
    let texts = client::texts(&sim.take(stays));
    assert_eq!(
        texts,
        ["Client #2 says: bye", "Client #2 has left the chat"]
    );
    // LIMITS §4: half-close. What is complete is answered.
    let texts = client::texts(&sim.take(leaver));
    assert_eq!(texts, ["You wrote: bye", "Client #2 says: bye"]);
    assert_eq!(sim.end(leaver), End::Closed);
}

#[test]
fn close_is_answered_with_its_code_and_nothing_behind_it() {
    let mut sim = Sim::default();
    let one = sim.open("/ws/1");
    let two = sim.open("/ws/2");
    sim.send(one, &text("meanwhile"));
    let output = sim.exchange(two, &close(1001, "tab"));
    let expected = [
        from_server(0x81, "Client #1 says: meanwhile"),
        from_server(0x88, 1001_u16.to_be_bytes()),
    ];
    assert_eq!(output, expected.concat());
    says(&mut sim, one, "gone?");
    assert_eq!(sim.take(two), b"");
}

#[test]
fn binary_frame_closes_with_1003_and_the_chat_goes_on() {
    let mut sim = Sim::default();
    let peers = [sim.open("/ws/1"), sim.open("/ws/2"), sim.open("/ws/3")];
    let output = sim.exchange(peers[1], &[text("a"), binary("b"), text("c")].concat());
    let frames = client::frames(&output);
    assert_eq!(frames.len(), 3, "two lines and the Close");
    assert_eq!(frames[2].first, 0x88);
    assert_eq!(frames[2].payload[..2], 1003_u16.to_be_bytes());
    let expected = ["Client #2 says: a", "Client #2 has left the chat"];
    assert_eq!(client::texts(&sim.take(peers[0])), expected);
    assert_eq!(client::texts(&sim.take(peers[2])), expected);
    says(&mut sim, peers[2], "on we go");
    let expected = ["Client #3 says: on we go"];
    assert_eq!(client::texts(&sim.take(peers[0])), expected);
    assert_eq!(sim.take(peers[1]), b"");
}

#[test]
fn chat_without_ids_passes_messages_as_they_are() {
    let mut sim = Sim::default();
    let peers = [sim.open("/ws"), sim.open("/ws"), sim.open("/ws/1")];
    sim.send(peers[0], &text("Hello"));
    sim.run();
    let hello = from_server(0x81, "Hello");
    assert_eq!(sim.take(peers[0]), hello, "sender included, once");
    assert_eq!(sim.take(peers[1]), hello);
    assert_eq!(sim.take(peers[2]), b"", "another chat");
    says(&mut sim, peers[2], "x");
    assert_eq!(sim.take(peers[0]), b"");
    let output = client::frames(&sim.exchange(peers[0], &binary("x")));
    assert_eq!(output[0].payload[..2], 1003_u16.to_be_bytes());
    assert_eq!(
        client::texts(&sim.take(peers[1])),
        ["A client disconnected"]
    );
    assert_eq!(client::texts(&sim.take(peers[2])).len(), 2, "its own words");
}

#[test]
fn text_is_passed_verbatim() {
    let long = "é".repeat(70_000);
    for words in [
        "",
        " ",
        " trimmed? ",
        "two\nlines\r\n",
        "\0",
        "a\0b",
        "<script>alert(1)</script> &amp;",
        "{\"message\": \"hi\"}",
        "🚀 \u{1f468}\u{200d}\u{1f469} é \u{feff}",
        "\u{202e}dlrow",
        long.as_str(),
    ] {
        let mut sim = Sim::default();
        let peers = [sim.open("/ws/1"), sim.open("/ws/2"), sim.open("/ws")];
        says(&mut sim, peers[0], words);
        let mine = [
            format!("You wrote: {words}"),
            format!("Client #1 says: {words}"),
        ];
        assert!(client::texts(&sim.take(peers[0])) == mine, "{words:.20}");
        assert!(client::texts(&sim.take(peers[1])) == mine[1..]);
        says(&mut sim, peers[2], words);
        assert!(client::texts(&sim.take(peers[2])) == [words]);
    }
}

#[test]
fn everybody_hears_the_same_in_one_order() {
    let mut sim = Sim::default();
    let peers: Vec<PeerNo> = (0..6).map(|id| sim.open(&format!("/ws/{id}"))).collect();
    // Slow readers among them: order must not depend on how much is taken.
    sim.set_window(peers[1], Some(0));
    sim.set_window(peers[2], Some(17));
    for round in 0..50 {
        for (id, peer) in peers.iter().enumerate() {
            sim.send(*peer, &text(format!("{id}-{round}")));
            if (round + id) % 3 == 0 {
                sim.run();
            }
            sim.open_window(peers[2], 11);
        }
    }
    sim.set_window(peers[1], None);
    sim.set_window(peers[2], None);
    sim.run();
    let mut heard = heard(&mut sim, &peers);
    for texts in &mut heard {
        texts.retain(|text| !text.starts_with("You wrote"));
    }
    assert_eq!(heard[0].len(), 300, "each exactly once");
    for texts in &heard {
        assert!(*texts == heard[0], "one common order");
    }
    for id in 0..6 {
        let own = |text: &&String| text.starts_with(&format!("Client #{id} "));
        let expected = (0..50).map(|round| format!("Client #{id} says: {id}-{round}"));
        assert!(
            heard[0]
                .iter()
                .filter(own)
                .eq(&expected.collect::<Vec<_>>())
        );
    }
}

#[test]
fn who_does_not_read_stops_nobody() {
    let mut sim = Sim::default();
    let speaker = sim.open("/ws/1");
    let mute = sim.open("/ws/2");
    let listener = sim.open("/ws/3");
    sim.set_window(mute, Some(0));
    for _ in 0..200 {
        says(&mut sim, speaker, &"x".repeat(10_000));
    }
    assert_eq!(client::texts(&sim.take(listener)).len(), 200);
    assert_eq!(client::texts(&sim.take(speaker)).len(), 400);
    sim.advance(Duration::from_secs(1));
    let texts = client::texts(&sim.take(listener));
    assert_eq!(texts, ["Client #2 has left the chat"]);
}

#[test]
fn wording_of_the_farewell_is_a_setting() {
    let chat = Chat::new("left the chat".to_owned());
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(chat)]);
    let stays = sim.open("/ws/1");
    let leaver = sim.open("/ws/2");
    sim.fin(leaver);
    sim.run();
    assert_eq!(client::texts(&sim.take(stays)), ["Client #2 left the chat"]);
}

#[test]
fn sixteen_mib_of_text_are_passed_on_to_everybody() {
    // SEED_SYSTEMS §1: accepted; to its sender go two copies.
    let mut sim = Sim::default();
    let one = sim.open("/ws/1");
    let two = sim.open("/ws/2");
    let words = "w".repeat(16 << 20);
    says(&mut sim, two, &words);
    assert_eq!(sim.take(two).len(), 2 * (16 << 20) + 10 + 11 + 10 + 16);
    assert_eq!(sim.take(one).len(), (16 << 20) + 10 + 16);
}

#[test]
fn plain_requests_are_told_to_upgrade_and_never_hang() {
    // SEED_SYSTEMS §1
    for path in ["/ws", "/ws/1"] {
        for method in ["GET", "HEAD", "POST"] {
            let mut sim = Sim::default();
            let peer = sim.connect();
            let output = sim.exchange(peer, answer::request(method, path).as_bytes());
            let mut rest = &output[..];
            let answer = answer::take(&mut rest, method == "HEAD");
            assert_eq!(answer.status, 426, "{method} {path}");
            assert_eq!(rest, b"");
        }
    }
}

#[test]
fn query_changes_nothing_and_absolute_targets_are_understood() {
    let mut sim = Sim::default();
    sim.open("/ws/1?client_id=2");
    let peer = sim.connect();
    let head = client::upgrade("http://127.0.0.1:8000/ws/2?x");
    let output = sim.exchange(peer, head.as_bytes());
    assert_eq!(String::from_utf8_lossy(&output), client::SWITCHING);
}
