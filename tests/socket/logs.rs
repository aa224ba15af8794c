//! stderr has one line for each connection, none for a message, and nothing a peer can forge.

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
fn line_of_a_request_says_what_ended_its_connection() {
    let mut server = Server::start(&["--keep-alive-timeout", "100ms"]);
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(9_000));
    for (sent, ending) in [
        ("NONSENSE\r\n", "- status 400 protocol"),
        (&long, "- status 414 limit"),
        ("BREW /tea HTTP/1.1\r\nHost: localhost\r\n\r\n", "/tea status 501 protocol"),
        ("GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "- status 421 peer"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "/ status 200 timeout"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "/ status 200 peer"),
    ] {
        let mut client = Client::connect(&server);
        client.send(sent);
        client.answer();
        client.expect_end();
        drop(client);
        assert_eq!(what_and_why(&server), ending, "{sent:.20}");
    }
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn line_of_a_silent_peer_says_that_it_was_silent() {
    let server = Server::start(&["--head-timeout", "1s"]);
    Client::connect(&server).expect_end();
    assert_eq!(what_and_why(&server), "- status 0 timeout");
    let mut client = Client::connect(&server);
    client.send("GET");
    assert_eq!(client.answer().status, 408);
    client.expect_end();
    drop(client);
    assert_eq!(what_and_why(&server), "- status 408 timeout");
}

#[test]
fn line_of_an_idle_connection_says_that_the_server_went_down() {
    let mut server = Server::start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").status, 200);
    server.signal(Signal::TERM);
    client.expect_end();
    assert_eq!(server.exit_status(), Some(0));
    assert_eq!(what_and_why(&server), "/ status 200 shutdown");
}

/// Of the next line for a connection: its path, its status and its cause.
fn what_and_why(server: &Server) -> String {
    loop {
        let line = server.log_line();
        if let Some((_, line)) = line.split_once("[INFO] ") {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, path, .., word, status, cause] = words[..] else {
                panic!("{line}");
            };
            return format!("{path} {word} {status} {cause}");
        }
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
fn refused_host_and_origin_are_named_to_the_operator_and_not_to_the_peer() {
    let server = Server::start(&[]);
    let upgrade = crate::wire::upgrade("/echo");
    let from = |origin: &str| upgrade.replace("Upgrade: w", &format!("Origin: {origin}\r\nUpgrade: w"));
    let get = |target: &str, lines: &str| format!("GET {target} HTTP/1.1\r\n{lines}\r\n");
    for (sent, expected) in [
        (
            get("/", "Host: evil.example:80\r\n"),
            "- 421: Host \"evil.example:80\" is not served here; if this name is yours: --allow-host evil.example",
        ),
        (
            get("http://evil.example/", "Host: localhost\r\nContent-Length: x\r\n"),
            "- 421: Host \"evil.example\" is not served here; if this name is yours: --allow-host evil.example",
        ),
        (
            from("https://evil.example"),
            "/echo 403: Origin \"https://evil.example\" may not connect; if you trust that site: \
             --allow-origin https://evil.example",
        ),
        (
            from("null"),
            "/echo 403: Origin \"null\" may not connect; a page from disk, or a sandboxed frame of any site: \
             serve its folder with --www instead",
        ),
    ] {
        let mut client = Client::connect(&server);
        client.send(&sent);
        let answer = client.answer();
        let body = String::from_utf8(answer.body).unwrap();
        assert!(!answer.head.contains("evil") && !body.contains("evil"), "{body}");
        client.expect_end();
        drop(client);
        let line = server.log_line();
        let (_, told) = line.split_once("127.0.0.1:").unwrap();
        let (_, told) = told.split_once(' ').unwrap();
        assert_eq!(told, expected);
        assert!(line.contains("[WARN] "), "{line}");
        server.log_line();
    }
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
