//! HTTP through the whole server: requests on one connection, their answers in order, the
//! upgrade among them. Heads alone are in `http::head`, bodies of requests in `http::body`.

mod bodies;
mod ending;
mod framing;

use crate::answer::{all, get, try_take};
use crate::client::{SWITCHING, close, from_server, text, upgrade};
use crate::script;
use crate::sim::{End, PeerNo, Sim, apps};
use crate::support::site::{Counters, Site, pattern};
use ws101::config::{Config, Tuning};

/// The program's applications with the test's `Site` before them.
fn site(config: Config) -> (Sim, Counters) {
    let counters = Counters::default();
    let mut apps = apps();
    apps.insert(0, Box::new(Site::new(counters.clone())));
    (Sim::with_apps(config, apps), counters)
}

/// Everything the server sends, and how the connection stands, when `input` arrives in these cuts.
fn converse(input: &[u8], cuts: &[usize]) -> (Vec<u8>, End) {
    let (mut sim, _) = site(Config::default());
    let peer = sim.connect();
    script::send_cut(&mut sim, peer, input, cuts);
    (sim.take(peer), sim.end(peer))
}

/// The same however it is cut; gives it.
#[track_caller]
fn converse_in_all_ways(input: &str) -> (Vec<u8>, End) {
    let (whole, end) = converse(input.as_bytes(), &[]);
    script::check_played(&converse, input.as_bytes(), &whole, end);
    (whole, end)
}

/// The client reads a bit at a time until nothing more comes.
pub fn read_slowly(sim: &mut Sim, peer: PeerNo, mut next: impl FnMut() -> usize) -> Vec<u8> {
    let mut read = Vec::new();
    let mut idle = 0;
    while idle < 50 {
        sim.open_window(peer, next());
        sim.run();
        let bytes = sim.take(peer);
        idle = if bytes.is_empty() { idle + 1 } else { 0 };
        read.extend(bytes);
    }
    read
}

#[test]
fn answer_has_a_date_a_length_and_no_connection_field() {
    // RFC 9110 §6.6.1, §8.6; RFC 9112 §9.3: HTTP/1.1 is persistent without saying so
    let (answer, end) = converse_in_all_ways(&get("/bytes/5"));
    let expected = "HTTP/1.1 200 OK\r\nDate: Thu, 21 Nov 2024 12:00:00 GMT\r\n\
        Content-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(answer, [expected.as_bytes(), &pattern(5)].concat());
    assert_eq!(end, End::Open);
}

#[test]
fn connection_carries_one_request_after_the_other() {
    // RFC 9112 §9.3
    let (mut sim, counters) = site(Config::default());
    let peer = sim.connect();
    for n in 0..20 {
        let answer = all(&sim.exchange(peer, get(&format!("/bytes/{n}")).as_bytes()));
        assert_eq!(answer.len(), 1);
        assert_eq!((answer[0].status, &answer[0].body), (200, &pattern(n)));
        assert_eq!(answer[0].field("Connection"), None);
    }
    assert_eq!(counters.asked(), 20);
    assert_eq!(sim.end(peer), End::Open);
}

#[test]
fn pipelined_requests_are_answered_in_order_however_they_are_cut() {
    // RFC 9112 §9.3.2
    let input = ["/bytes/3", "/bytes/0", "/stream/9000", "/bytes/7"].map(get).concat();
    let (output, end) = converse_in_all_ways(&input);
    let bodies: Vec<_> = all(&output).into_iter().map(|answer| answer.body).collect();
    assert_eq!(bodies, [3, 0, 9_000, 7].map(pattern));
    assert_eq!(end, End::Open);
}

#[test]
fn empty_line_between_requests_is_ignored() {
    // RFC 9112 §2.2
    let input = [get("/bytes/1"), "\r\n".to_owned(), get("/bytes/2")].concat();
    let (output, end) = converse_in_all_ways(&input);
    assert_eq!(all(&output).len(), 2);
    assert_eq!(end, End::Open);
}

#[test]
fn connection_ends_when_the_client_says_so() {
    // RFC 9112 §9.3, §9.6: nothing behind such a request is answered
    for (from, to) in [
        ("Host", "Connection: close\r\nHost"),
        ("Host", "Connection: keep-alive\r\nconnection: x , CLOSE\r\nHost"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("HTTP/1.1\r\nHost: localhost\r\n", "HTTP/1.0\r\n"),
    ] {
        let last = get("/bytes/2").replace(from, to);
        let (output, end) = converse_in_all_ways(&[get("/bytes/1"), last, get("/bytes/3")].concat());
        let answers = all(&output);
        assert_eq!(answers.len(), 2, "{to}");
        assert_eq!(answers[0].field("Connection"), None);
        assert_eq!(answers[1].body, pattern(2));
        assert!(answers[1].has("Connection: close"), "{to}");
        assert_eq!(end, End::HalfClosed);
    }
}

#[test]
fn last_of_1_000_requests_says_close() {
    // RFC 9112 §9.6. A connection has 1,000 requests at most.
    for at_once in [true, false] {
        let (mut sim, counters) = site(Config::default());
        let peer = sim.connect();
        let request = get("/bytes/1");
        if at_once {
            sim.send(peer, request.repeat(1_005).as_bytes());
        } else {
            (0..1_005).for_each(|_| sim.send(peer, request.as_bytes()));
        }
        sim.run();
        let answers = all(&sim.take(peer));
        assert_eq!(answers.len(), 1_000);
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(answer.has("Connection: close"), n == 999, "{n}");
        }
        assert_eq!(counters.asked(), 1_000);
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
}

#[test]
fn last_request_may_still_be_an_upgrade() {
    // Requests are counted; a WebSocket has none.
    let config = Config {
        tuning: Tuning { max_requests_per_connection: 2, ..Tuning::default() },
        ..Config::default()
    };
    let (mut sim, _) = site(config);
    let peer = sim.connect();
    sim.exchange(peer, get("/bytes/1").as_bytes());
    let answer = sim.exchange(peer, upgrade("/echo").as_bytes());
    assert_eq!(String::from_utf8(answer).unwrap(), SWITCHING);
    assert_eq!(sim.exchange(peer, &text("x")), from_server(0x81, "x"));
}

#[test]
fn head_is_answered_like_get_without_the_body() {
    // RFC 9110 §9.3.2; the next answer follows at once
    for target in ["/bytes/7", "/bytes/9000", "/stream/9000", "/nothing"] {
        let head = get(target).replace("GET", "HEAD");
        let (with_body, _) = converse(get(target).as_bytes(), &[]);
        let (without, end) = converse_in_all_ways(&head);
        let head_len = with_body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(without, with_body[..head_len], "{target}");
        assert!(with_body.len() > head_len, "{target}");
        if target == "/nothing" {
            assert_eq!(end, End::HalfClosed);
            continue;
        }
        let (both, end) = converse_in_all_ways(&[head, get("/bytes/3")].concat());
        let mut rest = both.as_slice();
        assert_eq!(try_take(&mut rest, true).unwrap().status, 200);
        assert_eq!(all(rest)[0].body, pattern(3));
        assert_eq!(end, End::Open);
    }
}

#[test]
fn upgrade_after_plain_requests_and_frames_right_behind_it() {
    // RFC 6455 §4.2.2. A kept connection may carry plain requests and then the upgrade.
    for plain in [vec![], vec!["/bytes/3"], vec!["/bytes/9000", "/stream/5000"]] {
        let requests: String = plain.iter().map(|target| get(target)).collect();
        let frames = [text("Hello"), text(""), close(1000, "")].concat();
        let input = [requests.as_bytes(), upgrade("/echo").as_bytes(), &frames].concat();
        let (before, _) = converse(requests.as_bytes(), &[]);
        let echoed = [from_server(0x81, "Hello"), from_server(0x81, ""), vec![0x88, 2, 3, 0xe8]];
        let expected = [before, SWITCHING.into(), echoed.concat()].concat();
        script::check_played(&converse, &input, &expected, End::HalfClosed);
    }
}

#[test]
fn upgrade_behind_a_page_that_is_read_slowly() {
    // The page comes first and whole, then the 101, then the echoes: nothing overtakes.
    for plain in ["/bytes/700000", "/stream/700000"] {
        let (mut sim, _) = site(Config::default());
        let peer = sim.connect();
        sim.set_window(peer, Some(0));
        let input = [get(plain).into(), upgrade("/echo").into(), text("Hello")].concat();
        sim.send(peer, &input);
        sim.run();
        let read = read_slowly(&mut sim, peer, || 33_333);
        let mut rest = read.as_slice();
        let page = try_take(&mut rest, false).unwrap();
        assert!(page.body == pattern(700_000), "{plain}");
        let expected = [SWITCHING.as_bytes(), &from_server(0x81, "Hello")].concat();
        assert_eq!(rest, expected, "{plain}");
        assert_eq!(sim.exchange(peer, &text("x")), from_server(0x81, "x"));
    }
}
