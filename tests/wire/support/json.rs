//! What a message is, read a second time: RFC 8259 written down once more, without any of the server's code.
//!
//! It calls itself for each bracket, so it counts them itself.

use ws101::apps::json::MAX_NESTING;

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
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
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
pub fn message(text: &str) -> Option<&str> {
    let (at, open) = (0, 0);
    let mut reader = Reader { text, at, open };
    reader.space();
    let members = reader.object()?;
    reader.space();
    let name: Vec<u16> = "message".encode_utf16().collect();
    let value = members.iter().rfind(|(key, _)| *key == name)?.1;
    (reader.at == text.len()).then_some(value)
}
