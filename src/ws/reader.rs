//! Takes frames out of the bytes that arrive, and unmasks their payload in place (RFC 6455 §5.2, §5.3).
//!
//! The payload of a text or binary message is given on as it arrives, and never stored here. A control
//! frame is given on whole, so its beginning is kept. Between two reads the reader keeps one unfinished header
//! or frame at most, in a box that exists only then: an idle connection keeps nothing.

use super::close::{self, Violation};
use super::frame::{self, Expect, Header, MAX_HEADER_BYTES, Opcode};
use crate::metered::{Account, Meter};
use std::borrow::Cow;
use std::mem;

/// A whole message of this many bytes can be sent back from where it lies.
///
/// For that the reader makes its header the server's own, right in front of the payload ([`frame::make_own_header`]).
pub const ECHO_IN_PLACE_BYTES: usize = 4 << 10;

/// Unmasked payload: all of a control frame, or the part of a data frame that has arrived (perhaps nothing).
#[derive(Debug)]
pub struct Piece<'a> {
    /// What the frame is.
    pub opcode: Opcode,
    /// The frame is the last one of its message.
    pub fin: bool,
    /// The frame begins a message that an extension has coded (RFC 7692 §6).
    pub rsv1: bool,
    /// The piece is the first one of its frame.
    pub starts_frame: bool,
    /// Bytes of the frame that have not arrived. Zero: the piece is its last one.
    pub missing: u64,
    /// The bytes: borrowed, unless they are a control frame that arrived in several reads.
    pub payload: Cow<'a, [u8]>,
}

impl<'a> Piece<'a> {
    fn new(frame: &Header, starts_frame: bool, payload: Cow<'a, [u8]>) -> Self {
        Self {
            opcode: frame.opcode,
            fin: frame.fin,
            rsv1: frame.rsv1,
            starts_frame,
            missing: frame.payload_len,
            payload,
        }
    }

    /// Whether this piece is the last of its message.
    pub fn ends_message(&self) -> bool {
        self.fin && self.missing == 0
    }

    /// The payload of a whole plain message, where it lies. `None`: the piece is anything else.
    pub fn whole(&self) -> Option<&'a [u8]> {
        let is_message = matches!(self.opcode, Opcode::Text | Opcode::Binary) && !self.rsv1;
        match self.payload {
            Cow::Borrowed(payload) if is_message && self.starts_frame && self.ends_message() => Some(payload),
            _ => None,
        }
    }
}

/// Gives the pieces of frames, however the bytes are cut into reads.
#[derive(Debug, Default)]
pub struct Reader {
    unfinished: Option<Box<Kept>>,
}

/// What is kept between two reads.
#[derive(Debug)]
struct Kept {
    unfinished: Unfinished,
    account: Account,
}

#[derive(Debug)]
enum Unfinished {
    /// The first bytes of a header.
    Header { bytes: [u8; MAX_HEADER_BYTES], len: usize },
    /// A frame whose payload is not complete. `rest` has the length and the key of the bytes to come;
    /// `control` is the payload so far, if it is a control frame.
    Frame { rest: Header, control: Vec<u8> },
}

/// Takes the payload that has arrived, unmasked. `rest` then describes the bytes after it.
#[inline]
fn take_payload<'a>(rest: &mut Header, input: &mut &'a mut [u8]) -> &'a mut [u8] {
    let len = usize::try_from(rest.payload_len).unwrap_or(usize::MAX);
    let payload = take(input, len.min(input.len()));
    frame::unmask(payload, rest.masking_key);
    skip_payload(rest, payload.len());
    payload
}

/// Makes `rest` describe the bytes after the next `len` bytes of payload.
fn skip_payload(rest: &mut Header, len: usize) {
    rest.masking_key = frame::advance_key(rest.masking_key, len);
    rest.payload_len = rest.payload_len.saturating_sub(len as u64);
}

impl Reader {
    /// Gives the next piece in `input`, and takes what it used off `input`.
    ///
    /// Returns `Ok(None)` if all of it is used and more is needed.
    ///
    /// # Errors
    /// The rule that the first wrong byte breaks.
    #[inline]
    pub fn next<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        expect: &Expect,
    ) -> Result<Option<Piece<'a>>, Violation> {
        if self.unfinished.is_some() {
            return self.resume(input, expect);
        }
        match frame::decode(input, expect)? {
            Some(header) => {
                take(input, header.header_len);
                self.begin(header, input)
            }
            None if input.is_empty() => Ok(None),
            None => Ok(self.keep_header(take(input, input.len()))),
        }
    }

    /// A short way of [`Reader::next`] for a message that is one whole frame.
    ///
    /// It lies at the start of `input`. No other message may have begun. Returns `None`, and uses nothing, if there is anything else, if the message has
    /// more than `room` bytes, or if it breaks a rule; the caller must then ask [`Reader::next`].
    #[inline]
    pub fn next_whole<'a>(&mut self, input: &mut &'a mut [u8], room: u64) -> Option<(Opcode, &'a mut [u8])> {
        if self.unfinished.is_some() {
            return None;
        }
        match frame::decode_fast(input, &Expect::message(room)) {
            Some(header) => take_whole(&header, input),
            None => take_longer(input, room),
        }
    }

    /// Whether the last read ended inside a frame, or inside its header.
    #[inline]
    pub fn is_inside_frame(&self) -> bool {
        self.unfinished.is_some()
    }

    /// How many bytes of a data frame are still to come. `None`: the last read did not end inside one.
    #[inline]
    pub fn missing(&self) -> Option<u64> {
        match &self.unfinished.as_deref()?.unfinished {
            Unfinished::Frame { rest, .. } if !rest.opcode.is_control() => Some(rest.payload_len),
            _ => None,
        }
    }

    /// Skips `len` bytes of a data frame that the caller has read elsewhere.
    ///
    /// They may not be more than [`Reader::missing`]. Returns the key that unmasks them, and whether they end their
    /// message.
    pub fn skip(&mut self, len: usize) -> Option<([u8; 4], bool)> {
        let Unfinished::Frame { rest, .. } = &mut self.unfinished.as_deref_mut()?.unfinished else {
            return None;
        };
        let masking_key = rest.masking_key;
        skip_payload(rest, len);
        let (ends_frame, fin) = (rest.payload_len == 0, rest.fin);
        if ends_frame {
            self.unfinished = None;
        }
        Some((masking_key, ends_frame && fin))
    }

    /// The header of a message whose first frame is unfinished in `bytes`.
    ///
    /// Returns `None` if there is anything else, or if the frame has more than `room` bytes.
    pub fn begins_message(&self, bytes: &[u8], room: u64) -> Option<Header> {
        if self.unfinished.is_some() {
            return None;
        }
        let header = frame::decode(bytes, &Expect::message(room)).ok()??;
        let arrived = (bytes.len() - header.header_len) as u64;
        let begins = matches!(header.opcode, Opcode::Text | Opcode::Binary);
        (begins && header.payload_len > arrived).then_some(header)
    }

    /// Begins a frame whose first `arrived` bytes the caller keeps.
    pub fn begin_elsewhere(&mut self, header: &Header, arrived: usize) {
        let mut rest = *header;
        skip_payload(&mut rest, arrived);
        self.keep_frame(rest, Vec::new());
    }

    /// Bytes of memory that the reader keeps between two reads.
    pub fn held_bytes(&self) -> usize {
        match self.unfinished.as_deref().map(|kept| &kept.unfinished) {
            None => 0,
            Some(Unfinished::Header { .. }) => size_of::<Kept>(),
            Some(Unfinished::Frame { control, .. }) => size_of::<Kept>() + control.capacity(),
        }
    }

    pub(super) fn count(&mut self, meter: &Meter) {
        let held = self.held_bytes();
        if let Some(kept) = &mut self.unfinished {
            kept.account.set(held, meter);
        }
    }

    fn keep(&mut self, unfinished: Unfinished) {
        self.unfinished = Some(Box::new(Kept { unfinished, account: Account::default() }));
    }

    /// Continues with the header or frame that an earlier read left unfinished.
    #[cold]
    fn resume<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        expect: &Expect,
    ) -> Result<Option<Piece<'a>>, Violation> {
        if input.is_empty() {
            return Ok(None);
        }
        match self.unfinished.take().map(|kept| kept.unfinished) {
            Some(Unfinished::Frame { rest, control }) if rest.opcode.is_control() => {
                self.control(rest, control, input)
            }
            Some(Unfinished::Frame { rest, .. }) => Ok(Some(self.data(rest, false, input))),
            Some(Unfinished::Header { mut bytes, len }) => {
                let added = copy(input, bytes.get_mut(len..).unwrap_or_default());
                let known = bytes.get(..len + added).unwrap_or(&bytes);
                if let Some(header) = frame::decode(known, expect)? {
                    take(input, header.header_len - len);
                    return self.begin(header, input);
                }
                take(input, added);
                Ok(self.keep_header(known))
            }
            None => Ok(None),
        }
    }

    /// Gives the payload that follows a complete header, or its beginning.
    #[inline]
    fn begin<'a>(
        &mut self,
        header: Header,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Piece<'a>>, Violation> {
        match header.opcode.is_control() {
            true => self.control(header, Vec::new(), input),
            false => Ok(Some(self.data(header, true, input))),
        }
    }

    #[inline]
    fn data<'a>(&mut self, mut rest: Header, starts_frame: bool, input: &mut &'a mut [u8]) -> Piece<'a> {
        let payload = take_payload(&mut rest, input);
        if rest.payload_len > 0 {
            self.keep_frame(rest, Vec::new());
        }
        Piece::new(&rest, starts_frame, Cow::Borrowed(payload))
    }

    #[cold]
    fn control<'a>(
        &mut self,
        mut rest: Header,
        mut earlier: Vec<u8>,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Piece<'a>>, Violation> {
        let arrived = take_payload(&mut rest, input);
        let payload = if earlier.is_empty() {
            Cow::Borrowed(&*arrived)
        } else {
            earlier.extend_from_slice(arrived);
            Cow::Owned(earlier)
        };
        let complete = rest.payload_len == 0;
        if rest.opcode == Opcode::Close {
            close::check_payload(&payload, complete)?;
        }
        if complete {
            return Ok(Some(Piece::new(&rest, true, payload)));
        }
        self.keep_frame(rest, payload.into_owned());
        Ok(None)
    }

    #[cold]
    fn keep_frame(&mut self, rest: Header, control: Vec<u8>) {
        self.keep(Unfinished::Frame { rest, control });
    }

    /// Keeps an unfinished header. Returns `None`: there is no piece yet.
    #[cold]
    fn keep_header(&mut self, known: &[u8]) -> Option<Piece<'static>> {
        let mut bytes = [0; MAX_HEADER_BYTES];
        let len = copy(known, &mut bytes);
        self.keep(Unfinished::Header { bytes, len });
        None
    }
}

/// Copies bytes for which there is place. Returns how many.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    for (slot, byte) in to.iter_mut().zip(from) {
        *slot = *byte;
    }
    from.len().min(to.len())
}

/// Takes a message of one whole frame whose header `decode_fast` does not know.
#[inline(never)]
fn take_longer<'a>(input: &mut &'a mut [u8], room: u64) -> Option<(Opcode, &'a mut [u8])> {
    let header = frame::decode(input, &Expect::message(room)).ok()??;
    take_whole(&header, input)
}

/// Takes the payload, unmasked, of a message that is one frame and all there.
///
/// The compiler makes it a part of both callers: what `decode_fast` knows of a header is not asked again.
#[inline(always)]
fn take_whole<'a>(header: &Header, input: &mut &'a mut [u8]) -> Option<(Opcode, &'a mut [u8])> {
    let payload_len = usize::try_from(header.payload_len).ok()?;
    let is_message = header.fin && matches!(header.opcode, Opcode::Text | Opcode::Binary);
    if !is_message || input.len() - header.header_len < payload_len {
        return None;
    }
    let head = take(input, header.header_len);
    if payload_len >= ECHO_IN_PLACE_BYTES {
        frame::make_own_header(head);
    }
    let payload = take(input, payload_len);
    frame::unmask(payload, header.masking_key);
    Some((header.opcode, payload))
}

/// Cuts the first `len` bytes off `input`.
#[inline]
fn take<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (head, rest) = mem::take(input).split_at_mut_checked(len).unwrap_or_default();
    *input = rest;
    head
}
