//! Full buffers: large messages, floods, and peers that do not read.

use crate::client::Client;
use crate::process::Server;
use crate::wire::{Frame, binary, close, ping, text};
use std::thread;

/// Bytes in which a mix-up shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn largest_message_comes_back_and_one_byte_more_is_1009() {
    let server = Server::start(&[]);
    let mut client = Client::open(&server, "/echo");
    let payload = pattern(16 << 20);
    // Nothing is read meanwhile: the server must not need that.
    client.send(binary(&payload));
    assert_eq!(client.frame().payload, payload);
    let header = [0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 1];
    client.send(header);
    client.expect_close(1009);
}

#[test]
fn peer_that_reads_little_by_little_gets_everything() {
    let server = Server::start(&[]);
    let mut client = Client::with_small_window(&server).upgraded("/echo");
    let payload = pattern(300_000);
    client.send(binary(&payload));
    assert_eq!(client.bytes(10).len(), 10);
    let mut got = Vec::new();
    while got.len() < payload.len() {
        let len = 997.min(payload.len() - got.len());
        got.extend(client.bytes(len));
    }
    assert!(got == payload, "the bytes differ");
}

#[test]
fn peer_that_was_held_up_is_read_again() {
    // Its bytes are in the kernel long before its queue is short enough: no readiness comes again.
    let server = Server::start(&[]);
    let mut client = Client::with_small_window(&server).upgraded("/echo");
    let mut sender = client.stream.try_clone().unwrap();
    let payload = pattern(60_000);
    let messages = binary(&payload).repeat(40);
    let writing = thread::spawn(move || std::io::Write::write_all(&mut sender, &messages).unwrap());
    for number in 0..40 {
        assert!(client.frame().payload == payload, "message {number}");
    }
    writing.join().unwrap();
}

#[test]
fn flood_of_pings_is_answered_in_order() {
    let server = Server::start(&[]);
    let mut client = Client::open(&server, "/echo");
    let mut sender = client.stream.try_clone().unwrap();
    const PINGS: u32 = 50_000;
    let flood = thread::spawn(move || {
        let pings: Vec<u8> = (0..PINGS).flat_map(|n| ping(n.to_be_bytes())).collect();
        std::io::Write::write_all(&mut sender, &pings).unwrap();
    });
    for n in 0..PINGS {
        let payload = n.to_be_bytes().to_vec();
        assert_eq!(client.frame(), Frame { first: 0x8a, payload });
    }
    flood.join().unwrap();
    client.send(close(1000, ""));
    client.expect_close(1000);
    client.expect_end();
}

#[test]
fn member_that_does_not_read_stops_nobody() {
    // Nobody waits for a slow member, and the others get every message; it alone is disconnected.
    const FAREWELL: &str = "Client #3 has left the chat";
    let server = Server::start(&[]);
    let mut writer = Client::open(&server, "/ws/2");
    let mut readers = [Client::open(&server, "/ws/1"), Client::open(&server, "/ws/1")];
    let _mute = Client::with_small_window(&server).upgraded("/ws/3");
    // In all more than a queue may hold: the mute member is dropped on the way.
    let filling = "x".repeat(64 << 10);
    let mut farewells = [0; 2];
    for number in 0..600 {
        let message = format!("{number} {filling}");
        let copies = [format!("You wrote: {message}"), format!("Client #2 says: {message}")];
        writer.send(text(&message));
        for copy in &copies {
            let said = std::iter::repeat_with(|| writer.text()).find(|said| said != FAREWELL);
            assert!(said.as_ref() == Some(copy), "message {number}");
        }
        for (reader, farewells) in readers.iter_mut().zip(&mut farewells) {
            let mut said = reader.text();
            if said == FAREWELL {
                *farewells += 1;
                said = reader.text();
            }
            assert!(said == copies[1], "message {number}");
        }
    }
    for (reader, farewells) in readers.iter_mut().zip(farewells) {
        if farewells == 0 {
            assert_eq!(reader.text(), FAREWELL);
        }
        assert!(farewells <= 1, "more than one farewell");
    }
}

#[test]
fn writer_that_never_reads_is_not_read_any_more() {
    // Its own echoes hold it up, so memory does not follow what it would send.
    let server = Server::start(&[]);
    let mut mute = Client::with_small_window(&server).upgraded("/echo");
    let mut witness = Client::open(&server, "/echo");
    mute.stream.set_nonblocking(true).unwrap();
    let message = binary(pattern(60 << 10));
    let mut sent = 0;
    let mut refused = 0;
    while refused < 20 {
        match std::io::Write::write(&mut mute.stream, &message[..]) {
            Ok(len) => sent += len,
            Err(_) => {
                refused += 1;
                witness.expect_echo();
            }
        }
        assert!(sent < 64 << 20, "the server reads on and on");
    }
}
