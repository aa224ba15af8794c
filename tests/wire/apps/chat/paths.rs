//! Which paths are the chat's, what an id is, and what plain requests are told.

use super::{lines, members};
use crate::client::{SWITCHING, text, texts, upgrade};
use crate::sim::{End, Sim};

fn answer(request: &str) -> (String, End) {
    let mut sim = Sim::default();
    let peer = sim.connect();
    let answer = sim.exchange(peer, request.as_bytes());
    (String::from_utf8(answer).unwrap(), sim.end(peer))
}

/// What a member on this path is called.
fn name(path: &str) -> String {
    let mut sim = Sim::default();
    let peer = sim.open(path);
    let answer = texts(&sim.exchange(peer, &text("x")));
    assert_eq!(answer[0], "You wrote: x", "{path}");
    let name = answer[1].strip_prefix("Client #").unwrap();
    name.strip_suffix(" says: x").unwrap().to_owned()
}

fn is_refused(path: &str) {
    let (answer, end) = answer(&upgrade(path));
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{path}: {answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{path}");
    assert_eq!(end, End::HalfClosed, "{path}");
}

#[test]
fn id_is_shown_as_the_number_it_is() {
    // A number has no plus and no zeros in front, and 0 has no sign.
    for (id, shown) in [
        ("7", "7"),
        ("0", "0"),
        ("007", "7"),
        ("000", "0"),
        ("-5", "-5"),
        ("-005", "-5"),
        ("+5", "5"),
        ("-0", "0"),
        ("+0", "0"),
        ("-000", "0"),
        ("1732147200123", "1732147200123"),
        ("18446744073709551616", "18446744073709551616"),
        ("12345678901234567890123456", "12345678901234567890123456"),
        // The same paths, written otherwise (RFC 3986 §2.4).
        ("%2D5", "-5"),
        ("%2d5", "-5"),
        ("%2B5", "5"),
        ("%37", "7"),
    ] {
        assert_eq!(name(&format!("/ws/{id}")), shown, "{id}");
    }
}

#[test]
fn id_has_at_most_127_digits() {
    // The sign is not counted, and a longer id is refused.
    let longest = "9".repeat(127);
    for sign in ["", "-"] {
        assert_eq!(name(&format!("/ws/{sign}{longest}")), format!("{sign}{longest}"));
        is_refused(&format!("/ws/{sign}{longest}0"));
    }
    assert_eq!(name(&format!("/ws/+{longest}")), longest);
    assert_eq!(name(&format!("/ws/%2D{}", "%39".repeat(127))), format!("-{longest}"));
    // Leading zeros are digits, too.
    assert_eq!(name(&format!("/ws/{}7", "0".repeat(126))), "7");
    is_refused(&format!("/ws/{}7", "0".repeat(127)));
    is_refused(&format!("/ws/{}", "1".repeat(4_000)));
}

#[test]
fn what_is_no_number_is_refused() {
    // An id is an optional sign and decimal digits. Anything else is no path of the chat.
    for path in [
        "/ws/",
        "/ws/abc",
        "/ws/1.5",
        "/ws/0x10",
        "/ws/1e3",
        "/ws/1_000",
        "/ws/-",
        "/ws/+",
        "/ws/--5",
        "/ws/+-5",
        "/ws/5-",
        "/ws/7a",
        "/ws/a7",
        "/ws/%",
        "/ws/%3",
        "/ws/%zz",
        "/ws/%+7",
        "/ws/7%",
        "/ws/%2D",
        "/ws/%2537",
        "/ws/7%20",
        "/ws/%207",
        "/ws/7%00",
        "/ws/7%2F",
        // A digit, but not a decimal one of ASCII.
        "/ws/%D9%A3",
        "/ws/%EF%BC%97",
    ] {
        is_refused(path);
    }
}

#[test]
fn other_paths_are_refused() {
    // A slash too many, another letter case, an unknown path.
    for path in [
        "/ws/7/",
        "/ws//",
        "/ws//7",
        "//ws",
        "//ws/7",
        "/ws/7/8",
        "/ws/../ws/7",
        "/WS",
        "/Ws/7",
        "/wS/7",
        "/w",
        "/wss",
        "/ws7",
        "/ws;7",
        "/%77s",
        "/",
        "/chat",
    ] {
        is_refused(path);
    }
}

#[test]
fn query_string_never_changes_routing() {
    // Only the path names a member.
    for path in ["/ws/7?", "/ws/7?client_id=9", "/ws/7?/8/", "/ws/7??a=b&c"] {
        assert_eq!(name(path), "7", "{path}");
    }
    for path in ["/ws?", "/ws?7", "/ws?/7"] {
        let mut sim = Sim::default();
        let [plain, peer] = [sim.open("/ws"), sim.open(path)];
        sim.send(peer, &text("x"));
        sim.run();
        assert_eq!(lines(&mut sim, plain), ["x"], "{path}");
        assert_eq!(lines(&mut sim, peer), ["x"], "{path}");
    }
    for path in ["/ws/?7", "/ws/abc?7", "/ws/7/?x", "/?/ws/7"] {
        is_refused(path);
    }
}

#[test]
fn offers_of_browsers_are_fine() {
    // Extensions and subprotocols are offered, and the Origin is the other loopback name.
    let fields = "\r\nOrigin: http://localhost:8000\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: chat\r\n\r\n";
    let request = upgrade("/ws/1732147200123")
        .replace("Connection: Upgrade", "Connection: keep-alive, Upgrade")
        .replace("\r\n\r\n", fields);
    // RFC 7692 §7.1; all else stays.
    let agreed = match cfg!(feature = "deflate") {
        true => {
            "Sec-WebSocket-Extensions: permessage-deflate; \
             server_no_context_takeover; client_no_context_takeover\r\n\r\n"
        }
        false => "\r\n",
    };
    let fields = SWITCHING.strip_suffix("\r\n").unwrap();
    assert_eq!(answer(&request), (format!("{fields}{agreed}"), End::Open));
}

#[test]
fn plain_requests_are_told_to_upgrade() {
    // RFC 9110 §15.5.22, §7.8. Each request is answered at once.
    for path in ["/ws", "/ws/7", "/ws/7?x"] {
        for method in ["GET", "HEAD", "POST"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let (answer, end) = answer(&request);
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{request}{head}");
            for field in ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Connection: Upgrade, close"] {
                assert!(head.lines().any(|line| line == field), "{field} in {head}");
            }
            assert_eq!(body.is_empty(), method == "HEAD", "{request}");
            assert_eq!(end, End::HalfClosed, "{request}");
        }
    }
}

#[test]
fn refused_ids_join_nothing() {
    // Nobody hears of a member that never was.
    let mut sim = Sim::default();
    let [one] = members(&mut sim, ["1"]);
    for request in [
        upgrade("/ws/abc"),
        upgrade("/ws/7").replace(": 13", ": 12"),
        upgrade("/ws/7").replace("Upgrade\r\n", "close\r\n"),
    ] {
        let peer = sim.connect();
        let answer = sim.exchange(peer, request.as_bytes());
        assert!(!answer.starts_with(b"HTTP/1.1 101"), "{request}");
        sim.fin(peer);
        sim.run();
        assert_eq!(sim.end(peer), End::Closed);
        assert_eq!(sim.take(one), b"");
    }
    let answer = sim.exchange(one, &text("x"));
    assert_eq!(texts(&answer).len(), 2);
}
