//! Text that a peer chose, made fit for a line of the log.

use std::fmt::{self, Display, Formatter};

/// How many bytes of a text are kept.
pub(super) const FIELD_BYTES: usize = 256;

/// Writes text that a peer chose so that it can neither forge nor hide anything in a line of the log.
///
/// Control characters (C0, C1, DEL), bidirectional controls and invalid UTF-8 become `\xNN` or `\u{..}`.
/// Quotes and backslashes are escaped. The text is cut after 256 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kept = self.0.get(..FIELD_BYTES);
        for chunk in kept.unwrap_or(self.0).utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' | '\\' => write!(f, "\\{character}"),
                    '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", u32::from(character)),
                    '\u{80}'..='\u{9f}'
                    | '\u{61c}'
                    | '\u{200e}'
                    | '\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}' => write!(f, "\\u{{{:x}}}", u32::from(character)),
                    plain => write!(f, "{plain}"),
                }?;
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        match self.0.len() > FIELD_BYTES {
            true => f.write_str("..."),
            false => Ok(()),
        }
    }
}
