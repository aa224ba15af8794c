//! The lists in the header fields of a handshake, and what is decided by them
//! (RFC 6455 §4.2, §9.1; RFC 9112 §6.3).
//!
//! Input: flags, then header fields: a byte for the name, the value, LF. The same decisions are
//! taken a second time here, in the plainest way.

use std::borrow::Cow;
use std::net::IpAddr;
use tungstenite::handshake::derive_accept_key;
use ws101::http::body::{Announced, Framing};
use ws101::http::head::{self, Fields, Head};
use ws101::http::method::Method;
use ws101::http::policy::Policy;
use ws101::http::refusal::Rejection;
use ws101::http::response::{Body, write_head};
use ws101::http::route::Route;
use ws101::ws::handshake::{Handshake, plan};
use ws101::ws::offers::{Offer, are_offers_well_formed, offers, subprotocols};

const NAMES: [&str; 16] = [
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Origin",
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Expect",
    "connection",
    "UPGRADE",
    "sec-websocket-extensions",
    "content-length",
    "X-Other",
];
const METHODS: [&str; 8] = ["GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "BREW"];
const BASE: [(u8, &str); 4] = [
    (0x10, "Host: localhost:8000\r\n"),
    (0x20, "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"),
    (0x40, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
    (0x80, "Sec-WebSocket-Version: 13\r\n"),
];

pub fn check(data: &[u8]) {
    let Some(([method, flags], lines)) = data.split_first_chunk() else { return };
    let mut bytes = request(*method, !*flags, lines);
    let policy = Policy {
        allowed_origins: if flags & 1 == 0 { vec![] } else { vec!["*".to_owned()] },
        ..Policy::default()
    };
    let mut slots = head::NO_FIELDS;
    let judged = head::parse(&mut bytes, &mut slots).and_then(|head| {
        policy.check_host(head.host)?;
        Ok((head, Announced::of(&head)?.framing))
    });
    let (head, framing) = match judged {
        Ok(judged) => judged,
        Err(rejection) => return refusal_parses(rejection),
    };
    lists(&head);
    body_ends(&head, framing);
    let websocket = Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 };
    let page = Route { methods: &[Method::Get, Method::Post], websocket: false, max_body_bytes: 10 };
    let planned = plan(&head, framing, Some(&websocket), &policy);
    assert_eq!(status(&planned), expected(&head, framing, &policy));
    if let Ok(Some(handshake)) = &planned {
        upgrades(&head, handshake, &policy);
    }
    for planned in [planned, plan(&head, framing, Some(&page), &policy), plan(&head, framing, None, &policy)]
    {
        if let Err(rejection) = planned {
            refusal_parses(rejection);
        }
    }
}

/// `base`: the bits of the fields that are there without being named.
fn request(method: u8, base: u8, lines: &[u8]) -> Vec<u8> {
    let version = if method & 0x80 == 0 { "1.1" } else { "1.0" };
    let method = METHODS[usize::from(method & 7)];
    let mut bytes = format!("{method} /echo HTTP/{version}\r\n").into_bytes();
    for (bit, field) in BASE {
        if base & bit != 0 {
            bytes.extend_from_slice(field.as_bytes());
        }
    }
    for line in lines.split(|&byte| byte == b'\n') {
        if let Some((name, value)) = line.split_first() {
            bytes.extend_from_slice(NAMES[usize::from(name & 15)].as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// The items of all fields of this name, as one list.
fn list(head: &Head<'_>, name: &str) -> Vec<Vec<u8>> {
    let named = |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case(name);
    let values: Vec<&[u8]> = head.fields.0.iter().filter(named).map(|it| it.value).collect();
    let joined = values.join(&b","[..]);
    let items = joined.split(|&byte| byte == b',');
    let items = items.map(|item| item.trim_ascii().to_ascii_lowercase());
    items.filter(|item| !item.is_empty()).collect()
}

fn has(head: &Head<'_>, name: &str) -> bool {
    head.fields.0.iter().any(|it| it.name.eq_ignore_ascii_case(name))
}

fn is_in(head: &Head<'_>, name: &str, token: &str) -> bool {
    list(head, name).iter().any(|item| item == token.as_bytes())
}

/// Tokens are found, and offers mean the same when they are written anew.
fn lists(head: &Head<'_>) {
    for (name, token) in [
        ("connection", "upgrade"),
        ("connection", "close"),
        ("upgrade", "websocket"),
        ("sec-websocket-protocol", "chat"),
    ] {
        assert_eq!(head.fields.has_token(name, token), is_in(head, name, token));
    }
    if !are_offers_well_formed(head) {
        return;
    }
    let protocols: Vec<&str> = subprotocols(head).map(|it| it.expect("a token")).collect();
    let names = list(head, "sec-websocket-protocol");
    assert!(
        protocols
            .iter()
            .map(|it| it.to_ascii_lowercase())
            .eq(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()))
    );
    let written: Vec<String> = offers(head.fields).map(|it| write(&it.expect("an offer"))).collect();
    let value = written.join(" , ");
    let field = [httparse::Header { name: "Sec-WebSocket-Extensions", value: value.as_bytes() }];
    let again = Head { fields: Fields(&field), ..*head };
    let read: Vec<String> = offers(again.fields).map(|it| write(&it.expect("an offer"))).collect();
    assert_eq!(read, written);
}

fn write(offer: &Offer<'_>) -> String {
    let mut text = offer.name.to_owned();
    for param in offer.params() {
        text += " ; ";
        text += param.name;
        if let Some(value) = param.value {
            text += &format!(" = \"{value}\"");
        }
    }
    text
}

/// One reading of where the body ends, or none.
fn body_ends(head: &Head<'_>, framing: Framing) {
    let lengths = list(head, "content-length");
    let number = |item: &Vec<u8>| -> u64 {
        assert!(item.iter().all(u8::is_ascii_digit), "not a number");
        std::str::from_utf8(item).expect("digits").parse().expect("a number")
    };
    let is_number = |wanted: u64| lengths.iter().all(|item| number(item) == wanted);
    match framing {
        Framing::None => assert!(!has(head, "transfer-encoding") && is_number(0)),
        Framing::Length(len) => {
            assert!(!has(head, "transfer-encoding") && !lengths.is_empty());
            assert!(len > 0 && is_number(len));
        }
        Framing::Chunked => {
            assert!(head.http11 && !has(head, "content-length"));
            assert_eq!(list(head, "transfer-encoding"), [b"chunked"]);
        }
    }
}

fn status(plan: &Result<Option<Handshake>, Rejection>) -> u16 {
    match plan {
        Err(rejection) => rejection.status.0,
        Ok(Some(_)) => 101,
        Ok(None) => 200,
    }
}

/// What a WebSocket resource answers: the rules of the handshake in their order.
fn expected(head: &Head<'_>, framing: Framing, policy: &Policy) -> u16 {
    let single = |name: &str| -> Option<&[u8]> {
        let mut named = head.fields.0.iter().filter(|it| it.name.eq_ignore_ascii_case(name));
        let value = named.next()?.value.trim_ascii();
        named.next().is_none().then_some(value)
    };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let is_key = |key: &[u8]| key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_base64);
    match head.method {
        Method::Unknown => return 501,
        Method::Get => {}
        _ => return 405,
    }
    if !is_in(head, "upgrade", "websocket") || !is_in(head, "connection", "upgrade") {
        426
    } else if !head.http11 {
        400
    } else if single("sec-websocket-version") != Some(b"13") {
        426
    } else if !single("sec-websocket-key").is_some_and(is_key) {
        400
    } else if policy.check_origin(head.fields.values("origin"), head.host).is_err() {
        403
    } else if framing != Framing::None || !are_offers_well_formed(head) {
        400
    } else {
        101
    }
}

/// The `101` parses and says what was asked for; the page that asks is one of ours.
fn upgrades(head: &Head<'_>, handshake: &Handshake, policy: &Policy) {
    for extensions in [None, Some("permessage-deflate")] {
        let mut answer = Vec::new();
        handshake.write(&mut answer, extensions, None);
        let mut slots = [httparse::EMPTY_HEADER; 8];
        let mut response = httparse::Response::new(&mut slots);
        let parsed = response.parse(&answer);
        assert_eq!(parsed, Ok(httparse::Status::Complete(answer.len())));
        assert_eq!(response.code, Some(101));
        let key = head.fields.single("sec-websocket-key").expect("a key");
        let accept = derive_accept_key(key);
        let fields: Vec<_> = response.headers.iter().map(|it| (it.name, it.value)).collect();
        let mut wanted = vec![
            ("Upgrade", &b"websocket"[..]),
            ("Connection", b"Upgrade"),
            ("Sec-WebSocket-Accept", accept.as_bytes()),
        ];
        wanted.extend(extensions.map(|it| ("Sec-WebSocket-Extensions", it.as_bytes())));
        assert_eq!(fields, wanted);
    }
    if let (Some(origin), Some(host), []) =
        (head.fields.text("origin"), head.host, &policy.allowed_origins[..])
    {
        let page = origin.split_once("://").map_or("", |(_, page)| page);
        let (page, host) = (host_of(page), host_of(host.text));
        let is_near = |host: &str| {
            let ip = host.trim_matches(['[', ']']).parse();
            host == "localhost" || ip.is_ok_and(|ip: IpAddr| ip.is_loopback())
        };
        assert!(
            origin == "file://" || page == host || is_near(&page) && is_near(&host),
            "{origin} may connect to {host}"
        );
    }
}

/// Without the port and a final dot, in lower case; addresses in one form.
fn host_of(authority: &str) -> String {
    let end = match authority.rfind(']') {
        Some(end) => end + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let host = authority[..end].to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.to_owned(),
    }
}

/// A refusal is an answer that parses, with the body that it promises, and the last.
fn refusal_parses(rejection: Rejection) {
    let date = "Sat, 01 Jan 2000 00:00:00 GMT";
    let mut answer = Vec::new();
    write_head(&mut answer, &rejection, date, true);
    let mut slots = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut slots);
    let parsed = response.parse(&answer);
    assert_eq!(parsed, Ok(httparse::Status::Complete(answer.len())));
    assert_eq!(response.code, Some(rejection.status.0));
    let field = |name: &str| -> Vec<&[u8]> {
        let named = response.headers.iter().filter(|it| it.name.eq_ignore_ascii_case(name));
        named.map(|it| it.value).collect()
    };
    let Body::Bytes(Cow::Borrowed(body)) = rejection.body else {
        panic!("a refusal has a fixed text");
    };
    assert_eq!(field("content-length"), [body.len().to_string().as_bytes()]);
    let connection = field("connection");
    assert!(matches!(connection[..], [b"close" | b"Upgrade, close"]));
    assert!(body.is_ascii() && body.ends_with(b"\n"));
}
