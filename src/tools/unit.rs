//! What bytes on the wire fall into: heads, bodies, frames. Each is a unit to be shown.

use super::kept::Kept;
use crate::ws::client;
use crate::ws::close::Violation;
use crate::ws::frame::Sender;
use crate::ws::raw::Layout;

/// A head, a body or a frame, as far as it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Who sent it.
    pub from: Sender,
    /// Bytes that this side has sent before it.
    pub at: u64,
    /// Its bytes that have arrived.
    pub len: u64,
    /// What it is.
    pub what: What,
    /// Where in it a read began; 0: at its first byte.
    pub reads: Vec<u64>,
    /// How many more reads began in it: not all are noted.
    pub more_reads: u64,
    /// The rule that it breaks.
    pub broken: Option<Broken>,
    /// What is missing of it.
    pub missing: Missing,
}

/// What is missing of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: it is complete.
    Nothing,
    /// At least this many bytes.
    Bytes(u64),
}

/// What a unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The head of a request, or what has arrived of it.
    Request(Vec<u8>),
    /// The head of a response, or what has arrived of it.
    Response(Vec<u8>),
    /// The body of a request or response.
    Body(Kept),
    /// A frame.
    Frame(Box<Frame>),
    /// Bytes that nobody reads: the sender has broken a rule, or has sent a Close before.
    Unread(Kept),
}

/// A frame, as far as it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its header, as far as it has arrived: 1 to 14 bytes.
    pub header: Vec<u8>,
    /// The fields of the header.
    pub layout: Layout,
    /// Its payload as it lies on the wire.
    pub payload: Kept,
    /// The same bytes, without the mask.
    pub clear: Kept,
    /// What the payload inflates to. `None`: it is not compressed, or nobody can inflate it.
    pub inflated: Option<Kept>,
    /// The opcode of the message that a continuation goes on with. `None`: it is no continuation.
    pub continues: Option<u8>,
    /// The fragments of its message so far, itself included. 0: it is a control frame.
    pub fragments: u32,
}

/// A rule that is broken, and the byte at which a reader notices it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The byte, counted from the first of the unit.
    pub at: u64,
    /// The rule.
    pub fault: Fault,
}

/// The judge's words for a rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Of a frame or message.
    Frame(Violation),
    /// A data frame after the sender's own Close.
    AfterClose,
    /// Of a request: the status that answers it, and the answer's words.
    Request(u16, String),
    /// Of the answer to an opening handshake.
    Answer(client::Fault),
    /// The bytes are no response head.
    NoAnswer,
}

impl Unit {
    /// Whether it is a Close frame.
    #[must_use]
    pub fn is_close(&self) -> bool {
        matches!(&self.what, What::Frame(frame) if frame.layout.opcode == 8) && self.broken.is_none()
    }

    /// Bytes that are kept of it.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        let of = |kept: &Kept| kept.first.len() + kept.last.len();
        match &self.what {
            What::Request(bytes) | What::Response(bytes) => bytes.len(),
            What::Body(kept) | What::Unread(kept) => of(kept),
            What::Frame(frame) => {
                frame.header.len() + 2 * of(&frame.payload) + frame.inflated.as_ref().map_or(0, of)
            }
        }
    }

    /// The word for its sender.
    #[must_use]
    pub fn sender(&self) -> &'static str {
        match self.from {
            Sender::Client => "client",
            Sender::Server => "server",
        }
    }
}
