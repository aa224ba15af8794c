//! permessage-deflate under attack (RFC 7692 §8): few bytes that become many, or that make much
//! work. Here are the client's means; `memory` is about what is held, `turns` about who has to wait, `waiting` about
//! connections that are slow, paused, limited or end.
//!
//! That what is held is counted right is asserted in every turn of every test (`Sim::audit`).

mod memory;
mod turns;
mod waiting;

use crate::client::{Frame, frame, frames, hex, upgrade};
use crate::sim::{PeerNo, Rng, Sim};
use miniz_oxide::deflate::core as deflating;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

const DEFLATE: &str = "permessage-deflate";
/// The end that a sender cuts off, and a receiver adds again (RFC 7692 §7.2.1, §7.2.2).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A WebSocket connection that has agreed to compression.
fn open(sim: &mut Sim, path: &str, offer: &str) -> PeerNo {
    let peer = sim.connect();
    let request = upgrade(path);
    let fields = request.trim_end();
    let request = format!("{fields}\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
    sim.send(peer, request.as_bytes());
    sim.run();
    let answer = String::from_utf8(sim.take(peer)).unwrap();
    assert!(answer.contains(DEFLATE), "{answer}");
    peer
}

/// The payload of a compressed message, made by another DEFLATE.
fn squeezed(bytes: &[u8]) -> Vec<u8> {
    let flags = deflating::create_comp_flags_from_zip_params(9, -15, 0);
    let mut compressor = deflating::CompressorOxide::new(flags);
    let mut out = vec![0; bytes.len() + bytes.len() / 8 + 100];
    let flush = deflating::TDEFLFlush::Sync;
    let (_, used, len) = deflating::compress(&mut compressor, bytes, &mut out, flush);
    assert_eq!(used, bytes.len());
    out.truncate(len);
    out.strip_suffix(&TAIL).expect("a flush").to_vec()
}

/// So many equal bytes, compressed: a thousandth of it.
fn bomb(len: usize) -> Vec<u8> {
    squeezed(&vec![b'a'; len])
}

/// What a compressed payload says, by another DEFLATE, behind these bytes. It is 20 MiB at most.
fn inflated_behind(history: &[u8], payload: &[u8]) -> Vec<u8> {
    let (mut out, mut len) = (history.to_vec(), 0);
    let mut state = DecompressorOxide::new();
    let payload = [payload, &TAIL].concat();
    let mut rest = &payload[..];
    let flags =
        inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
    let mut status = TINFLStatus::HasMoreOutput;
    // Room for 20 MiB each time would be more work than all the rest of the tests.
    while status == TINFLStatus::HasMoreOutput {
        assert!(len <= 20 << 20, "{len} bytes and more");
        out.resize(2 * out.len() + (64 << 10), 0);
        let (now, used, more) = decompress(&mut state, rest, &mut out, history.len() + len, flags);
        (status, rest, len) = (now, &rest[used..], len + more);
    }
    assert_eq!((status, rest), (TINFLStatus::NeedsMoreInput, &[][..]));
    assert!(len <= 20 << 20, "{len} bytes");
    out[history.len()..][..len].to_vec()
}

/// What a frame from the server says, compressed or not.
fn content(frame: &Frame) -> Vec<u8> {
    match frame.first {
        0xc1 | 0xc2 => inflated_behind(&[], &frame.payload),
        0x81 | 0x82 => frame.payload.clone(),
        other => panic!("a frame of {other:02x}: {:02x?}", frame.payload),
    }
}

/// Messages that came, and the code of a Close behind them.
fn received(sim: &mut Sim, peer: PeerNo) -> (Vec<Vec<u8>>, Option<u16>) {
    let mut frames = frames(&sim.take(peer));
    let close = frames.pop_if(|frame| frame.first == 0x88);
    let code = close.map(|close| u16::from_be_bytes(*close.payload.first_chunk().unwrap()));
    (frames.iter().map(content).collect(), code)
}

/// A message in fragments whose payloads are `parts`.
fn fragmented(opcode: u8, parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let frames = parts.iter().enumerate().map(|(at, part)| {
        let first = if at == 0 { 0x40 | opcode } else { 0 };
        frame(if at == last { 0x80 | first } else { first }, part)
    });
    frames.collect()
}

/// Bytes that cannot be compressed.
fn noise(len: usize) -> Vec<u8> {
    let mut rng = Rng::new(len as u64);
    (0..len).map(|_| (rng.next() >> 32) as u8).collect()
}

/// Text that can, to an eighth or so.
fn lines(len: usize) -> Vec<u8> {
    let line = |n: usize| format!("{{\"id\":{},\"text\":\"what is new?\"}},", n * 7919);
    let mut lines: String = (0..len / 20).map(line).collect();
    lines.truncate(len);
    lines.into_bytes()
}

/// Text that can hardly be.
fn letters(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let letter = |_| b'a' + ((rng.next() >> 32) % 26) as u8;
    (0..len).map(letter).collect()
}
