//! A client on a real socket.

use crate::process::{PATIENCE, Server};
use crate::wire::{self, Frame, SWITCHING};
use rustix::net::sockopt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One TCP connection, and what was received but not asked for yet.
pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

/// A response of HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Client {
    pub fn connect(server: &Server) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", server.port)).unwrap())
    }

    /// Its kernel takes little on its behalf: what it does not read stays with the server.
    pub fn with_small_window(server: &Server) -> Self {
        use rustix::net::{AddressFamily, SocketType, connect, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_recv_buffer_size(&socket, 4_096).unwrap();
        connect(&socket, &SocketAddr::from(([127, 0, 0, 1], server.port))).unwrap();
        Self::over(TcpStream::from(socket))
    }

    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let received = Vec::new();
        Self { stream, received }
    }

    /// A WebSocket connection, its handshake checked.
    pub fn open(server: &Server, path: &str) -> Self {
        Self::connect(server).upgraded(path)
    }

    /// `false`: the server ends the connection instead, or says why not.
    pub fn try_open(&mut self, path: &str) -> bool {
        let sent = self.stream.write_all(wire::upgrade(path).as_bytes());
        sent.is_ok() && self.more().unwrap_or(false) && self.answer().status == 101
    }

    pub fn upgraded(mut self, path: &str) -> Self {
        self.send(wire::upgrade(path));
        self.expect_switching(path);
        self
    }

    pub fn expect_switching(&mut self, path: &str) {
        assert_eq!(self.head(), SWITCHING, "the handshake on {path}");
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Nothing more will be sent.
    pub fn fin(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).unwrap();
    }

    /// Another read. `false`: the stream has ended.
    pub fn more(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                // With a time-out set, the kernel does not go on by itself.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(len) => {
                    self.received.extend_from_slice(&buffer[..len]);
                    return Ok(len > 0);
                }
            }
        }
    }

    fn fill(&mut self, len: usize) {
        while self.received.len() < len {
            let missing = len - self.received.len();
            assert!(self.more().unwrap(), "ended, {missing} bytes too early");
        }
    }

    /// Exactly this many bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        self.fill(len);
        let rest = self.received.split_off(len);
        std::mem::replace(&mut self.received, rest)
    }

    pub fn head(&mut self) -> String {
        let mut scanned = 0;
        loop {
            let unseen = &self.received[scanned..];
            if let Some(at) = unseen.windows(4).position(|four| four == b"\r\n\r\n") {
                return String::from_utf8(self.bytes(scanned + at + 4)).unwrap();
            }
            scanned = self.received.len().saturating_sub(3);
            assert!(self.more().unwrap(), "ended inside a head");
        }
    }

    /// The next response of HTTP, its body by Content-Length.
    pub fn answer(&mut self) -> Answer {
        let head = self.head();
        let status = head[9..12].parse().unwrap();
        let len = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |len| len.parse().unwrap());
        let body = self.bytes(len);
        Answer { status, head, body }
    }

    /// The answer to a GET.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.answer()
    }

    /// The next frame.
    pub fn frame(&mut self) -> Frame {
        self.fill(2);
        assert_eq!(self.received[1] & 0x80, 0, "a server never masks");
        let (extended, len) = match self.received[1] {
            126 => (2, None),
            127 => (8, None),
            len => (0, Some(usize::from(len))),
        };
        let header = self.bytes(2 + extended);
        let number = |bytes: &[u8]| {
            let digits = bytes.iter().map(|byte| usize::from(*byte));
            digits.fold(0, |number, digit| number << 8 | digit)
        };
        let len = len.unwrap_or_else(|| number(&header[2..]));
        let payload = self.bytes(len);
        Frame { first: header[0], payload }
    }

    /// The next frame, which is a text.
    pub fn text(&mut self) -> String {
        let frame = self.frame();
        assert_eq!(frame.first, 0x81, "{:?}", frame.payload);
        String::from_utf8(frame.payload).unwrap()
    }

    /// The next frame, which is a Close with this code.
    pub fn expect_close(&mut self, code: u16) {
        let frame = self.frame();
        assert_eq!(frame.first, 0x88);
        let got = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
        assert_eq!(got, Some(code));
    }

    /// Nothing more comes, and the stream ends as it should: no reset.
    pub fn expect_end(&mut self) {
        assert!(!self.more().expect("a clean end"), "more bytes");
        assert_eq!(self.received, b"", "bytes before the end");
    }

    /// The connection is over, in whatever way.
    pub fn expect_cut(&mut self) {
        match self.more() {
            Ok(more) => assert!(!more, "more bytes"),
            Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock, "still open"),
        }
    }

    /// Whatever is sent comes back: the server and this connection are well.
    pub fn expect_echo(&mut self) {
        self.send(wire::text("still there?"));
        assert_eq!(self.text(), "still there?");
    }
}
