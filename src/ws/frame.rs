//! The header of a frame, read and written, and the mask (RFC 6455 §5.2, §5.3).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
//! |I|S|S|S|  (4)  |A|     (7)     |    (16 bits if len = 126,     |
//! |N|V|V|V|       |S|             |     64 bits if len = 127)     |
//! | |1|2|3|       |K|             |                               |
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |   Masking key, 4 bytes, if MASK is set   |   Payload data ... |
//! +------------------------------------------+--------------------+
//! ```
//!
//! Only this file knows the bits of a header. It judges them in the order of the bytes, so that the first
//! wrong byte decides, however the stream is cut into reads.

use super::close::{CloseCode, Violation};
use std::mem;

/// Longest header: two bytes, eight of extended length, four of masking key.
pub const MAX_HEADER_BYTES: usize = 14;
/// Most payload a control frame may carry (RFC 6455 §5.5).
pub const MAX_CONTROL_BYTES: u64 = 125;

pub(super) const FIN: u8 = 0b1000_0000;
pub(super) const RSV1: u8 = 0b0100_0000;
pub(super) const RSV: u8 = 0b0111_0000;
pub(super) const OPCODE: u8 = 0b0000_1111;
pub(super) const MASK: u8 = 0b1000_0000;
pub(super) const LENGTH: u8 = 0b0111_1111;
/// Length of the masking key.
pub(super) const KEY_BYTES: usize = 4;

/// Who sends a frame. A client masks each, a server none (RFC 6455 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// It masks its frames.
    Client,
    /// It does not mask.
    Server,
}

/// What a frame is (RFC 6455 §5.2, §11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// Continues the message that an earlier frame began.
    Continuation = 0x0,
    /// Begins a text message.
    Text = 0x1,
    /// Begins a binary message.
    Binary = 0x2,
    /// Begins or answers the closing handshake.
    Close = 0x8,
    /// Asks for a Pong with the same payload.
    Ping = 0x9,
    /// Answers a Ping.
    Pong = 0xA,
}

impl Opcode {
    /// The opcode in the low four bits of a frame's first byte. `None`: it is reserved.
    pub fn of(first_byte: u8) -> Option<Self> {
        Some(match first_byte & OPCODE {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }
}

/// A decoded header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The frame is the last one of its message.
    pub fin: bool,
    /// The bit that permessage-deflate uses (RFC 7692 §6).
    pub rsv1: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// Bytes of payload that follow the header.
    pub payload_len: u64,
    /// The key that undoes the mask. Zeros, which change nothing, in a frame from a server.
    pub masking_key: [u8; 4],
    /// Bytes of this header, 2 to 14.
    pub header_len: usize,
}

impl Header {
    /// Takes the payload that has arrived off `input`, unmasked.
    ///
    /// Afterwards `payload_len` and `masking_key` are those of the bytes to come.
    pub(super) fn take_payload<'a>(&mut self, input: &mut &'a mut [u8]) -> &'a mut [u8] {
        let len = usize::try_from(self.payload_len).unwrap_or(usize::MAX);
        let payload = take(input, len.min(input.len()));
        self.unmask_payload(payload);
        payload
    }

    /// Unmasks the next bytes of the payload, which have arrived elsewhere.
    ///
    /// Afterwards `payload_len` and `masking_key` are those of the bytes to come.
    pub fn unmask_payload(&mut self, payload: &mut [u8]) {
        unmask(payload, self.masking_key);
        self.masking_key.rotate_left(payload.len() % 4);
        self.payload_len = self.payload_len.saturating_sub(payload.len() as u64);
    }

    /// Whether all of its message has arrived.
    pub(super) fn ends_message(&self) -> bool {
        self.fin && self.payload_len == 0
    }
}

/// Cuts the first `len` bytes off `input`. The caller must know that they are there.
#[inline]
pub(super) fn take<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (head, rest) = mem::take(input).split_at_mut_checked(len).unwrap_or_default();
    *input = rest;
    head
}

/// Which frames may come next, after those that came before.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    /// Who sends the frame.
    pub from: Sender,
    /// A message has begun and not ended.
    pub in_message: bool,
    /// An extension gives RSV1 a meaning on the first frame of a message.
    pub rsv1: bool,
    /// Bytes that may be added to the message.
    pub room: u64,
    /// The message may have another fragment.
    pub more_fragments: bool,
}

/// Decodes and judges the header at the start of `bytes`.
///
/// Returns `Ok(None)` if it is not complete, and nothing in it is wrong so far.
///
/// # Errors
/// The rule that the first wrong byte breaks, also if the header is not complete.
pub fn decode(bytes: &[u8], expect: &Expect) -> Result<Option<Header>, Violation> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let opcode = Opcode::of(first).ok_or(Violation::UnknownOpcode)?;
    let begins_message = matches!(opcode, Opcode::Text | Opcode::Binary);
    let is_control = matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong);
    // RFC 7692 §6.1: RSV1 may only stand on the first frame of a data message.
    let allowed = if begins_message && expect.rsv1 { RSV1 } else { 0 };
    if first & RSV & !allowed != 0 {
        return Err(Violation::ReservedBit);
    }
    match opcode {
        Opcode::Continuation if !expect.in_message => return Err(Violation::NothingToContinue),
        Opcode::Continuation if !expect.more_fragments => return Err(Violation::TooManyFragments),
        _ if begins_message && expect.in_message => return Err(Violation::InterleavedMessage),
        _ if is_control && first & FIN == 0 => return Err(Violation::FragmentedControlFrame),
        _ => {}
    }

    let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
    let short_len = u64::from(second & LENGTH);
    let is_masked = second & MASK != 0;
    match opcode {
        _ if !is_masked && expect.from == Sender::Client => return Err(Violation::Unmasked),
        _ if is_masked && expect.from == Sender::Server => return Err(Violation::Masked),
        _ if is_control && short_len > MAX_CONTROL_BYTES => return Err(Violation::ControlFrameTooLong),
        Opcode::Close if short_len == 1 => return Err(Violation::HalfCloseCode),
        _ => {}
    }

    let (payload_len, length_len) = match short_len {
        126 => (judge_length::<2>(rest, 126, expect.room)?, 2),
        127 => (judge_length::<8>(rest, 65_536, expect.room)?, 8),
        _ if !is_control && short_len > expect.room => return Err(Violation::MessageTooBig),
        _ => (Some(short_len), 0),
    };
    let key = if is_masked { rest.get(length_len..).unwrap_or_default() } else { &[0; KEY_BYTES] };
    let (Some(payload_len), Some(&masking_key)) = (payload_len, key.first_chunk()) else { return Ok(None) };
    let (fin, rsv1) = (first & FIN != 0, first & RSV1 != 0);
    let header_len = 2 + length_len + if is_masked { KEY_BYTES } else { 0 };
    Ok(Some(Header { fin, rsv1, opcode, payload_len, masking_key, header_len }))
}

/// A short way of [`decode`] for most frames of clients: whole messages of up to 125 bytes.
///
/// Returns `None` for any other frame, or if the header is not complete. The caller must then ask [`decode`].
#[inline]
pub fn decode_fast(bytes: &[u8], expect: &Expect) -> Option<Header> {
    let [first, second, a, b, c, d] = *bytes.first_chunk()?;
    let payload_len = u64::from(second & LENGTH);
    let is_short_message = matches!(first, 0x81 | 0x82)
        && second & MASK != 0
        && payload_len < 126
        && payload_len <= expect.room
        && !expect.in_message
        && expect.from == Sender::Client;
    is_short_message.then_some(Header {
        fin: true,
        rsv1: false,
        opcode: if first == 0x81 { Opcode::Text } else { Opcode::Binary },
        payload_len,
        masking_key: [a, b, c, d],
        header_len: 6,
    })
}

/// The extended length in the first `N` bytes of `bytes`, high byte first. `None`: it is not complete.
///
/// It is judged before it is complete: zeros for the missing bytes give the least that it can become, ones
/// the most.
fn judge_length<const N: usize>(bytes: &[u8], shortest: u64, room: u64) -> Result<Option<u64>, Violation> {
    let mut least = 0_u64;
    let mut most = 0_u64;
    for at in 0..N {
        let byte = bytes.get(at).copied();
        least = least << 8 | u64::from(byte.unwrap_or(0x00));
        most = most << 8 | u64::from(byte.unwrap_or(0xFF));
    }
    if least > u64::MAX >> 1 {
        return Err(Violation::LengthTopBit);
    }
    if most < shortest {
        return Err(Violation::LengthNotShortest);
    }
    if least > room {
        return Err(Violation::MessageTooBig);
    }
    Ok((bytes.len() >= N).then_some(least))
}

/// Masks or unmasks `payload` in place: byte i is XORed with key byte i mod 4 (RFC 6455 §5.3).
///
/// It takes eight bytes at a time, and the compiler makes more of them.
#[inline]
pub fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let key = u64::from(u32::from_ne_bytes(key));
    let wide_key = key << 32 | key;
    let (words, tail) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide_key).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(wide_key.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// Appends the header of a frame that is not masked and not fragmented.
///
/// The length has its shortest form. The server sends no other frames.
#[inline]
pub fn encode_header(out: &mut Vec<u8>, opcode: Opcode, payload_len: usize) {
    let first = FIN | opcode as u8;
    match payload_len {
        0..=125 => out.extend_from_slice(&[first, payload_len.to_le_bytes()[0]]),
        _ => encode_longer_header(out, first, payload_len),
    }
}

#[inline(never)]
fn encode_longer_header(out: &mut Vec<u8>, first: u8, payload_len: usize) {
    if let Ok(len) = u16::try_from(payload_len) {
        let [high, low] = len.to_be_bytes();
        out.extend_from_slice(&[first, 126, high, low]);
    } else {
        out.extend_from_slice(&[first, 127]);
        out.extend_from_slice(&(payload_len as u64).to_be_bytes());
    }
}

/// Appends a whole frame, whose payload is given in parts.
#[inline]
pub fn encode<const N: usize>(out: &mut Vec<u8>, opcode: Opcode, parts: [&[u8]; N]) {
    encode_header(out, opcode, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Appends a Close frame. With the code `None` it has no reason either.
pub fn encode_close(out: &mut Vec<u8>, code: Option<CloseCode>, reason: &str) {
    match code {
        Some(code) => encode(out, Opcode::Close, [&code.0.to_be_bytes(), reason.as_bytes()]),
        None => encode(out, Opcode::Close, []),
    }
}

/// Marks a frame as the first one of a compressed message (RFC 7692 §6).
pub fn set_rsv1(frame: &mut [u8]) {
    if let Some(first) = frame.first_mut() {
        *first |= RSV1;
    }
}

/// Makes a client's header the one that the server would send with this payload.
///
/// It loses the mask bit and the key, and moves up to the payload; the first four bytes of `header` are of no use
/// afterwards. No extension may be in use.
pub fn make_own_header(header: &mut [u8]) {
    let len = header.len().saturating_sub(KEY_BYTES);
    header.copy_within(..len, header.len() - len);
    if let Some(second) = header.get_mut(KEY_BYTES + 1) {
        *second &= LENGTH;
    }
}

/// Length of the header that [`encode_header`] writes.
pub fn own_header_len(payload_len: usize) -> usize {
    match payload_len {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    }
}

/// Length of the frame at the start of `bytes`, header and payload.
///
/// [`encode_header`] must have written it. `None`: the header is not whole.
pub fn own_frame_len(bytes: &[u8]) -> Option<usize> {
    let (&second, rest) = bytes.get(1..)?.split_first()?;
    match second & LENGTH {
        126 => Some(4 + usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?.checked_add(10),
        short => Some(2 + usize::from(short)),
    }
}
