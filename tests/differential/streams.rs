//! Streams of frames: conversations as a client may hold them, then spoilt.
//!
//! All of a stream follows from its seed and its number.

use crate::ours::Case;
use crate::sim::Rng;

/// Message limits, so that sizes around each are met: those of the length forms, and some between.
const LIMITS: [u64; 10] = [125, 126, 127, 300, 1_000, 4_096, 65_535, 65_536, 65_537, 16 << 20];

/// What UTF-8 is made of: its first and last character of each length, and those around the gaps.
const GOOD: [&str; 12] = [
    "a",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{7ff}",
    "\u{800}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{ffff}",
    "\u{10000}",
    "\u{10ffff}",
    "k\u{e4}se \u{1f9c0}",
];

/// What it is not made of: stray, cut short, overlong, surrogates, beyond the last character.
const BAD: [&[u8]; 16] = [
    &[0x80],
    &[0xbf],
    &[0xc0, 0x80],
    &[0xc1, 0xbf],
    &[0xc3],
    &[0xe0, 0x80, 0x80],
    &[0xe0, 0x9f, 0xbf],
    &[0xe2, 0x82],
    &[0xed, 0xa0, 0x80],
    &[0xed, 0xbf, 0xbf],
    &[0xf0, 0x80, 0x80, 0x80],
    &[0xf0, 0x9f, 0xa7],
    &[0xf4, 0x90, 0x80, 0x80],
    &[0xf5, 0x80, 0x80, 0x80],
    &[0xfe],
    &[0xff],
];

const CODES: [u16; 26] = [
    0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    1015, 1016, 1100, 2999, 3000, 3999, 4999, 5000,
];

/// A frame with every field free to be wrong.
#[derive(Clone)]
struct Frame {
    first: u8,
    masked: bool,
    key: [u8; 4],
    /// 0, 2 or 8 bytes of extended length, whatever the length is.
    extended: usize,
    /// What the header says; the payload is as long as it is.
    announced: u64,
    payload: Vec<u8>,
}

impl Frame {
    fn new(rng: &mut Rng, first: u8, payload: Vec<u8>) -> Self {
        let announced = payload.len() as u64;
        Self {
            first,
            masked: true,
            key: match rng.below(4) {
                0 => [0; 4],
                _ => (rng.next() as u32).to_be_bytes(),
            },
            extended: shortest(announced),
            announced,
            payload,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mask = if self.masked { 0x80 } else { 0 };
        let length = self.announced.to_be_bytes();
        out.push(self.first);
        out.push(
            mask | match self.extended {
                0 => length[7] & 0x7f,
                2 => 126,
                _ => 127,
            },
        );
        out.extend(&length[8 - self.extended..]);
        let key = if self.masked { self.key } else { [0; 4] };
        if self.masked {
            out.extend(key);
        }
        out.extend(self.payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    }
}

/// Bytes of extended length that a length needs.
pub fn shortest(len: u64) -> usize {
    match len {
        0..126 => 0,
        126..65_536 => 2,
        _ => 8,
    }
}

/// The stream of this number.
pub fn case(seed: u64, number: u64) -> Case {
    let mut rng = Rng::new(seed.rotate_left(32) ^ number);
    for _ in 0..4 {
        rng.next();
    }
    let max_message_bytes = match rng.below(2) {
        0 => 16 << 20,
        _ => LIMITS[rng.below(LIMITS.len())],
    };
    let max_fragments = [131_072, 131_072, 131_072, 3, 5][rng.below(5)];
    let mut frames = conversation(&mut rng, max_message_bytes);
    // One stream in eight is as it should be.
    for _ in 0..[0, 1, 1, 1, 1, 2, 2, 4][rng.below(8)] {
        spoil_frame(&mut frames, &mut rng);
    }
    let mut stream = Vec::new();
    for frame in &frames {
        frame.encode(&mut stream);
    }
    if rng.below(3) == 0 {
        spoil_bytes(&mut stream, &mut rng);
    }
    Case { stream, max_message_bytes, max_fragments, cuts: rng.next() }
}

fn conversation(rng: &mut Rng, limit: u64) -> Vec<Frame> {
    let mut frames = Vec::new();
    for _ in 0..=rng.below(6) {
        match rng.below(8) {
            0..5 => message(rng, limit, &mut frames),
            5 => frames.push(close(rng)),
            _ => frames.push(control(rng)),
        }
    }
    if rng.below(2) == 0 {
        frames.push(close(rng));
    }
    frames
}

/// A message in one to eight frames, with control frames between.
fn message(rng: &mut Rng, limit: u64, frames: &mut Vec<Frame>) {
    let len = size(rng, limit);
    let opcode = 1 + rng.below(2) as u8;
    let mut payload = if opcode == 1 {
        text(rng, len)
    } else {
        let word = rng.next().to_be_bytes();
        word.iter().copied().cycle().take(len).collect()
    };
    let count = [1, 1, 1, 2, 2, 3, 5, 8][rng.below(8)];
    for number in 0..count {
        let rest =
            payload.split_off(if number + 1 == count { payload.len() } else { rng.below(payload.len() + 1) });
        let first = if number == 0 { opcode } else { 0 };
        let fin = if number + 1 == count { 0x80 } else { 0 };
        frames.push(Frame::new(rng, fin | first, payload));
        payload = rest;
        if number + 1 < count && rng.below(4) == 0 {
            frames.push(control(rng));
        }
    }
}

/// Mostly small; often near a border; rarely as large as the longest length form.
fn size(rng: &mut Rng, limit: u64) -> usize {
    let near = |rng: &mut Rng, border: usize| (border + rng.below(5)).saturating_sub(2);
    match rng.below(32) {
        0..18 => rng.below(20),
        18..22 => near(rng, 126),
        22..27 if limit <= 4_096 => near(rng, limit as usize),
        27..31 if limit < 100_000 && rng.below(6) == 0 => near(rng, limit as usize),
        31 if rng.below(3) == 0 => near(rng, 65_536),
        _ => rng.below(600),
    }
}

/// UTF-8 of about this length; sometimes exactly, with `a` at the end.
fn text(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let only = rng.below(3 * GOOD.len());
    while bytes.len() < len {
        let piece = GOOD.get(only).unwrap_or(&GOOD[rng.below(GOOD.len())]);
        if bytes.len() + piece.len() > len {
            bytes.resize(len, b'a');
            break;
        }
        bytes.extend(piece.bytes());
    }
    bytes
}

fn control(rng: &mut Rng) -> Frame {
    let len = [0, 1, 4, 124, 125][rng.below(5)];
    let first = 0x89 + rng.below(2) as u8;
    let byte = rng.next() as u8;
    Frame::new(rng, first, vec![byte; len])
}

fn close(rng: &mut Rng) -> Frame {
    let mut payload = Vec::new();
    if rng.below(5) > 0 {
        let code = match rng.below(3) {
            0 => CODES[rng.below(CODES.len())],
            1 => 3_000 + rng.below(2_000) as u16,
            _ => 1_000,
        };
        payload.extend(code.to_be_bytes());
        let len = [0, 1, 5, 122, 123][rng.below(5)];
        payload.extend(text(rng, len));
    } else if rng.below(4) == 0 {
        payload.push(3);
    }
    Frame::new(rng, 0x88, payload)
}

/// One wrong thing, in one frame or in their order.
fn spoil_frame(frames: &mut Vec<Frame>, rng: &mut Rng) {
    let at = rng.below(frames.len());
    let other = rng.below(frames.len());
    let Some(frame) = frames.get_mut(at) else { return };
    match rng.below(18) {
        0 => frame.first ^= 0x10 << rng.below(3),
        1 => frame.first ^= 0x80,
        2 => frame.first = frame.first & 0xf0 | rng.below(16) as u8,
        3 => frame.masked = false,
        4 | 5 => frame.extended = [0, 2, 8][rng.below(3)],
        6 => frame.announced = frame.announced.wrapping_add(rng.below(7) as u64).wrapping_sub(3),
        7 => announce(frame, rng),
        8..=11 => {
            let place = rng.below(frame.payload.len() + 1);
            let bad = BAD[rng.below(BAD.len())].iter().copied();
            frame.payload.splice(place..place, bad);
            frame.announced = frame.payload.len() as u64;
            frame.extended = shortest(frame.announced);
        }
        12 => {
            // A character that is cut off by the end of its frame.
            frame.payload.pop();
            frame.announced = frame.payload.len() as u64;
            frame.extended = shortest(frame.announced);
        }
        13 => {
            // The longest length that a shorter form takes, or the first that it does not.
            let edges = [(125, 2), (126, 2), (125, 8), (65_535, 8), (65_536, 8)];
            (frame.announced, frame.extended) = edges[rng.below(edges.len())];
        }
        14 => frames.swap(at, other),
        15 => drop(frames.remove(at)),
        16 => {
            let again = frame.clone();
            frames.insert(other, again);
        }
        _ => {
            let frame = if rng.below(2) == 0 { close(rng) } else { control(rng) };
            frames.insert(at, frame);
        }
    }
}

/// A length that has little to do with the payload.
fn announce(frame: &mut Frame, rng: &mut Rng) {
    frame.announced = match rng.below(6) {
        0 => 1 << 63 | rng.next() >> 40,
        1 => rng.next(),
        2 => LIMITS[rng.below(LIMITS.len())] + 1,
        3 => 65_535 + rng.below(3) as u64,
        4 => 124 + rng.below(4) as u64,
        _ => 1 << rng.below(64),
    };
    frame.extended = if rng.below(4) == 0 { [0, 2, 8][rng.below(3)] } else { shortest(frame.announced) };
}

/// What no client would do on purpose.
fn spoil_bytes(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.below(3) {
        let len = bytes.len();
        let at = rng.below(len);
        if len == 0 {
            return;
        }
        match rng.below(8) {
            0..2 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..(at + 1 + rng.below(12)).min(len))),
            4 => {
                let noise: Vec<u8> = (0..=rng.below(9)).map(|_| rng.next() as u8).collect();
                bytes.splice(at..at, noise);
            }
            5 => bytes[at] = rng.next() as u8,
            6 => bytes.swap(at, rng.below(len)),
            _ => {
                // What stands elsewhere, once more.
                let from = rng.below(len);
                let copy = bytes[from..(from + 1 + rng.below(40)).min(len)].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
}
