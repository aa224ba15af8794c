//! Text in the notation: traces, and `.wire` files.

use crate::tools::explain::step::{Act, Input, Opening, Step, opening};
use crate::tools::notation::{self, Act as Said, Item, Piece};
use crate::ws::frame::Sender;

const HIDDEN: &str = "Bytes of heads that are hidden are shown as *.";

/// Reads the notation, for at most so many bytes. `None`: the text is something else.
///
/// # Errors
/// The first line that is wrong, and why.
pub(super) fn read(text: &str, most: u64) -> Result<Option<Input>, String> {
    if !text.lines().any(|line| matches!(first_word(line), "C>" | "C+" | "S<" | "S+" | "C>/")) {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut has_secrets = false;
    for (_, line) in notation::read_within(&without_meanings(text), 1, most)? {
        let conn = line.conn;
        let mut push = |act| steps.push(Step { conn, act });
        match line.act {
            Said::Nothing => {}
            Said::Open(path) => push(Act::Open(path)),
            Said::ClientEnd { reset: false } => push(Act::End(Sender::Client)),
            Said::ClientEnd { reset: true } => push(Act::Reset),
            Said::ServerEnd => push(Act::End(Sender::Server)),
            Said::Bytes { from, goes_on, items } => {
                let mut is_read = !goes_on;
                for item in items {
                    match item.piece() {
                        Piece::Unknown(len) if matches!(item, Item::Hidden(_)) => {
                            push(Act::Hidden(from, len));
                            has_secrets = true;
                        }
                        Piece::Cut => is_read = true,
                        Piece::Unknown(len) => push(Act::Unknown(from, len)),
                        Piece::Bytes(bytes) => {
                            push(Act::Bytes { from: Some(from), bytes, is_read });
                            is_read = false;
                        }
                    }
                }
            }
        }
    }
    let is_head =
        |step: &Step| matches!(&step.act, Act::Bytes { bytes, .. } if opening(bytes) != Opening::Other);
    let has_secrets = has_secrets && steps.iter().any(is_head);
    let notes = has_secrets.then(|| HIDDEN.to_owned()).into_iter().collect();
    Ok(Some(Input { steps, notes }))
}

/// The first word of a line, without the number of its connection and a number of bytes for each write.
fn first_word(line: &str) -> &str {
    let line = line.trim_start().trim_start_matches(|letter: char| letter.is_ascii_digit());
    let word = line.split_whitespace().next().unwrap_or_default();
    if word.starts_with("C>/") { "C>/" } else { word }
}

/// The text with empty lines in place of those that stand for no bytes: the head of a scenario, waiting, meanings.
fn without_meanings(text: &str) -> String {
    let mut in_head = text.lines().find(|line| !line.trim().is_empty()).is_some_and(is_named);
    let mut kept = String::new();
    for line in text.lines() {
        in_head &= !line.trim().is_empty();
        match first_word(line) {
            _ if in_head => {}
            "S-" | "S~" if line.trim() != "S~ eof" => {}
            "wait" | "either" | "or" | "end" | "quiet-client" | "open-tcp" => {}
            "C>/" => {
                let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                kept.push_str(word.split('/').next().unwrap_or_default());
                kept.push(' ');
                kept.push_str(rest);
            }
            _ => kept.push_str(line),
        }
        kept.push('\n');
    }
    kept
}

/// Whether a line is of the form `name: value`.
fn is_named(line: &str) -> bool {
    let name = line.split_once(':').map(|(name, _)| name);
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
}
