//! What the fields of a request head say: Host, framing, options, lists (RFC 9110, RFC 9112).

use ws101::http::body::Framing;
use ws101::http::policy::Policy;
use ws101::ws::offers::{offers, subprotocols};

use crate::http::head::{check_fields, check_statuses, status, with_announced, with_head};

#[test]
fn host_missing_repeated_or_malformed_is_400() {
    // RFC 9112 §3.2; RFC 9110 §4.2.1, §4.2.4, §7.2.
    let status = |fields: &str| status(format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n"));
    for host in ["localhost", "LOCALHOST:8000", "localhost:", "127.0.0.1:0", "[::1]", "[::1]:65535"] {
        assert_eq!(status(&format!("Host: {host}")), 0, "{host}");
    }
    for host in [
        "",
        ":80",
        "a b",
        "me@localhost",
        "localhost:80a",
        "localhost:+80",
        "localhost:65536",
        "localhost/",
        "[::1",
        "::1",
        "[::1]80",
        "[fe80::1%25eth0]",
        "a,b:1:2",
        "a%2",
        "\u{e4}",
    ] {
        assert_eq!(status(&format!("Host: {host}")), 400, "{host}");
    }
    assert_eq!(status("X: y"), 400);
    assert_eq!(status("Host: localhost\r\nhost: localhost"), 400);
    check_statuses(&[
        (0, "GET / HTTP/1.0\r\n\r\n"),
        (400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        // An absolute target does not excuse the field.
        (400, "GET http://localhost/ HTTP/1.1\r\n\r\n"),
    ]);
}

#[test]
fn content_length_that_is_no_single_number_is_400() {
    // RFC 9112 §6.3; RFC 9110 §8.6.
    let framing = |fields: &str| {
        let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
        with_announced(head.as_bytes(), &Policy::default(), |_, body| body.framing)
    };
    for (fields, expected) in [
        ("X: y", Framing::None),
        ("Content-Length: 0", Framing::None),
        ("Content-Length: 5", Framing::Length(5)),
        ("Content-Length: 05", Framing::Length(5)),
        ("Content-Length: 5, 5", Framing::Length(5)),
        ("Content-Length: 5\r\ncontent-length: 5", Framing::Length(5)),
        ("Content-Length: 18446744073709551615", Framing::Length(u64::MAX)),
        ("Transfer-Encoding: Chunked", Framing::Chunked),
    ] {
        assert_eq!(framing(fields), Ok(expected), "{fields}");
    }
    for value in
        ["", "x", "+5", "-5", "5 5", "5,", "5, 6", "0x5", "5\r\nContent-Length: 6", "18446744073709551616"]
    {
        assert_eq!(framing(&format!("Content-Length: {value}")), Err(400), "{value}");
    }
}

#[test]
fn transfer_encoding_other_than_chunked_is_400_or_501() {
    // RFC 9112 §6.1, §6.3, §7.
    check_fields(&[
        (0, "Transfer-Encoding: chunked"),
        (501, "Transfer-Encoding: gzip, chunked"),
        (501, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        (400, "Transfer-Encoding:"),
        (400, "Transfer-Encoding: identity"),
        (400, "Transfer-Encoding: chunked, gzip"),
        (400, "Transfer-Encoding: chunked, chunked"),
        (400, "Transfer-Encoding: chunked, gzip, chunked"),
        (400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        (400, "Transfer-Encoding: chunked;a=b"),
        (400, "Transfer-Encoding: chunked,"),
        (400, "Transfer-Encoding: xchunked"),
        (400, "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        (400, "Content-Length: 0\r\nTransfer-Encoding: chunked"),
    ]);
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(status(old), 400);
}

#[test]
fn expectation_other_than_100_continue_is_417() {
    // RFC 9110 §10.1.1.
    let expects = |version: &str, fields: &str| {
        let head = format!("POST / HTTP/{version}\r\nHost: localhost\r\n{fields}\r\n\r\n");
        with_announced(head.as_bytes(), &Policy::default(), |_, body| body.expects_continue)
    };
    let with_body = "Content-Length: 5\r\nExpect: 100-Continue";
    assert_eq!(expects("1.1", with_body), Ok(true));
    assert_eq!(expects("1.0", with_body), Ok(false));
    assert_eq!(expects("1.1", "Content-Length: 5"), Ok(false));
    assert_eq!(expects("1.1", "Expect: 100-continue"), Ok(false));
    assert_eq!(expects("1.1", "Expect: a-cake"), Err(417));
    assert_eq!(expects("1.1", "Expect: 100-continue, a-cake"), Err(417));
}

#[test]
fn connection_stays_open_unless_closed_or_http10() {
    // RFC 9112 §9.3.
    let keep_alive = |version: &str, value: &str| {
        let head = format!("GET / HTTP/{version}\r\nHost: localhost\r\nConnection: {value}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| head.keep_alive()).unwrap()
    };
    assert!(keep_alive("1.1", ""));
    assert!(keep_alive("1.1", "keep-alive, closed"));
    assert!(!keep_alive("1.1", "keep-alive, Close"));
    assert!(!keep_alive("1.0", "keep-alive"));
}

#[test]
fn token_in_any_line_position_and_case_is_found() {
    // RFC 9110 §5.3, §5.6.1, §7.6.1.
    let found = |fields: &str| {
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| head.fields.has_token("Connection", "upgrade"))
            .unwrap()
    };
    assert!(found("connection: UpGrade"));
    assert!(found("Connection: , keep-alive ,, \tUpgrade,"));
    assert!(found("Connection: keep-alive\r\nConnection: upgrade"));
    assert!(!found("Connection: upgrade-insecure, up grade, \"upgrade\", xupgrade"));
    assert!(!found("Upgrade: upgrade\r\nConnection:"));
}

/// The offers of a request with these fields: `name`, then ` name=value` for each parameter.
fn read_offers(fields: &str) -> Vec<Option<String>> {
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
    with_head(head.as_bytes(), &Policy::default(), |head| {
        offers(head.fields)
            .map(|offer| {
                offer.map(|offer| {
                    offer.params().fold(offer.name.to_owned(), |text, param| {
                        text + " " + param.name + &param.value.map_or(String::new(), |v| format!("={v}"))
                    })
                })
            })
            .collect()
    })
    .unwrap()
}

#[test]
fn extension_offers_in_any_layout_are_read_in_order() {
    // RFC 6455 §9.1, §4.3.
    let fields = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits , ,\
                  x;a=1;\tb = \"2\" ; a=\"\\3\\x4\"\r\nsec-websocket-extensions: y";
    let expected = ["permessage-deflate client_max_window_bits", "x a=1 b=2 a=3x4", "y"];
    assert_eq!(read_offers(fields), expected.map(|offer| Some(offer.to_owned())));
    assert_eq!(read_offers("X: y"), []);
}

#[test]
fn malformed_extension_offer_is_an_error_behind_the_good_ones() {
    // RFC 6455 §9.1: a malformed header fails the connection.
    for value in [
        ";",
        "x;",
        "x;;a",
        "x; =1",
        "x; a=",
        "x; a=;b",
        "x; a=\"",
        "x; a=\"1",
        "x; a=\"1\\",
        "x; a=\"\"",
        "x; a=\"1 2\"",
        "x; a=\"1,2\"",
        "x; a=\"1\"2",
        "x y",
        "x=1",
        "\"x\"",
        "x; a b",
        "x; a=1=2",
        "x/y",
        "\u{e4}",
    ] {
        let offers = read_offers(&format!("Sec-WebSocket-Extensions: good, {value}"));
        assert_eq!(offers, [Some("good".to_owned()), None], "{value}");
    }
}

#[test]
fn subprotocols_are_a_list_of_tokens() {
    // RFC 6455 §11.3.4.
    let read = |value: &str| {
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Protocol: {value}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| {
            subprotocols(head).map(|item| item.map(str::to_owned)).collect::<Vec<_>>()
        })
        .unwrap()
    };
    assert_eq!(read("chat, ,superchat"), [Some("chat".to_owned()), Some("superchat".to_owned())]);
    for value in ["a b", "a;b", "\"a\"", "a=b", "\u{e4}"] {
        assert_eq!(read(value), [None], "{value}");
    }
}
