//! Random texts, JSON and nearly: what the server takes for an object with a message is what the small
//! reader below takes for one, and the value is the same bytes.
//!
//! The reader is RFC 8259 written down once more, without any of the server's code. It calls itself for
//! each bracket, so it counts them itself.

use super::{Sim, chat, is_closed_1011, lines, members, text};
use crate::sim::Rng;
use ws101::apps::json::{MAX_NESTING, member};

/// A text, how far it was read, and how many brackets are open.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, word: &str) -> Option<()> {
        self.text[self.at..]
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn skips(&mut self, which: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&which) {
            self.at += 1;
        }
        self.at - start
    }

    fn space(&mut self) {
        self.skips(|byte| b" \t\r\n".contains(&byte));
    }

    /// RFC 8259 §7. Gives UTF-16, in which half a character is something, too.
    fn string(&mut self) -> Option<Vec<u16>> {
        self.takes("\"")?;
        let mut units = Vec::new();
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(units),
                '\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    if escaped == b'u' {
                        let digits = self.text.get(self.at..self.at + 4)?;
                        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                        units.push(u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
                        self.at += 4;
                    } else {
                        let which = b"\"\\/bfnrt".iter().position(|byte| *byte == escaped)?;
                        units.push(u16::from(b"\"\\/\x08\x0c\n\r\t"[which]));
                    }
                }
                '\0'..='\x1f' => return None,
                _ => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Option<()> {
        let _ = self.takes("-");
        if self.takes("0").is_none() && self.skips(|byte| byte.is_ascii_digit()) == 0 {
            return None;
        }
        if self.takes(".").is_some() && self.skips(|byte| byte.is_ascii_digit()) == 0 {
            return None;
        }
        if self.takes("e").or_else(|| self.takes("E")).is_some() {
            let _ = self.takes("+").or_else(|| self.takes("-"));
            return (self.skips(|byte| byte.is_ascii_digit()) > 0).then_some(());
        }
        Some(())
    }

    /// What stands between brackets, with commas: each read by `item`.
    fn list(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.open += 1;
        if self.open > MAX_NESTING {
            return None;
        }
        self.space();
        if self.takes(end).is_none() {
            loop {
                item(self)?;
                self.space();
                if self.takes(end).is_some() {
                    break;
                }
                self.takes(",")?;
            }
        }
        self.open -= 1;
        Some(())
    }

    fn value(&mut self) -> Option<&'a str> {
        self.space();
        let start = self.at;
        match self.peek()? {
            b'{' => drop(self.object()?),
            b'[' => self.list("]", |reader| reader.value().map(drop))?,
            b'"' => drop(self.string()?),
            b't' => self.takes("true")?,
            b'f' => self.takes("false")?,
            b'n' => self.takes("null")?,
            _ => self.number()?,
        }
        Some(&self.text[start..self.at])
    }

    fn object(&mut self) -> Option<Vec<(Vec<u16>, &'a str)>> {
        let mut members = Vec::new();
        (self.peek()? == b'{').then_some(())?;
        self.list("}", |reader| {
            reader.space();
            let name = reader.string()?;
            reader.space();
            reader.takes(":")?;
            members.push((name, reader.value()?));
            Some(())
        })?;
        Some(members)
    }
}

/// The value of the message in this text, as the test reads it.
fn message(text: &str) -> Option<&str> {
    let (at, open) = (0, 0);
    let mut reader = Reader { text, at, open };
    reader.space();
    let members = reader.object()?;
    reader.space();
    let name: Vec<u16> = "message".encode_utf16().collect();
    let value = members.iter().rfind(|(key, _)| *key == name)?.1;
    (reader.at == text.len()).then_some(value)
}

fn one_of<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.below(list.len())]
}

const SPACES: &[&str] = &["", "", "", "", " ", "\n", "\t \r"];
const SCALARS: &[&str] = &[
    "0",
    "-1",
    "12.50",
    "1e9",
    "-0.0E-10",
    "true",
    "false",
    "null",
    "\"\"",
    "\"hi\"",
    "\"\\ud800\"",
    "\"\\\"[\"",
    "\"é🚀\"",
    "\"\\\\\"",
    "99999999999999999999999999999",
];
const KEYS: &[&str] = &[
    "\"message\"",
    "\"message\"",
    "\"mess\\u0061ge\"",
    "\"type\"",
    "\"\"",
    "\"\\udfff\"",
    "\"message \"",
];
/// What makes JSON something else, or something else JSON.
const BITS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ":",
    ",",
    " ",
    "\n",
    "0",
    "1",
    "-",
    "+",
    ".",
    "e",
    "E",
    "u",
    "n",
    "NaN",
    "Infinity",
    "true",
    "null",
    "message",
    "\"message\":",
    "{\"message\":",
    "\\u00",
    "\\ud800",
    "\u{0}",
    "\u{1f}",
    "\u{7f}",
    "é",
    "🚀",
    "\u{feff}",
    "/",
    "'",
    "[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]",
];

/// Appends a random value, at most `depth` brackets deep.
fn write_value(rng: &mut Rng, text: &mut String, depth: usize) {
    text.push_str(one_of(rng, SPACES));
    match rng.below(if depth == 0 { 2 } else { 5 }) {
        0 | 1 => text.push_str(one_of(rng, SCALARS)),
        2 => {
            text.push('[');
            for n in 0..rng.below(4) {
                text.push_str(if n > 0 { "," } else { "" });
                write_value(rng, text, depth - 1);
            }
            text.push(']');
        }
        _ => write_object(rng, text, depth),
    }
    text.push_str(one_of(rng, SPACES));
}

fn write_object(rng: &mut Rng, text: &mut String, depth: usize) {
    text.push('{');
    for n in 0..rng.below(5) {
        text.push_str(if n > 0 { "," } else { "" });
        text.push_str(one_of(rng, SPACES));
        text.push_str(one_of(rng, KEYS));
        text.push_str(one_of(rng, SPACES));
        text.push(':');
        write_value(rng, text, depth - 1);
    }
    text.push('}');
}

/// Puts something in, takes something out, or moves the end, at a place of its choice.
fn mutate(rng: &mut Rng, text: &mut String) {
    let mut at = rng.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match rng.below(4) {
        0 => text.truncate(at),
        1 if at < text.len() => drop(text.remove(at)),
        _ => text.insert_str(at, one_of(rng, BITS)),
    }
}

/// A random text: an object, an object with faults, or bits without a plan.
fn random_text(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.below(8) == 0 {
        for _ in 0..rng.below(30) {
            text.push_str(one_of(rng, BITS));
        }
        return text;
    }
    let depth = 1 + rng.below(6);
    write_object(rng, &mut text, depth);
    for _ in 0..rng.below(4) {
        mutate(rng, &mut text);
    }
    text
}

#[test]
fn random_texts_are_read_as_another_reader_reads_them() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..=100 {
        let mut rng = Rng::new(seed);
        for _ in 0..1_000 {
            let text = random_text(&mut rng);
            let value = member(&text, "message").map(|value| value.get());
            assert_eq!(value, message(&text), "seed {seed}: {text:?}");
            *if value.is_some() {
                &mut taken
            } else {
                &mut refused
            } += 1;
        }
    }
    assert!(taken > 10_000 && refused > 10_000, "{taken}, {refused}");
}

#[test]
fn random_texts_reach_the_room_or_close_their_sender() {
    let mut rng = Rng::new(4);
    let mut sim = Sim::default();
    let [other] = members(&mut sim, ["lobby"]);
    for _ in 0..1_000 {
        let input = random_text(&mut rng);
        let [sender] = members(&mut sim, ["lobby"]);
        sim.send(sender, &text(&input));
        sim.run();
        if let Some(value) = message(&input) {
            assert_eq!(lines(&mut sim, sender), [chat(value)], "{input:?}");
            assert_eq!(lines(&mut sim, other), [chat(value)], "{input:?}");
        } else {
            is_closed_1011(&mut sim, sender, &input);
            assert_eq!(sim.take(other), b"", "{input:?}");
        }
        sim.reset(sender);
        sim.run();
    }
}
