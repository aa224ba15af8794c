//! Events and acks, both ways.

use super::client::{BOTH, Client, Transport, noting, said, take};

/// A client in `/`, whose greeting is read.
fn joined(transport: Transport) -> (crate::sim::Sim, super::client::Notes, Client) {
    let (mut sim, notes) = noting();
    let client = Client::joined(&mut sim, transport);
    take(&notes);
    (sim, notes, client)
}

#[test]
fn values_come_back_byte_for_byte() {
    for transport in BOTH {
        let (mut sim, _, mut client) = joined(transport);
        for values in [
            r#"1,"2",{"3":[true]}"#,
            r#""hi""#,
            "null",
            r#"123456789012345678901234567890,1e999,-0.0,1E5"#,
            r#""\ud800 \udc00 \ud83d\ude00 \u0000""#,
            "\"é\u{1f600}\u{2028}\"",
            r#"{"b":1,"a":2,"b":3}"#,
            r#"{ "spaced" : [ 1 , 2 ] }"#,
            r#"{"_placeholder":true,"num":0}"#,
            r#"{"__proto__":{"x":1},"constructor":[]}"#,
        ] {
            let got = client.exchange(&mut sim, &[&format!("2[\"message\",{values}]")]);
            assert_eq!(got, [said(&format!("2[\"message-back\",{values}]"))]);
        }
        let got = client.exchange(&mut sim, &["2[\"message\"]"]);
        assert_eq!(got, [said("2[\"message-back\"]")]);
    }
}

#[test]
fn the_application_hears_any_name_that_is_not_reserved() {
    let (mut sim, notes, mut client) = joined(Transport::WebSocket);
    let sent = [
        "2[\"unknown\",1]",
        "2[\"\"]",
        "2[7,\"seven\"]",
        "2[\"\\ud800\"]",
        "2[\"Connect\"]",
        "2[\"ask\\u0020\"]",
    ];
    assert_eq!(client.exchange(&mut sim, &sent), []);
    let told = [
        r#"Some("unknown") "unknown" 1"#,
        r#"Some("") "" "#,
        r#"None 7 "seven""#,
        r#"None "\ud800" "#,
        r#"Some("Connect") "Connect" "#,
        r#"Some("ask ") "ask\u0020" "#,
    ];
    assert_eq!(take(&notes), told);
}

#[test]
fn an_ack_carries_the_number_that_came() {
    for transport in BOTH {
        let (mut sim, _, mut client) = joined(transport);
        for (sent, answer) in [
            ("20[\"message-with-ack\"]", "30[]"),
            ("2456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]", "3456[1,\"2\",{\"3\":[false]}]"),
            ("218446744073709551615[\"message-with-ack\",1]", "318446744073709551615[1]"),
            ("2007[\"message-with-ack\",1]", "37[1]"),
            // Larger than any number of ours: it is only told back.
            ("2123456789012345678901234567890[\"message-with-ack\",1]", "3123456789012345678901234567890[1]"),
        ] {
            assert_eq!(client.exchange(&mut sim, &[sent]), [said(answer)]);
        }
        let got = client.exchange(&mut sim, &["2[\"message-with-ack\",1]"]);
        assert_eq!(got, [], "nobody waits");
    }
}

#[test]
fn an_answer_reaches_the_application_if_it_asked() {
    for transport in BOTH {
        let (mut sim, notes, mut client) = joined(transport);
        let got = client.exchange(&mut sim, &["2[\"ask\",\"a\"]", "2[\"ask\",\"b\"]"]);
        assert_eq!(got, [said("20[\"question\",\"a\"]"), said("21[\"question\",\"b\"]")]);
        take(&notes);
        // The third is an answer to nothing; so are one without a number and one with 2^64. None is a fault.
        let sent = ["31[\"yes\",1]", "30", "32[\"no\"]", "3[\"no\"]", "318446744073709551616[\"no\"]"];
        assert_eq!(client.exchange(&mut sim, &sent), []);
        let told = take(&notes);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("ack 1 Values { json: \"\\\"yes\\\",1\""), "{told:?}");
        assert!(told[1].starts_with("ack 0 Values { json: \"\""), "{told:?}");
        // Numbers are a socket's own: in another namespace nobody has asked.
        let sent = ["0/custom,", "3/custom,0[1]"];
        client.exchange(&mut sim, &sent);
        assert_eq!(take(&notes), ["connect /custom"]);
    }
}

#[test]
fn a_burst_is_answered_in_order() {
    for transport in BOTH {
        let (mut sim, _, mut client) = joined(transport);
        let sent: Vec<String> = (0..500).map(|n| format!("2[\"message\",{n}]")).collect();
        let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
        let back: Vec<_> = (0..500).map(|n| said(&format!("2[\"message-back\",{n}]"))).collect();
        assert_eq!(client.exchange(&mut sim, &sent), back);
    }
}
