//! Who is in which namespace, and what an application can do with them.
//!
//! A packet is written once, however many get it; so is its frame, by Engine.IO.

use super::application::{Socket, Values};
use super::engine::io::{Io, SessionId};
use super::packet::{Body, MAIN, MAX_ATTACHMENTS, Name, Packet};
use crate::app::Message;
use crate::rooms::Rooms;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use slab::Slab;
use std::borrow::Cow;

/// 15 random bytes as base64url. Others may learn it, so it is not the id of the session.
pub(super) type Id = [u8; 20];

/// All sockets.
#[derive(Debug, Default)]
pub(super) struct Table {
    sockets: Slab<Record>,
    /// A room for each namespace.
    namespaces: Rooms<SessionId>,
    /// Counts the sockets of this process.
    serial: u32,
    /// Packets are written here, again and again.
    text: String,
}

#[derive(Debug)]
pub(super) struct Record {
    socket: Socket,
    session: SessionId,
    membership: u32,
    pub(super) id: Id,
    /// So many answers were asked for.
    asked: u64,
}

impl Table {
    /// A session joins a namespace. `None`: the table is full.
    pub(super) fn join(&mut self, session: SessionId, namespace: &str, id: Id) -> Option<Socket> {
        self.serial = self.serial.wrapping_add(1);
        let entry = self.sockets.vacant_entry();
        let socket = Socket {
            slot: u32::try_from(entry.key()).ok()?,
            serial: self.serial,
        };
        entry.insert(Record {
            socket,
            session,
            membership: self.namespaces.join(namespace, session),
            id,
            asked: 0,
        });
        Some(socket)
    }

    /// The socket is over: what it was called.
    pub(super) fn leave(&mut self, socket: Socket) -> Option<(Id, String)> {
        let (membership, id) = self
            .get(socket)
            .map(|record| (record.membership, record.id))?;
        let namespace = self.namespaces.name(membership).unwrap_or(MAIN).to_owned();
        self.sockets.try_remove(socket.slot as usize)?;
        self.namespaces.leave(membership);
        Some((id, namespace))
    }

    pub(super) fn get(&self, socket: Socket) -> Option<&Record> {
        let record = self.sockets.get(socket.slot as usize)?;
        (record.socket == socket).then_some(record)
    }

    pub(super) fn namespace(&self, socket: Socket) -> Option<&str> {
        self.namespaces.name(self.get(socket)?.membership)
    }

    /// Whether the socket was asked for an answer with this number.
    pub(super) fn has_asked(&self, socket: Socket, ack: u64) -> bool {
        self.get(socket).is_some_and(|record| ack < record.asked)
    }

    /// Sends a packet to one session.
    pub(super) fn tell(&mut self, io: &mut Io<'_, '_>, session: SessionId, packet: &Packet<'_>) {
        self.text.clear();
        packet.write(&mut self.text);
        io.send(session, Message::Text(&self.text));
    }
}

/// As text.
pub(super) fn shown(id: &Id) -> &str {
    std::str::from_utf8(id).unwrap_or_default()
}

pub(super) fn new_id(io: &mut Io<'_, '_>) -> Id {
    let (mut bytes, mut id) = ([0; 15], [b'A'; 20]);
    io.random(&mut bytes);
    // Cannot fail: 15 bytes are 20 characters.
    let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
    id
}

/// The application's hands: valid during one callback. What is sent to a socket that is over is ignored.
///
/// An event may have any name but those that are the libraries' own (`connect`, `disconnect` and their like).
/// Values go out as they are given: they must be JSON, and each placeholder in it must name an attachment.
/// Readers refuse whatever is not so, and end their session.
pub struct Sockets<'a, 'b, 'c> {
    pub(super) io: &'a mut Io<'b, 'c>,
    pub(super) table: &'a mut Table,
}

impl Sockets<'_, '_, '_> {
    /// The id that the client knows the socket by: 20 characters. Nothing, when the socket is over.
    #[must_use]
    pub fn id(&self, socket: Socket) -> &str {
        self.table
            .get(socket)
            .map_or("", |record| shown(&record.id))
    }

    /// The namespace that the socket is in.
    #[must_use]
    pub fn namespace(&self, socket: Socket) -> &str {
        self.table.namespace(socket).unwrap_or(MAIN)
    }

    /// Tells one client.
    pub fn emit(&mut self, socket: Socket, event: &str, values: Values<'_>) {
        self.send(socket, None, body_of(event, values), values);
    }

    /// The same, and asks for an answer: `on_ack` gets it with the number that is returned, counted from 0 for
    /// each socket. `None`: the socket is over.
    pub fn emit_with_ack(
        &mut self,
        socket: Socket,
        event: &str,
        values: Values<'_>,
    ) -> Option<u64> {
        let record = self.table.sockets.get_mut(socket.slot as usize)?;
        if record.socket != socket {
            return None;
        }
        let ack = record.asked;
        record.asked += 1;
        let id = ack.to_string();
        self.send(socket, Some(&id), body_of(event, values), values);
        Some(ack)
    }

    /// Answers an event that wishes for it; `ack` is [`super::application::Event::ack`].
    pub fn ack(&mut self, socket: Socket, ack: &str, values: Values<'_>) {
        let body = Body::Ack { args: values.json };
        self.send(socket, Some(ack), body, values);
    }

    fn send(&mut self, socket: Socket, id: Option<&str>, body: Body<'_>, values: Values<'_>) {
        let Some(record) = self.table.get(socket) else {
            return;
        };
        let session = record.session;
        let namespace = self
            .table
            .namespaces
            .name(record.membership)
            .unwrap_or(MAIN);
        write(&mut self.table.text, namespace, id, body, values);
        self.io.send(session, Message::Text(&self.table.text));
        for attachment in values.attachments {
            self.io.send(session, Message::Binary(attachment));
        }
    }

    /// Tells everybody in a namespace (`/`, or `/` and a name). It is encoded once.
    pub fn emit_to_all(&mut self, namespace: &str, event: &str, values: Values<'_>) {
        let Table {
            namespaces, text, ..
        } = &mut *self.table;
        write(text, namespace, None, body_of(event, values), values);
        let everybody = namespaces.named(namespace).iter().copied();
        self.io.send_many(everybody.clone(), Message::Text(text));
        for attachment in values.attachments {
            let message = Message::Binary(attachment);
            self.io.send_many(everybody.clone(), message);
        }
    }

    /// One line for the operator: `what: text`. Lines are limited, the text is escaped and cut.
    pub fn log_info(&mut self, what: &str, text: &str) {
        self.io.ctx().log_info(what, text);
    }

    /// The same for those who look for a fault: what peers say is for no other ears.
    pub fn log_debug(&mut self, what: &str, text: &str) {
        self.io.ctx().log_debug(what, text);
    }
}

fn body_of<'a>(event: &'a str, values: Values<'a>) -> Body<'a> {
    Body::Event {
        name: Name::Text(Cow::Borrowed(event)),
        args: values.json,
    }
}

fn write(text: &mut String, namespace: &str, id: Option<&str>, body: Body<'_>, values: Values<'_>) {
    let attachments = u8::try_from(values.attachments.len()).unwrap_or(u8::MAX);
    debug_assert!(attachments <= MAX_ATTACHMENTS, "no reader takes more");
    text.clear();
    let packet = Packet {
        namespace,
        attachments,
        id,
        body,
    };
    packet.write(text);
}
