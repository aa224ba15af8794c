//! What may not be asked, and the answer.

use super::{Server, post};
use crate::answer::{self, Answer};
use crate::client;

const UNKNOWN_TRANSPORT: &str = r#"{"code":0,"message":"Transport unknown"}"#;
const UNKNOWN_SID: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD_METHOD: &str = r#"{"code":2,"message":"Bad handshake method"}"#;
const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const BAD_VERSION: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;

fn assert_refused(answer: &Answer, body: &str, what: &str) {
    assert_eq!(answer.status, 400, "{what}");
    assert_eq!(answer.field("Content-Type"), Some("application/json"), "{what}");
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.text(), body, "{what}");
}

#[test]
fn plain_requests() {
    let mut server = Server::default();
    for (method, query, body) in [
        ("GET", "", UNKNOWN_TRANSPORT),
        ("GET", "?", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=webtransport", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=Polling", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=constructor", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=polling&transport=x", UNKNOWN_TRANSPORT),
        ("POST", "?EIO=4&transport=x&sid=y", UNKNOWN_TRANSPORT),
        ("GET", "?EIO=4&transport=polling&sid=x", UNKNOWN_SID),
        ("GET", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", UNKNOWN_SID),
        ("GET", "?EIO=4&transport=websocket&sid=x", UNKNOWN_SID),
        ("POST", "?EIO=4&transport=polling&sid=__proto__", UNKNOWN_SID),
        ("PUT", "?EIO=4&transport=polling&sid=x", UNKNOWN_SID),
        ("POST", "?EIO=4&transport=polling", BAD_METHOD),
        ("PUT", "?EIO=4&transport=polling", BAD_METHOD),
        ("DELETE", "?EIO=4&transport=polling&sid=", BAD_METHOD),
        ("PATCH", "?EIO=3&transport=polling", BAD_METHOD),
        ("OPTIONS", "?EIO=4&transport=polling", BAD_METHOD),
        ("POST", "?EIO=4&transport=websocket", BAD_METHOD),
        ("GET", "?EIO=4&transport=websocket", BAD_REQUEST),
        ("GET", "?EIO=3&transport=websocket", BAD_REQUEST),
        ("GET", "?transport=polling", BAD_VERSION),
        ("GET", "?EIO=3&transport=polling", BAD_VERSION),
        ("GET", "?EIO=04&transport=polling", BAD_VERSION),
        ("GET", "?EIO=4&EIO=3&transport=polling", BAD_VERSION),
    ] {
        let answer = server.fetch(&answer::request(method, &format!("/socket.io/{query}")));
        assert_refused(&answer, body, &format!("{method} {query}"));
        assert!(!answer.closes());
    }
    assert_eq!(server.seen.opened(), 0);
}

#[test]
fn upgrades() {
    let mut server = Server::default();
    let sid = server.open();
    for (query, body) in [
        ("", UNKNOWN_TRANSPORT),
        ("?EIO=4&transport=x", UNKNOWN_TRANSPORT),
        ("?EIO=4&transport=polling", BAD_REQUEST),
        ("?EIO=4&transport=websocket&sid=x", UNKNOWN_SID),
        ("?EIO=3&transport=websocket", BAD_VERSION),
        ("?transport=websocket", BAD_VERSION),
        (&format!("?EIO=4&transport=polling&sid={sid}"), BAD_REQUEST),
    ] {
        let answer = server.fetch(&client::upgrade(&format!("/socket.io/{query}")));
        assert_refused(&answer, body, query);
    }
    assert_eq!(server.seen.opened(), 1);
}

#[test]
fn a_session_goes_on_in_the_version_in_which_it_began() {
    let mut server = Server::default();
    let sid = server.open();
    for version in ["", "EIO=3&", "EIO=5&", "EIO=4&EIO=3&"] {
        let path = |transport| format!("/socket.io/?{version}transport={transport}&sid={sid}");
        let get = answer::get(&path("polling"));
        assert_refused(&server.fetch(&get), BAD_REQUEST, version);
        let post = post(&sid, "4x").replace("EIO=4&", version);
        assert_refused(&server.fetch(&post), BAD_REQUEST, version);
        let upgrade = client::upgrade(&path("websocket"));
        assert_refused(&server.fetch(&upgrade), BAD_REQUEST, version);
    }
    // Nothing of it was heard, and it lives.
    assert_eq!(server.seen.heard().len(), 0);
    server.post(&sid, "4y");
    assert_eq!(server.poll(&sid), "4y");
}

#[test]
fn a_plain_request_for_a_websocket_with_a_sid_is_bad() {
    let mut server = Server::default();
    let sid = server.open();
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
    assert_refused(&server.fetch(&answer::get(&path)), BAD_REQUEST, "polling");
    let (_, sid) = server.websocket();
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
    assert_refused(&server.fetch(&answer::get(&path)), BAD_REQUEST, "websocket");
}

#[test]
fn another_upgrade_than_to_a_websocket_is_ignored() {
    let mut server = Server::default();
    let request = answer::get("/socket.io/?EIO=4&transport=polling").replace(
        "\r\n\r\n",
        "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    );
    assert_eq!(server.fetch(&request).status, 200);
}

#[test]
fn a_head_gets_no_body() {
    let mut server = Server::default();
    let peer = server.sim.connect();
    let request = answer::request("HEAD", "/socket.io/?EIO=4&transport=polling");
    let bytes = server.sim.exchange(peer, request.as_bytes());
    let mut rest = &bytes[..];
    let answer = answer::take(&mut rest, true);
    assert_eq!(answer.status, 400);
    assert!(rest.is_empty());
}

#[test]
fn the_core_judges_what_is_its_own() {
    let mut server = Server::default();
    let path = "/socket.io/?EIO=4&transport=websocket";
    let bad_key = client::upgrade(path).replace("dGhlIHNhbXBsZSBub25jZQ==", "x");
    assert_eq!(server.fetch(&bad_key).status, 400);
    let foreign = client::upgrade(path).replace("\r\n\r\n", "\r\nOrigin: http://evil.test\r\n\r\n");
    assert_eq!(server.fetch(&foreign).status, 403);
    let trace = answer::request("TRACE", "/socket.io/?EIO=4&transport=polling");
    assert_eq!(server.fetch(&trace).status, 405);
    let unknown = answer::request("BREW", "/socket.io/?EIO=4&transport=polling");
    assert_eq!(server.fetch(&unknown).status, 501);
}

#[test]
fn nothing_of_a_request_stands_in_an_answer() {
    let mut server = Server::default();
    for path in [
        "/socket.io/?EIO=4&transport=<script>peer</script>",
        "/socket.io/?EIO=4&transport=polling&sid=<script>peer</script>",
        "/socket.io/peer?EIO=peer&transport=polling",
    ] {
        let answer = server.fetch(&answer::get(path));
        assert!(!answer.head.contains("peer") && !answer.text().contains("peer"));
    }
    let answer = server.fetch(&post("peer", "peer"));
    assert!(!answer.head.contains("peer") && !answer.text().contains("peer"));
}
