//! The opening handshake (RFC 6455 §4.2) and the plan for every request.
//!
//! Faults have a fixed order, and the first of them decides.

use ws101::config::Config;
use ws101::http::head::HeadScanner;
use ws101::http::method::Method;
use ws101::http::policy::Policy;
use ws101::http::response::Response;
use ws101::http::route::Route;
use ws101::ws::handshake::{self, accept_value, plan};

use crate::http::head::{with_announced, with_head};

pub(crate) const WEBSOCKET: Route = Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 };
const CHAT: Route = Route { methods: &[Method::Get, Method::Head, Method::Post], ..WEBSOCKET };
pub(crate) const PAGE: Route =
    Route { methods: &[Method::Get, Method::Head], websocket: false, max_body_bytes: 0 };
pub(crate) const POLLING: Route =
    Route { methods: &[Method::Get, Method::Post], websocket: false, max_body_bytes: 5 };

/// RFC 6455 §1.2's request, with our host.
const VALID: &[&str] = &[
    "GET /chat HTTP/1.1",
    "Host: localhost:8000",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Origin: http://localhost:8000",
    "Sec-WebSocket-Protocol: chat, superchat",
    "Sec-WebSocket-Version: 13",
];

/// VALID with lines replaced by those that begin alike up to the colon (or the first space), added
/// when there is none such, and left out when nothing follows the colon but `-`.
pub(crate) fn request(changes: &[&str]) -> String {
    let name = |line: &str| line.split([':', ' ']).next().unwrap_or("").to_ascii_lowercase();
    let mut lines: Vec<&str> = VALID.to_vec();
    for change in changes {
        let at = lines.iter().position(|line| name(line) == name(change));
        match at {
            // The request line is always the first, whatever its method.
            _ if change.contains(" HTTP/1.") => lines[0] = change,
            Some(at) if change.ends_with(": -") => drop(lines.remove(at)),
            Some(at) => lines[at] = change,
            None => lines.push(change),
        }
    }
    lines.join("\r\n") + "\r\n\r\n"
}

/// `Err(response)`, `Ok(Some(101 bytes))` or `Ok(None)` for Serve.
pub(crate) type Outcome = Result<Option<Vec<u8>>, Box<Response>>;

pub(crate) fn outcome(head: &str, route: Option<&Route>, policy: &Policy) -> Result<Outcome, u16> {
    with_announced(head.as_bytes(), policy, |head, body| {
        let handshake = plan(head, body.framing, route, policy)?;
        Ok(handshake.map(|handshake| {
            let mut bytes = Vec::new();
            handshake.write(&mut bytes, None, None);
            bytes
        }))
    })
}

/// 101, 200 for Serve, or the status of the refusal.
pub(crate) fn status(head: &str, route: Option<&Route>) -> u16 {
    match outcome(head, route, &Policy::default()) {
        Err(status) => status,
        Ok(Err(rejection)) => {
            assert!(rejection.close);
            rejection.status.0
        }
        Ok(Ok(Some(_))) => 101,
        Ok(Ok(None)) => 200,
    }
}

pub(crate) fn check(route: Option<&Route>, cases: &[(u16, &[&str])]) {
    for (expected, changes) in cases {
        assert_eq!(status(&request(changes), route), *expected, "{changes:?}");
    }
}

pub(crate) fn refusal(head: &str, route: &Route) -> Box<Response> {
    let outcome = outcome(head, Some(route), &Policy::default()).expect("a valid head");
    outcome.expect_err("a refusal")
}

pub(crate) fn field(response: &Response, name: &str) -> Option<String> {
    let mut fields = response.fields.iter();
    fields.find(|(n, _)| *n == name).map(|(_, value)| value.to_string())
}

#[test]
fn valid_handshake_is_answered_with_exactly_these_bytes() {
    // RFC 6455 §1.3, §4.2.2: status, Upgrade, Connection, Sec-WebSocket-Accept; no subprotocol.
    let answer = outcome(&request(&[]), Some(&WEBSOCKET), &Policy::default());
    assert_eq!(
        String::from_utf8(answer.unwrap().ok().unwrap().unwrap()).unwrap(),
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         \r\n"
    );
}

#[test]
fn agreed_extension_is_the_last_field_of_the_101() {
    // RFC 6455 §4.2.2 step 5.6, §11.3.2: one line.
    let head = request(&[]);
    let bytes = with_head(head.as_bytes(), &Policy::default(), |head| {
        let handshake = handshake::check(head).ok().expect("a valid handshake");
        let mut bytes = Vec::new();
        handshake.write(&mut bytes, Some("permessage-deflate"), None);
        bytes
    });
    let end = b"Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    assert!(bytes.unwrap().ends_with(end));
}

#[test]
fn accept_value_is_computed_from_the_text_of_the_key() {
    // RFC 6455 §4.2.2 step 5.4; the second is §4.1's key, whose trailing bits are not zero.
    assert_eq!(&accept_value(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(&accept_value(b"AQIDBAUGBwgJCgsMDQ4PEC=="), b"OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
}

#[test]
fn bytes_behind_the_head_are_left_for_the_frames() {
    // RFC 6455 §4.2.2: what comes with the request belongs to the frame stream.
    let head = request(&[]);
    let bytes = [head.as_bytes(), b"\x81\x80\x00\x00\x00\x00"].concat();
    let end = HeadScanner::default().scan(&bytes, &Config::default()).ok().flatten();
    assert_eq!(end, Some(head.len()));
}

#[test]
fn handshake_in_any_order_and_case_is_accepted() {
    // RFC 6455 §4.2.1: fields in any order, unknown ones ignored, names without case.
    let (line, fields) = VALID.split_first().unwrap();
    let mut fields: Vec<String> = fields.iter().map(|field| field.to_ascii_lowercase()).collect();
    fields.retain(|field| !field.starts_with("sec-websocket-key"));
    fields.push("SEC-WEBSOCKET-KEY:\t dGhlIHNhbXBsZSBub25jZQ== ".to_owned());
    fields.push("Unknown: \u{e4}".to_owned());
    fields.reverse();
    let head = format!("{line}\r\n{}\r\n\r\n", fields.join("\r\n"));
    assert_eq!(status(&head, Some(&WEBSOCKET)), 101);
    let absolute = request(&["GET http://localhost:8000/chat HTTP/1.1"]);
    assert_eq!(status(&absolute, Some(&WEBSOCKET)), 101);
}

#[test]
fn upgrade_pair_missing_or_different_is_426_on_a_websocket_path() {
    // RFC 6455 §4.2.1; RFC 9110 §15.5.22.
    check(
        Some(&WEBSOCKET),
        &[
            (101, &["Upgrade: h2c, WebSocket"]),
            (101, &["Connection: keep-alive, , upgrade"]),
            (426, &["Upgrade: -"]),
            (426, &["Upgrade: websockets"]),
            (426, &["Upgrade: web socket"]),
            (426, &["Connection: -"]),
            (426, &["Connection: keep-alive"]),
            (426, &["Connection: upgraded"]),
            // No pair: no upgrade over HTTP/1.0 either.
            (426, &["GET /chat HTTP/1.0", "Upgrade: -"]),
        ],
    );
}

#[test]
fn upgrade_required_says_to_what() {
    // RFC 9110 §7.8, §15.5.22; RFC 6455 §4.4.
    for changes in [["Upgrade: -"], ["Sec-WebSocket-Version: 8"]] {
        let response = refusal(&request(&changes), &WEBSOCKET);
        assert_eq!(response.status.0, 426);
        assert_eq!(field(&response, "Upgrade").as_deref(), Some("websocket"));
        assert_eq!(field(&response, "Connection").as_deref(), Some("Upgrade"));
        assert_eq!(field(&response, "Sec-WebSocket-Version").as_deref(), Some("13"));
    }
}

#[test]
fn upgrade_over_http10_is_400() {
    // RFC 6455 §4.2.1: HTTP/1.1 or higher.
    check(
        Some(&WEBSOCKET),
        &[
            (400, &["GET /chat HTTP/1.0"]),
            (400, &["GET /chat HTTP/1.0", "Sec-WebSocket-Version: 8"]),
            (101, &["GET /chat HTTP/1.2"]),
        ],
    );
}

#[test]
fn upgrade_with_another_method_is_405() {
    // RFC 6455 §4.2.1: GET; RFC 9110 §15.5.6: Allow.
    check(
        Some(&CHAT),
        &[
            (405, &["POST /chat HTTP/1.1"]),
            (405, &["HEAD /chat HTTP/1.1", "Sec-WebSocket-Version: 8"]),
            (426, &["POST /chat HTTP/1.1", "Upgrade: -"]),
            (426, &["HEAD /chat HTTP/1.1", "Upgrade: -"]),
            (405, &["PUT /chat HTTP/1.1", "Upgrade: -"]),
        ],
    );
    let response = refusal(&request(&["POST /chat HTTP/1.1"]), &CHAT);
    assert_eq!(field(&response, "Allow").as_deref(), Some("GET"));
}

#[test]
fn version_other_than_one_13_is_426() {
    // RFC 6455 §4.2.2 step 4, §4.4, §11.3.5.
    check(
        Some(&WEBSOCKET),
        &[
            (426, &["Sec-WebSocket-Version: -"]),
            (426, &["Sec-WebSocket-Version: 8"]),
            (426, &["Sec-WebSocket-Version: 013"]),
            (426, &["Sec-WebSocket-Version: 13, 8"]),
            (426, &["Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13"]),
            // Judged before the key.
            (426, &["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: x"]),
        ],
    );
}

#[test]
fn key_that_is_not_one_base64_of_16_bytes_is_400() {
    // RFC 6455 §4.2.1 step 5, §11.3.1.
    check(
        Some(&WEBSOCKET),
        &[
            (101, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="]),
            (400, &["Sec-WebSocket-Key: -"]),
            (400, &["Sec-WebSocket-Key:"]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P"]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEBE="]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEBES"]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA"]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PE==="]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P-A=="]),
            (400, &["Sec-WebSocket-Key: AQIDBAUGBwgJ CgsMDQ4PEA=="]),
            (
                400,
                &[
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                ],
            ),
            // Judged before the Origin.
            (400, &["Sec-WebSocket-Key: x", "Origin: null"]),
        ],
    );
}

#[test]
fn body_on_an_upgrade_is_400_and_an_empty_one_is_none() {
    // RFC 9112 §6: a body would be read as frames.
    check(
        Some(&WEBSOCKET),
        &[
            (101, &["Content-Length: 0"]),
            (400, &["Content-Length: 1"]),
            (400, &["Transfer-Encoding: chunked"]),
            // Judged after the Origin.
            (403, &["Content-Length: 1", "Origin: null"]),
        ],
    );
}

#[test]
fn malformed_offers_are_400_and_unknown_ones_are_left_out() {
    // RFC 6455 §9.1, §11.3.2, §11.3.4.
    check(
        Some(&WEBSOCKET),
        &[
            (101, &["Sec-WebSocket-Extensions: unknown; x=1; x=1, permessage-deflate; y"]),
            (101, &["Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b"]),
            (101, &["Sec-WebSocket-Protocol: -"]),
            (400, &["Sec-WebSocket-Extensions:"]),
            (400, &["Sec-WebSocket-Extensions: ,"]),
            (400, &["Sec-WebSocket-Extensions: x;"]),
            (400, &["Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: x; a="]),
            (400, &["Sec-WebSocket-Extensions: x; a=\"1"]),
            (400, &["Sec-WebSocket-Protocol:"]),
            (400, &["Sec-WebSocket-Protocol: a b"]),
            (400, &["Sec-WebSocket-Protocol: a;b"]),
        ],
    );
}
