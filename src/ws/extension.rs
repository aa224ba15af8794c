//! The port for an extension that codes the payload of messages, as compression does (RFC 6455 §9, RFC 7692).
//!
//! On a first reading skip this file: plain messages need nothing of it.
//!
//! `ws` knows such an extension only by two traits. One [`Extension`] serves all connections. It makes a
//! [`Decoder`] for each coded message that arrives; what comes out is collected and judged as the
//! payload of any other message. Without an extension nobody implements them.

use super::close::Violation;
use crate::http::head::Head;
use std::fmt::Debug;

/// How far back the messages of one direction may refer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Base-2 logarithm of the largest distance in bytes, 8 to 15.
    pub window_bits: u8,
    /// Whether a message may refer to the messages before it. Otherwise each stands for itself.
    pub takes_over: bool,
}

/// What was agreed to with one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// For the messages that we send.
    pub sent: Reach,
    /// For the messages that we receive.
    pub received: Reach,
}

/// What is kept of one connection between two messages, if one may refer to another.
#[derive(Debug, Default)]
pub struct History {
    /// The last decoded bytes that were received.
    pub received: Vec<u8>,
    /// The last bytes that were sent, before they were coded.
    pub sent: Vec<u8>,
}

impl History {
    /// Bytes of memory held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.received.capacity() + self.sent.capacity()
    }
}

/// An extension that codes the payload of messages, for all connections.
pub trait Extension {
    /// Judges what a client offers. `None`: nothing is agreed to, and messages stay as they are.
    ///
    /// Otherwise also gives the value of `Sec-WebSocket-Extensions` for the answer. The list of offers must be well formed.
    fn agree(&self, head: &Head<'_>) -> Option<(Agreed, String)>;

    /// Gives the decoder for a message that begins to arrive. `is_whole`: all of it is there.
    fn begin(&mut self, is_whole: bool) -> Box<dyn Decoder>;

    /// Appends to `out` the coded payload of a message that is given in parts.
    ///
    /// With `history` the message may refer to those before it, and is noted there; without, it stands for
    /// itself. Returns `false` if coding is not worth it: then `out` and `history` are as before.
    fn encode(
        &mut self,
        agreed: Agreed,
        history: Option<&mut History>,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> bool;

    /// How many bytes decoders gave, or copied, since this was asked last.
    fn take_work(&mut self) -> usize;
}

/// Decodes one message.
pub trait Decoder: Debug {
    /// Decodes `input`, which is shortened by what was used; with `is_last` it also ends the message.
    /// `history` is what the message may refer to.
    ///
    /// Returns `true` if all of `input` is decoded. Returns `false` if the chunk must be taken first; the caller then
    /// goes on with the rest of `input`.
    ///
    /// # Errors
    /// The rule that the payload breaks. What came out before it is the chunk.
    fn decode(
        &mut self,
        input: &mut &[u8],
        is_last: bool,
        history: &[u8],
    ) -> Result<bool, Violation>;

    /// What came out and was not taken.
    fn chunk(&self) -> &[u8];

    /// Forgets the chunk, which the caller has taken.
    fn taken(&mut self);

    /// Keeps input that cannot be decoded at once. It comes before that of the next call of `decode`.
    fn keep(&mut self, input: &[u8]);

    /// Notes the message, which is complete, for those that may refer to it.
    fn note(&self, agreed: Agreed, history: &mut Option<Box<History>>);

    /// Bytes of memory held, beside the message itself.
    fn held_bytes(&self) -> usize;

    /// Lets the extension use this decoder for another message.
    fn give_back(self: Box<Self>);
}

/// What it takes to receive coded messages on one connection.
pub struct Coding<'e, 'm> {
    /// Decodes them.
    pub extension: &'m mut dyn Extension,
    /// What was agreed to with the client.
    pub agreed: Agreed,
    /// What the connection keeps between two messages.
    pub history: &'m mut Option<Box<History>>,
    /// Here is left the decoder in which a complete message lies. The caller gives it back after the
    /// message was used ([`Decoder::give_back`]).
    pub used: &'e mut Option<Box<dyn Decoder>>,
}
