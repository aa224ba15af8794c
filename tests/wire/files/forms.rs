//! The two forms of a large embedded page: plain for one client, gzip for the next (RFC 9110 §12.5.3).

use super::embedded::pages;
use super::gzip::{GZIP, LARGE, NO, PLAIN, YES, bytes, large};
use super::{field, get, request};
use crate::sim::Sim;
use std::borrow::Cow;
use ws101::apps::pages::Pages;
use ws101::config::Config;
use ws101::files::embedded::Embedded;
use ws101::http::method::Method;
use ws101::http::response::Body;

fn tag(fields: &[(&str, &str)]) -> String {
    field(&large(fields), "ETag").unwrap().to_owned()
}

#[test]
fn every_gzip_file_of_www_is_what_is_sent() {
    for (path, file) in pages() {
        if let Some(page) = path.strip_suffix(".gz") {
            let answer = get(page, &[YES], &mut Embedded::default());
            let expected = std::fs::read(file).unwrap();
            assert!(bytes(answer) == expected, "{page} is not marked as large");
        }
    }
}

#[test]
fn each_client_gets_its_form() {
    for (fields, coding, expected) in
        [(&[YES][..], Some("gzip"), GZIP), (&[NO], None, PLAIN), (&[], None, PLAIN)]
    {
        let get = large(fields);
        assert_eq!(get.status.0, 200);
        for (name, value) in [
            ("Content-Encoding", coding),
            ("Vary", Some("Accept-Encoding")),
            // The type is that of what comes out in the end (RFC 9110 §8.4).
            ("Content-Type", Some("text/css; charset=utf-8")),
            ("Accept-Ranges", Some("bytes")),
        ] {
            assert_eq!(field(&get, name), value, "{name}, {fields:?}");
        }
        let head = request(Method::Head, LARGE, fields, &mut Embedded::default());
        assert_eq!((head.status, &head.fields), (get.status, &get.fields));
        assert_eq!(head.body.content_length(), Some(expected.len() as u64));
        assert!(bytes(get) == expected, "{fields:?}");
    }
}

#[test]
fn on_the_wire_both_forms_have_their_length() {
    let pages = Pages(Box::new(Embedded::default()));
    let mut sim = Sim::with_apps(Config::default(), vec![Box::new(pages)]);
    for (coding, body) in [("gzip", GZIP), ("br", PLAIN)] {
        for method in ["GET", "HEAD"] {
            let peer = sim.connect();
            let asked =
                format!("{method} {LARGE} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n");
            let answer = sim.exchange(peer, asked.as_bytes());
            let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
            let (head, rest) = answer.split_at(end.unwrap() + 4);
            let head = std::str::from_utf8(head).unwrap();
            let length = format!("\r\nContent-Length: {}\r\n", body.len());
            assert!(head.contains(&length), "{method} {coding}: {head}");
            let expected = if method == "GET" { body } else { b"" };
            assert!(rest == expected, "{method} {coding}: {head}");
        }
    }
}

#[test]
fn each_form_has_a_strong_tag_and_304_is_about_the_form_that_would_be_sent() {
    // RFC 9110 §8.8.3.3, §13.1.2, §15.4.5
    let (gzip, plain) = (tag(&[YES]), tag(&[NO]));
    let files = &mut Embedded::default();
    assert_ne!(gzip, plain);
    assert!(gzip.starts_with('"') && plain.starts_with('"'), "strong");
    let both = format!("{gzip}, {plain}");
    for (accepts, known, expected) in [
        (YES, &gzip, Some(&gzip)),
        (NO, &plain, Some(&plain)),
        (YES, &both, Some(&gzip)),
        (NO, &both, Some(&plain)),
        // It has the other one, which it could not use for this request.
        (YES, &plain, None),
        (NO, &gzip, None),
    ] {
        let asked = [accepts, ("If-None-Match", known)];
        let answer = get(LARGE, &asked, files);
        let status = if expected.is_some() { 304 } else { 200 };
        assert_eq!(answer.status.0, status, "{asked:?}");
        assert_eq!(field(&answer, "Vary"), Some("Accept-Encoding"));
        if expected.is_some() {
            assert_eq!(field(&answer, "ETag"), expected.map(String::as_str));
            assert_eq!(field(&answer, "Content-Encoding"), None);
            assert!(matches!(answer.body, Body::None));
        }
    }
}

#[test]
fn range_is_of_the_form_that_is_sent() {
    // RFC 9110 §14.2, §13.1.5
    for (accepts, whole, coding) in [(YES, GZIP, Some("gzip")), (NO, PLAIN, None)] {
        let len = whole.len();
        let part = large(&[accepts, ("Range", "bytes=1000-1999")]);
        assert_eq!(part.status.0, 206);
        let place = format!("bytes 1000-1999/{len}");
        assert_eq!(field(&part, "Content-Range"), Some(place.as_str()));
        assert_eq!(field(&part, "Content-Encoding"), coding);
        assert_eq!(field(&part, "Vary"), Some("Accept-Encoding"));
        assert_eq!(field(&part, "ETag"), Some(tag(&[accepts]).as_str()));
        assert!(bytes(part) == whole[1000..2000]);
        let behind = format!("bytes={len}-");
        let answer = large(&[accepts, ("Range", &behind)]);
        assert_eq!(answer.status.0, 416);
        let length = format!("bytes */{len}");
        assert_eq!(field(&answer, "Content-Range"), Some(length.as_str()));
    }
    // Halves of different forms do not belong together.
    let range = ("Range", "bytes=0-9");
    for (accepts, has, status) in [(YES, YES, 206), (YES, NO, 200), (NO, YES, 200)] {
        let has = tag(&[has]);
        let answer = large(&[accepts, range, ("If-Range", &has)]);
        assert_eq!(answer.status.0, status, "{accepts:?}, {has}");
    }
}

#[test]
fn plain_bytes_are_made_once_for_all() {
    let place = |fields: &[(&str, &str)]| match large(fields).body {
        Body::Bytes(Cow::Borrowed(bytes)) => bytes.as_ptr(),
        _ => panic!("not in memory"),
    };
    assert_eq!(place(&[NO]), place(&[]));
    assert_eq!(place(&[YES]), place(&[YES]));
}
