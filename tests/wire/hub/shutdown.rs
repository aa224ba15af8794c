//! Going down: what each kind of connection gets, how long it may take, what is cut.

mod applications;
mod requests;

use crate::client::{close, frame, from_server, text};
use crate::record::{Record, watched};
use crate::sim::{End, PeerNo, Sim, apps};
use std::time::Duration;
use ws101::app::{Cause, Closed};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::ws::close::CloseCode;

/// Draining for so long unless a test says otherwise.
const DRAIN: Duration = Duration::from_secs(5);
const MILLISECOND: Duration = Duration::from_millis(1);
const GOING_AWAY: Closed = Closed { code: CloseCode::GoingAway, cause: Cause::Shutdown };

fn sim() -> (Sim, Record) {
    sim_with(Config::default())
}

fn sim_with(config: Config) -> (Sim, Record) {
    let (apps, record) = watched(apps());
    (Sim::with_apps(config, apps), record)
}

fn drain_timeout(drain_timeout: Duration) -> Config {
    Config { drain_timeout, ..Config::default() }
}

/// The first signal.
fn stop(sim: &mut Sim) {
    sim.hub.stop(sim.now);
    sim.run();
}

/// The second.
fn cut(sim: &mut Sim) {
    sim.hub.cut_all();
    sim.run();
}

/// The Close of a server that goes down, whole.
fn going_away() -> Vec<u8> {
    from_server(0x88, [&1001_u16.to_be_bytes()[..], b"server is going down"].concat())
}

/// The client answers the Close, and closes its side when the server has.
fn leave(sim: &mut Sim, peer: PeerNo) {
    assert_eq!(sim.exchange(peer, &close(1001, "")), b"");
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Closed);
}

#[test]
fn each_websocket_gets_1001_and_the_server_is_finished_when_all_have_left() {
    let (mut sim, record) = sim();
    let peers = ["/echo", "/broadcast", "/ws", "/ws/7"].map(|path| sim.open(path));
    assert!(!sim.hub.is_finished());
    stop(&mut sim);
    assert_eq!(record.closes(), [GOING_AWAY; 4]);
    for peer in peers {
        assert_eq!(sim.take(peer), going_away());
        assert_eq!(sim.end(peer), End::Open, "the peer's Close is awaited");
    }
    for peer in peers {
        assert!(!sim.hub.is_finished());
        leave(&mut sim, peer);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.now, Time(0), "nothing had to be waited for");
    assert_eq!(record.closes().len(), 4, "each is told once");
    assert_eq!(record.check(), 0);
}

#[test]
fn server_without_connections_is_finished_at_once() {
    let (mut sim, _) = sim();
    stop(&mut sim);
    assert!(sim.hub.is_finished());
}

#[test]
fn message_read_before_the_signal_is_answered_before_the_close() {
    // The same turn: nothing was written in between.
    let (mut sim, _) = sim();
    let peer = sim.open("/echo");
    let id = sim.peer(peer).id;
    let now = sim.now;
    sim.hub.receive(id, &text("last words"), now);
    stop(&mut sim);
    let expected = [from_server(0x81, "last words"), going_away()].concat();
    assert_eq!(sim.take(peer), expected);
}

#[test]
fn message_read_after_the_signal_is_not_answered() {
    // RFC 6455 §5.5.1: no data frames behind a Close.
    let (mut sim, _) = sim();
    let peer = sim.open("/echo");
    sim.send(peer, &text("too late"));
    stop(&mut sim);
    assert_eq!(sim.take(peer), going_away());
}

/// Three messages to a peer of `/broadcast` whose connection takes `window` bytes, then the signal.
/// Gives the peer and what it is to read.
fn stopped_with_a_queue(sim: &mut Sim, window: usize) -> (PeerNo, Vec<u8>) {
    let slow = sim.open("/broadcast");
    let quick = sim.open("/broadcast");
    sim.set_window(slow, Some(window));
    let mut expected = Vec::new();
    for letter in ["a", "b", "c"] {
        let message = letter.repeat(1_000);
        sim.send(quick, &text(&message));
        sim.run();
        expected.extend(from_server(0x81, message));
    }
    stop(sim);
    expected.extend(going_away());
    assert_eq!(sim.take(quick), expected);
    leave(sim, quick);
    (slow, expected)
}

#[test]
fn full_window_gets_its_queue_and_then_the_close() {
    let (mut sim, record) = sim();
    let (slow, expected) = stopped_with_a_queue(&mut sim, 100);
    sim.advance(DRAIN - MILLISECOND);
    sim.open_window(slow, 1_500);
    sim.run();
    assert_eq!(sim.take(slow), expected[..1_600]);
    sim.open_window(slow, 1 << 20);
    sim.run();
    assert_eq!(sim.take(slow), expected[1_600..]);
    leave(&mut sim, slow);
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), [GOING_AWAY; 2]);
}

#[test]
fn full_window_gets_what_it_takes_before_the_cut() {
    for window in [0, 1, 1_003, 1_004, 3_012, 3_013, 3_030] {
        let (mut sim, record) = sim();
        let (slow, expected) = stopped_with_a_queue(&mut sim, window);
        sim.advance(DRAIN - MILLISECOND);
        assert_eq!(sim.end(slow), End::Open);
        assert!(!sim.hub.is_finished());
        sim.advance(MILLISECOND);
        assert_eq!(sim.end(slow), End::Reset);
        assert!(sim.hub.is_finished());
        sim.open_window(slow, 1 << 20);
        sim.run();
        assert_eq!(sim.take(slow), expected[..window]);
        assert_eq!(record.closes(), [GOING_AWAY; 2]);
    }
}

#[test]
fn who_does_not_answer_the_close_is_cut_at_the_end_and_not_before() {
    for drain in [1_u64, 999, 3_000, 5_000] {
        let (mut sim, record) = sim_with(drain_timeout(Duration::from_millis(drain)));
        let peer = sim.open("/echo");
        sim.advance(Duration::from_secs(1));
        stop(&mut sim);
        let end = Time(1_000 + drain);
        assert_eq!(sim.hub.next_deadline(), end, "nothing is due before");
        sim.advance(Duration::from_millis(drain) - MILLISECOND);
        assert_eq!(sim.end(peer), End::Open, "{drain}");
        assert_eq!(sim.hub.next_deadline(), end);
        sim.advance(MILLISECOND);
        assert_eq!(sim.end(peer), End::Reset, "{drain}");
        assert!(sim.hub.is_finished());
        assert_eq!(record.closes(), [GOING_AWAY]);
    }
}

#[test]
fn close_timeout_ends_a_connection_before_a_longer_drain_does() {
    // 5 s for the peer's Close, then 2 s of lingering.
    let (mut sim, record) = sim_with(drain_timeout(Duration::from_secs(60)));
    let peer = sim.open("/echo");
    stop(&mut sim);
    sim.advance(Duration::from_millis(4_999));
    assert_eq!(sim.end(peer), End::Open);
    sim.advance(MILLISECOND);
    assert_eq!(sim.end(peer), End::HalfClosed);
    sim.advance(Duration::from_secs(2));
    assert!(sim.peer(peer).is_over());
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), [GOING_AWAY]);
}

#[test]
fn drain_timeout_of_zero_cuts_at_once() {
    let (mut sim, record) = sim_with(drain_timeout(Duration::ZERO));
    let peers = ["/echo", "/ws/1", "/ws/2"].map(|path| sim.open(path));
    let http = sim.connect();
    sim.run();
    stop(&mut sim);
    assert!(sim.hub.is_finished());
    assert!(sim.peer(http).is_over());
    for peer in peers {
        assert_eq!(sim.end(peer), End::Reset);
    }
    assert_eq!(record.closes(), [GOING_AWAY; 3]);
    assert_eq!(record.check(), 0);
}

#[test]
fn second_signal_cuts_what_is_left() {
    let (mut sim, record) = sim();
    let waiting = sim.open("/echo");
    let gone = sim.open("/echo");
    let (full, _) = stopped_with_a_queue(&mut sim, 10);
    assert_eq!(sim.take(gone), going_away());
    leave(&mut sim, gone);
    assert!(!sim.hub.is_finished());
    cut(&mut sim);
    for peer in [waiting, full] {
        assert_eq!(sim.end(peer), End::Reset);
    }
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), [GOING_AWAY; 4]);
    assert_eq!(record.check(), 0);
    assert_eq!(sim.now, Time(0));
}

#[test]
fn cut_does_not_reset_who_has_been_sent_everything() {
    // A reset would throw away what is still on its way.
    let (mut sim, _) = sim();
    let peer = sim.open("/echo");
    sim.exchange(peer, &[0x81, 0x00]);
    assert_eq!(sim.end(peer), End::HalfClosed);
    let other = sim.open("/echo");
    cut(&mut sim);
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.end(other), End::Reset);
}

#[test]
fn both_signals_in_one_turn_cut_without_a_word() {
    let (mut sim, record) = sim();
    let peer = sim.open("/echo");
    sim.hub.stop(sim.now);
    cut(&mut sim);
    assert_eq!(sim.take(peer), b"");
    assert_eq!(sim.end(peer), End::Reset);
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), [GOING_AWAY]);
}

#[test]
fn closing_handshake_that_was_under_way_is_not_begun_again() {
    let (mut sim, record) = sim();
    let failed = sim.open("/echo");
    let refused = sim.open("/ws/1");
    let left = sim.open("/echo");
    sim.exchange(failed, &frame(0x83, ""));
    sim.exchange(refused, &frame(0x82, "no text"));
    sim.exchange(left, &close(1000, "bye"));
    let before = record.closes();
    let causes: Vec<Cause> = before.iter().map(|why| why.cause).collect();
    assert_eq!(causes, [Cause::Protocol, Cause::Application, Cause::Peer]);
    stop(&mut sim);
    for peer in [failed, refused, left] {
        assert_eq!(sim.take(peer), b"");
    }
    assert_eq!(sim.end(refused), End::Open, "its Close is still awaited");
    sim.advance(DRAIN);
    assert!(sim.hub.is_finished());
    assert_eq!(record.closes(), before);
}

#[test]
fn unfinished_message_does_not_keep_the_close_back() {
    let (mut sim, _) = sim();
    let peer = sim.open("/echo");
    assert_eq!(sim.exchange(peer, &frame(0x01, "half a ")), b"");
    let mut rest = frame(0x80, "message");
    let tail = rest.split_off(4);
    assert_eq!(sim.exchange(peer, &rest), b"");
    stop(&mut sim);
    assert_eq!(sim.take(peer), going_away());
    assert_eq!(sim.exchange(peer, &tail), b"");
    leave(&mut sim, peer);
    assert!(sim.hub.is_finished());
}
