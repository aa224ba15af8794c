//! Request heads: where they end, what they say, what is refused (RFC 9112, LIMITS §3).
//!
//! Every head is scanned whole, byte by byte and at every cut, and must come out the same.

use std::fmt::Debug;

use httparse::EMPTY_HEADER;
use ws101::config::Config;
use ws101::http::fields::{Malformed, has_token, offers, subprotocols};
use ws101::http::head::{Framing, Head, MAX_FIELDS, Method, parse};
use ws101::http::policy::Policy;
use ws101::http::scan::HeadScanner;

/// Runs `outcome` with the bytes whole, one by one, and cut in two at every place (of long inputs:
/// near the ends and at every thousandth place). It must always be the same.
pub(crate) fn at_every_cut<T: PartialEq + Debug>(
    bytes: &[u8],
    outcome: impl Fn(&[&[u8]]) -> T,
) -> T {
    let whole = outcome(&[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(outcome(&single), whole, "byte by byte");
    for cut in 0..=bytes.len() {
        let is_near_an_end = cut < 20 || bytes.len() - cut < 20;
        if bytes.len() <= 1_000 || is_near_an_end || cut % 1_000 == 0 {
            let (one, two) = bytes.split_at(cut);
            assert_eq!(outcome(&[one, two]), whole, "cut at {cut}");
        }
    }
    whole
}

/// The length of the head at the start of these pieces, or the status of the refusal.
fn scan(pieces: &[&[u8]]) -> Result<Option<usize>, u16> {
    let config = Config::default();
    let mut scanner = HeadScanner::default();
    let mut before = 0;
    for piece in pieces {
        match scanner.scan(piece, &config) {
            Ok(Some(end)) => return Ok(Some(before + end)),
            Ok(None) => before += piece.len(),
            Err(rejection) => return Err(rejection.status.0),
        }
    }
    Ok(None)
}

/// Scans and parses; then asks `read` about the head. An unfinished head is a mistake in the test.
pub(crate) fn with_head<T>(
    bytes: &[u8],
    policy: &Policy,
    read: impl FnOnce(&Head<'_>) -> T,
) -> Result<T, u16> {
    let end = at_every_cut(bytes, scan)?.expect("the head is complete");
    let mut bytes = bytes[..end].to_vec();
    let mut slots = [EMPTY_HEADER; MAX_FIELDS];
    match parse(&mut bytes, &mut slots, policy) {
        Ok(head) => Ok(read(&head)),
        Err(rejection) => {
            assert!(rejection.close, "what follows a refused head is not parsed");
            Err(rejection.status.0)
        }
    }
}

/// The status that refuses these bytes; 0 when they are accepted.
fn status(head: impl AsRef<[u8]>) -> u16 {
    let outcome = with_head(head.as_ref(), &Policy::default(), |_| ());
    outcome.err().unwrap_or(0)
}

fn check_statuses(cases: &[(u16, &str)]) {
    for (expected, head) in cases {
        assert_eq!(status(head), *expected, "{head:?}");
    }
}

/// The same, for field lines of an otherwise valid HTTP/1.1 request.
fn check_fields(cases: &[(u16, &str)]) {
    for (expected, fields) in cases {
        let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
        assert_eq!(status(&head), *expected, "{fields:?}");
    }
}

const BROWSER: &str = "GET /ws/1?x=1 HTTP/1.1\r\nHost: localhost:8000\r\nAccept: */*\r\n\r\n";

#[test]
fn head_in_any_pieces_ends_at_its_empty_line() {
    // RFC 9112 §2.1: what follows the empty line is not part of the head.
    let bytes = [BROWSER.as_bytes(), b"\x81\x80\r\n\r\n"].concat();
    assert_eq!(at_every_cut(&bytes, scan), Ok(Some(BROWSER.len())));
}

#[test]
fn head_cut_short_anywhere_is_partial() {
    // RFC 9112 §2.1: a head is complete with its empty line and not before.
    for end in 0..BROWSER.len() {
        assert_eq!(scan(&[&BROWSER.as_bytes()[..end]]), Ok(None), "{end}");
    }
}

#[test]
fn line_ended_by_bare_lf_is_accepted() {
    // RFC 9112 §2.2: a recipient may take a single LF for a line terminator.
    let bytes = b"GET / HTTP/1.1\nHost: localhost\n\nmore";
    assert_eq!(at_every_cut(bytes, scan), Ok(Some(32)));
    assert_eq!(status(bytes), 0);
    check_statuses(&[(0, "GET / HTTP/1.1\r\nHost: localhost\n\r\n")]);
}

#[test]
fn empty_line_before_the_request_is_ignored_once() {
    // RFC 9112 §2.2: at least one empty line before the request line should be ignored.
    check_statuses(&[
        (0, "\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (0, "\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "\n\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "\rGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ]);
}

#[test]
fn bytes_that_are_no_request_are_refused_at_the_first_proof() {
    // RFC 6455 §10.7: a TLS hello on a plain port; RFC 9112 §3: method, target, version.
    for (refused, accepted) in [
        (&b"\x16"[..], &b""[..]),
        (b" ", b""),
        (b"G\x00", b"G"),
        (b"GET\r", b"GET"),
        (b"GET\n", b"GET"),
        (b"GET /\n", b"GET /\r"),
        (b"\r\n\r", b"\r\n"),
        (b"GET / HTTP/1.1\r\n\rX", b"GET / HTTP/1.1\r\n\r"),
    ] {
        assert_eq!(at_every_cut(refused, scan), Err(400), "{refused:?}");
        assert_eq!(at_every_cut(accepted, scan), Ok(None), "{accepted:?}");
    }
}

#[test]
fn target_at_its_limit_passes_and_one_more_byte_is_414() {
    // RFC 9112 §3: 414 for a target longer than the server wishes to parse.
    let head = |len: usize| {
        format!(
            "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a".repeat(len)
        )
    };
    assert_eq!(status(head(8_191)), 0);
    assert_eq!(status(head(8_192)), 414);
    // It is known before the target has ended.
    let target = format!("GET /{}", "a".repeat(8_192));
    assert_eq!(scan(&[&target.as_bytes()[..target.len() - 1]]), Ok(None));
    assert_eq!(at_every_cut(target.as_bytes(), scan), Err(414));
}

#[test]
fn head_at_its_limit_passes_and_one_more_byte_is_431() {
    // RFC 6585 §5: 431 for a head that is too large.
    let head = |len: usize| {
        let begin = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ";
        let fill = len - begin.len() - "\r\n\r\n".len();
        format!("{begin}{}\r\n\r\n", "x".repeat(fill))
    };
    let whole = head(16 << 10);
    assert_eq!(whole.len(), 16_384);
    assert_eq!(status(&whole), 0);
    assert_eq!(status(head((16 << 10) + 1)), 431);
    // The bytes behind a head do not count.
    assert_eq!(status(whole.clone() + "behind"), 0);
    // One byte before the limit there is still hope.
    let unfinished = "GET / HTTP/1.1\r\nX: ".to_owned() + &"x".repeat(16 << 10);
    assert_eq!(scan(&[&unfinished.as_bytes()[..16_383]]), Ok(None));
    assert_eq!(scan(&[&unfinished.as_bytes()[..16_384]]), Err(431));
}

#[test]
fn hundred_fields_pass_and_one_more_is_431() {
    // RFC 6585 §5: too many fields.
    let fields = |count: usize| "A:1\r\n".repeat(count);
    let head = |count: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
            fields(count - 1)
        )
    };
    assert_eq!(status(head(100)), 0);
    assert_eq!(status(head(101)), 431);
}

#[test]
fn malformed_head_is_400() {
    // RFC 9112 §2.2, §3, §5.1, §5.2; RFC 9110 §5.5.
    check_statuses(&[
        (400, "GET /\r\n\r\n"),
        (400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET / x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        (400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]);
    check_fields(&[
        (400, "No colon"),
        (400, ": no name"),
        (400, "Na me: x"),
        (400, "N\u{e4}me: x"),
        (400, "Name : x"),
        (400, " Name: x"),
        (400, "Name: x\r\n folded"),
        (400, "Name: x\r\n\tfolded"),
        (400, "Name: x\0y"),
        (400, "Name: x\ry"),
        (400, "Name: x\x07y"),
        (400, "Name: x\x7fy"),
        (0, "Name: x\ty \u{e4}"),
        (0, "Name:"),
    ]);
}

#[test]
fn version_other_than_one_is_505_and_a_later_one_x_is_1_1() {
    // RFC 9110 §15.6.6, §2.5; RFC 9112 §2.3.
    check_statuses(&[
        (505, "PRI * HTTP/2.0\r\n\r\n"),
        (505, "GET / HTTP/2.0\r\n\r\n"),
        (505, "GET / HTTP/0.9\r\n\r\n"),
        (0, "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"),
        (0, "GET / HTTP/1.9\nHost: localhost\n\n"),
        (0, "GET / HTTP/1.0\r\n\r\n"),
        (400, "GET / HTTP/2\r\nHost: localhost\r\n\r\n"),
        (400, "GET / HTTP/1.11\r\nHost: localhost\r\n\r\n"),
        (400, "GET / http/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "GET / HTTP/1.x\r\nHost: localhost\r\n\r\n"),
        // Grammar is judged before the version.
        (400, "GET / HTTP/2.0\r\nNo colon\r\n\r\n"),
        (400, "GET /# HTTP/2.0\r\n\r\n"),
    ]);
    let http11 = |version| {
        let head = format!("GET / HTTP/{version}\r\nHost: localhost\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| head.http11)
    };
    assert_eq!(
        ["1.0", "1.1", "1.9"].map(http11),
        [Ok(false), Ok(true), Ok(true)]
    );
}

#[test]
fn target_in_each_form_is_split_into_path_and_query() {
    // RFC 9112 §3.2.1 to §3.2.4; RFC 9110 §4.2.3.
    let read = |line: &str| {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| {
            format!(
                "{:?} {} {:?} {:?}",
                head.method,
                head.path,
                head.query,
                head.host.unwrap()
            )
        })
    };
    for (line, expected) in [
        (
            "GET /a%20b?x=1?y",
            "Get /a%20b Some(\"x=1?y\") \"localhost\"",
        ),
        ("GET //a?", "Get //a Some(\"\") \"localhost\""),
        (
            "GET http://127.0.0.1:80/p?q",
            "Get /p Some(\"q\") \"127.0.0.1:80\"",
        ),
        ("GET HTTPS://127.0.0.1", "Get / None \"127.0.0.1\""),
        ("GET http://[::1]?q", "Get / Some(\"q\") \"[::1]\""),
        ("OPTIONS *", "Options * None \"localhost\""),
        ("CONNECT 127.0.0.1:80", "Connect * None \"127.0.0.1:80\""),
        ("BREW /pot", "Unknown /pot None \"localhost\""),
        ("get /", "Unknown / None \"localhost\""),
    ] {
        assert_eq!(read(line).as_deref(), Ok(expected), "{line}");
    }
    for line in [
        "GET *",
        "GET a",
        "GET ?a",
        "GET localhost:80",
        "GET ftp://localhost/",
        "GET http:///p",
        "GET http://me@localhost/",
        "GET /a#b",
        "GET /\u{e4}",
        "CONNECT /",
        "CONNECT localhost",
    ] {
        assert_eq!(read(line), Err(400), "{line}");
    }
}

#[test]
fn host_missing_repeated_or_malformed_is_400() {
    // RFC 9112 §3.2; RFC 9110 §4.2.1, §4.2.4, §7.2.
    let status = |fields: &str| status(format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n"));
    for host in [
        "localhost",
        "LOCALHOST:8000",
        "localhost:",
        "127.0.0.1:0",
        "[::1]",
        "[::1]:65535",
    ] {
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
fn host_that_is_not_ours_is_421() {
    // RFC 9110 §15.5.20; PRODUCT §4: DNS rebinding.
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
    assert_eq!(self::status(foreign), 421);
}

#[test]
fn content_length_that_is_no_single_number_is_400() {
    // RFC 9112 §6.3; RFC 9110 §8.6.
    let framing = |fields: &str| {
        let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| head.framing)
    };
    for (fields, expected) in [
        ("X: y", Framing::None),
        ("Content-Length: 0", Framing::None),
        ("Content-Length: 5", Framing::Length(5)),
        ("Content-Length: 05", Framing::Length(5)),
        ("Content-Length: 5, 5", Framing::Length(5)),
        ("Content-Length: 5\r\ncontent-length: 5", Framing::Length(5)),
        (
            "Content-Length: 18446744073709551615",
            Framing::Length(u64::MAX),
        ),
        ("Transfer-Encoding: Chunked", Framing::Chunked),
    ] {
        assert_eq!(framing(fields), Ok(expected), "{fields}");
    }
    for value in [
        "",
        "x",
        "+5",
        "-5",
        "5 5",
        "5,",
        "5, 6",
        "0x5",
        "5\r\nContent-Length: 6",
        "18446744073709551616",
    ] {
        assert_eq!(
            framing(&format!("Content-Length: {value}")),
            Err(400),
            "{value}"
        );
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
        (
            400,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ),
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
        with_head(head.as_bytes(), &Policy::default(), |head| {
            head.expects_continue
        })
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
        let head =
            format!("GET / HTTP/{version}\r\nHost: localhost\r\nConnection: {value}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| head.keep_alive).unwrap()
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
        with_head(head.as_bytes(), &Policy::default(), |head| {
            has_token(head, "Connection", "upgrade")
        })
        .unwrap()
    };
    assert!(found("connection: UpGrade"));
    assert!(found("Connection: , keep-alive ,, \tUpgrade,"));
    assert!(found("Connection: keep-alive\r\nConnection: upgrade"));
    assert!(!found(
        "Connection: upgrade-insecure, up grade, \"upgrade\", xupgrade"
    ));
    assert!(!found("Upgrade: upgrade\r\nConnection:"));
}

/// The offers of a request with these fields: `name`, then ` name=value` for each parameter.
fn read_offers(fields: &str) -> Vec<Result<String, Malformed>> {
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
    with_head(head.as_bytes(), &Policy::default(), |head| {
        offers(head)
            .map(|offer| {
                offer.map(|offer| {
                    offer.params().fold(offer.name.to_owned(), |text, param| {
                        text + " "
                            + param.name
                            + &param.value.map_or(String::new(), |v| format!("={v}"))
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
    let expected = [
        "permessage-deflate client_max_window_bits",
        "x a=1 b=2 a=3x4",
        "y",
    ];
    assert_eq!(
        read_offers(fields),
        expected.map(|offer| Ok(offer.to_owned()))
    );
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
        assert_eq!(offers, [Ok("good".to_owned()), Err(Malformed)], "{value}");
    }
}

#[test]
fn subprotocols_are_a_list_of_tokens() {
    // RFC 6455 §11.3.4.
    let read = |value: &str| {
        let head =
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Protocol: {value}\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| {
            subprotocols(head)
                .map(|item| item.map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .unwrap()
    };
    assert_eq!(
        read("chat, ,superchat"),
        [Ok("chat".to_owned()), Ok("superchat".to_owned())]
    );
    for value in ["a b", "a;b", "\"a\"", "a=b", "\u{e4}"] {
        assert_eq!(read(value), [Err(Malformed)], "{value}");
    }
}

#[test]
fn mutated_heads_never_panic_and_never_depend_on_cuts() {
    // RFC 6455 §10.7: no input is trusted.
    let seed = b"GET http://localhost/a?b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5, 5\r\n\
                 Expect: 100-continue\r\nSec-WebSocket-Extensions: x; a=\"1\", y\r\n\r\n";
    let special = b"\r\n\0 ,;:=\"\\#*/[]@%\x80\xff1";
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let mut accepted = 0;
    for _ in 0..5_000 {
        let mut bytes = seed.to_vec();
        for _ in 0..=next(3) {
            let (at, byte) = (next(bytes.len()), special[next(special.len())]);
            match next(3) {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let outcome = scan(&[&bytes]);
        assert_eq!(scan(&single), outcome, "{bytes:?}");
        if let Ok(Some(end)) = outcome {
            let mut slots = [EMPTY_HEADER; MAX_FIELDS];
            if let Ok(head) = parse(&mut bytes[..end], &mut slots, &Policy::default()) {
                accepted += 1;
                assert!(head.path.starts_with('/') || head.method == Method::Options);
                offers(&head)
                    .flatten()
                    .for_each(|offer| assert!(offer.params().count() < 10));
            }
        }
    }
    assert!(
        accepted > 100,
        "the mutations are too wild to test anything"
    );
}
