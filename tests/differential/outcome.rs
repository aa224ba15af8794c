//! What an implementation made of a stream: the common words of all three.

use std::fmt;

/// What was delivered.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It did not: more bytes are awaited.
    Waiting,
    /// With the peer's Close, which had this code, or none.
    Closed(Option<u16>),
    /// The connection was failed with this code.
    Failed(u16),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    pub events: Vec<Event>,
    pub end: End,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::Text(bytes) => ("text", bytes),
            Self::Binary(bytes) => ("binary", bytes),
            Self::Ping(bytes) => ("ping", bytes),
            Self::Pong => return f.write_str("pong"),
        };
        let start = hex(&bytes[..bytes.len().min(12)]);
        let more = if bytes.len() > 12 { ".." } else { "" };
        write!(f, "{name} of {} [{start}{more}]", bytes.len())
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waits"),
            Self::Closed(None) => f.write_str("closed without a code"),
            Self::Closed(Some(code)) => write!(f, "closed with {code}"),
            Self::Failed(code) => write!(f, "failed with {code}"),
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            write!(f, "{event:?}, ")?;
        }
        write!(f, "{:?}", self.end)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
