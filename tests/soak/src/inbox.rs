//! What a server sent, taken apart: responses, then frames.

use std::fmt;

/// A frame from a server.
#[derive(PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub first: u8,
    /// As it came: servers do not mask.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, first: u8, payload: &[u8]) -> bool {
        self.first == first && self.payload == payload
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.payload.get(..40).unwrap_or(&self.payload);
        let text = String::from_utf8_lossy(start);
        write!(f, "frame {:02x} of {}: {text:?}", self.first, self.payload.len())
    }
}

/// Bytes that nobody has taken yet.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
}

impl Inbox {
    /// More has come.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken == self.bytes.len() {
            self.clear();
        }
        self.bytes.extend(bytes);
    }

    /// Nobody wants what is there.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// A head, up to and with the blank line, if it is whole.
    pub fn head(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(rest.get(..end)?).into_owned();
        self.taken += end;
        Some(head)
    }

    /// The status of a response, if that is whole, with its body.
    ///
    /// # Errors
    /// It is none.
    pub fn response(&mut self) -> Result<Option<u16>, String> {
        let before = self.taken;
        let Some(head) = self.head() else { return Ok(None) };
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let length = head
            .to_ascii_lowercase()
            .split_once("\r\ncontent-length:")
            .and_then(|(_, rest)| rest.split_once("\r\n"))
            .and_then(|(length, _)| length.trim().parse::<usize>().ok());
        let (Some(status), Some(length)) = (status, length) else {
            return Err(format!("no such response: {head}"));
        };
        if self.rest().len() < length {
            self.taken = before;
            return Ok(None);
        }
        self.taken += length;
        Ok(Some(status))
    }

    /// A frame, if it is whole.
    ///
    /// # Errors
    /// It is masked.
    pub fn frame(&mut self) -> Result<Option<Frame>, String> {
        let rest = self.rest();
        let (Some(&first), Some(&second)) = (rest.first(), rest.get(1)) else { return Ok(None) };
        let (length, header) = match second {
            0..126 => (u64::from(second), 2),
            126 => match rest.get(2..4).and_then(|length| length.first_chunk()) {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.get(2..10).and_then(|length| length.first_chunk()) {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            _ => return Err(format!("not a server's frame: {first:02x} {second:02x}")),
        };
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        let Some(payload) = rest.get(header..).and_then(|rest| rest.get(..length)) else { return Ok(None) };
        let frame = Frame { first, payload: payload.to_vec() };
        self.taken += header + length;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_and_frames_are_taken_apart_at_any_cut() {
        let bytes = b"HTTP/1.1 408 Too Late\r\nContent-Length: 3\r\n\r\nbad\x81\x02hi\x88\x02\x03\xe8";
        for cut in 0..bytes.len() {
            let mut inbox = Inbox::default();
            let (mut responses, mut frames) = (Vec::new(), Vec::new());
            let (left, right) = bytes.split_at(cut);
            for piece in [left, right] {
                inbox.push(piece);
                if responses.is_empty() {
                    responses.extend(inbox.response().unwrap_or(Some(0)));
                }
                while !responses.is_empty()
                    && let Ok(Some(frame)) = inbox.frame()
                {
                    frames.push(frame);
                }
            }
            assert_eq!(responses, [408], "cut at {cut}");
            assert_eq!(frames.len(), 2, "cut at {cut}");
            assert!(frames.iter().any(|frame| frame.is(0x81, b"hi")));
            assert!(frames.iter().any(|frame| frame.is(0x88, &[3, 0xe8])));
        }
    }

    #[test]
    fn a_masked_frame_is_no_servers() {
        let mut inbox = Inbox::default();
        inbox.push(&[0x81, 0x80]);
        assert!(inbox.frame().is_err());
    }
}
