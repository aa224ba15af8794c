//! Static files: what every answer carries, bodies in pieces.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod changing;
mod conditions;
mod embedded;
mod folder;
#[cfg(feature = "deflate")]
mod forms;
mod gzip;
mod paths;
mod sizes;

use std::collections::HashMap;
use std::io;

use ws101::files::{Content, Contents, Files, Form, Found, Resource, content_type, respond};
use ws101::http::head::{Fields, Head};
use ws101::http::method::Method;
use ws101::http::policy::Authority;
use ws101::http::response::{Body, Response};

fn request(method: Method, target: &str, fields: &[(&str, &str)], files: &mut dyn Files) -> Response {
    let fields: Vec<_> =
        fields.iter().map(|&(name, value)| httparse::Header { name, value: value.as_bytes() }).collect();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let head = Head {
        method,
        path,
        query,
        http11: true,
        host: Authority::parse("localhost"),
        fields: Fields(&fields),
    };
    respond(&head, files, 1_732_190_400).unwrap()
}

fn get(target: &str, fields: &[(&str, &str)], files: &mut dyn Files) -> Response {
    request(Method::Get, target, fields, files)
}

fn status(target: &str, files: &mut dyn Files) -> u16 {
    get(target, &[], files).status.0
}

fn field<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let mut values = response.fields.iter().filter(|(known, _)| *known == name);
    let value = values.next().map(|(_, value)| value.as_ref());
    assert!(values.next().is_none(), "{name} twice");
    value
}

/// The body, read in pieces of seven bytes, and the length that was promised for it.
fn drain(response: Response) -> (io::Result<Vec<u8>>, u64) {
    match response.body {
        Body::None => (Ok(Vec::new()), 0),
        Body::Bytes(bytes) => (Ok(bytes.to_vec()), bytes.len() as u64),
        Body::Stream { len, mut source } => {
            let mut all = Vec::new();
            let mut piece = [0; 7];
            loop {
                match source.read(&mut piece) {
                    Ok(0) => return (Ok(all), len),
                    Ok(count) => all.extend(&piece[..count]),
                    Err(error) => return (Err(error), len),
                }
            }
        }
    }
}

fn text(response: Response) -> String {
    let (bytes, len) = drain(response);
    let bytes = bytes.unwrap();
    assert_eq!(bytes.len() as u64, len, "promised length");
    String::from_utf8(bytes).unwrap()
}

/// Ten bytes, changed on Sun, 06 Nov 1994 08:49:37 GMT (the RFC's own example date).
const TEN: &[u8] = b"0123456789";
const CHANGED: u64 = 784_111_777;
const ETAG: &str = "\"v1\"";

struct Memory {
    files: HashMap<&'static str, &'static [u8]>,
    directories: &'static [&'static str],
    claimed_len: Option<u64>,
}

impl Memory {
    fn new() -> Self {
        Self {
            files: HashMap::from([
                ("index.html", &b"home"[..]),
                ("ten.txt", TEN),
                ("empty.txt", b""),
                ("sub/index.html", b"sub"),
                ("a b&c/ü/index.html", b"deep"),
                ("evil.example/index.html", b"evil"),
            ]),
            directories: &["sub", "bare", "a b&c/ü", "evil.example"],
            claimed_len: None,
        }
    }
}

fn in_memory(bytes: &'static [u8]) -> Contents {
    Box::new(move |buffer: &mut [u8], offset| {
        let rest = &bytes[usize::try_from(offset).unwrap().min(bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    })
}

impl Files for Memory {
    fn open(&mut self, segments: &[String], _: bool) -> io::Result<Found> {
        let path = segments.join("/");
        if path == "broken.txt" {
            return Err(io::Error::other("bad sector"));
        }
        if self.directories.contains(&path.as_str()) {
            return Ok(Found::Directory);
        }
        Ok(self.files.get(path.as_str()).map_or(Found::Nothing, |bytes| {
            Found::File(Resource {
                len: self.claimed_len.unwrap_or(bytes.len() as u64),
                etag: ETAG.to_owned(),
                modified: Some(CHANGED),
                content_type: content_type::of(&path),
                form: Form::Only,
                has_ranges: true,
                content: Content::Pieces(in_memory(bytes)),
                cache_control: "no-cache",
                csp: false,
            })
        }))
    }
}

#[test]
fn method_other_than_get_and_head_is_refused() {
    // RFC 9110 §15.5.6: 405 says what is allowed.
    let files = &mut Memory::new();
    for method in [Method::Post, Method::Delete, Method::Options, Method::Put] {
        let response = request(method, "/ten.txt", &[], files);
        assert_eq!(response.status.0, 405);
        assert_eq!(field(&response, "Allow"), Some("GET, HEAD"));
    }
    // RFC 9110 §15.6.2
    assert_eq!(request(Method::Unknown, "/", &[], files).status.0, 501);
}

#[test]
fn content_type_follows_the_ending() {
    for (name, expected) in [
        ("index.html", "text/html; charset=utf-8"),
        ("INDEX.HTML", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("chat.js", "text/javascript; charset=utf-8"),
        ("chat.mjs", "text/javascript; charset=utf-8"),
        ("a.min.js.map", "application/json; charset=utf-8"),
        ("a.json", "application/json; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.yml", "text/yaml; charset=utf-8"),
        ("a.vtt", "text/vtt; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.ico", "image/x-icon"),
        ("a.xml", "application/xml"),
        ("a.wasm", "application/wasm"),
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.ttf", "font/ttf"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.opus", "audio/ogg"),
        ("a.mp4", "video/mp4"),
        ("a.glb", "model/gltf-binary"),
        ("a.webm", "video/webm"),
        ("a.pdf", "application/pdf"),
        ("a.webmanifest", "application/manifest+json; charset=utf-8"),
        ("a.cjs", "text/javascript; charset=utf-8"),
        ("a.jsx", "text/jsx; charset=utf-8"),
        ("a.scss", "text/x-scss; charset=utf-8"),
        ("a.ini", "text/plain; charset=utf-8"),
        ("a.shtml", "text/html; charset=utf-8"),
        ("a.rss", "application/rss+xml"),
        ("a.tiff", "image/tiff"),
        ("a.jfif", "image/jpeg"),
        ("a.eot", "application/vnd.ms-fontobject"),
        ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.ts", "video/mp2t"),
        ("a.m4v", "video/x-m4v"),
        ("a.mid", "audio/midi"),
        ("a.obj", "model/obj"),
        ("html", "application/octet-stream"),
        ("a.html.exe", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("", "application/octet-stream"),
    ] {
        assert_eq!(content_type::of(name), expected, "{name}");
    }
}

#[test]
fn file_is_answered_with_all_its_fields() {
    let response = get("/ten.txt?v=1", &[], &mut Memory::new());
    assert_eq!((response.status.0, response.close), (200, false));
    for (name, value) in [
        ("Content-Type", Some("text/plain; charset=utf-8")),
        ("ETag", Some(ETAG)),
        ("Last-Modified", Some("Sun, 06 Nov 1994 08:49:37 GMT")),
        ("Accept-Ranges", Some("bytes")),
        ("Cache-Control", Some("no-cache")),
        ("X-Content-Type-Options", Some("nosniff")),
        ("Content-Range", None),
        ("Content-Security-Policy", None),
    ] {
        assert_eq!(field(&response, name), value, "{name}");
    }
    assert_eq!(text(response), "0123456789");
}

#[test]
fn head_gets_the_fields_and_length_of_get() {
    // RFC 9110 §9.3.2
    for target in ["/ten.txt", "/empty.txt", "/missing", "/sub", "/%zz"] {
        let answer = |method| request(method, target, &[], &mut Memory::new());
        let (get, head) = (answer(Method::Get), answer(Method::Head));
        assert_eq!((get.status, &get.fields), (head.status, &head.fields));
        assert_eq!(drain(get).1, drain(head).1, "{target}");
    }
}

#[test]
fn every_answer_forbids_sniffing_and_stale_copies() {
    let files = &mut Memory::new();
    for (target, expected) in [("/ten.txt", 200), ("/missing", 404), ("/%zz", 400), ("/sub", 301)] {
        let response = get(target, &[], files);
        assert_eq!(response.status.0, expected, "{target}");
        assert_eq!(field(&response, "X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(field(&response, "Cache-Control"), Some("no-cache"));
        if expected != 200 {
            let plain = Some("text/plain; charset=utf-8");
            assert_eq!(field(&response, "Content-Type"), plain);
            assert!(text(response).ends_with('\n'), "{target}");
        }
    }
}

#[test]
fn file_on_a_broken_disk_is_500_and_the_next_request_is_served() {
    // RFC 9110 §15.6.1. The operator reads what is wrong with the disk, the peer does not.
    let config = ws101::config::Config::default();
    let pages = ws101::apps::pages::Pages(Box::new(Memory::new()));
    let mut sim = crate::sim::Sim::with_apps(config, vec![Box::new(pages)]);
    for (target, status) in [("/broken.txt", "500"), ("/ten.txt", "200")] {
        let peer = sim.connect();
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = String::from_utf8(sim.exchange(peer, head.as_bytes())).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(!answer.contains("sector"), "{answer}");
    }
}

#[test]
fn directory_is_its_index_at_the_path_with_a_slash() {
    let files = &mut Memory::new();
    assert_eq!(text(get("/", &[], files)), "home");
    assert_eq!(text(get("/sub/", &[], files)), "sub");
    assert_eq!(text(get("/sub/index.html", &[], files)), "sub");
    assert_eq!(status("/bare/", files), 404);
    assert_eq!(status("/bare", files), 404);
    assert_eq!(status("/ten.txt/", files), 404);
}

#[test]
fn directory_without_slash_redirects_to_itself_and_nowhere_else() {
    let files = &mut Memory::new();
    for (target, location) in [
        ("/sub", "/sub/"),
        ("/sub?room=1", "/sub/?room=1"),
        ("/sub?a\"b", "/sub/?a%22b"),
        ("/sub?a[]=1", "/sub/?a[]=1"),
        ("/a%20b&c/%C3%BC", "/a%20b&c/%C3%BC/"),
        ("/evil.example", "/evil.example/"),
        ("//evil.example", "/evil.example/"),
        ("///evil.example", "/evil.example/"),
    ] {
        let response = get(target, &[], files);
        assert_eq!(response.status.0, 301, "{target}");
        assert_eq!(field(&response, "Location"), Some(location));
    }
    let response = get("//evil.example.com", &[], files);
    assert_eq!((response.status.0, field(&response, "Location")), (404, None));
}

#[test]
fn file_that_shrank_ends_with_an_error() {
    let files = &mut Memory::new();
    files.claimed_len = Some(11);
    let (body, len) = drain(get("/ten.txt", &[], files));
    assert_eq!(len, 11);
    assert_eq!(body.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn file_that_grew_sends_the_promised_length() {
    let files = &mut Memory::new();
    files.claimed_len = Some(8);
    assert_eq!(text(get("/ten.txt", &[], files)), "01234567");
    let tail = [("Range", "bytes=-3")];
    assert_eq!(text(get("/ten.txt", &tail, files)), "567");
}
