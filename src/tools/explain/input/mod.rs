//! Finds out what form an input has, and reads it.

mod dump;
mod literal;
mod packets;
mod scenario;
mod text;
mod words;

use super::step::{Input, MAX_BYTES};

/// Reads an input that stands for at most `most` bytes. `in_arguments`: it was given as words of the command line.
///
/// # Errors
/// The place where it is wrong, the reason, and the way out.
pub(super) fn read(input: &[u8], is_raw: bool, in_arguments: bool, most: u64) -> Result<Input, String> {
    if input.trim_ascii().is_empty() && !is_raw || input.is_empty() {
        return Err("there are no bytes: give hex, as in ws101 explain 81 05 48 65 6c 6c 6f, or a file by <"
            .to_owned());
    }
    let text = std::str::from_utf8(input).ok().filter(|text| !is_raw && is_text(text));
    let Some(text) = text else { return raw(input) };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if let Some(read) = text::read(text)? {
        return Ok(read);
    }
    if let Some(read) = scenario::read(text, most)? {
        return Ok(read);
    }
    if let Some(dumps) = dump::read(text)? {
        return Ok(packets::read(dumps));
    }
    words::read(text, in_arguments)
}

fn raw(input: &[u8]) -> Result<Input, String> {
    if input.len() > MAX_BYTES {
        return Err("more than 16 MiB of bytes: give a part of them".to_owned());
    }
    Ok(Input::plain(input.to_vec()))
}

/// Whether a person could have written it. Frames have bytes that no text has.
fn is_text(text: &str) -> bool {
    !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r'))
}
