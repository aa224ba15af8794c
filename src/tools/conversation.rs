//! Follows both directions of a connection, since one depends on the other.
//!
//! An answer has a body or none, by the request. What a handshake agrees to holds for the frames of both.

use super::follow::{Follower, Request, Settings, Start};
use super::kept::Keep;
use super::unit::{Unit, What};
use crate::ws::endpoint::Limits;
use crate::ws::extension::Agreed;
use crate::ws::frame::Sender;

/// What the followers of a conversation are told beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What is kept of payloads and bodies.
    pub keep: Keep,
    /// The limits that are judged, for both sides.
    pub limits: Limits,
    /// Goes on after a broken rule.
    pub goes_on: bool,
    /// Compressed messages are inflated.
    pub inflates: bool,
    /// Most bytes that one inflates to, whatever the limits allow.
    pub most_inflated: u64,
}

/// Both directions of a connection.
pub struct Conversation {
    client: Follower,
    server: Follower,
}

impl Conversation {
    /// A conversation that begins like this.
    #[must_use]
    pub fn new(options: Options, start: Start) -> Self {
        Self::between(options, start, start)
    }

    /// A conversation whose sides begin like this: of one, the beginning may not have been seen.
    #[must_use]
    pub fn between(options: Options, client: Start, server: Start) -> Self {
        let follower = |from, start| {
            let extension = if options.inflates { super::extension() } else { None };
            let limits = Limits { from, ..options.limits };
            let Options { keep, goes_on, most_inflated, .. } = options;
            Follower::new(Settings { keep, limits, goes_on, most_inflated, extension }, start)
        };
        Self { client: follower(Sender::Client, client), server: follower(Sender::Server, server) }
    }

    /// Follows bytes of one side. `is_read`: a read begins with them.
    pub fn push(&mut self, from: Sender, bytes: &[u8], is_read: bool, each: &mut impl FnMut(Unit)) {
        let (follower, other) = self.sides(from);
        follower.push(bytes, is_read, &mut |follower, unit| {
            link(follower, other, &unit);
            each(unit);
        });
    }

    /// Follows bytes of one side that nobody knows. Returns `false` if nobody can say what comes after them.
    pub fn skip(&mut self, from: Sender, len: u64, each: &mut impl FnMut(Unit)) -> bool {
        let (follower, other) = self.sides(from);
        follower.skip(len, &mut |follower, unit| {
            link(follower, other, &unit);
            each(unit);
        })
    }

    /// How much is missing of what this side has begun: at least so many bytes. `Some(None)`: the rest of a head.
    ///
    /// `None`: nothing has begun.
    #[must_use]
    pub fn missing(&self, from: Sender) -> Option<Option<u64>> {
        match from {
            Sender::Client => self.client.missing(),
            Sender::Server => self.server.missing(),
        }
    }

    /// Tells of a request that was not seen, before its answer.
    pub fn ask(&mut self, request: Request) {
        self.server.asked.push_back(request);
    }

    /// Whether a head, a body or a frame of this side has begun.
    #[must_use]
    pub fn has_begun(&self, from: Sender) -> bool {
        match from {
            Sender::Client => self.client.has_begun(),
            Sender::Server => self.server.has_begun(),
        }
    }

    /// Whether what this side sends next belongs to something that has begun: a head, a body, a frame.
    #[must_use]
    pub fn is_within(&self, from: Sender) -> bool {
        match from {
            Sender::Client => self.client.is_within(),
            Sender::Server => self.server.is_within(),
        }
    }

    /// Whether the server has agreed to a WebSocket.
    #[must_use]
    pub fn has_upgraded(&self) -> bool {
        self.server.has_upgraded()
    }

    /// The unit of this side that has begun and is not complete, when nothing follows.
    pub fn finish(&mut self, from: Sender) -> Option<Unit> {
        self.sides(from).0.finish()
    }

    /// After a rule that this side breaks, it is followed all the same.
    pub fn goes_on(&mut self, from: Sender) {
        self.sides(from).0.goes_on();
    }

    /// Nothing of this side is read any more.
    pub fn give_up(&mut self, from: Sender) {
        self.sides(from).0.give_up();
    }

    /// What was agreed for compression.
    #[must_use]
    pub fn agreed(&self) -> Option<Agreed> {
        self.server.agreed()
    }

    fn sides(&mut self, from: Sender) -> (&mut Follower, &mut Follower) {
        match from {
            Sender::Client => (&mut self.client, &mut self.server),
            Sender::Server => (&mut self.server, &mut self.client),
        }
    }
}

/// Tells the other side what a complete unit means for it.
fn link(follower: &mut Follower, other: &mut Follower, unit: &Unit) {
    match &unit.what {
        What::Request(_) => other.asked.append(&mut follower.asked),
        What::Response(_) if follower.has_upgraded() => other.agree(follower.agreed()),
        _ => {}
    }
}
