//! RFC 6455 §5.5.1, §7.4: Close frames, their codes, and the closing handshake from both sides.

use crate::client::{binary, close, frame, frames, from_server, hex, ping, pong, text};
use crate::script::{self, Script, fails_at_last_byte};
use crate::sim::{End, PeerNo, Sim};
use ws101::config::Config;

/// The Close of a server that goes down.
const GOING_AWAY: &str = "server is going down";

fn ends_with(input: Vec<u8>, output: Vec<u8>) {
    script::check(&Script { config: Config::default(), path: "/echo", input, output, end: End::HalfClosed });
}

/// A Close from the server, with its code.
fn answer(code: u16) -> Vec<u8> {
    from_server(0x88, code.to_be_bytes())
}

/// The codes that may stand in a Close frame: those of RFC 6455 §7.4.1 and of the IANA registry
/// below 3000, then those of libraries and applications.
fn may_be_sent(code: u16) -> bool {
    let registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    registered.contains(&code) || (3000..5000).contains(&code)
}

#[test]
fn each_close_code_is_answered_with_itself_or_fails_with_1002() {
    // RFC 6455 §7.4.1, §7.4.2, §5.5.1
    for code in (0..=5_000).chain([9_999, 32_768, 65_535]) {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        let output = sim.exchange(peer, &close(code, ""));
        if may_be_sent(code) {
            assert_eq!(output, answer(code), "{code}");
        } else {
            let closes = frames(&output);
            assert_eq!(closes.len(), 1, "{code}");
            assert_eq!(closes[0].first, 0x88, "{code}");
            assert_eq!(closes[0].payload[..2], 1002_u16.to_be_bytes(), "{code}");
        }
        assert_eq!(sim.end(peer), End::HalfClosed, "{code}");
    }
}

#[test]
fn close_is_answered_with_its_code_and_no_reason() {
    // RFC 6455 §5.5.1
    for code in [1000, 1001, 1014, 3000, 3999, 4000, 4999] {
        ends_with(close(code, ""), answer(code));
        ends_with(close(code, "see you, é"), answer(code));
    }
    ends_with(close(1000, &"x".repeat(123)), answer(1000));
}

#[test]
fn empty_close_is_answered_with_an_empty_one() {
    // RFC 6455 §5.5.1, §7.1.5
    ends_with(hex("88 80 37 fa 21 3d"), hex("88 00"));
}

#[test]
fn close_code_of_one_byte_fails_at_the_length() {
    // RFC 6455 §5.5.1: a body begins with two bytes of code.
    fails_at_last_byte(hex("88 81"), vec![], 1002);
}

#[test]
fn close_code_not_allowed_fails_at_its_second_byte() {
    // RFC 6455 §7.4: before the reason has arrived.
    for code in ["00 00", "03 e7", "03 ec", "03 ed", "03 ee", "03 f7", "0b b7", "13 88"] {
        let begun = format!("88 fd 00 00 00 00 {code}");
        fails_at_last_byte(hex(&begun), vec![], 1002);
    }
}

#[test]
fn close_reason_that_is_not_utf8_fails_at_its_first_impossible_byte() {
    // RFC 6455 §5.5.1, §8.1
    for reason in ["ff", "80", "61 c0", "e2 82 28", "ed a0", "f4 90", "c3 a9 e9 21"] {
        let begun = format!("88 fd 00 00 00 00 03 e8 {reason}");
        fails_at_last_byte(hex(&begun), vec![], 1007);
    }
}

#[test]
fn close_reason_that_ends_inside_a_character_fails_with_1007() {
    // RFC 6455 §8.1
    for reason in ["c3", "e2 82", "f0 9f 98", "61 62 e2"] {
        let payload = hex(&format!("03 e8 {reason}"));
        fails_at_last_byte(frame(0x88, payload), vec![], 1007);
    }
}

#[test]
fn messages_ahead_of_a_close_are_answered_first() {
    // RFC 6455 §5.5.1
    let input = [text("one"), ping("two"), close(1000, "")].concat();
    ends_with(input, hex("81 03 6f 6e 65  8a 03 74 77 6f  88 02 03 e8"));
}

#[test]
fn everything_behind_a_close_is_ignored() {
    // RFC 6455 §1.4, §5.5.1: no echo, no pong, no second Close, no failure.
    for after in [
        text("late"),
        binary("late"),
        ping("late"),
        pong("late"),
        close(1000, ""),
        close(1005, ""),
        hex("81 05 48 65 6c 6c 6f"),
        hex("ff ff ff ff ff ff ff ff ff ff"),
        frame(0x01, "begun"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
    ] {
        ends_with([close(3000, "bye"), after].concat(), answer(3000));
    }
}

#[test]
fn violation_is_answered_with_one_close_and_a_close_behind_it_with_none() {
    // RFC 6455 §7.1.7, §5.5.1: `fails` wants exactly one Close, the last frame.
    script::fails([hex("83"), close(1000, "")].concat(), vec![], 1002);
    script::fails([text([0xff]), close(1000, "")].concat(), vec![], 1007);
}

/// An echo connection on which the server has begun the closing handshake.
fn going_away() -> (Sim, PeerNo) {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.hub.stop(sim.now);
    sim.run();
    let payload = [&1001_u16.to_be_bytes(), GOING_AWAY.as_bytes()].concat();
    assert_eq!(sim.take(peer), from_server(0x88, payload));
    assert_eq!(sim.end(peer), End::Open, "the client's Close is awaited");
    (sim, peer)
}

#[test]
fn close_that_crosses_ours_completes_the_handshake_without_another() {
    // RFC 6455 §5.5.1, §7.1.2
    for payload in [&hex("03 e9")[..], &hex("03 e8"), b""] {
        let (mut sim, peer) = going_away();
        assert_eq!(sim.exchange(peer, &frame(0x88, payload)), b"");
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

#[test]
fn data_that_crosses_our_close_is_not_answered() {
    // RFC 6455 §5.5.1, §6.1: no data frames after our Close.
    let (mut sim, peer) = going_away();
    assert_eq!(sim.exchange(peer, &[text("one"), binary("two")].concat()), b"");
    assert_eq!(sim.exchange(peer, &[frame(0x01, "th"), frame(0x80, "ree")].concat()), b"");
    assert_eq!(sim.end(peer), End::Open);
    assert_eq!(sim.exchange(peer, &close(1001, "")), b"");
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn ping_that_crosses_our_close_gets_nothing_behind_it() {
    // RFC 6455 §5.5.2 asks for a Pong until the peer's Close has come, §6.1 lets nothing be sent once
    // the state is not OPEN. Our Close is the last frame: that is what peers rely on.
    let (mut sim, peer) = going_away();
    assert_eq!(sim.exchange(peer, &ping("p")), b"");
    assert_eq!(sim.exchange(peer, &[close(1001, ""), ping("p")].concat()), b"");
}

#[test]
fn violation_behind_our_close_ends_the_connection_without_another_close() {
    // RFC 6455 §5.5.1, §7.1.7
    for input in [hex("83"), text([0xff]), close(1005, "")] {
        let (mut sim, peer) = going_away();
        assert_eq!(sim.exchange(peer, &input), b"");
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}
