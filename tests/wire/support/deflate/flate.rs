//! DEFLATE (RFC 1951) for the client's side: miniz_oxide, as RFC 7692 §7.2 wants it used, and blocks
//! made by hand, symbol by symbol.

use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use miniz_oxide::{DataFormat, MZFlush};

/// What a sender cuts off (RFC 7692 §7.2.1).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A receiver with a window of 2^bits bytes and not one byte more: who refers back further fails.
pub struct Inflate {
    core: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
}

impl Inflate {
    pub fn new(bits: u8) -> Self {
        Self { core: Box::default(), window: vec![0; 1 << bits], at: 0 }
    }

    /// The message of this payload (§7.2.2), behind those that were inflated before.
    pub fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>, TINFLStatus> {
        let input = [payload, &TAIL].concat();
        let (mut rest, mut message) = (&input[..], Vec::new());
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        loop {
            let (status, used, len) = decompress(&mut self.core, rest, &mut self.window, self.at, flags);
            message.extend(&self.window[self.at..self.at + len]);
            self.at = (self.at + len) % self.window.len();
            rest = &rest[used..];
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if rest.is_empty() => return Ok(message),
                other => return Err(other),
            }
        }
    }
}

/// What another inflater thinks of a payload.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    Message(Vec<u8>),
    /// Not whole blocks (§7.2.2), or they refer to what is before them.
    Corrupt,
    /// There is a block with BFINAL in it, which miniz_oxide takes for the end; or the tail is taken
    /// for a part of the message, which then was not whole.
    Unknown,
}

pub fn judge(payload: &[u8]) -> Judgement {
    // Behind the tail a last block, so that the end of the stream is seen, or is not.
    let input = [payload, &TAIL, &[0x01, 0x00, 0x00, 0xff, 0xff]].concat();
    let (status, used, message) = inflate_alone(&input);
    let is_of_payload = inflate_alone(payload).2.len() == message.len();
    match status {
        TINFLStatus::Done if used == input.len() && is_of_payload => Judgement::Message(message),
        TINFLStatus::Done => Judgement::Unknown,
        _ => Judgement::Corrupt,
    }
}

fn inflate_alone(input: &[u8]) -> (TINFLStatus, usize, Vec<u8>) {
    let mut message = vec![0; 64 << 10];
    let flags =
        inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
    let mut core = DecompressorOxide::new();
    let (status, used, len) = decompress(&mut core, input, &mut message, 0, flags);
    message.truncate(len);
    (status, used, message)
}

/// A sender. Messages of one refer back to those before.
pub struct Deflate(Box<CompressorOxide>);

impl Deflate {
    pub fn new(level: u8) -> Self {
        Self::with(level, CompressionStrategy::Default)
    }

    pub fn with(level: u8, strategy: CompressionStrategy) -> Self {
        let core = CompressorOxide::with_params(DataFormat::Raw, level, strategy, 15);
        Self(Box::new(core))
    }

    /// Blocks that end at a byte, with an empty one (§7.2.1 step 1).
    pub fn flushed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; bytes.len() + bytes.len() / 8 + 256];
        let result = deflate(&mut self.0, bytes, &mut out, MZFlush::Sync);
        assert_eq!(result.bytes_consumed, bytes.len());
        assert!(result.bytes_written < out.len());
        out.truncate(result.bytes_written);
        assert!(out.ends_with(&TAIL));
        out
    }

    /// The payload of a message (§7.2.1); of an empty one, one byte (§7.2.3.6).
    pub fn message(&mut self, bytes: &[u8]) -> Vec<u8> {
        if bytes.is_empty() {
            return vec![0x00];
        }
        let mut payload = self.flushed(bytes);
        payload.truncate(payload.len() - TAIL.len());
        payload
    }
}

/// The payload of a message that stands for itself.
pub fn payload(message: impl AsRef<[u8]>) -> Vec<u8> {
    Deflate::new(6).message(message.as_ref())
}

/// A block without compression (RFC 1951 §3.2.4), at a byte.
pub fn stored(bfinal: bool, bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("at most 64 KiB");
    let mut block = vec![u8::from(bfinal)];
    block.extend(len.to_le_bytes());
    block.extend((!len).to_le_bytes());
    block.extend(bytes);
    block
}

/// Bits, the lowest of each byte first (RFC 1951 §3.1.1).
#[derive(Default)]
pub struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

/// What a block is made of.
pub enum Symbol {
    Literal(u8),
    /// So many bytes, 3 to 10, again, from so far back.
    Match(u8, usize),
    /// A code as it stands, of so many bits.
    Raw(u32, u32),
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> at & 1) as u8;
            self.bytes[self.len / 8] |= bit << (self.len % 8);
            self.len += 1;
        }
    }

    /// A Huffman code: its highest bit first.
    fn code(&mut self, code: u32, count: u32) {
        for at in (0..count).rev() {
            self.push(code >> at & 1, 1);
        }
    }

    /// A block with the fixed Huffman codes (RFC 1951 §3.2.6).
    pub fn fixed(mut self, bfinal: bool, symbols: &[Symbol]) -> Self {
        self.push(u32::from(bfinal), 1);
        self.push(0b01, 2);
        for symbol in symbols {
            match *symbol {
                Symbol::Literal(byte @ ..144) => self.code(0x30 + u32::from(byte), 8),
                Symbol::Literal(byte) => self.code(0x190 + u32::from(byte) - 144, 9),
                Symbol::Match(len @ 3..=10, distance) => {
                    self.code(u32::from(len) - 2, 7);
                    self.distance(distance);
                }
                Symbol::Match(..) => panic!("not made here"),
                Symbol::Raw(code, count) => self.code(code, count),
            }
        }
        self.code(0, 7);
        self
    }

    /// RFC 1951 §3.2.5: two codes for each number of extra bits, four for none.
    fn distance(&mut self, distance: usize) {
        let (mut code, mut extra, mut base) = (0, 0, 1);
        while base + (1 << extra) <= distance {
            base += 1 << extra;
            code += 1;
            extra = if code < 4 { 0 } else { code / 2 - 1 };
        }
        self.code(code, 5);
        self.push((distance - base) as u32, extra);
    }

    /// As a payload: ends with the beginning of the empty block whose rest is cut off (§7.2.1).
    pub fn payload(mut self) -> Vec<u8> {
        self.push(0, 3);
        self.bytes
    }

    /// The bytes, the last one filled up.
    pub fn bytes(self) -> Vec<u8> {
        self.bytes
    }
}

pub fn literals(text: &str) -> Vec<Symbol> {
    text.bytes().map(Symbol::Literal).collect()
}
