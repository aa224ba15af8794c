//! RFC 6455 §7.1, §7.2: how a connection ends, by whoever and however, and what its application hears.

use crate::client::{binary, close, frame, frames, from_server, hex, ping, text};
use crate::record::{Event, Record, watched};
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// A connection on which a Close was exchanged, the server's side closed.
fn closed() -> (Sim, PeerNo) {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    assert_eq!(sim.exchange(peer, &close(1000, "")), hex("88 02 03 e8"));
    assert_eq!(sim.end(peer), End::HalfClosed);
    (sim, peer)
}

#[test]
fn server_closes_its_side_first_and_the_socket_when_the_client_has_closed_too() {
    // RFC 6455 §7.1.1, §5.5.1
    let (mut sim, peer) = closed();
    assert_eq!(sim.exchange(peer, &text("late")), b"");
    assert_eq!(sim.end(peer), End::HalfClosed, "still discarding");
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.hub.connections(), 0);
}

#[test]
fn client_that_never_closes_is_waited_for_two_seconds_and_not_reset() {
    // RFC 6455 §7.1.1. The server has closed its side, and gives the client time to read the Close.
    let (mut sim, peer) = closed();
    sim.advance(Duration::from_millis(1_999));
    sim.exchange(peer, &text("late"));
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.advance(Duration::from_millis(1));
    assert_eq!(sim.end(peer), End::Closed, "a reset would destroy what is still on its way");
    assert_eq!(sim.hub.connections(), 0);
}

#[test]
fn client_that_sends_on_is_cut_after_a_mebibyte() {
    // Bytes after the Closes are read and thrown away, but not without a bound.
    let (mut sim, peer) = closed();
    for _ in 0..16 {
        assert_eq!(sim.exchange(peer, &[0x2a; 65_536]), b"");
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
    assert_eq!(sim.exchange(peer, &text("late")), b"");
    sim.advance(Duration::from_secs(2));
    assert_eq!(sim.end(peer), End::Closed);
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
    // RFC 6455 §7.1.1: between frames and in the middle of one, at every byte.
    let message = [frame(0x01, "Hel"), frame(0x80, "lo")].concat();
    for bytes in [message, close(1000, "bye"), ping("p"), binary([0x2a; 126])] {
        for cut in 0..bytes.len() {
            let mut sim = Sim::default();
            let peer = sim.open("/echo");
            sim.send(peer, &bytes[..cut]);
            sim.fin(peer);
            sim.run();
            assert_eq!(sim.take(peer), b"", "{:02x?}", &bytes[..cut]);
            assert_eq!(sim.end(peer), End::Closed);
            assert_eq!(sim.hub.connections(), 0);
        }
    }
}

#[test]
fn data_and_fin_together_are_answered_then_the_connection_ends() {
    // The server answers what is complete, and keeps no half-open socket.
    for (input, output) in [
        (text("Hello"), hex("81 05 48 65 6c 6c 6f")),
        ([text("a"), text("b"), frame(0x01, "c")].concat(), hex("81 01 61 81 01 62")),
        (ping("p"), hex("8a 01 70")),
        (close(1000, ""), hex("88 02 03 e8")),
        ([text("a"), close(4000, "")].concat(), hex("81 01 61 88 02 0f a0")),
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

/// Closes each connection with 4321 when a message arrives, and tries what must not work then.
struct Closer;

impl App for Closer {
    fn route(&self, _: &Head<'_>) -> Option<Route> {
        Some(Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(7))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, _: Message<'_>) {
        ctx.close(id, CloseCode(4321), "enough");
        ctx.close(id, CloseCode(4322), "twice");
        ctx.send(id, Message::Text("late"));
        ctx.ping(id, b"late");
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, tag: u64, _: &Closed) {
        assert_eq!(tag, 7);
    }
}

fn closer() -> (Sim, PeerNo, Record) {
    let (apps, record) = watched(vec![Box::new(Closer)]);
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.open("/");
    (sim, peer, record)
}

/// What the application was told from the opening to the end of a conversation.
fn recorded(drive: impl Fn(&mut Sim, PeerNo)) -> Record {
    let (mut sim, peer, record) = closer();
    drive(&mut sim, peer);
    sim.run();
    sim.fin(peer);
    sim.advance(Duration::from_secs(60));
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(record.check(), 0);
    record
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
        ([text("x"), close(1000, "")].concat(), 4321, Cause::Application),
    ];
    for (input, code, cause) in cases {
        let code = CloseCode(code);
        let record = recorded(|sim, peer| sim.send(peer, &input));
        assert_eq!(record.closes(), [Closed { code, cause }], "{input:02x?}");
    }
    let record = recorded(Sim::reset);
    let code = CloseCode::AbnormalClosure;
    assert_eq!(record.closes(), [Closed { code, cause: Cause::Peer }]);
}

#[test]
fn application_hears_at_once_that_the_stream_ended_though_bytes_still_wait() {
    // RFC 6455 §7.1.5. Bytes that the client has yet to read are no reason to wait.
    let (mut sim, peer, record) = closer();
    sim.set_window(peer, Some(0));
    sim.send(peer, &ping("p"));
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Open, "the Pong waits");
    let code = CloseCode::AbnormalClosure;
    let cause = Cause::Peer;
    assert_eq!(record.closes(), [Closed { code, cause }]);
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(sim.take(peer), hex("8a 01 70"));
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(record.closes().len(), 1);
}

#[test]
fn application_that_closes_sends_one_close_and_nothing_behind_it() {
    // RFC 6455 §7.1.2, §5.5.1, §6.1; and it hears no message after its close.
    let record = recorded(|sim, peer| {
        let output = sim.exchange(peer, &[text("x"), text("y")].concat());
        let payload = [&4321_u16.to_be_bytes()[..], b"enough"].concat();
        assert_eq!(output, from_server(0x88, payload));
        assert_eq!(sim.end(peer), End::Open);
    });
    let is_message = |event: &Event| matches!(event, Event::Message(..));
    let messages = record.events().into_iter().filter(is_message);
    assert_eq!(messages.count(), 1);
}

#[test]
fn close_that_is_never_answered_is_waited_for_five_seconds() {
    // After five seconds the server ends TCP without the peer's Close.
    recorded(|sim, peer| {
        sim.exchange(peer, &text("x"));
        sim.advance(Duration::from_millis(4_999));
        sim.exchange(peer, &ping("")); // Bytes do not prolong the wait.
        assert_eq!(sim.end(peer), End::Open);
        sim.advance(Duration::from_millis(1));
        assert_eq!(sim.end(peer), End::HalfClosed);
        sim.advance(Duration::from_secs(2));
        assert_eq!(sim.end(peer), End::Closed);
        assert_eq!(sim.now, Time(0).after(Duration::from_secs(7)));
    });
}
