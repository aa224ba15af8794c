//! Compressed messages that arrive (RFC 7692 §7.2.2), several on one connection.
//!
//! Input: what is agreed to, limits, lengths of pieces, then messages: a byte for their kind, and what the kind
//! needs. They are cut into frames as the input says, with Pings in between.
//!
//! What they say is asked of a second DEFLATE, which knows nothing of pieces. It is asked as the server asks its own:
//! the block that the sender has cut off is added, then one with BFINAL, which must be the last thing in the stream
//! and give nothing; behind any other BFINAL the next byte begins a block.

use crate::client::{KEY, frame_with_key, upgrade};
use crate::input::{Bytes, pieces};
use miniz_oxide::deflate::core as deflating;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use ws101::config::{Config, Deflate};
use ws101::deflate::extension;
use ws101::http::head;
use ws101::pool::Pool;
use ws101::ws::close::{CloseCode, Violation};
use ws101::ws::endpoint::{Endpoint, Event, Limits};
use ws101::ws::extension::{Agreed, Coding, Decoder, History};
use ws101::ws::message::Complete;

const OFFERS: [&str; 6] = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=8",
    "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=15",
];
const LIMITS: [u64; 6] = [200_000, 0, 1, 300, 16 << 10, 65_536];
const MOST_MESSAGES: usize = 12;
/// As many final blocks as one message may have.
const MOST_FINAL: usize = 4_096;
const END: [u8; 9] = [0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF];
/// A chunk, the window behind it, the library's state and the records.
const BESIDES: usize = (16 << 10) + (32 << 10) + (16 << 10) + (48 << 10) + 1_000;

/// What the client sends as one message.
struct Sent {
    is_text: bool,
    is_compressed: bool,
    payload: Vec<u8>,
}

/// What became of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Story {
    messages: Vec<(bool, Vec<u8>)>,
    pings: usize,
    failed: Option<CloseCode>,
}

pub fn check(data: &[u8]) {
    let mut input = Bytes::new(data);
    let flags = input.byte();
    let agreement = agree(input.choose(&OFFERS), flags & 1 != 0);
    let limits =
        Limits { max_message_bytes: input.choose(&LIMITS), max_fragments: 100_000, ..Limits::default() };
    let frames = [input.byte(), input.byte()];
    let reads = [input.byte(), input.byte()];
    let mut sent = Vec::new();
    while !input.is_empty() && sent.len() < MOST_MESSAGES {
        sent.push(message(&mut input));
    }
    let stream: Vec<u8> = sent.iter().flat_map(|sent| framed(sent, frames)).collect();

    let whole = read([&stream[..]], &agreement, &limits, false);
    judge(&sent, &whole, &agreement, &limits);
    let cut = read(pieces(&stream, &reads), &agreement, &limits, false);
    assert_eq!(cut, whole, "the reads make a difference");
    if flags & 2 != 0 {
        let bytes = read(pieces(&stream, &[]), &agreement, &limits, false);
        assert_eq!(bytes, whole, "read byte by byte");
    }
    // The same messages, each in one frame.
    let unfragmented = sent.iter().flat_map(|sent| framed(sent, [0, 0]));
    let unfragmented: Vec<u8> = unfragmented.collect();
    let other = read([&unfragmented[..]], &agreement, &limits, false);
    assert_eq!(other.messages, whole.messages, "the fragments make a difference");
    // Kept until they are complete, because many others have a state of the library.
    let kept = read(pieces(&stream, &reads), &agreement, &limits, true);
    assert_eq!(kept.messages, whole.messages, "kept, and otherwise");
    // Perhaps for another reason: a header says that the message is too large before its beginning was looked at.
    assert_eq!(kept.failed.is_some(), whole.failed.is_some());
}

/// What was agreed to.
struct Agreement {
    config: Config,
    agreed: Agreed,
    /// How far the client may refer back to earlier messages, by the answer that it was given.
    window: usize,
}

fn agree(offer: &str, takes_over: bool) -> Agreement {
    let request = upgrade("/echo");
    let fields = request.trim_end();
    let mut request = format!("{fields}\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n").into_bytes();
    let mut slots = head::NO_FIELDS;
    let Ok(head) = head::parse(&mut request, &mut slots) else {
        panic!("a correct head");
    };
    let config = Config {
        deflate: match takes_over {
            true => Deflate::Takeover,
            false => Deflate::On,
        },
        ..Config::default()
    };
    let extension = extension(&config).expect("it is not off");
    let (agreed, answer) = extension.agree(&head).expect("a correct offer");
    let window = window(&answer);
    Agreement { config, agreed, window }
}

fn window(answer: &str) -> usize {
    if answer.contains("client_no_context_takeover") {
        return 0;
    }
    let bits = answer.split("; ").find_map(|parameter| parameter.strip_prefix("client_max_window_bits="));
    1 << bits.map_or(15, |bits| bits.parse().expect("a number"))
}

fn message(input: &mut Bytes<'_>) -> Sent {
    let kind = input.byte();
    let len = match kind & 4 {
        0 => usize::from(input.byte()),
        _ => input.short(),
    };
    let bytes = input.take(len);
    let payload = match kind >> 3 & 7 {
        // What the engine says.
        0..4 => bytes.to_vec(),
        // Correct, and perhaps long.
        4 => compressed(bytes, 1),
        5 => compressed(bytes, 700),
        // Almost.
        6 => {
            let mut payload = compressed(bytes, 1 + usize::from(input.byte()) * 8);
            payload.truncate(payload.len() - usize::from(input.byte() & 7).min(payload.len()));
            payload
        }
        _ => {
            let mut payload = compressed(bytes, 3);
            let at = input.short() % payload.len().max(1);
            if let Some(byte) = payload.get_mut(at) {
                *byte ^= input.byte();
            }
            payload
        }
    };
    Sent { is_text: kind & 1 != 0, is_compressed: kind & 2 == 0, payload }
}

/// By the second DEFLATE, without the end that is to be cut off (§7.2.1).
pub fn compressed(bytes: &[u8], times: usize) -> Vec<u8> {
    let bytes = bytes.repeat(times);
    let flags = deflating::create_comp_flags_from_zip_params(6, -15, 0);
    let mut compressor = deflating::CompressorOxide::new(flags);
    let mut out = vec![0; bytes.len() + bytes.len() / 8 + 100];
    let flush = deflating::TDEFLFlush::Sync;
    let (_, used, len) = deflating::compress(&mut compressor, &bytes, &mut out, flush);
    assert_eq!(used, bytes.len());
    out.truncate(len);
    let payload = out.strip_suffix(&[0, 0, 0xFF, 0xFF]);
    payload.map_or_else(|| vec![0], <[u8]>::to_vec)
}

/// The frames of a message, of these lengths in turn, and a Ping behind the first if there are several.
fn framed(sent: &Sent, lengths: [u8; 2]) -> Vec<u8> {
    let opcode = if sent.is_text { 1 } else { 2 };
    let rsv1 = if sent.is_compressed { 0x40 } else { 0 };
    if lengths == [0, 0] || sent.payload.is_empty() {
        return frame_with_key(0x80 | rsv1 | opcode, &sent.payload, KEY);
    }
    let parts = pieces(&sent.payload, &lengths);
    let mut stream = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let first = if at == 0 { rsv1 | opcode } else { 0 };
        let fin = if at + 1 == parts.len() { 0x80 } else { 0 };
        stream.extend(frame_with_key(fin | first, part, KEY));
        if at == 0 && fin == 0 {
            stream.extend(frame_with_key(0x89, b"?", KEY));
        }
    }
    stream
}

fn read<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    agreement: &Agreement,
    limits: &Limits,
    keeps: bool,
) -> Story {
    let most = limits.max_message_bytes as usize;
    let mut endpoint = Endpoint::default();
    let mut history: Option<Box<History>> = None;
    let mut extension = extension(&agreement.config).expect("it is not off");
    let count = if keeps { 100 } else { 0 };
    let others = (0..count).map(|_| extension.begin(false));
    let _others: Vec<_> = others.collect();
    let mut story = Story::default();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            let mut used: Option<Box<dyn Decoder>> = None;
            let coding = Coding {
                extension: &mut *extension,
                agreed: agreement.agreed,
                history: &mut history,
                used: &mut used,
            };
            let event = match endpoint.receive_whole(&mut input, limits) {
                Some(message) => message.map(|message| Some(Event::Message(Complete::Whole(message)))),
                None => endpoint.receive_general(&mut input, limits, &Pool::default(), Some(coding)),
            };
            match event {
                Ok(Some(Event::Growing(bytes))) => {
                    assert!(bytes <= 2 * most + BESIDES, "{bytes} of {most} bytes");
                }
                Ok(None) => break,
                Ok(Some(Event::Message(message))) => {
                    let bytes = message.to_vec();
                    assert!(bytes.len() <= most, "more than a message");
                    story.messages.push((message.is_text(), bytes));
                }
                Ok(Some(Event::Ping(_))) => story.pings += 1,
                Ok(Some(other)) => panic!("nobody sent {other:?}"),
                Err(violation) => {
                    assert_ne!(violation, Violation::NoRoom);
                    story.failed = Some(violation.close_code());
                    return story;
                }
            }
        }
        assert!(endpoint.held_bytes() <= 2 * most + BESIDES, "too much is held");
        let kept = history.as_ref().map_or(0, |history| history.held_bytes());
        assert!(kept <= agreement.window + 100, "a history of {kept} bytes");
    }
    story
}

/// Each message is what the second DEFLATE makes of it, or fails.
fn judge(sent: &[Sent], story: &Story, agreement: &Agreement, limits: &Limits) {
    let (window, most) = (agreement.window, limits.max_message_bytes as usize);
    let mut history = Vec::new();
    for (at, sent) in sent.iter().enumerate() {
        let inflated = match sent.is_compressed {
            false if sent.payload.len() > most => Err(Bad::TooBig),
            false => Ok(sent.payload.clone()),
            // Told by the header of a frame.
            true if sent.payload.len() > most => Err(Bad::Either),
            true => inflated(&sent.payload, &history, most),
        };
        let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        match (inflated, story.messages.get(at)) {
            (Ok(bytes), Some((_, got))) => {
                assert_eq!(*got, bytes, "another content");
                assert!(!sent.is_text || is_text(&bytes), "not UTF-8");
                if sent.is_compressed {
                    history.extend(bytes);
                    history.drain(..history.len().saturating_sub(window));
                }
            }
            (Ok(bytes), None) => {
                assert!(sent.is_text && !is_text(&bytes), "a correct message fails");
                return assert_eq!(story.failed, Some(CloseCode::InvalidFramePayloadData));
            }
            (Err(bad), Some(_)) => panic!("{bad:?} is accepted"),
            (Err(bad), None) => {
                let failed = story.failed.expect("a failure");
                let not_a_text = sent.is_text && failed == CloseCode::InvalidFramePayloadData;
                return match bad {
                    Bad::Corrupt => assert_eq!(failed, CloseCode::InvalidFramePayloadData),
                    Bad::TooBig => assert!(not_a_text || failed == CloseCode::MessageTooBig),
                    Bad::TooManyBlocks => {
                        assert!(not_a_text || failed == CloseCode::PolicyViolation);
                    }
                    Bad::Either => {}
                };
            }
        }
    }
    assert_eq!(story.failed, None);
}

/// Why a message is none.
#[derive(Debug)]
pub enum Bad {
    Corrupt,
    TooBig,
    TooManyBlocks,
    Either,
}

/// What a compressed message says behind these bytes, if that is no more than `most`.
pub fn inflated(payload: &[u8], history: &[u8], most: usize) -> Result<Vec<u8>, Bad> {
    let flags =
        inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
    let mut out = vec![0; history.len() + most + 1];
    out[..history.len()].copy_from_slice(history);
    let mut at = history.len();
    let mut state = DecompressorOxide::new();
    let (mut is_fresh, mut final_blocks) = (true, 0);
    let mut len = at;
    for mut input in [payload, &END] {
        len = at;
        if is_fresh && std::ptr::eq(input, &END) {
            break;
        }
        while !input.is_empty() {
            let (status, used, came_out) = decompress(&mut state, input, &mut out, at, flags);
            input = &input[used..];
            at += came_out;
            is_fresh = false;
            if at > history.len() + most {
                return Err(Bad::TooBig);
            }
            match status {
                TINFLStatus::Done => {
                    (state, is_fresh) = (DecompressorOxide::new(), true);
                    final_blocks += 1;
                    if final_blocks > MOST_FINAL {
                        return Err(Bad::TooManyBlocks);
                    }
                }
                TINFLStatus::NeedsMoreInput => {}
                _ => return Err(Bad::Corrupt),
            }
        }
    }
    if !is_fresh || at != len {
        return Err(Bad::Corrupt);
    }
    Ok(out[history.len()..at].to_vec())
}
