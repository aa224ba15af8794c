//! Who may send which packet when. Packets of an Engine.IO session become events of an application.
//!
//! A session that breaks a rule is closed, without a code, and nothing more from it is read. Its share of memory
//! has an end: 100 sockets; and one packet whose attachments have not all come, at most eleven messages of
//! Engine.IO's limit (11 MB by default). The memory budget counts that packet, and each attachment has
//! a deadline.

use super::application::{Application, Event, Left, Pending, Socket, Sockets, Table, Values, shown};
use super::engine::io::{Io, Service, SessionId, random_id};
use super::packet::{Body, Breach, Packet, parse};
use crate::clock::Time;
use crate::hub::app::Message;
use std::time::Duration;

/// From the first packet of a session to its first namespace.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);
/// From a packet to its attachment, and from that to the next.
pub const ATTACHMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest name of a namespace, in bytes. A longer one is refused as `Invalid namespace`.
pub const MAX_NAMESPACE_BYTES: usize = 128;
/// Most namespaces that one session may be in. A CONNECT to one more closes the session.
pub const MAX_SOCKETS: usize = 100;

/// Whether what a session sent was in order.
type Judged = Result<(), Breach>;

const NOT_JOINED: Breach = "a packet for a namespace not joined";

/// Socket.IO, with one application on it.
#[derive(Debug)]
pub struct Broker<A> {
    application: A,
    connect_timeout: Duration,
    table: Table,
}

impl<A: Application> Broker<A> {
    /// `connect_timeout`: how long a new session may be in no namespace.
    #[must_use]
    pub fn new(application: A, connect_timeout: Duration) -> Self {
        Self { application, connect_timeout, table: Table::default() }
    }

    /// Closes a session that broke a rule. Engine.IO calls `on_close` next, and nothing else.
    fn fail(io: &mut Io<'_, '_>, id: SessionId, breach: Breach) {
        io.ctx.log_debug("a Socket.IO session fails", breach);
        // The session may stay until its client fetches the end, but without a packet.
        io.count_kept(id, 0);
        io.close(id);
    }

    /// Takes a text message: a packet, or all of it but its attachments.
    fn text(&mut self, io: &mut Io<'_, '_>, id: SessionId, text: &str) -> Judged {
        if self.table.of(id).any(|record| record.pending.is_some()) {
            return Err("text where an attachment is due");
        }
        let packet = parse(text)?;
        if packet.attachments == 0 {
            return self.packet(io, id, packet, &[]);
        }
        // Judged before memory is taken for it.
        let record = self.table.find(id, packet.namespace).ok_or(NOT_JOINED)?;
        let (text, count) = (text.to_owned(), usize::from(packet.attachments));
        let pending = record.pending.insert(Box::new(Pending { text, count, attachments: Vec::new() }));
        wait(io, id, pending);
        Ok(())
    }

    /// Takes a binary message: the attachment that is due.
    fn binary(&mut self, io: &mut Io<'_, '_>, id: SessionId, bytes: &[u8]) -> Judged {
        let due = self.table.of(id).find_map(|record| Some((record.pending.take()?, &mut record.pending)));
        let (mut pending, place) = due.ok_or("a binary message that is no attachment")?;
        pending.attachments.push(bytes.to_vec());
        if pending.attachments.len() < pending.count {
            wait(io, id, place.insert(pending));
            return Ok(());
        }
        io.count_kept(id, 0);
        io.wake_at(id, Time::NEVER);
        self.packet(io, id, parse(&pending.text)?, &pending.attachments)
    }

    /// Takes a packet that is whole, with the attachments that came.
    fn packet(&mut self, io: &mut Io<'_, '_>, id: SessionId, packet: Packet<'_>, came: &[Vec<u8>]) -> Judged {
        let values = |json| Values { json, attachments: came };
        let found = self.table.find(id, packet.namespace).map(|record| (record.socket, record.asked));
        match (packet.body, found) {
            (Body::Connect(auth), None) => return self.connect(io, id, packet.namespace, auth),
            (Body::Connect(_), Some(_)) => return Err("a second CONNECT to a namespace"),
            (_, None) => return Err(NOT_JOINED),
            (Body::Event { name, args }, Some((socket, _))) => {
                let event = Event { name: &name, values: values(args), ack: packet.id };
                self.application.on_event(&mut Sockets { io, table: &mut self.table }, socket, &event);
            }
            (Body::Ack { args }, Some((socket, asked))) => {
                // As in the original, an answer that nobody asked for breaks no rule.
                let ack = packet.id.and_then(|id| id.parse().ok());
                if let Some(ack) = ack.filter(|ack| *ack < asked) {
                    let sockets = &mut Sockets { io, table: &mut self.table };
                    self.application.on_ack(sockets, socket, ack, values(args));
                }
            }
            (Body::Disconnect, Some((socket, _))) => self.leave(io, socket),
            (Body::ConnectError(_), Some(_)) => return Err("a packet that only servers send"),
        }
        Ok(())
    }

    /// A session asks to join a namespace.
    fn connect(&mut self, io: &mut Io<'_, '_>, id: SessionId, namespace: &str, auth: Option<&str>) -> Judged {
        let answer = |body| Packet { namespace, attachments: 0, id: None, body };
        if namespace.len() > MAX_NAMESPACE_BYTES || !self.application.accepts(namespace) {
            let refusal = Body::ConnectError(r#"{"message":"Invalid namespace"}"#);
            self.table.answer(io, id, &answer(refusal));
            return Ok(());
        }
        if self.table.of(id).count() == MAX_SOCKETS {
            return Err("too many namespaces");
        }
        let public = random_id(io.ctx);
        let socket = self.table.join(id, namespace, public);
        // Nothing else can be awaited now: while an attachment is due, a CONNECT is against the rules.
        io.wake_at(id, Time::NEVER);
        let body = format!("{{\"sid\":\"{}\"}}", shown(&public));
        self.table.answer(io, id, &answer(Body::Connect(Some(&body))));
        self.application.on_connect(&mut Sockets { io, table: &mut self.table }, socket, auth);
        Ok(())
    }

    /// Ends a socket.
    fn leave(&mut self, io: &mut Io<'_, '_>, socket: Socket) {
        let Some((id, namespace)) = self.table.leave(socket) else { return };
        let left = Left { id: shown(&id), namespace: &namespace };
        self.application.on_disconnect(&mut Sockets { io, table: &mut self.table }, socket, &left);
    }
}

impl<A: Application> Service for Broker<A> {
    fn on_open(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        io.wake_at(session, io.ctx.now().after(self.connect_timeout));
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
        let sockets: Vec<Socket> = self.table.of(session).map(|record| record.socket).collect();
        for socket in sockets {
            self.leave(io, socket);
        }
    }

    fn on_timer(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        let breach = match self.table.of(session).any(|record| record.pending.is_some()) {
            true => "an attachment did not come in time",
            false => "no namespace joined in time",
        };
        Self::fail(io, session, breach);
    }
}

/// Waits for the next attachment of a packet.
fn wait(io: &mut Io<'_, '_>, id: SessionId, pending: &Pending) {
    // An empty attachment takes little memory, and there are ten at most.
    let bytes: usize = pending.attachments.iter().map(Vec::len).sum();
    io.count_kept(id, pending.text.len() + bytes);
    io.wake_at(id, io.ctx.now().after(ATTACHMENT_TIMEOUT));
}
