//! A client that others wrote (the `tungstenite` crate): it shares no mistake with us.

use crate::client::Client;
use crate::process::{PATIENCE, Server, example};
use crate::wire::{frame, text};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, WebSocket};
use tungstenite::{Error, client};

/// Reads on after a signal: with a time-out set, the kernel does not do so by itself.
struct Uninterrupted(TcpStream);

impl Read for Uninterrupted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Uninterrupted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn dial(server: &Server, path: &str) -> WebSocket<Uninterrupted> {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let url = format!("ws://127.0.0.1:{}{path}", server.port);
    let (socket, response) = client(url, Uninterrupted(stream)).unwrap();
    assert_eq!(response.status(), 101);
    socket
}

fn read_text(socket: &mut WebSocket<Uninterrupted>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

#[test]
fn echo_of_every_kind_and_size() {
    let server = Server::start(&[]);
    let mut socket = dial(&server, "/echo");
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 16 << 20] {
        let bytes = Message::binary(vec![0x5a; len]);
        socket.send(bytes.clone()).unwrap();
        assert!(socket.read().unwrap() == bytes, "{len} bytes");
    }
    for text in ["", "κόσμε", "<b>no</b>\n\0", &"€😀".repeat(50_000)] {
        socket.send(Message::text(text)).unwrap();
        assert!(socket.read().unwrap() == Message::text(text));
    }
    socket.send(Message::Ping("are you there".into())).unwrap();
    let pong = Message::Pong("are you there".into());
    assert_eq!(socket.read().unwrap(), pong);
}

#[test]
fn closing_handshake_of_either_kind() {
    let server = Server::start(&[]);
    let frame = CloseFrame { code: CloseCode::Library(4_321), reason: "enough".into() };
    for close in [None, Some(frame)] {
        let mut socket = dial(&server, "/echo");
        socket.close(close.clone()).unwrap();
        let Message::Close(answer) = socket.read().unwrap() else {
            panic!("not a Close");
        };
        assert_eq!(answer.map(|it| it.code), close.map(|it| it.code));
        assert!(matches!(socket.read(), Err(Error::ConnectionClosed)));
    }
}

#[test]
fn chat_of_two() {
    let server = Server::start(&[]);
    let mut first = dial(&server, "/ws/007");
    let mut second = dial(&server, "/ws/-5");
    second.send(Message::text("Hello")).unwrap();
    assert_eq!(read_text(&mut second), "You wrote: Hello");
    for socket in [&mut first, &mut second] {
        assert_eq!(read_text(socket), "Client #-5 says: Hello");
    }
    drop(second);
    assert_eq!(read_text(&mut first), "Client #-5 has left the chat");
}

#[test]
fn sixty_lines_on_http_and_ws_are_an_echo_server() {
    assert!(include_str!("../../docs/echo.rs").lines().count() <= 60);
    let mut command = example("echo");
    command.arg("0");
    let server = Server::spawn(command);
    let mut socket = dial(&server, "/");
    for message in [Message::text("κόσμε"), Message::binary(vec![7; 1 << 20])] {
        socket.send(message.clone()).unwrap();
        assert!(socket.read().unwrap() == message);
    }
    socket.send(Message::Ping("?".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("?".into()));
    socket.close(None).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Close(None));
    for (broken, code) in [(frame(0x83, ""), 1002), (frame(0x81, [0xff]), 1007)] {
        let mut client = Client::open(&server, "/");
        client.send([text("Hello"), broken].concat());
        assert_eq!(client.text(), "Hello");
        client.expect_close(code);
        client.expect_end();
    }
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").status, 426);
    client.expect_end();
}
