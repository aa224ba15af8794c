//! Bytes to be shown: all of them, or the first and the last.

/// How many bytes are kept to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Up to this many bytes are kept whole.
    pub whole: usize,
    /// If there are more, how many are kept at the beginning.
    pub first: usize,
    /// If there are more, how many are kept at the end.
    pub last: usize,
}

impl Keep {
    /// Up to 64 bytes whole; of more the first 32 and the last 16.
    pub const SHORT: Self = Self { whole: 64, first: 32, last: 16 };
    /// Up to 16 MiB whole.
    pub const FULL: Self = Self { whole: 16 << 20, first: 32, last: 16 };
}

/// Bytes of which the middle may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The first bytes; all of them if nothing is left out.
    pub first: Vec<u8>,
    /// How many bytes are left out after those.
    pub left_out: u64,
    /// The bytes after that.
    pub last: Vec<u8>,
}

impl Kept {
    /// Appends bytes, and leaves out what need not be kept.
    pub fn push(&mut self, mut bytes: &[u8], keep: Keep) {
        if self.left_out == 0 && self.last.is_empty() {
            if self.first.len() + bytes.len() <= keep.whole {
                self.first.extend_from_slice(bytes);
                return;
            }
            self.last = self.first.split_off(keep.first.min(self.first.len()));
            let (first, rest) = bytes.split_at(bytes.len().min(keep.first - self.first.len()));
            self.first.extend_from_slice(first);
            bytes = rest;
        }
        let (older, newest) = bytes.split_at(bytes.len().saturating_sub(keep.last));
        let room = keep.last.saturating_sub(newest.len());
        let gone = if older.is_empty() { self.last.len().saturating_sub(room) } else { self.last.len() };
        self.last.drain(..gone);
        self.left_out += (gone + older.len()) as u64;
        self.last.extend_from_slice(newest);
    }

    /// Notes bytes that nobody knows.
    pub fn skip(&mut self, len: u64) {
        self.left_out += self.last.len() as u64 + len;
        self.last.clear();
    }

    /// How many bytes there were.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.first.len() as u64 + self.left_out + self.last.len() as u64
    }

    /// Whether there was no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if none is left out.
    #[must_use]
    pub fn all(&self) -> Option<&[u8]> {
        (self.left_out == 0 && self.last.is_empty()).then_some(&self.first)
    }
}
