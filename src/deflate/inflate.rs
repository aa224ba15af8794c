//! Decides which compressed message has a state of the library, and when (RFC 7692 §7.2.2).
//!
//! `stream` uses the state. One [`Inflater`] serves all connections, and one state all messages that arrive whole. A
//! message that arrives in pieces keeps a state until it ends, so that an error is found at the first byte that
//! proves it. Only a few messages can have one at a time, because a few bytes make a peer need it and it takes
//! much more memory. The bytes of any other message are kept compressed, until it is complete or they are as
//! many as a state takes. (To keep all of a large message would mean to inflate all of it at once.)
//!
//! Limits are not judged here: `ws::message` takes each chunk, and may refuse it.

use super::stream::Stream;
use super::window::{append, last};
use crate::ws::close::Violation;
use crate::ws::extension::{Agreed, Decoder, History};
use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::{Rc, Weak};

/// Memory for a state of the library, mostly its window.
const STATE_BYTES: usize = 48 << 10;
/// How many unfinished messages may have a state although little of them has arrived.
const MAX_LENT: usize = 16;

/// Inflates for all connections.
#[derive(Debug, Default)]
pub(super) struct Inflater(Rc<Home>);

/// What inflating messages share.
#[derive(Debug, Default)]
struct Home {
    /// A decoder with a state, which no message uses.
    idle: RefCell<Option<Box<Inflating>>>,
    /// Counts the unfinished messages with a state: each has a weak pointer to it.
    lent: Rc<()>,
    /// Bytes that were inflated or copied since the last `take_work`.
    worked: Cell<usize>,
}

/// A compressed message that arrives.
#[derive(Debug, Default)]
pub(super) struct Inflating {
    home: Weak<Home>,
    /// `None`: the bytes of the message are kept compressed.
    stream: Option<Box<Stream>>,
    /// The state knows what the message may refer to.
    has_begun: bool,
    _counted: Option<Weak<()>>,
    /// Payload that waits to be inflated.
    kept: Vec<u8>,
    /// How many bytes of `kept` were inflated.
    used: usize,
}

impl Inflater {
    /// Begins a message. `is_whole`: it is all there, and none of it must be kept.
    pub(super) fn begin(&mut self, is_whole: bool) -> Box<Inflating> {
        let home = &self.0;
        let has_state = is_whole || Rc::weak_count(&home.lent) < MAX_LENT;
        let idle = has_state.then(|| home.idle.take()).flatten();
        let new = || Box::new(Inflating { home: Rc::downgrade(home), ..Inflating::default() });
        let mut inflating = idle.unwrap_or_else(new);
        if has_state {
            inflating.lend();
        }
        inflating
    }

    /// How many bytes were inflated or copied since the last call.
    pub(super) fn take_work(&mut self) -> usize {
        self.0.worked.take()
    }
}

impl Inflating {
    /// Gives the message a state, if it has none.
    fn lend(&mut self) {
        let home = self.home.upgrade();
        if self.stream.is_none() {
            let idle = home.as_ref().and_then(|home| home.idle.take());
            self.stream = Some(idle.and_then(|idle| idle.stream).unwrap_or_default());
        }
        self._counted = home.map(|home| Rc::downgrade(&home.lent));
    }
}

impl Decoder for Inflating {
    fn decode(&mut self, input: &mut &[u8], is_last: bool, history: &[u8]) -> Result<bool, Violation> {
        if self.stream.is_none() {
            if !is_last && self.kept.len() + input.len() <= STATE_BYTES {
                self.kept.extend_from_slice(mem::take(input));
                return Ok(true);
            }
            self.lend();
        }
        let Some(stream) = &mut self.stream else { return Ok(true) };
        if !self.has_begun {
            stream.begin(history)?;
            self.has_begun = true;
        }
        let mut waiting = self.kept.get(self.used..).unwrap_or_default();
        if !waiting.is_empty() {
            let is_done = stream.step(&mut waiting)?;
            self.used = self.kept.len() - waiting.len();
            if !is_done {
                return Ok(false);
            }
            (self.kept, self.used) = (Vec::new(), 0);
        }
        let is_done = stream.push(input, is_last)?;
        if is_done && let Some(home) = self.home.upgrade() {
            let worked = mem::take(&mut stream.worked);
            home.worked.set(home.worked.get() + worked);
        }
        Ok(is_done)
    }

    fn chunk(&self) -> &[u8] {
        self.stream.as_ref().map_or(&[], |stream| stream.fresh())
    }

    fn taken(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.taken();
        }
    }

    fn keep(&mut self, input: &[u8]) {
        self.kept.extend_from_slice(input);
    }

    fn note(&self, agreed: Agreed, history: &mut Option<Box<History>>) {
        if let Some(stream) = &self.stream
            && agreed.received.takes_over
        {
            let received = &mut history.get_or_insert_default().received;
            received.clear();
            append(received, last(&stream.out, 1 << agreed.received.window_bits));
        }
    }

    fn held_bytes(&self) -> usize {
        let stream = self.stream.as_ref();
        let state = stream.map_or(0, |stream| STATE_BYTES + stream.out.capacity());
        state + self.kept.capacity()
    }

    fn give_back(mut self: Box<Self>) {
        if let Some(home) = self.home.upgrade() {
            self.has_begun = false;
            self._counted = None;
            home.idle.replace(Some(self));
        }
    }
}
