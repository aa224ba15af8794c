//! Checks that text is UTF-8 while it arrives in pieces (RFC 6455 §8.1).
//!
//! A piece may end inside a character. The check keeps the bytes of that character: three at most. So it reads
//! no byte twice. (Rust wants a text checked once more to make a `str` of it, when an application gets it in one piece.)

use super::close::Violation;

/// Checks a text that arrives in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Check {
    /// The bytes of a character whose end has not arrived, three at most, and room for the next.
    begun: [u8; 4],
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
        if let Some(place) = self.begun.get_mut(self.begun_len) {
            *place = byte;
            self.begun_len += 1;
        }
        match std::str::from_utf8(self.begun.get(..self.begun_len).unwrap_or_default()) {
            Ok(_) => self.begun_len = 0,
            Err(error) if error.error_len().is_some() => return Err(Violation::NotUtf8),
            Err(_) => {}
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
    let mut last = (1..).zip(piece.iter().rev().take(3).copied());
    // The first byte of a character says how many it has: one, two, three or four.
    match last.find(|(_, byte)| !matches!(byte, 0x80..=0xBF)) {
        Some((len @ 1, 0xC0..=0xDF) | (len @ 1..=2, 0xE0..=0xEF) | (len, 0xF0..=0xFF)) => len,
        _ => 0,
    }
}
