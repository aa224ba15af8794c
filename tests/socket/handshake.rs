//! Opening handshakes as networks deliver them, and HTTP that ends so that the peer sees its answer.

use crate::client::Client;
use crate::process::{NO_PING, Server, command};
use crate::wire::{self, from_server, text};

#[test]
fn head_and_frame_may_come_byte_by_byte() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    for byte in wire::upgrade("/echo").into_bytes() {
        client.send([byte]);
    }
    client.expect_switching("/echo");
    for byte in text("byte by byte") {
        client.send([byte]);
    }
    assert_eq!(client.text(), "byte by byte");
}

#[test]
fn head_frames_and_end_may_be_there_before_the_server_looks() {
    // RFC 6455 §4.1: a client may not send frames yet, but what comes right behind belongs to
    // the frame decoder.
    let server = Server::start(&[]);
    let mut client = server.frozen(|| {
        let mut client = Client::connect(&server);
        let mut all = wire::upgrade("/echo").into_bytes();
        all.extend(text("one"));
        all.extend(text("two"));
        client.send(all);
        client.fin();
        client
    });
    client.expect_switching("/echo");
    assert_eq!(client.text(), "one");
    assert_eq!(client.text(), "two");
    client.expect_end();
}

#[test]
fn connection_serves_pages_and_then_becomes_a_websocket() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").status, 200);
    assert_eq!(client.get("/missing").status, 404);
    client.upgraded("/echo").expect_echo();
}

#[test]
fn refused_body_does_not_cost_the_client_its_answer() {
    // RFC 9112 §9.6: closing while input is unread would reset the connection, and the answer
    // could be lost. The body is smaller than what is read and thrown away.
    let server = Server::start(&[]);
    let body = vec![b'x'; 900 << 10];
    let posts = [("POST", "/", 405), ("GET", "/", 413), ("POST", "/echo", 405)];
    for (method, path, status) in posts {
        let mut client = Client::connect(&server);
        client.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        client.send(&body);
        let answer = client.answer();
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.head.contains("Connection: close\r\n"));
        client.fin();
        client.expect_end();
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    let style = Client::connect(&server).get("/style.css").body;
    let mut requests = String::new();
    for _ in 0..50 {
        requests += "GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
        requests += "GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    client.send(requests);
    for _ in 0..50 {
        let answer = client.answer();
        assert_eq!((answer.status, &answer.body), (200, &style));
        assert_eq!(client.answer().status, 404);
    }
}

#[test]
fn silent_and_slow_heads_meet_their_deadline() {
    let arguments = ["--port", "0", "--head-timeout", "200ms"];
    let server = Server::spawn(command(arguments.into_iter().chain(NO_PING)));
    let mut silent = Client::connect(&server);
    let mut slow = Client::connect(&server);
    slow.send("GET / HTTP/1.1\r\nHo");
    silent.expect_end();
    assert_eq!(slow.answer().status, 408);
    slow.expect_end();
}

#[test]
fn half_close_is_answered_and_ends() {
    // The server answers what is complete, then closes: it keeps no half-open connection.
    let server = Server::start(&[]);
    let mut client = Client::open(&server, "/echo");
    let mut bytes = text("whole");
    bytes.extend(&text("cut short")[..9]);
    client.send(bytes);
    client.fin();
    assert_eq!(client.bytes(7), from_server(0x81, "whole"));
    client.expect_end();
}
