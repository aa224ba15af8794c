//! A request head: where it ends, and what it says (RFC 9112 §2 to §5).
//!
//! [`HeadScanner`] finds the end in bytes that arrive in any pieces. It looks at each byte once, so a peer that sends one
//! byte at a time costs no more than one that sends all at once. It refuses only what is sure before the end: bytes that
//! cannot become a request, and sizes over a limit.
//!
//! ```text
//!  Start ── CR LF or LF, once ──┐
//!    │ ◄────────────────────────┘
//!    ▼ token character
//!  Method ─ SP ─► Target ─ SP ─► Line ◄── any other byte ── LineStart ─ LF ─────────► end
//!                                  │                          ▲   └─ CR ─► LastCr ─ LF ─► end
//!                                  └─────────── LF ───────────┘
//! ```
//!
//! A line ends in CR LF or in LF alone, which RFC 9112 §2.2 lets a server accept: people type
//! heads into `nc`.
//!
//! Invariant: the outcome does not depend on how the bytes were cut into pieces.
//!
//! Then [`parse`] reads the head once, with the package httparse, and judges grammar, version and `Host`. Other rules are
//! judged later: the body in `body`, the name in `Host` in `policy`, an upgrade in `ws::handshake`.

use super::method::{Method, NAMES};
use super::policy::Authority;
use super::refusal::{self, Rejection};
use crate::config::Config;

/// Header fields of one request. Over it: `431`. No flag: they have their places on the stack.
pub const MAX_FIELDS: usize = 100;

/// Room for the fields of one head.
pub type Slots<'b> = [httparse::Header<'b>; MAX_FIELDS];

/// Empty room for the fields of one head, for [`parse`].
pub const NO_FIELDS: Slots<'static> = [httparse::EMPTY_HEADER; MAX_FIELDS];

/// Length of the head at the start of `bytes`.
///
/// It is for programs that keep all bytes of a head. `None`: the head is not complete. The limits are those of a default `Config`.
///
/// # Errors
/// The errors of [`HeadScanner::scan`].
pub fn head_len(bytes: &[u8]) -> Result<Option<usize>, Rejection> {
    HeadScanner::default().scan(bytes, &Config::default())
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before the first byte of the request line.
    #[default]
    Start,
    /// A CR before the request line.
    StartCr,
    Method,
    Target,
    /// Inside a line: after the target, or in a field line.
    Line,
    /// At the first byte of a field line, or of the last, empty line.
    LineStart,
    /// A CR at the start of a line.
    LastCr,
}

/// Finds the end of one request head. The next request needs a new scanner.
#[derive(Debug, Clone, Default)]
pub struct HeadScanner {
    state: State,
    /// An empty line before the request line was skipped.
    empty_line_seen: bool,
    /// Bytes of the head that have come. While it is 0, the peer is idle, and not slow.
    pub head_bytes: usize,
    target_bytes: usize,
}

impl HeadScanner {
    /// Looks at bytes that follow those of the call before.
    ///
    /// `Some(n)`: the head ends after the first `n` bytes of `new`, at least one. `None`: all of `new` belongs to a
    /// head that is not complete.
    ///
    /// # Errors
    /// `400` for bytes that cannot become a request, `414` for a target and `431` for a head over
    /// its limit; each at the first byte that proves it.
    pub fn scan(&mut self, new: &[u8], config: &Config) -> Result<Option<usize>, Rejection> {
        let room = config.max_head_bytes.saturating_sub(self.head_bytes);
        let within = new.get(..room).unwrap_or(new);
        let mut rest = within;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            self.state = match (self.state, byte) {
                (State::Start, b'\r') if !self.empty_line_seen => State::StartCr,
                // RFC 9112 §2.2: one empty line is ignored, for clients that end a body with one.
                (State::Start | State::StartCr, b'\n') if !self.empty_line_seen => {
                    self.empty_line_seen = true;
                    State::Start
                }
                (State::Start | State::Method, byte) if is_token_byte(byte) => State::Method,
                (State::Method, b' ') => State::Target,
                (State::Target, b' ') => State::Line,
                (State::Target, byte) if byte != b'\n' => {
                    self.target_bytes += 1;
                    if self.target_bytes > config.tuning.max_target_bytes {
                        return Err(refusal::uri_too_long());
                    }
                    State::Target
                }
                (State::Line, b'\n') => State::LineStart,
                (State::LineStart, b'\r') => State::LastCr,
                (State::LineStart | State::LastCr, b'\n') => return Ok(Some(within.len() - rest.len())),
                (State::Line | State::LineStart, _) => {
                    // Most bytes of a head are of no interest here: go to the end of the line.
                    let skipped = rest.iter().position(|&byte| byte == b'\n');
                    rest = rest.get(skipped.unwrap_or(rest.len())..).unwrap_or(&[]);
                    State::Line
                }
                // A second empty line, a method that is no token (a TLS hello begins 16 03 01), a
                // request line without a version, a CR that ends no line.
                (State::Start | State::StartCr | State::Method | State::Target | State::LastCr, _) => {
                    return Err(refusal::bad_request("This is not an HTTP/1.1 request.\n"));
                }
            };
        }
        self.head_bytes += within.len();
        // A full head that lacks its end can only grow beyond the limit.
        match self.head_bytes >= config.max_head_bytes {
            true => Err(refusal::header_fields_too_large()),
            false => Ok(None),
        }
    }
}

/// Whether a byte may stand in a method, a field name or a token (`tchar` of RFC 9110 §5.6.2).
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// All header fields of a request, in their order. Names are found in any letter case.
///
/// Several fields of one name mean the same as one with the values joined by commas (RFC 9110 §5.3), so each function
/// reads all of them. Nothing is copied or collected.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(pub &'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of all fields of this name, in order, without white space around them.
    pub fn values<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    /// The value of the only field of this name; `None` when there is none, or more than one.
    pub fn single(self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first field of this name, when it is UTF-8.
    pub fn text(self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.values(name).next()?).ok()
    }

    /// The items in all fields of this name, without white space around them.
    ///
    /// Empty items are left out (RFC 9110 §5.6.1.2). The items may not have quoted strings.
    pub fn items<'n>(self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|item| !item.is_empty())
    }

    /// Whether `token` is an item of the fields of this name, in any letter case.
    ///
    /// `Connection: keep-alive, Upgrade` has the token `upgrade`; `Connection: upgrade-insecure` has not.
    pub fn has_token(self, name: &str, token: &str) -> bool {
        self.items(name).any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
    }
}

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
    /// The value of `Host`, or the authority of an absolute target.
    pub host: Option<Authority<'a>>,
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
    let http11 = minor > 0;
    let method = NAMES.iter().find(|(_, name)| *name == method).map_or(Method::Unknown, |(known, _)| *known);
    // Nearly all targets are a path, and perhaps a query (origin-form, RFC 9112 §3.2.1).
    let is_usual = target.starts_with('/') && method != Method::Connect;
    let usual = is_usual.then_some((None, target));
    let other = || split_other_target(method, target).ok_or_else(malformed);
    let (authority, rest) = usual.map_or_else(other, Ok)?;
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    // RFC 9110 §4.2.3: an empty path is the path "/".
    let path = if path.is_empty() { "/" } else { path };
    // The one valid `Host`, which only HTTP/1.0 may leave out (RFC 9112 §3.2). It must be there also if an absolute
    // target replaces it (§3.2.2).
    let fields = Fields(request.headers);
    let is_left_out = !http11 && fields.values("host").next().is_none();
    let text = fields.single("host").and_then(|value| std::str::from_utf8(value).ok());
    let host = text.and_then(Authority::parse);
    if host.is_none() && !is_left_out {
        return Err(refusal::bad_request("A request needs exactly one valid Host field.\n"));
    }
    Ok(Head { method, path, query, http11, host: authority.or(host), fields })
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

/// Reads a target that does not begin with its path: authority, then path and query (RFC 9112 §3.2).
#[cold]
fn split_other_target(method: Method, target: &str) -> Option<(Option<Authority<'_>>, &str)> {
    if method == Method::Connect {
        // authority-form: exactly host and port.
        let authority = Authority::parse(target)?;
        return authority.port.map(|_| (Some(authority), "*"));
    }
    if target == "*" {
        return (method == Method::Options).then_some((None, "*"));
    }
    // absolute-form: only proxies get it, but every server must accept it.
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "https"].iter().any(|name| scheme.eq_ignore_ascii_case(name)) {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    Some((Some(Authority::parse(authority)?), rest))
}
