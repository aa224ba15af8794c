//! Who may send which packet when. Packets of an Engine.IO session become events of an application.
//!
//! A session that breaks a rule is closed, without a code, and nothing of it is read any more. What a
//! session can make us hold has an end: 100 sockets; and one packet whose attachments have not all come,
//! eleven messages of Engine.IO's limit at most (11 MB by default). That is told to the memory budget, and
//! each attachment has a deadline.

use super::application::{Application, Event, Left, Socket, Values};
use super::engine::io::{Io, Service, SessionId};
use super::packet::{Body, Packet, parse};
use super::sockets::{Sockets, Table, new_id, shown};
use crate::app::Message;
use crate::clock::Time;
use std::mem;
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
    /// By slot.
    sessions: Vec<Option<Box<Session>>>,
    table: Table,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    sockets: Vec<Socket>,
    has_joined: bool,
    pending: Option<Pending>,
}

/// A packet whose attachments have not all come.
#[derive(Debug)]
struct Pending {
    text: String,
    due: u8,
    attachments: Vec<Vec<u8>>,
    /// What all of it takes.
    bytes: usize,
}

/// A rule is broken: which one, for the log.
struct Breach(&'static str);

impl<A: Application> Broker<A> {
    /// `connect_timeout`: how long a session may be in no namespace at first.
    #[must_use]
    pub fn new(application: A, connect_timeout: Duration) -> Self {
        Self {
            application,
            connect_timeout,
            sessions: Vec::new(),
            table: Table::default(),
        }
    }

    fn session(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.sessions.get_mut(id.slot())?.as_deref_mut()?;
        (session.id == id).then_some(session)
    }

    /// The session is over. Engine.IO calls `on_close` next, and nothing else.
    fn fail(io: &mut Io<'_, '_>, id: SessionId, breach: &Breach) {
        io.ctx().log_debug("a Socket.IO session fails", breach.0);
        // A client that polls may take its time until it hears of it.
        io.hold(id, 0);
        io.close(id);
    }

    /// A text message: a packet, or all of it but its attachments.
    fn text(&mut self, io: &mut Io<'_, '_>, id: SessionId, text: &str) -> Result<(), Breach> {
        let Some(session) = self.session(id) else {
            return Ok(());
        };
        if session.pending.is_some() {
            return Err(Breach("text where an attachment is due"));
        }
        let packet = parse(text).map_err(|malformed| Breach(malformed.reason()))?;
        if packet.attachments == 0 {
            return self.packet(io, id, &packet, &[]);
        }
        // Judged before anything is held for it.
        self.find(id, packet.namespace)
            .ok_or(Breach("a packet for a namespace not joined"))?;
        let pending = Pending {
            text: text.to_owned(),
            due: packet.attachments,
            attachments: Vec::new(),
            bytes: text.len(),
        };
        io.hold(id, pending.bytes);
        io.wake_at(id, io.now().after(ATTACHMENT_TIMEOUT));
        if let Some(session) = self.session(id) {
            session.pending = Some(pending);
        }
        Ok(())
    }

    /// A binary message: the attachment that is due.
    fn binary(&mut self, io: &mut Io<'_, '_>, id: SessionId, bytes: &[u8]) -> Result<(), Breach> {
        let Some(session) = self.session(id) else {
            return Ok(());
        };
        let Some(pending) = &mut session.pending else {
            return Err(Breach("a binary message that is no attachment"));
        };
        pending.attachments.push(bytes.to_vec());
        if pending.attachments.len() < usize::from(pending.due) {
            // What an empty one takes is little; there are ten.
            pending.bytes += bytes.len();
            io.hold(id, pending.bytes);
            io.wake_at(id, io.now().after(ATTACHMENT_TIMEOUT));
            return Ok(());
        }
        let Some(whole) = session.pending.take() else {
            return Ok(());
        };
        io.hold(id, 0);
        io.wake_at(id, Time::NEVER);
        let packet = parse(&whole.text).map_err(|malformed| Breach(malformed.reason()))?;
        self.packet(io, id, &packet, &whole.attachments)
    }

    /// A packet that is whole.
    fn packet(
        &mut self,
        io: &mut Io<'_, '_>,
        id: SessionId,
        packet: &Packet<'_>,
        attachments: &[Vec<u8>],
    ) -> Result<(), Breach> {
        let found = self.find(id, packet.namespace);
        if let Body::Connect(auth) = packet.body {
            return match found {
                None => self.connect(io, id, packet.namespace, auth),
                Some(_) => Err(Breach("a second CONNECT to a namespace")),
            };
        }
        let socket = found.ok_or(Breach("a packet for a namespace not joined"))?;
        match &packet.body {
            Body::Event { name, args } => {
                let event = Event {
                    name: name.clone(),
                    values: Values {
                        json: args,
                        attachments,
                    },
                    ack: packet.id,
                };
                let (application, mut sockets) = self.application(io);
                application.on_event(&mut sockets, socket, &event);
            }
            Body::Ack { args } => {
                let values = Values {
                    json: args,
                    attachments,
                };
                // As in the original, an answer that nobody asked for is no fault.
                let ack = packet.id.and_then(|id| id.parse().ok());
                if let Some(ack) = ack.filter(|ack| self.table.has_asked(socket, *ack)) {
                    let (application, mut sockets) = self.application(io);
                    application.on_ack(&mut sockets, socket, ack, values);
                }
            }
            Body::Disconnect => {
                if let Some(session) = self.session(id) {
                    session.sockets.retain(|other| *other != socket);
                }
                self.leave(io, socket);
            }
            Body::Connect(_) | Body::ConnectError(_) => {
                return Err(Breach("a packet that only servers send"));
            }
        }
        Ok(())
    }

    /// The application, and its hands.
    fn application<'a, 'b, 'c>(
        &'a mut self,
        io: &'a mut Io<'b, 'c>,
    ) -> (&'a mut A, Sockets<'a, 'b, 'c>) {
        let table = &mut self.table;
        (&mut self.application, Sockets { io, table })
    }

    /// The socket of a session in a namespace.
    fn find(&self, id: SessionId, namespace: &str) -> Option<Socket> {
        let session = self.sessions.get(id.slot())?.as_deref()?;
        let is_it = |socket: &&Socket| self.table.namespace(**socket) == Some(namespace);
        session.sockets.iter().find(is_it).copied()
    }

    fn connect(
        &mut self,
        io: &mut Io<'_, '_>,
        id: SessionId,
        namespace: &str,
        auth: Option<&str>,
    ) -> Result<(), Breach> {
        let answer = |body| Packet {
            namespace,
            attachments: 0,
            id: None,
            body,
        };
        if namespace.len() > MAX_NAMESPACE_BYTES || !self.application.accepts(namespace) {
            let body = Body::ConnectError(r#"{"message":"Invalid namespace"}"#);
            self.table.tell(io, id, &answer(body));
            return Ok(());
        }
        let place = self.sessions.get_mut(id.slot());
        let Some(session) = place.and_then(Option::as_deref_mut) else {
            return Ok(());
        };
        if session.sockets.len() == MAX_SOCKETS {
            return Err(Breach("too many namespaces"));
        }
        let socket_id = new_id(io);
        let joined = self.table.join(id, namespace, socket_id);
        let socket = joined.ok_or(Breach("too many sockets"))?;
        session.sockets.push(socket);
        if !mem::replace(&mut session.has_joined, true) {
            io.wake_at(id, Time::NEVER);
        }
        let body = format!("{{\"sid\":\"{}\"}}", shown(&socket_id));
        self.table.tell(io, id, &answer(Body::Connect(Some(&body))));
        let (application, mut sockets) = self.application(io);
        application.on_connect(&mut sockets, socket, auth);
        Ok(())
    }

    /// The socket is over.
    fn leave(&mut self, io: &mut Io<'_, '_>, socket: Socket) {
        let Some((id, namespace)) = self.table.leave(socket) else {
            return;
        };
        let left = Left {
            id: shown(&id),
            namespace: &namespace,
        };
        let (application, mut sockets) = self.application(io);
        application.on_disconnect(&mut sockets, socket, &left);
    }
}

impl<A: Application> Service for Broker<A> {
    fn on_open(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        let slot = session.slot();
        if self.sessions.len() <= slot {
            self.sessions.resize_with(slot + 1, || None);
        }
        let fresh = Session {
            id: session,
            sockets: Vec::new(),
            has_joined: false,
            pending: None,
        };
        let place = self.sessions.get_mut(slot);
        // Whoever had the slot before is over, whether or not we were told yet.
        let earlier = place.and_then(|place| place.replace(Box::new(fresh)));
        for socket in earlier.map(|earlier| earlier.sockets).unwrap_or_default() {
            self.leave(io, socket);
        }
        io.wake_at(session, io.now().after(self.connect_timeout));
    }

    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>) {
        let judged = match message {
            Message::Text(text) => self.text(io, session, text),
            Message::Binary(bytes) => self.binary(io, session, bytes),
        };
        if let Err(breach) = judged {
            Self::fail(io, session, &breach);
        }
    }

    fn on_close(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        let Some(place) = self.sessions.get_mut(session.slot()) else {
            return;
        };
        let Some(over) = place.take_if(|found| found.id == session) else {
            return;
        };
        while self.sessions.pop_if(|last| last.is_none()).is_some() {}
        for socket in over.sockets {
            self.leave(io, socket);
        }
    }

    fn on_timer(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        let Some(found) = self.session(session) else {
            return;
        };
        if !found.has_joined {
            Self::fail(io, session, &Breach("no namespace joined in time"));
        } else if found.pending.is_some() {
            Self::fail(io, session, &Breach("an attachment did not come in time"));
        }
    }
}
