//! What the operator reads of the chat on Socket.IO: who came and went.
//!
//! Messages are in the log at level debug only, for an operator who looks for a fault.

use crate::client::Client;
use crate::process::Server;
use crate::wire::text;

const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// A client in the main namespace, and its socket id.
fn joined(server: &Server) -> (Client, String) {
    let mut client = Client::open(server, PATH);
    assert!(client.text().starts_with("0{"));
    client.send(text("40"));
    let answer = client.text();
    let id = answer.split('"').nth(3).unwrap_or_else(|| panic!("{answer}"));
    (client, id.to_owned())
}

#[test]
fn who_comes_and_goes_is_a_line_and_what_is_said_is_none() {
    let server = Server::start(&[]);
    let (mut client, id) = joined(&server);
    let line = server.log_line();
    assert!(line.ends_with(&format!("[INFO] User connected: {id}")), "{line}");
    client.send(text("42[\"chat message\",\"not for the log\"]"));
    assert_eq!(client.text(), "42[\"chat message\",\"not for the log\"]");
    client.send(text("41"));
    let line = server.log_line();
    assert!(line.ends_with(&format!("[INFO] Disconnected: {id}")), "{line}");
    // Somebody who breaks a rule leaves, too.
    let (mut client, id) = joined(&server);
    assert!(server.log_line().ends_with(&id));
    client.send(text("4abc"));
    let line = server.log_line();
    assert!(line.ends_with(&format!("Disconnected: {id}")), "{line}");
}

#[test]
fn what_is_said_is_told_to_who_looks_for_a_fault_escaped_and_cut() {
    let server = Server::start(&["--log", "debug"]);
    let (mut client, _) = joined(&server);
    server.log_line();
    let long = format!("\"\u{202e}\u{7f}\\n{}\"", "x".repeat(300));
    client.send(text(format!("42[\"chat message\",{long}]")));
    let line = server.log_line();
    let (_, line) = line.split_once("[DEBUG] chat message: ").expect(&line);
    // 256 bytes of it; a quotation mark, two characters and an escape are 7.
    let shown = format!("\\\"\\u{{202e}}\\x7f\\\\n{}...", "x".repeat(256 - 7));
    assert_eq!(line, shown);
    client.send(text("42{}"));
    let line = server.log_line();
    assert!(line.ends_with("[DEBUG] a Socket.IO session fails: JSON of another packet type"), "{line}");
}

#[test]
fn a_crowd_that_comes_is_counted_not_told() {
    let server = Server::start(&[]);
    let clients: Vec<(Client, String)> = (0..60).map(|_| joined(&server)).collect();
    // Ten lines in a second: as many as that takes seconds, and then what was not told.
    let mut told = 0;
    let mut counted = 0;
    while told + counted < clients.len() {
        let line = server.log_line();
        match line.split_once("[INFO] ").expect(&line).1.split_once(" application lines") {
            Some((count, _)) => counted += count.parse::<usize>().expect(&line),
            None => told += 1,
        }
    }
    assert_eq!(told + counted, 60);
    assert!(counted > 0, "nothing was suppressed");
}
