//! Placeholders in a packet's JSON: `{"_placeholder":true,"num":0}` stands where attachment 0 belongs.
//!
//! One loop over the bytes, with a frame for each open bracket: values are not built, and nothing calls
//! itself. The text is JSON already, and no deeper than `json::MAX_NESTING`; of any other the answer
//! means nothing.

use super::packet::string;

/// Whether each placeholder names one of the first `count` attachments. Not each attachment needs one.
#[must_use]
pub fn are_within(json: &str, count: u8) -> bool {
    let mut open: Vec<Bracket> = Vec::new();
    let mut rest = json;
    while let Some((token, behind)) = next_token(rest) {
        rest = behind;
        match token {
            "," | ":" => {}
            "}" | "]" => {
                if open.pop().is_some_and(|bracket| bracket.is_wrong(count)) {
                    return false;
                }
            }
            key_or_value => {
                if let Some(bracket) = open.last_mut() {
                    bracket.take(key_or_value);
                }
                if matches!(key_or_value, "{" | "[") {
                    open.push(Bracket {
                        is_object: key_or_value == "{",
                        ..Bracket::default()
                    });
                }
            }
        }
    }
    true
}

/// What a text begins with, behind white space: a string, a number, a word or one character of punctuation;
/// and what stands behind it. `None`: nothing is left.
fn next_token(json: &str) -> Option<(&str, &str)> {
    let json = json.trim_start_matches([' ', '\t', '\n', '\r']);
    let len = match json.bytes().next()? {
        b'"' => string_len(json),
        b'-' | b'0'..=b'9' | b'a'..=b'z' => word_len(json),
        _ => 1,
    };
    json.split_at_checked(len)
}

/// An object or an array whose end has not come.
#[derive(Default)]
struct Bracket {
    is_object: bool,
    /// The key whose value is due. `None`: a key is due.
    key: Option<Key>,
    /// `"_placeholder":true`. Of keys that are there twice the last counts.
    is_placeholder: bool,
    num: Option<f64>,
}

enum Key {
    Placeholder,
    Num,
    Other,
}

impl Bracket {
    /// A key, or a value; of an object or array the bracket that opens it.
    fn take(&mut self, token: &str) {
        if !self.is_object {
            return;
        }
        match self.key.take() {
            None => {
                self.key = Some(match string(token).as_deref() {
                    Some("_placeholder") => Key::Placeholder,
                    Some("num") => Key::Num,
                    _ => Key::Other,
                });
            }
            Some(Key::Placeholder) => self.is_placeholder = token == "true",
            Some(Key::Num) => self.num = serde_json::from_str(token).ok(),
            Some(Key::Other) => {}
        }
    }

    /// A placeholder for what does not come.
    fn is_wrong(&self, count: u8) -> bool {
        let names_one = |num: f64| num >= 0.0 && num < f64::from(count) && num.fract() == 0.0;
        self.is_placeholder && !self.num.is_some_and(names_one)
    }
}

/// From the quotation mark that begins a string to the one that ends it.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A number, or `true`, `false`, `null`.
fn word_len(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.bytes().take_while(is_part).count()
}
