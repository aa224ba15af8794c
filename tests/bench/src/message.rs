//! The one message that a run sends over and over, and its frame.

use std::fmt::Write as _;
use std::str::FromStr;

use crate::deflate::compress;
use crate::frames::Repeated;
use crate::handshake::Offer;

/// In the first byte of a frame: it is the last of its message.
pub const FIN: u8 = 0x80;

/// In the first byte of a frame: its message is compressed (RFC 7692 §6).
pub const RSV1: u8 = 0x40;

/// Any mask does; with zero bytes in it a server might look faster than it is.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text message, ASCII.
    Text,
    /// A text message of characters that take three bytes each in UTF-8.
    Wide,
    /// A text message as applications send it, ASCII: records with numbers and names.
    Json,
    /// A text message that is a packet of Socket.IO: the event `chat message` with one text.
    Event,
    /// A binary message.
    Binary,
}

impl Kind {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Event => "event",
            Self::Binary => "binary",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Text, Self::Wide, Self::Json, Self::Event, Self::Binary]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("{name}: a message is text, wide, json, event or binary"))
    }
}

/// The message of a run.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// What it is made of.
    pub kind: Kind,
    /// Bytes of payload.
    pub size: usize,
}

impl Message {
    /// Its payload.
    #[must_use]
    pub fn payload(self) -> Vec<u8> {
        match self.kind {
            Kind::Text => (b'a'..=b'z').cycle().take(self.size).collect(),
            Kind::Wide => {
                let mut text = "x".repeat(self.size % 3);
                text.extend("世界線語文字海山".chars().cycle().take(self.size / 3));
                text.into_bytes()
            }
            Kind::Json => records(self.size),
            Kind::Event => event(self.size),
            Kind::Binary => (0..self.size).map(counted).collect(),
        }
    }

    /// Its opcode (RFC 6455 §5.2).
    #[must_use]
    pub fn opcode(self) -> u8 {
        if self.kind == Kind::Binary { 2 } else { 1 }
    }

    /// The stream that a client sends: masked frames.
    #[must_use]
    pub fn requests(self) -> Repeated {
        masked(FIN | self.opcode(), &self.payload())
    }

    /// The same when compression was offered and agreed: each message is compressed by itself (RFC 7692 §7.2.1).
    #[must_use]
    pub fn requests_after(self, offer: Offer) -> Repeated {
        match offer {
            Offer::Nothing => self.requests(),
            Offer::AsBrowsers | Offer::NoTakeover => {
                masked(FIN | RSV1 | self.opcode(), &compress(&self.payload()))
            }
        }
    }

    /// The stream that a server answers: the same frames, not masked.
    #[must_use]
    pub fn replies(self) -> Repeated {
        let payload = self.payload();
        Repeated::new(header(FIN | self.opcode(), payload.len(), None), payload)
    }
}

/// The byte at this place of a binary message: the sum of the bytes of its number.
///
/// Blocks of 256 bytes, or of 64 KiB, differ from each other. So it is seen when two of them are swapped.
fn counted(place: usize) -> u8 {
    let bytes = place.to_le_bytes().into_iter();
    bytes.fold(0, u8::wrapping_add)
}

/// Everything in front of the payload.
fn header(first_byte: u8, length: usize, mask: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut header = vec![first_byte];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => header.push(masked | short),
        (_, Ok(medium)) => {
            header.push(masked | 126);
            header.extend(medium.to_be_bytes());
        }
        _ => {
            header.push(masked | 127);
            header.extend((length as u64).to_be_bytes());
        }
    }
    header.extend(mask.into_iter().flatten());
    header
}

fn masked(first_byte: u8, payload: &[u8]) -> Repeated {
    let (header, payload) = masked_parts(first_byte, payload);
    Repeated::new(header, payload)
}

fn masked_parts(first_byte: u8, payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mask = MASK.into_iter().cycle();
    let masked = payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    let header = header(first_byte, payload.len(), Some(MASK));
    (header, masked.collect())
}

/// One masked text frame.
#[must_use]
pub fn text_frame(text: &str) -> Vec<u8> {
    let (mut frame, payload) = masked_parts(FIN | 1, text.as_bytes());
    frame.extend(payload);
    frame
}

/// The packet `42["chat message","abc..."]`, so many bytes of it.
fn event(size: usize) -> Vec<u8> {
    const START: &str = r#"42["chat message",""#;
    const END: &str = r#""]"#;
    let letters = ('a'..='z').cycle();
    let text: String = letters.take(size.saturating_sub(START.len() + END.len())).collect();
    [START, &text, END].concat().into_bytes()
}

/// A list of records: words that come again, numbers that do not, cut off at that length.
fn records(size: usize) -> Vec<u8> {
    const NAMES: [&str; 5] = ["Ada", "Grace", "Edsger", "Barbara", "Donald"];
    const TOWNS: [&str; 4] = ["Oslo", "Lagos", "Quito", "Hanoi"];
    let mut text = String::from(r#"{"type":"readings","items":["#);
    // A fixed sequence (the generator of Numerical Recipes): every run sends the same text.
    let mut state = 1_u32;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut at = 1_700_000_000_000_u64;
    while text.len() < size {
        at += u64::from(next(60_000));
        let _ = write!(
            text,
            r#"{{"id":{},"user":"{}","town":"{}","at":{at},"value":{}.{:02},"valid":{}}},"#,
            10_000 + next(50_000),
            NAMES.get(next(5) as usize).unwrap_or(&""),
            TOWNS.get(next(4) as usize).unwrap_or(&""),
            next(500),
            next(100),
            next(8) > 0
        );
    }
    text.truncate(size);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(size: usize) -> Message {
        Message { kind: Kind::Text, size }
    }

    #[test]
    fn frames_have_the_shortest_length_form() {
        let start = |size| text(size).requests().piece(0, 4).to_vec();
        assert_eq!(start(125), [0x81, 0xfd, 0x37, 0xfa]);
        assert_eq!(start(126), [0x81, 0xfe, 0, 126]);
        assert_eq!(start(65_535), [0x81, 0xfe, 0xff, 0xff]);
        assert_eq!(start(65_536), [0x81, 0xff, 0, 0]);
        assert_eq!(text(65_536).replies().frame_bytes(), 65_546);
    }

    #[test]
    fn a_request_unmasked_is_its_reply() {
        let message = Message { kind: Kind::Wide, size: 16 };
        let requests = message.requests();
        let masked = requests.piece(6, 16).iter().zip(MASK.into_iter().cycle());
        let payload: Vec<u8> = masked.map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(payload, message.replies().piece(2, 16));
        assert_eq!(std::str::from_utf8(&payload), Ok("x世界線語文"));
    }

    #[test]
    fn blocks_of_a_binary_message_differ() {
        let message = Message { kind: Kind::Binary, size: 1 << 20 };
        let payload = message.payload();
        assert_eq!(payload.len(), 1 << 20);
        for block in [256, 4 << 10, 64 << 10, 256 << 10] {
            for (left, right) in payload.chunks(block).zip(payload.chunks(block).skip(1)) {
                assert_ne!(left, right, "blocks of {block} bytes");
            }
        }
    }

    #[test]
    fn an_event_is_as_long_as_it_should_be() {
        assert_eq!(event(64).len(), 64);
        assert_eq!(event(24), br#"42["chat message","abc"]"#);
    }

    #[test]
    fn records_are_ascii_and_shrink_as_json_does() {
        let payload = records(1024);
        assert_eq!(payload.len(), 1024);
        assert!(payload.is_ascii());
        let share = compress(&payload).len() as f64 / 1024.0;
        assert!((0.25..0.5).contains(&share), "{share}");
    }
}
