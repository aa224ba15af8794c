//! Bytes into frames: headers are decoded, payload is unmasked where it lies and
//! handed on as it arrives (RFC 6455 §5.2, §5.3).
//!
//! Data payload is never stored here. What is kept between two reads is at most one begun
//! header, or what is known of one begun frame, in a box that exists only then: an idle
//! connection keeps nothing. Control frames are handed on whole, so the beginning of one is kept.

use super::close::{self, Violation};
use super::frame::{self, Expect, Header, MAX_HEADER_BYTES, Opcode};
use std::borrow::Cow;
use std::mem;

/// The reader turns the header of a message that arrives whole and has this many bytes or more into the header that
/// we would send with it. It stands in front of the payload.
pub const TURNED_BYTES: usize = 4 << 10;

/// Unmasked payload of a frame: of a data frame as much as has arrived (perhaps nothing), of a control frame all.
#[derive(Debug)]
pub struct Piece<'a> {
    /// What the frame is.
    pub opcode: Opcode,
    /// The frame is the last one of its message.
    pub fin: bool,
    /// It begins a message that an extension has coded (RFC 7692 §6).
    pub rsv1: bool,
    /// This is the first piece of its frame.
    pub starts_frame: bool,
    /// Bytes of the frame that have not arrived. Zero: this is its last piece.
    pub missing: u64,
    /// The bytes. Borrowed, unless a control frame arrived in several reads.
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
    #[must_use]
    pub fn ends_message(&self) -> bool {
        self.fin && self.missing == 0
    }

    /// The payload of a whole message that is not coded, where it lies. `None`: the piece is anything else.
    #[must_use]
    pub fn whole(&self) -> Option<&'a [u8]> {
        let is_message = matches!(self.opcode, Opcode::Text | Opcode::Binary) && !self.rsv1;
        match self.payload {
            Cow::Borrowed(payload) if is_message && self.starts_frame && self.ends_message() => {
                Some(payload)
            }
            _ => None,
        }
    }
}

/// Payload that was read to its place: see [`Reader::pass`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The key that undoes the mask of these bytes.
    pub masking_key: [u8; 4],
    /// They are the last ones of their message.
    pub ends_message: bool,
}

/// Takes frames apart, whatever pieces they arrive in.
#[derive(Debug, Default)]
pub struct Reader {
    unfinished: Option<Box<Unfinished>>,
}

#[derive(Debug)]
enum Unfinished {
    /// The first bytes of a header.
    Header {
        bytes: [u8; MAX_HEADER_BYTES],
        len: usize,
    },
    /// A frame whose payload is not complete. Length and key in `rest` are those of the bytes that are to come. Of a control
    /// frame also the payload so far.
    Frame { rest: Header, control: Vec<u8> },
}

/// Takes what there is of the payload, unmasked. `rest` moves on to the bytes after it.
#[inline]
fn take_payload<'a>(rest: &mut Header, input: &mut &'a mut [u8]) -> &'a mut [u8] {
    let len = usize::try_from(rest.payload_len).unwrap_or(usize::MAX);
    let payload = take(input, len.min(input.len()));
    frame::unmask(payload, rest.masking_key);
    skip_payload(rest, payload.len());
    payload
}

/// Moves on by `len` bytes of the payload.
fn skip_payload(rest: &mut Header, len: usize) {
    rest.masking_key = frame::advance_key(rest.masking_key, len);
    rest.payload_len = rest.payload_len.saturating_sub(len as u64);
}

impl Reader {
    /// The next piece in `input`, which is shortened by what was used.
    /// `Ok(None)`: all of it was used and more is needed.
    ///
    /// # Errors
    /// The rule that the first offending byte breaks.
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
            None => {
                if !input.is_empty() {
                    self.keep_header(take(input, input.len()));
                }
                Ok(None)
            }
        }
    }

    /// Does what [`Reader::next`] does, in a shorter way, for a message of up to `room` bytes that is one frame and lies
    /// whole at the start of `input`, when no other has begun. `None`: there is anything else, or a violation; nothing
    /// is used then.
    #[inline]
    pub fn next_whole<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        room: u64,
    ) -> Option<(Opcode, &'a mut [u8])> {
        if self.unfinished.is_some() {
            return None;
        }
        match frame::decode_usual(input, &Expect::message(room)) {
            Some(header) => take_whole(&header, input),
            None => take_longer(input, room),
        }
    }

    /// Whether the last read ended inside a frame, or inside its header.
    #[must_use]
    #[inline]
    pub fn is_inside_frame(&self) -> bool {
        self.unfinished.is_some()
    }

    /// How many bytes of a data frame are still to come, if the last read ended inside one.
    #[must_use]
    #[inline]
    pub fn missing(&self) -> Option<u64> {
        match self.unfinished.as_deref()? {
            Unfinished::Frame { rest, .. } if !rest.opcode.is_control() => Some(rest.payload_len),
            _ => None,
        }
    }

    /// The next `len` bytes of that data frame were read elsewhere; no more than are missing. Gives the key that
    /// undoes their mask, and whether they end the frame, and with it the message.
    pub fn pass(&mut self, len: usize) -> Option<Passed> {
        let Unfinished::Frame { rest, .. } = self.unfinished.as_deref_mut()? else {
            return None;
        };
        let masking_key = rest.masking_key;
        skip_payload(rest, len);
        let ends_frame = rest.payload_len == 0;
        let ends_message = ends_frame && rest.fin;
        if ends_frame {
            self.unfinished = None;
        }
        Some(Passed {
            masking_key,
            ends_message,
        })
    }

    /// The header of a message at the start of `bytes`, if it is plain and they end inside its first frame.
    #[must_use]
    pub fn begins_message(&self, bytes: &[u8], room: u64) -> Option<Header> {
        if self.unfinished.is_some() {
            return None;
        }
        let header = frame::decode(bytes, &Expect::message(room)).ok()??;
        let arrived = (bytes.len() - header.header_len) as u64;
        let begins = matches!(header.opcode, Opcode::Text | Opcode::Binary);
        (begins && header.payload_len > arrived).then_some(header)
    }

    /// The first `arrived` bytes of that frame are kept elsewhere.
    pub fn begin_elsewhere(&mut self, header: &Header, arrived: usize) {
        let mut rest = *header;
        skip_payload(&mut rest, arrived);
        self.keep_frame(rest, Vec::new());
    }

    /// Bytes of memory held between two reads.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        match self.unfinished.as_deref() {
            None => 0,
            Some(Unfinished::Header { .. }) => size_of::<Unfinished>(),
            Some(Unfinished::Frame { control, .. }) => size_of::<Unfinished>() + control.capacity(),
        }
    }

    /// Goes on with what an earlier read left unfinished.
    #[cold]
    fn resume<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        expect: &Expect,
    ) -> Result<Option<Piece<'a>>, Violation> {
        if input.is_empty() {
            return Ok(None);
        }
        match self.unfinished.take().map(|unfinished| *unfinished) {
            Some(Unfinished::Frame { rest, control }) if rest.opcode.is_control() => {
                self.control(rest, control, input)
            }
            Some(Unfinished::Frame { rest, .. }) => Ok(Some(self.data(rest, false, input))),
            Some(Unfinished::Header { mut bytes, len }) => {
                let free = bytes.get_mut(len..).unwrap_or_default();
                let added = free.len().min(input.len());
                for (slot, byte) in free.iter_mut().zip(input.iter()) {
                    *slot = *byte;
                }
                let known = bytes.get(..len + added).unwrap_or(&bytes);
                if let Some(header) = frame::decode(known, expect)? {
                    take(input, header.header_len - len);
                    return self.begin(header, input);
                }
                take(input, added);
                self.keep_header(known);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// The header is complete: hands on the payload, or its beginning.
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
    fn data<'a>(
        &mut self,
        mut rest: Header,
        starts_frame: bool,
        input: &mut &'a mut [u8],
    ) -> Piece<'a> {
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
        self.unfinished = Some(Box::new(Unfinished::Frame { rest, control }));
    }

    #[cold]
    fn keep_header(&mut self, known: &[u8]) {
        let mut bytes = [0; MAX_HEADER_BYTES];
        for (slot, byte) in bytes.iter_mut().zip(known) {
            *slot = *byte;
        }
        let len = known.len().min(MAX_HEADER_BYTES);
        self.unfinished = Some(Box::new(Unfinished::Header { bytes, len }));
    }
}

/// A message whose header is not the most usual, if it is one frame and there is all of it.
#[inline(never)]
fn take_longer<'a>(input: &mut &'a mut [u8], room: u64) -> Option<(Opcode, &'a mut [u8])> {
    let header = frame::decode(input, &Expect::message(room)).ok()??;
    take_whole(&header, input)
}

/// The payload, unmasked, of a message that is one frame, if there is all of it. Part of both its
/// callers: of the most usual header much is known, and not asked again.
#[inline(always)]
fn take_whole<'a>(header: &Header, input: &mut &'a mut [u8]) -> Option<(Opcode, &'a mut [u8])> {
    let payload_len = usize::try_from(header.payload_len).ok()?;
    let is_message = header.fin && matches!(header.opcode, Opcode::Text | Opcode::Binary);
    if !is_message || input.len() - header.header_len < payload_len {
        return None;
    }
    let head = take(input, header.header_len);
    if payload_len >= TURNED_BYTES {
        frame::turn_header(head);
    }
    let payload = take(input, payload_len);
    frame::unmask(payload, header.masking_key);
    Some((header.opcode, payload))
}

/// Cuts the first `len` bytes off `input`.
#[inline]
fn take<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (head, rest) = mem::take(input)
        .split_at_mut_checked(len)
        .unwrap_or_default();
    *input = rest;
    head
}
