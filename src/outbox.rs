//! The bytes that wait to be written to one peer.
//!
//! All frames of a turn are encoded into one buffer, the arena. Mostly what is queued for a peer in a turn is one
//! range of it, and one write takes it whole: then an outbox is two numbers. A peer that does not keep up, or whose
//! bytes lie in several places, gets a `Queue`. The next turn uses the arena again, so bytes that still wait
//! at the end of a turn are moved into chunks that all queues share ([`share`]).
//!
//! The queue knows where frames end, because only there a Pong may overtake other frames, and the Close of a
//! slow consumer may follow.

mod chunk;
mod queue;

use crate::metered::Meter;
pub use chunk::{Chunk, Span};
use queue::{Queue, Segment};
use std::borrow::Cow;
use std::io::IoSlice;
use std::mem;
use std::rc::Rc;

/// One write call takes at most this many pieces.
pub const MAX_PIECES: usize = 16;

/// The bytes that wait for one peer.
#[derive(Debug, Default)]
pub struct Outbox {
    /// All that waits, if it was queued in this turn and is one piece.
    ///
    /// [`Span::NOWHERE`] whenever there is a queue, so that one comparison tells the two cases apart.
    pub(crate) turn: Span,
    queue: Option<Box<Queue>>,
}

impl Outbox {
    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match &self.queue {
            None => self.turn.start == self.turn.end,
            Some(queue) => queue.bytes == 0,
        }
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        match &self.queue {
            None => (self.turn.end - self.turn.start) as usize,
            Some(queue) => queue.bytes,
        }
    }

    /// Bytes of memory for the entries of the queue. The chunks that they share count for themselves.
    pub fn held_bytes(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.held_bytes())
    }

    /// Bytes of memory that are kept as long as this queue: what waits, and all of each chunk in it.
    ///
    /// A single byte that waits keeps all of its chunk.
    pub fn kept_bytes(&self) -> usize {
        let mut last = None;
        let chunks = self.chunks().map(|chunk| {
            // Neighbours are often parts of one chunk.
            let is_new = last.replace(Rc::as_ptr(chunk)) != Some(Rc::as_ptr(chunk));
            if is_new { chunk.held_bytes() } else { 0 }
        });
        self.len().max(chunks.sum())
    }

    /// The chunk of each entry that has one.
    pub fn chunks(&self) -> impl Iterator<Item = &Rc<Chunk>> {
        let segments = self.queue.iter().flat_map(|queue| queue.segments());
        segments.filter_map(|segment| segment.chunk.as_ref())
    }

    /// Whether bytes of an earlier turn wait.
    pub fn waits_since_earlier(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.ahead.older + queue.rest.older > 0)
    }

    /// All that waits, if it is one piece of this turn's arena.
    #[inline]
    pub fn turn_bytes<'a>(&self, arena: &'a [u8]) -> Option<&'a [u8]> {
        arena.get(self.turn.start as usize..self.turn.end as usize)
    }

    /// Replaces a range of this turn's arena by another one of the same length.
    pub fn replace(&mut self, old: Span, new: Span) {
        let queued = self.queue.iter_mut().flat_map(|queue| queue.fresh_mut());
        let queued = queued.filter(|segment| segment.chunk.is_none()).map(|segment| &mut segment.span);
        for span in queued.chain([&mut self.turn]).filter(|span| **span == old) {
            *span = new;
        }
    }

    /// Queues a range of this turn's arena. Returns `true` if nothing else waits.
    #[inline]
    pub fn push(&mut self, span: Span) -> bool {
        if self.turn.start == self.turn.end {
            self.turn = span;
            return true;
        }
        self.push_after(span);
        false
    }

    #[cold]
    fn push_after(&mut self, span: Span) {
        if self.queue.is_none() && self.turn.end == span.start {
            self.turn.end = span.end;
        } else {
            self.push_segment(Segment { chunk: None, span });
        }
    }

    /// Queues a part of a chunk, which other queues may share.
    pub fn push_shared(&mut self, chunk: Rc<Chunk>, span: Span) {
        self.push_segment(Segment { chunk: Some(chunk), span });
    }

    /// Queues bytes for this peer alone.
    pub fn push_owned(&mut self, bytes: impl Into<Cow<'static, [u8]>>, meter: &Meter) {
        self.push_segment(Segment::owned(bytes, meter));
    }

    fn push_segment(&mut self, segment: Segment) {
        if !segment.span.is_empty() {
            self.make_queue().push(segment);
        }
    }

    /// Queues a Pong. If bytes of an earlier turn wait, it overtakes all frames that are not begun.
    ///
    /// It does not overtake other Pongs (RFC 6455 §5.5.2: "as soon as practical").
    pub fn push_pong(&mut self, span: Span) {
        match self.waits_since_earlier() {
            true => self.make_queue().insert_ahead(Segment { chunk: None, span }),
            false => drop(self.push(span)),
        }
    }

    /// Makes all that waits count as one frame that is begun.
    ///
    /// The caller must do so if the answer to an opening handshake is queued after other answers: frames follow it. If it
    /// is alone, the queue finds its end (`Queue::sent`).
    #[cold]
    pub fn seal(&mut self) {
        let queue = self.make_queue();
        queue.begun = queue.bytes;
    }

    /// Puts the first pieces that wait into `pieces`, in order. Returns how many.
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

    /// How many bytes [`Outbox::pieces`] gives.
    pub fn offered_len(&self) -> usize {
        match &self.queue {
            None => self.turn.len(),
            Some(queue) => queue.segments().take(MAX_PIECES).map(|segment| segment.span.len()).sum(),
        }
    }

    /// Forgets the first `len` bytes, which are written.
    pub fn sent(&mut self, arena: &[u8], len: usize) {
        if len == self.len() {
            self.clear();
        } else {
            self.make_queue().sent(arena, len);
        }
    }

    /// Forgets all of [`Outbox::turn_bytes`], which are written.
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

    /// Drops all frames that are not begun, if at most `most` bytes then wait.
    ///
    /// Returns `false`, and drops nothing, if more would wait.
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
                queue.push(Segment { chunk: None, span: turn });
            }
            queue
        })
    }

    /// Appends to `spans` the ranges of this turn's arena that still wait. Copies short ones out of it instead.
    pub fn collect_spans(&mut self, arena: &[u8], meter: &Meter, spans: &mut Vec<Span>) {
        if !self.is_empty() {
            let queue = self.make_queue();
            queue.ahead.gather(arena, meter, spans);
            queue.rest.gather(arena, meter, spans);
        }
    }

    /// Replaces the ranges of this turn's arena by the chunks that [`share`] made.
    pub fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        if let Some(queue) = &mut self.queue {
            queue.adopt(chunks, meter);
        }
    }
}

/// An arena of this size becomes a chunk itself if most of it still waits. Nothing is copied then.
const GIVEN_AWAY_BYTES: usize = 256 << 10;

/// Moves ranges of the arena into chunks, each byte once. Returns them sorted.
///
/// Ranges that overlap or touch become one chunk. The bytes in the arena are of no use afterwards.
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
    merged.into_iter().map(|span| (span, Chunk::new(span.of(arena).to_vec(), meter))).collect()
}
