//! A server with nothing to do does nothing at all: no wake-up without a reason.

#![cfg(target_os = "linux")]

use crate::client::Client;
use crate::process::{Server, eventually};
use crate::wire::close;
use std::thread::sleep;
use std::time::Duration;

/// How often the process was given a processor.
fn switches(server: &Server) -> u64 {
    let status = server.proc("status");
    let counts = status
        .lines()
        .filter(|line| line.contains("ctxt_switches"))
        .map(|line| line.split_whitespace().last().unwrap());
    counts.map(|count| count.parse::<u64>().unwrap()).sum()
}

#[test]
fn without_connections_the_process_does_not_wake_up() {
    let server = Server::spawn(crate::process::command(["--port", "0"]));
    // Timers were set and log lines were written, some suppressed.
    for _ in 0..30 {
        let mut client = Client::open(&server, "/ws/5");
        client.send(close(1000, ""));
        client.expect_close(1000);
        client.expect_end();
    }
    let mut before = 0;
    eventually("it comes to rest", || {
        let earlier = before;
        sleep(Duration::from_millis(1_200));
        before = switches(&server);
        before == earlier
    });
    sleep(Duration::from_secs(2));
    assert_eq!(switches(&server), before);
    Client::open(&server, "/echo").expect_echo();
    assert!(switches(&server) > before, "the count means nothing");
}
