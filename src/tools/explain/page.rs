//! What is printed: lines of at most 80 columns, in colour on a terminal.

use crate::tools::notation::quoted;
use std::io::Write;

/// Columns of a line.
pub(super) const WIDTH: usize = 80;

/// The colour of a line. It never says anything that the words do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Title,
    Faint,
    Good,
    Bad,
}

/// Where lines go.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    has_colour: bool,
    /// Nobody reads any more.
    pub(super) is_closed: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, has_colour: bool) -> Self {
        Self { out, has_colour, is_closed: false }
    }

    pub(super) fn line(&mut self, text: &str, ink: Ink) {
        let text = visible(text.trim_end().as_bytes());
        let code = match ink {
            _ if !self.has_colour || text.is_empty() => "",
            Ink::Plain => "",
            Ink::Title => "1",
            Ink::Faint => "2",
            Ink::Good => "32",
            Ink::Bad => "31",
        };
        let written = match code {
            "" => writeln!(self.out, "{text}"),
            code => writeln!(self.out, "\x1b[{code}m{text}\x1b[0m"),
        };
        self.is_closed |= written.is_err();
    }

    /// A line as it is: of JSON, or of the notation, which escape what has to be.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.is_closed |= writeln!(self.out, "{text}").is_err();
    }

    /// A text that begins in this column, on as many lines as it needs.
    pub(super) fn text(&mut self, column: usize, text: &str, ink: Ink) {
        for line in wrapped(&visible(text.as_bytes()), WIDTH - column) {
            self.line(&format!("{:column$}{line}", ""), ink);
        }
    }
}

/// Text that can be shown: what cannot be seen, or changes what is seen, is escaped.
pub(super) fn visible(text: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => shown.push(letter),
                _ => shown.push_str(inner(&quoted(letter.encode_utf8(&mut [0; 4]).as_bytes()))),
            }
        }
        if !chunk.invalid().is_empty() {
            shown.push_str(inner(&quoted(chunk.invalid())));
        }
    }
    shown
}

fn inner(quoted: &str) -> &str {
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted)
}

/// Columns of a character: those of East Asia and pictures take two.
fn columns(letter: char) -> usize {
    match u32::from(letter) {
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Columns of a text.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Lines of at most this width, broken between words. Longer words are cut.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > most {
            lines.push(std::mem::take(&mut line));
        }
        if width(word) > most {
            let mut pieces = chopped(word, most);
            line = pieces.pop().unwrap_or_default();
            lines.append(&mut pieces);
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Lines of at most this width, broken anywhere.
pub(super) fn chopped(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let columns = columns(letter);
        if used + columns > most {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        line.push(letter);
        used += columns;
    }
    lines.push(line);
    lines
}

/// Hex pairs with spaces between.
pub(super) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
