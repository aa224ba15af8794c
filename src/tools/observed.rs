//! One connection of the server, as it is watched: both directions are followed, and what is seen is told.

use super::conversation::{Conversation, Options};
use super::event::{Seen, Summary};
use super::follow::Start;
use crate::hub::app::Written;
use crate::ws::frame::Sender;
use std::io::IoSlice;
use std::net::SocketAddr;

/// A connection that is watched from its beginning.
pub struct Observed {
    peer: SocketAddr,
    conversation: Conversation,
    reads: u64,
    received: u64,
    sent: u64,
    /// The server has closed its side, and that was told.
    server_ended: bool,
    reset: bool,
    /// Whether each side has sent a Close.
    closes: [bool; 2],
}

impl Observed {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(peer: SocketAddr, options: Options) -> Self {
        Self {
            peer,
            conversation: Conversation::new(options, Start::Head),
            reads: 0,
            received: 0,
            sent: 0,
            server_ended: false,
            reset: false,
            closes: [false; 2],
        }
    }

    /// Whether the server has agreed to a WebSocket.
    #[must_use]
    pub fn has_upgraded(&self) -> bool {
        self.conversation.has_upgraded()
    }

    /// Follows the server also after a rule that it breaks.
    pub fn goes_on(&mut self) {
        self.conversation.goes_on(Sender::Server);
    }

    /// One read gave these bytes.
    pub fn read(&mut self, bytes: &[u8], tell: &mut dyn FnMut(Seen)) {
        self.reads += 1;
        self.received += bytes.len() as u64;
        self.follow(Sender::Client, bytes, tell);
        if let Some(missing) = self.conversation.missing(Sender::Client) {
            tell(Seen::Read(self.reads, bytes.len() as u64, missing));
        }
    }

    /// The peer has closed its side, or the connection is broken (`reset`).
    pub fn read_end(&mut self, reset: bool, tell: &mut dyn FnMut(Seen)) {
        self.reset |= reset;
        self.finish(Sender::Client, tell);
        tell(Seen::ClientEnd(reset));
    }

    /// These pieces were offered to the socket, and it took as many of their bytes as this says.
    pub fn wrote(&mut self, pieces: &[IoSlice<'_>], written: Written, tell: &mut dyn FnMut(Seen)) {
        let Written::Bytes(mut left) = written else { return };
        for piece in pieces {
            let piece = piece.get(..left.min(piece.len())).unwrap_or_default();
            left -= piece.len();
            self.sent += piece.len() as u64;
            self.follow(Sender::Server, piece, tell);
        }
    }

    /// The server has closed its side.
    pub fn half_closed(&mut self, tell: &mut dyn FnMut(Seen)) {
        if !self.server_ended {
            self.server_ended = true;
            self.finish(Sender::Server, tell);
            tell(Seen::ServerEnd);
        }
    }

    /// The connection is over.
    pub fn closed(&mut self, tell: &mut dyn FnMut(Seen)) {
        self.finish(Sender::Client, tell);
        if self.reset {
            self.finish(Sender::Server, tell);
        } else {
            self.half_closed(tell);
        }
        let end = match (self.closes, self.reset) {
            (_, true) => "reset",
            ([true, true], _) => "clean",
            ([false, false], _) if !self.has_upgraded() => "no WebSocket",
            ([true, false], _) => "the server has sent no Close",
            ([false, true], _) => "the client has sent no Close",
            _ => "no Close was sent",
        };
        let Self { peer, received, sent, .. } = *self;
        tell(Seen::Closed(Summary { peer, received, sent, end }));
    }

    fn follow(&mut self, from: Sender, bytes: &[u8], tell: &mut dyn FnMut(Seen)) {
        let Self { conversation, closes: [client, server], .. } = self;
        conversation.push(from, bytes, true, &mut |unit| {
            if unit.is_close() {
                *(if from == Sender::Client { &mut *client } else { &mut *server }) = true;
            }
            tell(Seen::Unit(unit));
        });
    }

    /// Tells what has begun and will not be complete.
    fn finish(&mut self, from: Sender, tell: &mut dyn FnMut(Seen)) {
        if let Some(unit) = self.conversation.finish(from) {
            tell(Seen::Unit(unit));
        }
    }
}
