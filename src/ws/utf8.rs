//! Checks that text is UTF-8 while it arrives in pieces (RFC 6455 §8.1).
//!
//! A piece may end inside a character. The bytes of that character wait beside the checked text: three at
//! most. So no byte is checked twice, except if an application wants a large text in one piece.

use super::close::Violation;

/// Checks a text that arrives in pieces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Check {
    /// The bytes of a character whose end has not arrived.
    begun: [u8; 3],
    begun_len: usize,
}

impl Check {
    /// Checks the next piece. Calls `checked` with the whole characters, part by part.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] at the first byte after which no text is possible.
    pub fn push(&mut self, mut piece: &[u8], mut checked: impl FnMut(&str)) -> Result<(), Violation> {
        while self.begun_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.finish_character(byte, &mut checked)?;
        }
        let (whole, begun) = piece.split_at(piece.len() - begun_len(piece));
        checked(check(whole)?);
        for byte in begun {
            self.finish_character(*byte, &mut checked)?;
        }
        Ok(())
    }

    /// Adds one byte to the unfinished character, or begins one.
    fn finish_character(&mut self, byte: u8, checked: &mut impl FnMut(&str)) -> Result<(), Violation> {
        let [a, b, c] = self.begun;
        let candidate: &[u8] = match self.begun_len {
            0 => &[byte],
            1 => &[a, byte],
            2 => &[a, b, byte],
            _ => &[a, b, c, byte],
        };
        match std::str::from_utf8(candidate) {
            Ok(character) => {
                checked(character);
                self.begun_len = 0;
            }
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

    /// The bytes of the character whose end has not arrived: 0 to 3.
    pub fn begun(&self) -> &[u8] {
        self.begun.get(..self.begun_len).unwrap_or_default()
    }

    /// Ends the text.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] if it ends inside a character.
    pub fn finish(self) -> Result<(), Violation> {
        match self.begun_len {
            0 => Ok(()),
            _ => Err(Violation::NotUtf8),
        }
    }
}

/// A text of up to 32 KiB that arrives in pieces.
#[derive(Debug, Default)]
pub struct TextBuffer {
    text: String,
    check: Check,
}

impl TextBuffer {
    /// Bytes that have arrived.
    pub fn len(&self) -> usize {
        self.text.len() + self.check.begun_len
    }

    /// Whether nothing has arrived.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Appends a piece. The buffer at most doubles, so it holds less than twice of what has arrived.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] at the first byte after which no text is possible; [`Violation::NoRoom`] if the system
    /// gives no memory.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        let Self { text, check } = self;
        let needed = text.len() + check.begun_len + piece.len();
        if needed > text.capacity() {
            let added = needed.next_power_of_two() - text.len();
            text.try_reserve_exact(added).map_err(|_| Violation::NoRoom)?;
        }
        check.push(piece, |checked| text.push_str(checked))
    }

    /// The whole characters that have arrived, and the check for the rest.
    pub fn parts(&self) -> (&str, Check) {
        (&self.text, self.check)
    }

    /// Ends the text, and gives it.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`] if it ends inside a character.
    pub fn finish(self) -> Result<String, Violation> {
        self.check.finish()?;
        Ok(self.text)
    }
}

/// How many bytes at the end of `piece` begin a character without ending it: 0 to 3.
///
/// It looks at lead bytes only. `finish_character` judges whether such a beginning is possible.
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

/// Checks a text of which all bytes are there.
///
/// # Errors
/// [`Violation::NotUtf8`].
#[inline]
pub fn check(bytes: &[u8]) -> Result<&str, Violation> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Violation::NotUtf8)
}
