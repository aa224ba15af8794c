//! Close codes, the payload of a Close, and every rule that a peer can break (RFC 6455 §5.5.1, §7.1.7, §7.4).
//!
//! A [`Violation`] is the peer's fault. Many places find one; the hub alone answers it, with a Close frame
//! of the code and the reason that stand here.

use std::fmt;

/// A close code (RFC 6455 §7.4). The names are those of the IANA registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

#[allow(non_upper_case_globals, reason = "the names of the registry, as they stand there")]
impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NormalClosure: Self = Self(1000);
    /// 1001: the server goes down, or the page was left.
    pub const GoingAway: Self = Self(1001);
    /// 1002: a rule of the protocol was broken.
    pub const ProtocolError: Self = Self(1002);
    /// 1003: the application does not take this type of data.
    pub const UnsupportedData: Self = Self(1003);
    /// 1005: the peer's Close had no code. Applications are told this; it is never sent.
    pub const NoStatusReceived: Self = Self(1005);
    /// 1006: the connection ended without a Close. Applications are told this; it is never sent.
    pub const AbnormalClosure: Self = Self(1006);
    /// 1007: text that is not UTF-8.
    pub const InvalidFramePayloadData: Self = Self(1007);
    /// 1008: a policy was violated. Here: too many fragments, or a message that comes too slowly.
    pub const PolicyViolation: Self = Self(1008);
    /// 1009: a message larger than this server takes.
    pub const MessageTooBig: Self = Self(1009);
    /// 1011: the server cannot go on.
    pub const InternalError: Self = Self(1011);
    /// 1013: overload, or a peer that reads too slowly; it may come back later.
    pub const TryAgainLater: Self = Self(1013);

    /// Whether this code may stand in a Close frame (RFC 6455 §7.4.1, §7.4.2).
    ///
    /// 1004 is reserved. 1005, 1006 and 1015 are never sent: programs use them to report an end without a code.
    /// 1016 to 2999 belong to future versions of the protocol.
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rule that the peer broke. Each variant is one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A reserved bit without an extension that gives it a meaning (§5.2).
    ReservedBit,
    /// Opcode 3 to 7 or 0xB to 0xF (§5.2).
    UnknownOpcode,
    /// A client's frame without a masking key (§5.1).
    Unmasked,
    /// A server's frame with a masking key (§5.1).
    Masked,
    /// A control frame with FIN clear (§5.5).
    FragmentedControlFrame,
    /// A control frame of more than 125 bytes (§5.5).
    ControlFrameTooLong,
    /// A continuation frame when no message has begun (§5.4).
    NothingToContinue,
    /// A new text or binary frame inside an unfinished message (§5.4).
    InterleavedMessage,
    /// A 64-bit length with its most significant bit set (§5.2).
    LengthTopBit,
    /// A length that is not in its shortest form (§5.2 binds the sender; to refuse it is our choice).
    LengthNotShortest,
    /// A frame or message over the size limit (§10.4).
    MessageTooBig,
    /// A message of more fragments than the limit (§10.4).
    TooManyFragments,
    /// An unfinished message that has not grown enough before its deadline.
    MessageTooSlow,
    /// A text message or close reason that is not UTF-8 (§8.1).
    NotUtf8,
    /// A compressed message that is not valid DEFLATE, or is cut off (RFC 7692 §7.2.2).
    CorruptDeflate,
    /// A compressed message of more than 4,096 blocks with BFINAL (RFC 7692 §8).
    TooManyFinalBlocks,
    /// The server has no memory left for the message. No rule is broken, but the answer is a Close, too.
    NoRoom,
    /// A Close with a payload of one byte: a code has two (§5.5.1).
    HalfCloseCode,
    /// A close code that must not be on the wire (§7.4).
    BadCloseCode,
}

impl Violation {
    /// The code of the Close frame that answers it.
    pub fn close_code(self) -> CloseCode {
        self.answer().0
    }

    /// The reason of the Close frame that answers it: ASCII, at most 123 bytes.
    pub fn reason(self) -> &'static str {
        self.answer().1
    }

    /// Code and reason of the Close frame. A reason never holds bytes of the peer.
    fn answer(self) -> (CloseCode, &'static str) {
        use CloseCode as Code;
        match self {
            Self::ReservedBit => (Code::ProtocolError, "reserved bit set"),
            Self::UnknownOpcode => (Code::ProtocolError, "unknown opcode"),
            Self::Unmasked => (Code::ProtocolError, "frame not masked"),
            Self::Masked => (Code::ProtocolError, "frame masked"),
            Self::FragmentedControlFrame => (Code::ProtocolError, "fragmented control frame"),
            Self::ControlFrameTooLong => (Code::ProtocolError, "control frame over 125 bytes"),
            Self::NothingToContinue => (Code::ProtocolError, "continuation without a message"),
            Self::InterleavedMessage => (Code::ProtocolError, "new message inside a message"),
            Self::LengthTopBit => (Code::ProtocolError, "length has its top bit set"),
            Self::LengthNotShortest => (Code::ProtocolError, "length not in its shortest form"),
            Self::MessageTooBig => (Code::MessageTooBig, "message too big"),
            Self::TooManyFragments => (Code::PolicyViolation, "too many fragments"),
            Self::MessageTooSlow => (Code::PolicyViolation, "message too slow"),
            Self::NotUtf8 => (Code::InvalidFramePayloadData, "not UTF-8"),
            Self::CorruptDeflate => (Code::InvalidFramePayloadData, "compressed data corrupt"),
            Self::TooManyFinalBlocks => (Code::PolicyViolation, "too many final blocks"),
            Self::NoRoom => (Code::TryAgainLater, "out of memory for peers"),
            Self::HalfCloseCode => (Code::ProtocolError, "close code of one byte"),
            Self::BadCloseCode => (Code::ProtocolError, "close code not allowed"),
        }
    }
}

/// Judges the payload of a Close frame, or the part of it that has arrived.
///
/// The code is judged when its two bytes are there, the reason at its first impossible byte. `complete`: nothing is
/// missing. Returns the code, or `None` if there is none.
///
/// # Errors
/// [`Violation::BadCloseCode`] or [`Violation::NotUtf8`].
pub fn check_payload(payload: &[u8], complete: bool) -> Result<Option<CloseCode>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else { return Ok(None) };
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.may_be_sent() {
        return Err(Violation::BadCloseCode);
    }
    match std::str::from_utf8(reason) {
        Err(error) if complete || error.error_len().is_some() => Err(Violation::NotUtf8),
        _ => Ok(Some(code)),
    }
}
