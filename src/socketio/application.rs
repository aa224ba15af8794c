//! The contract between Socket.IO and the applications on it: `Application` is called, and answers by
//! calling `Sockets`.
//!
//! An application sees sockets and events, never packets, sessions or transports. Nothing that it does
//! inside a callback calls back into it.

use super::engine::io::{Io, SessionId, Sid};
use super::packet::{Body, MAIN, MAX_ATTACHMENTS, Packet};
use crate::apps::json;
use crate::hub::app::Message;
use crate::rooms::Rooms;
use std::borrow::Cow;

/// One client in one namespace. A client in two namespaces has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    pub(super) session: SessionId,
    /// Counts the sockets that the server ever had.
    number: u64,
}

/// What stands after the name of an event, or in an ack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// JSON without the brackets of its array: no value, one, or several with commas between.
    /// From a client it is checked, and is the text that came.
    pub json: &'a str,
    /// What the placeholders in `json` stand for; 10 at most.
    pub attachments: &'a [Vec<u8>],
}

impl<'a> Values<'a> {
    /// Values without attachments. `json`: see [`Values::json`].
    #[must_use]
    pub fn of(json: &'a str) -> Self {
        Self { json, attachments: &[] }
    }
}

/// An event that a client sent.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name as it stands in the packet: a JSON string, or a number.
    pub name: &'a str,
    /// Its values.
    pub values: Values<'a>,
    /// If there is an id, the client waits for [`Sockets::ack`] with it.
    pub ack: Option<&'a str>,
}

impl Event<'_> {
    /// Whether the event has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        json::is_name(self.name, name)
    }
}

/// What is known of a socket that has left its namespace.
#[derive(Debug)]
pub struct Left<'a> {
    /// The id that the client knew it by.
    pub id: &'a str,
    /// The namespace.
    pub namespace: &'a str,
}

/// An application on Socket.IO.
pub trait Application {
    /// Whether clients may join the namespace of this name (`/` is the main one). If not, the client is
    /// answered `Invalid namespace`.
    fn accepts(&self, namespace: &str) -> bool;

    /// A client joined a namespace, and was told so. `auth`: the JSON object that it brought, if any.
    fn on_connect(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _auth: Option<&str>) {}

    /// A client sent an event.
    fn on_event(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _: &Event<'_>) {}

    /// A client answered [`Sockets::emit_with_ack`], which returned the number `ack`. A client may answer
    /// several times, or never.
    fn on_ack(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _ack: u64, _: Values<'_>) {}

    /// A client left the namespace, because it wanted to or because its session ended: exactly once for each
    /// `on_connect`. Nothing can be sent to the socket any more.
    fn on_disconnect(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _: &Left<'_>) {}
}

/// All sockets.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By the slot of the session, in the order in which they joined.
    sockets: Vec<Vec<Record>>,
    /// How many sockets there ever were.
    count: u64,
    /// A room for each namespace.
    namespaces: Rooms<SessionId>,
    /// Packets are written here, so that the memory is used again.
    text: String,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) socket: Socket,
    membership: u32,
    /// The id that clients know it by. It is not the sid of the session, because others may learn it.
    id: Sid,
    /// How many acks the application asked for.
    pub(super) asked: u64,
    /// A packet from it whose attachments have not all come. Boxed, because few sockets have one.
    pub(super) pending: Option<Box<Pending>>,
}

/// A packet whose attachments have not all come.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) text: String,
    /// How many attachments the packet has.
    pub(super) count: usize,
    pub(super) attachments: Vec<Vec<u8>>,
}

impl Table {
    /// The sockets of a session.
    pub(super) fn of(&mut self, session: SessionId) -> impl Iterator<Item = &mut Record> {
        let sockets = self.sockets.get_mut(session.slot as usize).into_iter().flatten();
        sockets.filter(move |record| record.socket.session == session)
    }

    fn get(&self, socket: Socket) -> Option<&Record> {
        self.sockets.get(socket.session.slot as usize)?.iter().find(|record| record.socket == socket)
    }

    /// The socket of a session in a namespace.
    pub(super) fn find(&mut self, session: SessionId, namespace: &str) -> Option<&mut Record> {
        let sockets = self.sockets.get_mut(session.slot as usize)?;
        let is_it = |record: &&mut Record| self.namespaces.name(record.membership) == Some(namespace);
        sockets.iter_mut().find(|record| record.socket.session == session && is_it(record))
    }

    /// Adds a socket: a session joins a namespace.
    pub(super) fn join(&mut self, session: SessionId, namespace: &str, id: Sid) -> Socket {
        self.count += 1;
        let socket = Socket { session, number: self.count };
        let membership = self.namespaces.join(namespace, session);
        let slot = session.slot as usize;
        if self.sockets.len() <= slot {
            self.sockets.resize_with(slot + 1, Vec::new);
        }
        if let Some(sockets) = self.sockets.get_mut(slot) {
            // Most sessions have one.
            sockets.reserve_exact(1);
            sockets.push(Record { socket, membership, id, asked: 0, pending: None });
        }
        socket
    }

    /// Removes a socket. Returns its id and its namespace.
    pub(super) fn leave(&mut self, socket: Socket) -> Option<(Sid, String)> {
        let sockets = self.sockets.get_mut(socket.session.slot as usize)?;
        let place = sockets.iter().position(|record| record.socket == socket)?;
        let Record { membership, id, .. } = sockets.remove(place);
        let namespace = self.namespaces.name(membership).unwrap_or(MAIN).to_owned();
        self.namespaces.leave(membership);
        Some((id, namespace))
    }

    /// Sends a packet without attachments to one session.
    pub(super) fn answer(&mut self, io: &mut Io<'_, '_>, session: SessionId, packet: &Packet<'_>) {
        deliver(io, &mut self.text, [session], packet, &[]);
    }
}

/// What an application can do during one callback. What it sends to a socket that has left is ignored.
///
/// An event may have any name but those that the libraries use themselves (`connect`, `disconnect` and the like).
/// Values are sent as they are given: they must be JSON, and each placeholder in it must name an attachment.
/// A client that gets other values ends its session.
pub struct Sockets<'a, 'b, 'c> {
    pub(super) io: &'a mut Io<'b, 'c>,
    pub(super) table: &'a mut Table,
}

impl Sockets<'_, '_, '_> {
    /// The id that the client knows the socket by: 20 characters. Empty if the socket has left.
    #[must_use]
    pub fn id(&self, socket: Socket) -> &str {
        self.table.get(socket).map_or("", |record| shown(&record.id))
    }

    /// The namespace that the socket is in.
    #[must_use]
    pub fn namespace(&self, socket: Socket) -> &str {
        let record = self.table.get(socket);
        record.and_then(|record| self.table.namespaces.name(record.membership)).unwrap_or(MAIN)
    }

    /// Sends an event to one client.
    pub fn emit(&mut self, socket: Socket, event: &str, values: Values<'_>) {
        self.send(socket, None, Some(event), values);
    }

    /// Sends an event to one client, and asks for an answer.
    ///
    /// Returns the number with which `on_ack` gets the answer, counted from 0 for each socket. `None`: the
    /// socket has left.
    pub fn emit_with_ack(&mut self, socket: Socket, event: &str, values: Values<'_>) -> Option<u64> {
        let record = self.table.of(socket.session).find(|record| record.socket == socket)?;
        let ack = record.asked;
        record.asked += 1;
        self.send(socket, Some(&ack.to_string()), Some(event), values);
        Some(ack)
    }

    /// Answers an event. `ack`: the id in [`Event::ack`].
    pub fn ack(&mut self, socket: Socket, ack: &str, values: Values<'_>) {
        self.send(socket, Some(ack), None, values);
    }

    /// Sends an event, or an ack (`None`).
    fn send(&mut self, socket: Socket, id: Option<&str>, event: Option<&str>, values: Values<'_>) {
        let Some(&Record { membership, .. }) = self.table.get(socket) else { return };
        let namespace = self.table.namespaces.name(membership).unwrap_or(MAIN);
        let packet = packet(namespace, id, event, values);
        deliver(self.io, &mut self.table.text, [socket.session], &packet, values.attachments);
    }

    /// Sends an event to all clients in a namespace (`/`, or `/` and a name). It is encoded once.
    pub fn emit_to_all(&mut self, namespace: &str, event: &str, values: Values<'_>) {
        let everybody = self.table.namespaces.named(namespace).iter().copied();
        let packet = packet(namespace, None, Some(event), values);
        deliver(self.io, &mut self.table.text, everybody, &packet, values.attachments);
    }

    /// Writes one line for the operator: `what: text`. Lines are limited, the text is escaped and cut.
    pub fn log_info(&mut self, what: &str, text: &str) {
        self.io.ctx.log_info(what, text);
    }

    /// Writes one line for somebody who looks for a fault: `what: text`. What clients say to each other
    /// belongs here, because nobody else should read it.
    pub fn log_debug(&mut self, what: &str, text: &str) {
        self.io.ctx.log_debug(what, text);
    }
}

/// The packet of an event, or of an ack (`None`).
fn packet<'a>(
    namespace: &'a str,
    id: Option<&'a str>,
    event: Option<&str>,
    values: Values<'a>,
) -> Packet<'a> {
    let args = values.json;
    let attachments = u8::try_from(values.attachments.len()).unwrap_or(u8::MAX);
    debug_assert!(attachments <= MAX_ATTACHMENTS, "no reader takes more");
    // A text can always be written as JSON.
    let name = event.map(|event| Cow::Owned(serde_json::to_string(event).unwrap_or_default()));
    let body = name.map_or(Body::Ack { args }, |name| Body::Event { name, args });
    Packet { namespace, attachments, id, body }
}

/// Sends a packet and its attachments to some sessions. It is encoded once, in `text`.
fn deliver(
    io: &mut Io<'_, '_>,
    text: &mut String,
    to: impl IntoIterator<Item = SessionId, IntoIter: Clone> + Clone,
    packet: &Packet<'_>,
    attachments: &[Vec<u8>],
) {
    text.clear();
    packet.write(text);
    io.send_many(to.clone(), Message::Text(text));
    for attachment in attachments {
        io.send_many(to.clone(), Message::Binary(attachment));
    }
}

/// The id as text.
pub(super) fn shown(id: &Sid) -> &str {
    std::str::from_utf8(id).unwrap_or_default()
}
