//! tungstenite under the bench: `/echo` and `/broadcast` on the event loop that ws101 has too.
//!
//! The library brings no loop, so this is the best one we know, and what differs from the floor is the
//! library's: one thread, edge-triggered, interest registered once, a short read counts as drained, all
//! replies of a turn gathered by `write` and sent by one `flush` per connection. But for the
//! size of the read buffer, everything else is the library's default.

use std::cell::Cell;
use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::rc::Rc;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tungstenite::handshake::{HandshakeError, MidHandshake, server::ServerHandshake};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket, accept_hdr_with_config};

/// What the library advises for many connections. Its default of 128 KiB, which it fills with zeros before each
/// read, costs three times the processor time with small messages, and no less with those of up to 64 KiB.
///
/// With the argument `large` the default stays: the library advises it where much is read, and it saves a fifth at 1 MiB.
const READ_BUFFER_BYTES: usize = 4 << 10;

const LISTENER: Token = Token(usize::MAX);

/// A socket that remembers that a short read has emptied it.
struct Socket {
    stream: TcpStream,
    drained: bool,
    /// The peer has closed: then only a read of nothing is the end.
    closed: bool,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.drained && !self.closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.stream.read(buffer)?;
        self.drained = length < buffer.len();
        Ok(length)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hears the path of the handshake that is under way: the library does not hand it on.
struct Path(Rc<Cell<bool>>);

impl Callback for Path {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        self.0.set(request.uri().path().starts_with("/broadcast"));
        Ok(response)
    }
}

type Handshake = ServerHandshake<Socket, Path>;

enum State {
    Opening(Box<MidHandshake<Handshake>>),
    Open(Box<Open>),
    Gone,
}

struct Open {
    socket: WebSocket<Socket>,
    broadcasts: bool,
    /// Something was written that no flush has sent yet.
    dirty: bool,
}

struct Server {
    connections: Slab<State>,
    /// Whether the last handshake asked for `/broadcast`.
    path: Rc<Cell<bool>>,
    /// Messages of the present turn for everybody.
    broadcasts: Vec<Message>,
    /// Who has something to flush at the end of the turn.
    dirty: VecDeque<usize>,
}

impl Server {
    fn ready(&mut self, key: usize, event: &Event) {
        let Some(state) = self.connections.get_mut(key) else { return };
        *state = match mem::replace(state, State::Gone) {
            State::Opening(mut handshake) => {
                readable(handshake.get_mut().get_mut(), event);
                shaken(handshake.handshake(), &self.path)
            }
            open => open,
        };
        let State::Open(open) = state else {
            if matches!(state, State::Gone) {
                self.connections.remove(key);
            }
            return;
        };
        readable(open.socket.get_mut(), event);
        if event.is_writable() && open.dirty {
            self.dirty.push_back(key);
        }
        loop {
            match open.socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    if open.broadcasts {
                        self.broadcasts.push(message);
                        continue;
                    }
                    if queued(&open.socket.write(message)) && !mem::replace(&mut open.dirty, true) {
                        self.dirty.push_back(key);
                    }
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    break;
                }
                Err(_) => {
                    self.connections.remove(key);
                    break;
                }
            }
        }
    }

    fn end_turn(&mut self) {
        let messages = mem::take(&mut self.broadcasts);
        for (key, state) in &mut self.connections {
            if messages.is_empty() {
                break;
            }
            let State::Open(open) = state else { continue };
            if !open.broadcasts {
                continue;
            }
            for message in &messages {
                let _ = open.socket.write(message.clone());
            }
            if !mem::replace(&mut open.dirty, true) {
                self.dirty.push_back(key);
            }
        }
        for key in mem::take(&mut self.dirty) {
            let Some(State::Open(open)) = self.connections.get_mut(key) else { continue };
            // A full socket is flushed when it is writable; a broken one says so when it is read.
            open.dirty = open.socket.flush().is_err();
        }
    }
}

/// Whether the library has the message: it has, too, when a long one did not fit into the socket at once.
fn queued(written: &tungstenite::Result<()>) -> bool {
    match written {
        Err(tungstenite::Error::Io(error)) => error.kind() == ErrorKind::WouldBlock,
        other => other.is_ok(),
    }
}

fn readable(socket: &mut Socket, event: &Event) {
    socket.drained = false;
    socket.closed |= event.is_read_closed();
}

fn shaken(result: Result<WebSocket<Socket>, HandshakeError<Handshake>>, path: &Cell<bool>) -> State {
    match result {
        Ok(socket) => State::Open(Box::new(Open { socket, broadcasts: path.get(), dirty: false })),
        Err(HandshakeError::Interrupted(handshake)) => State::Opening(Box::new(handshake)),
        Err(HandshakeError::Failure(_)) => State::Gone,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("Server running at http://{}", listener.local_addr()?);
    // The default limits, 16 MiB for a frame and 64 MiB for a message, let the largest message of the bench through.
    let mut config = WebSocketConfig::default();
    if std::env::args().nth(1).as_deref() != Some("large") {
        config = config.read_buffer_size(READ_BUFFER_BYTES);
    }
    let mut events = Events::with_capacity(1024);
    let mut server = Server {
        connections: Slab::new(),
        path: Rc::default(),
        broadcasts: Vec::new(),
        dirty: VecDeque::new(),
    };
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() != LISTENER {
                server.ready(event.token().0, event);
                continue;
            }
            while let Ok((mut stream, _)) = listener.accept() {
                stream.set_nodelay(true)?;
                let entry = server.connections.vacant_entry();
                let interest = Interest::READABLE | Interest::WRITABLE;
                poll.registry().register(&mut stream, Token(entry.key()), interest)?;
                let socket = Socket { stream, drained: false, closed: false };
                let state = shaken(
                    accept_hdr_with_config(socket, Path(server.path.clone()), Some(config)),
                    &server.path,
                );
                if !matches!(state, State::Gone) {
                    entry.insert(state);
                }
            }
        }
        server.end_turn();
    }
}
