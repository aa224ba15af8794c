//! From the path of a request target to names that may be looked up, and back.
//!
//! A request path is never joined to a directory as text. It is cut at its slashes first, each
//! segment is percent-decoded exactly once, and what could name anything but one entry of one
//! directory is refused here, before a disk is asked. So `%2e%2e`, `..%2f` and `%252e` all meet the
//! same few rules, and a redirect is built from checked segments only (`//evil.example` is not one).

use crate::http::percent::decoded;
use std::fmt::Write;

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Bad escape, NUL, a slash or backslash inside a segment, not UTF-8: `400`.
    Malformed,
    /// Well formed, but never the name of a page: `404`.
    Absent,
}

/// A path whose segments are plain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The decoded segments. None is empty, starts with `.`, or holds NUL, `/` or `\`.
    pub segments: Vec<String>,
    /// The path ended with `/`: a directory is meant.
    pub directory: bool,
}

/// Decodes and judges a request path (still percent-encoded, without the query).
///
/// Several slashes in a row count as one, as they do for a disk and for Express: `/js//app.js` is what a
/// page asks for that joins a folder and a name carelessly. An empty segment is never looked up.
///
/// # Errors
/// The first segment from the left that breaks a rule decides.
pub fn clean(path: &str) -> Result<Target, Refusal> {
    let inner = path.strip_prefix('/').ok_or(Refusal::Malformed)?;
    let segments = inner.split('/').filter(|raw| !raw.is_empty()).map(segment).collect::<Result<_, _>>()?;
    Ok(Target { segments, directory: path.ends_with('/') })
}

fn segment(raw: &str) -> Result<String, Refusal> {
    let name = decoded(raw).ok_or(Refusal::Malformed)?;
    if name.contains(['\0', '/', '\\']) {
        return Err(Refusal::Malformed);
    }
    // One rule for `..`, for `.`, and for what an owner hides: `.git`, `.env`.
    if name.starts_with('.') {
        return Err(Refusal::Absent);
    }
    Ok(name.into_owned())
}

/// The path of the directory these segments name: encoded anew, with a final `/`.
///
/// The result is a safe `Location`: it starts with one slash and a name, and in a name all is escaped
/// but what RFC 3986 §3.3 allows there. In the query is left what §3.4 allows and what browsers send
/// besides (`?filter[name]=x`): the page reads its own query.
#[must_use]
pub fn directory_location(segments: &[String], query: Option<&str>) -> String {
    let mut location = String::from("/");
    for name in segments {
        escape(&mut location, name, b"-._~!$&'()*+,;=:@");
        location.push('/');
    }
    if let Some(query) = query {
        location.push('?');
        escape(&mut location, query, b"-._~!$&'()*+,;=:@/?%[]{}|^`\\");
    }
    location
}

/// Appends letters, digits and these other characters as they are, all else as escapes.
fn escape(target: &mut String, text: &str, others: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || others.contains(&byte) {
            target.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(target, "%{byte:02X}");
        }
    }
}
