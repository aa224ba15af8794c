//! The contract between Socket.IO and the applications on top of it: `Application` is called, and answers by
//! calling `Sockets`.
//!
//! An application sees sockets and events, never packets, sessions or transports. As with everything else
//! that is called here, nothing that it does inside a callback calls back into it.

use super::packet::Name;
use super::sockets::Sockets;

/// One socket: one client in one namespace. A client in two namespaces has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    pub(super) slot: u32,
    pub(super) serial: u32,
}

/// What stands behind the name of an event, or in an ack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// JSON without the brackets of its array: no value, one, or several with commas between.
    /// From a peer it is checked, and as it came.
    pub json: &'a str,
    /// What the placeholders in it stand for; 10 at most.
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

/// Something that a client tells.
#[derive(Debug)]
pub struct Event<'a> {
    /// What it is called.
    pub name: Name<'a>,
    /// What it says.
    pub values: Values<'a>,
    /// The client waits for [`Sockets::ack`] with this id.
    pub ack: Option<&'a str>,
}

impl Event<'_> {
    /// Whether it is called so.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        matches!(&self.name, Name::Text(text) if text == name)
    }
}

/// What a socket was called that is over.
#[derive(Debug)]
pub struct Left<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
}

/// An application on Socket.IO.
pub trait Application {
    /// Whether there is a namespace of this name (`/` is the one without). A client that wishes for
    /// another is told so.
    fn accepts(&self, namespace: &str) -> bool;

    /// A client joined, and knows it. `auth`: the JSON object that it brought, if any.
    fn on_connect(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _auth: Option<&str>) {}

    /// A client tells something.
    fn on_event(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _: &Event<'_>) {}

    /// The answer to [`Sockets::emit_with_ack`], of which this is the number. A client may give it
    /// several times, or never.
    fn on_ack(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _ack: u64, _: Values<'_>) {}

    /// A client left the namespace, by its wish or because the connection is over: exactly once for each
    /// `on_connect`. Nothing can be sent to it any more.
    fn on_disconnect(&mut self, _: &mut Sockets<'_, '_, '_>, _: Socket, _: &Left<'_>) {}
}
