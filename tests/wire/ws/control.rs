//! RFC 6455 §5.5: Ping, Pong, and what every control frame must be.

use crate::client::{binary, frames, from_server, hex, ping, pong, text};
use crate::script::{self, fails_at_last_byte};
use crate::sim::{End, Sim};
use ws101::config::Config;

#[test]
fn ping_of_any_length_is_answered_with_its_own_bytes() {
    // RFC 6455 §5.5.2, §5.5.3
    for len in [0, 1, 5, 124, 125] {
        let payload: Vec<u8> = (0..len).map(|n| 0xff - n).collect();
        script::echo(ping(&payload), from_server(0x8a, &payload));
    }
}

#[test]
fn payload_of_a_ping_need_not_be_text() {
    // RFC 6455 §5.5.3
    script::echo(ping([0xff, 0xfe]), hex("8a 02 ff fe"));
}

#[test]
fn each_ping_has_its_pong_in_order_with_the_messages() {
    // RFC 6455 §5.5.2, §5.5.3. One Pong for several Pings would be allowed; we send one for each.
    let input = [ping("1"), text("2"), ping("3"), ping("4"), binary("5")].concat();
    script::echo(input, hex("8a 01 31 81 01 32 8a 01 33 8a 01 34 82 01 35"));
}

#[test]
fn pong_that_nobody_asked_for_is_ignored() {
    // RFC 6455 §5.5.3
    let input = [pong(""), pong([0xff; 125]), text("Hello"), pong("x")].concat();
    script::echo(input, from_server(0x81, "Hello"));
}

#[test]
fn control_frame_over_125_bytes_fails_at_the_second_byte() {
    // RFC 6455 §5.5
    for first in ["88", "89", "8a"] {
        for second in ["fe", "ff"] {
            fails_at_last_byte(hex(&format!("{first} {second}")), vec![], 1002);
            let in_message = format!("01 80 00 00 00 00 {first} {second}");
            fails_at_last_byte(hex(&in_message), vec![], 1002);
        }
    }
}

#[test]
fn fragmented_control_frame_fails_at_the_first_byte() {
    // RFC 6455 §5.4, §5.5
    for first in ["08", "09", "0a"] {
        fails_at_last_byte(hex(first), vec![], 1002);
        let in_message = format!("02 80 00 00 00 00 {first}");
        fails_at_last_byte(hex(&in_message), vec![], 1002);
    }
}

#[test]
fn pong_overtakes_what_waits_since_an_earlier_turn() {
    // RFC 6455 §5.5.2: as soon as practical; a frame that is begun is finished first.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(1));
    for bytes in [text("1"), text("2"), ping("3"), ping("4"), text("5")] {
        assert!(sim.exchange(peer, &bytes).len() <= 1);
    }
    let mut output = hex("81");
    sim.set_window(peer, None);
    sim.run();
    output.extend(sim.take(peer));
    let expected = hex("81 01 31  8a 01 33  8a 01 34  81 01 32  81 01 35");
    assert_eq!(output, expected);
}

#[test]
fn flood_of_pings_is_bounded_by_not_reading_and_each_is_answered() {
    // A Pong is never dropped. The queue has a bound because the server stops reading.
    let mut sim = Sim::new(Config { max_queue_bytes: Some(1 << 20), ..Config::default() });
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    let payloads: Vec<Vec<u8>> = (0..20_000_u32).map(|n| n.to_be_bytes().repeat(31)).collect();
    for some in payloads.chunks(200) {
        let pings: Vec<Vec<u8>> = some.iter().map(ping).collect();
        sim.send(peer, &pings.concat());
    }
    sim.run();
    assert_eq!(sim.end(peer), End::Open, "not a slow consumer");
    sim.set_window(peer, None);
    sim.run();
    let output = sim.take(peer);
    let mut answered: Vec<Vec<u8>> = frames(&output)
        .into_iter()
        .map(|pong| {
            assert_eq!(pong.first, 0x8a);
            pong.payload
        })
        .collect();
    // Later Pongs may overtake those that waited since an earlier turn.
    answered.sort_unstable();
    assert!(answered == payloads);
}
