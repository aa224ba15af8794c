//! What the hub, its applications and the log call a connection and a request, and what they say of one.

use crate::guard::Escaped;
use crate::ws::close::CloseCode;
use std::fmt::{self, Display, Formatter};

/// The name of a connection: its slot, and a serial number.
///
/// The serial number tells it from earlier connections in the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    /// Index into the table of connections.
    pub slot: u32,
    /// Counts the connections of this process.
    pub serial: u32,
}

/// The name of a request on a connection. By it an answer to an older request is recognised and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// The connection it came on.
    pub conn: ConnId,
    /// Counts the requests of that connection.
    pub serial: u32,
}

/// Longest path that is kept without a box of its own.
const SHORT_BYTES: usize = 22;

/// The path of a request, kept for the log in little memory: ten thousand idle connections have one each.
#[derive(Debug, Clone)]
pub struct Path(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Short { len: u8, bytes: [u8; SHORT_BYTES] },
    Long(Box<[u8]>),
}

impl Path {
    /// Keeps a copy.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        let place = bytes.get_mut(..path.len());
        Self(match (place, u8::try_from(path.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(path.as_bytes());
                Kept::Short { len, bytes }
            }
            _ => Kept::Long(path.as_bytes().into()),
        })
    }

    /// The bytes of the path.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Kept::Long(bytes) => bytes,
        }
    }
}

/// As it stands in the log; `-` when no request came, or its head could not be read.
impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            b"" => f.write_str("-"),
            path => Escaped(path).fmt(f),
        }
    }
}

/// How a WebSocket connection is to be treated.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The application's own name for the connection, given back with each event.
    pub tag: u64,
    /// Bytes that one message may have. `None`: the server's limit.
    pub max_message_bytes: Option<u64>,
    /// Whether the server pings it. An application may have a heartbeat of its own.
    pub keepalive: bool,
    /// Whether the answer selects the first subprotocol that the client offers (RFC 6455 §4.2.2). It
    /// promises that the application speaks that one. Otherwise none is selected.
    pub first_subprotocol: bool,
}

impl Options {
    /// The server's limits and its keepalive, and no subprotocol.
    #[must_use]
    pub fn tagged(tag: u64) -> Self {
        Self { tag, max_message_bytes: None, keepalive: true, first_subprotocol: false }
    }
}

/// Why a WebSocket connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The code of the first Close, the server's or the peer's (RFC 6455 §7.1.5).
    ///
    /// It is 1005 if the Close had none, and 1006 if the connection ended without a Close.
    pub code: CloseCode,
    /// Who or what ended it.
    pub cause: Cause,
}

/// Who or what ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The peer, with or without a Close.
    Peer,
    /// The peer broke a rule.
    Protocol,
    /// The peer passed a limit.
    Limit,
    /// The peer did not take what was queued for it.
    Slow,
    /// A deadline passed.
    Timeout,
    /// The server goes down.
    Shutdown,
    /// The application closed it.
    Application,
}

/// One word for the log.
impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peer => "peer",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
            Self::Slow => "slow",
            Self::Timeout => "timeout",
            Self::Shutdown => "shutdown",
            Self::Application => "application",
        })
    }
}
