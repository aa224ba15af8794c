//! Pings of a peer that does not take its answers: each gets its Pong, and none is dropped.
//!
//! A Pong stands in order with what the same read produced. It goes ahead of frames not yet begun only when the queue
//! still holds bytes of an earlier turn.

use super::take_in_steps;
use crate::client::{self, from_server, ping, text};
use crate::sim::Sim;
use std::time::Duration;
use ws101::config::Config;

fn patient() -> Sim {
    Sim::new(Config {
        ping_interval: Duration::ZERO,
        write_timeout: Duration::from_secs(3_600),
        ..Config::default()
    })
}

#[test]
fn pong_is_in_order_with_what_the_same_read_produced() {
    let mut sim = patient();
    let peer = sim.open("/echo");
    let input = [text("one"), ping("p"), text("two"), ping("q")].concat();
    let expected =
        [from_server(0x81, "one"), from_server(0x8a, "p"), from_server(0x81, "two"), from_server(0x8a, "q")]
            .concat();
    assert_eq!(sim.exchange(peer, &input), expected);
    // Also when the window is closed: nothing of an earlier turn waits.
    sim.set_window(peer, Some(0));
    sim.send(peer, &input);
    sim.run();
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(sim.take(peer), expected);
}

#[test]
fn pong_goes_ahead_of_frames_not_begun_when_bytes_of_an_earlier_turn_wait() {
    let frames = [from_server(0x81, "first"), from_server(0x81, "second")];
    let stream = frames.concat();
    for taken in 0..stream.len() {
        let mut sim = patient();
        let peer = sim.open("/echo");
        sim.set_window(peer, Some(taken));
        sim.send(peer, &[text("first"), text("second")].concat());
        sim.run();
        // Two Pings in two turns, and a message between them.
        sim.send(peer, &ping("p"));
        sim.run();
        sim.send(peer, &[text("third"), ping("q")].concat());
        sim.run();
        sim.set_window(peer, None);
        sim.run();

        // Whatever has begun is finished first, then the Pongs in their order.
        let border = match taken {
            0 => 0,
            _ if taken <= frames[0].len() => frames[0].len(),
            _ => stream.len(),
        };
        let expected = [
            &stream[..border],
            &from_server(0x8a, "p"),
            &from_server(0x8a, "q"),
            &stream[border..],
            &from_server(0x81, "third"),
        ]
        .concat();
        assert_eq!(sim.take(peer), expected, "{taken} bytes were taken before");
    }
}

#[test]
fn pongs_never_fall_into_a_frame_however_little_is_taken() {
    for step in 1..9 {
        let mut sim = patient();
        let peer = sim.open("/echo");
        sim.set_window(peer, Some(0));
        let mut output = Vec::new();
        for number in 0..40 {
            let long = "x".repeat(number * 7);
            sim.send(peer, &text(&long));
            sim.run();
            sim.send(peer, &ping(format!("{number}")));
            sim.open_window(peer, step);
            sim.run();
            output.extend(sim.take(peer));
        }
        output.extend(take_in_steps(&mut sim, peer, || step * 50));
        let frames = client::frames(&output);
        let of = |first: u8| {
            let chosen = frames.iter().filter(move |frame| frame.first == first);
            chosen.map(|frame| frame.payload.clone())
        };
        let pongs: Vec<Vec<u8>> = (0..40).map(|n| format!("{n}").into_bytes()).collect();
        assert!(of(0x8a).eq(pongs), "each Pong once, in order, step {step}");
        assert!(of(0x81).eq((0..40).map(|n| vec![b'x'; n * 7])));
    }
}

#[test]
fn flood_of_pings_is_bounded_by_the_read_stop_and_none_is_dropped() {
    let mut sim = patient();
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    let payload = [b'p'; 120];
    let mut sent = 0_u32;
    // Each read: 1,000 Pings. Each Pong is 126 bytes, numbered.
    for _ in 0..10 {
        let mut burst = Vec::new();
        for _ in 0..1_000 {
            burst.extend(ping([&sent.to_be_bytes(), &payload[..]].concat()));
            sent += 1;
        }
        sim.send(peer, &burst);
        sim.run();
    }
    let unread = sim.unread(peer) / (126 + 4);
    assert_eq!(unread, 7_000, "3,000 Pongs are more than 256 KiB");
    sim.set_window(peer, None);
    sim.run();
    let numbers: Vec<u32> = client::frames(&sim.take(peer))
        .iter()
        .map(|frame| {
            assert_eq!((frame.first, frame.payload.len()), (0x8a, 124));
            u32::from_be_bytes(*frame.payload.first_chunk().expect("a number"))
        })
        .collect();
    // What an earlier turn left is not begun, so later Pongs go ahead of it; else they are in order.
    let stalled = (1_000..3_000).chain(0..1_000);
    assert!(stalled.chain(3_000..sent).eq(numbers), "each once");
}
