//! RFC 7692 §7.2.1: what the server compresses, and how.

use super::client::{Client, json, takeover};
use crate::client::{binary, frame, text};
use crate::sim::{Rng, Sim};
use ws101::config::Config;

const OFFER: &str = "permessage-deflate";

fn noise(len: usize) -> Vec<u8> {
    let mut rng = Rng::new(len as u64);
    (0..len).map(|_| rng.next() as u8).collect()
}

#[test]
fn short_messages_go_as_they_are() {
    // D6-1: both kinds in any order; the threshold is a number of bytes.
    for config in [Config::default(), takeover()] {
        let threshold = config.deflate_threshold_bytes;
        let mut sim = Sim::new(config);
        let mut client = Client::open(&mut sim, "/echo", OFFER);
        for len in [0, 1, threshold - 1, threshold, threshold + 1, 5_000] {
            for (first, message) in [(0x81, text(json(len))), (0x82, binary(json(len)))] {
                let expected = (first, json(len).into_bytes(), len >= threshold);
                assert_eq!(client.exchange(&mut sim, &message), [expected], "{len}");
            }
        }
    }
}

#[test]
fn what_does_not_get_shorter_goes_as_it_is() {
    for config in [Config::default(), takeover()] {
        let mut sim = Sim::new(config);
        let mut client = Client::open(&mut sim, "/echo", OFFER);
        // Long ones are given up after a trial; what comes behind is not harmed by that.
        for len in [300, 70_000, 200_000, 400_000] {
            let message = noise(len);
            let echo = client.exchange(&mut sim, &binary(&message));
            assert!(echo == [(0x82, message, false)], "{len}");
            let echo = client.exchange(&mut sim, &text(json(2_000)));
            assert!(echo == [(0x81, json(2_000).into_bytes(), true)], "{len}");
        }
    }
}

#[test]
fn long_messages_go_compressed_in_one_frame() {
    // D7.2.1-1; RFC 7692 §6.1
    for config in [Config::default(), takeover()] {
        let mut sim = Sim::new(config);
        let mut client = Client::open(&mut sim, "/echo", OFFER);
        for len in [16_383, 16_384, 16_385, 65_536, 131_072, 300_000, 1 << 20] {
            let echo = client.exchange(&mut sim, &text(json(len)));
            assert!(echo == [(0x81, json(len).into_bytes(), true)], "{len}");
        }
    }
}

#[test]
fn each_message_stands_for_itself_unless_takeover_is_agreed() {
    // D7.1.1.1-1: the client begins with a fresh state each time. The same bytes, then.
    let mut sim = Sim::default();
    let mut client = Client::open(&mut sim, "/echo", OFFER);
    let first = sim.exchange(client.no, &text(json(1_000)));
    for _ in 0..3 {
        assert_eq!(sim.exchange(client.no, &text(json(1_000))), first);
    }
    assert_eq!(client.read(&first)[0].1, json(1_000).as_bytes());
    // Asked for by the client where the server would rather not.
    let mut sim = Sim::new(takeover());
    let offer = "permessage-deflate; server_no_context_takeover";
    let mut client = Client::open(&mut sim, "/echo", offer);
    for _ in 0..3 {
        let echo = client.exchange(&mut sim, &text(json(1_000)));
        assert_eq!(echo[0].1, json(1_000).as_bytes());
    }
}

#[test]
fn with_takeover_each_message_refers_to_those_before() {
    // D7.2.3-1: one state all the time, and repetition costs next to nothing.
    let mut sim = Sim::new(takeover());
    let mut client = Client::open(&mut sim, "/echo", OFFER);
    let mut lens = Vec::new();
    for _ in 0..4 {
        let bytes = sim.exchange(client.no, &text(json(1_000)));
        lens.push(bytes.len());
        assert_eq!(client.read(&bytes)[0].1, json(1_000).as_bytes());
    }
    assert!(lens[1..].iter().all(|len| len * 4 < lens[0]), "{lens:?}");
}

#[test]
fn window_is_never_larger_than_agreed() {
    // D7.1.2.1-2: the client's window has exactly that size. What repeats does so at every distance.
    let mut rng = Rng::new(3);
    let mut message = noise(600);
    while message.len() < 45_000 {
        let back = 1 + rng.below(message.len().min(40_000));
        let from = message.len() - back;
        let len = (20 + rng.below(60)).min(back);
        message.extend_from_within(from..from + len);
        message.extend(noise(1 + rng.below(9)));
    }
    for config in [Config::default(), takeover()] {
        for bits in 9..=15 {
            for level in [1, 9] {
                let mut sim = Sim::new(Config { deflate_level: level, ..config.clone() });
                let offer = format!("permessage-deflate; server_max_window_bits={bits}");
                let mut client = Client::open(&mut sim, "/echo", &offer);
                assert!(client.window_bits() <= bits);
                for part in [&message[..700], &message[..30_000], &message, &message[..9_000]] {
                    let echo = client.exchange(&mut sim, &binary(part));
                    assert!(echo[0].1 == part, "{bits} bits, level {level}");
                }
            }
        }
    }
}

#[test]
fn larger_window_is_made_use_of() {
    // The other side of the test above: distances are not simply kept short.
    let message = [noise(3_000), noise(3_000)].concat();
    let len = |bits: u8| {
        let mut sim = Sim::default();
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        let client = Client::open(&mut sim, "/echo", &offer);
        sim.exchange(client.no, &binary(&message)).len()
    };
    assert!(len(9) > 6_000 && len(15) < 3_500, "{} {}", len(9), len(15));
}

#[test]
fn own_messages_broadcasts_and_plain_ones_mix() {
    // D7.2.3-1, -2: a broadcast stands for itself, and what follows it must not refer to before it.
    let mut sim = Sim::new(takeover());
    let mut client = Client::open(&mut sim, "/ws/7", OFFER);
    let mut other = Client::open(&mut sim, "/ws/8", "permessage-deflate; server_max_window_bits=9");
    let mut rng = Rng::new(1);
    for round in 0..60 {
        let len = [10, 300, 1_000, 5_000, 20_000][rng.below(5)];
        let message = json(len).replace("user1", &format!("u{}", rng.below(4)));
        let wrote = format!("You wrote: {message}").into_bytes();
        let says = format!("Client #7 says: {message}").into_bytes();
        let to_sender = client.exchange(&mut sim, &text(&message));
        let messages: Vec<&Vec<u8>> = to_sender.iter().map(|(_, message, _)| message).collect();
        assert!(messages == [&wrote, &says], "round {round}");
        let bytes = sim.take(other.no);
        assert!(other.read(&bytes)[0].1 == says, "round {round}");
        assert_eq!(to_sender[0].2, wrote.len() >= 256, "round {round}");
    }
}

#[test]
fn control_frames_are_never_compressed() {
    // D6-2, whatever their payload is.
    let mut sim = Sim::new(Config { deflate_threshold_bytes: 0, ..Config::default() });
    let mut client = Client::open(&mut sim, "/echo", OFFER);
    let payload = vec![b'a'; 125];
    let pong = client.exchange(&mut sim, &frame(0x89, &payload));
    assert_eq!(pong, [(0x8a, payload, false)]);
    let echo = client.exchange(&mut sim, &text("a".repeat(50)));
    assert_eq!(echo, [(0x81, vec![b'a'; 50], true)]);
    assert_eq!(client.exchange(&mut sim, &text(""))[0].1, b"");
}
