//! A session that breaks a rule is closed without a code, and nothing that it sends after that is read.

use super::client::{BOTH, Client, Got, bytes, noting, said, take};

const PLACEHOLDER: &str = r#"51-["m",{"_placeholder":true,"num":0}]"#;

/// These messages, behind `before`, end the session: the application hears of them only that its sockets
/// are over. A packet that follows in the same breath is not read.
fn ends(before: &[&str], messages: &[Got]) {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        if !before.is_empty() {
            client.exchange(&mut sim, before);
        }
        let told = take(&notes);
        let count = |what: &str| told.iter().filter(|line| line.starts_with(what)).count();
        let joined = count("connect ") - count("disconnect ");
        let mut sent = messages.to_vec();
        sent.push(said("2[\"message\",\"late\"]"));
        client.send_all(&mut sim, &sent);
        assert_eq!(client.read(&mut sim), [Got::Close], "{transport:?} {messages:?}");
        let told = take(&notes);
        assert_eq!(told.len(), joined, "{transport:?} {messages:?}: {told:?}");
        assert!(told.iter().all(|line| line.starts_with("disconnect ")), "{told:?}");
        assert_eq!(sim.hub.held_bytes(), 0);
    }
}

#[test]
fn before_a_namespace_is_joined_there_is_only_connect() {
    for text in [
        "2[\"message\",1]",
        "20[\"message\"]",
        "30[]",
        "1",
        "4{}",
        "51-[\"message\"]",
        "61-0[]",
        "2/custom,[\"message\"]",
    ] {
        ends(&[], &[said(text)]);
    }
    // Refused is not joined.
    ends(&["0/nope,"], &[said("2/nope,[\"message\"]")]);
}

#[test]
fn a_namespace_is_joined_once() {
    ends(&["0"], &[said("0")]);
    ends(&["0", "0/custom,"], &[said("0/custom,{\"again\":true}")]);
}

#[test]
fn packets_are_for_namespaces_that_are_joined() {
    for text in ["2/custom,[\"message\"]", "1/custom,", "3/custom,0[]", "51-/custom,[\"m\"]", "1/nope,"] {
        ends(&["0"], &[said(text)]);
    }
    ends(&["0", "1"], &[said("2[\"message\"]")]);
    ends(&["0", "1"], &[said("1")]);
}

#[test]
fn what_is_no_packet_ends_the_session() {
    for text in [
        "",
        "7",
        "abc",
        "2{}",
        "2[",
        "2[]",
        "2[{}]",
        "2[\"disconnect\"]",
        "2[\"connect\"]",
        "42abc[\"message-with-ack\"]",
        "2abc[\"message-with-ack\",1]",
        "511-[\"m\"]",
        "50-[\"m\"]",
        "51-[\"m\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"m\",{\"_placeholder\":true}]",
        "1{}",
        "4{\"message\":\"no\"}",
    ] {
        ends(&["0"], &[said(text)]);
    }
    for text in ["0[]", "0null", "0{", "abc"] {
        ends(&[], &[said(text)]);
    }
    let nested = format!("2[\"m\",{}{}]", "[".repeat(32), "]".repeat(32));
    ends(&["0"], &[said(&nested)]);
    ends(&["0"], &[said(&"2[".repeat(400_000))]);
}

#[test]
fn binary_messages_are_attachments_and_attachments_are_binary() {
    ends(&[], &[bytes(&[1])]);
    ends(&["0"], &[bytes(&[])]);
    ends(&["0"], &[said(PLACEHOLDER), said("2[\"message\"]")]);
    ends(&["0"], &[said(PLACEHOLDER), said(PLACEHOLDER)]);
    ends(&["0"], &[said("52-[\"m\"]"), bytes(&[1]), said("1")]);
    // One too many: the first packet was whole, and heard.
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::joined(&mut sim, transport);
        take(&notes);
        client.send_all(&mut sim, &[said(PLACEHOLDER), bytes(&[1]), bytes(&[2])]);
        assert_eq!(client.read(&mut sim), [Got::Close]);
        assert_eq!(take(&notes).len(), 2);
    }
}

#[test]
fn a_session_joins_a_hundred_namespaces() {
    let names: Vec<String> = (0..100).map(|n| format!("0/many{n},")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    ends(&names, &[said("0/custom,")]);
}
