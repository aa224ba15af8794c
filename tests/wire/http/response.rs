//! Responses, refusals and dates (RFC 9112 §4, RFC 9110 §5.6.7, §15).

use std::borrow::Cow;

use ws101::http::date::{self, DateCache};
use ws101::http::method::Method;
use ws101::http::refusal::{self, Rejection};
use ws101::http::response::{Body, Response, Status, write_head};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_SECONDS: u64 = 784_111_777;

fn written(response: &Response, closing: bool) -> String {
    let mut out = Vec::new();
    write_head(&mut out, response, DATE, closing);
    String::from_utf8(out).unwrap()
}

fn response(body: Body) -> Response {
    Response { status: Status(200), fields: vec![("ETag", Cow::Borrowed("\"1\""))], body, close: false }
}

#[test]
fn head_of_a_response_has_exactly_these_bytes() {
    // RFC 9112 §2.1, §4; RFC 9110 §6.6.1, §8.6.
    let response = Response::text(Status(404), "nothing\n").with("X", "y");
    assert_eq!(
        written(&response, false),
        "HTTP/1.1 404 Not Found\r\n\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         X-Content-Type-Options: nosniff\r\n\
         X: y\r\n\
         Content-Length: 8\r\n\
         \r\n"
    );
}

#[test]
fn content_length_stands_for_every_body_but_none() {
    // RFC 9110 §8.6, §15.4.5: not in a 304.
    struct Nothing;
    impl ws101::http::response::Source for Nothing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Ok(0)
        }
    }
    let stream = Body::Stream { len: 5_000_000_000, source: Box::new(Nothing) };
    let has = |body, line: &str| written(&response(body), false).contains(line);
    assert!(has(Body::Bytes(b"".into()), "Content-Length: 0\r\n"));
    assert!(has(Body::Bytes(vec![0; 70_000].into()), "Content-Length: 70000\r\n"));
    assert!(has(stream, "Content-Length: 5000000000\r\n"));
    assert!(!has(Body::None, "Content-Length"));
}

#[test]
fn closing_answer_says_so_once() {
    // RFC 9112 §9.6, RFC 9110 §7.6.1.
    assert!(!written(&response(Body::None), false).contains("Connection"));
    assert!(written(&response(Body::None), true).ends_with("\r\nConnection: close\r\n\r\n"));
    let closing = Response { close: true, ..response(Body::None) };
    assert!(written(&closing, false).ends_with("\r\nConnection: close\r\n\r\n"));
    let open = response(Body::None).with("Connection", "x");
    assert!(written(&open, false).ends_with("\r\nConnection: x\r\n\r\n"));
    let both = written(&refusal::upgrade_required(), true);
    assert!(both.contains("\r\nConnection: Upgrade, close\r\n"));
    assert_eq!(both.matches("Connection:").count(), 1);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "control byte"))]
fn value_with_a_line_end_cannot_split_the_response() {
    // RFC 9110 §5.5: CR, LF and NUL must not get into a value.
    let text = written(&response(Body::None).with("Location", "/a\r\nSet-Cookie: b\0"), false);
    assert!(text.contains("Location: /a  Set-Cookie: b \r\n"));
}

#[test]
fn every_refusal_is_a_short_fixed_text_that_closes() {
    // RFC 9110 §15.5, §15.6; RFC 6585 §4, §5.
    let refusals: [(u16, Rejection); 16] = [
        (400, refusal::bad_request("Why.\n")),
        (403, refusal::origin_not_allowed()),
        (404, refusal::not_found()),
        (405, refusal::method_not_allowed(&[Method::Get])),
        (408, refusal::request_timeout()),
        (413, refusal::content_too_large()),
        (414, refusal::uri_too_long()),
        (417, refusal::expectation_failed()),
        (421, refusal::host_not_allowed()),
        (426, refusal::upgrade_required()),
        (429, refusal::too_many_requests()),
        (431, refusal::header_fields_too_large()),
        (500, refusal::internal_server_error()),
        (501, refusal::not_implemented("Why.\n")),
        (503, refusal::service_unavailable()),
        (505, refusal::http_version_not_supported()),
    ];
    for (status, refusal) in refusals {
        assert_eq!(refusal.status.0, status);
        assert_ne!(refusal.status.reason(), "", "{status}");
        assert!(refusal.close, "{status}");
        let text = refusal.explanation();
        assert!(text.is_ascii() && (4..100).contains(&text.len()), "{status}");
        let head = written(&refusal, false);
        for field in [
            "Content-Type: text/plain; charset=utf-8\r\n",
            "X-Content-Type-Options: nosniff\r\n",
            &format!("Content-Length: {}\r\n", text.len() + 1),
            "close\r\n",
        ] {
            assert!(head.contains(field), "{status} {field}");
        }
    }
    assert!(written(&refusal::service_unavailable(), true).contains("Retry-After: 5\r\n"));
}

#[test]
fn date_is_written_as_imf_fixdate() {
    // RFC 9110 §5.6.7.
    assert_eq!(date::format(DATE_SECONDS), DATE);
    assert_eq!(date::format(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(date::format(1_709_164_799), "Wed, 28 Feb 2024 23:59:59 GMT");
    assert_eq!(date::format(253_402_300_799), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(date::format(u64::MAX), date::format(0));
}

#[test]
fn date_in_each_of_the_three_forms_is_read() {
    // RFC 9110 §5.6.7: a recipient must accept all three.
    let now = 1_700_000_000; // 2023
    for (text, expected) in [
        (DATE, DATE_SECONDS),
        ("Sunday, 06-Nov-94 08:49:37 GMT", DATE_SECONDS),
        ("Sun Nov  6 08:49:37 1994", DATE_SECONDS),
        ("Wed Nov 16 08:49:37 1994", DATE_SECONDS + 864_000),
        // Fifty years ahead is the future, one more the past.
        ("Monday, 06-Nov-73 00:00:00 GMT", 3_277_152_000),
        ("Wednesday, 06-Nov-74 00:00:00 GMT", 152_928_000),
    ] {
        assert_eq!(date::parse(text, now), Some(expected), "{text}");
    }
    for text in [
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT ",
        "\u{e4}",
    ] {
        assert_eq!(date::parse(text, now), None, "{text}");
    }
}

#[test]
fn cached_date_follows_the_clock_in_both_directions() {
    // RFC 9110 §6.6.1: Date is the time of the answer.
    let mut cache = DateCache::default();
    assert_eq!(cache.at(DATE_SECONDS), DATE);
    assert_eq!(cache.at(DATE_SECONDS), DATE);
    assert_eq!(cache.at(DATE_SECONDS + 1), "Sun, 06 Nov 1994 08:49:38 GMT");
    assert_eq!(cache.at(DATE_SECONDS), DATE);
}
