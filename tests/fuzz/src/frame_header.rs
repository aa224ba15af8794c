//! The frame header, and the endpoint that reads a stream of frames (RFC 6455 §5.2).
//!
//! Input: flags, room, lengths of pieces, then the bytes of a stream.

use crate::input::{Bytes, pieces};
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::frame::{self, Expect, Header, MAX_HEADER_BYTES, Opcode, Sender};
use ws101::ws::message::Complete;

const ROOMS: [u64; 12] = [0, 1, 2, 124, 125, 126, 127, 1_000, 65_535, 65_536, 16 << 20, u64::MAX];

pub fn check(data: &[u8]) {
    let mut input = Bytes::new(data);
    let flags = input.byte();
    let room = input.choose(&ROOMS);
    let expect = Expect {
        from: Sender::Client,
        in_message: flags & 1 != 0,
        rsv1: flags & 2 != 0,
        more_fragments: flags & 4 != 0,
        room,
    };
    let lengths = input.take(3);
    let bytes = input.rest();

    let verdict = earliest(bytes, &expect);
    usual_agrees(bytes, &expect);
    if let Some(header) = verdict {
        round_trip(bytes, &header);
        own_frames(header.opcode, header.payload_len);
        masks(bytes, header, lengths);
    }
    let limits = Limits {
        from: Sender::Client,
        max_message_bytes: room.min(1 << 20),
        max_fragments: if flags & 8 != 0 { 3 } else { 1_000 },
    };
    any_cut(bytes, lengths, limits);
}

/// Every prefix of a header has the same verdict as the whole, or none yet; and it has none only
/// as long as the missing bytes matter.
fn earliest(bytes: &[u8], expect: &Expect) -> Option<Header> {
    let mut found = None;
    for len in 0..=bytes.len().min(MAX_HEADER_BYTES + 2) {
        let verdict = frame::decode(&bytes[..len], expect);
        match (&found, verdict) {
            (None, Ok(None)) => assert!(
                len == 0 || is_open(&bytes[..len], expect),
                "{:02x?} can only break one rule, and that is not said",
                &bytes[..len]
            ),
            (None, verdict) => {
                if let Ok(Some(header)) = verdict {
                    assert_eq!(header.header_len, len, "complete at its last byte");
                }
                found = Some(verdict);
            }
            (Some(found), verdict) => assert_eq!(*found, verdict, "more bytes, another verdict"),
        }
    }
    if bytes.len() >= MAX_HEADER_BYTES {
        assert!(found.is_some(), "a header of more than 14 bytes");
    }
    found?.ok()?
}

/// Whether the bytes leave a question open: some continuation makes a valid header, or two of them
/// break different rules. Tried are the least and the most that the missing bytes can say.
fn is_open(prefix: &[u8], expect: &Expect) -> bool {
    let mut fillers = [[0; 8], [0; 8], [0; 8], [0xFF; 8]];
    fillers[1][1] = 126;
    fillers[2] = 65_536_u64.to_be_bytes();
    let mut broken = None;
    for filler in fillers {
        let mut bytes = [0; MAX_HEADER_BYTES];
        bytes[1] = 0x80;
        bytes[2..10].copy_from_slice(&filler);
        bytes[..prefix.len()].copy_from_slice(prefix);
        match frame::decode(&bytes, expect) {
            Ok(_) => return true,
            Err(violation) if *broken.get_or_insert(violation) != violation => return true,
            Err(_) => {}
        }
    }
    false
}

/// The short way says what the general one says, about all frames that it is meant for.
fn usual_agrees(bytes: &[u8], expect: &Expect) {
    let general = frame::decode(bytes, expect);
    match (frame::decode_fast(bytes, expect), general) {
        (Some(usual), general) => assert_eq!(general, Ok(Some(usual))),
        (None, Ok(Some(header))) => assert!(
            !header.fin
                || header.payload_len > 125
                || !matches!(header.opcode, Opcode::Text | Opcode::Binary)
                || header.rsv1,
            "a usual frame that takes the long way: {header:?}"
        ),
        (None, _) => {}
    }
}

/// The length in the shortest form, high byte first: the RFC's table, written once more.
fn lengths_of(mask: u8, len: u64) -> Vec<u8> {
    match len {
        0..126 => vec![mask | len as u8],
        126..65_536 => vec![mask | 126, (len >> 8) as u8, len as u8],
        _ => {
            let mut bytes = vec![mask | 127];
            bytes.extend((0..8).rev().map(|at| (len >> (8 * at)) as u8));
            bytes
        }
    }
}

/// There is one way to write a header that is accepted, so encoding gives its bytes again.
fn round_trip(bytes: &[u8], header: &Header) {
    let mut first = header.opcode as u8;
    first |= if header.fin { 0x80 } else { 0 };
    first |= if header.rsv1 { 0x40 } else { 0 };
    let mut again = vec![first];
    again.extend(lengths_of(0x80, header.payload_len));
    again.extend(header.masking_key);
    assert_eq!(again, &bytes[..header.header_len]);
    // Turned, it is our own header, behind four bytes that are not used.
    frame::make_own_header(&mut again);
    assert_eq!(again[4], first);
    assert_eq!(again[5..], lengths_of(0, header.payload_len));
}

/// What we write ourselves is the same without a mask, and can be measured and decoded.
fn own_frames(opcode: Opcode, payload_len: u64) {
    let Ok(len) = usize::try_from(payload_len) else { return };
    let mut out = vec![0xEE];
    frame::encode_header(&mut out, opcode, len);
    let own = &out[1..];
    assert_eq!(out[0], 0xEE);
    assert_eq!(own[0], 0x80 | opcode as u8);
    assert_eq!(own[1..], lengths_of(0, payload_len));
    assert_eq!(own.len(), frame::own_header_len(len));
    for cut in 0..own.len() {
        assert_eq!(frame::own_frame_len(&own[..cut]), None);
    }
    assert_eq!(frame::own_frame_len(own), own.len().checked_add(len));
}

/// A mask in pieces is the mask of the whole, and undoes itself.
fn masks(bytes: &[u8], mut header: Header, lengths: &[u8]) {
    let key = header.masking_key;
    let masked = |(at, byte): (usize, &u8)| byte ^ key[at % 4];
    let expected: Vec<u8> = bytes.iter().enumerate().map(masked).collect();
    let mut whole = bytes.to_vec();
    frame::unmask(&mut whole, key);
    assert_eq!(whole, expected);
    let mut in_pieces = Vec::new();
    for piece in pieces(bytes, lengths) {
        let mut piece = piece.to_vec();
        header.unmask_payload(&mut piece);
        in_pieces.extend(piece);
    }
    assert_eq!(in_pieces, expected);
}

/// What an endpoint made of a stream: its events, and how it failed if it did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Story {
    events: Vec<String>,
    failed: Option<String>,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Story {
    let mut endpoint = Endpoint::default();
    let mut story = Story::default();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match endpoint.receive(&mut input, limits) {
                Ok(None) => {
                    assert!(input.is_empty(), "it wants more and has not used all");
                    break;
                }
                Ok(Some(event)) => {
                    let is_close = matches!(event, Event::Close(_));
                    story.events.push(told(&event));
                    // The connection drops the endpoint here, and so do we.
                    if is_close {
                        return story;
                    }
                }
                Err(violation) => {
                    story.failed = Some(format!("{violation:?}"));
                    return story;
                }
            }
        }
        let held = endpoint.unfinished_bytes() as u64;
        assert!(held <= limits.max_message_bytes, "more than a message");
    }
    story
}

fn told(event: &Event<'_>) -> String {
    match event {
        Event::Message(message) => {
            let kind = if matches!(message, Complete::Large(..)) { "large " } else { "" };
            let text = message.is_text().then(|| String::from_utf8(message.to_vec()).expect("checked"));
            format!("{kind}{:?} {text:?} {:02x?}", message.opcode(), message.to_vec())
        }
        Event::Ping(ping) => format!("ping {:02x?}", &**ping),
        Event::Pong => "pong".to_owned(),
        Event::Close(code) => format!("close {code:?}"),
        Event::Growing(_) => panic!("there is no extension"),
    }
}

/// However the stream is cut, it means the same; and a failure shows with the first byte that
/// proves it, not when somebody happens to look.
fn any_cut(bytes: &[u8], lengths: &[u8], limits: Limits) {
    let whole = read([bytes], &limits);
    assert_eq!(whole, read(pieces(bytes, lengths), &limits));
    assert_eq!(whole, read(pieces(bytes, &[]), &limits));
    let len = lengths.first().map_or(0, |len| usize::from(*len));
    let begin = &bytes[..len.min(bytes.len())];
    assert_eq!(read([begin], &limits), read(pieces(begin, &[]), &limits));
}
