//! Work of one turn is bounded, also when one message is many deliveries.

use crate::client::{self, from_server, text};
use crate::record::watched;
use crate::sim::{PeerNo, Sim, apps};
use ws101::config::{Config, Tuning};

/// An empty message, the least a peer can pay for a delivery to everybody.
fn empty() -> Vec<u8> {
    text("")
}

fn crowd(sim: &mut Sim, members: usize) -> Vec<PeerNo> {
    (0..members).map(|_| sim.open("/broadcast")).collect()
}

#[test]
fn sender_of_empty_messages_to_a_thousand_is_stopped_after_65536_deliveries() {
    let mut sim = Sim::default();
    let members = crowd(&mut sim, 999);
    let hostile = sim.open("/broadcast");
    const MESSAGES: usize = 400;
    sim.send(hostile, &empty().repeat(MESSAGES));
    // 66 messages are 66,000 deliveries: then everything is written first.
    let mut turns = 0;
    let mut got = 0;
    while got < MESSAGES * 2 {
        sim.turn();
        turns += 1;
        let now = sim.take(members[500]).len();
        assert!(now <= 66 * 2, "{now} bytes in one turn");
        got += now;
        assert!(turns < 20, "it goes on by itself");
    }
    assert_eq!(turns, MESSAGES.div_ceil(66));
    sim.run();
    for member in &members {
        // Nothing is lost, and each turn was one write.
        let peer = sim.peer(*member);
        assert_eq!(peer.writes, 1 + MESSAGES.div_ceil(66));
    }
    assert_eq!(sim.take(members[0]).len(), MESSAGES * 2);
    assert_eq!(sim.take(hostile).len(), MESSAGES * 2);
}

#[test]
fn who_is_not_processed_is_not_read_either() {
    let config = Config {
        tuning: Tuning { max_deliveries_per_turn: 1_000, ..Tuning::default() },
        ..Config::default()
    };
    let mut sim = Sim::new(config);
    let members = crowd(&mut sim, 100);
    for _ in 0..50 {
        sim.send(members[0], &empty().repeat(40));
    }
    // 10 messages a turn: the forty of the first read take four of them.
    for turn in 0..40 {
        sim.turn();
        let unread = sim.unread(members[0]) / empty().len();
        assert!(
            unread >= 50 * 40 - 40 - (turn + 1) * 10,
            "memory holds one read, {unread} messages unread in turn {turn}"
        );
    }
    sim.run();
    let expected = from_server(0x81, "").repeat(50 * 40);
    for member in &members {
        assert!(sim.take(*member) == expected);
    }
}

#[test]
fn others_are_served_while_hostile_senders_fill_the_turns() {
    let config = Config {
        tuning: Tuning { max_deliveries_per_turn: 1_000, ..Tuning::default() },
        ..Config::default()
    };
    let mut sim = Sim::new(config);
    let members = crowd(&mut sim, 100);
    let hostile = [members[0], members[50], members[99]];
    for peer in hostile {
        for _ in 0..20 {
            sim.send(peer, &empty().repeat(100));
        }
    }
    let before = sim.connect();
    sim.send(before, client::upgrade("/echo").as_bytes());
    for _ in 0..10 {
        sim.turn();
    }
    assert_eq!(sim.take(before), client::SWITCHING.as_bytes());
    let late = sim.connect();
    sim.send(late, client::upgrade("/echo").as_bytes());
    for round in 0..10 {
        sim.send(before, &text(format!("{round}")));
        let mut turns = 0;
        let mut output = Vec::new();
        while output.is_empty() {
            sim.turn();
            turns += 1;
            output = sim.take(before);
            assert!(turns <= 1, "round {round}: an echo takes {turns} turns");
        }
        assert_eq!(output, from_server(0x81, format!("{round}")));
    }
    assert_eq!(sim.take(late), client::SWITCHING.as_bytes());
    assert!(sim.hub.has_work(), "and the flood is not over yet");
    sim.run();
    assert_eq!(sim.take(members[7]).len(), 3 * 20 * 100 * 2);
}

#[test]
fn sender_with_a_backlog_may_leave_in_every_way() {
    for how in 0..4 {
        let (apps, record) = watched(apps());
        let config = Config {
            tuning: Tuning { max_deliveries_per_turn: 100, ..Tuning::default() },
            ..Config::default()
        };
        let mut sim = Sim::with_apps(config, apps);
        let members = crowd(&mut sim, 20);
        sim.send(members[3], &empty().repeat(50));
        sim.turn();
        sim.turn();
        match how {
            0 => sim.reset(members[3]),
            1 => sim.fin(members[3]),
            2 => sim.send(members[3], &client::close(1000, "")),
            _ => sim.send(members[3], &[0x80]),
        }
        sim.run();
        assert_eq!(record.closes().len(), 1, "way {how}");
        record.check();
        let got = sim.take(members[0]).len() / 2;
        if how == 0 {
            // A reset may overtake what was read and not processed.
            assert!(got >= 10, "{got}");
        } else {
            assert_eq!(got, 50, "complete messages come first, way {how}");
        }
    }
}

#[test]
fn other_messages_of_the_backlog_keep_their_order() {
    let config =
        Config { tuning: Tuning { max_deliveries_per_turn: 10, ..Tuning::default() }, ..Config::default() };
    let mut sim = Sim::new(config);
    let peer = sim.open("/echo");
    let mut input = Vec::new();
    for number in 0..100 {
        input.extend(text(format!("{number}")));
    }
    // In three reads, the cuts inside frames.
    sim.send(peer, &input[..301]);
    sim.send(peer, &input[301..500]);
    sim.send(peer, &input[500..]);
    sim.fin(peer);
    sim.run();
    let expected: Vec<String> = (0..100).map(|number| format!("{number}")).collect();
    assert_eq!(client::texts(&sim.take(peer)), expected);
    assert_eq!(sim.hub.connections(), 0);
}
