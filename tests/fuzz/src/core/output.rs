//! What a peer makes of the server's bytes: HTTP responses, then frames.

use super::ledger::Ledger;
use crate::inflate::inflated;
use crate::sim::End;
use crate::wire::reading::Reading;
use ws101::app::{ConnId, RequestId};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Before, or inside, the head of a response.
    Head,
    /// A body of so many bytes is promised. It is missing if the request was HEAD.
    Promised(usize),
    Body(usize),
    /// Behind the last response.
    Nothing,
    Frames,
}

/// One connection's output.
pub struct Output {
    id: ConnId,
    bytes: Vec<u8>,
    stage: Stage,
    closes: bool,
    frames: Reading,
    /// Compressed messages that came, as far as the next may refer back to them. `None`: it may not.
    history: Option<Vec<u8>>,
    /// The serial number of the last request that a signed answer was for.
    last_signed: u32,
    /// The last bytes that the peer has sent.
    said: Vec<u8>,
    /// It has sent `HEAD`, so bodies may be missing.
    pub may_be_head: bool,
}

const VERSION: &[u8] = b"HTTP/1.1 ";

impl Output {
    pub fn new(id: ConnId) -> Self {
        Self {
            id,
            bytes: Vec::new(),
            stage: Stage::Head,
            closes: false,
            frames: Reading::default(),
            history: None,
            last_signed: 0,
            said: Vec::new(),
            may_be_head: false,
        }
    }

    /// The peer sends this.
    pub fn said(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
        self.may_be_head |= self.said.windows(4).any(|window| window == b"HEAD");
        self.said.drain(..self.said.len().saturating_sub(3));
    }

    pub fn take(&mut self, bytes: &[u8], ledger: &Ledger) {
        if self.stage == Stage::Frames {
            return self.take_frames(bytes, ledger);
        }
        self.bytes.extend_from_slice(bytes);
        while self.http(ledger) {}
    }

    /// One step; `false` when more bytes are needed.
    fn http(&mut self, ledger: &Ledger) -> bool {
        let len = self.bytes.len();
        match self.stage {
            Stage::Head if len == 0 => false,
            Stage::Head => self.head(ledger),
            Stage::Promised(_) if len == 0 => false,
            Stage::Promised(body_len) => {
                let begin = &self.bytes[..len.min(VERSION.len())];
                if !VERSION.starts_with(begin) {
                    self.stage = Stage::Body(body_len);
                } else if begin.len() < VERSION.len() {
                    return false;
                } else {
                    self.bodiless();
                }
                true
            }
            Stage::Body(body_len) if len < body_len => false,
            Stage::Body(body_len) => {
                let body: Vec<u8> = self.bytes.drain(..body_len).collect();
                self.signature(&body, ledger);
                self.stage = self.behind();
                true
            }
            Stage::Nothing => {
                assert_eq!(len, 0, "bytes behind the last response");
                false
            }
            Stage::Frames => false,
        }
    }

    fn behind(&self) -> Stage {
        if self.closes { Stage::Nothing } else { Stage::Head }
    }

    fn bodiless(&mut self) {
        assert!(self.may_be_head, "a body is missing");
        self.stage = self.behind();
    }

    fn head(&mut self, ledger: &Ledger) -> bool {
        let mut slots = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut slots);
        let parsed = response.parse(&self.bytes).expect("an answer that parses");
        let httparse::Status::Complete(len) = parsed else {
            assert!(self.bytes.len() < 4_096, "a head without an end");
            return false;
        };
        assert_eq!(response.version, Some(1));
        assert_ne!(response.reason, Some(""), "a status without a name");
        let values = |name: &str| -> Vec<String> {
            let fields = response.headers.iter();
            let named = fields.filter(|field| field.name.eq_ignore_ascii_case(name));
            let text = |field: &httparse::Header<'_>| String::from_utf8(field.value.to_vec());
            named.map(|field| text(field).expect("ASCII")).collect()
        };
        let status = response.code.expect("a status");
        let lengths = values("Content-Length");
        let is_close = |option: &str| option.trim().eq_ignore_ascii_case("close");
        self.closes = values("Connection").iter().any(|it| it.split(',').any(is_close));
        assert!(values("Transfer-Encoding").is_empty());
        if status == 101 {
            assert!(ledger.why(self.id).is_some() || ledger.is_open(self.id));
            let extensions = values("Sec-WebSocket-Extensions").concat();
            self.frames.may_compress = !extensions.is_empty();
            if !extensions.contains("server_no_context_takeover") {
                self.history = Some(Vec::new());
            }
            self.stage = Stage::Frames;
            let all = std::mem::take(&mut self.bytes);
            self.take_frames(&all, ledger);
            return false;
        }
        assert!((status == 100) != (values("Date").len() == 1));
        self.stage = match status {
            100 => Stage::Head,
            204 | 304 => self.behind(),
            _ => {
                assert_eq!(lengths.len(), 1, "a body without an end");
                match lengths[0].parse().expect("digits") {
                    0 => self.behind(),
                    len => Stage::Promised(len),
                }
            }
        };
        self.bytes.drain(..len);
        true
    }

    /// Answers come in the order of their requests, to those who asked, once.
    fn signature(&mut self, body: &[u8], ledger: &Ledger) {
        let Ok(text) = std::str::from_utf8(body) else { return };
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [kind @ ("held" | "now" | "again"), conn, serial] = words[..] else { return };
        assert_ne!(kind, "again", "a second answer");
        assert_eq!(conn.parse(), Ok(self.id.serial), "somebody else's answer");
        let serial: u32 = serial.parse().expect("a number");
        assert!(serial > self.last_signed, "answers out of order");
        self.last_signed = serial;
        if kind == "held" {
            let conn = self.id;
            ledger.answer_seen(RequestId { conn, serial });
        }
    }

    fn take_frames(&mut self, bytes: &[u8], ledger: &Ledger) {
        for frame in self.frames.take(bytes) {
            match frame.first {
                0x81 | 0x82 => ledger.seen(self.id, frame.first, &frame.payload),
                0xc1 | 0xc2 => {
                    let message = self.inflated(&frame.payload);
                    ledger.seen(self.id, frame.first & 0xbf, &message);
                }
                0x88 => ledger.close_seen(self.id, &frame.payload),
                _ => {}
            }
        }
    }

    /// What a compressed message says, by another DEFLATE than the server's.
    fn inflated(&mut self, payload: &[u8]) -> Vec<u8> {
        let history = self.history.as_deref().unwrap_or_default();
        let message = inflated(payload, history, 200_000).expect("a message that can be read");
        if let Some(history) = &mut self.history {
            history.extend_from_slice(&message);
            history.drain(..history.len().saturating_sub(32 << 10));
        }
        message
    }

    /// Only a reset may cut an answer or a frame short.
    pub fn check_end(&self, end: End) {
        self.frames.check_end(end);
        if !matches!(end, End::HalfClosed | End::Closed) {
            return;
        }
        match self.stage {
            Stage::Head | Stage::Nothing => assert!(self.bytes.is_empty(), "half a head"),
            Stage::Promised(_) => assert!(self.may_be_head && self.bytes.is_empty()),
            Stage::Body(_) => panic!("half a body"),
            Stage::Frames => {}
        }
    }
}
