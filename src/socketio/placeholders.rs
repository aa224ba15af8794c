//! Placeholders in a packet's JSON: `{"_placeholder":true,"num":0}` stands where attachment 0 belongs.
//!
//! One loop over the tokens finds them, with a record for each open bracket: no value is built, and no function
//! calls itself. The text must be JSON, and no deeper than `json::MAX_NESTING`; for any other text the result
//! means nothing.

use crate::apps::json::{is_name, tokens};

/// Whether each placeholder names one of the first `count` attachments. Not each attachment needs one.
#[must_use]
pub fn are_within(json: &str, count: u8) -> bool {
    let mut open: Vec<Bracket<'_>> = Vec::new();
    for token in tokens(json) {
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
                    open.push(Bracket { is_object: key_or_value == "{", ..Bracket::default() });
                }
            }
        }
    }
    true
}

/// An object or an array whose end has not come.
#[derive(Default)]
struct Bracket<'a> {
    is_object: bool,
    /// The key whose value comes next. `None`: a key comes next.
    key: Option<&'a str>,
    /// Whether `"_placeholder":true` is in it. If a key is there twice, the last value counts.
    is_placeholder: bool,
    num: Option<f64>,
}

impl<'a> Bracket<'a> {
    /// Takes a key or a value; of an object or array the bracket that opens it.
    fn take(&mut self, token: &'a str) {
        match self.key.take() {
            _ if !self.is_object => {}
            None => self.key = Some(token),
            Some(key) if is_name(key, "_placeholder") => self.is_placeholder = token == "true",
            Some(key) if is_name(key, "num") => self.num = serde_json::from_str(token).ok(),
            Some(_) => {}
        }
    }

    /// Whether it is a placeholder that names none of the attachments.
    fn is_wrong(&self, count: u8) -> bool {
        let names_one = |num: f64| num >= 0.0 && num < f64::from(count) && num.fract() == 0.0;
        self.is_placeholder && !self.num.is_some_and(names_one)
    }
}
