//! Whose pages may connect, and which names are ours (RFC 6455 §10.2; README.md, "Whose pages may connect").

use ws101::http::head::{NO_FIELDS, parse};
use ws101::http::policy::{Authority, Policy};
use ws101::ws::handshake;

use crate::http::head::{self, with_head};
use crate::ws::handshake::{WEBSOCKET, check, outcome, refusal, request};

#[test]
fn host_that_is_not_ours_is_421() {
    // RFC 9110 §15.5.20. Otherwise a page could have its own name lead to our machine (DNS rebinding).
    let policy = |allowed: &[&str]| Policy {
        allowed_hosts: allowed.iter().map(|&host| host.to_owned()).collect(),
        machine_name: "Pi".to_owned(),
        ..Policy::default()
    };
    let status = |host: &str, policy: &Policy| {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: x\r\n\r\n");
        with_head(head.as_bytes(), policy, |_| ()).unwrap_err()
    };
    // 400 comes from the Content-Length, which is judged after the Host.
    for (expected, host) in [
        (400, "localhost"),
        (400, "LocalHost:1"),
        (400, "192.0.2.7:8000"),
        (400, "[2001:db8::1]"),
        (400, "pi"),
        (400, "PI.LOCAL:8000"),
        (400, "chat.example.org"),
        // How browsers send a name that was typed with a final dot.
        (400, "localhost."),
        (400, "LocalHost.:8000"),
        (400, "pi."),
        (400, "Pi.local.:8000"),
        (400, "chat.example.org."),
        (421, "localhost.."),
        (421, "."),
        (421, ".local."),
        (421, "pi..local"),
        (421, "evil.example."),
        (421, "127.0.0.1."),
        (421, "evil.example"),
        (421, "localhost.evil.example"),
        (421, "pi.evil.example"),
        (421, "pilocal"),
        (421, "p"),
        (421, "127.1"),
        (421, "1.2.3.4.5"),
        (421, "example.org"),
    ] {
        let status = status(host, &policy(&["Chat.Example.Org"]));
        assert_eq!(status, expected, "{host}");
    }
    assert_eq!(status("evil.example", &policy(&["*"])), 400);
    assert_eq!(status(".local", &Policy::default()), 421);
    let foreign = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(head::status(foreign), 421);
}

/// The status of an upgrade with this Origin and Host, when `--allow-origin` lists `allowed`.
fn origin_status(origin: &str, host: &str, allowed: &[&str]) -> u16 {
    let policy = Policy {
        allowed_hosts: vec!["*".to_owned()],
        allowed_origins: allowed.iter().map(|&origin| origin.to_owned()).collect(),
        ..Policy::default()
    };
    let head = request(&[&format!("Origin: {origin}"), &format!("Host: {host}")]);
    match outcome(&head, Some(&WEBSOCKET), &policy).unwrap() {
        Ok(_) => 101,
        Err(rejection) => rejection.status.0,
    }
}

#[test]
fn origin_of_our_own_pages_is_accepted_and_a_foreign_one_is_403() {
    // RFC 6455 §4.2.2 step 4, §10.2. Our own pages are those whose host and port are in `Host`; and, when
    // `Host` is a loopback name, those of any loopback name.
    for (expected, origin, host) in [
        (101, "http://a.example:8000", "a.example:8000"),
        (101, "HTTP://A.Example:8000", "a.example:8000"),
        (101, "http://a.example:80", "a.example"),
        (101, "http://a.example", "a.example:80"),
        (101, "https://a.example", "a.example"),
        (101, "https://a.example", "a.example:443"),
        (101, "http://[2001:db8::1]:8000", "[2001:DB8:0::1]:8000"),
        (101, "http://localhost:3000", "127.0.0.1:8000"),
        (101, "http://127.9.9.9", "[::1]:8000"),
        (101, "file://", "a.example"),
        (101, "http://a.example.:8000", "a.example.:8000"),
        (101, "http://a.example.:8000", "a.example:8000"),
        (101, "http://a.example:8000", "a.example.:8000"),
        (101, "https://a.example.", "a.example"),
        (101, "http://localhost.:3000", "127.0.0.1:8000"),
        (101, "http://localhost:3000", "localhost.:8000"),
        (403, "http://a.example..", "a.example"),
        (403, "http://b.example.", "a.example"),
        (403, "http://localhost.", "192.0.2.1"),
        (403, "http://a.example", "a.example:443"),
        (403, "https://a.example", "a.example:80"),
        (403, "http://a.example:8001", "a.example:8000"),
        (403, "http://b.example:8000", "a.example:8000"),
        (403, "http://a.example.evil.example", "a.example"),
        (403, "http://localhost:8000", "192.0.2.1:8000"),
        (403, "http://192.0.2.1:8000", "localhost:8000"),
        (403, "http://localhost.evil.example", "localhost"),
        (403, "null", "a.example"),
        (403, "", "a.example"),
        (403, "a.example", "a.example"),
        (403, "http://me@a.example", "a.example"),
        (403, "http://a.example/", "a.example"),
        (403, "file:///tmp", "a.example"),
        (403, "\u{e4}", "a.example"),
    ] {
        assert_eq!(origin_status(origin, host, &[]), expected, "{origin} {host}");
    }
    check(Some(&WEBSOCKET), &[(101, &["Origin: -"])]);
    let twice = ["Origin: http://localhost:8000\r\nOrigin: http://localhost:8000"];
    check(Some(&WEBSOCKET), &[(403, &twice)]);
}

#[test]
fn origin_listed_by_flag_is_accepted() {
    // RFC 6455 §10.2; the flag is `--allow-origin`.
    let list = ["https://B.example", "http://c.example:1"];
    assert_eq!(origin_status("https://b.example", "a.example", &list), 101);
    assert_eq!(origin_status("http://c.example:1", "a.example", &list), 101);
    assert_eq!(origin_status("http://b.example", "a.example", &list), 403);
    assert_eq!(origin_status("http://c.example", "a.example", &list), 403);
    assert_eq!(origin_status("null", "a.example", &["null"]), 101);
    // A final dot is not counted, on either side.
    let dotted = ["https://b.example."];
    for origin in ["https://B.Example.", "https://b.example"] {
        assert_eq!(origin_status(origin, "a.example", &list), 101, "{origin}");
        assert_eq!(origin_status(origin, "a.example", &dotted), 101, "{origin}");
    }
    for origin in ["http://b.example.", "https://b.example..", "https://b.example.:1"] {
        assert_eq!(origin_status(origin, "a.example", &list), 403, "{origin}");
    }
    assert_eq!(origin_status("null", "a.example", &["*"]), 101);
}

#[test]
fn program_without_a_policy_answers_any_page_under_any_name() {
    // What is left then is RFC 6455 alone.
    let status = |changes: &[&str]| {
        let mut bytes = request(changes).into_bytes();
        let judged = parse(&mut bytes, &mut { NO_FIELDS }).map(|head| handshake::check(&head).err());
        judged.map_or_else(|it| it.status.0, |it| it.map_or(101, |it| it.status.0))
    };
    let foreign = ["Host: a.example", "Origin: http://b.example"];
    assert_eq!(status(&foreign), 101);
    assert_eq!(status(&["Content-Length: x"]), 400);
    assert_eq!(status(&["Content-Length: 5"]), 400);
    assert_eq!(status(&["Sec-WebSocket-Extensions: ;"]), 400);
    assert_eq!(status(&["Sec-WebSocket-Version: 12"]), 426);
    assert_eq!(status(&["POST / HTTP/1.1"]), 405);
}

#[test]
fn policy_refusals_name_their_flag() {
    // The log line and the body say how to allow it.
    let response = refusal(&request(&["Origin: http://evil.example"]), &WEBSOCKET);
    assert_eq!(response.status.0, 403);
    assert!(response.explanation().contains("--allow-origin"));
    let misdirected = Policy::default().check_host(Authority::parse("evil.example")).unwrap_err();
    assert!(misdirected.explanation().contains("--allow-host"));
    assert!(!misdirected.explanation().contains("evil"));
}
