//! Close codes, the payload of a Close frame, and every way to break the rules
//! (RFC 6455 §5.5.1, §7.1.7, §7.4).
//!
//! A [`Violation`] is the peer's fault. It is found wherever bytes are judged and
//! answered in one place: the endpoint *fails the WebSocket connection*.

use std::fmt;

/// A close code (RFC 6455 §7.4). The names are those of the IANA registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

#[allow(
    non_upper_case_globals,
    reason = "the names of the registry, as they stand there"
)]
impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NormalClosure: Self = Self(1000);
    /// 1001: the server goes down, or the page was left.
    pub const GoingAway: Self = Self(1001);
    /// 1002: a rule of the protocol was broken.
    pub const ProtocolError: Self = Self(1002);
    /// 1003: a type of data that this endpoint does not take.
    pub const UnsupportedData: Self = Self(1003);
    /// 1005: "the Close had no code". Reported to applications, never sent.
    pub const NoStatusReceived: Self = Self(1005);
    /// 1006: "there was no Close". Reported to applications, never sent.
    pub const AbnormalClosure: Self = Self(1006);
    /// 1007: text that is not UTF-8.
    pub const InvalidFramePayloadData: Self = Self(1007);
    /// 1008: a policy was violated; here: abuse of fragments or of patience.
    pub const PolicyViolation: Self = Self(1008);
    /// 1009: a message larger than this server takes.
    pub const MessageTooBig: Self = Self(1009);
    /// 1011: the server cannot go on.
    pub const InternalError: Self = Self(1011);
    /// 1013: overload, or a peer that reads too slowly; it may come back later.
    pub const TryAgainLater: Self = Self(1013);

    /// Whether this code may stand in a Close frame (RFC 6455 §7.4.1, §7.4.2).
    ///
    /// 1004 is reserved, 1005, 1006 and 1015 are names for what never was on the wire,
    /// 1016 to 2999 belong to future versions of the protocol.
    #[must_use]
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
    /// A control frame with FIN clear (§5.5).
    FragmentedControlFrame,
    /// A control frame of more than 125 bytes (§5.5).
    ControlFrameTooLong,
    /// A continuation frame, but no message was begun (§5.4).
    NothingToContinue,
    /// A new text or binary frame inside an unfinished message (§5.4).
    InterleavedMessage,
    /// A 64-bit length with its most significant bit set (§5.2).
    LengthTopBit,
    /// A length not written in its shortest form (§5.2 binds the sender; refusing is our policy).
    LengthNotShortest,
    /// A frame or message over the size limit (§10.4).
    MessageTooBig,
    /// More fragments in one message than anybody needs (§10.4).
    TooManyFragments,
    /// An unfinished message that hardly grows.
    MessageTooSlow,
    /// A text message or close reason that is not UTF-8 (§8.1).
    NotUtf8,
    /// A compressed message that is not DEFLATE, or not all of it (RFC 7692 §7.2.2).
    CorruptDeflate,
    /// More blocks with BFINAL in one compressed message than anybody needs (RFC 7692 §8).
    TooManyFinalBlocks,
    /// No rule: the server has no memory left to inflate the message.
    NoRoom,
    /// A Close payload of one byte: a code has two (§5.5.1).
    HalfCloseCode,
    /// A close code that must not be on the wire (§7.4).
    BadCloseCode,
}

impl Violation {
    /// The code of the Close frame that answers it.
    #[must_use]
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::MessageTooBig => CloseCode::MessageTooBig,
            Self::TooManyFragments | Self::TooManyFinalBlocks | Self::MessageTooSlow => {
                CloseCode::PolicyViolation
            }
            Self::NotUtf8 | Self::CorruptDeflate => CloseCode::InvalidFramePayloadData,
            Self::NoRoom => CloseCode::TryAgainLater,
            _ => CloseCode::ProtocolError,
        }
    }

    /// The reason of the Close frame: fixed ASCII, never the peer's bytes, at most 123 bytes.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ReservedBit => "reserved bit set",
            Self::UnknownOpcode => "unknown opcode",
            Self::Unmasked => "frame not masked",
            Self::FragmentedControlFrame => "fragmented control frame",
            Self::ControlFrameTooLong => "control frame over 125 bytes",
            Self::NothingToContinue => "continuation without a message",
            Self::InterleavedMessage => "new message inside a message",
            Self::LengthTopBit => "length has its top bit set",
            Self::LengthNotShortest => "length not in its shortest form",
            Self::MessageTooBig => "message too big",
            Self::TooManyFragments => "too many fragments",
            Self::MessageTooSlow => "message too slow",
            Self::NotUtf8 => "not UTF-8",
            Self::CorruptDeflate => "compressed data corrupt",
            Self::TooManyFinalBlocks => "too many final blocks",
            Self::NoRoom => "out of memory for peers",
            Self::HalfCloseCode => "close code of one byte",
            Self::BadCloseCode => "close code not allowed",
        }
    }
}

/// Judges the payload of a Close frame, or as much of it as has arrived:
/// the code as soon as its two bytes are there, the reason at its first impossible byte.
///
/// # Errors
/// [`Violation::BadCloseCode`] or [`Violation::NotUtf8`].
pub fn check_payload(payload: &[u8], complete: bool) -> Result<Option<CloseCode>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return Ok(None);
    };
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.may_be_sent() {
        return Err(Violation::BadCloseCode);
    }
    match std::str::from_utf8(reason) {
        Err(error) if complete || error.error_len().is_some() => Err(Violation::NotUtf8),
        _ => Ok(Some(code)),
    }
}
