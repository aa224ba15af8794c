//! Compressed messages into plain ones (RFC 7692 §7.2.2), in bounded chunks.
//!
//! One [`Inflater`] serves all connections. A message that arrives whole goes through it at once. One that arrives in
//! pieces takes the library's state along until it ends ([`Inflating`]), so that what is wrong with it is found
//! at the first byte that proves it. Only a few can have one at a time: a state takes far more memory
//! than the few bytes that make a peer need it. Whoever comes later has its bytes
//! kept as they came, until the message is complete or they are as many as a state takes. (If all of
//! a large message were kept, all of it would have to be inflated at once.)
//!
//! Limits are not judged here: each chunk is handed to whoever collects the message, who may refuse it.

use super::{Agreed, Contexts, append, last};
use crate::ws::close::Violation;
use flate2::{Decompress, FlushDecompress, Status};
use std::mem;
use std::rc::{Rc, Weak};

/// How far back DEFLATE can refer at most.
const WINDOW_BYTES: usize = 32 << 10;
/// So much is inflated before somebody takes it, or a little more.
const CHUNK_BYTES: usize = 16 << 10;
/// What a state of the library takes: mostly its window.
const STATE_BYTES: usize = 48 << 10;
/// How many unfinished messages have a state for themselves, though little of them has arrived.
const MAX_LENT: usize = 16;
/// Blocks with BFINAL in one message. Behind each the library must be given the window anew: a few bytes of the
/// peer's would have us copy 32 KiB, as often as it likes.
const MAX_FINAL_BLOCKS: u32 = 4_096;
/// What the sender has cut off, an empty block (§7.2.2); and behind it one with BFINAL. The library then says
/// that the stream has ended: if it does not, the message was cut off inside a block.
const END: [u8; 9] = [0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF];

/// Takes a chunk of a message.
type Take<'a> = dyn FnMut(&[u8]) -> Result<(), Violation> + 'a;

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

/// The library's state, and what came out of it.
#[derive(Debug)]
struct Stream {
    inflate: Decompress,
    /// At least as many of the last bytes as the window reaches back.
    out: Vec<u8>,
    /// How much of `out` was handed on, or is older than this message.
    taken: usize,
    /// Bytes that came out, or were copied, and nobody has asked for yet.
    worked: usize,
    /// Bytes of this message that came out.
    inflated: usize,
    /// Blocks with BFINAL in it.
    final_blocks: u32,
    /// Nothing went in since the message began, or since a block with BFINAL.
    is_fresh: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            // No zlib header; a window of 32 KiB serves whatever was agreed to.
            inflate: Decompress::new(false),
            out: Vec::new(),
            taken: 0,
            worked: 0,
            inflated: 0,
            final_blocks: 0,
            is_fresh: true,
        }
    }
}

impl Stream {
    /// A message begins, behind these bytes.
    fn begin(&mut self, history: &[u8]) -> Result<(), Violation> {
        self.out.clear();
        self.out.extend_from_slice(history);
        self.taken = self.out.len();
        self.inflated = 0;
        self.final_blocks = 0;
        self.restart()
    }

    /// Begins with a new block that may refer back to what came out before.
    fn restart(&mut self) -> Result<(), Violation> {
        self.inflate.reset(false);
        self.is_fresh = true;
        let history = last(&self.out, WINDOW_BYTES);
        if !history.is_empty() {
            self.worked += history.len();
            let set = self.inflate.set_dictionary(history);
            set.map_err(|_| Violation::CorruptDeflate)?;
        }
        Ok(())
    }

    fn push(&mut self, mut input: &[u8], take: &mut Take<'_>) -> Result<(), Violation> {
        loop {
            let step = self.step(&mut input);
            if step == Ok(true) {
                return Ok(());
            }
            // Behind an error, too: what came out before it may break another rule, which is then broken first.
            self.hand_on(take)?;
            step?;
        }
    }

    /// Inflates until all input is used (`true`), or a chunk should be handed on first.
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, Violation> {
        loop {
            if self.out.len() == self.out.capacity() {
                if self.fresh().len() >= CHUNK_BYTES {
                    return Ok(false);
                }
                self.make_room();
            }
            let (used, len) = (self.inflate.total_in(), self.out.len());
            let status = self
                .inflate
                .decompress_vec(input, &mut self.out, FlushDecompress::None)
                .map_err(|_| Violation::CorruptDeflate)?;
            let used = usize::try_from(self.inflate.total_in() - used).unwrap_or(usize::MAX);
            let came_out = self.out.len() - len;
            *input = input.get(used..).unwrap_or_default();
            self.worked += came_out;
            self.inflated += came_out;
            self.is_fresh &= used == 0;
            let is_all_out = self.out.len() < self.out.capacity();
            match status {
                // BFINAL ends the library's stream, and not the message: the next byte begins
                // another block, and the window goes on (§7.2.3.4).
                Status::StreamEnd => {
                    self.final_blocks += 1;
                    if self.final_blocks > MAX_FINAL_BLOCKS {
                        return Err(Violation::TooManyFinalBlocks);
                    }
                    self.restart()?;
                }
                _ if is_all_out && used == 0 && came_out == 0 && !input.is_empty() => {
                    return Err(Violation::CorruptDeflate);
                }
                _ => {}
            }
            if is_all_out && input.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Makes room behind what came out: forgets what no block can refer to any more, or grows.
    fn make_room(&mut self) {
        let forgotten = self.taken.min(self.out.len().saturating_sub(WINDOW_BYTES));
        if forgotten >= CHUNK_BYTES {
            self.out.drain(..forgotten);
            self.taken -= forgotten;
        } else {
            let more = self.out.len().clamp(1 << 10, CHUNK_BYTES);
            self.out.reserve_exact(more);
        }
    }

    /// The message must be complete.
    fn finish(&mut self, take: &mut Take<'_>) -> Result<(), Violation> {
        // No payload at all, or none behind BFINAL: strictly a block is missing, but nothing is lost.
        if self.is_fresh {
            return Ok(());
        }
        let len = self.inflated;
        self.push(&END, take)?;
        if self.is_fresh && self.inflated == len {
            return Ok(());
        }
        self.hand_on(take)?;
        Err(Violation::CorruptDeflate)
    }

    /// What came out and was not handed on.
    fn fresh(&self) -> &[u8] {
        self.out.get(self.taken..).unwrap_or_default()
    }

    fn hand_on(&mut self, take: &mut Take<'_>) -> Result<(), Violation> {
        let taken = take(self.fresh());
        self.taken = self.out.len();
        taken
    }
}
