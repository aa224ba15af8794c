//! What the client sends: frames, their keys, and writes that wait for their time.

use crate::clock::Time;
use crate::tools;
use crate::ws::extension::{Agreed, Extension, History};
use crate::ws::raw::RawFrame;
use std::collections::VecDeque;

/// While more than this waits for the server, no further line is read, and only the newest Ping is answered.
const ROOM_BYTES: usize = 256 << 10;
/// The bit that marks a compressed message.
const RSV1: u8 = 4;

/// Fills a slice with random bytes.
pub type Random = Box<dyn FnMut(&mut [u8])>;

/// How frames are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    /// Each with a new random key (RFC 6455 §5.3).
    Random,
    /// With this key, to read the payload on the wire.
    Key([u8; 4]),
    /// Not at all, to see a server refuse it.
    Off,
}

/// Compresses messages.
struct Coder {
    extension: Box<dyn Extension>,
    agreed: Agreed,
    history: Option<Box<History>>,
}

/// The sending side.
pub struct Outgoing {
    /// How the following frames are masked.
    pub masking: Masking,
    random: Random,
    coder: Option<Coder>,
    /// Writes that wait: until when, and for those before them.
    waiting: VecDeque<(Time, Vec<u8>)>,
    /// Bytes that were handed out and are not yet taken by the system.
    pub unsent: usize,
    /// When the system took some last, or began to owe it.
    pub progress: Time,
    /// Bytes that were handed out.
    pub total: u64,
}

impl Outgoing {
    /// A sending side that masks like this.
    #[must_use]
    pub fn new(masking: Masking, random: Random) -> Self {
        let (waiting, progress) = (VecDeque::new(), Time(0));
        Self { masking, random, coder: None, waiting, unsent: 0, progress, total: 0 }
    }

    /// Compresses messages from now on, as it was agreed.
    pub fn agree(&mut self, agreed: Agreed) {
        // The extension is made for a server. What the server receives is what we send.
        let agreed = Agreed { sent: agreed.received, received: agreed.sent };
        self.coder = tools::extension().map(|extension| Coder { extension, agreed, history: None });
    }

    /// A frame with this payload.
    pub fn frame(&mut self, fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
        self.write(RawFrame { fin, ..RawFrame::whole(opcode, None) }, payload)
    }

    /// A message of one frame, compressed if that was agreed and makes it shorter.
    pub fn message(&mut self, opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        let is_shorter = self.coder.as_mut().is_some_and(|Coder { extension, agreed, history }| {
            let history = agreed.sent.takes_over.then(|| &mut **history.get_or_insert_default());
            extension.encode(*agreed, history, &[payload], &mut coded)
        });
        let whole = RawFrame::whole(opcode, None);
        match is_shorter {
            true => self.write(RawFrame { rsv: RSV1, ..whole }, &coded),
            false => self.write(whole, payload),
        }
    }

    fn write(&mut self, frame: RawFrame, payload: &[u8]) -> Vec<u8> {
        let key = match self.masking {
            Masking::Random => {
                let mut key = [0; 4];
                (self.random)(&mut key);
                Some(key)
            }
            Masking::Key(key) => Some(key),
            Masking::Off => None,
        };
        let mut bytes = Vec::with_capacity(payload.len() + 14);
        RawFrame { key, ..frame }.write(&mut bytes, payload);
        bytes
    }

    /// Puts bytes behind those that wait. They go out at `at` at the earliest.
    pub fn push(&mut self, bytes: Vec<u8>, at: Time) {
        self.waiting.push_back((at, bytes));
    }

    /// Takes the next write whose time has come.
    pub fn take_due(&mut self, now: Time) -> Option<Vec<u8>> {
        let (at, _) = self.waiting.front()?;
        if *at > now {
            return None;
        }
        let (_, bytes) = self.waiting.pop_front()?;
        if self.unsent == 0 {
            self.progress = now;
        }
        self.unsent += bytes.len();
        self.total += bytes.len() as u64;
        Some(bytes)
    }

    /// When the next write is due.
    #[must_use]
    pub fn next(&self) -> Time {
        self.waiting.front().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// Notes that the system took so many bytes.
    pub fn wrote(&mut self, len: usize, now: Time) {
        self.unsent = self.unsent.saturating_sub(len);
        self.progress = now;
    }

    /// Whether more may be sent without waiting.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.waiting.is_empty() && self.unsent <= ROOM_BYTES
    }

    /// What was handed out is waited for no longer.
    pub fn give_up(&mut self) {
        self.unsent = 0;
    }

    /// Throws away what waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}
