//! The answer to the handshake: what is refused, what is broken, what never comes.

use super::{ANSWER, Begin, Talk};

fn begin() -> Talk {
    Talk::begin(Begin::default())
}

#[test]
fn a_refusal_is_told_with_the_first_line_of_its_body() {
    for (answer, words) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nGo away.\nx",
            "the handshake was refused: 403 Forbidden: Go away.",
        ),
        (
            "HTTP/1.1 401 Who\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nWho? \x1b[1m\r\n0\r\n\r\n",
            "the handshake was refused: 401 Who: Who? \\x1b[1m",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: ws://x/\r\nContent-Length: 0\r\n\r\n",
            "the handshake was refused: 302 Found (it names another place: ws://x/)",
        ),
        ("HTTP/1.0 200 OK\r\n\r\n<html>\n", "the handshake was refused: 200 OK: <html>"),
    ] {
        let mut talk = begin();
        talk.gets(answer);
        talk.is_over(4, words);
        let mut talk = begin();
        answer.as_bytes().chunks(1).for_each(|byte| talk.gets(byte));
        talk.is_over(4, words);
    }
    // The body is not waited for long.
    let mut talk = begin();
    talk.gets("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nhalf");
    talk.waits(1_000);
    talk.is_over(4, "the handshake was refused: 500 Oh: half");
    let mut talk = begin();
    talk.gets("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n");
    talk.ends();
    talk.is_over(4, "the handshake was refused: 500 Oh");
}

#[test]
fn an_answer_that_breaks_a_rule_is_told_with_the_rule() {
    let accepted = |more: &str| format!("{ANSWER}{more}\r\n");
    for (answer, rule) in [
        (ANSWER.replace("s3pP", "S3pP") + "\r\n", "4.2.2-11"),
        (ANSWER.replace("Upgrade: websocket\r\n", "") + "\r\n", "4.2.2-10"),
        (ANSWER.replace("Connection: Upgrade\r\n", "") + "\r\n", "4.2.2-10"),
        (accepted("Sec-WebSocket-Protocol: chat\r\n"), "4.2.2-7"),
        (accepted("Sec-WebSocket-Extensions: permessage-deflate\r\n"), "4.2.2-9"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "4.2.2-12"),
        ("HTTP/1.1 101\x01\r\n\r\n".to_owned(), "4.2.2-12"),
    ] {
        let mut talk = begin();
        talk.gets(&answer);
        assert_eq!(talk.session.status(), Some(4), "{answer}");
        let shown = talk.shown();
        assert!(shown.contains(&format!("say the handshake failed: {rule}: ")), "{shown}");
    }
}

#[test]
fn an_answer_before_the_answer_is_passed_over() {
    let mut talk = begin();
    talk.gets("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    talk.gets(format!("{ANSWER}\r\n\u{1}"));
    assert!(talk.session.wants_line());
}

#[test]
fn a_subprotocol_is_told() {
    let protocols = vec!["chat".to_owned(), "json".to_owned()];
    let mut talk = Talk::begin(Begin { protocols, is_by_hand: true, ..Begin::default() });
    talk.gets(format!("{ANSWER}Sec-WebSocket-Protocol: json\r\n\r\n"));
    assert!(talk.shown().contains("say connected, subprotocol json; /help lists commands\n"));
}

#[test]
fn an_endless_head_ends() {
    let mut talk = begin();
    let line = format!("X: {}\r\n", "x".repeat(1_000));
    talk.gets("HTTP/1.1 101 Switching Protocols\r\n");
    for _ in 0..70 {
        talk.gets(&line);
    }
    assert_eq!(talk.session.status(), Some(4));
    assert!(talk.shown().len() < 10_000);
    // One that never ends its line, too.
    let mut talk = begin();
    talk.gets("HTTP/1.1 101 Switching Protocols\r\nX: ");
    for _ in 0..70 {
        talk.gets("x".repeat(1_000));
    }
    assert_eq!(talk.session.status(), Some(4));
}

#[test]
fn the_answer_has_ten_seconds_however_slowly_it_comes() {
    let mut talk = begin();
    for byte in ANSWER.as_bytes().chunks(1).take(9) {
        talk.gets(byte);
        talk.waits(1_000);
    }
    assert_eq!(talk.session.status(), None);
    talk.waits(1_000);
    talk.is_over(4, "the handshake failed: no whole answer within 10 s, only 9 bytes");
    // Afterwards silence is no fault.
    let mut talk = Talk::open(Begin::default());
    talk.waits(86_400_000);
    assert_eq!(talk.session.status(), None);
}

#[test]
fn an_end_instead_of_an_answer() {
    let mut talk = begin();
    talk.ends();
    // No address: a command is between us and the server, and it never got there.
    talk.is_over(3, "the connection ended before an answer came");
    let mut talk = begin();
    talk.gets("HTTP/1.1 101");
    talk.ends();
    talk.is_over(4, "the handshake failed: the connection ended within the answer");
}
