//! Reads what a request head says of the body that follows (RFC 9112 §6, RFC 9110 §10.1.1).
//!
//! Skip this file on a first reading: an upgrade has no body.
//!
//! If a proxy and this server disagree about the end of a request, an attacker can hide a second one in it
//! ("request smuggling"). So a doubtful head is refused, and never repaired.

use super::head::Head;
use super::refusal::{self, Rejection};

/// How the end of a request body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body (`Content-Length: 0` included).
    None,
    /// This number of bytes follows the head, at least one.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
}

/// What a head says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Where the body ends.
    pub framing: Framing,
    /// The client waits for `100 Continue` before it sends its body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
}

impl Announced {
    /// Reads what this head says of the body.
    ///
    /// # Errors
    /// `400` or `501` for the framing, `417` for an unknown expectation.
    pub fn of(head: &Head<'_>) -> Result<Self, Rejection> {
        let framing = Framing::of(head)?;
        let mut expects_continue = false;
        for expectation in head.fields.items("expect") {
            if !expectation.eq_ignore_ascii_case(b"100-continue") {
                return Err(refusal::expectation_failed());
            }
            // HTTP/1.0 does not know it, and without a body the client does not wait.
            expects_continue = head.http11 && framing != Framing::None;
        }
        Ok(Self { framing, expects_continue })
    }
}

impl Framing {
    /// Reads how the body of a request with this head ends.
    ///
    /// # Errors
    /// `400`, or `501` for a transfer coding that this server does not know.
    pub fn of(head: &Head<'_>) -> Result<Self, Rejection> {
        let has = |name| head.fields.values(name).next().is_some();
        if has("transfer-encoding") {
            // RFC 9112 §6.1: both at once, or a coding on HTTP/1.0, may be smuggling.
            if has("content-length") || !head.http11 {
                return Err(refusal::bad_request(
                    "Transfer-Encoding excludes Content-Length and HTTP/1.0.\n",
                ));
            }
            return find_chunked(head);
        }
        if !has("content-length") {
            return Ok(Self::None);
        }
        match parse_content_length(head) {
            Some(0) => Ok(Self::None),
            Some(len) => Ok(Self::Length(len)),
            None => Err(refusal::bad_request("Content-Length is invalid.\n")),
        }
    }
}

/// Accepts the coding `chunked`, alone (RFC 9112 §6.1, §7).
///
/// With other codings before it the answer is `501`. If `chunked` is not the last one, or comes twice, nobody can
/// find the end of the body (§6.3).
fn find_chunked(head: &Head<'_>) -> Result<Framing, Rejection> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let only = head.fields.single("transfer-encoding");
    if only.is_some_and(is_chunked) {
        return Ok(Framing::Chunked);
    }
    let codings = || head.fields.items("transfer-encoding");
    let ends_in_chunked = codings().last().is_some_and(is_chunked);
    let chunked_count = codings().filter(|coding| is_chunked(coding)).count();
    if ends_in_chunked && chunked_count == 1 && codings().count() > 1 {
        let text = "The only transfer coding known here is chunked.\n";
        return Err(refusal::not_implemented(text));
    }
    let text = "Transfer-Encoding must end in chunked, once.\n";
    Err(refusal::bad_request(text))
}

/// Reads one decimal number (RFC 9110 §8.6).
///
/// It may come again, in a list or in a second field (RFC 9112 §6.3). `None`: there is anything else.
fn parse_content_length(head: &Head<'_>) -> Option<u64> {
    let mut agreed = None;
    let values = head.fields.values("content-length");
    // `items` would skip empty items, but they are no numbers.
    for item in values.flat_map(|value| value.split(|&byte| byte == b',')) {
        let digits = std::str::from_utf8(item.trim_ascii()).ok()?;
        // `parse` alone would accept a plus sign.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let len: u64 = digits.parse().ok()?;
        if *agreed.get_or_insert(len) != len {
            return None;
        }
    }
    agreed
}
