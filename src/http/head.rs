//! A request head: start line and header fields (RFC 9112 §2 to §6).
//!
//! `scan::HeadScanner` has found where the head ends; `parse` reads it once with httparse, then
//! judges what must hold whatever is asked for, in a fixed order: grammar, version, `Host`, framing,
//! expectations. What depends on the resource is left to `route` and `ws::handshake`.
//!
//! Two readers of one request that disagree about where it ends can be played off against each
//! other ("request smuggling"). So nothing doubtful is repaired here: it is refused.

use super::authority::Authority;
use super::fields::{has_token, items};
use super::policy::Policy;
use super::refusal;
use crate::config::MAX_FIELDS;

pub use super::refusal::Rejection;

/// Room for the fields of one head; `[httparse::EMPTY_HEADER; MAX_FIELDS]` to begin with.
pub type Slots<'b> = [httparse::Header<'b>; MAX_FIELDS];

/// A method this server knows by name (RFC 9110 §9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    /// Any other token. Answered `501`.
    Unknown,
}

impl Method {
    /// The method of this name. Letter case counts (RFC 9110 §9.1).
    #[must_use]
    pub fn from_token(token: &str) -> Self {
        match token {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "CONNECT" => Self::Connect,
            "OPTIONS" => Self::Options,
            "TRACE" => Self::Trace,
            "PATCH" => Self::Patch,
            _ => Self::Unknown,
        }
    }

    /// Its name on the wire; `?` for `Unknown`, which is no token.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
            Self::Unknown => "?",
        }
    }
}

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

/// One complete request head, borrowed from the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The request method.
    pub method: Method,
    /// Path of the target, still percent-encoded: visible ASCII without `#`. Starts with `/`,
    /// or is `*` (OPTIONS of the whole server; CONNECT, whose target has no path).
    pub path: &'a str,
    /// What follows the first `?` of the target.
    pub query: Option<&'a str>,
    /// HTTP/1.1 or a later 1.x; `false` means HTTP/1.0.
    pub http11: bool,
    /// The value of `Host` (or the authority of an absolute target), checked against its grammar.
    pub host: Option<&'a str>,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether the client lets the connection stay open after the answer. Never on HTTP/1.0.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends its body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
    /// All header fields in their order.
    pub fields: &'a [httparse::Header<'a>],
}

impl<'a> Head<'a> {
    /// The values of all fields of this name, in their order, without the white space around them.
    pub fn values(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the only field of this name; `None` when there is none, or more than one.
    #[must_use]
    pub fn single(&self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first field of this name, when it is UTF-8.
    #[must_use]
    pub fn value(&self, name: &'a str) -> Option<&'a str> {
        std::str::from_utf8(self.values(name).next()?).ok()
    }
}

/// Reads a complete head, from the first byte to the empty line that `HeadScanner` found.
///
/// `bytes` is changed only where the version is an unusual 1.x or no 1.x: httparse knows 1.0 and 1.1.
///
/// # Errors
/// In this order: `400` for grammar and `431` for too many fields, `505` for a major version other
/// than 1, `400` for target and `Host`, `421` for a host that is not ours, `400` or `501` for
/// the framing of the body, `417` for an unknown expectation.
pub fn parse<'h, 'b: 'h>(
    bytes: &'b mut [u8],
    slots: &'h mut Slots<'b>,
    policy: &Policy,
) -> Result<Head<'h>, Rejection> {
    let mut head = read(bytes, slots)?;
    policy.check_host(head.host)?;
    head.framing = find_framing(&head)?;
    head.expects_continue = find_expectation(&head)?;
    head.keep_alive = head.http11 && !has_token(&head, "connection", "close");
    Ok(head)
}

/// The name that a complete head asks for, for whoever wants to know which one `parse` has refused.
/// It reads the head anew; `None` when it is malformed, or names none.
#[must_use]
pub fn asked_host(bytes: &mut [u8]) -> Option<String> {
    let mut slots = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let head = read(bytes, &mut slots).ok()?;
    head.host.map(str::to_owned)
}

/// What can be judged without knowing whom the request is for: all up to the `Host`.
fn read<'h, 'b: 'h>(bytes: &'b mut [u8], slots: &'h mut Slots<'b>) -> Result<Head<'h>, Rejection> {
    let version = take_version(bytes);
    let bytes: &'b [u8] = bytes;
    let mut request = httparse::Request::new(slots);
    let outcome = request.parse(bytes);
    let (Some(method), Some(target), Some((major, minor))) =
        (request.method, request.path, version)
    else {
        return Err(malformed());
    };
    match outcome {
        Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(refusal::header_fields_too_large()),
        _ => return Err(malformed()),
    }
    // RFC 9112 §3.2: a target is visible ASCII; a fragment is never sent.
    if !target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Err(malformed());
    }
    if major != 1 {
        return Err(refusal::http_version_not_supported());
    }

    let method = Method::from_token(method);
    let target = split_target(method, target).ok_or_else(malformed)?;
    let mut head = Head {
        method,
        path: target.path,
        query: target.query,
        http11: minor > 0,
        host: None,
        framing: Framing::None,
        keep_alive: false,
        expects_continue: false,
        fields: request.headers,
    };
    let host = find_host(&head)?;
    head.host = target.authority.or(host);
    Ok(head)
}

fn malformed() -> Rejection {
    refusal::bad_request("The request line or a header field is malformed.\n")
}

/// Major and minor version at the end of the request line, RFC 9112 §2.3. Any version but 1.0 and
/// 1.1 is then written over with 1.1, so that the rest of the head can be judged.
fn take_version(bytes: &mut [u8]) -> Option<(u8, u8)> {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte))?;
    let line = bytes.get_mut(start..)?.split_mut(|&b| b == b'\n').next()?;
    let len = line.strip_suffix(b"\r").unwrap_or(line).len();
    let version = line.get_mut(..len)?.last_chunk_mut::<8>()?;
    match *version {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            if (major, minor) != (b'1', b'0') {
                *version = *b"HTTP/1.1";
            }
            Some((major - b'0', minor - b'0'))
        }
        _ => None,
    }
}

struct Target<'a> {
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// The four forms of a request target, RFC 9112 §3.2.
fn split_target(method: Method, target: &str) -> Option<Target<'_>> {
    let whole = |authority| Target {
        authority,
        path: "*",
        query: None,
    };
    if method == Method::Connect {
        // authority-form: exactly host and port.
        Authority::parse(target)?.port?;
        return Some(whole(Some(target)));
    }
    if target == "*" {
        return (method == Method::Options).then(|| whole(None));
    }
    let (authority, rest) = if target.starts_with('/') {
        (None, target)
    } else {
        // absolute-form: a server must accept it although only proxies are sent it.
        let (scheme, rest) = target.split_once("://")?;
        let is_http = |name| scheme.eq_ignore_ascii_case(name);
        if !is_http("http") && !is_http("https") {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        Authority::parse(authority)?;
        (Some(authority), rest)
    };
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    Some(Target {
        authority,
        // RFC 9110 §4.2.3: an empty path is the path "/".
        path: if path.is_empty() { "/" } else { path },
        query,
    })
}

/// RFC 9112 §3.2: exactly one valid Host, which only HTTP/1.0 may leave out. An absolute target
/// replaces it, but does not excuse it (§3.2.2).
fn find_host<'a>(head: &Head<'a>) -> Result<Option<&'a str>, Rejection> {
    if head.values("host").next().is_none() && !head.http11 {
        return Ok(None);
    }
    head.single("host")
        .and_then(|value| std::str::from_utf8(value).ok())
        .filter(|host| Authority::parse(host).is_some())
        .map(Some)
        .ok_or_else(|| refusal::bad_request("A request needs exactly one valid Host field.\n"))
}

/// RFC 9112 §6.3: where the body ends. A mistake here would take the body for the next request.
fn find_framing(head: &Head<'_>) -> Result<Framing, Rejection> {
    let has_length = head.values("content-length").next().is_some();
    if head.values("transfer-encoding").next().is_some() {
        // RFC 9112 §6.1: both at once, or a coding on HTTP/1.0, is how smuggling looks.
        if has_length || !head.http11 {
            return Err(refusal::bad_request(
                "Transfer-Encoding excludes Content-Length and HTTP/1.0.\n",
            ));
        }
        return find_chunked(head);
    }
    if !has_length {
        return Ok(Framing::None);
    }
    match parse_content_length(head) {
        Some(0) => Ok(Framing::None),
        Some(len) => Ok(Framing::Length(len)),
        None => Err(refusal::bad_request("Content-Length is invalid.\n")),
    }
}

/// RFC 9112 §6.1 and §7: `chunked` and nothing else. Other codings before it are only not
/// implemented here; where `chunked` is not the last, or comes twice, nobody can find the end (§6.3).
fn find_chunked(head: &Head<'_>) -> Result<Framing, Rejection> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if head.single("transfer-encoding").is_some_and(is_chunked) {
        return Ok(Framing::Chunked);
    }
    let (mut chunked_count, mut has_others, mut ends_in_chunked) = (0, false, false);
    for coding in items(head, "transfer-encoding") {
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
    for item in head
        .values("content-length")
        .flat_map(|value| value.split(|&byte| byte == b','))
    {
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

/// RFC 9110 §10.1.1: `100-continue` is the only expectation; HTTP/1.0 cannot have it, and without
/// a body there is nothing to wait for.
fn find_expectation(head: &Head<'_>) -> Result<bool, Rejection> {
    let mut expects_continue = false;
    for expectation in items(head, "expect") {
        if !expectation.eq_ignore_ascii_case(b"100-continue") {
            return Err(refusal::expectation_failed());
        }
        expects_continue = true;
    }
    Ok(expects_continue && head.http11 && head.framing != Framing::None)
}
