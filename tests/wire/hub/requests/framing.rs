//! RFC 9112 §6.3, §11.2 (request smuggling): what may be a body is never taken for a request.

use super::{converse, converse_in_all_ways, site};
use crate::answer::{all, get};
use crate::client::upgrade;
use crate::sim::{End, apps};
use ws101::apps::pages::Pages;
use ws101::config::Config;
use ws101::files::embedded::Embedded;

/// One answer of this status, then the end; what stands behind the head is not a request.
fn is_last(head: &str, body: &str, status: u16) {
    let input = [head, "\r\n", body, &get("/bytes/1")].concat();
    let (output, end) = converse_in_all_ways(&input);
    let answers = all(&output);
    assert_eq!(answers.len(), 1, "{input}");
    assert_eq!(answers[0].status, status, "{input}");
    assert!(answers[0].closes(), "{input}");
    assert_eq!(end, End::HalfClosed, "{input}");

    let (mut sim, counters) = site(Config::default());
    let peer = sim.connect();
    sim.exchange(peer, input.as_bytes());
    assert_eq!(counters.asked(), 0, "{input}");
}

#[test]
fn ambiguous_lengths_are_refused() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 5\r\n",
        " Content-Length: 5\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let head = format!("{method} /bytes/9 HTTP/1.1\r\nHost: localhost\r\n{fields}");
            let (output, end) = converse([head.as_str(), "\r\n0\r\n\r\n"].concat().as_bytes(), &[]);
            assert!(output.starts_with(b"HTTP/1.1 400 "), "{head}{output:?}");
            assert_eq!(end, End::HalfClosed, "{head}");
        }
        is_last(&format!("POST /bytes/9 HTTP/1.1\r\nHost: localhost\r\n{fields}"), "0\r\n\r\n", 400);
    }
}

#[test]
fn transfer_codings_other_than_chunked_are_refused() {
    // RFC 9112 §6.1: 400 or 501
    for coding in ["gzip", "chunked, chunked", "gzip, chunked", "xchunked", "chunked;q=1", "identity", ""] {
        let input = format!(
            "POST /bytes/9 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{}",
            get("/bytes/1")
        );
        let (output, end) = converse_in_all_ways(&input);
        let answers = all(&output);
        assert_eq!(answers.len(), 1, "{input}");
        assert!([400, 501].contains(&answers[0].status), "{input}");
        assert_eq!(end, End::HalfClosed, "{input}");
    }
    is_last("GET /bytes/9 HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400);
}

#[test]
fn get_with_a_body_is_413_and_the_last() {
    // RFC 9112 §6: the body must never be parsed as the next request, so the connection ends.
    let body = get("/bytes/2");
    for fields in [format!("Content-Length: {}\r\n", body.len()), "Content-Length: 16777216\r\n".to_owned()] {
        is_last(&format!("GET /bytes/9 HTTP/1.1\r\nHost: localhost\r\n{fields}"), &body, 413);
    }
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    is_last("GET /bytes/9 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", &chunked, 413);
    // A body that has no bytes is none.
    let empty = "GET /bytes/9 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    let (output, end) = converse_in_all_ways(&[empty, &get("/bytes/1")].concat());
    assert_eq!(all(&output).len(), 2);
    assert_eq!(end, End::Open);
}

#[test]
fn body_of_a_refused_request_is_never_a_request() {
    let body = get("/bytes/2");
    let length = format!("Content-Length: {}\r\n", body.len());
    for (line, status) in [
        ("POST /bytes/9", 405),
        ("DELETE /bytes/9", 405),
        ("POST /nothing", 404),
        ("GET /nothing", 404),
        ("POST /ws", 426),
        ("POST /echo", 405),
        ("BREW /bytes/9", 501),
    ] {
        is_last(&format!("{line} HTTP/1.1\r\nHost: localhost\r\n{length}"), &body, status);
        is_last(
            &format!("{line} HTTP/1.1\r\nHost: localhost\r\n{length}Expect: 100-continue\r\n"),
            &body,
            status,
        );
    }
}

#[test]
fn upgrade_with_a_body_is_refused() {
    // The bytes of the body would be frames to us and a body to an intermediary.
    let head = upgrade("/echo").trim_end().to_owned() + "\r\n";
    is_last(&format!("{head}Content-Length: 5\r\n"), "Hello", 400);
    is_last(&format!("{head}Transfer-Encoding: chunked\r\n"), "0\r\n\r\n", 400);
}

#[test]
fn post_to_a_page_names_the_methods_it_has() {
    // RFC 9110 §15.5.6
    for method in ["POST", "DELETE", "PUT", "OPTIONS"] {
        let mut apps = apps();
        apps.push(Box::new(Pages(Box::new(Embedded::default()))));
        let mut sim = crate::sim::Sim::with_apps(Config::default(), apps);
        let peer = sim.connect();
        let request = get("/").replace("GET", method);
        let answers = all(&sim.exchange(peer, [request, get("/")].concat().as_bytes()));
        assert_eq!((answers.len(), answers[0].status), (1, 405), "{method}");
        assert!(answers[0].has("Allow: GET, HEAD"), "{method}");
        assert!(answers[0].closes(), "{method}");
        assert_eq!(sim.end(peer), End::HalfClosed, "{method}");
    }
}
