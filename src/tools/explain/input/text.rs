//! Heads of HTTP as text: typed, copied from a browser's developer tools, or printed by `curl -v`.

use crate::tools::explain::step::{Input, MAX_BYTES, Opening, opening};

const COPIED: &str =
    "The lines ended with LF. They are read as CR LF, as HTTP has them; --raw takes bytes as they are.";
const ADDED: &str = "The empty line that ends a head was missing at the end. It is added.";

/// Reads heads. `None`: the text is something else.
///
/// # Errors
/// It is a list of fields from which no head can be made.
pub(super) fn read(text: &str) -> Result<Option<Input>, String> {
    let begin = text.trim_start();
    if begin.starts_with("Request URL")
        || begin.starts_with(":authority")
        || begin.starts_with("Request Method")
    {
        return Err("this is a list of names and values: switch the developer tools to \"view source\" or \"Raw\", and \
                    copy the lines that begin with GET or HTTP/1.1"
            .to_owned());
    }
    let curl = from_curl(text);
    let text = curl.as_deref().unwrap_or(begin);
    if !is_head(text) {
        return Ok(None);
    }
    if text.len() > MAX_BYTES {
        return Err("more than 16 MiB of text: give a part of it".to_owned());
    }
    if text.contains("\r\n") && curl.is_none() {
        return Ok(Some(Input::plain(text.as_bytes().to_vec())));
    }
    let mut bytes = Vec::new();
    let mut in_head = true;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end_matches('\r');
        in_head |= is_head(line);
        bytes.extend_from_slice(line.as_bytes());
        if in_head || lines.peek().is_some() {
            bytes.extend_from_slice(b"\r\n");
        }
        // Lines after an empty one are a body, unless a head begins.
        in_head &= !line.is_empty();
    }
    let mut notes = vec![COPIED.to_owned()];
    if in_head {
        bytes.extend_from_slice(b"\r\n");
        notes.push(ADDED.to_owned());
    }
    Ok(Some(Input { notes, ..Input::plain(bytes) }))
}

/// Whether a head begins here: `GET / HTTP/1.1`, or `HTTP/1.1 101 ...`.
fn is_head(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    match opening(line.as_bytes()) {
        Opening::Request => line.contains(' ') && line.contains('/'),
        Opening::Response => line.len() > 4,
        Opening::Other => false,
    }
}

/// The heads in the output of `curl -v`: lines that begin with `>` and `<`.
fn from_curl(text: &str) -> Option<String> {
    let mut heads = String::new();
    for line in text.lines() {
        let line = line.trim_end();
        let head = line.strip_prefix(['>', '<']).filter(|rest| rest.is_empty() || rest.starts_with(' '));
        if let Some(head) = head {
            heads.push_str(head.trim_start());
            heads.push('\n');
        }
    }
    is_head(&heads).then_some(heads)
}
