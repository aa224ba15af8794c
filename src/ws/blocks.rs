//! The buffer of a message that arrives in pieces.
//!
//! A buffer that grows as a whole is moved now and then, and what it leaves behind is a hole that
//! fits nothing: with a few peers sending messages of 16 MiB, half of what the process held was
//! such holes. So a long message lies in blocks of one size, which fit wherever one was before,
//! and is put together once, when it is complete.

use std::mem;

/// Size of a block. Shorter messages lie in one buffer, are never copied again, and are most.
const BLOCK_BYTES: usize = 256 << 10;

/// Bytes, or text.
pub(super) trait Buffer: Default {
    /// What is appended to it.
    type Piece: ?Sized;
    fn len(&self) -> usize;
    fn capacity(&self) -> usize;
    fn reserve_exact(&mut self, more: usize);
    fn append(&mut self, piece: &Self::Piece);
    fn as_piece(&self) -> &Self::Piece;
    fn piece_len(piece: &Self::Piece) -> usize;
    /// Splits off as much as possible, and at most `most` bytes.
    fn split(piece: &Self::Piece, most: usize) -> (&Self::Piece, &Self::Piece);
}

impl Buffer for Vec<u8> {
    type Piece = [u8];

    fn len(&self) -> usize {
        self.len()
    }
    fn capacity(&self) -> usize {
        self.capacity()
    }
    fn reserve_exact(&mut self, more: usize) {
        self.reserve_exact(more);
    }
    fn append(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
    fn as_piece(&self) -> &[u8] {
        self
    }
    fn piece_len(piece: &[u8]) -> usize {
        piece.len()
    }
    fn split(piece: &[u8], most: usize) -> (&[u8], &[u8]) {
        piece.split_at(most.min(piece.len()))
    }
}

impl Buffer for String {
    type Piece = str;

    fn len(&self) -> usize {
        self.len()
    }
    fn capacity(&self) -> usize {
        self.capacity()
    }
    fn reserve_exact(&mut self, more: usize) {
        self.reserve_exact(more);
    }
    fn append(&mut self, piece: &str) {
        self.push_str(piece);
    }
    fn as_piece(&self) -> &str {
        self
    }
    fn piece_len(piece: &str) -> usize {
        piece.len()
    }
    fn split(piece: &str, most: usize) -> (&str, &str) {
        let mut at = most.min(piece.len());
        while !piece.is_char_boundary(at) {
            at -= 1;
        }
        piece.split_at(at)
    }
}

/// The message so far.
#[derive(Debug, Default)]
pub(super) struct Blocks<B> {
    full: Vec<B>,
    full_len: usize,
    last: B,
}

impl<B: Buffer> Blocks<B> {
    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.full_len + self.last.len()
    }

    /// Bytes of memory held.
    pub(super) fn capacity(&self) -> usize {
        let full = self.full.len() * BLOCK_BYTES + self.full.capacity() * size_of::<B>();
        full + self.last.capacity()
    }

    /// Appends a piece.
    pub(super) fn push(&mut self, mut piece: &B::Piece) {
        loop {
            let room = BLOCK_BYTES - self.last.len();
            if B::piece_len(piece) <= room {
                return self.append(piece);
            }
            let (fits, rest) = B::split(piece, room);
            self.append(fits);
            self.full_len += self.last.len();
            self.full.push(mem::take(&mut self.last));
            piece = rest;
        }
    }

    /// Memory follows what has arrived: less than twice of it is reserved.
    fn append(&mut self, piece: &B::Piece) {
        let len = self.last.len();
        let needed = len + B::piece_len(piece);
        if needed > self.last.capacity() {
            let enough = match self.full.is_empty() {
                true => needed.next_power_of_two(),
                false => BLOCK_BYTES,
            };
            self.last.reserve_exact(enough - len);
        }
        self.last.append(piece);
    }

    /// The whole message, in one piece. Each block is given back as soon as it is copied.
    pub(super) fn finish(self) -> B {
        if self.full.is_empty() {
            return self.last;
        }
        let mut whole = B::default();
        whole.reserve_exact(self.len());
        for block in self.full {
            whole.append(block.as_piece());
        }
        whole.append(self.last.as_piece());
        whole
    }
}
