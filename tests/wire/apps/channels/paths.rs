//! Which paths are rooms, and what plain requests are told.

use super::{chat, lines, members, said};
use crate::client::upgrade;
use crate::sim::{End, Sim};

fn answer(request: &str) -> (String, End) {
    let mut sim = Sim::default();
    let peer = sim.connect();
    let answer = sim.exchange(peer, request.as_bytes());
    (String::from_utf8(answer).unwrap(), sim.end(peer))
}

fn is_refused(path: &str) {
    let (answer, end) = answer(&upgrade(path));
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{path}: {answer}");
    assert_eq!(end, End::HalfClosed, "{path}");
}

/// Whoever is on this path hears whoever is in this room.
fn leads_to(path: &str, room: &str) {
    let mut sim = Sim::default();
    let [plain] = members(&mut sim, [room]);
    let peer = sim.open(path);
    sim.send(plain, &said("1"));
    sim.run();
    assert_eq!(lines(&mut sim, peer), [chat("1")], "{path}");
}

#[test]
fn room_is_1_to_94_word_characters() {
    // A room is `[A-Za-z0-9_]{1,94}`.
    let longest = "r".repeat(94);
    for room in ["a", "Z", "0", "_", "lobby", "Room_42", "chat", &longest] {
        leads_to(&format!("/ws/chat/{room}/"), room);
    }
    is_refused(&format!("/ws/chat/{longest}r/"));
    is_refused(&format!("/ws/chat/{}/", longest.repeat(60)));
    // All of ASCII that may stand in a path and is no word character (RFC 9112 §3.2.1).
    for byte in 0x21..0x7f_u8 {
        let c = char::from(byte);
        if !c.is_ascii_alphanumeric() && !"_?#".contains(c) {
            is_refused(&format!("/ws/chat/a{c}/"));
            is_refused(&format!("/ws/chat/a%{byte:02x}/"));
        }
    }
}

#[test]
fn name_is_decoded_once() {
    // RFC 3986 §2.4: the same path, written otherwise
    for path in ["/ws/chat/%6Cobby/", "/ws/chat/%6c%6f%62%62%79/"] {
        leads_to(path, "lobby");
    }
    let longest = format!("/ws/chat/{}/", "%72".repeat(94));
    leads_to(&longest, &"r".repeat(94));
    for name in [
        "%",
        "%6",
        "%zz",
        "lobby%",
        "%+7",
        "%256Cobby",
        "lobby%2F",
        "lobby%00",
        "lobby%20",
        "%E9",
        "%C3%A9",
        "%EF%BC%A1",
    ] {
        is_refused(&format!("/ws/chat/{name}/"));
    }
}

#[test]
fn other_paths_are_refused() {
    // The slash after the name is required, and letter case counts.
    for path in [
        "/ws/chat/lobby",
        "/ws/chat/lobby//",
        "/ws/chat/lobby/x",
        "/ws/chat/lobby/x/",
        "/ws/chat/",
        "/ws/chat//",
        "/ws/chat",
        "/ws/chat//lobby/",
        "/ws//chat/lobby/",
        "//ws/chat/lobby/",
        "/chat/lobby/",
        "/ws/Chat/lobby/",
        "/WS/chat/lobby/",
        "/ws/ch%61t/lobby/",
        "/ws/chatlobby/",
        "/ws/chat/../chat/lobby/",
        "/ws/chat/socket-server/",
        "/ws/socket-server",
        "/ws/socket-server//",
        "/ws/socket-server/x/",
        "/ws/Socket-Server/",
        "/ws/socket%2Dserver/",
        "/socket-server/",
    ] {
        is_refused(path);
    }
}

#[test]
fn query_string_never_changes_routing() {
    // Only the path names a room.
    for path in ["/ws/chat/lobby/?", "/ws/chat/lobby/?room=x", "/ws/chat/lobby/?/x/"] {
        leads_to(path, "lobby");
    }
    for path in ["/ws/chat/lobby?/", "/ws/chat/?lobby/", "/?/ws/chat/lobby/"] {
        is_refused(path);
    }
}

#[test]
fn plain_requests_are_told_to_upgrade_where_there_is_a_room() {
    // RFC 9110 §15.5.22. Each request is answered at once; where there is no room, with 404.
    for method in ["GET", "HEAD", "POST"] {
        for (path, status) in [
            ("/ws/chat/lobby/", "426"),
            ("/ws/chat/lobby/?x", "426"),
            ("/ws/socket-server/", "426"),
            ("/ws/chat/lobby", "404"),
            ("/ws/chat/lob.by/", "404"),
            ("/ws/socket-server", "404"),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let (answer, _) = answer(&request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{answer}");
        }
    }
}

#[test]
fn refused_handshakes_join_nothing() {
    let mut sim = Sim::default();
    let [one] = members(&mut sim, ["lobby"]);
    let good = upgrade("/ws/chat/lobby/");
    for request in [good.replace(": 13", ": 12"), good.replace("Upgrade\r\n", "close\r\n")] {
        let peer = sim.connect();
        let answer = sim.exchange(peer, request.as_bytes());
        assert!(!answer.starts_with(b"HTTP/1.1 101"), "{request}");
        sim.send(one, &said("1"));
        sim.run();
        assert_eq!(lines(&mut sim, one), [chat("1")]);
        assert_eq!(sim.take(peer), b"");
    }
}
