//! The port for an extension that codes the payload of messages, as compression does (RFC 6455 §9, RFC 7692).
//!
//! Skip this file on a first reading: plain messages need nothing of it.
//!
//! `ws` knows such an extension only by two traits. One [`Extension`] serves all connections. It makes a
//! [`Decoder`] for each coded message that arrives. The decoded bytes are collected and judged as those of
//! a plain message. Only the folder `deflate` implements the traits.

use super::close::Violation;
use crate::http::head::Head;
use crate::metered::{Account, Meter};
use std::fmt::Debug;

/// How far back the messages of one direction may refer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Base-2 logarithm of the largest distance in bytes, 8 to 15.
    pub window_bits: u8,
    /// Whether a message may refer to the messages before it.
    pub takes_over: bool,
}

/// How an extension codes the messages of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The reach of messages that the server sends.
    pub sent: Reach,
    /// The reach of messages that the client sends.
    pub received: Reach,
}

/// The earlier messages of one connection to which the next ones may refer.
#[derive(Debug, Default)]
pub struct History {
    /// The last decoded bytes that were received.
    pub received: Vec<u8>,
    /// The last bytes that were sent, before they were coded.
    pub sent: Vec<u8>,
    account: Account,
}

impl History {
    /// Bytes of memory held.
    pub fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.received.capacity() + self.sent.capacity()
    }

    /// Has the meter count them. The caller must call this after each message that may be kept here.
    pub fn count(&mut self, meter: &Meter) {
        self.account.set(self.held_bytes(), meter);
    }
}

/// An extension that codes the payload of messages, for all connections.
pub trait Extension {
    /// Chooses an offer of the client, and makes the value of `Sec-WebSocket-Extensions` for the answer.
    ///
    /// The list of offers must be well formed. Returns `None` if no offer can be accepted: messages stay plain.
    fn agree(&self, head: &Head<'_>) -> Option<(Agreed, String)>;

    /// Gives the decoder for a message that begins to arrive. `is_whole`: all of it is there.
    fn begin(&mut self, is_whole: bool) -> Box<dyn Decoder>;

    /// Appends to `out` the coded payload of a message that is given in parts.
    ///
    /// With `history` the message may refer to earlier ones, and is noted there. Returns `false` if coding is
    /// not worth it: then `out` and `history` are as before.
    fn encode(
        &mut self,
        agreed: Agreed,
        history: Option<&mut History>,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> bool;

    /// How many bytes decoders have given or copied since the last call.
    fn take_work(&mut self) -> usize;
}

/// Decodes one message.
pub trait Decoder: Debug {
    /// Decodes `input`, and takes what it used off `input`. `is_last`: the message ends with it.
    ///
    /// The caller has taken the chunk of the call before. The message may refer to `history`. Returns `true` if all of
    /// `input` is decoded, or `false` if the caller must first take the chunk, and call again with the rest of `input`.
    ///
    /// # Errors
    /// The rule that the payload breaks. The chunk has the bytes that were decoded before that.
    fn decode(&mut self, input: &mut &[u8], is_last: bool, history: &[u8]) -> Result<bool, Violation>;

    /// The bytes that the last call of `decode` gave.
    fn chunk(&self) -> &[u8];

    /// Keeps input that the caller cannot have decoded now. The next call of `decode` begins with it.
    fn keep(&mut self, input: &[u8]);

    /// Notes the complete message in `history`, for messages that may refer to it.
    fn note(&self, agreed: Agreed, history: &mut Option<Box<History>>);

    /// Bytes of memory that the decoder holds. The message itself is not counted.
    fn held_bytes(&self) -> usize;
}

/// All that is needed to receive coded messages on one connection.
pub struct Coding<'e, 'm> {
    /// The extension that decodes them.
    pub extension: &'m mut dyn Extension,
    /// How the client's messages are coded.
    pub agreed: Agreed,
    /// The earlier messages of the connection.
    pub history: &'m mut Option<Box<History>>,
    /// Receives the decoder in which a complete message lies. The caller must drop it after the message was used:
    /// the next message needs what it holds.
    pub used: &'e mut Option<Box<dyn Decoder>>,
}
