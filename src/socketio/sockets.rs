//! The sockets: which session is in which namespace, and how packets reach it.

use super::engine::io::{Io, SessionId};
use super::packet::{MAIN, Packet};
use crate::hub::app::Message;
use crate::rooms::Rooms;
use crate::slots::{Id, Slots};

/// One socket: one client in one namespace. A client in two namespaces has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket(pub(super) Id);

/// The id that clients know a socket by. It is not the sid of the session, because others may learn it.
pub(super) type PublicId = [u8; 20];

/// All sockets.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) sockets: Slots<Record>,
    /// A room for each namespace.
    pub(super) namespaces: Rooms<SessionId>,
    /// Packets are written here, so that the memory is used again.
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) session: SessionId,
    pub(super) membership: u32,
    pub(super) id: PublicId,
    /// How many acks the application asked for.
    pub(super) asked: u64,
}

impl Table {
    /// Adds a socket: a session joins a namespace.
    pub(super) fn join(&mut self, session: SessionId, namespace: &str, id: PublicId) -> Socket {
        let membership = self.namespaces.join(namespace, session);
        Socket(self.sockets.insert(Record { session, membership, id, asked: 0 }))
    }

    /// Removes a socket. Returns its id and its namespace.
    pub(super) fn leave(&mut self, socket: Socket) -> Option<(PublicId, String)> {
        let namespace = self.namespace(socket).unwrap_or(MAIN).to_owned();
        let record = self.sockets.remove(socket.0)?;
        self.namespaces.leave(record.membership);
        Some((record.id, namespace))
    }

    pub(super) fn namespace(&self, socket: Socket) -> Option<&str> {
        let record = self.sockets.get(socket.0)?;
        self.namespaces.name(record.membership)
    }

    /// Whether the application asked the socket for the ack with this number.
    pub(super) fn has_asked(&self, socket: Socket, ack: u64) -> bool {
        let record = self.sockets.get(socket.0);
        record.is_some_and(|record| ack < record.asked)
    }
}

/// Sends a packet and its attachments to some sessions. It is encoded once, in `text`.
pub(super) fn deliver(
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
pub(super) fn shown(id: &PublicId) -> &str {
    std::str::from_utf8(id).unwrap_or_default()
}
