//! What a request head says of the body behind it (RFC 9112 §6, RFC 9110 §10.1.1).
//!
//! Two readers of one request that disagree about where it ends can be played off against each
//! other ("request smuggling"). So nothing doubtful is repaired here: it is refused.

use super::head::Head;
use super::refusal::{self, Rejection};

/// How the length of a request body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body (`Content-Length: 0` included).
    None,
    /// Exactly so many bytes follow the head, at least one.
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
            // HTTP/1.0 does not know it, and without a body there is nothing to wait for.
            expects_continue = head.http11 && framing != Framing::None;
        }
        Ok(Self {
            framing,
            expects_continue,
        })
    }
}

impl Framing {
    /// Where the body of a request with this head ends.
    ///
    /// A mistake here would take the body for the next request.
    ///
    /// # Errors
    /// `400`, or `501` for a transfer coding that is not known here.
    pub fn of(head: &Head<'_>) -> Result<Self, Rejection> {
        let has = |name| head.fields.values(name).next().is_some();
        if has("transfer-encoding") {
            // RFC 9112 §6.1: both at once, or a coding on HTTP/1.0, is how smuggling looks.
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

/// RFC 9112 §6.1 and §7: `chunked` and nothing else. Other codings before it are only not
/// implemented here; where `chunked` is not the last, or comes twice, nobody can find the end (§6.3).
fn find_chunked(head: &Head<'_>) -> Result<Framing, Rejection> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if head
        .fields
        .single("transfer-encoding")
        .is_some_and(is_chunked)
    {
        return Ok(Framing::Chunked);
    }
    let (mut chunked_count, mut has_others, mut ends_in_chunked) = (0, false, false);
    for coding in head.fields.items("transfer-encoding") {
        ends_in_chunked = is_chunked(coding);
        chunked_count += usize::from(ends_in_chunked);
        has_others |= !ends_in_chunked;
    }
    if has_others && ends_in_chunked && chunked_count == 1 {
        return Err(refusal::not_implemented(
            "The only transfer coding known here is chunked.\n",
        ));
    }
    Err(refusal::bad_request(
        "Transfer-Encoding must end in chunked, once.\n",
    ))
}

/// RFC 9110 §8.6: one decimal number. The same number again, in a list or in a second field, is
/// what RFC 9112 §6.3 permits to read as one; anything else is `None`.
fn parse_content_length(head: &Head<'_>) -> Option<u64> {
    let mut agreed = None;
    let values = head.fields.values("content-length");
    // An empty item is no number either, so `items` would not do.
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
