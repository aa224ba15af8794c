//! permessage-deflate (RFC 7692) as the generator does it: messages compressed beforehand, replies looked into.
//!
//! The implementation of DEFLATE is another one than the server's, so that a mistake is not made twice.

use std::io::Read;
use std::net::TcpStream;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::Result;
use crate::frames::{Incoming, Outgoing, Repeated};
use crate::handshake::Agreed;
use crate::message::{FIN, Message, RSV1};

/// What ends a sync flush, and is left out on the wire (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The payload of a compressed message that refers to nothing before it.
#[must_use]
pub fn compress(payload: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(payload.len() + 64);
    // Memory is the only thing that it can fail for, and there is room for what does not get smaller.
    let _ = Compress::new(Compression::default(), false).compress_vec(
        payload,
        &mut compressed,
        FlushCompress::Sync,
    );
    if compressed.ends_with(&TAIL) {
        compressed.truncate(compressed.len() - TAIL.len());
    }
    compressed
}

/// The replies on one connection when each of them looks different, because the server's compressor refers back
/// to earlier ones; also the first reply of a server whose later ones must look the same.
///
/// Headers are always checked. The payloads of a witness are inflated, each with those before it in the
/// window, and must be the message.
#[derive(Debug)]
pub struct Replies {
    message: Message,
    header: Vec<u8>,
    /// Bytes of the payload that have not come.
    left: usize,
    witness: Option<Witness>,
}

#[derive(Debug)]
struct Witness {
    inflater: Decompress,
    text: Vec<u8>,
    payload: Vec<u8>,
}

impl Witness {
    fn check(&mut self) -> Result<(), String> {
        self.payload.extend(TAIL);
        let mut found = Vec::with_capacity(self.text.len() + 64);
        let before = self.inflater.total_in();
        let status = self
            .inflater
            .decompress_vec(&self.payload, &mut found, FlushDecompress::Sync);
        let taken = self.inflater.total_in() - before;
        let whole = taken == self.payload.len() as u64;
        self.payload.clear();
        match status {
            Ok(Status::Ok | Status::BufError) if whole && found == self.text => Ok(()),
            Ok(_) => Err(format!(
                "a reply inflates to {} unexpected bytes",
                found.len()
            )),
            Err(error) => Err(format!("a reply does not inflate: {error}")),
        }
    }
}

impl Replies {
    /// Nothing has come yet. Whether this one is a `witness` is for the caller to say: it takes some time.
    #[must_use]
    pub fn new(message: Message, witness: bool) -> Self {
        Self {
            message,
            header: Vec::with_capacity(4),
            left: 0,
            witness: witness.then(|| Witness {
                inflater: Decompress::new(false),
                text: message.payload(),
                payload: Vec::new(),
            }),
        }
    }

    /// Takes these bytes; returns how many messages are complete with them.
    ///
    /// # Errors
    /// They are not such frames as should have come, or not the message.
    pub fn check(&mut self, mut bytes: &[u8]) -> Result<usize, String> {
        let mut complete = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if self.left == 0 {
                self.header.push(*first);
                self.left = self.judge()?.unwrap_or(0);
                bytes = rest;
                continue;
            }
            let (payload, rest) = bytes.split_at_checked(self.left).unwrap_or((bytes, &[]));
            self.left -= payload.len();
            if let Some(witness) = &mut self.witness {
                witness.payload.extend(payload);
            }
            bytes = rest;
            if self.left == 0 {
                self.header.clear();
                complete += 1;
                if let Some(witness) = &mut self.witness {
                    witness.check()?;
                }
            }
        }
        Ok(complete)
    }

    /// The length of the payload, if the header is whole.
    fn judge(&self) -> Result<Option<usize>, String> {
        let first_byte = FIN | RSV1 | self.message.opcode();
        let length = match *self.header.as_slice() {
            [first] if first == first_byte => return Ok(None),
            [_, 126] | [_, 126, _] => return Ok(None),
            [_, 126, high, low] => usize::from(u16::from_be_bytes([high, low])),
            [first, length @ 1..126] if first == first_byte => usize::from(length),
            _ => 0,
        };
        if (1..=self.message.size).contains(&length) {
            return Ok(Some(length));
        }
        let header = &self.header;
        Err(format!(
            "the header {header:02x?} is not that of a compressed message"
        ))
    }
}

/// Sends one message, blocking, and returns the frame that answers it.
///
/// # Errors
/// Those of the socket, or the reply is not the message, or not compressed in the way that was agreed.
pub fn exchange(
    stream: &mut TcpStream,
    requests: &Repeated,
    mut check: impl FnMut(&[u8]) -> Result<usize, String>,
) -> Result<Vec<u8>> {
    let mut outgoing = Outgoing::default();
    outgoing.owe(requests, 1);
    outgoing.flush(requests, stream)?;
    let mut frame = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer)?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Err("the server closed a connection".into());
        }
        frame.extend(bytes);
        match check(bytes)? {
            0 => {}
            1 => return Ok(frame),
            _ => return Err("more replies than messages".into()),
        }
    }
}

/// Sends one message to be echoed, compressed if that was agreed, and waits for the reply.
///
/// # Errors
/// As [`exchange`].
pub fn echo_once(stream: &mut TcpStream, message: Message, agreed: Agreed) -> Result<()> {
    if agreed == Agreed::Nothing {
        let (replies, mut incoming) = (message.replies(), Incoming::default());
        let check = |bytes: &[u8]| incoming.check(&replies, bytes);
        exchange(stream, &message.requests(), check)?;
    } else {
        let mut replies = Replies::new(message, true);
        let check = |bytes: &[u8]| replies.check(bytes);
        exchange(stream, &message.compressed_requests(), check)?;
    }
    Ok(())
}

/// The stream of nothing but this frame, which [`exchange`] has returned.
#[must_use]
pub fn repeated(mut frame: Vec<u8>) -> Repeated {
    let header = if frame.get(1) == Some(&126) { 4 } else { 2 };
    let payload = frame.split_off(header);
    Repeated::new(frame, payload)
}
