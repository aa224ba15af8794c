//! Conditional requests (RFC 9110 §13) and ranges (RFC 9110 §14) of ten bytes.

use super::{ETAG, Memory, field, get, request, text};
use ws101::files::conditional::{self, Verdict};
use ws101::http::method::Method;
use ws101::http::policy::Policy;
use ws101::http::response::Body;

/// The status for `/ten.txt` with these fields.
fn conditional(fields: &[(&str, &str)]) -> u16 {
    let response = get("/ten.txt", fields, &mut Memory::new());
    let head = request(Method::Head, "/ten.txt", fields, &mut Memory::new());
    assert_eq!(response.status, head.status, "HEAD differs");
    response.status.0
}

#[test]
fn if_none_match_compares_weakly_with_each_tag_of_the_list() {
    // RFC 9110 §13.1.2
    for value in [
        "\"v1\"",
        "W/\"v1\"",
        "*",
        " \"v1\" ",
        "\"v0\", \"v1\"",
        "\"v0\",W/\"v1\"",
        "\"a,b\", \"v1\"",
        ", ,\"v1\",",
        "\"\",\"v1\"",
    ] {
        assert_eq!(conditional(&[("If-None-Match", value)]), 304, "{value}");
    }
    for value in [
        "\"v2\"",
        "v1",
        "\"v1",
        "w/\"v1\"",
        "\"x\"\"y",
        "\"V1\"",
        "\",\"v1\",\"",
        "\"v\"1",
        "",
        "\"*\"",
        "W/*",
    ] {
        assert_eq!(conditional(&[("If-None-Match", value)]), 200, "{value}");
    }
    let two = [("If-None-Match", "\"v0\""), ("if-none-match", "\"v1\"")];
    assert_eq!(conditional(&two), 304);
    let two = [("If-None-Match", "\"v1\""), ("If-None-Match", "\"v0\"")];
    assert_eq!(conditional(&two), 304);
}

#[test]
fn if_modified_since_counts_only_without_if_none_match() {
    // RFC 9110 §13.1.3
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (value, status) in [
        (SAME, 304),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 304),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ("yesterday", 200),
        ("", 200),
        ("Sun, 06 Nov 1994 08:49:61 GMT", 200),
        ("Sun, 32 Nov 1994 08:49:37 GMT", 200),
    ] {
        assert_eq!(conditional(&[("If-Modified-Since", value)]), status, "{value}");
    }
    let both = |tag| conditional(&[("If-Modified-Since", SAME), ("If-None-Match", tag)]);
    assert_eq!(both("\"v2\""), 200);
    assert_eq!(both("\"v1\""), 304);
    let twice = [("If-Modified-Since", SAME), ("If-Modified-Since", SAME)];
    assert_eq!(conditional(&twice), 200);
}

#[test]
fn not_modified_has_no_body_and_keeps_the_tag() {
    // RFC 9110 §15.4.5
    let response = get("/ten.txt", &[("If-None-Match", ETAG)], &mut Memory::new());
    assert!(matches!(response.body, Body::None));
    assert_eq!(field(&response, "ETag"), Some(ETAG));
    assert_eq!(field(&response, "Cache-Control"), Some("no-cache"));
    assert_eq!(field(&response, "Content-Type"), None);
}

#[test]
fn if_match_and_if_unmodified_since_ask_for_this_version() {
    // RFC 9110 §13.1.1, §13.1.4, §13.2.2
    for (name, value, status) in [
        ("If-Match", "\"v1\"", 200),
        ("If-Match", "*", 200),
        ("If-Match", "\"v0\", \"v1\"", 200),
        ("If-Match", "\"v2\"", 412),
        ("If-Match", "W/\"v1\"", 412),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 412),
        ("If-Unmodified-Since", "never", 200),
    ] {
        assert_eq!(conditional(&[(name, value)]), status, "{name}: {value}");
    }
    let older = ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT");
    assert_eq!(conditional(&[("If-Match", ETAG), older]), 200);
}

#[test]
fn every_answer_about_a_file_has_a_phrase_on_its_status_line() {
    // RFC 9112 §4
    for (name, value, phrase) in [
        ("X", "", "OK"),
        ("Range", "bytes=0-1", "Partial Content"),
        ("Range", "bytes=10-", "Range Not Satisfiable"),
        ("If-None-Match", ETAG, "Not Modified"),
        ("If-Match", "\"v2\"", "Precondition Failed"),
    ] {
        let response = get("/ten.txt", &[(name, value)], &mut Memory::new());
        assert_eq!(response.status.reason(), phrase, "{name}: {value}");
    }
}

/// Status, `Content-Range` and body for a `Range` of the ten bytes.
fn ranged(value: &str) -> (u16, Option<String>, String) {
    let response = get("/ten.txt", &[("Range", value)], &mut Memory::new());
    let range = field(&response, "Content-Range").map(str::to_owned);
    (response.status.0, range, text(response))
}

#[test]
fn one_range_is_honoured() {
    // RFC 9110 §14.1.2
    for (value, range, body) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=0-9", "bytes 0-9/10", "0123456789"),
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=5-", "bytes 5-9/10", "56789"),
        ("bytes=9-", "bytes 9-9/10", "9"),
        ("bytes=0-", "bytes 0-9/10", "0123456789"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=-10", "bytes 0-9/10", "0123456789"),
        ("bytes=-11", "bytes 0-9/10", "0123456789"),
        ("bytes=8-10", "bytes 8-9/10", "89"),
        ("bytes=8-18446744073709551615", "bytes 8-9/10", "89"),
        ("bytes=8-99999999999999999999", "bytes 8-9/10", "89"),
        ("bytes=-99999999999999999999", "bytes 0-9/10", "0123456789"),
        ("bytes=000-001", "bytes 0-1/10", "01"),
        ("BYTES=1-2", "bytes 1-2/10", "12"),
        ("bytes= 1-2\t", "bytes 1-2/10", "12"),
        ("bytes=,1-2,", "bytes 1-2/10", "12"),
    ] {
        assert_eq!(ranged(value), (206, Some(range.into()), body.into()), "{value}");
    }
}

#[test]
fn range_behind_the_end_gets_416_with_the_length() {
    // RFC 9110 §15.5.17
    for value in "bytes=10- bytes=10-10 bytes=11-20 bytes=18446744073709551615- \
         bytes=99999999999999999999- bytes=99999999999999999999-99999999999999999999 \
         bytes=-0"
        .split_whitespace()
    {
        let (status, range, _) = ranged(value);
        assert_eq!((status, range.as_deref()), (416, Some("bytes */10")), "{value}");
    }
}

#[test]
fn range_that_is_malformed_or_one_of_several_gets_the_whole() {
    // RFC 9110 §14.2
    for value in [
        "bytes=0-0,2-3",
        "bytes=0-0, -1",
        "bytes=2-1",
        "bytes=",
        "bytes",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=+1-2",
        "bytes=1-+2",
        "bytes=1 -2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=0x1-2",
        "bytes =1-2",
        "lines=1-2",
        "bytes=1-2;3",
        "",
        "bytes=,",
    ] {
        assert_eq!(ranged(value), (200, None, "0123456789".into()), "{value}");
    }
    let twice = [("Range", "bytes=0-0"), ("Range", "bytes=1-1")];
    assert_eq!(get("/ten.txt", &twice, &mut Memory::new()).status.0, 200);
}

#[test]
fn range_of_an_empty_file() {
    for (value, status) in [
        ("bytes=0-", 416),
        ("bytes=0-0", 416),
        ("bytes=5-9", 416),
        ("bytes=-1", 200),
        // RFC 9110 §14.2: no range at all.
        ("bytes=1-b", 200),
        ("bytes=5-2", 200),
        ("bytes=0-1;x", 200),
    ] {
        let response = get("/empty.txt", &[("Range", value)], &mut Memory::new());
        assert_eq!(response.status.0, status, "{value}");
    }
    assert_eq!(text(get("/empty.txt", &[], &mut Memory::new())), "");
}

#[test]
fn range_counts_for_get_only_and_after_the_conditions() {
    // RFC 9110 §14.2, §13.2.2
    let range = ("Range", "bytes=0-0");
    let head = request(Method::Head, "/ten.txt", &[range], &mut Memory::new());
    assert_eq!((head.status.0, field(&head, "Content-Range")), (200, None));
    let both = [range, ("If-None-Match", ETAG)];
    assert_eq!(get("/ten.txt", &both, &mut Memory::new()).status.0, 304);
    let both = [range, ("If-Match", "\"v2\"")];
    assert_eq!(get("/ten.txt", &both, &mut Memory::new()).status.0, 412);
}

#[test]
fn if_range_needs_the_same_strong_tag() {
    // RFC 9110 §13.1.5
    for (value, status) in [
        ("\"v1\"", 206),
        ("\"v2\"", 200),
        ("W/\"v1\"", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("*", 200),
    ] {
        let fields = [("Range", "bytes=0-0"), ("If-Range", value)];
        let response = get("/ten.txt", &fields, &mut Memory::new());
        assert_eq!(response.status.0, status, "{value}");
    }
}

#[test]
fn weak_tag_of_ours_is_never_strongly_the_same() {
    // RFC 9110 §8.8.3.2; only the client of Socket.IO as gzip has one, see `socketio::bundle`
    let answer = |field: &str, tag: &str| {
        let lines = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{field}: {tag}\r\n\r\n");
        crate::http::head::with_head(lines.as_bytes(), &Policy::default(), |head| {
            let verdict = conditional::judge(head, "W/\"v1\"", None, 0);
            (verdict, conditional::range_applies(head, "W/\"v1\""))
        })
        .unwrap()
    };
    for tag in ["\"v1\"", "W/\"v1\""] {
        assert_eq!(answer("If-None-Match", tag), (Verdict::NotModified, true));
        assert_eq!(answer("If-Match", tag), (Verdict::Failed, true));
        assert_eq!(answer("If-Range", tag), (Verdict::Perform, false));
    }
}

#[test]
fn partial_answer_keeps_the_fields_of_the_whole() {
    // RFC 9110 §15.3.7
    let response = get("/ten.txt", &[("Range", "bytes=1-2")], &mut Memory::new());
    assert_eq!(field(&response, "ETag"), Some(ETAG));
    assert_eq!(field(&response, "Cache-Control"), Some("no-cache"));
    let plain = Some("text/plain; charset=utf-8");
    assert_eq!(field(&response, "Content-Type"), plain);
}
