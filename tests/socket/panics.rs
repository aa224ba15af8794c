//! A bug costs one connection: whoever meets it is closed with 1011.
//!
//! The others, and those who come later, are served. `panicking.rs` is the server that has the bugs.

use crate::client::Client;
use crate::process::{Server, example};
use crate::wire::text;
use rustix::process::Signal;

const ROUNDS: usize = 20;

pub fn buggy_server() -> Server {
    Server::spawn(example("panicking"))
}

#[test]
fn panic_over_a_message_closes_its_connection_with_1011_and_no_other() {
    let server = buggy_server();
    let mut witness = Client::open(&server, "/ws/1");
    let mut neighbour = Client::open(&server, "/buggy");
    for _ in 0..ROUNDS {
        let mut victim = Client::open(&server, "/buggy");
        // What came before is answered, what comes behind is not.
        victim.send([text("one"), text("panic\u{1b}"), text("two")].concat());
        assert_eq!(victim.text(), "one");
        victim.expect_close(1011);
        victim.expect_end();
        neighbour.send(text("still here"));
        assert_eq!(neighbour.text(), "still here");
    }
    let metrics = Client::connect(&server).get("/metrics");
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains(&format!("\nws101_panics_total {ROUNDS}\n")));
    witness.send(text("Hello"));
    assert_eq!(witness.text(), "You wrote: Hello");
    Client::open(&server, "/echo").expect_echo();
    let line = std::iter::repeat_with(|| server.log_line())
        .find(|line| line.contains("a bug, met by 127.0.0.1"))
        .unwrap();
    assert!(line.contains("heard the word"), "{line}");
    assert!(line.contains("panicking.rs"), "the place: {line}");
    assert!(!line.contains('\u{1b}'), "escaped: {line:?}");
}

#[test]
fn panic_over_a_leaving_client_costs_nobody_else() {
    let server = buggy_server();
    let mut others: Vec<Client> = (0..5).map(|_| Client::open(&server, "/buggy")).collect();
    for _ in 0..ROUNDS {
        let mut leaver = Client::open(&server, "/buggy");
        leaver.send(text("later"));
        assert_eq!(leaver.text(), "later");
        drop(leaver);
        for other in &mut others {
            other.send(text("still here"));
            assert_eq!(other.text(), "still here");
        }
    }
    let line = std::iter::repeat_with(|| server.log_line()).find(|line| line.contains("a bug")).unwrap();
    assert!(line.contains("somebody has left"), "{line}");
}

#[test]
fn panic_over_a_request_is_500_and_the_server_goes_on() {
    let server = buggy_server();
    for _ in 0..ROUNDS {
        let mut client = Client::connect(&server);
        let answer = client.get("/buggy/request");
        assert_eq!(answer.status, 500);
        client.expect_end();
    }
    Client::open(&server, "/echo").expect_echo();
}

#[test]
fn panic_while_going_down_does_not_keep_the_server() {
    let mut server = buggy_server();
    let mut client = Client::open(&server, "/echo");
    server.signal(Signal::TERM);
    client.expect_close(1001);
    drop(client);
    assert_eq!(server.exit_status(), Some(0));
}
