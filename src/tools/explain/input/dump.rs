//! Hex dumps with offsets: `xxd`, `hexdump -C`, `od -tx1`, `tcpdump -X`, Wireshark's copy as a hex dump.

use super::literal::is_hex;
use crate::tools::explain::step::MAX_BYTES;

/// Reads dumps; a new one begins where the offsets begin again. `None`: the text is something else.
///
/// # Errors
/// The first line that is wrong, the reason, and the way out.
pub(super) fn read(text: &str) -> Result<Option<Vec<Vec<u8>>>, String> {
    let first = text.lines().enumerate().find_map(|(at, line)| Some((at, Row::of(line)?)));
    let Some((at, row)) = first else { return Ok(None) };
    let next = text.lines().skip(at + 1).find_map(Row::of);
    let is_dump = row.offset == 0 && (row.is_marked || next.is_some_and(|next| next.digits == row.digits))
        || row.has_colon && row.digits >= 8;
    if !is_dump {
        return Ok(None);
    }
    let is_capture = text.lines().filter_map(Row::of).all(|row| row.has_colon && row.has_prefix);
    let mut skips = Skips::Nothing;
    let mut dumps = Dumps { is_octal: is_octal(text), ..Dumps::default() };
    for (number, line) in (1..).zip(text.lines()) {
        let read = match (Row::of(line), line.trim()) {
            (Some(row), _) if skips.row(&row) => Ok(()),
            (Some(row), _) => dumps.row(&row),
            (None, "*") => dumps.repeat(),
            (None, "") => Ok(()),
            (None, title) if title.ends_with("bytes):") || title.ends_with("byte):") => {
                skips = if title.starts_with("Frame (") { Skips::Nothing } else { Skips::Next };
                Ok(())
            }
            // The line above each packet.
            (None, _) if is_capture => Ok(()),
            (None, other) => {
                let shown: String = other.chars().take(20).collect();
                Err(format!("{shown:?} has no offset; remove the lines that are not of the dump"))
            }
        };
        read.map_err(|error| format!("line {number}: {error}"))?;
    }
    Ok(Some(dumps.all))
}

/// What Wireshark and tshark make of packets, as `Reassembled TCP (30 bytes):`, stands beside them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skips {
    Nothing,
    /// The dump that begins next.
    Next,
    /// The dump that has begun.
    This,
}

impl Skips {
    /// Whether this row is left out.
    fn row(&mut self, row: &Row<'_>) -> bool {
        *self = match (*self, row.offset) {
            (Self::Next, _) => Self::This,
            (Self::This, 1..) => Self::This,
            _ => Self::Nothing,
        };
        *self != Self::Nothing
    }
}

/// Offsets of `od` are octal: its second line begins with 20.
fn is_octal(text: &str) -> bool {
    let mut rows = text.lines().filter_map(Row::of);
    let first = rows.next();
    let next = rows.next();
    first.zip(next).is_some_and(|(first, next)| {
        let len = first.bytes().map_or(0, |bytes| bytes.len());
        first.digits == 7
            && next.digits == 7
            && u64::from_str_radix(next.word, 8).is_ok_and(|at| at == len as u64)
    })
}

/// A line that begins with an offset.
struct Row<'a> {
    /// The digits of the offset.
    word: &'a str,
    offset: u64,
    digits: usize,
    has_colon: bool,
    has_prefix: bool,
    /// It can hardly be anything but a line of a dump.
    is_marked: bool,
    rest: &'a str,
}

impl<'a> Row<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let plain = line.strip_prefix("0x").unwrap_or(line);
        let end = plain.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(plain.len());
        let (word, rest) = plain.split_at(end);
        let digits = word.len();
        let has_colon = rest.starts_with(':');
        let is_gap = rest.is_empty() || rest.starts_with([' ', '\t']);
        if !(4..=16).contains(&digits) || !has_colon && !is_gap {
            return None;
        }
        let offset = u64::from_str_radix(word, 16).ok()?;
        let has_prefix = plain.len() < line.len();
        let is_marked = has_colon || rest.starts_with("  ") || digits >= 6 && is_gap && !rest.is_empty();
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        Some(Self { word, offset, digits, has_colon, has_prefix, is_marked, rest })
    }

    /// The part of the line that is hex: what follows it are characters.
    fn hex(&self) -> &'a str {
        let rest = self.rest.trim();
        if self.has_colon {
            return rest.split("  ").next().unwrap_or_default();
        }
        if let Some(at) = rest.find(" |").filter(|_| rest.ends_with('|')) {
            return rest.get(..at).unwrap_or_default();
        }
        // A gap of two spaces stands in the middle of 16 bytes; a wider one ends them.
        let rest = rest.split("   ").next().unwrap_or_default();
        let mut end = rest.len();
        let mut from = 0;
        while let Some(gap) = rest.get(from..).and_then(|rest| rest.find("  ")) {
            let at = from + gap;
            if rest.get(..at).unwrap_or_default().split_whitespace().count() != 8 {
                end = at;
                break;
            }
            from = at + 2;
        }
        rest.get(..end).unwrap_or_default()
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let groups: Vec<&str> = self.hex().split_whitespace().collect();
        let is_bits = |group: &&str| group.len() == 8 && group.bytes().all(|bit| matches!(bit, b'0' | b'1'));
        if self.has_colon && groups.len() > 1 && groups.iter().all(is_bits) {
            return Err("these are bits: use xxd without -b".to_owned());
        }
        let is_swapped = groups.iter().all(|group| matches!(group.len(), 4 | 6));
        if !self.has_colon && !groups.is_empty() && is_swapped {
            return Err("hexdump and od without a format print pairs of bytes, swapped: use hexdump -C, od -tx1 or xxd"
                .to_owned());
        }
        let mut bytes = Vec::new();
        for group in groups {
            if !is_hex(group) || group.len() % 2 == 1 {
                let shown: String = group.chars().take(20).collect();
                return Err(format!("{shown:?} is no hex; two digits 0-9 and a-f are a byte"));
            }
            let pairs = group.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
            bytes.extend(pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
        }
        Ok(bytes)
    }
}

#[derive(Default)]
struct Dumps {
    all: Vec<Vec<u8>>,
    total: usize,
    /// The offset of the first byte of the last dump.
    base: u64,
    last_row: Vec<u8>,
    repeats: bool,
    is_octal: bool,
}

impl Dumps {
    fn repeat(&mut self) -> Result<(), String> {
        if self.last_row.is_empty() {
            return Err("* repeats the line before, and there is none".to_owned());
        }
        self.repeats = true;
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), String> {
        let octal = u64::from_str_radix(row.word, 8).ok().filter(|_| self.is_octal);
        let offset = octal.unwrap_or(row.offset);
        let bytes = row.bytes()?;
        let begins = self.all.is_empty() || offset == 0 && !bytes.is_empty();
        if begins {
            self.all.push(Vec::new());
            self.base = offset;
            self.repeats = false;
        }
        let len = self.all.last().map_or(0, Vec::len);
        let expected = self.base + len as u64;
        if std::mem::take(&mut self.repeats) {
            self.fill(offset.saturating_sub(expected), row.word)?;
        } else if offset != expected {
            let count = offset.abs_diff(expected);
            let (bytes, what) = (
                if count == 1 { "byte" } else { "bytes" },
                if offset > expected { "missing" } else { "too many" },
            );
            return Err(format!(
                "the offset is {}, and the lines before end at {expected:x}: {count} {bytes} {what} there",
                row.word
            ));
        }
        self.take(&bytes)?;
        if !bytes.is_empty() {
            self.last_row = bytes;
        }
        Ok(())
    }

    /// Repeats the last row, as `*` stands for.
    fn fill(&mut self, count: u64, word: &str) -> Result<(), String> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let row = std::mem::take(&mut self.last_row);
        if !count.is_multiple_of(row.len().max(1)) {
            return Err(format!("* stands for whole lines, and {word} is in the middle of one"));
        }
        self.room(count)?;
        let times = count / row.len().max(1);
        let bytes = row.repeat(times);
        self.last_row = row;
        self.take(&bytes)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.room(bytes.len())?;
        self.total += bytes.len();
        if let Some(dump) = self.all.last_mut() {
            dump.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn room(&self, len: usize) -> Result<(), String> {
        match self.total.saturating_add(len) > MAX_BYTES {
            true => Err("the dump stands for more than 16 MiB: give a part of it".to_owned()),
            false => Ok(()),
        }
    }
}
