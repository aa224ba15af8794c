//! Compresses messages, if it is worth it (RFC 7692 §7.2.1).
//!
//! A compressor takes some 300 KB. So all connections with the same size of window share one: there are seven at most.
//! (Above level 1 a long message gets a compressor of its own, which is dropped after it.)

use flate2::{Compress, Compression, FlushCompress};

/// The smallest window of the library's compressor: 512 bytes. (RFC 7692 allows 256.)
pub(super) const MIN_WINDOW_BITS: u8 = 9;
/// After this much of a message the compressor decides whether to continue.
const TRIAL_BYTES: usize = 128 << 10;
/// Messages of this many bytes or more are compressed at level 1.
///
/// In 16 MiB of a peer the library can search for a minute at level 9, for a second at level 6, and nobody else is
/// served meanwhile.
const FAST_BYTES: usize = 64 << 10;
/// Bytes that the library gets at once.
const PIECE_BYTES: usize = 16 << 10;
/// A flush adds fewer bytes than this.
const MARGIN_BYTES: usize = 64;
/// The last bytes of a flush. They are cut off, and the receiver adds them again (§7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];

/// Compresses for all connections.
#[derive(Debug)]
pub(super) struct Compressor {
    /// 1, fast, to 9, short.
    level: Compression,
    /// A compressor for each window, from the smallest to the largest.
    by_window: [Option<Box<Compress>>; 7],
}

impl Compressor {
    pub(super) fn new(level: usize) -> Self {
        let level = u32::try_from(level).map_or(9, |level| level.min(9));
        Self { level: Compression::new(level), by_window: Default::default() }
    }

    /// Appends to `out` the compressed payload of a message, which may refer to `history`.
    ///
    /// Returns `None`, and appends nothing, if it would not be shorter. (A long message must get a quarter shorter at
    /// its beginning.)
    pub(super) fn compress(
        &mut self,
        window_bits: u8,
        history: &[u8],
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let place = self.by_window.get_mut(usize::from(window_bits.checked_sub(MIN_WINDOW_BITS)?))?;
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let fast = Compression::new(1);
        let is_own = len >= FAST_BYTES && self.level.level() > fast.level();
        let mut compress = place.take_if(|_| !is_own).unwrap_or_else(|| {
            let level = if is_own { fast } else { self.level };
            Box::new(Compress::new_with_window_bits(level, false, window_bits))
        });
        if !history.is_empty() {
            compress.set_dictionary(history).ok()?;
        }
        let start = out.len();
        if run(&mut compress, out, parts).is_none() {
            // The library stopped inside a block, and its reset does not forget that: the next
            // message would lack the beginning of its first block. So this compressor is dropped.
            out.truncate(start);
            return None;
        }
        if !is_own {
            compress.reset();
            *place = Some(compress);
        }
        let payload = out.get(start..).unwrap_or_default();
        let shorter = payload.strip_suffix(TAIL).map(<[u8]>::len).filter(|payload_len| *payload_len < len);
        out.truncate(start + shorter.unwrap_or(0));
        shorter.map(|_| ())
    }
}

/// Compresses all parts. `None`: it is not worth it.
fn run(compress: &mut Compress, out: &mut Vec<u8>, parts: &[&[u8]]) -> Option<()> {
    let (mut tried, start) = (0, out.len());
    for piece in parts.iter().flat_map(|part| part.chunks(PIECE_BYTES)) {
        feed(compress, out, piece, FlushCompress::None)?;
        let is_first = tried < TRIAL_BYTES;
        tried += piece.len();
        if is_first && tried >= TRIAL_BYTES && out.len() - start > tried / 4 * 3 {
            return None;
        }
    }
    feed(compress, out, &[], FlushCompress::Sync)
}

/// Gives all of `piece` to the library, and appends its output to `out`.
fn feed(compress: &mut Compress, out: &mut Vec<u8>, mut piece: &[u8], flush: FlushCompress) -> Option<()> {
    loop {
        out.reserve(piece.len() + MARGIN_BYTES);
        let used = compress.total_in();
        compress.compress_vec(piece, out, flush).ok()?;
        let used = usize::try_from(compress.total_in() - used).ok()?;
        piece = piece.get(used..)?;
        // If there is room left, the library has no more output.
        if piece.is_empty() && out.len() < out.capacity() {
            return Some(());
        }
    }
}
