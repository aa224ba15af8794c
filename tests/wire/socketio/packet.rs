//! Packets, row by row: what each text says, and which rule each other text breaks.

use std::borrow::Cow;
use ws101::apps::json::is_name;
use ws101::socketio::packet::{
    BROKEN_JSON, Body, Breach, MAIN, OTHER_JSON, Packet, RESERVED_NAME, UNKNOWN_TYPE, WRONG_COUNT,
    WRONG_PLACEHOLDER, parse,
};

pub fn packet<'a>(body: Body<'a>) -> Packet<'a> {
    Packet { namespace: MAIN, attachments: 0, id: None, body }
}

fn event<'a>(name: &'a str, args: &'a str) -> Packet<'a> {
    packet(Body::Event { name: Cow::Owned(format!("\"{name}\"")), args })
}

fn in_namespace<'a>(namespace: &'a str, packet: Packet<'a>) -> Packet<'a> {
    Packet { namespace, ..packet }
}

fn with_id<'a>(id: &'a str, packet: Packet<'a>) -> Packet<'a> {
    Packet { id: Some(id), ..packet }
}

fn with_attachments(attachments: u8, packet: Packet<'_>) -> Packet<'_> {
    Packet { attachments, ..packet }
}

const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;
const TWO: &str = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;

/// Each text is this packet, and this packet is the text.
fn check_both_ways<const N: usize>(rows: [(&str, Packet<'_>); N]) {
    for (text, packet) in rows {
        assert_eq!(parse(text).as_ref(), Ok(&packet), "{text}");
        let mut written = String::new();
        packet.write(&mut written);
        assert_eq!(written, text);
    }
}

// Packets stand here without the `4` that Engine.IO puts in front.

#[test]
fn joining_and_leaving_is_read_and_written() {
    check_both_ways([
        ("0", packet(Body::Connect(None))),
        (r#"0{"token":"…"}"#, packet(Body::Connect(Some(r#"{"token":"…"}"#)))),
        ("0/ns,", in_namespace("/ns", packet(Body::Connect(None)))),
        (r#"0/ns,{"a":1}"#, in_namespace("/ns", packet(Body::Connect(Some(r#"{"a":1}"#))))),
        (
            r#"0{"sid":"or5y6kOb8ZowQI1EAAAA"}"#,
            packet(Body::Connect(Some(r#"{"sid":"or5y6kOb8ZowQI1EAAAA"}"#))),
        ),
        (
            r#"4/nope,{"message":"Invalid namespace"}"#,
            in_namespace("/nope", packet(Body::ConnectError(r#"{"message":"Invalid namespace"}"#))),
        ),
        (r#"4"no""#, packet(Body::ConnectError(r#""no""#))),
        ("1", packet(Body::Disconnect)),
        ("1/ns,", in_namespace("/ns", packet(Body::Disconnect))),
    ]);
}

#[test]
fn events_and_acks_are_read_and_written() {
    check_both_ways([
        (r#"2["chat message","hi"]"#, event("chat message", r#""hi""#)),
        (r#"20["chat message","hi"]"#, with_id("0", event("chat message", r#""hi""#))),
        (r#"2["a"]"#, event("a", "")),
        (r#"2[""]"#, event("", "")),
        (
            r#"2/ns,18446744073709551615["a",1,[2],{"b":null}]"#,
            in_namespace("/ns", with_id("18446744073709551615", event("a", r#"1,[2],{"b":null}"#))),
        ),
        ("2[-1.5e3,0]", packet(Body::Event { name: Cow::Borrowed("-1.5e3"), args: "0" })),
        (
            r#"2["\ud800","\udc00"]"#,
            packet(Body::Event { name: Cow::Borrowed(r#""\ud800""#), args: r#""\udc00""# }),
        ),
        ("2[\"n\",123456789012345678901234567890,1e999]", event("n", "123456789012345678901234567890,1e999")),
        (r#"30["ok"]"#, with_id("0", packet(Body::Ack { args: r#""ok""# }))),
        ("3/ns,12[]", in_namespace("/ns", with_id("12", packet(Body::Ack { args: "" })))),
        (
            r#"51-["chat message",{"_placeholder":true,"num":0}]"#,
            with_attachments(1, event("chat message", PLACEHOLDER)),
        ),
        (
            r#"52-/ns,789["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            in_namespace("/ns", with_id("789", with_attachments(2, event("m", TWO)))),
        ),
        (
            r#"61-/ns,7[{"_placeholder":true,"num":0}]"#,
            in_namespace("/ns", with_id("7", with_attachments(1, packet(Body::Ack { args: PLACEHOLDER })))),
        ),
    ]);
}

#[test]
fn what_may_be_written_in_several_ways_means_the_same() {
    for (text, packet) in [
        // As a client without a comma has it.
        ("0/ns", in_namespace("/ns", packet(Body::Connect(None)))),
        ("1/ns", in_namespace("/ns", packet(Body::Disconnect))),
        ("0/,", packet(Body::Connect(None))),
        // An id that nobody asked for.
        ("05", packet(Body::Connect(None))),
        ("17", packet(Body::Disconnect)),
        ("2007[\"a\"]", with_id("7", event("a", ""))),
        ("200[\"a\"]", with_id("0", event("a", ""))),
        ("2 [ \"chat\\u0020message\"\t,\r\n 1 , 2 ] ", event("chat\\u0020message", "1 , 2")),
        ("2[\"a\" ]", event("a", "")),
        // "\u00a0" is white space to Rust and a character to JSON.
        ("2[\"a\",\"\u{a0}\"]", event("a", "\"\u{a0}\"")),
        ("35", with_id("5", packet(Body::Ack { args: "" }))),
        ("3[1]", packet(Body::Ack { args: "1" })),
        (r#"501-["m",{"_placeholder":true,"num":0}]"#, with_attachments(1, event("m", PLACEHOLDER))),
        // No placeholder needs to be there, and one may be there twice.
        (r#"51-["m"]"#, with_attachments(1, event("m", ""))),
        (
            r#"51-["m",[{"num":0.0e5,"_placeholder":true}],{"\u005fplaceholder":true,"num":-0}]"#,
            with_attachments(
                1,
                event("m", r#"[{"num":0.0e5,"_placeholder":true}],{"\u005fplaceholder":true,"num":-0}"#),
            ),
        ),
        // Not binary: only what looks like one.
        (r#"2["m",{"_placeholder":true,"num":9}]"#, event("m", r#"{"_placeholder":true,"num":9}"#)),
    ] {
        assert_eq!(parse(text), Ok(packet), "{text}");
    }
}

/// Texts that are no packets, by the rule that they break.
const BREACHES: [(Breach, &[&str]); 6] = [
    (UNKNOWN_TYPE, &["", "7", "9[]", "abc", " 2[\"a\"]", "-1", "é"]),
    (
        WRONG_COUNT,
        &[
            "5",
            "51",
            "51[\"a\"]",
            "5-[\"a\"]",
            "50-[\"a\"]",
            "511-[\"a\"]",
            "5256-[\"a\"]",
            "5+1-[\"a\"]",
            "51.0-[\"a\"]",
            "5x-[\"a\"]",
            "599999999999999999999-[\"a\"]",
            "5/ns,1-[\"a\"]",
            "6[1]",
            "60-[1]",
        ],
    ),
    (
        BROKEN_JSON,
        &[
            "21.5",
            "4",
            "41",
            "2[",
            "2[\"a\"",
            "2[\"a\",]",
            "2[\"a\"]]",
            "2[\"a\"] x",
            "2abc[\"a\"]",
            "2[\"a\nb\"]",
            "2[\"a\",01]",
            "2[\"a\",NaN]",
            "2[\"a\",\"\\x\"]",
            "2[\"a\" \"b\"]",
            "0{",
            "0{\"a\"}",
            "0x",
            "3[1",
            "2\u{a0}[\"a\"]",
            "2[\"a\",\u{feff}1]",
        ],
    ),
    (
        OTHER_JSON,
        &[
            "2",
            "27",
            "2{}",
            "2\"a\"",
            "2null",
            "2[]",
            "2[null]",
            "2[true]",
            "2[[\"a\"]]",
            "2[{}]",
            "51-",
            "51-{}",
            "51-[]",
            "3{}",
            "3\"a\"",
            "0null",
            "0[]",
            "0\"a\"",
            "0true",
            "1{}",
            "1[]",
            "1x",
            "4[]",
            "4null",
        ],
    ),
    (
        RESERVED_NAME,
        &[
            "2[\"connect\"]",
            "2[\"connect_error\"]",
            "2[\"disconnect\",1]",
            "2[\"disconnecting\"]",
            "2[\"newListener\"]",
            "2[\"removeListener\"]",
            "2[\"\\u0063onnect\"]",
            "51-[\"connect\"]",
        ],
    ),
    (
        WRONG_PLACEHOLDER,
        &[
            r#"51-["m",{"_placeholder":true,"num":1}]"#,
            r#"51-["m",{"_placeholder":true,"num":-1}]"#,
            r#"51-["m",{"_placeholder":true,"num":0.5}]"#,
            r#"51-["m",{"_placeholder":true,"num":"0"}]"#,
            r#"51-["m",{"_placeholder":true}]"#,
            r#"51-["m",{"num":1,"_placeholder":true}]"#,
            r#"51-["m",{"_placeholder":true,"num":0,"num":1}]"#,
            r#"51-["m",{"_placeholder":true,"num":[0]}]"#,
            r#"51-["m",{"_placeholder":true,"num":1e999}]"#,
            r#"51-["m",[[{"x":{"_placeholder":true,"num":7}}]]]"#,
            r#"51-["m",{"\u005fplaceholder":true,"n\u0075m":3}]"#,
            r#"51-["m","]}\"",{"_placeholder":true,"num":3}]"#,
            r#"61-0[{"_placeholder":true,"num":1}]"#,
        ],
    ),
];

#[test]
fn a_name_is_known_however_it_is_written() {
    let is = |text: &str, wanted| match parse(text).unwrap().body {
        Body::Event { name, .. } => is_name(&name, wanted),
        body => panic!("{body:?}"),
    };
    for text in [r#"2["chat message"]"#, r#"2[ "chat\u0020message" ]"#, r#"2["\u0063hat message"]"#] {
        assert!(is(text, "chat message"), "{text}");
        assert!(!is(text, "chat") && !is(text, "chat message ") && !is(text, ""), "{text}");
    }
    assert!(is(r#"2["\ud83d\ude00\n\"\\"]"#, "\u{1f600}\n\"\\"));
    assert!(is(r#"2[""]"#, ""));
    // A number is no text, and no text has half a character.
    assert!(!is("2[7]", "7"));
    assert!(!is(r#"2["\ud800"]"#, "\u{fffd}"));
}

#[test]
fn what_is_no_packet_breaks_a_rule() {
    for (rule, texts) in BREACHES {
        for text in texts {
            assert_eq!(parse(text), Err(rule), "{text:?}");
        }
    }
}

#[test]
fn what_only_resembles_a_placeholder_is_a_value() {
    for args in [
        r#"{"_placeholder":1,"num":9}"#,
        r#"{"_placeholder":"true","num":9}"#,
        r#"{"_placeholder":false,"num":9}"#,
        r#"{"_placeholder":true,"_placeholder":false,"num":9}"#,
        r#"{"_placeholder":[true],"num":9}"#,
        r#"{"x":"_placeholder","num":9}"#,
        r#"{"x":{"_placeholder":{}},"num":9}"#,
        r#""{\"_placeholder\":true,\"num\":9}""#,
        r#"["_placeholder",true,"num",9]"#,
    ] {
        let text = format!("51-[\"m\",{args}]");
        let read = parse(&text);
        assert!(read.is_ok(), "{text}: {read:?}");
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("2[\"a\",{open}{close}]")
    };
    assert!(parse(&nested(31)).is_ok());
    assert_eq!(parse(&nested(32)), Err(BROKEN_JSON));
    // A reader that called itself for each would be at its end.
    assert_eq!(parse(&nested(400_000)), Err(BROKEN_JSON));
    assert_eq!(parse(&format!("0{}", "{\"a\":".repeat(200_000))), Err(BROKEN_JSON));
}

#[test]
fn ids_and_names_have_any_length() {
    let digits = "9".repeat(400);
    let text = format!("2{digits}[\"a\"]");
    assert_eq!(parse(&text), Ok(with_id(&digits, event("a", ""))));
    let text = format!("3{digits}[]");
    let ack = packet(Body::Ack { args: "" });
    assert_eq!(parse(&text), Ok(with_id(&digits, ack)));
    // Whether there is such a namespace is not asked here.
    let name = format!("/{}", "n".repeat(5_000));
    let text = format!("0{name},");
    let connect = packet(Body::Connect(None));
    assert_eq!(parse(&text), Ok(in_namespace(&name, connect)));
}
