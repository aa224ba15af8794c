//! What waits to be written to one peer.
//!
//! In the usual case everything queued in a turn is one range of the turn's arena (the
//! buffer all frames of the turn are encoded into), and one write takes it whole: then this is two
//! numbers. Only for a peer that does not keep up, or whose bytes lie in several
//! places, a `Queue` is made. At the end of a turn the arena is reused, so what is
//! still queued is moved into chunks that all queues share ([`share`]).
//!
//! The queue knows where frames end, because two things may only happen there: a Pong that
//! overtakes frames not yet begun, and the Close of a slow consumer.

mod chunk;
mod queue;

pub use chunk::{Chunk, Meter, Span};
use queue::{Queue, Segment};
use std::io::IoSlice;
use std::mem;
use std::rc::Rc;

/// Most pieces given to one write call.
pub const MAX_PIECES: usize = 16;

/// Bytes waiting for one peer.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Queued in this turn, all in one piece. [`Span::NOWHERE`] whenever there is a queue, so that
    /// the usual case is told from all others by one look.
    turn: Span,
    queue: Option<Box<Queue>>,
}

impl Outbox {
    /// Nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match &self.queue {
            None => self.turn.is_empty(),
            Some(queue) => queue.bytes == 0,
        }
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        match &self.queue {
            None => self.turn.len(),
            Some(queue) => queue.bytes,
        }
    }

    /// Pieces that wait. Each takes some memory beside its bytes.
    pub fn entries(&self) -> usize {
        match &self.queue {
            None => usize::from(!self.turn.is_empty()),
            Some(queue) => queue.entries(),
        }
    }

    /// Memory that this outbox holds for itself, in bytes: its entries, not the chunks that
    /// they share. (A [`Meter`] counts those, each once.)
    pub fn held_bytes(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.held_bytes())
    }

    /// Memory that stays as long as this queue does, in bytes: its entries, and the whole of each chunk of which a
    /// part waits. A single byte that waits keeps all of its chunk.
    pub fn kept_bytes(&self) -> usize {
        let mut last = None;
        let chunks = self.chunks().map(|chunk| {
            // Neighbours are often parts of one chunk.
            let is_new = last.replace(Rc::as_ptr(chunk)) != Some(Rc::as_ptr(chunk));
            if is_new { chunk.held_bytes() } else { 0 }
        });
        self.len().max(chunks.sum())
    }

    /// The chunks that its entries share, one for each entry.
    pub fn chunks(&self) -> impl Iterator<Item = &Rc<Chunk>> {
        self.queue.iter().flat_map(|queue| queue.chunks())
    }

    /// Bytes of an earlier turn wait.
    pub fn waits_since_earlier(&self) -> bool {
        self.queue
            .as_ref()
            .is_some_and(|queue| queue.waits_since_earlier())
    }

    /// What waits, when it is one piece of this turn's arena.
    #[inline]
    pub fn turn_bytes<'a>(&self, arena: &'a [u8]) -> Option<&'a [u8]> {
        self.turn.within(arena)
    }

    /// What was queued in this turn, when that is all that waits, and in one piece.
    pub fn turn_span(&self) -> Span {
        self.turn
    }

    /// Puts a range of this turn's arena in the place of another range of the same length.
    pub fn replace(&mut self, old: Span, new: Span) {
        if self.turn == old {
            self.turn = new;
        } else if let Some(queue) = &mut self.queue {
            queue.replace(old, new);
        }
    }

    /// Queues a range of this turn's arena. `true`: it is the first thing that waits.
    #[inline]
    pub fn push(&mut self, span: Span) -> bool {
        if self.turn.is_empty() {
            self.turn = span;
            return true;
        }
        self.push_behind(span);
        false
    }

    #[cold]
    fn push_behind(&mut self, span: Span) {
        if self.queue.is_none() && self.turn.end == span.start {
            self.turn.end = span.end;
        } else {
            self.make_queue().push(Segment::Turn(span));
        }
    }

    /// Queues a part of a chunk, which other queues may share.
    pub fn push_shared(&mut self, chunk: Rc<Chunk>, span: Span) {
        if !span.is_empty() {
            self.make_queue().push(Segment::Shared(chunk, span));
        }
    }

    /// Queues bytes of the program.
    pub fn push_static(&mut self, bytes: &'static [u8]) {
        if !bytes.is_empty() {
            self.make_queue().push(Segment::Static(bytes));
        }
    }

    /// Queues bytes made for this peer alone.
    pub fn push_owned(&mut self, bytes: Vec<u8>, meter: &Meter) {
        if !bytes.is_empty() {
            self.make_queue().push(Segment::owned(bytes, meter));
        }
    }

    /// Queues a Pong: in order, unless bytes of an earlier turn still wait. Then it goes ahead of
    /// the frames that are not begun, behind earlier Pongs that did so (RFC 6455 §5.5.2: "as soon as
    /// practical").
    pub fn push_pong(&mut self, span: Span) {
        match &mut self.queue {
            Some(queue) if queue.waits_since_earlier() => queue.insert_ahead(Segment::Turn(span)),
            _ => drop(self.push(span)),
        }
    }

    /// Everything that waits now counts as one frame: the answer to an opening
    /// handshake, behind which frames begin.
    pub fn seal(&mut self) {
        let queue = self.make_queue();
        queue.begun = queue.bytes;
    }

    /// Up to [`MAX_PIECES`] pieces of what waits, in order, and their number.
    pub fn pieces<'a>(&'a self, arena: &'a [u8], pieces: &mut [IoSlice<'a>; MAX_PIECES]) -> usize {
        let Some(queue) = &self.queue else {
            pieces[0] = IoSlice::new(self.turn.of(arena));
            return 1;
        };
        let mut count = 0;
        for (piece, segment) in pieces.iter_mut().zip(queue.segments()) {
            *piece = IoSlice::new(segment.bytes(arena));
            count += 1;
        }
        count
    }

    /// Bytes that [`Outbox::pieces`] gives.
    pub fn offered_len(&self) -> usize {
        match &self.queue {
            None => self.turn.len(),
            Some(queue) => queue.segments().take(MAX_PIECES).map(Segment::len).sum(),
        }
    }

    /// The first `len` bytes are written.
    pub fn sent(&mut self, arena: &[u8], len: usize) {
        if len == self.len() {
            self.clear();
        } else {
            self.make_queue().sent(arena, len);
        }
    }

    /// All of `turn_bytes` is written.
    #[inline]
    pub fn turn_sent(&mut self) {
        self.turn = Span::default();
    }

    /// Forgets everything.
    #[inline]
    pub fn clear(&mut self) {
        self.turn = Span::default();
        self.queue = None;
    }

    /// Drops all frames that are not begun. `true`: what is left is at most `most` bytes,
    /// and a frame may be queued behind it.
    pub fn drop_unbegun(&mut self, most: usize) -> bool {
        let queue = self.make_queue();
        if queue.begun > most {
            return false;
        }
        queue.keep_begun();
        true
    }

    #[cold]
    fn make_queue(&mut self) -> &mut Queue {
        let turn = mem::replace(&mut self.turn, Span::NOWHERE);
        self.queue.get_or_insert_with(|| {
            let mut queue = Box::<Queue>::default();
            if !turn.is_empty() {
                queue.push(Segment::Turn(turn));
            }
            queue
        })
    }

    /// Adds the ranges of this turn's arena that still wait to `spans`, except short ones,
    /// which are copied out of it at once.
    pub fn collect_spans(&mut self, arena: &[u8], meter: &Meter, spans: &mut Vec<Span>) {
        if !self.is_empty() {
            self.make_queue().collect_spans(arena, meter, spans);
        }
    }

    /// Replaces the ranges of this turn's arena by the chunks that [`share`] made.
    pub fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        if let Some(queue) = &mut self.queue {
            queue.adopt(chunks, meter);
        }
    }
}

/// An arena of this size is not copied, if most of it still waits: it becomes the chunk itself.
const GIVEN_AWAY_BYTES: usize = 256 << 10;

/// Moves the given ranges of the arena into chunks, each byte once: ranges that overlap or
/// touch become one chunk. The result is sorted. What the arena holds afterwards is of no use.
#[must_use]
pub fn share(arena: &mut Vec<u8>, mut spans: Vec<Span>, meter: &Meter) -> Vec<(Span, Rc<Chunk>)> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    let waiting: usize = merged.iter().map(|span| span.len()).sum();
    if arena.len() >= GIVEN_AWAY_BYTES && waiting > arena.len() / 2 {
        let mut bytes = mem::take(arena);
        bytes.shrink_to_fit();
        let end = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        return vec![(Span { start: 0, end }, Chunk::new(bytes, meter))];
    }
    merged
        .into_iter()
        .map(|span| (span, Chunk::new(span.of(arena).to_vec(), meter)))
        .collect()
}
