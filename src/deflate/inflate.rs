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
use super::window::note;
use crate::ws::close::Violation;
use crate::ws::extension::{Agreed, Decoder, History};
use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;

/// Memory for a state of the library, mostly its window.
const STATE_BYTES: usize = 48 << 10;
/// How many unfinished messages may have a state although little of them has arrived.
const MAX_LENT: usize = 16;

/// What the messages of all connections share.
#[derive(Debug, Default)]
pub(super) struct Inflater {
    /// A state that no message uses.
    idle: RefCell<Option<Box<Stream>>>,
    /// Each message with a right to a state has a pointer to this, and so they are counted.
    lent: Rc<()>,
    /// Bytes that were inflated or copied since somebody took this number.
    pub(super) worked: Cell<usize>,
}

/// A compressed message that arrives.
#[derive(Debug)]
pub(super) struct Inflating {
    home: Rc<Inflater>,
    /// The message may have a state. `None`: its bytes are kept compressed.
    right: Option<Rc<()>>,
    /// The state. It is there from the first byte that is inflated.
    stream: Option<Box<Stream>>,
    /// Payload that waits to be inflated.
    kept: Vec<u8>,
    /// How many bytes of `kept` were inflated.
    used: usize,
}

impl Inflating {
    /// Begins a message. `is_whole`: it is all there, and none of it must be kept.
    pub(super) fn new(home: &Rc<Inflater>, is_whole: bool) -> Self {
        let has_state = is_whole || Rc::strong_count(&home.lent) <= MAX_LENT;
        let right = has_state.then(|| Rc::clone(&home.lent));
        Self { home: Rc::clone(home), right, stream: None, kept: Vec::new(), used: 0 }
    }
}

impl Decoder for Inflating {
    fn decode(&mut self, input: &mut &[u8], is_last: bool, history: &[u8]) -> Result<bool, Violation> {
        let Self { home, right, stream, kept, used } = self;
        let stream = match stream {
            Some(stream) => {
                stream.taken = stream.out.len();
                stream
            }
            None if right.is_none() && !is_last && kept.len() + input.len() <= STATE_BYTES => {
                kept.extend_from_slice(mem::take(input));
                return Ok(true);
            }
            empty => {
                *right = Some(Rc::clone(&home.lent));
                let stream = empty.insert(home.idle.take().unwrap_or_default());
                stream.begin(history)?;
                stream
            }
        };
        let mut waiting = kept.get(*used..).unwrap_or_default();
        if !waiting.is_empty() {
            let is_done = stream.step(&mut waiting)?;
            *used = kept.len() - waiting.len();
            if !is_done {
                return Ok(false);
            }
            (*kept, *used) = (Vec::new(), 0);
        }
        let is_done = stream.push(input, is_last)?;
        if is_done {
            home.worked.update(|worked| worked + mem::take(&mut stream.worked));
        }
        Ok(is_done)
    }

    fn chunk(&self) -> &[u8] {
        self.stream.as_ref().map_or(&[], |stream| stream.fresh())
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
            note(received, &stream.out, 1 << agreed.received.window_bits);
        }
    }

    fn held_bytes(&self) -> usize {
        let state = self.stream.as_ref().map_or(0, |stream| STATE_BYTES + stream.out.capacity());
        state + self.kept.capacity()
    }
}

/// The next message can have the state.
impl Drop for Inflating {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.home.idle.replace(Some(stream));
        }
    }
}
