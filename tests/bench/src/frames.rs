//! Streams that are made of nothing but one frame, over and over.
//!
//! Because every frame of a run is the same, a stream is described by a position in it: what to
//! write next, and what must arrive next, is a slice of a prepared buffer. That makes the
//! generator and the floor cheap. Real framing is tested elsewhere; here it is only checked that
//! the server sends what it should.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};

/// The most that is read or written by one call.
pub const CHUNK_BYTES: usize = 256 << 10;

/// Reads up to this many bytes are compared whole; of longer ones about every sixteenth.
const ALWAYS_COMPARED_BYTES: usize = 1024;

/// Whether a long read with this number is compared whole.
///
/// The choice has no period. Every sixteenth would be the same piece of each message, again and again, where a message
/// comes in 16 or 64 reads.
fn in_sample(read: u32) -> bool {
    // The last steps of MurmurHash3, which leave nothing of the order of the numbers.
    let mut hash = (read ^ (read >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)).is_multiple_of(16)
}

/// An endless stream of one frame, of which every piece up to [`CHUNK_BYTES`] is at hand.
#[derive(Debug)]
pub struct Repeated {
    bytes: Vec<u8>,
    header: usize,
    frame: usize,
}

impl Repeated {
    /// The stream of the frame with this header and payload.
    #[must_use]
    pub fn new(header: Vec<u8>, payload: Vec<u8>) -> Self {
        let mut bytes = header;
        let header = bytes.len();
        bytes.extend(payload);
        let frame = bytes.len();
        // A piece begins somewhere in the first frame. A large message is not held twice.
        let wanted = frame + CHUNK_BYTES;
        bytes.reserve_exact(wanted - frame);
        while bytes.len() < wanted {
            bytes.extend_from_within(..frame.min(wanted - bytes.len()));
        }
        Self { bytes, header, frame }
    }

    /// Length of the frame in bytes.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.frame
    }

    /// The `length` bytes that follow `phase` bytes of a frame; fewer only above [`CHUNK_BYTES`].
    pub(crate) fn piece(&self, phase: usize, length: usize) -> &[u8] {
        let rest = self.bytes.get(phase..).unwrap_or_default();
        rest.get(..length).unwrap_or(rest)
    }
}

/// The sending side of one connection: how many bytes are still to be written.
#[derive(Debug, Default)]
pub struct Outgoing {
    owed: usize,
    phase: usize,
}

impl Outgoing {
    /// Adds so many frames to what is to be written.
    pub fn owe(&mut self, stream: &Repeated, frames: usize) {
        self.owed += frames * stream.frame;
    }

    /// Whether the last frame has left whole.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.owed == 0
    }

    /// Writes what is owed, in one call when the socket takes it.
    ///
    /// # Errors
    /// Those of the socket, except that a full one is none: the rest goes when it is writable.
    pub fn flush(&mut self, stream: &Repeated, socket: &mut impl Write) -> io::Result<()> {
        while self.owed > 0 {
            let piece = stream.piece(self.phase, self.owed.min(CHUNK_BYTES));
            match socket.write(piece) {
                Ok(written) => {
                    self.owed -= written;
                    self.phase = (self.phase + written) % stream.frame;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The receiving side of one connection: how far the current frame has come.
#[derive(Debug, Default)]
pub struct Incoming {
    phase: usize,
    reads: u32,
}

impl Incoming {
    /// How many bytes of the present frame have come; 0: the next one begins a frame.
    #[must_use]
    pub fn phase(&self) -> usize {
        self.phase
    }

    /// Takes `length` more bytes unseen; returns how many frames are complete with them.
    pub fn count(&mut self, stream: &Repeated, length: usize) -> usize {
        let end = self.phase + length;
        self.phase = end % stream.frame;
        end / stream.frame
    }

    /// Takes these bytes; returns how many frames are complete with them.
    ///
    /// Headers are always compared with what must come, payloads always or (long ones) as a sample.
    ///
    /// # Errors
    /// The bytes are not what should have come.
    pub fn check(&mut self, stream: &Repeated, bytes: &[u8]) -> Result<usize, String> {
        self.reads = self.reads.wrapping_add(1);
        let whole = bytes.len() <= ALWAYS_COMPARED_BYTES || in_sample(self.reads);
        let good = if whole {
            bytes == stream.piece(self.phase, bytes.len())
        } else {
            self.headers_match(stream, bytes)
        };
        if good {
            return Ok(self.count(stream, bytes.len()));
        }
        let mut start = String::new();
        for byte in bytes.iter().take(16) {
            let _ = write!(start, " {byte:02x}");
        }
        Err(format!(
            "{} unexpected bytes, {} bytes into a frame of {}:{start} ...",
            bytes.len(),
            self.phase,
            stream.frame
        ))
    }

    fn headers_match(&self, stream: &Repeated, bytes: &[u8]) -> bool {
        let rest_of_header = stream.header.saturating_sub(self.phase);
        let first = bytes.get(..rest_of_header).unwrap_or(bytes);
        first == stream.piece(self.phase, first.len())
            && bytes.get(stream.frame - self.phase..).unwrap_or_default().chunks(stream.frame).all(|frame| {
                let header = frame.get(..stream.header).unwrap_or(frame);
                header == stream.piece(0, header.len())
            })
    }
}

/// One read of a non-blocking socket.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes are in the buffer; more may wait.
    Full(usize),
    /// So many bytes are in the buffer (0: none were there), and the socket is drained.
    Last(usize),
    /// The peer has closed.
    End,
}

/// Reads once.
///
/// # Errors
/// Those of the socket, except that an empty one is none.
pub fn read_piece(socket: &mut impl Read, buffer: &mut [u8]) -> io::Result<Piece> {
    loop {
        return match socket.read(buffer) {
            Ok(0) => Ok(Piece::End),
            Ok(length) if length == buffer.len() => Ok(Piece::Full(length)),
            Ok(length) => Ok(Piece::Last(length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Piece::Last(0)),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Message};

    fn text(size: usize) -> Message {
        Message { kind: Kind::Text, size }
    }

    #[test]
    fn replies_are_counted_and_checked_at_any_cut() {
        let stream = text(2000).replies();
        let expected = stream.piece(0, 3 * stream.frame_bytes()).to_vec();
        for cut in 1..expected.len() {
            let (left, right) = expected.split_at(cut);
            let mut incoming = Incoming::default();
            let frames =
                incoming.check(&stream, left).unwrap_or(9) + incoming.check(&stream, right).unwrap_or(9);
            assert_eq!((frames, incoming.phase), (3, 0), "cut at {cut}");
        }
    }

    #[test]
    fn a_large_frame_is_held_once_and_goes_over_into_the_next() {
        let stream = text(CHUNK_BYTES * 3).replies();
        assert_eq!(stream.bytes.len(), stream.frame + CHUNK_BYTES);
        for phase in [0, 1, stream.frame - 5, stream.frame - 1] {
            let piece = stream.piece(phase, CHUNK_BYTES);
            let cycle = stream.bytes.iter().take(stream.frame).cycle();
            assert!(piece.iter().eq(cycle.skip(phase).take(CHUNK_BYTES)));
        }
    }

    #[test]
    fn each_place_of_a_message_comes_into_the_sample() {
        let sampled = (1..=16_000).filter(|read| in_sample(*read)).count();
        assert!((900..=1100).contains(&sampled), "{sampled}");
        for reads in 1..=100 {
            for place in 0..reads {
                let mut messages = 0..500;
                let seen = messages.any(|message| in_sample(message * reads + place));
                assert!(seen, "place {place} of {reads} reads is never compared");
            }
        }
    }

    #[test]
    fn a_wrong_header_is_seen_in_long_reads_too() {
        let stream = text(2000).replies();
        let expected = stream.piece(0, 3 * stream.frame_bytes()).to_vec();
        for header in [0, 2004, 4009] {
            let mut bytes = expected.clone();
            if let Some(byte) = bytes.get_mut(header) {
                *byte ^= 1;
            }
            assert!(Incoming::default().check(&stream, &bytes).is_err());
        }
    }
}
