//! stderr: one line for each connection, nothing for a message, nothing a peer can forge (LIMITS §8).

use crate::client::Client;
use crate::process::Server;
use crate::wire::{close, text};
use rustix::process::Signal;

#[test]
fn each_connection_is_one_line_and_messages_are_none() {
    let server = Server::start(&[]);
    let mut first = Client::open(&server, "/ws/1?secret=1");
    for _ in 0..20 {
        first.send(text("not for the log"));
        first.text();
        first.text();
    }
    first.send(close(1001, ""));
    first.expect_close(1001);
    first.expect_end();
    drop(first);
    let line = server.log_line();
    assert!(line.contains("127.0.0.1:"), "{line}");
    assert!(line.contains("/ws/1 "), "{line}");
    assert!(line.contains("close 1001"), "{line}");
    assert!(!line.contains("secret"), "{line}");

    let mut second = Client::connect(&server);
    assert_eq!(second.get("/").status, 200);
    drop(second);
    let line = server.log_line();
    assert!(line.contains("status 200"), "{line}");
}

#[test]
fn line_says_why_a_request_was_not_served() {
    let server = Server::start(&["--head-timeout", "100ms"]);
    for (request, outcome) in [
        ("", "status 0 timeout"),
        ("GET / HT", "status 408 timeout"),
        ("GET / HTTP/1.1\r\n\r\n", "status 400 protocol"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "status 200 peer",
        ),
    ] {
        let mut client = Client::connect(&server);
        client.send(request);
        while client.more().expect("no reset") {}
        drop(client);
        let mut line = server.log_line();
        if line.contains("[WARN]") {
            line = server.log_line();
        }
        assert!(line.trim_end().ends_with(outcome), "{line}");
        assert!(!line.contains("  "), "an empty field: {line}");
    }
}

#[test]
fn text_of_a_peer_is_escaped() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    client.send(b"GET /\"\\quoted HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let status = client.answer().status;
    assert!(status == 404 || status == 400, "{status}");
    client.fin();
    client.expect_end();
    let line = server.log_line();
    let forged = |byte: u8| byte < 0x20 || byte == 0x7f || byte == b'"';
    assert!(!line.replace("\\\"", "").bytes().any(forged), "{line}");
}

#[test]
fn flood_of_connections_is_counted_not_told() {
    let server = Server::start(&[]);
    server.frozen(|| {
        for _ in 0..100 {
            Client::connect(&server).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        }
    });
    let (told, counted) = told_and_counted(&server, 100);
    assert_eq!(told + counted, 100);
    assert!(counted > 0, "nothing was suppressed");
}

#[test]
fn what_was_only_counted_is_told_at_the_end() {
    let mut server = Server::start(&[]);
    let clients: Vec<Client> = (0..30).map(|_| Client::open(&server, "/echo")).collect();
    server.signal(Signal::TERM);
    for mut client in clients {
        client.expect_close(1001);
        client.send(close(1001, ""));
        client.expect_end();
    }
    assert_eq!(server.exit_status(), Some(0));
    let (told, counted) = told_and_counted(&server, 30);
    assert_eq!(told + counted, 30);
}

/// Lines for so many connections: how many there are, and how many are only counted.
fn told_and_counted(server: &Server, connections: u32) -> (u32, u32) {
    let (mut told, mut counted) = (0, 0);
    while told + counted < connections {
        let line = server.log_line();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [.., count, "connection", "lines", "suppressed"] => {
                counted += count.parse::<u32>().unwrap();
            }
            _ => told += 1,
        }
    }
    (told, counted)
}
