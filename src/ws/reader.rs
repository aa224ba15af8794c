//! Bytes into frames: headers are decoded, payload is unmasked where it lies and
//! handed on as it arrives (RFC 6455 §5.2, §5.3).
//!
//! Data payload is never stored here. What is kept between two reads is at most one begun
//! header or one begun control frame, in a box that exists only then: an idle
//! connection keeps nothing.

use super::close::{self, Violation};
use super::frame::{self, Expect, Header, MAX_HEADER_BYTES, Opcode};
use std::mem;

/// What the reader found.
#[derive(Debug)]
pub enum Part<'a> {
    /// A whole control frame.
    Control(Control),
    /// Payload of a data frame, as much as has arrived (perhaps nothing).
    Data(Piece<'a>),
}

/// The payload of a control frame: 0 to 125 bytes.
#[derive(Debug, Clone)]
pub struct Control {
    /// Close, Ping or Pong.
    pub opcode: Opcode,
    bytes: [u8; 125],
    len: usize,
}

impl Control {
    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(free) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            free.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

/// Unmasked payload of a data frame.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Text, Binary or Continuation.
    pub opcode: Opcode,
    /// The frame is the last one of its message.
    pub fin: bool,
    /// This is the first piece of its frame.
    pub starts_frame: bool,
    /// This is the last piece of its frame.
    pub ends_frame: bool,
    /// The bytes.
    pub payload: &'a mut [u8],
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
    /// A control frame whose payload is not complete.
    Control {
        control: Control,
        missing: usize,
        masking_key: [u8; 4],
    },
    /// A data frame whose payload is not complete.
    Data {
        opcode: Opcode,
        fin: bool,
        missing: u64,
        masking_key: [u8; 4],
    },
}

impl Reader {
    /// The next part in `input`, which is shortened by what was used.
    /// `Ok(None)`: all of it was used and more is needed.
    ///
    /// # Errors
    /// The rule that the first offending byte breaks.
    #[inline]
    pub fn next<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        expect: &Expect,
    ) -> Result<Option<Part<'a>>, Violation> {
        if self.unfinished.is_some() {
            return self.resume(input, expect);
        }
        match frame::decode(input, expect)? {
            Some(header) => {
                take(input, header.header_len);
                self.begin(&header, input)
            }
            None => {
                if !input.is_empty() {
                    self.keep_header(take(input, input.len()));
                }
                Ok(None)
            }
        }
    }

    /// Goes on with what an earlier read left unfinished.
    fn resume<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        expect: &Expect,
    ) -> Result<Option<Part<'a>>, Violation> {
        if input.is_empty() {
            return Ok(None);
        }
        match self.unfinished.take().map(|unfinished| *unfinished) {
            Some(Unfinished::Control {
                control,
                missing,
                masking_key,
            }) => self.control(control, missing, masking_key, input),
            Some(Unfinished::Data {
                opcode,
                fin,
                missing,
                masking_key,
            }) => Ok(Some(self.data(
                (opcode, fin),
                false,
                missing,
                masking_key,
                input,
            ))),
            Some(Unfinished::Header { mut bytes, len }) => {
                let free = bytes.get_mut(len..).unwrap_or_default();
                let added = free.len().min(input.len());
                for (slot, byte) in free.iter_mut().zip(input.iter()) {
                    *slot = *byte;
                }
                let known = bytes.get(..len + added).unwrap_or(&bytes);
                match frame::decode(known, expect)? {
                    Some(header) => {
                        take(input, header.header_len - len);
                        self.begin(&header, input)
                    }
                    None => {
                        take(input, added);
                        self.keep_header(known);
                        Ok(None)
                    }
                }
            }
            None => Ok(None),
        }
    }

    /// The header is complete: hands on the payload, or its beginning.
    #[inline]
    fn begin<'a>(
        &mut self,
        header: &Header,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Part<'a>>, Violation> {
        if header.opcode.is_control() {
            let control = Control {
                opcode: header.opcode,
                bytes: [0; 125],
                len: 0,
            };
            let missing = usize::try_from(header.payload_len).unwrap_or(0);
            return self.control(control, missing, header.masking_key, input);
        }
        let kind = (header.opcode, header.fin);
        Ok(Some(self.data(
            kind,
            true,
            header.payload_len,
            header.masking_key,
            input,
        )))
    }

    #[inline]
    fn data<'a>(
        &mut self,
        (opcode, fin): (Opcode, bool),
        starts_frame: bool,
        missing: u64,
        masking_key: [u8; 4],
        input: &mut &'a mut [u8],
    ) -> Part<'a> {
        let len = usize::try_from(missing)
            .unwrap_or(usize::MAX)
            .min(input.len());
        let payload = take(input, len);
        frame::unmask(payload, masking_key);
        let missing = missing - len as u64;
        let ends_frame = missing == 0;
        if !ends_frame {
            let masking_key = frame::advance_key(masking_key, len);
            self.unfinished = Some(Box::new(Unfinished::Data {
                opcode,
                fin,
                missing,
                masking_key,
            }));
        }
        Part::Data(Piece {
            opcode,
            fin,
            starts_frame,
            ends_frame,
            payload,
        })
    }

    fn control<'a>(
        &mut self,
        mut control: Control,
        missing: usize,
        masking_key: [u8; 4],
        input: &mut &'a mut [u8],
    ) -> Result<Option<Part<'a>>, Violation> {
        let payload = take(input, missing.min(input.len()));
        frame::unmask(payload, masking_key);
        control.push(payload);
        let complete = payload.len() == missing;
        if control.opcode == Opcode::Close {
            close::check_payload(control.payload(), complete)?;
        }
        if complete {
            return Ok(Some(Part::Control(control)));
        }
        let missing = missing - payload.len();
        let masking_key = frame::advance_key(masking_key, payload.len());
        self.unfinished = Some(Box::new(Unfinished::Control {
            control,
            missing,
            masking_key,
        }));
        Ok(None)
    }

    fn keep_header(&mut self, known: &[u8]) {
        let mut bytes = [0; MAX_HEADER_BYTES];
        for (slot, byte) in bytes.iter_mut().zip(known) {
            *slot = *byte;
        }
        let len = known.len().min(MAX_HEADER_BYTES);
        self.unfinished = Some(Box::new(Unfinished::Header { bytes, len }));
    }
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
