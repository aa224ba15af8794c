//! Lines of the notation, read.

use super::frames::Words;
use super::line::{Act, Item, Line, MAX_BYTES, MAX_LEFT_OUT, Macro, known_bytes};
use crate::ws::frame::Sender;
use std::collections::BTreeSet;

/// Reads lines of the notation. The lines come back with their numbers, counted from `first`.
///
/// # Errors
/// The first line that is wrong, with its number and the reason.
pub fn read(text: &str, first: usize) -> Result<Vec<(usize, Line)>, String> {
    read_within(text, first, MAX_BYTES)
}

/// Reads lines as [`read`] does, that stand for at most so many bytes. More is refused before it is built.
///
/// # Errors
/// The first line that is wrong, with its number and the reason.
pub fn read_within(text: &str, first: usize, most: u64) -> Result<Vec<(usize, Line)>, String> {
    let mut lines: Vec<(usize, Line)> = Vec::new();
    // Sides of connections that have sent something, and have not ended.
    let mut begun: BTreeSet<(u32, bool)> = BTreeSet::new();
    let mut all = Sum::new("in all", most);
    for (number, text) in (first..).zip(text.lines()) {
        let wrong = |what: String| format!("line {number}: {what}");
        let line = line(text, most).map_err(wrong)?;
        let conn = line.conn;
        match &line.act {
            Act::Bytes { from, goes_on, items } => {
                let is_new = begun.insert((conn, *from == Sender::Client));
                if *goes_on && is_new {
                    return Err(wrong(goes_on_with_nothing(text)));
                }
                items.iter().try_for_each(|item| all.add(item)).map_err(wrong)?;
            }
            Act::ClientEnd { .. } => _ = begun.remove(&(conn, true)),
            Act::ServerEnd => _ = begun.remove(&(conn, false)),
            Act::Open(_) | Act::Nothing => {}
        }
        lines.push((number, line));
    }
    Ok(lines)
}

fn goes_on_with_nothing(text: &str) -> String {
    let word = first_word(text);
    let begin = word.replace("C+", "C>").replace("S+", "S<");
    format!(
        "{word} goes on with nothing: no {begin} of this connection stands before it, or that side has ended"
    )
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Bytes that items stand for, as long as they are not too many.
struct Sum {
    /// What they are the bytes of, for the complaint.
    of: &'static str,
    most: u64,
    bytes: u64,
    left_out: u64,
}

impl Sum {
    fn new(of: &'static str, most: u64) -> Self {
        Self { of, most, bytes: 0, left_out: 0 }
    }

    fn add(&mut self, item: &Item) -> Result<(), String> {
        let sum = match item {
            Item::LeftOut(_) | Item::Hidden(_) => &mut self.left_out,
            _ => &mut self.bytes,
        };
        *sum = sum.saturating_add(item.len());
        match self {
            Self { bytes, of, most, .. } if *bytes > *most => Err(too_many(of, *most)),
            Self { left_out, .. } if *left_out > MAX_LEFT_OUT => {
                Err(format!("more than {MAX_LEFT_OUT} bytes are left out"))
            }
            _ => Ok(()),
        }
    }
}

fn too_many(of: &str, most: u64) -> String {
    format!("more than {most} bytes {of}")
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it.
pub fn read_line(text: &str) -> Result<Line, String> {
    line(text, MAX_BYTES)
}

fn line(text: &str, most: u64) -> Result<Line, String> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(Line { conn: 1, act: Act::Nothing, note: note(text) });
    }
    let (number, rest) = digits(text);
    let conn = match number {
        "" => 1,
        _ => number.parse().map_err(|_| format!("{number} is no number of a connection"))?,
    };
    if conn == 0 {
        return Err("connections are counted from 1".to_owned());
    }
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (plain, after) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let plain = plain.trim();
    let act = match (word, plain) {
        ("C>", "fin") => Act::ClientEnd { reset: false },
        ("C>", "rst") => Act::ClientEnd { reset: true },
        ("S~", "eof") => Act::ServerEnd,
        ("S~", _) => return Err(format!("S~ knows eof, and not {plain:?}")),
        ("open", "") => Act::Open("/echo".to_owned()),
        ("open", _) => Act::Open(path(plain)?),
        ("C>" | "C+" | "S<" | "S+", _) => {
            if let ("C>", end @ ("fin" | "rst")) = (word, first_word(plain)) {
                return Err(format!("{end} stands alone"));
            }
            let from = if word.starts_with('C') { Sender::Client } else { Sender::Server };
            let (items, note) = items(rest, from, most)?;
            return Ok(Line { conn, act: Act::Bytes { from, goes_on: word.ends_with('+'), items }, note });
        }
        _ => return Err(format!("{:?} is no step", first_word(text))),
    };
    Ok(Line { conn, act, note: note(after) })
}

/// The digits at the start, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The text behind `#`, if there is one. Columns within it are kept.
fn note(text: &str) -> Option<String> {
    let note = text.strip_prefix('#')?;
    Some(note.strip_prefix(' ').unwrap_or(note).trim_end().to_owned())
}

fn path(option: &str) -> Result<String, String> {
    let is_path = |path: &&str| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    let path = option.strip_prefix("path=").filter(is_path);
    path.map(str::to_owned).ok_or_else(|| format!("{option:?} is no option of open: path=/... is"))
}

/// The bytes of hex pairs and quoted text, up to a note.
///
/// # Errors
/// What is wrong with them.
pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let (items, _) = items(text, Sender::Client, MAX_BYTES)?;
    if items.iter().any(|item| matches!(item, Item::Cut)) {
        return Err("a cut has no place here".to_owned());
    }
    known_bytes(&items).ok_or_else(|| "bytes are left out".to_owned())
}

/// Items, and the note after them.
fn items(text: &str, from: Sender, most: u64) -> Result<(Vec<Item>, Option<String>), String> {
    let mut reader = Reader { rest: text, from, most };
    let mut items = Vec::new();
    let mut sum = Sum::new("in a line", most);
    loop {
        reader.rest = reader.rest.trim_start();
        if reader.rest.is_empty() || reader.rest.starts_with('#') {
            return Ok((items, note(reader.rest)));
        }
        let item = reader.item()?;
        sum.add(&item)?;
        push(&mut items, item);
    }
}

/// Appends an item. Hex pairs that stand side by side are one.
fn push(items: &mut Vec<Item>, item: Item) {
    match (items.last_mut(), item) {
        (Some(Item::Hex(before)), Item::Hex(bytes)) => before.extend(bytes),
        (_, item) => items.push(item),
    }
}

/// A word ends before these.
const ENDS: [char; 4] = [' ', '\t', '#', '|'];
/// The name of an option has fewer letters.
const LONGEST_OPTION: usize = 16;

/// What is left to read of a line.
struct Reader<'a> {
    rest: &'a str,
    from: Sender,
    most: u64,
}

impl<'a> Reader<'a> {
    /// Whether this word stands at the start. A line may be one long word, so nobody looks for its end at each byte.
    fn is_at(&self, word: &str) -> bool {
        self.rest.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(ENDS))
    }

    /// The name of a frame, if one stands at the start.
    fn name(&self) -> Option<&'static str> {
        Macro::names().find(|name| self.is_at(name))
    }

    /// An option of a frame, if one stands at the start.
    fn option(&self) -> Option<&'a str> {
        let letters = self.rest.bytes().take(LONGEST_OPTION).take_while(u8::is_ascii_lowercase).count();
        let is_option = letters > 0 && self.rest.get(letters..)?.starts_with('=') || self.is_at("nomask");
        is_option.then(|| self.rest.split(ENDS).next())?
    }

    fn take(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    /// The next item. There is something left.
    fn item(&mut self) -> Result<Item, String> {
        if let Some(name) = self.name() {
            return self.frame(name).map(|frame| Item::Frame(Box::new(frame)));
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
            return Ok(Item::LeftOut(times));
        }
        let is_text = self.rest.starts_with('"');
        let bytes = if is_text { self.quoted()? } else { vec![self.pair()?] };
        Ok(match self.times()? {
            // What does not fit is refused for its length.
            Some(times) => {
                Item::Repeat { bytes, is_text, times: usize::try_from(times).unwrap_or(usize::MAX) }
            }
            None if is_text => Item::Text(bytes),
            None => Item::Hex(bytes),
        })
    }

    /// How often the item before is repeated.
    fn times(&mut self) -> Result<Option<u64>, String> {
        let Some(rest) = self.rest.strip_prefix('*') else { return Ok(None) };
        let (number, after) = digits(rest);
        self.rest = after;
        match number.parse() {
            Ok(0) => Err("*0 repeats nothing".to_owned()),
            Ok(times) => Ok(Some(times)),
            Err(_) if number.is_empty() => Err("* needs a number".to_owned()),
            Err(_) => Err(format!("{number} is too large")),
        }
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
                    let escape = self.rest.chars().next().ok_or("a quote is never closed")?;
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
        let mut sum = Sum::new("in a line", self.most);
        while self.has_more() && !self.rest.starts_with('=') {
            if let Some(option) = self.option() {
                self.take(option.len());
                words.options.push(option);
            } else if name == "close"
                && words.code.is_none()
                && words.payload.is_empty()
                && let Some(digits) = self.code()
            {
                self.take(digits.len());
                words.code = Some(digits.parse().map_err(|_| format!("{digits} is no close code"))?);
            } else {
                push(&mut words.payload, self.plain_item(&mut sum)?);
            }
        }
        let mut frame = Macro::new(name, self.from, words)?;
        let Some(rest) = self.rest.strip_prefix('=') else { return Ok(frame) };
        self.rest = rest;
        // It is built, to be compared.
        if frame.len() > self.most {
            return Err(too_many("in a line", self.most));
        }
        let mut spelled = Vec::new();
        let mut sum = Sum::new("in a line", self.most);
        while self.has_more() {
            push(&mut spelled, self.plain_item(&mut sum)?);
        }
        frame.spell(spelled)?;
        Ok(frame)
    }

    /// Whether the frame goes on here.
    fn has_more(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        !self.rest.is_empty() && !self.rest.starts_with(['#', '|'])
    }

    /// Three or more digits, which are no hex pairs with letters.
    fn code(&self) -> Option<&'a str> {
        let (digits, after) = digits(self.rest);
        (digits.len() >= 3 && !after.starts_with(|letter: char| letter.is_ascii_hexdigit())).then_some(digits)
    }

    /// An item that is no frame and leaves nothing out.
    fn plain_item(&mut self, sum: &mut Sum) -> Result<Item, String> {
        if let Some(name) = self.name() {
            return Err(format!("{name:?} cannot stand inside a frame: begin a new line, or cut with |"));
        }
        let item = self.item()?;
        if matches!(item, Item::LeftOut(_) | Item::Hidden(_)) {
            return Err(format!("\"{item}\" cannot stand inside a frame"));
        }
        sum.add(&item)?;
        Ok(item)
    }
}
