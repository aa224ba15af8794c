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

/// Reads up to this many bytes are compared whole; of longer ones every sixteenth.
const ALWAYS_COMPARED_BYTES: usize = 1024;

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
        let frame = [header.as_slice(), payload.as_slice()].concat();
        let times = CHUNK_BYTES / frame.len() + 2;
        Self {
            bytes: frame.repeat(times),
            header: header.len(),
            frame: frame.len(),
        }
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
        let whole = bytes.len() <= ALWAYS_COMPARED_BYTES || self.reads.is_multiple_of(16);
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
            && bytes
                .get(stream.frame - self.phase..)
                .unwrap_or_default()
                .chunks(stream.frame)
                .all(|frame| {
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
        Message {
            kind: Kind::Text,
            size,
        }
    }

    #[test]
    fn replies_are_counted_and_checked_at_any_cut() {
        let stream = text(2000).replies();
        let expected = stream.piece(0, 3 * stream.frame_bytes()).to_vec();
        for cut in 1..expected.len() {
            let (left, right) = expected.split_at(cut);
            let mut incoming = Incoming::default();
            let frames = incoming.check(&stream, left).unwrap_or(9)
                + incoming.check(&stream, right).unwrap_or(9);
            assert_eq!((frames, incoming.phase), (3, 0), "cut at {cut}");
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
