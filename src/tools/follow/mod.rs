//! Follows one direction of a connection: where each head and frame begins and ends, and which rule breaks where.
//!
//! It judges nothing itself. The bits come from `ws::raw`, and the verdicts from those who judge for the server:
//! `frame::decode`, `utf8::Check`, `close::check_payload`, the decoder of an extension, `HeadScanner`, `head::parse` and
//! `handshake::check`. It asks them after each byte, so it knows the byte that decides.

mod frames;
mod heads;
mod message;
mod state;

use self::message::Message;
use self::state::{Begun, ENDLESS, State, header_missing};
use super::kept::{Keep, Kept};
use super::unit::{Broken, Fault, Missing, Unit, What};
use crate::http::head::HeadScanner;
use crate::http::refusal::Rejection;
use crate::http::response::Body;
use crate::ws::client::Asked;
use crate::ws::endpoint::Limits;
use crate::ws::extension::{Agreed, Extension, History};
use crate::ws::frame::Sender;
use crate::ws::raw::Layout;
use std::collections::VecDeque;
use std::mem;

/// Reads that are noted within one unit.
const READS_NOTED: usize = 64;
/// Bytes that are unmasked and judged in one step.
const STEP_BYTES: usize = 16 << 10;

/// What a follower is told beforehand.
pub struct Settings {
    /// What is kept of payloads and bodies.
    pub keep: Keep,
    /// Whose bytes, and the limits that are judged.
    pub limits: Limits,
    /// Goes on after a broken rule, as no endpoint would: to show all of what somebody gives us.
    pub goes_on: bool,
    /// Most bytes that a message inflates to, whatever the limits allow.
    pub most_inflated: u64,
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

/// What both sides may do at most: refer to 32 KiB of earlier messages.
pub const WIDEST: Agreed = {
    use crate::ws::extension::Reach;
    let reach = Reach { window_bits: 15, takes_over: true };
    Agreed { sent: reach, received: reach }
};

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
