//! A session begins.

use super::{Server, get, sid_of};
use crate::answer;
use std::collections::BTreeSet;
use ws101::config::Config;
use ws101::socketio::engine::Settings;

#[test]
fn polling_is_answered_with_the_open_packet() {
    let mut server = Server::default();
    let answer = server.fetch(&answer::get(
        "/socket.io/?EIO=4&transport=polling&t=mshj71cz",
    ));
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.field("Content-Type"),
        Some("text/plain; charset=UTF-8")
    );
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
    assert!(
        text.ends_with("\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":77}"),
        "{text}"
    );
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
    server
        .sim
        .exchange(peer, crate::client::upgrade(&path).as_bytes());
    assert_eq!(server.say(peer, "2probe"), ["3probe"]);
    assert!(server.say(peer, "5").is_empty());
    assert_eq!(server.say(peer, "4b"), ["4b"]);
}
