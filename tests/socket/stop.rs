//! SIGTERM and SIGINT take the server down in order; SIGHUP is ignored.

use crate::client::Client;
use crate::process::Server;
use crate::wire::{binary, close, text};
use rustix::process::Signal;
use std::net::{TcpListener, TcpStream};

/// Deadlines that no test waits for.
const PATIENT: [&str; 6] = ["--drain-timeout", "60m", "--close-timeout", "60m", "--write-timeout", "60m"];

#[test]
fn everybody_gets_what_was_queued_and_a_close() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&PATIENT);
        // Less than what makes a slow consumer, more than its kernel takes.
        let mut late = Client::with_small_window(&server).upgraded("/broadcast/news");
        let mut sender = Client::open(&server, "/broadcast/news");
        let messages: Vec<Vec<u8>> = (0..60).map(|n| vec![n; 16 << 10]).collect();
        for message in &messages {
            sender.send(binary(message));
            assert_eq!(&sender.frame().payload, message);
        }
        server.signal(signal);
        for message in &messages {
            assert_eq!(&late.frame().payload, message);
        }
        for client in [&mut late, &mut sender] {
            client.expect_close(1001);
            client.send(close(1001, ""));
            client.expect_end();
        }
        assert_eq!(server.exit_status(), Some(0));
        TcpListener::bind(("127.0.0.1", server.port)).expect("the port is free");
    }
}

#[test]
fn unfinished_and_idle_requests_end_and_nobody_new_is_served() {
    let mut server = Server::start(&PATIENT);
    let mut idle = Client::connect(&server);
    assert_eq!(idle.get("/").status, 200);
    let mut half = Client::connect(&server);
    half.send("GET /echo HTTP/1.1\r\nHos");
    let mut open = Client::open(&server, "/echo");
    open.expect_echo();
    server.signal(Signal::TERM);
    open.expect_close(1001);
    idle.expect_end();
    half.expect_cut();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
    assert!(server.is_running(), "it waits for a Close");
    open.send(close(1001, ""));
    open.expect_end();
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn mute_client_is_cut_after_the_drain_timeout() {
    let arguments = ["--drain-timeout", "200ms", "--close-timeout", "60m"];
    let mut server = Server::start(&arguments);
    let mut mute = Client::open(&server, "/echo");
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
    mute.expect_close(1001);
    mute.expect_cut();
}

#[test]
fn second_signal_cuts_at_once() {
    let mut server = Server::start(&PATIENT);
    let mut mute = Client::open(&server, "/echo");
    server.signal(Signal::TERM);
    mute.expect_close(1001);
    server.signal(Signal::INT);
    mute.expect_cut();
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn without_connections_it_ends_at_once() {
    let mut server = Server::start(&PATIENT);
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn hang_up_of_the_terminal_is_ignored() {
    let mut server = Server::start(&[]);
    let mut client = Client::open(&server, "/echo");
    for _ in 0..3 {
        server.signal(Signal::HUP);
        client.expect_echo();
    }
    client.send(text("and new ones"));
    Client::open(&server, "/echo").expect_echo();
    assert!(server.is_running());
}
