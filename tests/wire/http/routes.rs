//! The plan for a request: what the resource allows decides (RFC 9110 §15.5).

use std::borrow::Cow;
use ws101::http::response::Body;

use crate::ws::handshake::{PAGE, POLLING, WEBSOCKET, check, field, refusal, status};

#[test]
fn upgrade_where_there_is_no_websocket_is_404_after_everything_else() {
    // RFC 6455 §4.2.2: 404 for a resource that is not served. A bad upgrade is told what is wrong with it first.
    for route in [None, Some(&PAGE)] {
        check(
            route,
            &[
                (404, &[]),
                (403, &["Origin: null"]),
                (400, &["Sec-WebSocket-Key: x"]),
                (426, &["Sec-WebSocket-Version: 8"]),
            ],
        );
    }
    // Without the pair, or over HTTP/1.0 (RFC 9110 §7.8), it is no upgrade.
    check(
        Some(&PAGE),
        &[
            (200, &["Upgrade: h2c"]),
            (200, &["Connection: -"]),
            (200, &["GET / HTTP/1.0"]),
            (404, &["HEAD / HTTP/1.1"]),
        ],
    );
}

#[test]
fn method_unknown_is_501_and_wrong_for_the_path_is_405() {
    // RFC 9110 §15.6.2, §15.5.6.
    let line = |line: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
    for (expected, route, request_line) in [
        (501, Some(&PAGE), "BREW /"),
        (501, None, "BREW /"),
        (501, Some(&PAGE), "get /"),
        (501, None, "CONNECT localhost:80"),
        (405, Some(&PAGE), "POST /"),
        (405, Some(&PAGE), "DELETE /"),
        (405, Some(&PAGE), "OPTIONS /"),
        (405, Some(&WEBSOCKET), "POST /"),
        (426, Some(&WEBSOCKET), "GET /"),
        (404, None, "GET /"),
        (404, None, "HEAD /"),
        (404, None, "OPTIONS *"),
        // The method is right, but no body is read there.
        (413, Some(&PAGE), "GET /"),
        (200, Some(&POLLING), "POST /"),
    ] {
        assert_eq!(status(&line(request_line), route), expected, "{request_line}");
    }
    let response = refusal(&line("POST /"), &PAGE);
    assert_eq!(field(&response, "Allow").as_deref(), Some("GET, HEAD"));
    assert!(matches!(response.body, Body::Bytes(Cow::Borrowed(_))));
}

#[test]
fn body_over_the_limit_of_the_path_is_413() {
    // RFC 9110 §15.5.14: from the head, before any of it is read.
    let status = |field: &str, route| {
        status(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{field}\r\n\r\n"), Some(route))
    };
    assert_eq!(status("Content-Length: 0", &PAGE), 200);
    assert_eq!(status("Content-Length: 1", &PAGE), 413);
    assert_eq!(status("Transfer-Encoding: chunked", &PAGE), 413);
    assert_eq!(status("Content-Length: 5", &POLLING), 200);
    assert_eq!(status("Content-Length: 6", &POLLING), 413);
    assert_eq!(status("Transfer-Encoding: chunked", &POLLING), 200);
}
