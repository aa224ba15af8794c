//! What a compressed message may hold, while it inflates and afterwards.

use super::*;
use crate::sim::End;
use std::time::Duration;
use ws101::config::{Config, Deflate};
use ws101::deflate::extension;
use ws101::http::head;
use ws101::pool::{BlockSize, Pool};
use ws101::ws::close::Violation;
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::extension::{Agreed, Coding, Extension};

const MIB: usize = 1 << 20;
/// The library's state, what it refers back to, what came out last, and the records.
const BESIDES: usize = 128 << 10;
/// A long message lies in blocks of this size.
const BLOCK: usize = BlockSize::Usual.bytes();

fn agreed() -> (Box<dyn Extension>, Agreed) {
    let request = upgrade("/echo");
    let fields = request.trim_end();
    let request = format!("{fields}\r\nSec-WebSocket-Extensions: {DEFLATE}\r\n\r\n");
    let mut bytes = request.into_bytes();
    let mut slots = head::NO_FIELDS;
    let Ok(head) = head::parse(&mut bytes, &mut slots) else {
        panic!("a correct head");
    };
    let extension = extension(&Config::default()).expect("it is on");
    let (agreed, _) = extension.agree(&head).expect("a correct offer");
    (extension, agreed)
}

/// One read of an endpoint with a limit of 1 MiB, and how many bytes the message was allowed to have, asked for while it
/// inflated. No more than `granted` are allowed.
fn receive(bytes: &[u8], granted: usize) -> (Result<usize, Violation>, Vec<usize>) {
    let limits = Limits { max_message_bytes: MIB as u64, max_fragments: 100_000, ..Limits::default() };
    let mut endpoint = Endpoint::default();
    let mut bytes = bytes.to_vec();
    let mut asked = Vec::new();
    let mut bytes = &mut bytes[..];
    let (mut extension, agreed) = agreed();
    let (mut history, mut used) = (None, None);
    let event = loop {
        let coding = Coding { extension: &mut *extension, agreed, history: &mut history, used: &mut used };
        let pool = Pool::default();
        match endpoint.receive_general(&mut bytes, &limits, &pool, Some(coding)) {
            Ok(Some(Event::Growing(bytes))) => {
                asked.push(bytes);
                if bytes > granted {
                    break Err(Violation::NoRoom);
                }
            }
            event => break event,
        }
    };
    let len = event.map(|event| match event {
        Some(Event::Message(message)) => message.to_vec().len(),
        other => panic!("{other:?}"),
    });
    (len, asked)
}

/// Bombs of so many bytes: as one frame, in large fragments, in small ones.
fn bombs(len: usize) -> [Vec<u8>; 6] {
    let payload = bomb(len);
    let cut = |size| payload.chunks(size).collect::<Vec<_>>();
    let framed = |opcode, size| fragmented(opcode, &cut(size)).concat();
    [
        framed(1, usize::MAX),
        framed(2, usize::MAX),
        framed(1, 1_000),
        framed(2, 1_000),
        framed(1, 2),
        framed(2, 2),
    ]
}

#[test]
fn bomb_of_64_mib_never_holds_more_than_the_limit_and_a_block() {
    for bytes in bombs(64 * MIB) {
        let (failed, asked) = receive(&bytes, usize::MAX);
        assert_eq!(failed, Err(Violation::MessageTooBig));
        // The list of its blocks has a capacity, too.
        let most = asked.iter().max().unwrap();
        assert!((MIB..MIB + BLOCK + 1_000).contains(most), "{most}");
    }
}

#[test]
fn room_is_asked_for_at_each_block_whatever_the_frames_are() {
    for bytes in bombs(MIB) {
        let (len, asked) = receive(&bytes, usize::MAX);
        assert_eq!(len, Ok(MIB));
        assert!(asked.len() >= MIB / BLOCK, "asked {} times", asked.len());
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] <= BLOCK + 1_000));
        let (failed, asked) = receive(&bytes, 2 * BLOCK);
        assert_eq!(failed, Err(Violation::NoRoom));
        assert!(*asked.last().unwrap() <= 3 * BLOCK + 1_000, "{asked:?}");
    }
}

#[test]
fn message_over_the_budget_ends_while_it_inflates_and_costs_nobody_else() {
    for bytes in bombs(16 * MIB) {
        let mut sim = Sim::new(Config { memory_budget_bytes: 4 * MIB, ..Config::default() });
        let witness = open(&mut sim, "/echo", DEFLATE);
        sim.send(witness, &frame(0x41, [0xf2]));
        let peer = open(&mut sim, "/echo", DEFLATE);
        sim.send(peer, &bytes);
        sim.turn();
        assert!(sim.hub.held_bytes() <= 4 * MIB);
        sim.run();
        // Not 16 MiB that came and were then too many: the echo would have come first.
        assert_eq!(received(&mut sim, peer), (vec![], Some(1013)));
        sim.send(witness, &frame(0x80, hex("48 cd c9 c9 07 00")));
        sim.run();
        assert_eq!(received(&mut sim, witness).0, [b"Hello"]);
    }
}

#[test]
fn six_peers_inflate_16_mib_each_and_the_largest_holders_go() {
    let mut sim = Sim::default();
    let budget = Config::default().memory_budget_bytes;
    let peers: Vec<PeerNo> = (0..6).map(|_| open(&mut sim, "/echo", DEFLATE)).collect();
    let payload = bomb(16 * MIB);
    let parts: Vec<&[u8]> = payload.chunks(payload.len() / 64 + 1).collect();
    let frames = fragmented(2, &parts);
    let (last, begin) = frames.split_last().unwrap();
    for frame in begin {
        for peer in &peers {
            sim.send(*peer, frame);
            sim.turn();
            assert!(sim.hub.held_bytes() <= budget);
        }
        sim.run();
        assert!(sim.hub.held_bytes() <= budget);
    }
    let mut ended = 0;
    for peer in peers {
        sim.send(peer, last);
        sim.run();
        match received(&mut sim, peer) {
            (messages, None) => assert!(messages == [vec![b'a'; 16 * MIB]]),
            (messages, code) => {
                ended += 1;
                assert_eq!((messages.len(), code), (0, Some(1013)));
            }
        }
    }
    // Four times 16 MiB and what goes with it do not fit.
    assert_eq!(ended, 3);
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn two_thousand_who_send_one_byte_and_wait_cost_little_and_are_served() {
    let mut sim = Sim::default();
    let payload = squeezed(b"Hello, Hello, Hello");
    let peers: Vec<PeerNo> = (0..2_000).map(|_| open(&mut sim, "/echo", DEFLATE)).collect();
    for peer in &peers {
        sim.send(*peer, &frame(0x41, &payload[..1]));
    }
    sim.run();
    // Sixteen have a state of the library, the others a byte and its records.
    let held = sim.hub.held_bytes();
    assert!(held <= 16 * BESIDES + 2_000 * 800, "{held} bytes");
    for peer in &peers {
        sim.send(*peer, &frame(0x80, &payload[1..]));
    }
    sim.run();
    for peer in peers {
        let (messages, _) = received(&mut sim, peer);
        assert_eq!(messages, [b"Hello, Hello, Hello"]);
    }
    assert_eq!(sim.hub.held_bytes(), 0);
}

/// Sixteen peers have begun a compressed message: who comes now is inflated later.
fn crowded() -> Sim {
    let mut sim = Sim::default();
    for _ in 0..16 {
        let peer = open(&mut sim, "/echo", DEFLATE);
        sim.send(peer, &frame(0x41, [0xf2]));
    }
    sim.run();
    sim
}

#[test]
fn message_that_is_kept_is_inflated_when_it_is_as_large_as_a_state() {
    // What is kept is inflated at once in the end: the more, the longer nobody else is served.
    for (len, told_at) in [(30_000, 49_153), (90_000, 50_000)] {
        let mut sim = crowded();
        let before = sim.hub.held_bytes();
        let peer = open(&mut sim, "/echo", DEFLATE);
        // Behind this a block of the kind that does not exist.
        let mut payload = [&squeezed(&letters(len, 1))[..], &TAIL, &[0x07]].concat();
        let told_at = payload.len().max(told_at);
        payload.resize(100_000, 0);
        let mut sent = 0;
        for part in payload.chunks(1_000) {
            sim.send(peer, &frame(if sent == 0 { 0x41 } else { 0 }, part));
            sim.run();
            sent += part.len();
            if sim.end(peer) != End::Open {
                break;
            }
            let held = sim.hub.held_bytes() - before;
            assert!(held <= 4 * sent + BESIDES, "{held} for {sent}");
        }
        assert_eq!(sent, told_at.next_multiple_of(1_000));
        assert_eq!(received(&mut sim, peer).1, Some(1007));
    }
    // And what is right comes out right.
    let mut sim = crowded();
    let peer = open(&mut sim, "/echo", DEFLATE);
    let text = letters(200_000, 1);
    let payload = squeezed(&text);
    assert!(payload.len() > 100_000);
    let parts: Vec<&[u8]> = payload.chunks(7_001).collect();
    for frame in fragmented(1, &parts) {
        sim.send(peer, &frame);
        sim.run();
    }
    assert!(received(&mut sim, peer).0 == [text]);
}

#[test]
fn contexts_are_counted_and_bounded_and_given_back() {
    let mut sim = Sim::new(Config { deflate: Deflate::Takeover, ..Config::default() });
    // Its own window is 32 KiB, since it cannot be told otherwise; ours is 4 KiB.
    let peer = open(&mut sim, "/echo", DEFLATE);
    let mut history = Vec::new();
    for seed in 0..40 {
        let text = letters(3_000, seed);
        sim.send(peer, &frame(0xc1, squeezed(&text)));
        sim.run();
        let frames = frames(&sim.take(peer));
        assert_eq!((frames.len(), frames[0].first), (1, 0xc1));
        assert!(inflated_behind(&history, &frames[0].payload) == text);
        history.extend(text);
        let held = sim.hub.held_bytes();
        assert!(held <= (32 << 10) + (4 << 10) + 1_000, "{held} bytes");
    }
    let held = sim.hub.held_bytes();
    assert!(held >= (32 << 10) + (4 << 10), "{held} bytes");
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn connection_that_ends_gives_its_contexts_back_before_its_slot() {
    type Act = fn(&mut Sim, PeerNo);
    let ways: [(&str, Act); 3] = [
        ("its Close", |sim, peer| sim.send(peer, &frame(0x88, ""))),
        ("a violation", |sim, peer| sim.send(peer, &[0x83, 0x80])),
        ("the end of the stream", |sim, peer| {
            // Something waits, so that the connection does not go at once.
            sim.set_window(peer, Some(0));
            sim.send(peer, &frame(0x81, "some"));
            sim.fin(peer);
        }),
    ];
    for (how, end) in ways {
        let mut sim = Sim::new(Config { deflate: Deflate::Takeover, ..Config::default() });
        let peer = open(&mut sim, "/echo", DEFLATE);
        sim.send(peer, &frame(0xc1, squeezed(&letters(33_000, 1))));
        sim.run();
        sim.take(peer);
        assert!(sim.hub.held_bytes() > 36 << 10, "{how}");
        end(&mut sim, peer);
        sim.run();
        // It lingers, and holds no more than its last bytes.
        assert_eq!(sim.hub.connections(), 1, "{how}");
        let held = sim.hub.held_bytes();
        assert!(held < 1_500, "{how}: {held} bytes");
    }
}

#[test]
fn contexts_over_the_budget_end_their_holders_and_not_the_server() {
    let budget = 4 * MIB;
    let mut sim = Sim::new(Config {
        deflate: Deflate::Takeover,
        memory_budget_bytes: budget,
        ping_interval: Duration::ZERO,
        ..Config::default()
    });
    let witness = sim.open("/echo");
    let message = frame(0xc2, squeezed(&letters(32 << 10, 1)));
    let peers: Vec<PeerNo> = (0..500).map(|_| open(&mut sim, "/echo", DEFLATE)).collect();
    for peer in &peers {
        sim.send(*peer, &message);
        sim.run();
        assert!(sim.hub.held_bytes() <= budget);
    }
    let is_open = |peer: &&PeerNo| sim.end(**peer) == End::Open;
    let open = peers.iter().filter(is_open).count();
    let fit = budget / (37 << 10);
    assert!((fit - 10..=fit + 10).contains(&open), "{open} are open");
    for peer in peers {
        let (messages, code) = received(&mut sim, peer);
        // Who goes while its own message is sent may lose the answer.
        assert!(messages.len() <= 1);
        assert_eq!(code, (sim.end(peer) != End::Open).then_some(1013));
        sim.reset(peer);
    }
    let echo = sim.exchange(witness, &frame(0x81, "Hello"));
    assert_eq!(content(&frames(&echo)[0]), b"Hello");
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn nothing_is_left_of_a_thousand_that_came_and_went() {
    let mut sim = Sim::new(Config { deflate: Deflate::Takeover, ..Config::default() });
    let payload = squeezed(&letters(9_000, 2));
    for round in 0..1_000 {
        let offer = format!("{DEFLATE}; server_max_window_bits={}", 9 + round % 7);
        let peer = open(&mut sim, "/echo", &offer);
        sim.send(peer, &frame(0xc1, &payload));
        sim.run();
        assert_eq!(received(&mut sim, peer).0, [letters(9_000, 2)]);
        // In the middle of the next.
        sim.send(peer, &frame(0x41, &payload[..round % payload.len()]));
        sim.run();
        match round % 3 {
            0 => sim.fin(peer),
            1 => sim.reset(peer),
            _ => sim.send(peer, &frame(0x88, "")),
        }
        sim.run();
        assert_eq!(sim.hub.held_bytes(), 0, "round {round}");
    }
}
