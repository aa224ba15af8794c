//! RFC 6455 §4.2 through the whole server: the handshake, its bytes, and what lies behind it.

use crate::client::{SWITCHING, close, frame, from_server, text, upgrade};
use crate::script;
use crate::sim::{End, Sim};

/// Everything the server sends, and how the connection stands, when `input` arrives in these cuts.
fn play(input: &[u8], cuts: &[usize]) -> (Vec<u8>, End) {
    let mut sim = Sim::default();
    let peer = sim.connect();
    script::send_cut(&mut sim, peer, input, cuts);
    (sim.take(peer), sim.end(peer))
}

/// The answer to an input that arrives whole, as text.
fn answer_to(input: &[u8]) -> (String, End) {
    let (output, end) = play(input, &[]);
    (String::from_utf8_lossy(&output).into_owned(), end)
}

#[test]
fn handshake_and_frames_behind_it_are_answered_however_they_are_cut() {
    // RFC 6455 §4.2.2: what comes with the request belongs to the frame stream.
    let input = [upgrade("/echo").into_bytes(), text("Hello"), close(1000, "")].concat();
    let frames = [from_server(0x81, "Hello"), vec![0x88, 2, 0x03, 0xe8]].concat();
    let output = [SWITCHING.as_bytes(), &frames].concat();
    script::check_played(&play, &input, &output, End::HalfClosed);
}

#[test]
fn answer_names_no_extension_and_no_subprotocol_that_it_does_not_know() {
    // RFC 6455 §4.2.2, §9, §11.3.2, §11.3.4
    let fields = "\r\nSec-WebSocket-Extensions: unknown; x=1, x-other\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";
    for path in "/echo /broadcast /broadcast/t /ws /ws/7 /ws/chat/lobby/ /ws/socket-server/".split(' ') {
        let request = upgrade(path).replace("\r\n\r\n", fields);
        let answer = answer_to(request.as_bytes());
        assert_eq!(answer, (SWITCHING.to_owned(), End::Open), "{path}");
    }
}

#[test]
fn white_space_around_the_key_is_not_part_of_it() {
    // RFC 6455 §4.2.1; RFC 9110 §5.5
    let request = upgrade("/echo").replace("Key: ", "Key: \t  ").replace("Q==", "Q== \t ");
    let answer = answer_to(request.as_bytes());
    assert_eq!(answer, (SWITCHING.to_owned(), End::Open));
}

#[test]
fn refused_handshake_ends_the_connection_and_frames_behind_it_are_ignored() {
    // RFC 6455 §7.2.2, §4.2.1
    for (from, to, status) in [
        ("13", "12", "426"),
        ("dGhl", "dG", "400"),
        ("GET", "POST", "405"),
        ("HTTP/1.1", "HTTP/1.0", "400"),
        ("/echo", "/nothing", "404"),
        ("Host: 127.0.0.1:8000", "Host: example.com", "421"),
        ("Host: 127.0.0.1:8000\r\n", "", "400"),
        ("Upgrade: websocket", "Upgrade: websocket\r\nOrigin: http://example.com", "403"),
    ] {
        let request = upgrade("/echo").replace(from, to);
        let frames = [text("Hello"), frame(0x88, "")].concat();
        let input = [request.into_bytes(), frames].concat();
        let (answer, end) = &answer_to(&input);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(body.is_ascii() && answer.contains("close\r\n"), "{answer}");
        assert_eq!(*end, End::HalfClosed, "{answer}");
        let (whole, end) = play(&input, &[]);
        script::check_played(&play, &input, &whole, end);
    }
}

#[test]
fn first_fault_in_a_fixed_order_decides_the_answer() {
    // Each line says what is answered, and mends that fault.
    let mut request = "BREW /nothing HTTP/2.0\r\nHost: evil.example\r\nContent-Length: x\r\n\
                       Expect: a-cake\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: short\r\n\
                       Origin: http://evil.example\r\nSec-WebSocket-Extensions: ;\r\n\r\n"
        .to_owned();
    for (status, text, from, to) in [
        ("505", "speaks HTTP/1.1", "HTTP/2.0", "HTTP/1.1"),
        ("421", "--allow-host", "Host: evil.example", "Host: localhost"),
        ("400", "Content-Length", "Length: x", "Length: 5"),
        ("417", "expectation", "Expect: a-cake\r\n", ""),
        ("501", "method", "BREW", "GET"),
        ("426", "version 13", "Version: 12", "Version: 13"),
        ("400", "Key", "short", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("403", "--allow-origin", "Origin: http://evil.example\r\n", ""),
        ("400", "no body", "Content-Length: 5\r\n", ""),
        ("400", "Extensions", "Extensions: ;", "Extensions: x"),
        ("404", "Nothing", "/nothing", "/echo"),
        ("101", "", "", ""),
    ] {
        let (answer, _) = answer_to(request.as_bytes());
        let begins = answer.starts_with(&format!("HTTP/1.1 {status} "));
        assert!(begins && answer.contains(text), "{request}{answer}");
        request = request.replace(from, to);
    }
}

#[test]
fn head_request_that_is_refused_gets_no_body() {
    // RFC 9110 §9.3.2: what followed would be taken for the next answer
    for path in ["/ws/1", "/echo", "/nowhere"] {
        let mut sim = Sim::default();
        let peer = sim.connect();
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = String::from_utf8(sim.exchange(peer, request.as_bytes())).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        assert!(answer.contains("\r\nContent-Length: "), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}
