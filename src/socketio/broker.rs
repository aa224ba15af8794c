//! Who may send which packet when. Packets of an Engine.IO session become events of an application.
//!
//! A session that breaks a rule is closed, without a code, and nothing more from it is read. Its share of memory
//! has an end: 100 sockets; and one packet whose attachments have not all come, at most eleven messages of
//! Engine.IO's limit (11 MB by default). The memory budget counts that packet, and each attachment has
//! a deadline.

use super::application::{Application, Event, Left, Sockets, Values};
use super::engine::io::{Io, Service, SessionId};
use super::packet::{Body, Malformed, Packet, parse};
use super::sockets::{Socket, Table, deliver, shown};
use crate::clock::Time;
use crate::hub::app::Message;
use crate::slots::Beside;
use std::time::Duration;

/// From the first packet of a session to its first namespace.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);
/// From a packet to its attachment, and from that to the next.
pub const ATTACHMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest name of a namespace, in bytes. A longer one is refused as `Invalid namespace`.
pub const MAX_NAMESPACE_BYTES: usize = 128;
/// Most namespaces that one session may be in. A CONNECT to one more closes the session.
pub const MAX_SOCKETS: usize = 100;

/// Socket.IO, with one application on it.
#[derive(Debug)]
pub struct Broker<A> {
    application: A,
    connect_timeout: Duration,
    sessions: Beside<Session>,
    table: Table,
}

#[derive(Debug, Default)]
struct Session {
    sockets: Vec<Socket>,
    /// Boxed, because few sessions have one.
    pending: Option<Box<Pending>>,
}

/// A packet whose attachments have not all come.
#[derive(Debug)]
struct Pending {
    text: String,
    /// How many attachments the packet has.
    count: usize,
    attachments: Vec<Vec<u8>>,
}

/// Which rule a session broke, for the log.
type Breach = &'static str;

const NOT_JOINED: Breach = "a packet for a namespace not joined";

impl<A: Application> Broker<A> {
    /// `connect_timeout`: how long a new session may be in no namespace.
    #[must_use]
    pub fn new(application: A, connect_timeout: Duration) -> Self {
        Self { application, connect_timeout, sessions: Beside::default(), table: Table::default() }
    }

    /// Closes a session that broke a rule. Engine.IO calls `on_close` next, and nothing else.
    fn fail(io: &mut Io<'_, '_>, id: SessionId, breach: Breach) {
        io.ctx().log_debug("a Socket.IO session fails", breach);
        // The session may stay until its client fetches the end, but without a packet.
        io.hold(id, 0);
        io.close(id);
    }

    /// Takes a text message: a packet, or all of it but its attachments.
    fn text(&mut self, io: &mut Io<'_, '_>, id: SessionId, text: &str) -> Result<(), Breach> {
        let session = self.sessions.get(id.0);
        if session.is_some_and(|session| session.pending.is_some()) {
            return Err("text where an attachment is due");
        }
        let packet = parse(text).map_err(Malformed::reason)?;
        if packet.attachments == 0 {
            return self.packet(io, id, packet, &[]);
        }
        // Judged before memory is taken for it.
        self.find(id, packet.namespace).ok_or(NOT_JOINED)?;
        let pending = Pending {
            text: text.to_owned(),
            count: usize::from(packet.attachments),
            attachments: Vec::new(),
        };
        self.wait(io, id, Box::new(pending));
        Ok(())
    }

    /// Takes a binary message: the attachment that is due.
    fn binary(&mut self, io: &mut Io<'_, '_>, id: SessionId, bytes: &[u8]) -> Result<(), Breach> {
        let session = self.sessions.get_mut(id.0);
        let pending = session.and_then(|session| session.pending.take());
        let mut pending = pending.ok_or("a binary message that is no attachment")?;
        pending.attachments.push(bytes.to_vec());
        if pending.attachments.len() < pending.count {
            self.wait(io, id, pending);
            return Ok(());
        }
        io.hold(id, 0);
        io.wake_at(id, Time::NEVER);
        let packet = parse(&pending.text).map_err(Malformed::reason)?;
        self.packet(io, id, packet, &pending.attachments)
    }

    /// Keeps a packet until its next attachment comes.
    fn wait(&mut self, io: &mut Io<'_, '_>, id: SessionId, pending: Box<Pending>) {
        // An empty attachment takes little memory, and there are ten at most.
        let bytes: usize = pending.attachments.iter().map(Vec::len).sum();
        io.hold(id, pending.text.len() + bytes);
        io.wake_at(id, io.now().after(ATTACHMENT_TIMEOUT));
        if let Some(session) = self.sessions.get_mut(id.0) {
            session.pending = Some(pending);
        }
    }

    /// Takes a packet that is whole.
    fn packet(
        &mut self,
        io: &mut Io<'_, '_>,
        id: SessionId,
        packet: Packet<'_>,
        attachments: &[Vec<u8>],
    ) -> Result<(), Breach> {
        let values = |json| Values { json, attachments };
        let socket = self.find(id, packet.namespace);
        match (packet.body, socket) {
            (Body::Connect(auth), None) => self.connect(io, id, packet.namespace, auth)?,
            (Body::Connect(_), Some(_)) => return Err("a second CONNECT to a namespace"),
            (_, None) => return Err(NOT_JOINED),
            (Body::Event { name, args }, Some(socket)) => {
                let event = Event { name, values: values(args), ack: packet.id };
                let (application, mut sockets) = self.application(io);
                application.on_event(&mut sockets, socket, &event);
            }
            (Body::Ack { args }, Some(socket)) => {
                // As in the original, an answer that nobody asked for breaks no rule.
                let ack = packet.id.and_then(|id| id.parse().ok());
                if let Some(ack) = ack.filter(|ack| self.table.has_asked(socket, *ack)) {
                    let (application, mut sockets) = self.application(io);
                    application.on_ack(&mut sockets, socket, ack, values(args));
                }
            }
            (Body::Disconnect, Some(socket)) => {
                if let Some(session) = self.sessions.get_mut(id.0) {
                    session.sockets.retain(|other| *other != socket);
                }
                self.leave(io, socket);
            }
            (Body::ConnectError(_), Some(_)) => return Err("a packet that only servers send"),
        }
        Ok(())
    }

    /// The application, and what it can do in a callback.
    fn application<'a, 'b, 'c>(&'a mut self, io: &'a mut Io<'b, 'c>) -> (&'a mut A, Sockets<'a, 'b, 'c>) {
        let table = &mut self.table;
        (&mut self.application, Sockets { io, table })
    }

    /// The socket of a session in a namespace.
    fn find(&self, id: SessionId, namespace: &str) -> Option<Socket> {
        let is_it = |socket: &&Socket| self.table.namespace(**socket) == Some(namespace);
        self.sessions.get(id.0)?.sockets.iter().find(is_it).copied()
    }

    /// A session asks to join a namespace.
    fn connect(
        &mut self,
        io: &mut Io<'_, '_>,
        id: SessionId,
        namespace: &str,
        auth: Option<&str>,
    ) -> Result<(), Breach> {
        if namespace.len() > MAX_NAMESPACE_BYTES || !self.application.accepts(namespace) {
            let refusal = Body::ConnectError(r#"{"message":"Invalid namespace"}"#);
            self.answer(io, id, namespace, refusal);
            return Ok(());
        }
        let Some(session) = self.sessions.get_mut(id.0) else { return Ok(()) };
        if session.sockets.len() == MAX_SOCKETS {
            return Err("too many namespaces");
        }
        let public = io.random_id();
        let socket = self.table.join(id, namespace, public);
        session.sockets.push(socket);
        // Nothing else can be awaited now: while an attachment is due, a CONNECT is against the rules.
        io.wake_at(id, Time::NEVER);
        let body = format!("{{\"sid\":\"{}\"}}", shown(&public));
        self.answer(io, id, namespace, Body::Connect(Some(&body)));
        let (application, mut sockets) = self.application(io);
        application.on_connect(&mut sockets, socket, auth);
        Ok(())
    }

    /// Answers a CONNECT.
    fn answer(&mut self, io: &mut Io<'_, '_>, id: SessionId, namespace: &str, body: Body<'_>) {
        let packet = Packet { namespace, attachments: 0, id: None, body };
        deliver(io, &mut self.table.text, [id], &packet, &[]);
    }

    /// Ends a socket.
    fn leave(&mut self, io: &mut Io<'_, '_>, socket: Socket) {
        let Some((id, namespace)) = self.table.leave(socket) else { return };
        let left = Left { id: shown(&id), namespace: &namespace };
        let (application, mut sockets) = self.application(io);
        application.on_disconnect(&mut sockets, socket, &left);
    }

    /// Ends all sockets of a session.
    fn leave_all(&mut self, io: &mut Io<'_, '_>, session: Option<Session>) {
        for socket in session.map(|session| session.sockets).unwrap_or_default() {
            self.leave(io, socket);
        }
    }
}

impl<A: Application> Service for Broker<A> {
    fn on_open(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        // The earlier session of this slot has ended, even if `on_close` was not called for it yet.
        let earlier = self.sessions.put(session.0, Session::default());
        self.leave_all(io, earlier);
        io.wake_at(session, io.now().after(self.connect_timeout));
    }

    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>) {
        let judged = match message {
            Message::Text(text) => self.text(io, session, text),
            Message::Binary(bytes) => self.binary(io, session, bytes),
        };
        if let Err(breach) = judged {
            Self::fail(io, session, breach);
        }
    }

    fn on_close(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        let ended = self.sessions.remove(session.0);
        self.leave_all(io, ended);
    }

    fn on_timer(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        if let Some(found) = self.sessions.get(session.0) {
            let breach = match found.pending {
                Some(_) => "an attachment did not come in time",
                None => "no namespace joined in time",
            };
            Self::fail(io, session, breach);
        }
    }
}
