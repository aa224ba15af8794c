//! Lines of the notation, read.

use super::frames::Words;
use super::line::{Act, Item, Line, MAX_BYTES, Macro, known_bytes};
use crate::ws::frame::Sender;

/// Reads lines of the notation. The lines come back with their numbers, counted from `first`.
///
/// # Errors
/// The first line that is wrong, with its number and the reason.
pub fn read(text: &str, first: usize) -> Result<Vec<(usize, Line)>, String> {
    let mut lines: Vec<(usize, Line)> = Vec::new();
    let mut total = 0_u64;
    for (number, text) in (first..).zip(text.lines()) {
        let wrong = |what: String| format!("line {number}: {what}");
        let line = read_line(text).map_err(wrong)?;
        if let Act::Bytes { from, goes_on, items } = &line.act {
            if *goes_on && !goes_on_with_something(&lines, line.conn, *from) {
                return Err(wrong(format!("{} goes on with nothing", first_word(text))));
            }
            total = items.iter().fold(total, |sum, item| sum.saturating_add(item.len()));
            if total > MAX_BYTES {
                return Err(wrong(format!("more than {MAX_BYTES} bytes in all")));
            }
        }
        lines.push((number, line));
    }
    Ok(lines)
}

/// Whether the last line that says something has bytes of this side and connection.
fn goes_on_with_something(lines: &[(usize, Line)], conn: u32, from: Sender) -> bool {
    let last = lines.iter().rev().find(|(_, line)| line.act != Act::Nothing);
    last.is_some_and(|(_, line)| {
        line.conn == conn && matches!(&line.act, Act::Bytes { from: before, .. } if *before == from)
    })
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it.
pub fn read_line(text: &str) -> Result<Line, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Line { conn: 1, act: Act::Nothing, note: None });
    }
    if let Some(note) = text.strip_prefix('#') {
        return Ok(Line { conn: 1, act: Act::Nothing, note: Some(note.trim().to_owned()) });
    }
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = text.strip_suffix(rest).unwrap_or_default();
    let conn = match number {
        "" => 1,
        _ => number.parse().map_err(|_| format!("{number} is no number of a connection"))?,
    };
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let from = match word {
        "C>" | "C+" => Sender::Client,
        _ => Sender::Server,
    };
    let (mut items, note) = match word {
        "C>" | "C+" | "S<" | "S+" => items(rest, from)?,
        _ => (Vec::new(), None),
    };
    let goes_on = word.ends_with('+');
    let (plain, plain_note) = match rest.split_once('#') {
        Some((plain, note)) => (plain.trim(), Some(note.trim().to_owned())),
        None => (rest.trim(), None),
    };
    let (act, note) = match word {
        "C>" if items.is_empty() && plain == "fin" => (Act::ClientEnd { reset: false }, plain_note),
        "C>" if items.is_empty() && plain == "rst" => (Act::ClientEnd { reset: true }, plain_note),
        "C>" | "C+" | "S<" | "S+" => (Act::Bytes { from, goes_on, items: std::mem::take(&mut items) }, note),
        "open" if plain.is_empty() => (Act::Open("/echo".to_owned()), plain_note),
        "open" => match plain.strip_prefix("path=").filter(|path| path.starts_with('/')) {
            Some(path) => (Act::Open(path.to_owned()), plain_note),
            None => return Err(format!("{plain:?} is no option of open: path=/... is")),
        },
        "S~" if plain == "eof" => (Act::ServerEnd, plain_note),
        _ => return Err(format!("{word:?} is no step")),
    };
    Ok(Line { conn, act, note })
}

/// The bytes of hex pairs and quoted text, up to a note.
///
/// # Errors
/// What is wrong with them.
pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let (items, _) = items(text, Sender::Client)?;
    if items.iter().any(|item| matches!(item, Item::Cut)) {
        return Err("a cut has no place here".to_owned());
    }
    known_bytes(&items).ok_or_else(|| "bytes are left out".to_owned())
}

/// Items, and the note after them.
fn items(text: &str, from: Sender) -> Result<(Vec<Item>, Option<String>), String> {
    let mut reader = Reader { rest: text.trim_start(), from };
    let mut items = Vec::new();
    if matches!(reader.word(), "fin" | "rst") {
        return Ok((items, None));
    }
    let mut sum = 0_u64;
    loop {
        reader.rest = reader.rest.trim_start();
        if let Some(note) = reader.rest.strip_prefix('#') {
            return Ok((items, Some(note.trim().to_owned())));
        }
        if reader.rest.is_empty() {
            return Ok((items, None));
        }
        let item = reader.item()?;
        sum = sum.saturating_add(item.len());
        if sum > MAX_BYTES {
            return Err(format!("more than {MAX_BYTES} bytes in a line"));
        }
        match (items.last_mut(), item) {
            (Some(Item::Hex(before)), Item::Hex(bytes)) => before.extend(bytes),
            (_, item) => items.push(item),
        }
    }
}

/// What is left to read of a line.
struct Reader<'a> {
    rest: &'a str,
    from: Sender,
}

impl<'a> Reader<'a> {
    /// The word at the start, which is not taken.
    fn word(&self) -> &'a str {
        self.rest.split([' ', '\t', '#']).next().unwrap_or_default()
    }

    fn take(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    /// The next item. There is something left.
    fn item(&mut self) -> Result<Item, String> {
        let word = self.word();
        if Macro::is_name(word) {
            return self.frame(word).map(Item::Frame);
        }
        if let Some(rest) = self.rest.strip_prefix('|') {
            self.rest = rest;
            return Ok(Item::Cut);
        }
        if let Some(rest) = self.rest.strip_prefix("(hidden, ") {
            let (number, rest) = rest.split_once(')').ok_or("a bracket is never closed")?;
            let number = number.strip_suffix(" bytes").or_else(|| number.strip_suffix(" byte"));
            let len = number.and_then(|number| number.parse().ok());
            self.rest = rest;
            return len.map(Item::Hidden).ok_or_else(|| "(hidden, N bytes) has no number".to_owned());
        }
        if let Some(rest) = self.rest.strip_prefix("...") {
            self.rest = rest;
            let times = self.times()?.ok_or("... needs a number: ...*20 are 20 bytes that are left out")?;
            return Ok(Item::LeftOut(times as u64));
        }
        let is_text = self.rest.starts_with('"');
        let bytes = if is_text { self.quoted()? } else { vec![self.pair()?] };
        Ok(match self.times()? {
            Some(times) => Item::Repeat { bytes, is_text, times },
            None if is_text => Item::Text(bytes),
            None => Item::Hex(bytes),
        })
    }

    /// How often the item before is repeated.
    fn times(&mut self) -> Result<Option<usize>, String> {
        let Some(rest) = self.rest.strip_prefix('*') else { return Ok(None) };
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let number = rest.strip_suffix(after).unwrap_or_default();
        let times: usize = number.parse().map_err(|_| "* without a number".to_owned())?;
        self.rest = after;
        if times == 0 { Err("*0".to_owned()) } else { Ok(Some(times)) }
    }

    fn pair(&mut self) -> Result<u8, String> {
        let pair = self.rest.get(..2);
        let is_hex = |pair: &&str| pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = pair.filter(is_hex).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let shown = || self.rest.chars().take(2).collect::<String>();
        let byte = byte.ok_or_else(|| format!("{:?} is no hex pair", shown()))?;
        self.take(2);
        Ok(byte)
    }

    /// Text in quotes. The first quote is still there.
    fn quoted(&mut self) -> Result<Vec<u8>, String> {
        self.take(1);
        let mut text = Vec::new();
        loop {
            let next = self.rest.chars().next().ok_or("a quote is never closed")?;
            self.take(next.len_utf8());
            match next {
                '"' => return Ok(text),
                '\\' => {
                    let escape = self.rest.chars().next().unwrap_or_default();
                    self.take(escape.len_utf8());
                    text.push(match escape {
                        'r' => b'\r',
                        'n' => b'\n',
                        't' => b'\t',
                        '"' => b'"',
                        '\\' => b'\\',
                        'x' => self.pair()?,
                        _ => return Err(format!("an unknown escape: \\{}", escape.escape_debug())),
                    });
                }
                _ => text.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    /// A frame: its name, then options and payload, then perhaps `=` and its bytes.
    fn frame(&mut self, name: &str) -> Result<Macro, String> {
        self.take(name.len());
        let mut words = Words::default();
        let mut spelled: Option<Vec<Item>> = None;
        loop {
            self.rest = self.rest.trim_start();
            let word = self.word();
            if word.is_empty() || word == "|" {
                break;
            }
            if let Some(spelled) = &mut spelled {
                spelled.push(self.plain_item()?);
            } else if word == "=" {
                self.take(1);
                spelled = Some(Vec::new());
            } else if is_option(word) {
                self.take(word.len());
                words.options.push(word);
            } else {
                words.payload.push(self.plain_item()?);
            }
        }
        Macro::new(name, self.from, words, spelled.map(merged))
    }

    /// An item that is no frame and leaves nothing out.
    fn plain_item(&mut self) -> Result<Item, String> {
        if Macro::is_name(self.word()) {
            return Err(format!("{:?} cannot stand inside a frame", self.word()));
        }
        match self.item()? {
            item @ (Item::Hex(_) | Item::Text(_) | Item::Repeat { .. }) if item.len() <= MAX_BYTES => {
                Ok(item)
            }
            item => Err(format!("\"{item}\" cannot stand inside a frame")),
        }
    }
}

/// Whether a word after the name of a frame is an option: `key=...`, `nomask`, or the code of a Close.
fn is_option(word: &str) -> bool {
    let is_code = word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_setting = word.starts_with(|letter: char| letter.is_ascii_lowercase()) && word.contains('=');
    is_code || is_setting || word == "nomask"
}

/// Hex pairs that stand side by side, as one item.
fn merged(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for item in items {
        match (all.last_mut(), item) {
            (Some(Item::Hex(before)), Item::Hex(bytes)) => before.extend(bytes),
            (_, item) => all.push(item),
        }
    }
    all
}
