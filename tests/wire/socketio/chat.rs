//! The chat of the Socket.IO tutorial, byte for byte.

use super::client::{BOTH, Client, Got, Transport, bytes, said, serve};
use crate::answer;
use crate::client::{from_server, text, upgrade};
use ws101::socketio::chat::Chat;

#[test]
fn a_message_goes_to_everybody_and_its_sender() {
    for transport in BOTH {
        let mut sim = serve(Chat);
        let mut speaker = Client::joined(&mut sim, transport);
        let mut others = BOTH.map(|transport| Client::joined(&mut sim, transport));
        let mut absent = Client::open(&mut sim, Transport::WebSocket);
        for values in [r#""hi""#, r#"{"a":[123456789012345678901234567890,"\ud800"]}"#, "null", r#""two",2"#]
        {
            let message = format!("2[\"chat message\",{values}]");
            assert_eq!(speaker.exchange(&mut sim, &[&message]), [said(&message)]);
            for other in &mut others {
                assert_eq!(other.read(&mut sim), [said(&message)]);
            }
        }
        assert_eq!(absent.read(&mut sim), [], "it has not joined");
    }
}

#[test]
fn who_asks_for_it_gets_an_ack_behind_the_message() {
    for transport in BOTH {
        let mut sim = serve(Chat);
        let mut client = Client::joined(&mut sim, transport);
        let got = client.exchange(&mut sim, &["20[\"chat message\",\"hi\"]"]);
        assert_eq!(got, [said("2[\"chat message\",\"hi\"]"), said("30[\"ok\"]")]);
    }
}

#[test]
fn attachments_are_passed_on() {
    for transport in BOTH {
        let mut sim = serve(Chat);
        let mut speaker = Client::joined(&mut sim, transport);
        let mut others = BOTH.map(|transport| Client::joined(&mut sim, transport));
        let message = [said("51-[\"chat message\",{\"_placeholder\":true,\"num\":0}]"), bytes(&[1, 2, 3])];
        speaker.send_all(&mut sim, &message);
        assert_eq!(speaker.read(&mut sim), message);
        for other in &mut others {
            assert_eq!(other.read(&mut sim), message);
        }
    }
}

#[test]
fn other_events_and_namespaces_are_nothing_to_it() {
    let mut sim = serve(Chat);
    let mut client = Client::joined(&mut sim, Transport::WebSocket);
    assert_eq!(client.exchange(&mut sim, &["20[\"typing\",1]", "2[\"message\",\"x\"]"]), []);
    let got = client.exchange(&mut sim, &["0/custom,"]);
    assert_eq!(got, [said("4/custom,{\"message\":\"Invalid namespace\"}")]);
}

#[test]
fn who_leaves_reads_nothing_more() {
    let mut sim = serve(Chat);
    let mut leaver = Client::joined(&mut sim, Transport::WebSocket);
    let mut closer = Client::joined(&mut sim, Transport::Polling);
    let mut stays = Client::joined(&mut sim, Transport::WebSocket);
    leaver.send(&mut sim, &["1"]);
    closer.send_all(&mut sim, &[Got::Close]);
    let message = "2[\"chat message\",\"who is here?\"]";
    assert_eq!(stays.exchange(&mut sim, &[message]), [said(message)]);
    assert_eq!(leaver.read(&mut sim), []);
    assert_eq!(closer.read(&mut sim), []);
}

#[test]
fn the_frames_and_payloads_of_the_examples() {
    // Each packet has the 4 of Engine.IO in front.
    let mut sim = serve(Chat);
    let peer = sim.connect();
    let path = "/socket.io/?EIO=4&transport=websocket";
    sim.exchange(peer, upgrade(path).as_bytes());
    let joined = sim.exchange(peer, &text("40"));
    assert_eq!(joined.len(), 2 + 32);
    assert!(joined.starts_with(b"\x81\x2040{\"sid\":\""));
    for (sent, answers) in [
        ("42[\"chat message\",\"hi\"]", &["42[\"chat message\",\"hi\"]"][..]),
        ("420[\"chat message\",\"hi\"]", &["42[\"chat message\",\"hi\"]", "430[\"ok\"]"]),
        ("40/nope,", &["44/nope,{\"message\":\"Invalid namespace\"}"]),
        ("41", &[]),
    ] {
        let frames: Vec<u8> = answers.iter().flat_map(|answer| from_server(0x81, answer)).collect();
        assert_eq!(sim.exchange(peer, &text(sent)), frames, "{sent}");
    }
    assert_eq!(sim.exchange(peer, &text("41")), [0x88, 0], "left already");

    // In polling an attachment is a packet with `b` in front.
    let mut sim = serve(Chat);
    let joined = Client::joined(&mut sim, Transport::Polling);
    let Client::Polling { sid, waiting: Some(waiting) } = joined else {
        panic!("it polls");
    };
    let body = "451-[\"chat message\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQID";
    let post = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let peer = sim.connect();
    assert_eq!(answer::all(&sim.exchange(peer, post.as_bytes()))[0].text(), "ok");
    assert_eq!(answer::all(&sim.take(waiting))[0].text(), body);
}
