//! Checks that text is UTF-8 while it arrives in pieces (RFC 6455 §8.1).
//!
//! A piece may end inside a character. The check keeps the bytes of that character: three at most. So it reads
//! no byte twice. (Rust wants a text checked once more to make a `str` of it, when an application gets it in one piece.)

use super::close::Violation;

/// Checks a text that arrives in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Check {
    /// The bytes of a character whose end has not arrived.
    begun: [u8; 3],
    begun_len: usize,
}

impl Check {
    /// Checks the next piece.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] at the first byte after which no text is possible.
    pub fn push(&mut self, mut piece: &[u8]) -> Result<(), Violation> {
        while self.begun_len > 0
            && let Some((&byte, rest)) = piece.split_first()
        {
            piece = rest;
            self.add_to_character(byte)?;
        }
        let (whole, begun) = piece.split_at(piece.len() - begun_len(piece));
        simdutf8::basic::from_utf8(whole).map_err(|_| Violation::NotUtf8)?;
        begun.iter().try_for_each(|byte| self.add_to_character(*byte))
    }

    /// Adds one byte to the unfinished character, or begins one.
    fn add_to_character(&mut self, byte: u8) -> Result<(), Violation> {
        let [a, b, c] = self.begun;
        let candidate: &[u8] = match self.begun_len {
            0 => &[byte],
            1 => &[a, byte],
            2 => &[a, b, byte],
            _ => &[a, b, c, byte],
        };
        match std::str::from_utf8(candidate) {
            Ok(_) => self.begun_len = 0,
            Err(error) if error.error_len().is_some() => return Err(Violation::NotUtf8),
            Err(_) => {
                if let Some(slot) = self.begun.get_mut(self.begun_len) {
                    *slot = byte;
                }
                self.begun_len += 1;
            }
        }
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] if it ends inside a character.
    pub fn finish(self) -> Result<(), Violation> {
        if self.begun_len == 0 { Ok(()) } else { Err(Violation::NotUtf8) }
    }
}

/// How many bytes at the end of `piece` begin a character without ending it: 0 to 3.
///
/// It looks at lead bytes only. `add_to_character` judges whether such a beginning is possible.
fn begun_len(piece: &[u8]) -> usize {
    for (len, byte) in (1..).zip(piece.iter().rev().take(3)) {
        let character_len = match byte {
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            0x00..=0x7F => 1,
        };
        return if character_len > len { len } else { 0 };
    }
    0
}
