//! What a held request brings along: its body, within its limit and its time.

use super::{desk, millis};
use crate::answer::{self, get};
use crate::sim::End;

#[test]
fn body_by_length_and_in_chunks_reaches_the_application() {
    let by_length = "POST /hold?0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nhello world";
    let in_chunks = "POST /hold?0 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                     5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
    for whole in [by_length, in_chunks] {
        let input = [whole, &get("/hold?0")].concat();
        for cut in 0..whole.len() {
            let (mut sim, peer, _) = desk();
            sim.send(peer, &input.as_bytes()[..cut]);
            sim.run();
            assert_eq!(sim.take(peer), b"", "cut at {cut}");
            sim.send(peer, &input.as_bytes()[cut..]);
            sim.run();
            let texts: Vec<String> = answer::all(&sim.take(peer)).iter().map(answer::Answer::text).collect();
            assert_eq!(texts, ["/hold 0 hello world", "/hold 0 "], "cut at {cut}");
        }
    }
}

fn post(fields: &str) -> String {
    format!("POST /hold?0 HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n")
}

#[test]
fn body_at_the_limit_passes_and_one_byte_more_is_413() {
    let body = "b".repeat(1_000);
    let exact = post("Content-Length: 1000") + &body;
    let longer = post("Content-Length: 1001");
    let chunked = |size: &str| post("Transfer-Encoding: chunked") + size + "\r\n";
    let exact_chunk = chunked("3e8") + &body + "\r\n0\r\n\r\n";
    for (input, status) in [
        (exact, 200),
        (longer, 413),
        (exact_chunk, 200),
        (chunked("3e9"), 413),
        (chunked("ffffffffffffffff"), 413),
    ] {
        let (mut sim, peer, _) = desk();
        let answer = answer::only(&sim.exchange(peer, input.as_bytes()));
        assert_eq!(answer.status, status, "{:?}", &input[..120.min(input.len())]);
        assert_eq!(answer.closes(), status == 413);
    }
}

#[test]
fn unfinished_body_is_408_after_30_s_whatever_arrives() {
    // Bytes that arrive do not move this deadline.
    let (mut sim, peer, record) = desk();
    sim.send(peer, post("Content-Length: 100").as_bytes());
    for _ in 0..29 {
        sim.advance(millis(1_000));
        sim.send(peer, b"b");
    }
    sim.advance(millis(999));
    assert_eq!(sim.take(peer), b"");
    sim.advance(millis(1));
    let answer = answer::only(&sim.take(peer));
    assert_eq!(answer.status, 408);
    assert!(answer.closes());
    assert_eq!(sim.end(peer), End::HalfClosed);
    assert_eq!(record.events(), [], "the application never heard of it");
}

#[test]
fn expectation_is_met_before_the_body_and_a_refusal_comes_instead() {
    // RFC 9110 §10.1.1
    let (mut sim, peer, _) = desk();
    let expecting = post("Content-Length: 2\r\nExpect: 100-continue");
    let interim = sim.exchange(peer, expecting.as_bytes());
    assert_eq!(String::from_utf8_lossy(&interim), "HTTP/1.1 100 Continue\r\n\r\n");
    let answer = answer::only(&sim.exchange(peer, b"hi"));
    assert_eq!((answer.status, answer.text()), (200, "/hold 0 hi".into()));

    let too_long = post("Content-Length: 2000\r\nExpect: 100-continue");
    assert_eq!(answer::only(&sim.exchange(peer, too_long.as_bytes())).status, 413);
}
