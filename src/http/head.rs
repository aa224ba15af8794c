//! Reads a request head: start line and header fields (RFC 9112 §2 to §5).
//!
//! `scan::HeadScanner` has found the end of the head. `parse` reads it once with the package httparse, and judges
//! grammar, version and `Host`. Other rules are judged later: the body in `framing`, the name in
//! `Host` in `policy`, an upgrade in `ws::handshake`.

use super::authority::Authority;
use super::fields::Fields;
use super::method::Method;
use super::refusal::{self, Rejection};

/// Header fields of one request. Over it: `431`. No flag: they have their places on the stack.
pub const MAX_FIELDS: usize = 100;

/// Room for the fields of one head.
pub type Slots<'b> = [httparse::Header<'b>; MAX_FIELDS];

/// Empty room for the fields of one head, for [`parse`].
pub const NO_FIELDS: Slots<'static> = [httparse::EMPTY_HEADER; MAX_FIELDS];

/// One complete request head, borrowed from the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The request method.
    pub method: Method,
    /// Path of the target, percent-encoded: visible ASCII without `#`.
    ///
    /// It starts with `/`, or is `*` (OPTIONS of the whole server; CONNECT, which has no path).
    pub path: &'a str,
    /// The text after the first `?` of the target.
    pub query: Option<&'a str>,
    /// Whether the version is HTTP/1.1 or a later 1.x. `false`: it is HTTP/1.0.
    pub http11: bool,
    /// The value of `Host`, or the authority of an absolute target. Its grammar is checked.
    pub host: Option<&'a str>,
    /// All header fields.
    pub fields: Fields<'a>,
}

impl Head<'_> {
    /// Whether the connection may stay open after the answer. Never on HTTP/1.0.
    pub fn keep_alive(&self) -> bool {
        self.http11 && !self.fields.has_token("connection", "close")
    }

    /// Whether the request asks for an upgrade to this protocol (RFC 9110 §7.8).
    ///
    /// `Upgrade` names the protocol, and `Connection` must name `Upgrade`.
    pub fn asks_for(&self, protocol: &str) -> bool {
        self.fields.has_token("upgrade", protocol) && self.fields.has_token("connection", "upgrade")
    }
}

/// Reads a complete head, from the first byte to the empty line that `HeadScanner` found.
///
/// It changes the version in `bytes` if that is not 1.0 or 1.1, because httparse knows no other.
///
/// # Errors
/// In this order: `400` for grammar and `431` for too many fields, `505` for a major version other
/// than 1, `400` for target and `Host`.
pub fn parse<'h, 'b: 'h>(bytes: &'b mut [u8], slots: &'h mut Slots<'b>) -> Result<Head<'h>, Rejection> {
    let version = take_version(bytes);
    let bytes: &'b [u8] = bytes;
    let mut request = httparse::Request::new(slots);
    let outcome = request.parse(bytes);
    let (Some(method), Some(target), Some((major, minor))) = (request.method, request.path, version) else {
        return Err(malformed());
    };
    match outcome {
        Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(refusal::header_fields_too_large()),
        _ => return Err(malformed()),
    }
    // RFC 9112 §3.2: a target is visible ASCII, and has no fragment.
    if !target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Err(malformed());
    }
    if major != 1 {
        return Err(refusal::http_version_not_supported());
    }

    let method = Method::from_token(method);
    let (authority, path, query) = split_target(method, target).ok_or_else(malformed)?;
    let fields = Fields(request.headers);
    let host = find_host(fields, minor > 0)?;
    Ok(Head { method, path, query, http11: minor > 0, host: authority.or(host), fields })
}

fn malformed() -> Rejection {
    refusal::bad_request("The request line or a header field is malformed.\n")
}

/// Major and minor version at the end of the request line (RFC 9112 §2.3).
///
/// Any version but 1.0 is then written over with 1.1, so that httparse can read the rest.
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

/// Authority, path and query.
type Target<'a> = (Option<&'a str>, &'a str, Option<&'a str>);

/// Reads the four forms of a request target (RFC 9112 §3.2).
fn split_target(method: Method, target: &str) -> Option<Target<'_>> {
    if method == Method::Connect {
        // authority-form: exactly host and port.
        Authority::parse(target)?.port?;
        return Some((Some(target), "*", None));
    }
    if target == "*" {
        return (method == Method::Options).then_some((None, "*", None));
    }
    let (authority, rest) = if target.starts_with('/') {
        (None, target)
    } else {
        // absolute-form: only proxies get it, but every server must accept it.
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
    // RFC 9110 §4.2.3: an empty path is the path "/".
    let path = if path.is_empty() { "/" } else { path };
    Some((authority, path, query))
}

/// The one valid `Host`, which only HTTP/1.0 may leave out (RFC 9112 §3.2).
///
/// It must be there also if an absolute target replaces it (§3.2.2).
fn find_host(fields: Fields<'_>, http11: bool) -> Result<Option<&str>, Rejection> {
    if !http11 && fields.values("host").next().is_none() {
        return Ok(None);
    }
    fields
        .single("host")
        .and_then(|value| std::str::from_utf8(value).ok())
        .filter(|host| Authority::parse(host).is_some())
        .map(Some)
        .ok_or_else(|| refusal::bad_request("A request needs exactly one valid Host field.\n"))
}
