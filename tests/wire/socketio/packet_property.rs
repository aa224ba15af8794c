//! Packets at random: what is written is read as it was, and no text breaks the reader.

use super::packet::packet;
use crate::sim::Rng;
use std::borrow::Cow;
use ws101::socketio::packet::{BROKEN_JSON, Body, OTHER_JSON, Packet, UNKNOWN_TYPE, parse};

const NAMES: [&str; 6] = ["a", "chat message", "", "é\u{1f600}", "\"\\\u{1}", "]],{["];
const VALUES: [&str; 8] = [
    "1",
    "\"x\"",
    "{\"a\":[1,2,{\"b\":\"]\"}]}",
    "[]",
    "-0.5e-7",
    "\"\\ud800\"",
    "123456789012345678901234567890",
    "{\"_placeholder\":true,\"num\":0}",
];
const NAMESPACES: [&str; 4] = ["/", "/ns", "/a/b?c=1", "/é"];

fn one_of<'a>(rng: &mut Rng, texts: &[&'a str]) -> &'a str {
    texts[rng.below(texts.len())]
}

fn args(rng: &mut Rng) -> String {
    let values: Vec<&str> = (0..rng.below(4)).map(|_| one_of(rng, &VALUES)).collect();
    values.join(",")
}

fn body<'a>(rng: &mut Rng, args: &'a str) -> Body<'a> {
    match rng.below(6) {
        0 => Body::Connect(None),
        1 => Body::Connect(Some("{\"token\":[1]}")),
        2 => Body::Disconnect,
        3 => Body::Ack { args },
        4 => Body::ConnectError("\"no\""),
        _ => Body::Event {
            name: match rng.below(3) {
                0 => Cow::Borrowed("17"),
                1 => Cow::Borrowed("\"\\udc00\""),
                _ => Cow::Owned(serde_json::to_string(one_of(rng, &NAMES)).unwrap()),
            },
            args,
        },
    }
}

#[test]
fn what_is_written_is_read() {
    let mut rng = Rng::new(51);
    for _ in 0..20_000 {
        let args = args(&mut rng);
        let id = (rng.next() >> rng.below(64)).to_string();
        let mut packet = Packet { namespace: one_of(&mut rng, &NAMESPACES), ..packet(body(&mut rng, &args)) };
        if matches!(packet.body, Body::Event { .. } | Body::Ack { .. }) {
            packet.attachments = rng.below(11) as u8;
            packet.id = (rng.below(2) == 0).then_some(&id);
        }
        let mut text = String::new();
        packet.write(&mut text);
        assert_eq!(parse(&text), Ok(packet), "{text}");
    }
}

#[test]
fn no_text_breaks_the_reader() {
    const PARTS: [&str; 24] = [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "-",
        "/",
        ",",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        ":",
        "é",
        " ",
        "\"_placeholder\":true",
        "\"num\":",
        "null",
        "1e5",
        "\"a\"",
    ];
    let mut rng = Rng::new(52);
    let (mut read, mut refused) = (0, Vec::new());
    for _ in 0..200_000 {
        let text: String = (0..rng.below(14)).map(|_| one_of(&mut rng, &PARTS)).collect();
        match parse(&text) {
            Ok(packet) => {
                read += 1;
                // Whatever it was, written once it is read as the same again.
                let mut written = String::new();
                packet.write(&mut written);
                assert_eq!(parse(&written), Ok(packet), "{text:?}, then {written:?}");
            }
            Err(rule) if !refused.contains(&rule) => refused.push(rule),
            Err(_) => {}
        }
    }
    assert!(read > 1_000, "only {read} of them were packets");
    for rule in [UNKNOWN_TYPE, BROKEN_JSON, OTHER_JSON] {
        assert!(refused.contains(&rule), "{rule:?} never showed");
    }
}

#[test]
fn a_packet_that_is_cut_or_changed_is_still_judged() {
    let mut rng = Rng::new(53);
    let whole = r#"52-/ns,789["m",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]"#;
    for end in 0..whole.len() {
        assert!(parse(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
    for _ in 0..100_000 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len());
            bytes[at] = b' ' + rng.below(95) as u8;
        }
        let text = String::from_utf8(bytes).unwrap();
        if let Ok(packet) = parse(&text) {
            assert!(packet.attachments <= 10 && packet.namespace.starts_with('/'), "{text}");
        }
    }
}
