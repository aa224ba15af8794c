//! What the input says, whatever its form: who sends which bytes.

use crate::ws::frame::Sender;

/// Most bytes that an input may stand for, or inflate to.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// One thing that happens on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The connection.
    pub(super) conn: u32,
    pub(super) act: Act,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// A TCP connection, and a correct opening handshake for this path.
    Open(String),
    /// Bytes, of one side if it is known. `is_read`: a read or a segment begins with them.
    Bytes { from: Option<Sender>, bytes: Vec<u8>, is_read: bool },
    /// A number of bytes that are left out.
    Unknown(Sender, u64),
    /// A number of bytes of a line that are hidden, because they are somebody's secret.
    Hidden(Sender, u64),
    /// The side closes its direction.
    End(Sender),
    /// The connection is reset by the client.
    Reset,
}

/// All that the input says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) steps: Vec<Step>,
    /// How it was understood, where that is not obvious.
    pub(super) notes: Vec<String>,
}

impl Input {
    /// Bytes of one connection, of whichever side.
    pub(super) fn plain(bytes: Vec<u8>) -> Self {
        let act = Act::Bytes { from: None, bytes, is_read: true };
        Self { steps: vec![Step { conn: 1, act }], notes: Vec::new() }
    }
}

/// What a stream begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Request,
    Response,
    /// Frames, or anything else.
    Other,
}

/// What these bytes begin with. A head may be cut off anywhere.
pub(super) fn opening(bytes: &[u8]) -> Opening {
    const METHODS: [&[u8]; 9] =
        [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH "];
    let begins =
        |known: &[u8]| !bytes.is_empty() && known.starts_with(bytes.get(..known.len()).unwrap_or(bytes));
    if METHODS.iter().any(|method| begins(method)) {
        return Opening::Request;
    }
    if begins(b"HTTP/1.") {
        return Opening::Response;
    }
    // A method that nobody knows: BREW /pot
    let name = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    match bytes.get(name..) {
        Some([b' ', b'/' | b'*' | b'h', ..]) if name > 1 => Opening::Request,
        _ => Opening::Other,
    }
}
