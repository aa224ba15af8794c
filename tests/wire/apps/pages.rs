//! The built-in pages over a connection: whole, in parts, and not at all when they are known.

use crate::answer::{Answer, all, get, try_take};
use crate::hub::requests::read_slowly;
use crate::sim::{End, Sim, apps};
use crate::support::embedded_page;
use ws101::apps::pages::Pages;
use ws101::config::Config;
use ws101::files::embedded::Embedded;

const INDEX: &str = include_str!("../../../www/index.html");
const BOOTSTRAP: &[u8] = include_bytes!("../../../www/vendor/bootstrap.min.css");

fn pages() -> Sim {
    let mut apps = apps();
    apps.push(Box::new(Pages(Box::new(Embedded::default()))));
    Sim::with_apps(Config::default(), apps)
}

fn ask(sim: &mut Sim, request: &str) -> Answer {
    let peer = sim.connect();
    let bytes = sim.exchange(peer, request.as_bytes());
    let mut rest = bytes.as_slice();
    let answer = try_take(&mut rest, request.starts_with("HEAD")).unwrap();
    assert_eq!(rest, b"", "{request}");
    assert_eq!(sim.end(peer), End::Open, "{request}");
    answer
}

fn get_with(target: &str, field: &str) -> String {
    get(target).replace("\r\n\r\n", &format!("\r\n{field}\r\n\r\n"))
}

#[test]
fn front_page() {
    // All these targets are the chat page.
    let mut sim = pages();
    let index = embedded_page(INDEX);
    for target in ["/", "/?x=y", "/index.html"] {
        let answer = ask(&mut sim, &get(target));
        assert_eq!((answer.status, answer.body.as_slice()), (200, index.as_bytes()), "{target}");
        assert!(answer.has("Content-Type: text/html; charset=utf-8"));
        assert!(answer.has(&format!("Content-Length: {}", index.len())));
    }
    let whole = ask(&mut sim, &get("/"));
    let head = ask(&mut sim, &get("/").replace("GET", "HEAD"));
    assert_eq!((head.head, head.body), (whole.head, vec![]));
}

#[test]
fn page_that_the_client_has_is_not_sent_again() {
    // RFC 9110 §13.1.2, §15.4.5: no body, and the connection goes on behind it
    let mut sim = pages();
    let etag = ask(&mut sim, &get("/")).field("ETag").unwrap().to_owned();
    let known = get_with("/", &format!("If-None-Match: {etag}"));
    let answer = ask(&mut sim, &known);
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.field("ETag"), Some(etag.as_str()));
    let peer = sim.connect();
    let bytes = sim.exchange(peer, [known, get("/")].concat().as_bytes());
    let statuses: Vec<_> = all(&bytes).iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [304, 200]);
}

#[test]
fn part_of_a_page() {
    // RFC 9110 §14, §15.3.7, §15.5.17
    let mut sim = pages();
    let target = "/vendor/bootstrap.min.css";
    let len = BOOTSTRAP.len();
    for (range, from, to) in [
        ("0-0".to_owned(), 0, 1),
        ("10-19".to_owned(), 10, 20),
        ("100000-".to_owned(), 100_000, len),
        ("-7".to_owned(), len - 7, len),
    ] {
        let answer = ask(&mut sim, &get_with(target, &format!("Range: bytes={range}")));
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.body == BOOTSTRAP[from..to], "{range}");
        let expected = format!("Content-Range: bytes {from}-{}/{len}", to - 1);
        assert!(answer.has(&expected), "{range}: {answer:?}");
    }
    let answer = ask(&mut sim, &get_with(target, &format!("Range: bytes={len}-")));
    assert_eq!(answer.status, 416);
    assert!(answer.has(&format!("Content-Range: bytes */{len}")));
}

#[test]
fn unknown_page_is_404() {
    let mut sim = pages();
    let answer = ask(&mut sim, &get("/nothing"));
    assert_eq!(answer.status, 404);
}

#[test]
fn large_page_to_a_slow_reader_and_a_request_behind_it() {
    let mut sim = pages();
    let peer = sim.connect();
    sim.set_window(peer, Some(0));
    let one = get("/vendor/bootstrap.min.css");
    sim.send(peer, [one.repeat(4), get("/")].concat().as_bytes());
    sim.run();
    let read = read_slowly(&mut sim, peer, || 20_000);
    let answers = all(&read);
    assert_eq!(answers.len(), 5);
    assert!(answers[..4].iter().all(|answer| answer.body == BOOTSTRAP));
    assert_eq!(answers[4].body, embedded_page(INDEX).as_bytes());
    assert_eq!(sim.end(peer), End::Open);
}
