//! Lines of the notation, as values.

use crate::ws::frame::Sender;
use crate::ws::raw::RawFrame;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The connection, counted from 1.
    pub conn: u32,
    /// What the line says.
    pub act: Act,
    /// The text after `# `, without white space at its end.
    pub note: Option<String>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing, or only a note.
    Nothing,
    /// A TCP connection, and a correct opening handshake for this path.
    Open(String),
    /// Bytes of one side.
    Bytes {
        /// Who sends them.
        from: Sender,
        /// They go on with the last write of this side and connection, up to the first cut. What follows it is new.
        goes_on: bool,
        /// The bytes.
        items: Vec<Item>,
    },
    /// The client closes its side, or resets the connection.
    ClientEnd {
        /// It resets it.
        reset: bool,
    },
    /// The server has closed its side.
    ServerEnd,
}

/// A part of the bytes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Hex pairs.
    Hex(Vec<u8>),
    /// Text in quotes.
    Text(Vec<u8>),
    /// One byte, or a text, that is repeated.
    Repeat {
        /// What is repeated.
        bytes: Vec<u8>,
        /// It is written as text.
        is_text: bool,
        /// How often it comes.
        times: usize,
    },
    /// What follows is another read or write.
    Cut,
    /// Bytes that are left out.
    LeftOut(u64),
    /// Bytes that are hidden, because they are somebody's secret.
    Hidden(u64),
    /// A frame, by its meaning.
    Frame(Box<Macro>),
}

/// How a frame is masked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Key {
    /// As its side does it: a client with the usual key, a server not at all.
    #[default]
    Usual,
    /// With this key.
    This([u8; 4]),
    /// Not at all.
    None,
}

/// A frame by its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// The name that it is written with.
    pub(super) name: &'static str,
    /// Who sends it.
    pub(super) from: Sender,
    pub(super) frame: RawFrame,
    pub(super) key: Key,
    /// The code of a Close.
    pub(super) code: Option<u16>,
    pub(super) payload: Vec<Item>,
    /// The bytes that are written after `=`.
    pub(super) spelled: Option<Vec<Item>>,
}

/// A part of the bytes that items stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A number of bytes that nobody knows.
    Unknown(u64),
    /// A cut.
    Cut,
}

/// Most bytes that a text may stand for, and each of its lines: 16 MiB.
pub const MAX_BYTES: u64 = 16 << 20;
/// Most bytes that may be left out or hidden in a text: 1 TiB. They take no memory.
pub const MAX_LEFT_OUT: u64 = 1 << 40;

impl Item {
    /// How many bytes it stands for.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Hex(bytes) | Self::Text(bytes) => bytes.len() as u64,
            Self::Repeat { bytes, times, .. } => (bytes.len() as u64).saturating_mul(*times as u64),
            Self::Cut => 0,
            Self::LeftOut(len) | Self::Hidden(len) => *len,
            Self::Frame(frame) => frame.len(),
        }
    }

    /// Whether it stands for no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that it stands for. A line that was read is never too long for that.
    #[must_use]
    pub fn piece(&self) -> Piece {
        match self {
            Self::Hex(bytes) | Self::Text(bytes) => Piece::Bytes(bytes.clone()),
            Self::Repeat { bytes, times, .. } => Piece::Bytes(bytes.repeat(*times)),
            Self::Cut => Piece::Cut,
            Self::LeftOut(len) | Self::Hidden(len) => Piece::Unknown(*len),
            Self::Frame(frame) => Piece::Bytes(frame.bytes()),
        }
    }
}

/// All bytes of these items. `None`: some are left out or hidden.
#[must_use]
pub fn known_bytes(items: &[Item]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for item in items {
        match item.piece() {
            Piece::Bytes(bytes) => all.extend(bytes),
            Piece::Cut => {}
            Piece::Unknown(_) => return None,
        }
    }
    Some(all)
}
