//! Follows one direction of a connection: where each head and frame begins and ends, and which rule breaks where.
//!
//! It judges nothing itself. The bits come from `ws::raw`, and the verdicts from those who judge for the server:
//! `frame::decode`, `utf8::Check`, `close::check_payload`, the decoder of an extension, `HeadScanner`, `head::parse` and
//! `handshake::check`. It asks them after each byte, so it knows the byte that decides.

use super::kept::{Keep, Kept};
use super::unit::{Broken, Fault, Frame, Missing, Unit, What};
use crate::config::Config;
use crate::http::answer;
use crate::http::body::{Announced, BodyReader, Framing};
use crate::http::head::{self, HeadScanner, NO_FIELDS};
use crate::http::method::Method;
use crate::http::refusal::Rejection;
use crate::http::response::Body;
use crate::ws::client::{self, Asked};
use crate::ws::close::{Violation, check_payload};
use crate::ws::endpoint::Limits;
use crate::ws::extension::{Agreed, Decoder, Extension, History};
use crate::ws::frame::{self, Expect, Sender};
use crate::ws::handshake;
use crate::ws::offers::offers;
use crate::ws::raw::Layout;
use crate::ws::utf8::Check;
use std::collections::VecDeque;
use std::mem;

/// Reads that are noted within one unit.
const READS_NOTED: usize = 64;
/// Bytes that are unmasked and judged in one step.
const STEP_BYTES: usize = 16 << 10;
/// Most bytes that a message inflates to for those who go on after broken rules: 16 MiB.
const MOST_INFLATED: u64 = 16 << 20;
/// A body that is read until the connection ends.
const ENDLESS: u64 = u64::MAX;

/// What a follower is told beforehand.
pub struct Settings {
    /// What is kept of payloads and bodies.
    pub keep: Keep,
    /// Whose bytes, and the limits that are judged.
    pub limits: Limits,
    /// Goes on after a broken rule, as no endpoint would: to show all of what somebody gives us.
    pub goes_on: bool,
    /// Inflates messages, if compression is agreed to.
    pub extension: Option<Box<dyn Extension>>,
}

/// Where a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With a request or response.
    Head,
    /// With frames. The value: what was agreed for compression.
    Frames(Option<Agreed>),
}

/// One direction of a connection.
pub struct Follower {
    settings: Settings,
    /// Bytes before the unit that has begun.
    at: u64,
    begun: Begun,
    state: State,
    message: Option<Message>,
    /// The sender has sent its Close.
    is_closed: bool,
    agreed: Option<Agreed>,
    history: Option<Box<History>>,
    /// The requests that have no answer yet. Only where responses are followed.
    pub asked: VecDeque<Request>,
}

/// A request, as far as its answer depends on it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its method is HEAD: the answer has no body.
    pub is_head: bool,
    /// What its opening handshake says. `None`: it is none.
    pub handshake: Option<Asked>,
}

/// What is known of the unit that has begun.
#[derive(Debug, Default)]
struct Begun {
    len: u64,
    reads: Vec<u64>,
    more_reads: u64,
    broken: Option<Broken>,
}

enum State {
    Head(HeadScanner, Vec<u8>),
    /// A complete head.
    HeadEnd(Vec<u8>),
    /// The bytes so far, and how many are missing.
    Body(Kept, u64),
    Chunks(Kept, Box<BodyReader>),
    /// The bytes of the header so far.
    Header(Vec<u8>),
    Payload(Box<Payload>),
    Unread(Kept),
}

/// A frame whose header is complete.
struct Payload {
    frame: Frame,
    left: u64,
    /// The payload of a Close.
    close: Vec<u8>,
}

/// A message that has begun.
struct Message {
    opcode: u8,
    fragments: u32,
    /// Bytes of payload, as they are on the wire.
    received: u64,
    /// Bytes, inflated.
    inflated: u64,
    check: Check,
    decoder: Option<Box<dyn Decoder>>,
    /// A rule was broken in it, or some of its bytes are not known: the rest is not judged.
    is_lost: bool,
}

impl Follower {
    /// A follower of a connection of which nothing has been seen.
    #[must_use]
    pub fn new(settings: Settings, start: Start) -> Self {
        let (state, agreed) = match start {
            Start::Head => (State::Head(HeadScanner::default(), Vec::new()), None),
            Start::Frames(agreed) => (State::Header(Vec::new()), agreed),
        };
        Self {
            settings,
            at: 0,
            begun: Begun::default(),
            state,
            message: None,
            is_closed: false,
            agreed,
            history: None,
            asked: VecDeque::new(),
        }
    }

    /// Tells what the answer to the handshake has agreed to. Frames may have been followed before.
    pub fn agree(&mut self, agreed: Option<Agreed>) {
        self.agreed = agreed;
    }

    /// What was agreed for compression.
    #[must_use]
    pub fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Whether frames follow: the handshake is over.
    #[must_use]
    pub fn has_upgraded(&self) -> bool {
        matches!(self.state, State::Header(_) | State::Payload(_))
    }

    /// Whether bytes of a head, a body or a frame have arrived.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.len > 0
    }

    /// Whether what comes next belongs to something that has begun: a head, a body, a frame.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.begun.len > 0 || matches!(self.state, State::Body(..) | State::Chunks(..) | State::Unread(_))
    }

    /// How much is missing of what has begun: at least so many bytes. `Some(None)`: the rest of a head.
    ///
    /// `None`: nothing has begun.
    #[must_use]
    pub fn missing(&self) -> Option<Option<u64>> {
        if self.begun.len == 0 {
            return None;
        }
        match &self.state {
            State::Head(..) | State::HeadEnd(_) => Some(None),
            State::Body(_, ENDLESS) | State::Unread(_) => None,
            State::Body(_, left) => Some(Some(*left)),
            State::Chunks(..) => Some(Some(1)),
            State::Header(header) => Some(Some(header_missing(header))),
            State::Payload(payload) => Some(Some(payload.left)),
        }
    }

    /// Goes on after a broken rule from now on.
    pub fn goes_on(&mut self) {
        self.settings.goes_on = true;
    }

    /// Nothing that comes now is read by anybody.
    pub fn give_up(&mut self) {
        self.state = State::Unread(Kept::default());
    }

    /// Follows the bytes of one read, or of a part of one, and gives each unit that is complete.
    ///
    /// `is_read`: a read begins here.
    pub fn push(&mut self, mut bytes: &[u8], is_read: bool, each: &mut impl FnMut(&mut Self, Unit)) {
        if is_read && !bytes.is_empty() {
            self.note_read();
        }
        while !bytes.is_empty() {
            let used = self.step(bytes);
            bytes = bytes.get(used..).unwrap_or_default();
            if let Some(unit) = self.take_complete() {
                each(self, unit);
            }
        }
    }

    /// Follows bytes that nobody knows: of a payload, a body or a head.
    ///
    /// Where a header should begin, nobody knows what they are. Returns `false` then.
    pub fn skip(&mut self, len: u64, each: &mut impl FnMut(&mut Self, Unit)) -> bool {
        let is_within = match &mut self.state {
            State::Payload(payload) if payload.left >= len => {
                payload.left -= len;
                payload.frame.payload.skip(len);
                payload.frame.clear.skip(len);
                payload.frame.inflated = None;
                let (is_data, is_last) = (payload.frame.layout.opcode < 8, payload.left == 0);
                if is_data && is_last && payload.frame.layout.fin {
                    self.message = None;
                } else if let Some(message) = self.message.as_mut().filter(|_| is_data) {
                    message.is_lost = true;
                }
                true
            }
            State::Body(kept, left) if *left >= len => {
                kept.skip(len);
                *left -= if *left == ENDLESS { 0 } else { len };
                true
            }
            State::Unread(kept) => {
                kept.skip(len);
                true
            }
            _ => false,
        };
        if !is_within {
            return false;
        }
        self.begun.len += len;
        if let Some(unit) = self.take_complete() {
            each(self, unit);
        }
        true
    }

    /// The unit that has begun and is not complete, when nothing follows.
    pub fn finish(&mut self) -> Option<Unit> {
        if self.begun.len == 0 {
            return None;
        }
        let unread = State::Unread(Kept::default());
        let (what, missing) = match mem::replace(&mut self.state, unread) {
            // The empty line at least.
            State::Head(_, bytes) => {
                let end = b"\r\n\r\n";
                let ends =
                    |missing: &usize| bytes.ends_with(end.get(..end.len() - missing).unwrap_or_default());
                let missing = (1..end.len()).find(ends).unwrap_or(end.len());
                (self.head(bytes), Missing::Bytes(missing as u64))
            }
            State::HeadEnd(bytes) => (self.head(bytes), Missing::Nothing),
            State::Body(kept, ENDLESS) => (What::Body(kept), Missing::Nothing),
            State::Body(kept, left) => (What::Body(kept), Missing::Bytes(left)),
            State::Chunks(kept, _) => (What::Body(kept), Missing::Bytes(1)),
            State::Header(header) => {
                let layout = Layout::of(&header)?;
                let missing = Missing::Bytes(header_missing(&header));
                (What::Frame(Box::new(self.frame(header, layout))), missing)
            }
            State::Payload(payload) => (What::Frame(Box::new(payload.frame)), Missing::Bytes(payload.left)),
            State::Unread(kept) => (What::Unread(kept), Missing::Nothing),
        };
        Some(self.unit(what, missing))
    }

    fn note_read(&mut self) {
        let begun = &mut self.begun;
        match begun.reads.len() < READS_NOTED {
            true => begun.reads.push(begun.len),
            false => begun.more_reads += 1,
        }
    }

    /// Takes some bytes, at least one. Returns how many.
    fn step(&mut self, bytes: &[u8]) -> usize {
        let used = match &mut self.state {
            State::Head(..) => {
                self.head_byte(bytes.first().copied().unwrap_or_default());
                1
            }
            State::Body(kept, left) => {
                let used = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                kept.push(bytes.get(..used).unwrap_or_default(), self.settings.keep);
                *left -= if *left == ENDLESS { 0 } else { used as u64 };
                used
            }
            State::Chunks(kept, reader) => {
                let one = bytes.get(..1).unwrap_or_default();
                kept.push(one, self.settings.keep);
                match reader.read(one, &mut Vec::new()) {
                    Ok(progress) if progress.complete => self.state = State::Body(mem::take(kept), 0),
                    Ok(_) => {}
                    Err(rejection) => self.refuse(&rejection),
                }
                1
            }
            State::Header(header) => {
                header.extend(bytes.first());
                self.judge_header();
                1
            }
            State::Payload(payload) => {
                let left = usize::try_from(payload.left).unwrap_or(usize::MAX);
                let used = bytes.len().min(STEP_BYTES).min(left);
                self.payload_bytes(bytes.get(..used).unwrap_or_default());
                used
            }
            State::Unread(kept) => {
                kept.push(bytes, self.settings.keep);
                bytes.len()
            }
            // A complete unit was taken before.
            State::HeadEnd(_) => bytes.len(),
        };
        self.begun.len += used as u64;
        used
    }

    /// Notes the first rule that the unit breaks. `at`: bytes of the unit before the one that proves it.
    fn blame(&mut self, at: u64, fault: Fault) {
        self.begun.broken.get_or_insert(Broken { at, fault });
    }

    fn refuse(&mut self, rejection: &Rejection) {
        let text = match &rejection.body {
            Body::Bytes(text) => String::from_utf8_lossy(text).trim_end().to_owned(),
            _ => String::new(),
        };
        self.blame(self.begun.len, Fault::Request(rejection.status.0, text));
    }

    /// Ends the unit that has begun.
    fn unit(&mut self, what: What, missing: Missing) -> Unit {
        let Begun { len, reads, more_reads, broken } = mem::take(&mut self.begun);
        let at = self.at;
        self.at += len;
        Unit { from: self.settings.limits.from, at, len, what, reads, more_reads, broken, missing }
    }

    /// Gives the unit that has begun, if it is complete, and chooses what comes after it.
    fn take_complete(&mut self) -> Option<Unit> {
        let is_broken = self.begun.broken.is_some() && !self.settings.goes_on;
        let is_complete = match &self.state {
            // After these nobody knows where the next head begins.
            State::Head(..) | State::Chunks(..) => self.begun.broken.is_some(),
            State::HeadEnd(_) => true,
            State::Body(_, left) => *left == 0,
            State::Header(_) => is_broken,
            State::Payload(payload) => is_broken || payload.left == 0,
            State::Unread(_) => false,
        };
        if !is_complete {
            return None;
        }
        let state = mem::replace(&mut self.state, State::Header(Vec::new()));
        let what = match state {
            State::HeadEnd(bytes) => {
                self.state = self.after_head(&bytes);
                self.head(bytes)
            }
            State::Head(_, bytes) => {
                self.state = State::Unread(Kept::default());
                self.head(bytes)
            }
            State::Chunks(kept, _) => {
                self.state = State::Unread(Kept::default());
                What::Body(kept)
            }
            State::Body(kept, _) => {
                self.state = State::Head(HeadScanner::default(), Vec::new());
                What::Body(kept)
            }
            State::Header(header) => {
                let layout = Layout::of(&header)?;
                What::Frame(Box::new(self.frame(header, layout)))
            }
            State::Payload(payload) => {
                if payload.frame.layout.opcode == 8 {
                    self.is_closed = true;
                }
                What::Frame(Box::new(payload.frame))
            }
            State::Unread(_) => return None,
        };
        let stops = self.begun.broken.is_some() || self.is_closed;
        if stops && !self.settings.goes_on {
            self.state = State::Unread(Kept::default());
        }
        Some(self.unit(what, Missing::Nothing))
    }

    fn head(&self, bytes: Vec<u8>) -> What {
        match self.settings.limits.from {
            Sender::Client => What::Request(bytes),
            Sender::Server => What::Response(bytes),
        }
    }
}

/// How many bytes are missing at least of a frame of which this has arrived.
fn header_missing(header: &[u8]) -> u64 {
    let layout = Layout::of(header);
    let payload = layout.and_then(|layout| layout.payload_len).unwrap_or(0);
    let second = layout.and_then(|layout| layout.second);
    let whole = second.map_or(2, |second| (second.header_len as u64).saturating_add(payload));
    whole.saturating_sub(header.len() as u64)
}

/// Heads.
impl Follower {
    fn head_byte(&mut self, byte: u8) {
        let State::Head(scanner, bytes) = &mut self.state else { return };
        bytes.push(byte);
        let is_end = match self.settings.limits.from {
            Sender::Client => match scanner.scan(&[byte], &Config::default()) {
                Ok(end) => end.is_some(),
                Err(rejection) => return self.refuse(&rejection),
            },
            Sender::Server => {
                // A line that ends may be the last.
                let judged =
                    if byte == b'\n' || bytes.len() < 8 { answer::answer_len(bytes) } else { Ok(None) };
                match judged {
                    Ok(end) if bytes.len() <= answer::MAX_ANSWER_HEAD_BYTES => end.is_some(),
                    _ => return self.blame(self.begun.len, Fault::NoAnswer),
                }
            }
        };
        if is_end {
            self.state = State::HeadEnd(mem::take(bytes));
        }
    }

    /// Judges a complete head. Returns what follows it.
    fn after_head(&mut self, bytes: &[u8]) -> State {
        // The head ends with the byte before.
        self.begun.len -= 1;
        let next = match self.settings.limits.from {
            Sender::Client => self.after_request(bytes),
            Sender::Server => self.after_response(bytes),
        };
        self.begun.len += 1;
        next
    }

    fn after_request(&mut self, bytes: &[u8]) -> State {
        let mut copy = bytes.to_vec();
        let mut slots = NO_FIELDS;
        let head = match head::parse(&mut copy, &mut slots) {
            Ok(head) => head,
            Err(rejection) => {
                self.refuse(&rejection);
                return State::Head(HeadScanner::default(), Vec::new());
            }
        };
        let asked = |name| head.fields.items(name).filter_map(|item| std::str::from_utf8(item).ok());
        // The server takes a request without Upgrade for plain HTTP. Whoever sent a key meant a handshake.
        let has_key = head.fields.values("sec-websocket-key").next().is_some();
        let is_handshake = head.asks_for("websocket") || self.settings.goes_on && has_key;
        let handshake = is_handshake.then(|| Asked {
            key: head.fields.text("sec-websocket-key").map(str::to_owned),
            protocols: asked("sec-websocket-protocol").map(str::to_owned).collect(),
            deflate: offers(head.fields).flatten().any(|offer| offer.name == "permessage-deflate"),
        });
        self.asked.push_back(Request { is_head: head.method == Method::Head, handshake });
        let offered = self.asked.back().and_then(|request| request.handshake.as_ref());
        if let Some(asked) = offered {
            // Until the answer says what is agreed, each message may be a compressed one.
            self.agreed = asked.deflate.then(|| self.agreed.unwrap_or(WIDEST));
            let Err(rejection) = handshake::check(&head) else { return State::Header(Vec::new()) };
            self.refuse(&rejection);
            return match Announced::of(&head).map(|announced| announced.framing) {
                Ok(Framing::Length(len)) => State::Body(Kept::default(), len),
                Ok(Framing::Chunked) => chunks(),
                // Frames may have been sent before the refusal was read.
                _ => State::Header(Vec::new()),
            };
        }
        match Announced::of(&head).map(|announced| announced.framing) {
            Ok(Framing::None) => State::Head(HeadScanner::default(), Vec::new()),
            Ok(Framing::Length(len)) => State::Body(Kept::default(), len),
            Ok(Framing::Chunked) => chunks(),
            Err(rejection) => {
                self.refuse(&rejection);
                State::Head(HeadScanner::default(), Vec::new())
            }
        }
    }

    fn after_response(&mut self, bytes: &[u8]) -> State {
        let asked = self.asked.front().cloned().unwrap_or_default();
        let read = answer::read(bytes, |answer| {
            let judged = match asked.handshake.as_ref().or(self.asked.is_empty().then_some(&Asked::default()))
            {
                Some(asked) if answer.status == 101 || !self.asked.is_empty() => client::judge(answer, asked),
                _ => Ok(()),
            };
            let agreed = super::agreed(answer.fields);
            let fields = answer.fields;
            let len = fields.text("content-length").and_then(|len| len.parse::<u64>().ok());
            let after = match answer.status {
                101 => State::Header(Vec::new()),
                100..=199 | 204 | 304 => State::Head(HeadScanner::default(), Vec::new()),
                _ if asked.is_head || len == Some(0) => State::Head(HeadScanner::default(), Vec::new()),
                _ if fields.has_token("transfer-encoding", "chunked") => chunks(),
                _ => State::Body(Kept::default(), len.unwrap_or(ENDLESS)),
            };
            (answer.status, judged, agreed, after)
        });
        let Ok((status, judged, agreed, after)) = read else {
            self.blame(self.begun.len, Fault::NoAnswer);
            return State::Unread(Kept::default());
        };
        if status == 101 || status >= 200 {
            self.asked.pop_front();
        }
        match judged {
            Err(client::Fault::Status(_)) | Ok(()) => {}
            Err(fault) => self.blame(self.begun.len, Fault::Answer(fault)),
        }
        // Without compression nobody here can judge what is agreed to.
        let agreed = if cfg!(feature = "deflate") { agreed } else { agreed.map(|_| Some(WIDEST)) };
        if status == 101 {
            self.agreed = agreed.flatten();
            if agreed == Some(None) {
                self.blame(self.begun.len, Fault::Answer(client::Fault::Extension));
            }
        }
        after
    }
}

/// A body in chunks, of any length.
fn chunks() -> State {
    match BodyReader::new(Framing::Chunked, u64::MAX, &Config::default()) {
        Ok(reader) => State::Chunks(Kept::default(), Box::new(reader)),
        Err(_) => State::Unread(Kept::default()),
    }
}

/// What both sides may do at most: refer to 32 KiB of earlier messages.
pub const WIDEST: Agreed = {
    use crate::ws::extension::Reach;
    let reach = Reach { window_bits: 15, takes_over: true };
    Agreed { sent: reach, received: reach }
};

/// Frames.
impl Follower {
    /// Judges the header that has begun. A complete one begins a frame.
    fn judge_header(&mut self) {
        let State::Header(header) = &mut self.state else { return };
        let Limits { from, max_message_bytes, max_fragments } = self.settings.limits;
        let (received, fragments) = self.message.as_ref().map_or((0, 0), |it| (it.received, it.fragments));
        let expect = Expect {
            from,
            in_message: self.message.is_some(),
            rsv1: self.agreed.is_some(),
            room: max_message_bytes.saturating_sub(received),
            more_fragments: fragments < max_fragments,
        };
        let header = mem::take(header);
        let Some(layout) = Layout::of(&header) else { return };
        if self.begun.broken.is_none() {
            let is_data = layout.opcode < 8;
            if self.is_closed && is_data {
                self.blame(self.begun.len, Fault::AfterClose);
            } else if let Err(violation) = frame::decode(&header, &expect) {
                self.blame(self.begun.len, Fault::Frame(violation));
            }
        }
        let is_complete = layout.second.is_some_and(|second| second.header_len == header.len());
        let stops = self.begun.broken.is_some() && !self.settings.goes_on;
        if !is_complete || stops {
            self.state = State::Header(header);
            return;
        }
        let left = layout.payload_len.unwrap_or(0);
        self.begin_frame(&layout);
        let frame = self.frame(header, layout);
        self.state = State::Payload(Box::new(Payload { frame, left, close: Vec::new() }));
        if left == 0 {
            self.judge_payload(&[]);
        }
    }

    /// A frame of which the header is there, and no payload.
    fn frame(&self, header: Vec<u8>, layout: Layout) -> Frame {
        let is_data = layout.opcode < 8;
        let message = self.message.as_ref().filter(|_| is_data);
        let coded = message.is_some_and(|message| message.decoder.is_some());
        Frame {
            header,
            layout,
            payload: Kept::default(),
            clear: Kept::default(),
            inflated: coded.then(Kept::default),
            continues: message.filter(|_| layout.opcode == 0).map(|message| message.opcode),
            fragments: message.map_or(0, |message| message.fragments),
        }
    }

    /// Notes what a header means for the message. Nothing is judged: it may be broken.
    fn begin_frame(&mut self, layout: &Layout) {
        let is_lost = self.begun.broken.is_some();
        let Limits { max_message_bytes, .. } = self.settings.limits;
        match (layout.opcode, &mut self.message) {
            (8.., _) => {}
            (0, Some(message)) => {
                message.fragments += 1;
                message.is_lost |= is_lost;
            }
            (0, None) => {}
            (opcode, _) => {
                let extension = self.settings.extension.as_mut().filter(|_| layout.rsv & 4 != 0);
                let decoder = extension.filter(|_| self.agreed.is_some()).map(|it| it.begin(true));
                // Compressed, and nobody can inflate it.
                let is_unknown = layout.rsv & 4 != 0 && decoder.is_none();
                self.message = Some(Message {
                    opcode,
                    fragments: 1,
                    received: 0,
                    inflated: 0,
                    check: Check::default(),
                    decoder,
                    is_lost: is_lost || is_unknown || max_message_bytes == 0,
                });
            }
        }
    }

    fn payload_bytes(&mut self, bytes: &[u8]) {
        let State::Payload(payload) = &mut self.state else { return };
        let Payload { frame, left, .. } = &mut **payload;
        let mut clear = bytes.to_vec();
        if let Some(mut key) = frame.layout.masking_key {
            key.rotate_left((frame.payload.len() % 4) as usize);
            frame::unmask(&mut clear, key);
        }
        frame.payload.push(bytes, self.settings.keep);
        frame.clear.push(&clear, self.settings.keep);
        *left -= bytes.len() as u64;
        self.judge_payload(&clear);
    }

    /// Judges the next bytes of the payload.
    fn judge_payload(&mut self, clear: &[u8]) {
        let State::Payload(payload) = &mut self.state else { return };
        let Payload { frame, left, close } = &mut **payload;
        let (fin, opcode, is_last) = (frame.layout.fin, frame.layout.opcode, *left == 0);
        let before = self.begun.len;
        let mut wrong = None;
        if opcode >= 8 {
            for (at, byte) in clear.iter().enumerate().filter(|_| opcode == 8) {
                close.push(*byte);
                let is_whole = is_last && at + 1 == clear.len();
                let judged = check_payload(close, is_whole);
                wrong = wrong.or(judged.err().map(|violation| (violation, at)));
            }
        } else if let Some(message) = &mut self.message {
            message.received += clear.len() as u64;
            if !message.is_lost {
                let limit = self.settings.limits.max_message_bytes;
                // Whoever goes on after broken rules is not stopped by a bomb either.
                let most = if self.settings.goes_on { limit.min(MOST_INFLATED) } else { limit };
                let keep = self.settings.keep;
                let inflated = frame.inflated.as_mut().map(|kept| (kept, keep));
                let history = self.history.as_ref().map_or(&[][..], |history| &history.received);
                wrong = message.judge(clear, fin && is_last, most, inflated, history);
                message.is_lost |= wrong.is_some();
            }
            if fin && is_last {
                if let (Some(decoder), Some(agreed)) = (&message.decoder, self.agreed)
                    && !message.is_lost
                {
                    let agreed = match self.settings.limits.from {
                        Sender::Client => agreed,
                        Sender::Server => Agreed { sent: agreed.received, received: agreed.sent },
                    };
                    decoder.note(agreed, &mut self.history);
                }
                self.message = None;
            }
        }
        if let Some((violation, at)) = wrong {
            self.blame(before + at as u64, Fault::Frame(violation));
        }
    }
}

impl Message {
    /// Judges bytes of its payload. Returns the rule that they break, and which of them proves it.
    fn judge(
        &mut self,
        clear: &[u8],
        is_end: bool,
        most: u64,
        inflated: Option<(&mut Kept, Keep)>,
        history: &[u8],
    ) -> Option<(Violation, usize)> {
        let last = clear.len().saturating_sub(1);
        let at_end = |judged: Result<(), Violation>| judged.err().map(|violation| (violation, last));
        if self.decoder.is_some() {
            let mut kept = inflated;
            for (at, byte) in clear.iter().enumerate() {
                let is_end = is_end && at == last;
                if let Err(violation) = self.inflate(&[*byte], is_end, most, &mut kept, history) {
                    return Some((violation, at));
                }
            }
            if clear.is_empty()
                && let Err(violation) = self.inflate(&[], is_end, most, &mut kept, history)
            {
                return Some((violation, 0));
            }
        } else if self.opcode == 1 {
            let before = self.check;
            if self.check.push(clear).is_err() {
                self.check = before;
                let wrong = clear.iter().position(|byte| self.check.push(&[*byte]).is_err());
                return Some((Violation::NotUtf8, wrong.unwrap_or(last)));
            }
        }
        if is_end && self.opcode == 1 { at_end(self.check.finish()) } else { None }
    }

    /// Inflates bytes of a compressed message, and judges what comes out: its size, its text.
    fn inflate(
        &mut self,
        mut input: &[u8],
        is_end: bool,
        most: u64,
        kept: &mut Option<(&mut Kept, Keep)>,
        history: &[u8],
    ) -> Result<(), Violation> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        loop {
            let decoded = decoder.decode(&mut input, is_end, history);
            let chunk = decoder.chunk();
            let room = usize::try_from(most.saturating_sub(self.inflated)).unwrap_or(usize::MAX);
            let (fits, over) = chunk.split_at(chunk.len().min(room));
            if let Some((kept, keep)) = kept {
                kept.push(fits, *keep);
            }
            self.inflated += fits.len() as u64;
            if self.opcode == 1 {
                self.check.push(fits)?;
            }
            if !over.is_empty() {
                return Err(Violation::MessageTooBig);
            }
            if decoded? {
                return Ok(());
            }
        }
    }
}
