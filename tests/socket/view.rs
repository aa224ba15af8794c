//! The wire view of the program over real sockets.

use crate::client::Client;
use crate::process::{Scratch, Server};
use crate::wire::{close, text, upgrade};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;

const ID: &str = "00112233445566778899aabbccddeeff";

/// The next thing that a viewer is told.
fn event(viewer: &mut Client) -> Value {
    serde_json::from_str(&viewer.text()).unwrap()
}

/// Reads what a viewer is told, up to the event with this title.
fn until(viewer: &mut Client, title: &str) -> Value {
    loop {
        let event = event(viewer);
        if event["title"] == title {
            return event;
        }
    }
}

/// Reads what a viewer is told, up to the Close with this code.
fn ends(viewer: &mut Client, code: u16) {
    loop {
        let frame = viewer.frame();
        if frame.first == 0x88 {
            return assert_eq!(frame.payload[..2], code.to_be_bytes());
        }
    }
}

#[test]
fn a_page_sees_its_own_bytes_while_they_come() {
    let server = Server::start(&["--wire-view"]);
    let mut viewer = Client::open(&server, &format!("/wire?id={ID}"));
    let mut page = Client::open(&server, &format!("/echo?wire={ID}"));
    assert_eq!(event(&mut viewer)["kind"], "request");
    assert_eq!(event(&mut viewer)["kind"], "response");
    // Told at once, and not when the next bytes come.
    page.send(text("Hello"));
    assert_eq!(page.text(), "Hello");
    assert_eq!(event(&mut viewer)["hex"], "818537fa213d7f9f4d5158");
    assert_eq!(event(&mut viewer)["hex"], "810548656c6c6f");
    page.send(close(1000, ""));
    page.expect_close(1000);
    until(&mut viewer, "close 1000");
    ends(&mut viewer, 1000);
}

#[test]
fn a_page_that_is_gone_ends_its_view() {
    let server = Server::start(&["--wire-view"]);
    let mut viewer = Client::open(&server, &format!("/wire?id={ID}"));
    let page = Client::open(&server, &format!("/echo?wire={ID}"));
    page.reset();
    until(&mut viewer, "the client has reset the connection");
    ends(&mut viewer, 1000);
}

#[test]
fn a_page_of_another_origin_gets_nothing() {
    let server = Server::start(&["--wire-view"]);
    for path in [format!("/wire?id={ID}"), "/lab".to_owned()] {
        for (origin, status) in
            [("https://example.org", 403), ("null", 403), (&format!("http://127.0.0.1:{}", server.port), 101)]
        {
            let mut client = Client::connect(&server);
            let request = upgrade(&path).replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n"));
            client.send(request);
            assert_eq!(client.answer().status, status, "{path} from {origin}");
        }
    }
}

#[test]
fn without_the_flag_there_is_no_view() {
    let server = Server::start(&[]);
    for path in [format!("/wire?id={ID}"), "/lab".to_owned()] {
        let mut client = Client::connect(&server);
        client.send(upgrade(&path));
        assert_eq!(client.answer().status, 404, "{path}");
    }
}

#[test]
fn the_view_goes_on_after_a_stop_and_ends_with_the_server() {
    let mut server = Server::start(&["--wire-view"]);
    let mut viewer = Client::open(&server, &format!("/wire?id={ID}"));
    let mut page = Client::open(&server, &format!("/echo?wire={ID}"));
    server.frozen(|| page.send(text("while it stands still")));
    until(&mut viewer, "text \"while it stands still\"");
    assert_eq!(page.text(), "while it stands still");
    server.signal(Signal::TERM);
    page.expect_close(1001);
    ends(&mut viewer, 1001);
    drop((page, viewer));
    assert_eq!(server.exit_status(), Some(0));
}

#[test]
fn a_trace_beside_the_view_shows_the_same_frames() {
    let scratch = Scratch::new();
    let file = format!("{}/t.wire", scratch.path());
    let mut server =
        Server::start(&["--wire-view", "--trace-file", &file, "--trace=short", "--trace-no-time"]);
    let mut viewer = Client::open(&server, &format!("/wire?id={ID}"));
    let mut page = Client::open(&server, &format!("/echo?wire={ID}"));
    page.send(text("Hello"));
    until(&mut viewer, "text \"Hello\"");
    // A connection that is not viewed is traced all the same.
    let mut other = Client::open(&server, "/echo");
    other.send(text("other"));
    assert_eq!(other.text(), "other");
    drop((viewer, page, other));
    server.signal(Signal::TERM);
    assert_eq!(server.exit_status(), Some(0));
    let trace = fs::read_to_string(&file).unwrap();
    assert!(trace.contains("2C> 81 85 37 fa 21 3d 7f 9f 4d 51 58"), "{trace}");
    assert!(trace.contains("3C> 81 85 ") && trace.contains("3S< 81 05 6f 74 68 65 72"), "{trace}");
    // The id is a secret there, too.
    assert!(!trace.contains(ID), "{trace}");
}

#[test]
fn garbage_to_the_view_and_the_lab_costs_only_that_connection() {
    let server = Server::start(&["--wire-view"]);
    for path in [format!("/wire?id={ID}"), "/lab".to_owned()] {
        let mut client = Client::open(&server, &path);
        client.send([0xff; 40]);
        client.expect_close(1002);
    }
    let mut lab = Client::open(&server, "/lab");
    lab.send(text("81 05 48 65 6c 6c 6f"));
    assert_eq!(event(&mut lab)["bytes"], 7);
}
