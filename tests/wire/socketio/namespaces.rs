//! Namespaces: joining one, being told that one cannot, leaving it.

use super::client::{BOTH, Client, Got, Transport, noting, said, serve, take};
use crate::sim::Sim;
use std::collections::BTreeSet;
use std::time::Duration;
use ws101::socketio::application::{Application, Socket, Sockets, Values};

/// The socket id in the answer to a CONNECT.
fn id_of(got: &Got, namespace: &str) -> String {
    let Got::Text(text) = got else {
        panic!("{got:?}");
    };
    let id = text.strip_prefix(&format!("0{namespace}{{\"sid\":\""));
    let id = id.and_then(|id| id.strip_suffix("\"}")).expect(text);
    let is_url_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(id.len() == 20 && id.chars().all(is_url_safe), "{id}");
    id.to_owned()
}

#[test]
fn who_joins_is_told_its_id_and_then_is_connected() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        for (connect, prefix, namespace, auth) in [
            ("0", "", "/", "{}"),
            ("0/custom,{\"token\":\"abc\"}", "/custom,", "/custom", "{\"token\":\"abc\"}"),
            // Without a comma, as some clients have it.
            ("0/many", "/many,", "/many", "{}"),
        ] {
            let got = client.exchange(&mut sim, &[connect]);
            id_of(&got[0], prefix);
            let event = format!("2{prefix}[\"auth\",{auth}]");
            assert_eq!(got[1..], [said(&event)], "{connect}");
            assert_eq!(take(&notes), [format!("connect {namespace}")]);
        }
    }
}

#[test]
fn the_credentials_arrive_as_they_were_sent() {
    let (mut sim, _) = noting();
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    let auth = r#"{"a":123456789012345678901234567890,"a":"\ud800"}"#;
    let got = client.exchange(&mut sim, &[&format!("0{auth}")]);
    assert_eq!(got[1], said(&format!("2[\"auth\",{auth}]")));
}

#[test]
fn each_socket_has_an_id_of_its_own_which_is_not_the_session_s() {
    let (mut sim, _) = noting();
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        let mut client = Client::open(&mut sim, Transport::Polling);
        if let Client::Polling { sid, .. } = &client {
            ids.insert(sid.clone());
        }
        let got = client.exchange(&mut sim, &["0", "0/custom,"]);
        ids.insert(id_of(&got[0], ""));
        ids.insert(id_of(&got[2], "/custom,"));
    }
    assert_eq!(ids.len(), 60);
}

#[test]
fn a_namespace_that_is_not_there_is_refused_and_nothing_else_happens() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        for (connect, answer) in [
            ("0/nope,", "4/nope,{\"message\":\"Invalid namespace\"}"),
            ("0/random", "4/random,{\"message\":\"Invalid namespace\"}"),
            ("0/custom/,", "4/custom/,{\"message\":\"Invalid namespace\"}"),
            ("0/custom?a=1,", "4/custom?a=1,{\"message\":\"Invalid namespace\"}"),
        ] {
            assert_eq!(client.exchange(&mut sim, &[connect]), [said(answer)]);
        }
        assert_eq!(take(&notes), [""; 0]);
        assert_eq!(client.exchange(&mut sim, &["0"]).len(), 2, "another may be joined");
    }
}

#[test]
fn no_namespace_has_a_name_of_more_than_128_bytes() {
    let (mut sim, notes) = noting();
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    // The application takes whatever begins so.
    let longest = format!("/many{}", "n".repeat(123));
    let got = client.exchange(&mut sim, &[&format!("0{longest},")]);
    id_of(&got[0], &format!("{longest},"));
    take(&notes);
    for name in [format!("{longest}n"), format!("/many{}", "n".repeat(5_000))] {
        let got = client.exchange(&mut sim, &[&format!("0{name},")]);
        let answer = format!("4{name},{{\"message\":\"Invalid namespace\"}}");
        assert_eq!(got, [said(&answer)]);
    }
    assert_eq!(take(&notes), [""; 0]);
}

#[test]
fn who_leaves_may_come_back_on_the_same_session() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        let first = id_of(&client.exchange(&mut sim, &["0"])[0], "");
        assert_eq!(client.exchange(&mut sim, &["1"]), []);
        assert_eq!(take(&notes), ["connect /", "disconnect /"]);
        let second = id_of(&client.exchange(&mut sim, &["0"])[0], "");
        assert_ne!(first, second);
        let got = client.exchange(&mut sim, &["2[\"message\",1]"]);
        assert_eq!(got, [said("2[\"message-back\",1]")]);
        // The connect timeout is for those who never joined.
        client.exchange(&mut sim, &["1"]);
        rest(&mut sim, &mut client, 60);
        assert_eq!(client.exchange(&mut sim, &["0"]).len(), 2);
    }
}

#[test]
fn who_comes_and_goes_often_is_in_one_namespace_at_a_time() {
    let (mut sim, notes) = noting();
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    // Of a hundred at most.
    for _ in 0..150 {
        assert_eq!(client.exchange(&mut sim, &["0", "1"]).len(), 2);
    }
    assert_eq!(take(&notes).len(), 300);
}

/// Writes to whoever joined first.
#[derive(Default)]
struct Loyal(Option<Socket>);

impl Application for Loyal {
    fn accepts(&self, _: &str) -> bool {
        true
    }

    fn on_connect(&mut self, sockets: &mut Sockets<'_, '_, '_>, socket: Socket, _: Option<&str>) {
        let first = *self.0.get_or_insert(socket);
        sockets.emit(first, "for the first", Values::default());
        sockets.emit_with_ack(first, "for the first", Values::default());
        sockets.ack(first, "7", Values::default());
    }
}

#[test]
fn what_is_sent_to_a_socket_that_is_over_reaches_no_later_one() {
    let mut sim = serve(Loyal::default());
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    assert_eq!(client.exchange(&mut sim, &["0"]).len(), 4);
    assert_eq!(client.exchange(&mut sim, &["1", "0"]).len(), 1);
}

#[test]
fn namespaces_of_a_session_are_apart() {
    let (mut sim, notes) = noting();
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    client.exchange(&mut sim, &["0", "0/custom,"]);
    let got = client.exchange(&mut sim, &["1/custom,", "2[\"message\",\"main\"]"]);
    assert_eq!(got, [said("2[\"message-back\",\"main\"]")]);
    client.exchange(&mut sim, &["0/custom,", "1"]);
    let got = client.exchange(&mut sim, &["2/custom,7[\"message-with-ack\",1]"]);
    assert_eq!(got, [said("3/custom,7[1]")]);
    take(&notes);
    client.send_all(&mut sim, &[Got::Close]);
    assert_eq!(take(&notes), ["disconnect /custom"]);
}

#[test]
fn all_sockets_of_a_session_end_with_it() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        client.exchange(&mut sim, &["0", "0/custom,", "0/many1,"]);
        take(&notes);
        client.send_all(&mut sim, &[Got::Close]);
        let told = ["disconnect /", "disconnect /custom", "disconnect /many1"];
        assert_eq!(take(&notes), told);
        sim.advance(Duration::from_secs(100));
        assert_eq!(take(&notes), [""; 0], "and once");
    }
}

#[test]
fn a_session_has_nothing_of_the_one_that_had_its_slot() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut first = Client::joined(&mut sim, transport);
        // Its packet is not whole when it ends.
        first.send_all(&mut sim, &[said("51-[\"message\"]"), Got::Close]);
        assert_eq!(take(&notes), ["connect /", "disconnect /"]);
        let mut second = Client::joined(&mut sim, transport);
        let got = second.exchange(&mut sim, &["2[\"message\",1]"]);
        assert_eq!(got, [said("2[\"message-back\",1]")]);
        rest(&mut sim, &mut second, 61);
    }
    let mut sim = serve(Loyal::default());
    let mut first = Client::open(&mut sim, Transport::WebSocket);
    assert_eq!(first.exchange(&mut sim, &["0"]).len(), 4);
    first.send_all(&mut sim, &[Got::Close]);
    let mut second = Client::open(&mut sim, Transport::WebSocket);
    assert_eq!(second.exchange(&mut sim, &["0"]).len(), 1);
}

#[test]
fn who_joins_nothing_is_closed() {
    for transport in BOTH {
        let (mut sim, notes) = noting();
        let mut client = Client::open(&mut sim, transport);
        // That it was refused is no excuse.
        client.exchange(&mut sim, &["0/nope,"]);
        rest(&mut sim, &mut client, 44);
        sim.advance(Duration::from_millis(999));
        assert_eq!(client.read(&mut sim), []);
        sim.advance(Duration::from_millis(1));
        assert_eq!(client.read(&mut sim), [Got::Close]);
        assert_eq!(take(&notes), [""; 0]);
    }
}

#[test]
fn who_joined_in_time_stays() {
    let (mut sim, _) = noting();
    let mut client = Client::open(&mut sim, Transport::WebSocket);
    rest(&mut sim, &mut client, 44);
    client.exchange(&mut sim, &["0"]);
    rest(&mut sim, &mut client, 200);
    assert_eq!(client.exchange(&mut sim, &["2[\"message\"]"]), [said("2[\"message-back\"]")]);
}

/// Lets time pass, in which nothing comes but heartbeats.
pub fn rest(sim: &mut Sim, client: &mut Client, seconds: u64) {
    for _ in 0..seconds {
        sim.advance(Duration::from_secs(1));
        assert_eq!(client.read(sim), []);
    }
}
