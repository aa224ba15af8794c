//! A session begins.

use super::{Server, get, sid_of};
use crate::answer;
use crate::client;
use std::collections::BTreeSet;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

#[test]
fn polling_is_answered_with_the_open_packet() {
    let mut server = Server::default();
    let answer = server.fetch(&answer::get("/socket.io/?EIO=4&transport=polling&t=mshj71cz"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("Content-Type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.field("Access-Control-Allow-Origin"), None);
    assert_eq!(answer.field("Vary"), None);
    let sid = sid_of(&answer.text());
    let expected = format!(
        "0{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\
         \"pingTimeout\":20000,\"maxPayload\":1000000}}"
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(server.seen.opened(), 1);
}

#[test]
fn websocket_from_the_start_has_nothing_to_upgrade_to() {
    let mut server = Server::default();
    let peer = server.upgrade("/socket.io/?EIO=4&transport=websocket");
    let texts = server.texts(peer);
    let sid = sid_of(&texts[0]);
    let expected = format!(
        "0{{\"sid\":\"{sid}\",\"upgrades\":[],\"pingInterval\":25000,\
         \"pingTimeout\":20000,\"maxPayload\":1000000}}"
    );
    assert_eq!(texts, [expected]);
    assert_eq!(server.seen.opened(), 1);
    assert_eq!(server.say(peer, "4hello"), ["4hello"]);
}

/// The lines of the answer to an upgrade with these further header lines.
fn answer_to(server: &mut Server, path: &str, lines: &str) -> Vec<String> {
    let peer = server.sim.connect();
    let asked = client::upgrade(path).replace("\r\n\r\n", &format!("\r\n{lines}\r\n"));
    server.sim.send(peer, asked.as_bytes());
    server.sim.run();
    let bytes = server.sim.take(peer);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let head = String::from_utf8(bytes[..end.unwrap()].to_vec()).unwrap();
    head.split("\r\n").map(str::to_owned).collect()
}

/// RFC 6455 §4.2.2, §11.3.4. The original (ws below engine.io) takes the first, whatever it is called.
#[test]
fn first_subprotocol_that_is_offered_is_selected() {
    let mut server = Server::default();
    let sid = server.open();
    let sockets = [
        "/socket.io/?EIO=4&transport=websocket".to_owned(),
        format!("/socket.io/?EIO=4&transport=websocket&sid={sid}"),
    ];
    for path in &sockets {
        for (lines, selected) in [
            ("", None),
            ("Sec-WebSocket-Protocol: chat\r\n", Some("chat")),
            ("Sec-WebSocket-Protocol: b, a\r\n", Some("b")),
            ("Sec-WebSocket-Protocol: ,, Wamp.2 ,a\r\n", Some("Wamp.2")),
            ("Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: y, z\r\n", Some("x")),
        ] {
            let answer = answer_to(&mut server, path, lines);
            assert_eq!(answer[0], "HTTP/1.1 101 Switching Protocols");
            let name = "Sec-WebSocket-Protocol: ";
            let told = answer.iter().filter_map(|line| line.strip_prefix(name));
            assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(selected), "{lines}");
            assert!(!answer.iter().any(String::is_empty), "{answer:?}");
        }
        for lines in [
            "Sec-WebSocket-Protocol:\r\n",
            "Sec-WebSocket-Protocol: a b\r\n",
            "Sec-WebSocket-Protocol: a, (b)\r\n",
        ] {
            let answer = answer_to(&mut server, path, lines);
            assert_eq!(answer[0], "HTTP/1.1 400 Bad Request", "{lines}");
        }
    }
}

#[cfg(feature = "deflate")]
#[test]
fn subprotocol_stands_beside_the_extension() {
    let mut server = Server::default();
    let path = "/socket.io/?EIO=4&transport=websocket";
    let lines = "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    let answer = answer_to(&mut server, path, lines);
    for name in ["Sec-WebSocket-Extensions: ", "Sec-WebSocket-Protocol: "] {
        let lines = answer.iter().filter(|line| line.starts_with(name));
        assert_eq!(lines.count(), 1, "{answer:?}");
    }
}

#[test]
fn settings_are_told() {
    let settings = Settings {
        path: "/engine.io/".to_owned(),
        ping_interval: std::time::Duration::from_millis(300),
        ping_timeout: std::time::Duration::from_millis(200),
        max_payload: 77,
        ..Settings::default()
    };
    let mut server = Server::with(Config::default(), settings);
    let answer = server.fetch(&answer::get("/engine.io/?EIO=4&transport=polling"));
    let text = answer.text();
    assert!(text.ends_with("\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":77}"), "{text}");
}

#[test]
fn a_sid_is_twenty_characters_of_base64url_and_never_the_same() {
    let mut server = Server::default();
    let sids: BTreeSet<String> = (0..200).map(|_| server.open()).collect();
    assert_eq!(sids.len(), 200);
    for sid in &sids {
        assert_eq!(sid.len(), 20);
        let is_url_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(sid.chars().all(is_url_safe), "{sid}");
    }
}

#[test]
fn parameters_come_in_any_order_escaped_or_not_and_unknown_ones_are_ignored() {
    let mut server = Server::default();
    for query in [
        "transport=polling&EIO=4",
        "t=1&b64=1&transport=polling&x&&=&EIO=4&y=%",
        "EIO=%34&tr%61nsport=p%6flling",
        // Of a parameter that is repeated the last counts.
        "EIO=3&EIO=4&transport=x&transport=polling",
        "EIO=4&transport=polling&sid=",
    ] {
        let answer = server.fetch(&answer::get(&format!("/socket.io/?{query}")));
        assert_eq!(answer.status, 200, "{query}");
    }
    let sid = server.open();
    server.post(&sid, "4x");
    let escaped = format!("%{:02x}{}", sid.as_bytes()[0], &sid[1..]);
    assert_eq!(server.poll(&escaped), "4x");
}

#[test]
fn every_path_below_the_prefix_is_the_endpoint_and_the_bare_name_is_not() {
    let mut server = Server::default();
    for (path, status) in [
        ("/socket.io/", 200),
        ("/socket.io/anything/else", 200),
        ("/socket.io/socket.io", 200),
        ("/socket.io", 404),
        ("/socket.iox/", 404),
        ("/Socket.io/", 404),
        ("/", 404),
    ] {
        let answer = server.fetch(&answer::get(&format!("{path}?EIO=4&transport=polling")));
        assert_eq!(answer.status, status, "{path}");
    }
}

#[test]
fn one_connection_carries_a_whole_session() {
    let mut server = Server::default();
    let peer = server.sim.connect();
    let open = answer::get("/socket.io/?EIO=4&transport=polling");
    let sid = sid_of(&answer::only(&server.sim.exchange(peer, open.as_bytes())).text());
    let post = super::post(&sid, "4a");
    let answer = answer::only(&server.sim.exchange(peer, post.as_bytes()));
    assert_eq!(answer.text(), "ok");
    let answer = answer::only(&server.sim.exchange(peer, get(&sid).as_bytes()));
    assert_eq!(answer.text(), "4a");
    assert!(!answer.closes());
    // And the upgrade.
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
    server.sim.exchange(peer, crate::client::upgrade(&path).as_bytes());
    assert_eq!(server.say(peer, "2probe"), ["3probe"]);
    assert!(server.say(peer, "5").is_empty());
    assert_eq!(server.say(peer, "4b"), ["4b"]);
}
