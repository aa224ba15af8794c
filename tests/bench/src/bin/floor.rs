//! The floor: a bare TCP server on the server's own event loop that reads and writes the bytes of a
//! WebSocket server with the calls of an ideal one, and knows nothing of the protocol.
//!
//! It answers the upgrade with a fixed text, and Socket.IO's CONNECT with another, then counts bytes: so many make a request, and so many it
//! writes for one. What a real server costs above it is the price of everything the server does itself.
//! Echo: one read and one write per connection and turn. Broadcast: a bare loop that writes each message,
//! as it is read, to every connection with a call each.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;

use lexopt::ValueExt;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use ws101_bench::Result;
use ws101_bench::cores::raise_file_limit;
use ws101_bench::frames::{CHUNK_BYTES, Incoming, Outgoing, Piece, Repeated, read_piece};
use ws101_bench::message::{Kind, Message};

const USAGE: &str = "floor echo|broadcast text|wide|json|binary|event SIZE [--port PORT]";

/// The accept value of the one key that the generator uses (RFC 6455 §1.3).
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// What follows with Socket.IO: the Engine.IO packet that opens, and what the client's CONNECT gets.
const OPEN: &[u8] = b"\x81\x100{\"sid\":\"floor\"}";
const CONNECTED: &[u8] = b"\x81\x1140{\"sid\":\"floor\"}";

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    /// How much of the opening it has been given.
    answers: usize,
    incoming: Incoming,
    outgoing: Outgoing,
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    buffer: Vec<u8>,
    opening: Vec<Vec<u8>>,
    requests: Repeated,
    replies: Repeated,
    broadcasts: bool,
}

impl Floor {
    fn accept(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nodelay(true)?;
                    let entry = self.connections.vacant_entry();
                    self.poll.registry().register(
                        &mut stream,
                        Token(entry.key()),
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    entry.insert(Connection {
                        stream,
                        answers: 0,
                        incoming: Incoming::default(),
                        outgoing: Outgoing::default(),
                    });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// One read of this connection, and the write that answers it. Returns whether more may wait.
    fn turn(&mut self, key: usize) -> io::Result<bool> {
        let Some(connection) = self.connections.get_mut(key) else { return Ok(false) };
        connection.outgoing.flush(&self.replies, &mut connection.stream)?;
        let (length, more) = match read_piece(&mut connection.stream, &mut self.buffer)? {
            Piece::Full(length) => (length, true),
            Piece::Last(length) => (length, false),
            Piece::End => return Err(ErrorKind::UnexpectedEof.into()),
        };
        if let Some(answer) = self.opening.get(connection.answers) {
            let bytes = self.buffer.get(..length).unwrap_or_default();
            // A head may come in pieces; what follows it is too short for that.
            if connection.answers > 0 || bytes.ends_with(b"\r\n\r\n") {
                connection.answers += 1;
                connection.stream.write_all(answer)?;
            }
            return Ok(more);
        }
        let frames = connection.incoming.count(&self.requests, length);
        if self.broadcasts {
            for _ in 0..frames {
                self.broadcast();
            }
        } else if frames > 0 {
            connection.outgoing.owe(&self.replies, frames);
            connection.outgoing.flush(&self.replies, &mut connection.stream)?;
        }
        Ok(more)
    }

    fn broadcast(&mut self) {
        for (_, connection) in &mut self.connections {
            connection.outgoing.owe(&self.replies, 1);
            // A connection that is gone has a readiness of its own to say so.
            let _ = connection.outgoing.flush(&self.replies, &mut connection.stream);
        }
    }

    fn run(mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut again: VecDeque<usize> = VecDeque::new();
        loop {
            let timeout = (!again.is_empty()).then_some(std::time::Duration::ZERO);
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            let late = again.len();
            for event in &events {
                if event.token() == LISTENER {
                    self.accept()?;
                    continue;
                }
                let Token(key) = event.token();
                match self.turn(key) {
                    // Data and FIN can be one readiness: then the read that finds the end is still due.
                    Ok(more) if more || event.is_read_closed() => again.push_back(key),
                    Ok(_) => {}
                    Err(_) => self.close(key),
                }
            }
            for key in again.drain(..late).collect::<Vec<_>>() {
                match self.turn(key) {
                    Ok(true) => again.push_back(key),
                    Ok(false) => {}
                    Err(_) => self.close(key),
                }
            }
        }
    }

    fn close(&mut self, key: usize) {
        self.connections.try_remove(key);
    }
}

fn main() -> Result<()> {
    let mut words = Vec::new();
    let mut port = 0;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("port") => port = parser.value()?.parse()?,
            lexopt::Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [mode, kind, size] = words.as_slice() else { return Err(USAGE.into()) };
    let message = Message { kind: kind.parse::<Kind>()?, size: size.parse()? };
    if mode != "echo" && mode != "broadcast" {
        return Err(USAGE.into());
    }
    raise_file_limit()?;
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("Server running at http://{}", listener.local_addr()?);
    Floor {
        poll,
        listener,
        connections: Slab::new(),
        buffer: vec![0; CHUNK_BYTES],
        opening: if message.kind == Kind::Event {
            vec![[SWITCHING, OPEN].concat(), CONNECTED.to_vec()]
        } else {
            vec![SWITCHING.to_vec()]
        },
        requests: message.requests(),
        replies: message.replies(),
        broadcasts: mode == "broadcast",
    }
    .run()
}
