//! RFC 6455 §5.5.1 and §7: Close frames, the closing handshake, the end of the connection.

use crate::client::{binary, close, frame, frames, from_server, hex, ping, pong, text};
use crate::script::{self, Script, fails_at_last_byte};
use crate::sim::{End, PeerNo, Sim};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Options, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::{Head, Method};
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// The Close of a server that goes down.
const GOING_AWAY: &str = "server is going down";

fn ends_with(input: Vec<u8>, output: Vec<u8>) {
    script::check(&Script {
        config: Config::default(),
        path: "/echo",
        input,
        output,
        end: End::HalfClosed,
    });
}

/// A Close from the server, with its code.
fn answer(code: u16) -> Vec<u8> {
    from_server(0x88, code.to_be_bytes())
}

/// The codes that may stand in a Close frame: those of RFC 6455 §7.4.1 and of the IANA registry
/// below 3000, then those of libraries and applications.
fn may_be_sent(code: u16) -> bool {
    let registered = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    ];
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
    // RFC 6455 §5.5.1; LIMITS §4
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
    for code in [
        "00 00", "03 e7", "03 ec", "03 ed", "03 ee", "03 f7", "0b b7", "13 88",
    ] {
        let begun = format!("88 fd 00 00 00 00 {code}");
        fails_at_last_byte(hex(&begun), vec![], 1002);
    }
}

#[test]
fn close_reason_that_is_not_utf8_fails_at_its_first_impossible_byte() {
    // RFC 6455 §5.5.1, §8.1
    for reason in [
        "ff",
        "80",
        "61 c0",
        "e2 82 28",
        "ed a0",
        "f4 90",
        "c3 a9 e9 21",
    ] {
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

/// A connection on which a Close was exchanged, the server's side closed.
fn closed() -> (Sim, PeerNo) {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    assert_eq!(sim.exchange(peer, &close(1000, "")), answer(1000));
    assert_eq!(sim.end(peer), End::HalfClosed);
    (sim, peer)
}

#[test]
fn server_closes_its_side_first_and_the_socket_when_the_client_has_closed_too() {
    // RFC 6455 §7.1.1, §5.5.1
    let (mut sim, peer) = closed();
    assert_eq!(sim.exchange(peer, &text("late")), []);
    assert_eq!(sim.end(peer), End::HalfClosed, "still discarding");
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.hub.connections(), 0);
}

#[test]
fn client_that_never_closes_is_cut_after_two_seconds() {
    // LIMITS §1
    let (mut sim, peer) = closed();
    sim.advance(Duration::from_millis(1_999));
    sim.exchange(peer, &text("late"));
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.advance(Duration::from_millis(1));
    assert_eq!(sim.end(peer), End::Reset);
    assert_eq!(sim.hub.connections(), 0);
}

#[test]
fn client_that_sends_on_is_cut_after_a_mebibyte() {
    // LIMITS §1
    let (mut sim, peer) = closed();
    for _ in 0..16 {
        assert_eq!(sim.exchange(peer, &[0x2a; 65_536]), []);
    }
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.exchange(peer, &[0x2a]);
    assert_eq!(sim.end(peer), End::Reset);
}

#[test]
fn violation_ends_like_a_close() {
    // RFC 6455 §7.1.7, §7.1.1: Close, half-close, discard, end.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.exchange(peer, &hex("83"));
    assert_eq!(sim.end(peer), End::HalfClosed);
    assert_eq!(sim.exchange(peer, &text("late")), []);
    sim.advance(Duration::from_secs(2));
    assert_eq!(sim.end(peer), End::Reset);
}

#[test]
fn side_is_not_closed_before_everything_is_written() {
    // RFC 6455 §7.1.1: the Close is the last thing the client can read.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(3));
    sim.send(peer, &[text("Hello"), close(1000, "")].concat());
    for _ in 0..3 {
        sim.run();
        assert_eq!(sim.end(peer), End::Open);
        sim.open_window(peer, 2);
    }
    sim.open_window(peer, 2);
    sim.run();
    assert_eq!(sim.take(peer), hex("81 05 48 65 6c 6c 6f 88 02 03 e8"));
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn stream_that_ends_without_a_close_ends_the_connection_silently() {
    // RFC 6455 §7.1.1; LIMITS §4: between frames and in the middle of one, at every byte.
    let message = [frame(0x01, "Hel"), frame(0x80, "lo")].concat();
    for bytes in [message, close(1000, "bye"), ping("p"), binary([0x2a; 126])] {
        for cut in 0..bytes.len() {
            let mut sim = Sim::default();
            let peer = sim.open("/echo");
            sim.send(peer, &bytes[..cut]);
            sim.fin(peer);
            sim.run();
            assert_eq!(sim.take(peer), [], "{:02x?}", &bytes[..cut]);
            assert_eq!(sim.end(peer), End::Closed);
            assert_eq!(sim.hub.connections(), 0);
        }
    }
}

#[test]
fn data_and_fin_together_are_answered_then_the_connection_ends() {
    // LIMITS §4: answer what is complete, keep no half-open socket.
    for (input, output) in [
        (text("Hello"), hex("81 05 48 65 6c 6c 6f")),
        (
            [text("a"), text("b"), frame(0x01, "c")].concat(),
            hex("81 01 61 81 01 62"),
        ),
        (ping("p"), hex("8a 01 70")),
        (close(1000, ""), hex("88 02 03 e8")),
        (
            [text("a"), close(4000, "")].concat(),
            hex("81 01 61 88 02 0f a0"),
        ),
    ] {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        sim.send(peer, &input);
        sim.fin(peer);
        sim.run();
        assert_eq!(sim.take(peer), output);
        assert_eq!(sim.end(peer), End::Closed);
        assert_eq!(sim.hub.connections(), 0);
    }
}

#[test]
fn violation_and_fin_together_still_send_the_close() {
    // RFC 6455 §7.1.7: the client may only have closed its sending side.
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    sim.send(peer, &hex("83"));
    sim.fin(peer);
    sim.run();
    let closes = frames(&sim.take(peer));
    assert_eq!(closes.len(), 1);
    assert_eq!(closes[0].payload[..2], 1002_u16.to_be_bytes());
    assert_eq!(sim.end(peer), End::Closed);
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
        assert_eq!(sim.exchange(peer, &frame(0x88, payload)), []);
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

#[test]
fn data_that_crosses_our_close_is_not_answered() {
    // RFC 6455 §5.5.1, §6.1: no data frames after our Close.
    let (mut sim, peer) = going_away();
    assert_eq!(
        sim.exchange(peer, &[text("one"), binary("two")].concat()),
        []
    );
    assert_eq!(
        sim.exchange(peer, &[frame(0x01, "th"), frame(0x80, "ree")].concat()),
        []
    );
    assert_eq!(sim.end(peer), End::Open);
    assert_eq!(sim.exchange(peer, &close(1001, "")), []);
    assert_eq!(sim.end(peer), End::HalfClosed);
}

#[test]
fn ping_that_crosses_our_close_is_answered() {
    // RFC 6455 §5.5.2: a Pong is owed until the peer's Close has been received.
    let (mut sim, peer) = going_away();
    assert_eq!(sim.exchange(peer, &ping("p")), hex("8a 01 70"));
    assert_eq!(
        sim.exchange(peer, &[close(1001, ""), ping("p")].concat()),
        []
    );
}

#[test]
fn violation_behind_our_close_ends_the_connection_without_another_close() {
    // RFC 6455 §5.5.1, §7.1.7
    for input in [hex("83"), text([0xff]), close(1005, "")] {
        let (mut sim, peer) = going_away();
        assert_eq!(sim.exchange(peer, &input), []);
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

/// What an application was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Notes {
    messages: usize,
    closed: Vec<Closed>,
}

/// Closes each connection with 4321 when a message arrives, and notes what it is told.
struct Recorder(Rc<RefCell<Notes>>);

impl App for Recorder {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route {
            methods: &[Method::Get],
            websocket: true,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(7))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, _: ws101::app::Message<'_>) {
        self.0.borrow_mut().messages += 1;
        ctx.close(id, CloseCode(4321), "enough");
        ctx.close(id, CloseCode(4322), "twice");
        ctx.send(id, ws101::app::Message::Text("late"));
        ctx.ping(id, b"late");
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, tag: u64, why: &Closed) {
        assert_eq!(tag, 7);
        self.0.borrow_mut().closed.push(*why);
    }
}

fn recorder() -> (Sim, PeerNo, Rc<RefCell<Notes>>) {
    let notes = Rc::new(RefCell::new(Notes::default()));
    let apps: Vec<Box<dyn App>> = vec![Box::new(Recorder(Rc::clone(&notes)))];
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.open("/");
    (sim, peer, notes)
}

/// What the application was told from the opening to the end of a conversation.
fn recorded(drive: impl Fn(&mut Sim, PeerNo)) -> Notes {
    let (mut sim, peer, notes) = recorder();
    drive(&mut sim, peer);
    sim.run();
    sim.fin(peer);
    sim.advance(Duration::from_secs(60));
    assert_eq!(sim.hub.connections(), 0);
    notes.take()
}

#[test]
fn application_hears_once_with_the_code_of_the_first_close() {
    // RFC 6455 §7.1.5: 1005 for a Close without a code, 1006 without a Close.
    let cases: [(Vec<u8>, u16, Cause); 8] = [
        (close(1000, "bye"), 1000, Cause::Peer),
        (close(4999, ""), 4999, Cause::Peer),
        (frame(0x88, ""), 1005, Cause::Peer),
        (frame(0x02, "begun"), 1006, Cause::Peer),
        (hex("83"), 1002, Cause::Protocol),
        (text([0xff]), 1007, Cause::Protocol),
        (hex("82 ff 40"), 1009, Cause::Limit),
        (
            [text("x"), close(1000, "")].concat(),
            4321,
            Cause::Application,
        ),
    ];
    for (input, code, cause) in cases {
        let code = CloseCode(code);
        let notes = recorded(|sim, peer| sim.send(peer, &input));
        assert_eq!(notes.closed, [Closed { code, cause }], "{input:02x?}");
    }
    let notes = recorded(Sim::reset);
    let code = CloseCode::AbnormalClosure;
    assert_eq!(
        notes.closed,
        [Closed {
            code,
            cause: Cause::Peer
        }]
    );
}

#[test]
fn application_hears_at_once_that_the_stream_ended_though_bytes_still_wait() {
    // RFC 6455 §7.1.5; LIMITS §4: clean up, whatever the client still has to read.
    let (mut sim, peer, notes) = recorder();
    sim.set_window(peer, Some(0));
    sim.send(peer, &ping("p"));
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Open, "the Pong waits");
    let code = CloseCode::AbnormalClosure;
    let cause = Cause::Peer;
    assert_eq!(notes.borrow().closed, [Closed { code, cause }]);
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(sim.take(peer), hex("8a 01 70"));
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(notes.borrow().closed.len(), 1);
}

#[test]
fn application_that_closes_sends_one_close_and_nothing_behind_it() {
    // RFC 6455 §7.1.2, §5.5.1, §6.1; and it hears no message after its close.
    let notes = recorded(|sim, peer| {
        let output = sim.exchange(peer, &[text("x"), text("y")].concat());
        let payload = [&4321_u16.to_be_bytes()[..], b"enough"].concat();
        assert_eq!(output, from_server(0x88, payload));
        assert_eq!(sim.end(peer), End::Open);
    });
    assert_eq!(notes.messages, 1);
}

#[test]
fn close_that_is_never_answered_is_waited_for_five_seconds() {
    // LIMITS §1: then the TCP connection ends.
    recorded(|sim, peer| {
        sim.exchange(peer, &text("x"));
        sim.advance(Duration::from_millis(4_999));
        sim.exchange(peer, &ping("")); // Bytes do not prolong the wait.
        assert_eq!(sim.end(peer), End::Open);
        sim.advance(Duration::from_millis(1));
        assert_eq!(sim.end(peer), End::HalfClosed);
        sim.advance(Duration::from_secs(2));
        assert_eq!(sim.end(peer), End::Reset);
        assert_eq!(sim.now, Time(0).after(Duration::from_secs(7)));
    });
}
