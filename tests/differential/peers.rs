//! An implementation that shares no line with ours, and `tungstenite` as one.

use crate::outcome::{End, Event, Outcome};
use std::io::{self, ErrorKind, Read, Write};
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

/// Somebody else's server side.
pub trait Peer {
    fn name(&self) -> &'static str;
    fn outcome(&mut self, stream: &[u8], max_message_bytes: u64) -> Outcome;
}

pub struct Tungstenite;

/// Gives the stream, then would block; takes everything.
struct Pipe<'a> {
    rest: &'a [u8],
    written: Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.rest.read(buffer)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Peer for Tungstenite {
    fn name(&self) -> &'static str {
        "tungstenite"
    }

    /// It sends no Close when a rule is broken: the kind of its error says which code it means. Its
    /// answer to a code that must not be sent is a Close with 1002.
    fn outcome(&mut self, stream: &[u8], max_message_bytes: u64) -> Outcome {
        let limit = usize::try_from(max_message_bytes).ok();
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .max_message_size(limit)
            .max_frame_size(limit);
        let pipe = Pipe { rest: stream, written: Vec::new() };
        let mut socket = WebSocket::from_raw_socket(pipe, Role::Server, Some(config));
        let mut events = Vec::new();
        let end = loop {
            match socket.read() {
                Ok(Message::Text(text)) => events.push(Event::Text(text.as_bytes().to_vec())),
                Ok(Message::Binary(bytes)) => events.push(Event::Binary(bytes.to_vec())),
                Ok(Message::Ping(bytes)) => events.push(Event::Ping(bytes.to_vec())),
                Ok(Message::Pong(_)) => events.push(Event::Pong),
                Ok(Message::Close(close)) => {
                    let code = close.as_ref().map(|close| u16::from(close.code));
                    let is_ours = close.is_some_and(|close| {
                        close.reason.as_str() == "Protocol violation" && code == Some(1002)
                    });
                    break if is_ours { End::Failed(1002) } else { End::Closed(code) };
                }
                Ok(Message::Frame(_)) => unreachable!("never read"),
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    break End::Waiting;
                }
                Err(Error::Protocol(_)) => break End::Failed(1002),
                Err(Error::Utf8(_)) => break End::Failed(1007),
                Err(Error::Capacity(_)) => break End::Failed(1009),
                Err(error) => panic!("tungstenite: {error}"),
            }
        };
        Outcome { events, end }
    }
}
