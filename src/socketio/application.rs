//! The contract between Socket.IO and the applications on it: `Application` is called, and answers by
//! calling `Sockets`.
//!
//! An application sees sockets and events, never packets, sessions or transports. Nothing that it does
//! inside a callback calls back into it.

use super::engine::io::Io;
use super::packet::{Body, MAIN, MAX_ATTACHMENTS, Name, Packet};
use super::sockets::{Table, deliver, shown};
use std::borrow::Cow;

pub use super::sockets::Socket;

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
        let attachments = &[];
        Self { json, attachments }
    }
}

/// An event that a client sent.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its values.
    pub values: Values<'a>,
    /// If there is an id, the client waits for [`Sockets::ack`] with it.
    pub ack: Option<&'a str>,
}

impl Event<'_> {
    /// Whether the event has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        matches!(&self.name, Name::Text(text) if text == name)
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
        let record = self.table.sockets.get(socket.0);
        record.map_or("", |record| shown(&record.id))
    }

    /// The namespace that the socket is in.
    #[must_use]
    pub fn namespace(&self, socket: Socket) -> &str {
        self.table.namespace(socket).unwrap_or(MAIN)
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
        let record = self.table.sockets.get_mut(socket.0)?;
        let ack = record.asked;
        record.asked += 1;
        let id = ack.to_string();
        self.send(socket, Some(&id), Some(event), values);
        Some(ack)
    }

    /// Answers an event. `ack`: the id in [`Event::ack`].
    pub fn ack(&mut self, socket: Socket, ack: &str, values: Values<'_>) {
        self.send(socket, Some(ack), None, values);
    }

    /// Sends an event, or an ack (`None`).
    fn send(&mut self, socket: Socket, id: Option<&str>, event: Option<&str>, values: Values<'_>) {
        let Some(record) = self.table.sockets.get(socket.0) else { return };
        let (session, membership) = (record.session, record.membership);
        let namespace = self.table.namespaces.name(membership).unwrap_or(MAIN);
        let packet = packet(namespace, id, event, values);
        let text = &mut self.table.text;
        deliver(self.io, text, [session], &packet, values.attachments);
    }

    /// Sends an event to all clients in a namespace (`/`, or `/` and a name). It is encoded once.
    pub fn emit_to_all(&mut self, namespace: &str, event: &str, values: Values<'_>) {
        let everybody = self.table.namespaces.named(namespace).iter().copied();
        let packet = packet(namespace, None, Some(event), values);
        let text = &mut self.table.text;
        deliver(self.io, text, everybody, &packet, values.attachments);
    }

    /// Writes one line for the operator: `what: text`. Lines are limited, the text is escaped and cut.
    pub fn log_info(&mut self, what: &str, text: &str) {
        self.io.ctx().log_info(what, text);
    }

    /// Writes one line for somebody who looks for a fault: `what: text`. What clients say to each other
    /// belongs here, because nobody else should read it.
    pub fn log_debug(&mut self, what: &str, text: &str) {
        self.io.ctx().log_debug(what, text);
    }
}

/// The packet of an event, or of an ack (`None`).
fn packet<'a>(
    namespace: &'a str,
    id: Option<&'a str>,
    event: Option<&'a str>,
    values: Values<'a>,
) -> Packet<'a> {
    let args = values.json;
    let name = event.map(|event| Name::Text(Cow::Borrowed(event)));
    let attachments = u8::try_from(values.attachments.len()).unwrap_or(u8::MAX);
    debug_assert!(attachments <= MAX_ATTACHMENTS, "no reader takes more");
    Packet {
        namespace,
        attachments,
        id,
        body: name.map_or(Body::Ack { args }, |name| Body::Event { name, args }),
    }
}
