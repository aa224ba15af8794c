//! Pages of other origins: off by default, by a list on.

use super::{Server, get, post, sid_of};
use crate::answer;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

fn server(origins: &[&str]) -> Server {
    let settings = Settings {
        origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
        ..Settings::default()
    };
    Server::with(Config::default(), settings)
}

fn from(origin: &str, request: &str) -> String {
    request.replacen("\r\n", &format!("\r\nOrigin: {origin}\r\n"), 1)
}

fn preflight(origin: &str, wanted: &str) -> String {
    format!(
        "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\
         Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n{wanted}\r\n"
    )
}

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[test]
fn off_says_nothing() {
    let mut server = server(&[]);
    let answer = server.fetch(&from("http://a.test", &answer::get(OPEN)));
    assert_eq!(answer.status, 200);
    assert!(!answer.head.contains("Access-Control"));
    let answer = server.fetch(&preflight("http://a.test", ""));
    assert_eq!(answer.status, 400);
    assert!(!answer.head.contains("Access-Control"));
}

#[test]
fn a_listed_origin_is_told_so_by_every_answer() {
    let mut server = server(&["http://a.test", "https://b.test:8443"]);
    for origin in ["http://a.test", "https://b.test:8443"] {
        let opened = server.fetch(&from(origin, &answer::get(OPEN)));
        let sid = sid_of(&opened.text());
        let posted = server.fetch(&from(origin, &post(&sid, "4x")));
        let polled = server.fetch(&from(origin, &get(&sid)));
        let refused = server.fetch(&from(origin, &get("x")));
        let peer = server.sim.connect();
        server.sim.exchange(peer, from(origin, &get(&sid)).as_bytes());
        server.post(&sid, "4y");
        let waited = answer::only(&server.sim.take(peer));
        assert_eq!((polled.text(), waited.text()), ("4x".into(), "4y".into()));
        for answer in [opened, posted, polled, refused, waited] {
            assert_eq!(answer.field("Access-Control-Allow-Origin"), Some(origin));
            assert_eq!(answer.field("Vary"), Some("Origin"));
        }
    }
}

#[test]
fn another_origin_is_not() {
    let mut server = server(&["http://a.test"]);
    let two = from("http://a.test", &from("http://a.test", &answer::get(OPEN)));
    for request in [
        from("http://a.test.evil", &answer::get(OPEN)),
        from("null", &answer::get(OPEN)),
        from("http://a.test:81", &answer::get(OPEN)),
        answer::get(OPEN),
        two,
    ] {
        let answer = server.fetch(&request);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("Access-Control-Allow-Origin"), None, "{request}");
        assert_eq!(answer.field("Vary"), Some("Origin"), "for caches");
    }
}

#[test]
fn a_star_is_any() {
    let mut server = server(&["*"]);
    for request in [from("http://x.test", &answer::get(OPEN)), answer::get(OPEN)] {
        let answer = server.fetch(&request);
        assert_eq!(answer.field("Access-Control-Allow-Origin"), Some("*"));
        assert_eq!(answer.field("Vary"), None);
    }
}

#[test]
fn a_preflight_is_answered_204_with_what_it_asks_for() {
    let mut server = server(&["http://a.test"]);
    let wanted = "Access-Control-Request-Headers: x-one, X-Two,,content-type\r\n";
    let answer = server.fetch(&preflight("http://a.test", wanted));
    assert_eq!(answer.status, 204);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), Some("http://a.test"));
    assert_eq!(answer.field("Access-Control-Allow-Methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(answer.field("Access-Control-Allow-Headers"), Some("x-one,X-Two,content-type"));
    assert!(answer.body.is_empty());
    assert!(!answer.closes());

    let answer = server.fetch(&preflight("http://evil.test", wanted));
    assert_eq!(answer.status, 204);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), None);
    let answer = server.fetch(&preflight("http://a.test", ""));
    assert_eq!(answer.field("Access-Control-Allow-Headers"), None);
    assert_eq!(server.seen.opened(), 0);
}

#[test]
fn only_tokens_of_the_request_are_repeated() {
    let mut server = server(&["*"]);
    let wanted = "Access-Control-Request-Headers: good, b<ad>, \"q\", t\u{e9}, a b, (c)\r\n";
    let answer = server.fetch(&preflight("http://a.test", wanted));
    assert_eq!(answer.status, 204);
    assert_eq!(answer.field("Access-Control-Allow-Headers"), Some("good"));
}
