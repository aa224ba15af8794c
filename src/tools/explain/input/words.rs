//! Bytes as programs and people write them: hex pairs, arrays, lists of numbers, texts with escapes.

use super::literal::{self, is_hex};
use crate::tools::explain::step::{Input, MAX_BYTES};

const DECIMAL: &str = "The list is read as decimal numbers, since it stands in brackets. Write 0x81 for hex.";

/// Reads bytes. `in_arguments`: the text is words of the command line.
///
/// # Errors
/// The place where it is wrong, the reason, and the way out.
pub(super) fn read(text: &str, in_arguments: bool) -> Result<Input, String> {
    let text = without_comments(text);
    let mut reader = Reader { text: &text, in_arguments, bytes: Vec::new() };
    let is_decimal = reader.values()?;
    if reader.bytes.is_empty() {
        return Err("there are no bytes in it: give hex, as in 81 05 48 65 6c 6c 6f".to_owned());
    }
    let mut input = Input::plain(reader.bytes);
    input.notes.extend(is_decimal.then(|| DECIMAL.to_owned()));
    Ok(input)
}

/// The text without `# ...` and `// ...`; what is left keeps its place.
fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let quoted = line.contains(['"', '\'', '\\']);
        let end = if quoted { None } else { line.find('#').or_else(|| line.find("//")) };
        kept.push_str(line.get(..end.unwrap_or(line.len())).unwrap_or(line));
        kept.push('\n');
    }
    kept
}

struct Reader<'a> {
    text: &'a str,
    in_arguments: bool,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Reads everything. Returns whether it was a list of decimal numbers.
    fn values(&mut self) -> Result<bool, String> {
        // Node's Buffer as JSON has a list inside.
        let is_json = self.text.contains("\"data\"") && self.text.contains('[');
        if let Some(inside) = between(self.text, '{', '}').filter(|_| !is_json) {
            return self.hex(inside).map(|()| false);
        }
        let after = self.text.trim_start();
        if let Some(inside) = after.strip_prefix("<Buffer").or_else(|| after.strip_prefix("<SlowBuffer")) {
            return self.hex(inside.split('>').next().unwrap_or(inside)).map(|()| false);
        }
        if self.text.contains(['"', '\'']) && !is_json {
            return self.quotes().map(|()| false);
        }
        if let Some(inside) = between(self.text, '[', ']') {
            let is_list = inside.contains(',') || inside.split_whitespace().nth(1).is_none();
            let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
            let is_decimal =
                inside.split([',', ' ', '\n', '\t', '\r']).all(|word| word.is_empty() || digits(word));
            if is_list && is_decimal {
                return self.decimal(inside).map(|()| true);
            }
            return self.hex(inside).map(|()| false);
        }
        self.hex(self.text).map(|()| false)
    }

    /// Texts in quotes, one after the other: with escapes, or with hex in them.
    fn quotes(&mut self) -> Result<(), String> {
        let mut rest = self.text;
        let begins_as_literal = rest.split(['"', '\'']).next().is_some_and(|it| it.ends_with(['b', '$']));
        let is_literal = begins_as_literal || rest.contains('\\');
        while let Some(at) = rest.find(['"', '\'']) {
            let (_, quoted) = rest.split_at(at);
            let quote = quoted.chars().next().unwrap_or('"');
            let inside = quoted.get(1..).unwrap_or_default();
            let mut is_escaped = false;
            let end = inside.find(|letter: char| {
                let ends = letter == quote && !is_escaped;
                is_escaped = letter == '\\' && !is_escaped;
                ends
            });
            let Some(end) = end else {
                return Err(format!("{}: the quote is never closed", self.place(quoted)));
            };
            let (inside, after) = inside.split_at(end);
            match is_literal {
                true => self.literal(inside)?,
                false => self.hex(inside)?,
            }
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(())
    }

    fn decimal(&mut self, text: &'a str) -> Result<(), String> {
        for word in
            text.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|it| !it.is_empty())
        {
            let byte = word
                .parse()
                .map_err(|_| format!("{}: {word} is more than a byte (255)", self.place(word)))?;
            self.push(&[byte])?;
        }
        Ok(())
    }

    fn hex(&mut self, text: &'a str) -> Result<(), String> {
        let is_gap = |letter: char| letter.is_whitespace() || ",;:-|<>(){}[]'\"".contains(letter);
        for whole in text.split_whitespace() {
            if whole.contains('\\') {
                self.escaped(whole)?;
                continue;
            }
            for word in whole.split(is_gap).filter(|word| !word.is_empty()) {
                self.word(word, whole)?;
            }
        }
        Ok(())
    }

    /// A word with `\x81` in it: a text whose quotes a shell has taken away.
    fn escaped(&mut self, word: &'a str) -> Result<(), String> {
        let word = word.trim_end_matches([',', ';', '\\']);
        let word = if word.starts_with("b\\") || word.starts_with("$\\") {
            word.get(1..).unwrap_or(word)
        } else {
            word
        };
        for part in word.split(",\\") {
            let at_start = part.starts_with('\\') || part.as_ptr() == word.as_ptr();
            match at_start {
                true => self.literal(part)?,
                // The split has taken its backslash.
                false => {
                    let bytes = literal::bytes(&format!("\\{part}"));
                    let bytes = bytes.map_err(|error| format!("{}: {error}", self.place(part)))?;
                    self.push(&bytes)?;
                }
            }
        }
        Ok(())
    }

    fn literal(&mut self, text: &'a str) -> Result<(), String> {
        let bytes = literal::bytes(text).map_err(|error| format!("{}: {error}", self.place(text)))?;
        self.push(&bytes)
    }

    /// One word of hex digits. `whole`: with what stands around it.
    fn word(&mut self, word: &'a str, whole: &str) -> Result<(), String> {
        let prefixed = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
        let digits = prefixed.unwrap_or(word).replace("0x", "").replace('_', "");
        if digits.starts_with("...") || whole.starts_with("...") || word == "…" {
            return Err(format!("{}: bytes are left out here; all of them are needed", self.place(word)));
        }
        if !is_hex(&digits) {
            return Err(self.no_hex(word, whole));
        }
        let digits = match (digits.len() % 2, prefixed) {
            (0, _) => digits,
            (_, Some(_)) if digits.len() == 1 => format!("0{digits}"),
            _ => {
                let shown = shown(&digits);
                if prefixed.is_none() && digits.parse::<u8>().is_ok() && digits.len() == 3 {
                    return Err(format!(
                        "{}: {shown} is no hex pair; decimal numbers stand in brackets, as in [129, 133]",
                        self.place(word)
                    ));
                }
                return Err(format!(
                    "{}: {shown} has an odd number of hex digits; a byte is two of them, as in 05",
                    self.place(word)
                ));
            }
        };
        self.room(digits.len() / 2)?;
        let pairs = digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
        self.bytes.extend(pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
        Ok(())
    }

    fn no_hex(&self, word: &'a str, whole: &str) -> String {
        let wrong = word.chars().find(|letter| !letter.is_ascii_hexdigit()).unwrap_or_default();
        let way_out = match wrong {
            'o' | 'O' => "; is it a zero?".to_owned(),
            'l' | 'I' | 'i' => "; is it a one?".to_owned(),
            _ if self.in_arguments && (whole.contains('.') || whole.contains('/')) => {
                format!("; a file is given as ws101 explain < {}", whole.escape_debug())
            }
            _ => "; hex digits are 0-9 and a-f".to_owned(),
        };
        let letter = wrong.escape_debug();
        format!(
            "{}: {} is no hex, because of {letter:?}{way_out}",
            self.place(word),
            shown(word),
            letter = letter.to_string()
        )
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn room(&self, len: usize) -> Result<(), String> {
        match self.bytes.len() + len > MAX_BYTES {
            true => Err("more than 16 MiB of bytes: give a part of them".to_owned()),
            false => Ok(()),
        }
    }

    /// Where this part of the text stands: `word 3`, or `line 2, column 7`.
    fn place(&self, part: &'a str) -> String {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..at).unwrap_or_default();
        if self.in_arguments {
            let words = before.split_whitespace().count();
            let is_inside = before.ends_with(|letter: char| !letter.is_whitespace());
            return format!("word {}", words + usize::from(!is_inside));
        }
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        format!("line {}, column {}", before.matches('\n').count() + 1, column + 1)
    }
}

/// A word in quotes, shortened.
fn shown(word: &str) -> String {
    let mut start: String = word.chars().take(20).collect();
    if start.len() < word.len() {
        start.push_str("...");
    }
    format!("{start:?}")
}

/// What stands between the first such bracket and the last of the other kind; a size such as `x[11]` is none.
fn between(text: &str, open: char, close: char) -> Option<&str> {
    let end = text.rfind(close)?;
    let start = text.get(..end)?.rfind(open)?;
    text.get(start + 1..end).filter(|inside| !inside.trim().is_empty())
}
