//! What the server says, made fit for a terminal and for a line.

use crate::tools::kept::{Keep, Kept};
use crate::tools::notation::quoted;

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// It is text. Otherwise it is binary.
    pub is_text: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Message {
    /// The message as a line, with its end.
    ///
    /// Text is given as it came, and on a terminal with all that could do something there escaped. Of a binary message
    /// there are all bytes in hex, and on a terminal the first and the last.
    #[must_use]
    pub fn line(&self, on_terminal: bool) -> Vec<u8> {
        let mut line = match (self.is_text, on_terminal) {
            (true, true) => format!("< {}", escaped(&self.bytes)).into_bytes(),
            (true, false) => self.bytes.clone(),
            (false, _) => {
                let mut kept = Kept::default();
                kept.push(&self.bytes, if on_terminal { Keep::SHORT } else { Keep::FULL });
                let mark = if on_terminal { "< " } else { "" };
                format!("{mark}(binary, {} bytes) {}", self.bytes.len(), hex(&kept)).trim_end().into()
            }
        };
        line.push(b'\n');
        line
    }
}

/// Text of others, on one line. What cannot be seen, or changes what is seen, is escaped; quotes are not.
#[must_use]
pub fn escaped(text: &[u8]) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        let (plain, mark) = match part.split_last() {
            Some((mark @ (b'"' | b'\\'), plain)) => (plain, Some(char::from(*mark))),
            _ => (part, None),
        };
        let quoted = quoted(plain);
        shown.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        shown.extend(mark);
    }
    shown
}

/// Bytes as hex pairs; dots for those that are left out.
fn hex(kept: &Kept) -> String {
    let pairs = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x} ")).collect::<String>();
    let dots = if kept.left_out > 0 { "... " } else { "" };
    format!("{}{dots}{}", pairs(&kept.first), pairs(&kept.last)).trim_end().to_owned()
}
