//! `/broadcast` and `/broadcast/{topic}`: every message unchanged to everybody on the topic.

use crate::answer;
use crate::client::{self, binary, close, from_server, text};
use crate::record::watched;
use crate::sim::{PeerNo, Sim, apps};
use ws101::config::Config;

#[test]
fn message_goes_unchanged_to_everybody_sender_included() {
    let mut sim = Sim::default();
    let peers = [
        sim.open("/broadcast"),
        sim.open("/broadcast"),
        sim.open("/broadcast"),
    ];
    for (number, payload) in ["", "x", "\0<b>é🚀", &"long".repeat(30_000)]
        .iter()
        .enumerate()
    {
        sim.send(peers[number % 3], &text(payload));
        sim.run();
        for peer in peers {
            assert!(sim.take(peer) == from_server(0x81, payload));
        }
        sim.send(
            peers[number % 3],
            &binary([payload.as_bytes(), &[0xff]].concat()),
        );
        sim.run();
        for peer in peers {
            let expected = [payload.as_bytes(), &[0xff]].concat();
            assert!(sim.take(peer) == from_server(0x82, expected));
        }
    }
}

#[test]
fn fragments_arrive_as_one_message() {
    let mut sim = Sim::default();
    let (one, two) = (sim.open("/broadcast/t"), sim.open("/broadcast/t"));
    let fragments = [
        client::frame(0x01, "Hel"),
        client::ping("between"),
        client::frame(0x80, "lo"),
    ];
    let own = sim.exchange(one, &fragments.concat());
    let pong = from_server(0x8a, "between");
    assert_eq!(own, [pong, from_server(0x81, "Hello")].concat());
    assert_eq!(sim.take(two), from_server(0x81, "Hello"));
}

#[test]
fn topics_do_not_hear_each_other() {
    let mut sim = Sim::default();
    let paths = [
        "/broadcast",
        "/broadcast/a",
        "/broadcast/A",
        "/broadcast/a.b",
        "/echo",
        "/ws",
    ];
    let peers: Vec<PeerNo> = paths.iter().map(|path| sim.open(path)).collect();
    let twins: Vec<PeerNo> = paths[..4].iter().map(|path| sim.open(path)).collect();
    for (at, twin) in twins.iter().enumerate() {
        sim.send(*twin, &text(format!("to {at}")));
        sim.run();
        for (other, peer) in peers.iter().enumerate() {
            let expected = match other == at {
                true => from_server(0x81, format!("to {at}")),
                false => Vec::new(),
            };
            assert_eq!(
                sim.take(*peer),
                expected,
                "{} to {}",
                paths[at],
                paths[other]
            );
        }
    }
}

#[test]
fn query_does_not_belong_to_the_topic() {
    let mut sim = Sim::default();
    let (plain, query) = (sim.open("/broadcast/t"), sim.open("/broadcast/t?token=1"));
    sim.exchange(plain, &text("x"));
    assert_eq!(sim.take(query), from_server(0x81, "x"));
}

#[test]
fn topics_are_1_to_64_unreserved_characters() {
    // LIMITS §2
    let longest = "t".repeat(64);
    for good in ["a", "0", "_", ".", "~", "-", "..", "a_B.9~-", &longest] {
        Sim::default().open(&format!("/broadcast/{good}"));
    }
    let too_long = "t".repeat(65);
    for bad in [
        "", "/", "a/", "a/b", "%61", "a%20b", "a+b", "a:b", "a,b", "a@b", &too_long,
    ] {
        let mut sim = Sim::default();
        let peer = sim.connect();
        let head = client::upgrade(&format!("/broadcast/{bad}"));
        let output = sim.exchange(peer, head.as_bytes());
        assert_eq!(answer::statuses(&output), [404], "{bad}");
    }
    for path in ["/broadcasts", "/Broadcast", "/broadcast.", "//broadcast"] {
        let mut sim = Sim::default();
        let peer = sim.connect();
        let output = sim.exchange(peer, client::upgrade(path).as_bytes());
        assert_eq!(answer::statuses(&output), [404], "{path}");
    }
}

#[test]
fn joining_and_leaving_are_silent_and_leave_nothing_behind() {
    let (apps, record) = watched(apps());
    let mut sim = Sim::with_apps(Config::default(), apps);
    let stays = sim.open("/broadcast/t");
    // Leave from the middle, the end and the beginning, so that gaps are filled.
    let members: Vec<PeerNo> = (0..5).map(|_| sim.open("/broadcast/t")).collect();
    for (at, gone) in [2, 4, 0, 1].into_iter().enumerate() {
        match at % 3 {
            0 => sim.send(members[gone], &close(1000, "")),
            1 => sim.reset(members[gone]),
            _ => sim.fin(members[gone]),
        }
        sim.run();
        assert_eq!(sim.take(stays), b"");
        sim.exchange(stays, &text(format!("after {gone}")));
        for left in &members {
            let is_left = !sim.peer(*left).is_over() && sim.end(*left) == crate::sim::End::Open;
            let output = sim.take(*left);
            assert_eq!(!client::texts(&output).is_empty(), is_left, "{left:?}");
        }
    }
    assert_eq!(record.check(), 2);
    // A topic whose members all left begins anew.
    sim.fin(members[3]);
    sim.fin(stays);
    sim.run();
    let again = sim.open("/broadcast/t");
    assert_eq!(sim.exchange(again, &text("x")), from_server(0x81, "x"));
}

#[test]
fn messages_of_one_turn_leave_in_one_write() {
    // PRODUCT §5
    let mut sim = Sim::default();
    let members: Vec<PeerNo> = (0..20).map(|_| sim.open("/broadcast")).collect();
    for (at, peer) in members.iter().enumerate() {
        sim.send(*peer, &text(format!("{at}")));
    }
    sim.run();
    for peer in members {
        assert_eq!(client::texts(&sim.take(peer)).len(), 20);
        assert_eq!(sim.peer(peer).writes, 2, "the 101 and twenty messages");
    }
}

#[test]
fn violation_of_one_member_is_not_noticed_by_the_others() {
    let mut sim = Sim::default();
    let (good, bad) = (sim.open("/broadcast"), sim.open("/broadcast"));
    let input = [text("last"), vec![0x81, 0x00], text("never")].concat();
    sim.send(bad, &input);
    sim.run();
    assert_eq!(sim.take(good), from_server(0x81, "last"));
    let frames = client::frames(&sim.take(bad));
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].payload[..2], 1002_u16.to_be_bytes());
    assert_eq!(sim.exchange(good, &text("on")), from_server(0x81, "on"));
}
