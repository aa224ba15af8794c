//! permessage-deflate (RFC 7692) as the generator does it: messages compressed beforehand, replies looked into.
//!
//! The implementation of DEFLATE is another one than the server's, so that a mistake is not made twice.

use std::collections::VecDeque;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

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

/// The replies on one connection to a client that has agreed to compression.
///
/// Each server compresses in its own way, and some do not even do so in the same way each time. So there is
/// nothing to compare replies with but what they inflate to. Headers are always checked, payloads as [`Payloads`]
/// says.
#[derive(Debug)]
pub struct Replies {
    message: Message,
    header: Vec<u8>,
    /// Bytes of the payload that have not come.
    left: usize,
    payload: Vec<u8>,
    text: Vec<u8>,
    payloads: Payloads,
}

/// How payloads are checked.
#[derive(Debug)]
enum Payloads {
    /// Each stands by itself: it must be one of those that were inflated and found to be the message. One that is
    /// not yet among them is inflated. (The last few are known.)
    Alone(VecDeque<Vec<u8>>),
    /// They refer to those before them: all are inflated, with those in the window.
    Inflated(Decompress),
    /// They refer to those before them, and are counted; other connections are looked into.
    Counted,
}

/// How many different payloads for the same message are kept.
const KNOWN: usize = 4;

/// Of so many connections with a context that is taken over, one inflates all that it gets.
const CONNECTIONS_PER_WITNESS: usize = 50;

impl Replies {
    /// Nothing has come yet. `number` is the connection's; `None`: nothing is compressed there.
    #[must_use]
    pub fn new(message: Message, agreed: Agreed, number: usize) -> Option<Self> {
        let payloads = match agreed {
            Agreed::Nothing => return None,
            Agreed::NoTakeover => Payloads::Alone(VecDeque::new()),
            Agreed::Takeover if number.is_multiple_of(CONNECTIONS_PER_WITNESS) => {
                Payloads::Inflated(Decompress::new(false))
            }
            Agreed::Takeover => Payloads::Counted,
        };
        Some(Self {
            message,
            header: Vec::with_capacity(4),
            left: 0,
            payload: Vec::new(),
            text: message.payload(),
            payloads,
        })
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
                self.left = self.judge_header()?.unwrap_or(0);
                bytes = rest;
                continue;
            }
            let (payload, rest) = bytes.split_at_checked(self.left).unwrap_or((bytes, &[]));
            self.left -= payload.len();
            self.payload.extend(payload);
            bytes = rest;
            if self.left == 0 {
                complete += 1;
                self.judge_payload()?;
                self.header.clear();
                self.payload.clear();
            }
        }
        Ok(complete)
    }

    /// The length of the payload, if the header is whole.
    fn judge_header(&self) -> Result<Option<usize>, String> {
        let first_byte = FIN | RSV1 | self.message.opcode();
        let length = match *self.header.as_slice() {
            [first] if first == first_byte => return Ok(None),
            [_, 126] | [_, 126, _] => return Ok(None),
            [_, 126, high, low] => usize::from(u16::from_be_bytes([high, low])),
            [_, length @ 1..126] => usize::from(length),
            _ => 0,
        };
        if (1..=self.message.size).contains(&length) {
            return Ok(Some(length));
        }
        let header = &self.header;
        Err(format!("the header {header:02x?} is not that of a compressed message"))
    }

    fn judge_payload(&mut self) -> Result<(), String> {
        match &mut self.payloads {
            Payloads::Counted => Ok(()),
            Payloads::Inflated(inflater) => must_inflate(inflater, &mut self.payload, &self.text),
            Payloads::Alone(known) if known.contains(&self.payload) => Ok(()),
            Payloads::Alone(known) => {
                known.push_back(self.payload.clone());
                if known.len() > KNOWN {
                    known.pop_front();
                }
                must_inflate(&mut Decompress::new(false), &mut self.payload, &self.text)
            }
        }
    }
}

/// Inflates one payload behind those that this inflater has seen.
fn must_inflate(inflater: &mut Decompress, payload: &mut Vec<u8>, text: &[u8]) -> Result<(), String> {
    payload.extend(TAIL);
    // Room for more than the text, so that it would show.
    let mut found = Vec::with_capacity(text.len() + 64);
    let status = inflater.decompress_vec(payload, &mut found, FlushDecompress::Sync);
    match status {
        Ok(Status::Ok | Status::BufError) if found == text => Ok(()),
        Ok(_) => Err(format!("a reply inflates to {} unexpected bytes", found.len())),
        Err(error) => Err(format!("a reply does not inflate: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Offer;
    use crate::message::Kind;

    const JSON: Message = Message { kind: Kind::Json, size: 1024 };

    fn frame(payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap();
        let mut frame = vec![0xc1];
        if length < 126 {
            frame.push(u8::try_from(length).unwrap());
        } else {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        frame.extend(payload);
        frame
    }

    /// Replies of a server whose compressor remembers.
    fn with_takeover(texts: &[&[u8]]) -> Vec<u8> {
        let mut compressor = Compress::new(Compression::fast(), false);
        let mut stream = Vec::new();
        for text in texts {
            let mut payload = Vec::with_capacity(2048);
            compressor.compress_vec(text, &mut payload, FlushCompress::Sync).unwrap();
            payload.truncate(payload.len() - TAIL.len());
            stream.extend(frame(&payload));
        }
        stream
    }

    fn check(agreed: Agreed, number: usize, bytes: &[u8]) -> Result<usize, String> {
        Replies::new(JSON, agreed, number).unwrap().check(bytes)
    }

    #[test]
    fn a_compressed_request_is_the_message_to_another_eye() {
        let requests = JSON.requests_after(Offer::AsBrowsers);
        let request = requests.piece(0, requests.frame_bytes());
        let (header, masked) = request.split_at(8);
        assert_eq!(header[..2], [0xc1, 0xfe]);
        let mask = header[4..].iter().cycle();
        let payload: Vec<_> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(check(Agreed::NoTakeover, 0, &frame(&payload)), Ok(1));
    }

    #[test]
    fn replies_are_counted_at_any_cut() {
        let text = JSON.payload();
        let alone = frame(&compress(&text)).repeat(3);
        let takeover = with_takeover(&[&text, &text, &text]);
        for (agreed, number, stream) in [
            (Agreed::NoTakeover, 7, alone),
            (Agreed::Takeover, 0, takeover.clone()),
            (Agreed::Takeover, 7, takeover),
        ] {
            for cut in 0..=stream.len() {
                let (left, right) = stream.split_at(cut);
                let mut replies = Replies::new(JSON, agreed, number).unwrap();
                let counted = replies.check(left).unwrap() + replies.check(right).unwrap();
                assert_eq!(counted, 3, "cut at {cut}");
            }
        }
    }

    #[test]
    fn another_text_is_wrong_wherever_it_is_looked_for() {
        let text = JSON.payload();
        let mut other = text.clone();
        other[500] ^= 1;
        let good = frame(&compress(&text));
        let bad = frame(&compress(&other));
        let error = check(Agreed::NoTakeover, 7, &[good, bad].concat()).unwrap_err();
        assert!(error.contains("unexpected bytes"), "{error}");
        let stream = with_takeover(&[&text, &other]);
        assert!(check(Agreed::Takeover, 0, &stream).is_err());
        // The price of not looking: only some connections are witnesses.
        assert_eq!(check(Agreed::Takeover, 7, &stream), Ok(2));
    }

    #[test]
    fn who_agreed_not_to_refer_back_may_not() {
        let text = JSON.payload();
        let stream = with_takeover(&[&text, &text]);
        assert_eq!(check(Agreed::Takeover, 0, &stream), Ok(2));
        assert!(check(Agreed::NoTakeover, 0, &stream).is_err());
    }

    #[test]
    fn more_than_the_text_is_wrong() {
        let twice = JSON.payload().repeat(2);
        assert!(check(Agreed::NoTakeover, 0, &frame(&compress(&twice))).is_err());
    }

    #[test]
    fn headers_of_other_frames_are_refused() {
        let headers: [&[u8]; 8] = [
            // Not compressed, short or not; binary; not the last; masked; empty; longer than the text; longer still.
            &[0x81, 5],
            &[0x81, 126, 1, 0],
            &[0xc2, 5],
            &[0x41, 5],
            &[0xc1, 0x85],
            &[0xc1, 0],
            &[0xc1, 126, 4, 1],
            &[0xc1, 127],
        ];
        for header in headers {
            assert!(check(Agreed::Takeover, 7, header).is_err(), "{header:02x?}");
        }
        assert_eq!(check(Agreed::Takeover, 7, &[0xc1, 126, 4, 0]), Ok(0));
    }
}
