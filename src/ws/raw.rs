//! Headers as they lie on the wire, right or wrong: for tools that show bytes, or send what no endpoint would.
//!
//! Skip this file on a first reading: the server needs nothing of it.
//!
//! `frame` knows the bits and judges them. Here nothing is judged.

use super::frame::{FIN, KEY_BYTES, LENGTH, MASK, OPCODE, RSV, unmask};

/// The fields in the first byte of a frame: the bits of each, and its name (RFC 6455 §5.2).
pub const FIRST_BYTE: [(u8, &str); 3] = [(FIN, "FIN"), (RSV, "RSV1 RSV2 RSV3"), (OPCODE, "opcode")];
/// The fields in the second byte of a frame.
pub const SECOND_BYTE: [(u8, &str); 2] = [(MASK, "MASK"), (LENGTH, "payload length")];

/// Where the fields of a header lie, as far as it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The last frame of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 is the highest: 0 to 7.
    pub rsv: u8,
    /// What the frame is: 0 to 15.
    pub opcode: u8,
    /// What the second byte says. `None`: it has not arrived.
    pub second: Option<Second>,
    /// Bytes of payload. `None`: not all of the length has arrived.
    pub payload_len: Option<u64>,
    /// The key. `None`: the frame is not masked, or not all of the key has arrived.
    pub masking_key: Option<[u8; 4]>,
}

/// What the second byte of a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Second {
    /// A masking key follows.
    pub is_masked: bool,
    /// The seven bits of the length: 0 to 127.
    pub short_len: u8,
    /// Bytes of the extended length: 0, 2 or 8.
    pub extended_len: usize,
    /// Bytes of the whole header: 2 to 14.
    pub header_len: usize,
}

impl Layout {
    /// The fields of the header at the start of `bytes`. `None`: there is no byte.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let (fin, rsv, opcode) = (first & FIN != 0, (first & RSV) >> 4, first & OPCODE);
        let mut layout = Self { fin, rsv, opcode, second: None, payload_len: None, masking_key: None };
        let Some((&second, rest)) = rest.split_first() else { return Some(layout) };
        let short_len = second & LENGTH;
        let extended_len = match short_len {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let is_masked = second & MASK != 0;
        let key_len = if is_masked { KEY_BYTES } else { 0 };
        let header_len = 2 + extended_len + key_len;
        layout.second = Some(Second { is_masked, short_len, extended_len, header_len });
        layout.payload_len = match rest.get(..extended_len) {
            Some([]) => Some(short_len.into()),
            Some(len) => Some(len.iter().fold(0, |len, byte| len << 8 | u64::from(*byte))),
            None => None,
        };
        if is_masked {
            layout.masking_key = rest.get(extended_len..).and_then(|key| key.first_chunk()).copied();
        }
        Some(layout)
    }
}

/// How the payload length of a frame is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LengthForm {
    /// The shortest that holds it (RFC 6455 §5.2).
    #[default]
    Shortest,
    /// 126, and 16 bits.
    Bits16,
    /// 127, and 64 bits.
    Bits64,
}

/// A frame, right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawFrame {
    /// The last frame of its message.
    pub fin: bool,
    /// The reserved bits, RSV1 is the highest: 0 to 7.
    pub rsv: u8,
    /// What the frame is: 0 to 15.
    pub opcode: u8,
    /// The key that masks it. `None`: it is not masked.
    pub key: Option<[u8; 4]>,
    /// How its length is written.
    pub form: LengthForm,
    /// The length that it announces, if that is not the length of its payload.
    pub says: Option<u64>,
}

impl RawFrame {
    /// The only frame of its message, in its shortest form. `key`: as in the field of this name.
    #[must_use]
    pub fn whole(opcode: u8, key: Option<[u8; 4]>) -> Self {
        Self { fin: true, rsv: 0, opcode, key, form: LengthForm::Shortest, says: None }
    }

    /// Appends the frame with this payload, which is masked if there is a key.
    ///
    /// A length that its form cannot hold loses its high bits.
    pub fn write(&self, out: &mut Vec<u8>, payload: &[u8]) {
        let len = self.says.unwrap_or(payload.len() as u64);
        let bytes = len.to_be_bytes();
        let mask = if self.key.is_some() { MASK } else { 0 };
        let [.., high, low] = bytes;
        out.push(if self.fin { FIN } else { 0 } | self.rsv << 4 & RSV | self.opcode & OPCODE);
        match self.form {
            LengthForm::Shortest if len < 126 => out.push(mask | low),
            LengthForm::Shortest if len > 0xFFFF => {
                out.push(mask | 127);
                out.extend(bytes);
            }
            LengthForm::Shortest | LengthForm::Bits16 => out.extend([mask | 126, high, low]),
            LengthForm::Bits64 => {
                out.push(mask | 127);
                out.extend(bytes);
            }
        }
        out.extend(self.key.into_iter().flatten());
        let start = out.len();
        out.extend_from_slice(payload);
        if let (Some(key), Some(payload)) = (self.key, out.get_mut(start..)) {
            unmask(payload, key);
        }
    }
}
