//! What a peer makes of the server's bytes as they come, whatever it has sent itself.

use crate::client::{Frame, from_server};
use crate::sim::End;

const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n";

/// One connection's output so far.
#[derive(Default)]
pub struct Reading {
    /// HTTP: all of it. Frames: what is not yet a whole one.
    bytes: Vec<u8>,
    is_websocket: bool,
    /// The server has sent its Close.
    closed: bool,
    /// It was agreed to compression (RFC 7692 §6).
    pub may_compress: bool,
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

impl Reading {
    pub fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    /// More output; gives the frames that are whole with it.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Frame> {
        if bytes.is_empty() {
            return Vec::new();
        }
        self.bytes.extend(bytes);
        if !self.is_websocket {
            let len = self.bytes.len().min(9);
            assert_eq!(self.bytes[..len], b"HTTP/1.1 "[..len]);
            let Some(start) = find(&self.bytes, SWITCHING) else { return Vec::new() };
            let Some(len) = find(&self.bytes[start..], b"\r\n\r\n") else { return Vec::new() };
            self.bytes.drain(..start + len + 4);
            self.is_websocket = true;
        }
        let mut frames = Vec::new();
        let all = std::mem::take(&mut self.bytes);
        let mut rest = &all[..];
        while let Some(len) = frame_len(rest) {
            let (frame, behind) = rest.split_at(len);
            frames.push(self.judge(frame));
            rest = behind;
        }
        self.bytes = rest.to_vec();
        frames
    }

    /// RFC 6455 §5.1, §5.2, §5.5: what a server may send.
    fn judge(&mut self, frame: &[u8]) -> Frame {
        let header_len = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let (first, payload) = (frame[0], &frame[header_len..]);
        assert_eq!(frame, from_server(first, payload), "the shortest form");
        assert!(!self.closed, "{first:02x} behind a Close");
        match first {
            0x81 => assert!(std::str::from_utf8(payload).is_ok(), "a text is UTF-8"),
            0x82 => {}
            0xc1 | 0xc2 if self.may_compress => {}
            0x88 => {
                self.closed = true;
                assert!(payload.len() <= 125 && payload.len() != 1);
                if let Some((code, reason)) = payload.split_first_chunk() {
                    let code = u16::from_be_bytes(*code);
                    assert!((1000..5000).contains(&code), "{code}");
                    assert!(![1004, 1005, 1006, 1015].contains(&code), "{code}");
                    assert!(std::str::from_utf8(reason).is_ok());
                }
            }
            0x89 | 0x8a => assert!(payload.len() <= 125),
            _ => panic!("a server of ours never sends {first:02x}"),
        }
        Frame { first, payload: payload.to_vec() }
    }

    /// Only a reset may leave a frame unfinished, and only a peer that closed its own side misses
    /// the Close.
    pub fn check_end(&self, end: End) {
        if self.is_websocket && matches!(end, End::HalfClosed | End::Closed) {
            assert_eq!(self.bytes, b"", "the stream ends inside a frame");
            assert!(self.closed || end == End::Closed, "no Close was sent");
        }
    }
}

/// The length of the frame at the start, if it is whole.
fn frame_len(bytes: &[u8]) -> Option<usize> {
    let second = *bytes.get(1)?;
    assert_eq!(second & 0x80, 0, "a server never masks");
    let len = match second {
        126 => 4 + usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        127 => 10 + u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize,
        short => 2 + usize::from(short),
    };
    (bytes.len() >= len).then_some(len)
}
