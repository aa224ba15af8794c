//! Inflates one compressed message with the library (RFC 1951), in bounded chunks.

use super::window::last;
use crate::ws::close::Violation;
use flate2::{Decompress, FlushDecompress, Status};

/// How far back DEFLATE can refer.
const WINDOW_BYTES: usize = 32 << 10;
/// When about this much is inflated, the caller must take it.
const CHUNK_BYTES: usize = 16 << 10;
/// Blocks with BFINAL that one message may have.
///
/// After each of them the library must get the window again. So a few bytes of a peer make us copy 32 KiB.
const MAX_FINAL_BLOCKS: u32 = 4_096;
/// What is inflated after a message: the empty block that the sender has cut off (§7.2.2), and one with BFINAL.
///
/// After that the library says that the stream has ended. If it does not, the message ends inside a block.
const END: &[u8] = &[0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF];

/// The library's state, and the bytes that it has inflated.
#[derive(Debug)]
pub(super) struct Stream {
    inflate: Decompress,
    /// The last inflated bytes, at least as many as the window has.
    pub(super) out: Vec<u8>,
    /// How many bytes of `out` were taken, or are of earlier messages.
    pub(super) taken: usize,
    /// Bytes that were inflated or copied, and are not yet counted elsewhere.
    pub(super) worked: usize,
    /// Inflated bytes of this message.
    inflated: usize,
    /// Blocks with BFINAL in this message.
    final_blocks: u32,
    /// The rest of [`END`], if its inflation has begun, and `inflated` before that.
    end: Option<(&'static [u8], usize)>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            // No zlib header. A window of 32 KiB can inflate messages of every window.
            inflate: Decompress::new(false),
            out: Vec::new(),
            taken: 0,
            worked: 0,
            inflated: 0,
            final_blocks: 0,
            end: None,
        }
    }
}

impl Stream {
    /// Begins a message that may refer to `history`.
    pub(super) fn begin(&mut self, history: &[u8]) -> Result<(), Violation> {
        self.out.clear();
        self.out.extend_from_slice(history);
        self.taken = self.out.len();
        self.inflated = 0;
        self.final_blocks = 0;
        self.end = None;
        self.restart()
    }

    /// Begins a block that may refer to the bytes in `out`.
    fn restart(&mut self) -> Result<(), Violation> {
        self.inflate.reset(false);
        let history = last(&self.out, WINDOW_BYTES);
        if !history.is_empty() {
            self.worked += history.len();
            let set = self.inflate.set_dictionary(history);
            set.map_err(|_| Violation::CorruptDeflate)?;
        }
        Ok(())
    }

    /// Inflates `input`, and with `is_last` ends the message. Returns `false` if the chunk must be taken first.
    pub(super) fn push(&mut self, input: &mut &[u8], is_last: bool) -> Result<bool, Violation> {
        if self.end.is_none() && !self.step(input)? {
            return Ok(false);
        }
        // No payload at all, or none after BFINAL, where the library began anew: a block is missing, but no byte.
        if !is_last || self.end.is_none() && self.inflate.total_in() == 0 {
            return Ok(true);
        }
        let (mut rest, before) = self.end.unwrap_or((END, self.inflated));
        let is_done = self.step(&mut rest)?;
        self.end = Some((rest, before));
        if is_done && (self.inflate.total_in() > 0 || self.inflated > before) {
            return Err(Violation::CorruptDeflate);
        }
        Ok(is_done)
    }

    /// Inflates `input`. Returns `false` if the chunk must be taken first.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Result<bool, Violation> {
        loop {
            if self.out.len() == self.out.capacity() {
                if self.fresh().len() >= CHUNK_BYTES {
                    return Ok(false);
                }
                self.make_room();
            }
            let (used, len) = (self.inflate.total_in(), self.out.len());
            let status = self
                .inflate
                .decompress_vec(input, &mut self.out, FlushDecompress::None)
                .map_err(|_| Violation::CorruptDeflate)?;
            let used = usize::try_from(self.inflate.total_in() - used).unwrap_or(usize::MAX);
            let came_out = self.out.len() - len;
            *input = input.get(used..).unwrap_or_default();
            self.worked += came_out;
            self.inflated += came_out;
            let is_all_out = self.out.len() < self.out.capacity();
            if status == Status::StreamEnd {
                // BFINAL ends the library's stream, and not the message: the next byte begins
                // another block, which has the same window (§7.2.3.4).
                self.final_blocks += 1;
                if self.final_blocks > MAX_FINAL_BLOCKS {
                    return Err(Violation::TooManyFinalBlocks);
                }
                self.restart()?;
            } else if is_all_out && used == 0 && came_out == 0 && !input.is_empty() {
                return Err(Violation::CorruptDeflate);
            }
            if is_all_out && input.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Makes room at the end of `out`: drops bytes to which no block can refer, or grows.
    fn make_room(&mut self) {
        let forgotten = self.taken.min(self.out.len().saturating_sub(WINDOW_BYTES));
        if forgotten >= CHUNK_BYTES {
            self.out.drain(..forgotten);
            self.taken -= forgotten;
        } else {
            let more = self.out.len().clamp(1 << 10, CHUNK_BYTES);
            self.out.reserve_exact(more);
        }
    }

    /// The inflated bytes that were not taken.
    pub(super) fn fresh(&self) -> &[u8] {
        self.out.get(self.taken..).unwrap_or_default()
    }
}
