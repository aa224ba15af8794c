//! The ways in which a peer leaves the chat. The others hear of it once, and nobody else notices.

use crate::client::Client;
use crate::process::{Server, eventually};
use crate::wire::{binary, close, text};

const FAREWELL: &str = "Client #2 has left the chat";

/// A server, somebody who watches, somebody who leaves.
fn room() -> (Server, Client, Client) {
    let server = Server::start(&[]);
    let watcher = Client::open(&server, "/ws/1");
    let leaver = Client::open(&server, "/ws/2");
    (server, watcher, leaver)
}

/// One farewell, and the chat goes on.
fn expect_farewell(mut watcher: Client) {
    assert_eq!(watcher.text(), FAREWELL);
    watcher.send(text("alone"));
    assert_eq!(watcher.text(), "You wrote: alone");
    assert_eq!(watcher.text(), "Client #1 says: alone");
}

#[test]
fn message_and_end_in_one_readiness() {
    let (server, mut watcher, mut leaver) = room();
    server.frozen(|| {
        leaver.send(text("bye"));
        leaver.fin();
    });
    assert_eq!(watcher.text(), "Client #2 says: bye");
    expect_farewell(watcher);
    assert_eq!(leaver.text(), "You wrote: bye");
    assert_eq!(leaver.text(), "Client #2 says: bye");
    leaver.expect_end();
}

#[test]
fn large_message_and_end_in_one_readiness() {
    // More than one read takes: the end must be found behind it without a new readiness.
    let (server, mut watcher, mut leaver) = room();
    let message = "x".repeat(128 << 10);
    server.frozen(|| {
        leaver.send(text(&message));
        leaver.fin();
    });
    assert_eq!(watcher.text(), format!("Client #2 says: {message}"));
    expect_farewell(watcher);
}

#[test]
fn closing_handshake() {
    let (_server, watcher, mut leaver) = room();
    leaver.send(close(1001, "going away"));
    leaver.expect_close(1001);
    leaver.expect_end();
    expect_farewell(watcher);
}

#[test]
fn reset_inside_a_frame() {
    let (_server, watcher, mut leaver) = room();
    leaver.send(&text("never whole")[..9]);
    leaver.reset();
    expect_farewell(watcher);
}

#[test]
fn reset_while_the_server_has_more_to_write() {
    let (server, mut watcher, _) = room();
    assert_eq!(watcher.text(), FAREWELL);
    let mut reader = Client::with_small_window(&server).upgraded("/ws/2");
    let message = "x".repeat(100 << 10);
    reader.send(text(&message));
    assert_eq!(watcher.text(), format!("Client #2 says: {message}"));
    reader.reset();
    expect_farewell(watcher);
}

#[test]
fn violation_and_binary() {
    for (wrong, code) in [(vec![0xf1, 0x80, 0, 0, 0, 0], 1002), (binary("data"), 1003)] {
        let (_server, watcher, mut leaver) = room();
        leaver.send(wrong);
        leaver.expect_close(code);
        leaver.send(close(code, ""));
        leaver.expect_end();
        expect_farewell(watcher);
    }
}

#[test]
fn hundreds_come_and_go_and_no_descriptor_stays() {
    if !cfg!(target_os = "linux") {
        return; // without /proc there is nothing to count
    }
    let server = Server::start(&["--log", "off"]);
    let mut witness = Client::open(&server, "/echo");
    let open = || std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    let before = open();
    let clients: Vec<Client> = (0..300)
        .map(|number| match number % 3 {
            0 => Client::open(&server, "/echo"),
            1 => Client::open(&server, "/ws/7"),
            _ => Client::connect(&server),
        })
        .collect();
    eventually("all are accepted", || open() == before + clients.len());
    for (number, mut client) in clients.into_iter().enumerate() {
        match number % 4 {
            0 => client.reset(),
            1 => client.fin(),
            2 => client.send(b"\x16\x03\x01\x00\xa5\x01\x00"),
            _ => drop(client),
        }
    }
    eventually("all are closed", || open() == before);
    witness.expect_echo();
}
