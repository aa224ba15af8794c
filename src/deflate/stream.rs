//! One compressed message goes through the library (RFC 1951), in bounded chunks.

use super::window::last;
use crate::ws::close::Violation;
use flate2::{Decompress, FlushDecompress, Status};

/// How far back DEFLATE can refer at most.
const WINDOW_BYTES: usize = 32 << 10;
/// When this much is inflated, or a little more, somebody must take it.
const CHUNK_BYTES: usize = 16 << 10;
/// Blocks with BFINAL in one message. After each of them the library must be given the window again: a few bytes of
/// the peer's would make us copy 32 KiB, as often as it likes.
const MAX_FINAL_BLOCKS: u32 = 4_096;
/// What the sender has cut off, an empty block (§7.2.2); after it another one, with BFINAL. The library then says
/// that the stream has ended: if it does not, the message was cut off inside a block.
const END: &[u8] = &[0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF];

/// The library's state, and what came out of it.
#[derive(Debug)]
pub(super) struct Stream {
    inflate: Decompress,
    /// At least as many of the last bytes as the window reaches back.
    pub(super) out: Vec<u8>,
    /// How much of `out` was taken, or is older than this message.
    taken: usize,
    /// Bytes that came out, or were copied, and nobody has asked for yet.
    pub(super) worked: usize,
    /// Bytes of this message that came out.
    inflated: usize,
    /// Blocks with BFINAL in it.
    final_blocks: u32,
    /// Nothing went in since the message began, or since a block with BFINAL.
    is_fresh: bool,
    /// The rest of [`END`], if its beginning went in, and `inflated` before that.
    end: Option<(&'static [u8], usize)>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            // No zlib header; a window of 32 KiB serves whatever was agreed to.
            inflate: Decompress::new(false),
            out: Vec::new(),
            taken: 0,
            worked: 0,
            inflated: 0,
            final_blocks: 0,
            is_fresh: true,
            end: None,
        }
    }
}

impl Stream {
    /// A message begins, after these bytes.
    pub(super) fn begin(&mut self, history: &[u8]) -> Result<(), Violation> {
        self.out.clear();
        self.out.extend_from_slice(history);
        self.taken = self.out.len();
        self.inflated = 0;
        self.final_blocks = 0;
        self.end = None;
        self.restart()
    }

    /// Begins with a new block that may refer back to what came out before.
    fn restart(&mut self) -> Result<(), Violation> {
        self.inflate.reset(false);
        self.is_fresh = true;
        let history = last(&self.out, WINDOW_BYTES);
        if !history.is_empty() {
            self.worked += history.len();
            let set = self.inflate.set_dictionary(history);
            set.map_err(|_| Violation::CorruptDeflate)?;
        }
        Ok(())
    }

    /// Inflates until all input is used (`true`), or a chunk must be taken first. `is_last`: the message must be
    /// complete then.
    pub(super) fn push(&mut self, input: &mut &[u8], is_last: bool) -> Result<bool, Violation> {
        if self.end.is_none() && !self.step(input)? {
            return Ok(false);
        }
        // No payload at all, or none after BFINAL: strictly a block is missing, but nothing is lost.
        if !is_last || self.end.is_none() && self.is_fresh {
            return Ok(true);
        }
        let (mut rest, before) = self.end.unwrap_or((END, self.inflated));
        let is_done = self.step(&mut rest)?;
        self.end = Some((rest, before));
        if is_done && !(self.is_fresh && self.inflated == before) {
            return Err(Violation::CorruptDeflate);
        }
        Ok(is_done)
    }

    /// Inflates until all input is used (`true`), or a chunk must be taken first.
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
            self.is_fresh &= used == 0;
            let is_all_out = self.out.len() < self.out.capacity();
            match status {
                // BFINAL ends the library's stream, and not the message: the next byte begins
                // another block, and the window goes on (§7.2.3.4).
                Status::StreamEnd => {
                    self.final_blocks += 1;
                    if self.final_blocks > MAX_FINAL_BLOCKS {
                        return Err(Violation::TooManyFinalBlocks);
                    }
                    self.restart()?;
                }
                _ if is_all_out && used == 0 && came_out == 0 && !input.is_empty() => {
                    return Err(Violation::CorruptDeflate);
                }
                _ => {}
            }
            if is_all_out && input.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Makes room after what came out: forgets what no block can refer to any more, or grows.
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

    /// What came out and was not taken.
    pub(super) fn fresh(&self) -> &[u8] {
        self.out.get(self.taken..).unwrap_or_default()
    }

    /// All that came out was taken.
    pub(super) fn taken(&mut self) {
        self.taken = self.out.len();
    }
}
