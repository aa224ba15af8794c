//! Compressed messages into plain ones (RFC 7692 §7.2.2): which of them have a state of the library, and when.
//! What is done with one is in `stream`.
//!
//! One [`Inflater`] serves all connections. A message that arrives whole goes through it at once. One that arrives in
//! pieces takes the library's state along until it ends ([`Inflating`]), so that what is wrong with it is found
//! at the first byte that proves it. Only a few can have one at a time: a state takes far more memory
//! than the few bytes that make a peer need it. Whoever comes later has its bytes
//! kept as they came, until the message is complete or they are as many as a state takes. (If all of
//! a large message were kept, all of it would have to be inflated at once.)
//!
//! Limits are not judged here: each chunk is handed to whoever collects the message, who may refuse it.

use super::stream::{Stream, Take};
use super::{Agreed, Contexts, append, last};
use crate::ws::close::Violation;
use std::mem;
use std::rc::{Rc, Weak};

/// What a state of the library takes: mostly its window.
const STATE_BYTES: usize = 48 << 10;
/// How many unfinished messages have a state for themselves, though little of them has arrived.
const MAX_LENT: usize = 16;

/// Inflates for all connections.
#[derive(Debug, Default)]
pub struct Inflater {
    idle: Option<Box<Stream>>,
    /// Each stream that is lent has a weak pointer to it, so it counts them.
    lent: Rc<()>,
    /// Bytes that came out, or were copied, since somebody asked.
    worked: usize,
}

/// A compressed message that has begun to arrive.
#[derive(Debug)]
pub struct Inflating {
    state: State,
    /// Payload that has arrived so far.
    received: usize,
}

#[derive(Debug)]
enum State {
    /// Inflated as it comes.
    Lent {
        stream: Box<Stream>,
        _counted: Weak<()>,
    },
    /// Kept as it came.
    Kept(Vec<u8>),
}

impl Inflater {
    /// The same one, to be used beside its owner, who has only the count of streams meanwhile:
    /// should it not come back, a new stream is all that has to be made.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            idle: self.idle.take(),
            lent: Rc::clone(&self.lent),
            worked: 0,
        }
    }

    /// It is back.
    pub fn give_back(&mut self, used: Self) {
        self.idle = used.idle;
        self.worked += used.worked;
    }

    /// A message begins. `is_whole`: it is all there, and nothing of it will have to be kept.
    ///
    /// # Errors
    /// None that a peer could cause.
    pub fn begin(
        &mut self,
        _: &Agreed,
        is_whole: bool,
        contexts: Option<&Contexts>,
    ) -> Result<Inflating, Violation> {
        let state = if is_whole || Rc::weak_count(&self.lent) < MAX_LENT {
            self.lend(contexts)?
        } else {
            State::Kept(Vec::new())
        };
        let received = 0;
        Ok(Inflating { state, received })
    }

    fn lend(&mut self, contexts: Option<&Contexts>) -> Result<State, Violation> {
        Ok(State::Lent {
            stream: self.stream(contexts)?,
            _counted: Rc::downgrade(&self.lent),
        })
    }

    fn stream(&mut self, contexts: Option<&Contexts>) -> Result<Box<Stream>, Violation> {
        let mut stream = self.idle.take().unwrap_or_default();
        stream.begin(contexts.map_or(&[], |contexts| &contexts.received))?;
        Ok(stream)
    }

    /// Takes the next piece of the message.
    ///
    /// # Errors
    /// [`Violation::CorruptDeflate`], [`Violation::TooManyFinalBlocks`], or what `take` says.
    pub fn push(
        &mut self,
        inflating: &mut Inflating,
        payload: &[u8],
        contexts: Option<&Contexts>,
        take: &mut Take<'_>,
    ) -> Result<(), Violation> {
        let Inflating { state, received } = inflating;
        *received += payload.len();
        if let State::Kept(kept) = state
            && *received > STATE_BYTES
        {
            let kept = mem::take(kept);
            *state = self.lend(contexts)?;
            if let State::Lent { stream, .. } = state {
                stream.push(&kept, take)?;
            }
        }
        match state {
            State::Lent { stream, .. } => stream.push(payload, take),
            State::Kept(kept) => {
                kept.extend_from_slice(payload);
                Ok(())
            }
        }
    }

    /// Nothing more has arrived for now: hands on what has.
    ///
    /// # Errors
    /// What `take` says.
    pub fn pause(
        &mut self,
        inflating: &mut Inflating,
        take: &mut Take<'_>,
    ) -> Result<(), Violation> {
        match &mut inflating.state {
            State::Lent { stream, .. } => {
                self.worked += mem::take(&mut stream.worked);
                stream.hand_on(take)
            }
            State::Kept(_) => Ok(()),
        }
    }

    /// The message has arrived. Its last chunk, which may be all of it, is not handed to `take` but
    /// given by [`Inflater::last_chunk`].
    ///
    /// # Errors
    /// [`Violation::CorruptDeflate`], or what `take` says.
    pub fn finish(
        &mut self,
        inflating: Inflating,
        agreed: &Agreed,
        contexts: &mut Option<Box<Contexts>>,
        take: &mut Take<'_>,
    ) -> Result<(), Violation> {
        let mut stream = match inflating.state {
            State::Lent { stream, .. } => stream,
            State::Kept(kept) => {
                let mut stream = self.stream(contexts.as_deref())?;
                stream.push(&kept, take)?;
                stream
            }
        };
        let finished = stream.finish(take);
        self.worked += mem::take(&mut stream.worked);
        let window = agreed.received_window_bytes();
        if window > 0 {
            let contexts = contexts.get_or_insert_default();
            contexts.received.clear();
            append(&mut contexts.received, last(&stream.out, window));
        }
        self.idle = Some(stream);
        finished
    }

    /// What [`Inflater::finish`] has left of the last message.
    #[must_use]
    pub fn last_chunk(&self) -> &[u8] {
        self.idle.as_ref().map_or(&[], |stream| stream.fresh())
    }

    /// How many bytes came out, or were copied, since this was asked last: the work that was done.
    pub fn take_work(&mut self) -> usize {
        mem::take(&mut self.worked)
    }
}

impl Inflating {
    /// Bytes of payload that have arrived.
    #[must_use]
    pub fn received(&self) -> usize {
        self.received
    }

    /// Bytes of memory held, beside the message itself.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        match &self.state {
            State::Lent { stream, .. } => STATE_BYTES + stream.out.capacity(),
            State::Kept(kept) => kept.capacity(),
        }
    }
}
