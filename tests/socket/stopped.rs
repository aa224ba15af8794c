//! The process stands still for a while (a debugger, SIGSTOP, a machine that sleeps), longer than a
//! deadline. What its peers did meanwhile lies in the kernel, and is in time.
//!
//! A machine may be so busy that a deadline is over before the process stands still. Then nothing is
//! shown, and the test begins anew.

use crate::client::Client;
use crate::process::{NO_PING, Server, command, eventually, raise_file_limit};
use crate::wire::{binary, pong};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Stops the server in the middle of a wait for readiness, lets `meanwhile` happen, and continues it when `deadline` is over since `since`.
/// `false`: half of the deadline was over before it stood still.
fn beyond(server: &Server, since: Instant, deadline: Duration, meanwhile: impl FnOnce()) -> bool {
    if cfg!(target_os = "linux") {
        eventually("the server waits", || server.proc("status").contains("\nState:\tS"));
    }
    server.frozen(|| {
        if since.elapsed() > deadline / 2 {
            return false;
        }
        meanwhile();
        let late = deadline + Duration::from_millis(500);
        sleep(late.saturating_sub(since.elapsed()));
        true
    })
}

/// The server has read what others sent before.
fn expect_read(server: &Server) {
    assert_eq!(Client::connect(server).get("/healthz").status, 200);
}

/// Repeats `attempt`, which is `false` when the machine was too busy, with deadlines of so many seconds.
fn at_last(mut attempt: impl FnMut(u64) -> bool) {
    assert!([1, 2, 5, 20].into_iter().any(&mut attempt), "too busy");
}

#[test]
fn head_that_was_complete_meanwhile_is_answered() {
    at_last(|seconds| {
        let timeout = format!("{seconds}s");
        let server = Server::start(&["--head-timeout", &timeout]);
        let since = Instant::now();
        let mut client = Client::connect(&server);
        client.send("GET /healthz HTTP/1.1\r\n");
        expect_read(&server);
        let is_valid = beyond(&server, since, Duration::from_secs(seconds), || {
            client.send("Host: localhost\r\n\r\n");
        });
        if is_valid {
            assert_eq!(client.answer().status, 200);
        }
        is_valid
    });
}

#[test]
fn pong_that_came_meanwhile_counts() {
    at_last(|seconds| {
        let (interval, timeout) = ("100ms", format!("{seconds}s"));
        let arguments = ["--ping-interval", interval, "--pong-timeout", &timeout];
        let server = Server::spawn(command(["--port", "0"].into_iter().chain(arguments)));
        // The Ping is later than that.
        let since = Instant::now();
        let mut client = Client::open(&server, "/echo");
        assert_eq!(client.frame().first, 0x89);
        let is_valid = beyond(&server, since, Duration::from_secs(seconds), || {
            client.send(pong(""));
            client.send(pong(""));
        });
        if !is_valid {
            return false;
        }
        // Other Pings may come, but no Close.
        client.send(binary("x"));
        let echo = std::iter::repeat_with(|| client.frame()).find(|frame| frame.first != 0x89);
        assert_eq!(echo.map(|frame| (frame.first, frame.payload)), Some((0x82, b"x".to_vec())));
        true
    });
}

const MIB: usize = 1 << 20;

/// A client that has just sent 8 MiB to `/echo`, and when it sent the last byte. The echo begins when the message
/// is whole, so nothing has waited before.
fn sender_of_8_mib(server: &Server, payload: &[u8]) -> (Client, Instant) {
    let mut client = Client::open(server, "/echo");
    let message = binary(payload);
    let (last, most) = message.split_last().unwrap();
    client.send(most);
    let since = Instant::now();
    client.send([*last]);
    (client, since)
}

#[test]
fn peer_that_went_on_reading_is_no_slow_consumer() {
    // More than 1 MiB that does not move for a second ends a connection: no flag changes that.
    for _ in 0..20 {
        let server = Server::start(&[]);
        let payload: Vec<u8> = (0..8 * MIB).map(|at| (at % 251) as u8).collect();
        let (mut client, since) = sender_of_8_mib(&server, &payload);
        let mut got = client.bytes(10);
        let is_valid = beyond(&server, since, Duration::from_secs(1), || {
            // All that the kernel has for it, so that the socket takes bytes again.
            let pause = Some(Duration::from_millis(100));
            client.stream.set_read_timeout(pause).unwrap();
            while client.more().is_ok() {}
            let patience = Some(crate::process::PATIENCE);
            client.stream.set_read_timeout(patience).unwrap();
        });
        if is_valid {
            got.extend(client.bytes(8 * MIB));
            assert!(got[10..] == payload, "not the message");
            client.expect_echo();
            return;
        }
    }
    panic!("too busy");
}

#[test]
fn all_of_more_peers_than_one_turn_takes_are_read_before_anybody_is_judged() {
    // A poll reports 1,024 of them.
    const PEERS: usize = 1_300;
    if raise_file_limit() < PEERS + 100 {
        eprintln!("not tested: this process may not open {PEERS} files");
        return;
    }
    at_last(|seconds| {
        let timeout = format!("{}s", 2 * seconds);
        let mut arguments = vec!["--port", "0", "--head-timeout", &timeout];
        arguments.extend(NO_PING);
        let server = Server::spawn(command(arguments));
        let since = Instant::now();
        let mut clients: Vec<Client> = (0..PEERS).map(|_| Client::connect(&server)).collect();
        for client in &mut clients {
            client.send("GET /healthz HTTP/1.1\r\n");
        }
        expect_read(&server);
        let is_valid = beyond(&server, since, Duration::from_secs(2 * seconds), || {
            for client in &mut clients {
                client.send("Host: localhost\r\n\r\n");
            }
        });
        if is_valid {
            let late = clients.iter_mut().map(|client| client.answer().status);
            let late = late.filter(|status| *status != 200).count();
            assert_eq!(late, 0, "given up unread");
        }
        is_valid
    });
}

#[test]
fn peer_that_stood_still_with_the_server_is_no_slow_consumer() {
    // A machine that sleeps, a container that is paused: neither side could do anything.
    for _ in 0..20 {
        let server = Server::start(&[]);
        let (mut client, since) = sender_of_8_mib(&server, &vec![7; 8 * MIB]);
        let mut got = client.bytes(10).len();
        if beyond(&server, since, Duration::from_secs(1), || {}) {
            // It needs a moment to come to itself, too.
            sleep(Duration::from_millis(50));
            got += client.bytes(8 * MIB).len();
            assert_eq!(got, 10 + 8 * MIB);
            client.expect_echo();
            return;
        }
    }
    panic!("too busy");
}
