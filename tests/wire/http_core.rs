//! Requests over the whole core: keep-alive, pipelining, the upgrade in between, refusals and how
//! they end (LIMITS §3, RFC 9112 §9).

use crate::answer::{self, Answer, get, request};
use crate::client::{self, from_server, text, upgrade};
use crate::script::{send_cut, ways};
use crate::sim::{End, PeerNo, Sim, apps};
use std::time::Duration;
use ws101::apps::pages::Pages;
use ws101::config::Config;
use ws101::files::embedded::Embedded;

fn site_with(config: Config) -> Sim {
    let mut apps = apps();
    apps.push(Box::new(Pages::new(Box::new(Embedded::default()))));
    Sim::with_apps(config, apps)
}

fn site() -> (Sim, PeerNo) {
    let mut sim = site_with(Config::default());
    let peer = sim.connect();
    (sim, peer)
}

/// One connection, these requests in one piece: all answers, and how it ended.
fn asks(requests: &str) -> (Vec<Answer>, End) {
    let (mut sim, peer) = site();
    let output = sim.exchange(peer, requests.as_bytes());
    (answer::all(&output), sim.end(peer))
}

/// Sends `input` in every way; the output must always be that of the whole.
fn same_however_cut(input: &[u8]) -> (Vec<u8>, End) {
    let converse = |cuts: &[usize]| {
        let (mut sim, peer) = site();
        send_cut(&mut sim, peer, input, cuts);
        (sim.take(peer), sim.end(peer))
    };
    let whole = converse(&[]);
    for cuts in ways(input) {
        let output = converse(&cuts);
        assert!(
            output == whole,
            "cut at {:?}: {:?}",
            &cuts[..cuts.len().min(8)],
            String::from_utf8_lossy(&output.0)
        );
    }
    whole
}

#[test]
fn page_is_served_with_its_fields() {
    let (answers, end) = asks(&get("/"));
    let answer = &answers[0];
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    let len = answer.body.len().to_string();
    assert_eq!(answer.field("Content-Length"), Some(len.as_str()));
    assert_eq!(answer.field("Date"), Some("Thu, 21 Nov 2024 12:00:00 GMT"));
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.field("Connection"), None);
    assert!(answer.text().contains("messages"));
    assert_eq!(end, End::Open);
}

#[test]
fn copy_that_is_still_good_is_304_and_the_connection_goes_on() {
    let (mut sim, peer) = site();
    let first = answer::only(&sim.exchange(peer, get("/").as_bytes()));
    let etag = first.field("ETag").expect("a tag");
    let again = format!("GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n\r\n");
    let both = again + &get("/style.css");
    let answers = answer::all(&sim.exchange(peer, both.as_bytes()));
    assert_eq!(answers[0].status, 304);
    assert_eq!(answers[0].body, b"");
    assert_eq!(answers[1].status, 200);
    assert_eq!(
        answers[1].field("Content-Type"),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn connection_is_kept_until_somebody_says_otherwise() {
    // RFC 9112 §9.3
    for (request, stays) in [
        ("GET / HTTP/1.1\r\nHost: a.b\r\nHost: c.d\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
            true,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            false,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: x, CLOSE\r\n\r\n",
            false,
        ),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
    ] {
        let (answers, end) = asks(&[request, &get("/")].concat());
        assert_eq!(answers.len(), if stays { 2 } else { 1 }, "{request}");
        assert_eq!(answers[0].closes(), !stays, "{request}");
        assert_eq!(end == End::Open, stays, "{request}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_however_they_are_cut() {
    let requests = [
        get("/favicon.svg"),
        request("HEAD", "/favicon.svg"),
        get("/nothing-here"),
        "\r\n".to_owned(),
        get("/?query"),
        "GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n".to_owned(),
        get("/never"),
    ]
    .concat();
    let (output, end) = same_however_cut(requests.as_bytes());
    let mut rest = &output[..];
    let icon = answer::take(&mut rest, false);
    let head = answer::take(&mut rest, true);
    assert_eq!((icon.status, &icon.head), (200, &head.head));
    let statuses: Vec<u16> = answer::statuses(rest);
    assert_eq!(statuses, [404, 200, 200]);
    assert_eq!(end, End::HalfClosed);
}

#[test]
fn refusal_ends_the_connection_and_what_follows_is_thrown_away() {
    for (bad, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        ("BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
            413,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            413,
        ),
        ("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
    ] {
        // LIMITS §3: a body is never taken for the next request.
        let input = [&get("/favicon.svg"), bad, &get("/favicon.svg")].concat();
        let (output, end) = same_however_cut(input.as_bytes());
        let answers = answer::all(&output);
        assert_eq!(answers.len(), 2, "{bad}");
        assert_eq!((answers[0].status, answers[1].status), (200, status));
        assert!(answers[1].closes(), "{bad}");
        assert_eq!(
            answers[1].field("Content-Type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answers[1].field("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(end, End::HalfClosed, "{bad}");
    }
}

#[test]
fn refused_upload_is_thrown_away_while_the_answer_is_on_its_way() {
    // RFC 9112 §9.6: closing with unread input would reset the connection.
    let (mut sim, peer) = site();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n";
    assert_eq!(
        answer::statuses(&sim.exchange(peer, head.as_bytes())),
        [405]
    );
    for _ in 0..9 {
        sim.send(peer, &[b'x'; 100_000]);
        sim.run();
        assert_eq!(sim.end(peer), End::HalfClosed);
    }
    assert_eq!(sim.unread(peer), 0);
    sim.fin(peer);
    sim.run();
    assert_eq!(sim.end(peer), End::Closed);
    assert_eq!(sim.hub.connections(), 0);
}

#[test]
fn thousandth_answer_of_a_connection_is_its_last() {
    // LIMITS §2
    let (mut sim, peer) = site();
    let many = get("/x").repeat(1_100);
    let answers = answer::all(&sim.exchange(peer, many.as_bytes()));
    assert_eq!(answers.len(), 1_000);
    assert!(answers[..999].iter().all(|answer| !answer.closes()));
    assert!(answers[999].closes());
    assert_eq!(sim.end(peer), End::HalfClosed);
    // An upgrade may be the last.
    let (mut sim, peer) = site();
    sim.exchange(peer, get("/x").repeat(999).as_bytes());
    let output = sim.exchange(peer, &[upgrade("/echo").as_bytes(), &text("x")].concat());
    assert!(output.starts_with(client::SWITCHING.as_bytes()));
    assert!(output.ends_with(&from_server(0x81, "x")));
}

#[test]
fn upgrade_may_follow_plain_requests_and_frames_may_follow_the_upgrade() {
    let head = upgrade("/echo");
    let mut input = get("/favicon.svg").into_bytes();
    input.extend(get("/nothing").bytes());
    input.extend(head.bytes());
    input.extend(text("first"));
    input.extend(client::ping("p"));
    input.extend(text("second"));
    let (output, end) = same_however_cut(&input);
    assert_eq!(end, End::Open);
    let mut rest = &output[..];
    assert_eq!(answer::take(&mut rest, false).status, 200);
    assert_eq!(answer::take(&mut rest, false).status, 404);
    let frames = [
        client::SWITCHING.as_bytes(),
        &from_server(0x81, "first"),
        &from_server(0x8a, "p"),
        &from_server(0x81, "second"),
    ]
    .concat();
    assert_eq!(rest, frames);
}

#[test]
fn close_and_violation_may_follow_the_upgrade_at_once() {
    let close = [upgrade("/echo").into_bytes(), client::close(1000, "")].concat();
    let (output, end) = same_however_cut(&close);
    let expected = [client::SWITCHING.as_bytes(), b"\x88\x02\x03\xe8"].concat();
    assert_eq!((output, end), (expected, End::HalfClosed));

    let unmasked = [upgrade("/echo").as_bytes(), &text("ok"), b"\x81\x00"].concat();
    let (output, end) = same_however_cut(&unmasked);
    assert!(output.ends_with(b"frame not masked"));
    assert_eq!(end, End::HalfClosed);
}

#[test]
fn messages_that_others_send_come_behind_the_101() {
    // A member that joins while the answers before its 101 still wait.
    let (mut sim, late) = site();
    let speaker = sim.open("/broadcast");
    sim.set_window(late, Some(10));
    let input = [get("/vendor/bootstrap.min.css"), upgrade("/broadcast")].concat();
    sim.send(late, input.as_bytes());
    sim.run();
    sim.exchange(speaker, &text("hello"));
    sim.exchange(speaker, &text("you"));
    sim.set_window(late, None);
    sim.run();
    let output = sim.take(late);
    let mut rest = &output[..];
    assert_eq!(answer::take(&mut rest, false).status, 200);
    let frames = rest.strip_prefix(client::SWITCHING.as_bytes());
    assert_eq!(client::texts(frames.expect("the 101")), ["hello", "you"]);
}

#[test]
fn refused_upgrade_may_not_be_followed_by_frames() {
    let mut input = upgrade("/nowhere").into_bytes();
    input.extend(text("ignored"));
    input.extend(get("/").bytes());
    let (output, end) = same_however_cut(&input);
    assert_eq!(answer::statuses(&output), [404]);
    assert_eq!(end, End::HalfClosed);
}

#[test]
fn half_close_behind_requests_still_gets_their_answers() {
    let (mut sim, peer) = site();
    sim.send(peer, get("/vendor/bootstrap.min.css").as_bytes());
    sim.send(peer, get("/favicon.svg").as_bytes());
    sim.set_window(peer, Some(1_000));
    sim.fin(peer);
    sim.run();
    sim.set_window(peer, None);
    sim.run();
    assert_eq!(answer::statuses(&sim.take(peer)), [200, 200]);
    assert_eq!(sim.end(peer), End::Closed);
    // In the middle of a head: nothing to say.
    let (mut sim, peer) = site();
    sim.send(peer, b"GET / HT");
    sim.fin(peer);
    sim.run();
    assert_eq!((sim.take(peer), sim.end(peer)), (vec![], End::Closed));
}

#[test]
fn answer_leaves_in_one_write_with_its_small_body() {
    let (mut sim, peer) = site();
    sim.exchange(peer, get("/favicon.svg").as_bytes());
    assert_eq!(sim.peer(peer).writes, 1);
    let ten = get("/nothing").repeat(10);
    sim.exchange(peer, ten.as_bytes());
    assert_eq!(sim.peer(peer).writes, 2, "ten answers, one write");
}

#[test]
fn requests_of_many_connections_do_not_mix() {
    let mut sim = site_with(Config::default());
    let peers: Vec<PeerNo> = (0..50).map(|_| sim.connect()).collect();
    let paths = ["/favicon.svg", "/chat.js", "/style.css", "/nothing"];
    let heads: Vec<String> = paths.iter().map(|path| get(path)).collect();
    // All heads grow side by side, byte by byte.
    let longest = heads.iter().map(String::len).max().expect("some");
    for at in 0..longest {
        for (number, peer) in peers.iter().enumerate() {
            if let Some(byte) = heads[number % 4].as_bytes().get(at) {
                sim.send(*peer, &[*byte]);
            }
        }
        sim.run();
    }
    let mut answers = peers.iter().map(|peer| sim.take(*peer));
    let first: Vec<Vec<u8>> = answers.by_ref().take(4).collect();
    for (number, output) in answers.enumerate() {
        assert!(output == first[number % 4], "connection {}", number + 4);
    }
    assert_eq!(answer::only(&first[3]).status, 404);
}

#[test]
fn slow_reader_of_a_page_does_not_hold_up_others() {
    let (mut sim, slow) = site();
    sim.set_window(slow, Some(100));
    sim.send(slow, get("/vendor/bootstrap.min.css").as_bytes());
    let quick = sim.connect();
    let echo = sim.open("/echo");
    for _ in 0..20 {
        sim.advance(Duration::from_millis(1_400));
        assert_eq!(
            answer::statuses(&sim.exchange(quick, get("/").as_bytes())),
            [200]
        );
        assert_eq!(sim.exchange(echo, &text("x")), from_server(0x81, "x"));
    }
    sim.set_window(slow, None);
    sim.run();
    let page = answer::only(&sim.take(slow));
    let again = answer::only(&sim.exchange(quick, get("/vendor/bootstrap.min.css").as_bytes()));
    assert!(page == again);
}
