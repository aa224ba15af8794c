//! Deadlines of a WebSocket: silence, closing, a queue that does not move.

use super::{close_frame, millis, until, watched_sim, without_pings};
use crate::client::{self, from_server, text};
use crate::sim::{End, PeerNo, Sim};
use ws101::app::{Cause, Closed};
use ws101::clock::Time;
use ws101::config::Config;
use ws101::ws::close::CloseCode;

const PING: [u8; 2] = [0x89, 0x00];

#[test]
fn silent_peer_is_pinged_after_20_s_and_given_up_20_s_later() {
    let (mut sim, record) = watched_sim(Config::default());
    let peer = sim.open("/echo");
    until(&mut sim, 19_999);
    assert_eq!(sim.take(peer), b"");
    until(&mut sim, 20_000);
    assert_eq!(sim.take(peer), PING);
    until(&mut sim, 39_999);
    assert_eq!(sim.take(peer), b"");
    assert_eq!(sim.end(peer), End::Open);
    until(&mut sim, 40_000);
    assert_eq!(sim.take(peer), close_frame(1011, "keepalive ping timeout"));
    assert_eq!(sim.end(peer), End::Closed, "its Close is not waited for");
    let timeout = Closed { code: CloseCode::InternalError, cause: Cause::Timeout };
    assert_eq!(record.closes(), [timeout]);
    assert_eq!(sim.hub.connections(), 0);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn any_byte_proves_that_the_peer_lives() {
    // It need not be a Pong: a message will do, or the first byte of a header.
    for alive in [client::pong(""), text("x"), vec![0x81]] {
        let mut sim = Sim::default();
        let peer = sim.open("/echo");
        until(&mut sim, 39_999);
        assert_eq!(sim.take(peer), PING);
        sim.send(peer, &alive);
        until(&mut sim, 59_998);
        assert!(!sim.take(peer).ends_with(&PING), "20 s from that byte");
        until(&mut sim, 59_999);
        assert!(sim.take(peer).ends_with(&PING));
        until(&mut sim, 79_998);
        assert_eq!(sim.end(peer), End::Open);
        until(&mut sim, 79_999);
        assert_eq!(sim.end(peer), End::Closed);
    }
}

#[test]
fn peer_that_answers_stays_and_one_that_talks_is_not_pinged() {
    let mut sim = Sim::default();
    let answers = sim.open("/echo");
    let talks = sim.open("/echo");
    for second in 1..=3_600 {
        until(&mut sim, second * 1_000);
        if sim.take(answers) == PING {
            sim.send(answers, &client::pong(""));
        }
        if second % 19 == 0 {
            assert_eq!(sim.exchange(talks, &text("hi")), from_server(0x81, "hi"));
        }
        assert_eq!(sim.take(talks), b"");
    }
    assert_eq!(sim.end(answers), End::Open);
    assert_eq!(sim.end(talks), End::Open);
}

#[test]
fn liveness_of_a_busy_peer_costs_no_wake_up_for_each_message() {
    let mut sim = Sim::default();
    let peer = sim.open("/echo");
    let mut wake_ups = 0;
    for _ in 0..1_000 {
        let deadline = sim.hub.next_deadline();
        sim.exchange(peer, &text("x"));
        wake_ups += usize::from(sim.hub.next_deadline() != deadline);
        sim.advance(millis(100));
    }
    assert!(wake_ups <= 1, "timers are not touched by messages");
    assert!(sim.turns < 3_100, "{} turns: three a round", sim.turns);
}

#[test]
fn without_pings_an_idle_peer_costs_nothing_and_stays() {
    let mut sim = Sim::new(without_pings());
    let peers: Vec<PeerNo> = (0..100).map(|_| sim.open("/broadcast")).collect();
    // The timers of the handshakes may still fire, once.
    until(&mut sim, 10_000);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
    let turns = sim.turns;
    until(&mut sim, 3_600_000);
    assert!(sim.turns - turns <= 2);
    for peer in peers {
        assert_eq!((sim.take(peer), sim.end(peer)), (vec![], End::Open));
    }
}

#[test]
fn time_while_the_peer_is_not_read_is_not_its_silence() {
    let (mut sim, record) = watched_sim(Config::default());
    let listener = sim.open("/broadcast");
    let speaker = sim.open("/broadcast");
    sim.set_window(listener, Some(0));
    // What it sends is not looked at while 256 KiB wait for it.
    sim.send(speaker, &client::binary(vec![1; 300_000]));
    sim.run();
    sim.send(listener, &text("I am here"));
    until(&mut sim, 29_000);
    assert_eq!(sim.unread(listener), text("I am here").len());
    sim.send(speaker, &client::pong(""));
    sim.set_window(listener, None);
    sim.run();
    assert_eq!(sim.unread(listener), 0);
    until(&mut sim, 48_999);
    sim.send(speaker, &client::pong(""));
    let output = sim.take(listener);
    assert!(!output.ends_with(&PING));
    assert_eq!(client::texts(&output), ["I am here"]);
    until(&mut sim, 49_000);
    assert_eq!(sim.take(listener), PING);
    assert_eq!(record.closes(), []);
}

#[test]
fn ping_that_waited_in_a_stalled_queue_is_given_its_time() {
    // The Ping goes out at 20 s behind bytes that wait; then so much waits that the peer is not
    // read. When it takes everything, at 41 s, its Pong must not be too late already.
    let (mut sim, record) = watched_sim(Config::default());
    let listener = sim.open("/broadcast");
    let speaker = sim.open("/broadcast");
    until(&mut sim, 19_000);
    sim.set_window(listener, Some(0));
    sim.send(speaker, &client::binary(vec![1; 1_000]));
    until(&mut sim, 25_000);
    sim.send(speaker, &client::binary(vec![2; 300_000]));
    until(&mut sim, 41_000);
    sim.send(speaker, &client::pong(""));
    sim.set_window(listener, None);
    sim.run();
    // A round trip later.
    until(&mut sim, 41_200);
    assert_eq!(record.closes(), []);
    assert!(client::frames(&sim.take(listener)).len() >= 3);
    sim.send(listener, &client::pong(""));
    until(&mut sim, 55_000);
    assert_eq!(record.closes(), []);
    assert_eq!(sim.end(listener), End::Open);
}

#[test]
fn silent_peer_with_a_stalled_queue_is_not_waited_for_either() {
    let (mut sim, record) = watched_sim(Config::default());
    let listener = sim.open("/broadcast");
    let speaker = sim.open("/broadcast");
    until(&mut sim, 20_000);
    assert_eq!(sim.take(listener), PING);
    until(&mut sim, 35_000);
    sim.set_window(listener, Some(100));
    sim.send(speaker, &client::binary(vec![1; 1_000]));
    until(&mut sim, 39_999);
    assert_eq!(sim.end(listener), End::Open);
    until(&mut sim, 40_000);
    assert!(sim.peer(listener).is_over(), "TCP ends, whatever waits");
    assert_eq!(record.closes()[0].cause, Cause::Timeout);
    assert_eq!(sim.take(listener).len(), 100);
}

#[test]
fn our_close_is_waited_on_for_5_s() {
    let (mut sim, _) = watched_sim(Config::default());
    let mute = sim.open("/ws/1");
    let polite = sim.open("/ws/2");
    let stalled = sim.open("/ws/3");
    sim.set_window(stalled, Some(1));
    for peer in [mute, polite, stalled] {
        // Binary: Close 1003.
        sim.send(peer, &client::binary("x"));
    }
    until(&mut sim, 4_999);
    assert_eq!(client::frames(&sim.take(polite)).last().map(|f| f.first), Some(0x88));
    sim.send(polite, &client::close(1003, ""));
    sim.fin(polite);
    sim.run();
    assert_eq!(sim.end(polite), End::Closed);
    assert_eq!(sim.end(mute), End::Open);
    assert_eq!(sim.end(stalled), End::Open);
    until(&mut sim, 5_000);
    assert_eq!(sim.end(mute), End::HalfClosed);
    assert!(sim.peer(stalled).is_over(), "who does not even take our Close is not waited for any longer");
    until(&mut sim, 7_000);
    assert_eq!(sim.end(mute), End::Closed);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn failed_connection_lingers_for_2_s_or_1_mib() {
    // RFC 6455 §7.1.1: half-close, read, close
    let mut sim = Sim::new(without_pings());
    let silent = sim.open("/echo");
    let floods = sim.open("/echo");
    for peer in [silent, floods] {
        let output = sim.exchange(peer, &[0x81, 0x00]);
        assert_eq!(output, close_frame(1002, "frame not masked"));
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
    sim.send(floods, &vec![0; 1 << 20]);
    sim.run();
    assert_eq!(sim.end(floods), End::HalfClosed);
    sim.send(floods, &[0]);
    sim.run();
    assert_eq!(sim.end(floods), End::Reset);
    until(&mut sim, 1_999);
    assert_eq!(sim.end(silent), End::HalfClosed);
    until(&mut sim, 2_000);
    assert_eq!(sim.end(silent), End::Closed);
}

#[test]
fn close_of_a_failure_that_nobody_takes_has_the_write_deadline() {
    let (mut sim, record) = watched_sim(without_pings());
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(0));
    sim.send(peer, &text("x"));
    until(&mut sim, 1_000);
    sim.send(peer, &[0x81, 0x00]);
    until(&mut sim, 29_999);
    assert_eq!(sim.end(peer), End::Open);
    until(&mut sim, 30_000);
    assert_eq!(sim.end(peer), End::Reset);
    assert_eq!(record.closes().len(), 1);
    assert_eq!(record.closes()[0].cause, Cause::Protocol);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn queue_that_does_not_move_for_30_s_ends_the_connection() {
    let (mut sim, record) = watched_sim(without_pings());
    let peer = sim.open("/echo");
    sim.set_window(peer, Some(1));
    sim.send(peer, &text("abc"));
    until(&mut sim, 29_999);
    assert_eq!(record.closes(), []);
    sim.open_window(peer, 1);
    sim.run();
    until(&mut sim, 59_998);
    assert_eq!(record.closes(), []);
    until(&mut sim, 59_999);
    let slow = Closed { code: CloseCode::TryAgainLater, cause: Cause::Slow };
    assert_eq!(record.closes(), [slow]);
    // The rest of the begun frame and a Close are kept for it for 2 s more.
    sim.set_window(peer, None);
    sim.run();
    let mut expected = from_server(0x81, "abc");
    expected.extend(close_frame(1013, "too slow"));
    assert_eq!(sim.take(peer), expected);
    assert_eq!(sim.end(peer), End::HalfClosed);
    until(&mut sim, 61_999);
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.hub.next_deadline(), Time::NEVER);
}

#[test]
fn flags_change_the_deadlines() {
    let config = Config {
        ping_interval: millis(300),
        pong_timeout: millis(40),
        close_timeout: millis(50),
        write_timeout: millis(200),
        ..Config::default()
    };
    let mut sim = Sim::new(config);
    let silent = sim.open("/echo");
    let closing = sim.open("/ws/1");
    let stalled = sim.open("/echo");
    sim.send(closing, &client::binary("x"));
    sim.set_window(stalled, Some(0));
    sim.send(stalled, &text("x"));
    until(&mut sim, 49);
    assert_eq!(sim.end(closing), End::Open);
    until(&mut sim, 50);
    assert_eq!(sim.end(closing), End::HalfClosed);
    until(&mut sim, 199);
    sim.set_window(stalled, Some(0));
    assert_eq!(sim.end(stalled), End::Open);
    until(&mut sim, 200);
    sim.set_window(stalled, None);
    sim.run();
    assert_eq!(sim.take(stalled), close_frame(1013, "too slow"));
    until(&mut sim, 299);
    assert_eq!(sim.take(silent), b"");
    until(&mut sim, 300);
    assert_eq!(sim.take(silent), PING);
    until(&mut sim, 339);
    assert_eq!(sim.end(silent), End::Open);
    until(&mut sim, 340);
    assert_eq!(sim.end(silent), End::Closed);
}
