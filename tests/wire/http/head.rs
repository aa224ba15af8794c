//! Request heads: where they end, what they say, what is refused (RFC 9112).
//!
//! Every head is scanned whole, byte by byte and at every cut, and must come out the same.

use std::fmt::Debug;

use ws101::config::Config;
use ws101::http::body::Announced;
use ws101::http::head::{Head, HeadScanner, NO_FIELDS, parse};
use ws101::http::method::Method;
use ws101::http::policy::Policy;
use ws101::ws::offers::offers;

/// Runs `outcome` with the bytes whole, one by one, and cut in two at every place (of long inputs:
/// near the ends and at every thousandth place). It must always be the same.
pub(crate) fn at_every_cut<T: PartialEq + Debug>(bytes: &[u8], outcome: impl Fn(&[&[u8]]) -> T) -> T {
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

/// Scans, parses and judges what holds whatever is asked for; then asks `read` about the head. An unfinished head is a
/// mistake in the test.
pub(crate) fn with_head<T>(
    bytes: &[u8],
    policy: &Policy,
    read: impl FnOnce(&Head<'_>) -> T,
) -> Result<T, u16> {
    with_announced(bytes, policy, |head, _| read(head))
}

/// The same, with what the head says of the body.
pub(crate) fn with_announced<T>(
    bytes: &[u8],
    policy: &Policy,
    read: impl FnOnce(&Head<'_>, Announced) -> T,
) -> Result<T, u16> {
    let end = at_every_cut(bytes, scan)?.expect("the head is complete");
    let mut bytes = bytes[..end].to_vec();
    let mut slots = NO_FIELDS;
    let judged = parse(&mut bytes, &mut slots).and_then(|head| {
        policy.check_host(head.host)?;
        Ok((head, Announced::of(&head)?))
    });
    match judged {
        Ok((head, announced)) => Ok(read(&head, announced)),
        Err(rejection) => {
            assert!(rejection.close, "what follows a refused head is not parsed");
            Err(rejection.status.0)
        }
    }
}

/// The status that refuses these bytes; 0 when they are accepted.
pub(crate) fn status(head: impl AsRef<[u8]>) -> u16 {
    let outcome = with_head(head.as_ref(), &Policy::default(), |_| ());
    outcome.err().unwrap_or(0)
}

pub(crate) fn check_statuses(cases: &[(u16, &str)]) {
    for (expected, head) in cases {
        assert_eq!(status(head), *expected, "{head:?}");
    }
}

/// The same, for field lines of an otherwise valid HTTP/1.1 request.
pub(crate) fn check_fields(cases: &[(u16, &str)]) {
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
    let head = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(len));
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
    let head = |count: usize| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", fields(count - 1));
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
    assert_eq!(["1.0", "1.1", "1.9"].map(http11), [Ok(false), Ok(true), Ok(true)]);
}

#[test]
fn target_in_each_form_is_split_into_path_and_query() {
    // RFC 9112 §3.2.1 to §3.2.4; RFC 9110 §4.2.3.
    let read = |line: &str| {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        with_head(head.as_bytes(), &Policy::default(), |head| {
            format!("{:?} {} {:?} {:?}", head.method, head.path, head.query, head.host.unwrap().text)
        })
    };
    for (line, expected) in [
        ("GET /a%20b?x=1?y", "Get /a%20b Some(\"x=1?y\") \"localhost\""),
        ("GET //a?", "Get //a Some(\"\") \"localhost\""),
        ("GET http://127.0.0.1:80/p?q", "Get /p Some(\"q\") \"127.0.0.1:80\""),
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
            let mut slots = NO_FIELDS;
            if let Ok(head) = parse(&mut bytes[..end], &mut slots) {
                let _ = Announced::of(&head);
                accepted += 1;
                assert!(head.path.starts_with('/') || head.method == Method::Options);
                offers(head.fields).flatten().for_each(|offer| assert!(offer.params().count() < 10));
            }
        }
    }
    assert!(accepted > 100, "the mutations are too wild to test anything");
}
