//! The queue of a peer whose bytes lie in several places.
//!
//! Skip this file on a first reading: a peer that keeps up seldom has a queue.
//!
//! A peer may stop reading while thousands of short messages arrive, each in a turn of its own. So no turn may cost
//! more because the queue is long: what it added is found from the end. And short pieces are put together
//! ([`Lane::gather`]), because each entry costs memory.

use super::chunk::{Chunk, Span};
use crate::metered::{Account, Meter};
use crate::ws::frame::own_frame_len;
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

/// Pieces up to this size are copied to the end of the one before. An entry for it costs half as much.
const GATHERED_BYTES: usize = 64;
/// A piece this many times smaller than its chunk is copied, too.
///
/// Sharing would keep all of the chunk in memory for it, and the queue's limit counts the piece alone.
const SMALL_PART: usize = 4;
/// Pieces are put together up to this size.
const GATHERING_BYTES: usize = 4 << 10;

/// All that waits for one peer, in two lanes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What a Pong must not overtake: the rest of the begun frame, and earlier Pongs.
    ahead: Lane,
    /// All that is written after that.
    rest: Lane,
    pub(super) bytes: usize,
    /// Bytes of the frame (or HTTP response) whose first bytes are written, all of them in one lane.
    ///
    /// Zero: what was written ends where a frame ends.
    pub(super) begun: usize,
    /// Its entries. The chunks in them count for themselves.
    account: Account,
}

/// Segments in their order.
#[derive(Debug, Default)]
struct Lane {
    segments: VecDeque<Segment>,
    /// How many segments at the end are of this turn.
    fresh: usize,
}

/// Bytes that wait, and where they lie.

#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// In the arena of this turn.
    Turn(Span),
    /// In a chunk, perhaps shared with other queues.
    Shared(Rc<Chunk>, Span),
    /// In the program itself.
    Static(&'static [u8]),
}

impl Segment {
    pub(super) fn bytes<'a>(&'a self, arena: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Turn(span) => span.of(arena),
            Self::Shared(chunk, span) => span.of(chunk),
            Self::Static(bytes) => bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Turn(span) | Self::Shared(_, span) => span.len(),
            Self::Static(bytes) => bytes.len(),
        }
    }

    /// Cuts off the first `len` bytes. Returns them.
    pub(super) fn split_front(&mut self, len: usize) -> Self {
        let mut front = self.clone();
        match (self, &mut front) {
            (Self::Turn(rest), Self::Turn(front)) | (Self::Shared(_, rest), Self::Shared(_, front)) => {
                let len = u32::try_from(len).unwrap_or(u32::MAX);
                rest.start = rest.start.saturating_add(len).min(rest.end);
                front.end = rest.start;
            }
            (Self::Static(rest), Self::Static(front)) => {
                (*front, *rest) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            }
            _ => {}
        }
        front
    }

    /// All of a new chunk.
    pub(super) fn owned(bytes: Vec<u8>, meter: &Meter) -> Self {
        let end = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self::Shared(Chunk::new(bytes, meter), Span { start: 0, end })
    }

    /// Appends bytes to a chunk that only this queue has. Returns `false` if others have it, or if it is full.
    fn extend(&mut self, bytes: &[u8], meter: &Meter) -> bool {
        if let Self::Shared(chunk, span) = self
            && let Some(chunk) = Rc::get_mut(chunk)
            && span.end as usize == chunk.len()
            && chunk.len() + bytes.len() <= GATHERING_BYTES
            && chunk.extend(bytes, meter)
        {
            span.end = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            return true;
        }
        false
    }

    /// Replaces a range of this turn's arena by one of the chunks that `share` made.
    fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        let Self::Turn(span) = *self else { return };
        let at = chunks.partition_point(|(chunk, _)| chunk.end <= span.start);
        if let Some((whole, chunk)) = chunks.get(at) {
            let span = Span { start: span.start - whole.start, end: span.end - whole.start };
            *self = if span.len() < chunk.len() / SMALL_PART {
                Self::owned(span.of(chunk).to_vec(), meter)
            } else {
                Self::Shared(Rc::clone(chunk), span)
            };
        }
    }
}

impl Lane {
    fn push(&mut self, segment: Segment) {
        if self.fresh > 0
            && let (Some(Segment::Turn(last)), Segment::Turn(next)) = (self.segments.back_mut(), &segment)
            && last.end == next.start
        {
            last.end = next.end;
            return;
        }
        self.segments.push_back(segment);
        self.fresh += 1;
    }

    fn pop(&mut self) -> Option<Segment> {
        let front = self.segments.pop_front();
        self.fresh = self.fresh.min(self.segments.len());
        front
    }

    /// Whether segments of an earlier turn wait.
    fn has_older(&self) -> bool {
        self.segments.len() > self.fresh
    }

    /// Moves the first `len` bytes to the end of `to`.
    fn move_front(&mut self, mut len: usize, to: &mut Lane) {
        while len > 0 {
            let is_fresh = !self.has_older();
            let front = match self.segments.front_mut() {
                Some(front) if len < front.len() => Some(front.split_front(len)),
                _ => self.pop(),
            };
            let Some(front) = front else { return };
            len -= front.len();
            to.segments.push_back(front);
            to.fresh += usize::from(is_fresh);
        }
    }

    /// Copies short pieces of this turn to the end of the pieces before them.
    fn gather(&mut self, arena: &[u8], meter: &Meter) {
        let older = self.segments.len() - self.fresh;
        let mut kept = older;
        for at in older..self.segments.len() {
            let Some(segment) = self.segments.get_mut(at) else { break };
            let mut segment = mem::replace(segment, Segment::Static(&[]));
            if let Segment::Turn(span) = segment
                && span.len() <= GATHERED_BYTES
            {
                let bytes = span.of(arena);
                let before = kept.checked_sub(1).and_then(|at| self.segments.get_mut(at));
                if before.is_some_and(|before| before.extend(bytes, meter)) {
                    continue;
                }
                segment = Segment::owned(bytes.to_vec(), meter);
            }
            if let Some(place) = self.segments.get_mut(kept) {
                *place = segment;
                kept += 1;
            }
        }
        self.segments.truncate(kept);
        self.fresh = kept - older;
    }

    /// The segments of this turn, the last one first.
    fn fresh_mut(&mut self) -> impl Iterator<Item = &mut Segment> {
        self.segments.iter_mut().rev().take(self.fresh)
    }
}

impl Queue {
    pub(super) fn push(&mut self, segment: Segment) {
        self.bytes += segment.len();
        self.rest.push(segment);
    }

    /// Whether bytes of an earlier turn wait.
    pub(super) fn waits_since_earlier(&self) -> bool {
        self.ahead.has_older() || self.rest.has_older()
    }

    /// All segments, the first to be written first.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.ahead.segments.iter().chain(&self.rest.segments)
    }

    fn fresh_mut(&mut self) -> impl Iterator<Item = &mut Segment> {
        self.ahead.fresh_mut().chain(self.rest.fresh_mut())
    }

    /// Replaces a range of this turn's arena by another one.
    pub(super) fn replace(&mut self, old: Span, new: Span) {
        for segment in self.fresh_mut() {
            if matches!(segment, Segment::Turn(span) if *span == old) {
                *segment = Segment::Turn(new);
            }
        }
    }

    /// Adds a segment that overtakes all frames that are not begun.
    pub(super) fn insert_ahead(&mut self, segment: Segment) {
        if self.ahead.segments.is_empty() {
            self.rest.move_front(self.begun, &mut self.ahead);
        }
        self.bytes += segment.len();
        self.ahead.push(segment);
    }

    /// The lane that is written next.
    fn first_lane(&mut self) -> &mut Lane {
        match self.ahead.segments.is_empty() {
            true => &mut self.rest,
            false => &mut self.ahead,
        }
    }

    /// Drops all but the rest of the begun frame.
    pub(super) fn keep_begun(&mut self) {
        let (len, mut rest) = (self.begun, Lane::default());
        self.first_lane().move_front(len, &mut rest);
        (self.ahead, self.rest) = (Lane::default(), rest);
        self.bytes = len;
    }

    /// Drops the first `len` bytes, which are written.
    pub(super) fn sent(&mut self, arena: &[u8], mut len: usize) {
        self.bytes = self.bytes.saturating_sub(len);
        // The answer to an opening handshake is begun before its first byte is written: nothing may overtake it, or be sent
        // in its place. No frame of the server begins with this byte.
        let front = self.segments().next().map(|front| front.bytes(arena));
        if let (0, Some(bytes @ [b'H', ..])) = (self.begun, front) {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            self.begun = end.map_or(bytes.len(), |end| end + 4);
        }
        while len > 0 {
            let mut begun = self.begun;
            let lane = self.first_lane();
            let Some(front) = lane.segments.front_mut() else { return };
            if begun == 0 {
                let bytes = front.bytes(arena);
                begun = own_frame_len(bytes).unwrap_or(bytes.len());
            }
            let step = len.min(begun).min(front.len());
            front.split_front(step);
            if front.len() == 0 {
                lane.pop();
            }
            len -= step;
            self.begun = begun - step;
        }
    }

    /// Appends to `spans` the ranges of this turn's arena that wait. Copies short ones out of it instead.
    pub(super) fn collect_spans(&mut self, arena: &[u8], meter: &Meter, spans: &mut Vec<Span>) {
        self.ahead.gather(arena, meter);
        self.rest.gather(arena, meter);
        spans.extend(self.fresh_mut().filter_map(|segment| match segment {
            Segment::Turn(span) => Some(*span),
            _ => None,
        }));
    }

    /// Ends the turn, whose arena will be used again: all that waits is now older.
    pub(super) fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        self.fresh_mut().for_each(|segment| segment.adopt(chunks, meter));
        (self.ahead.fresh, self.rest.fresh) = (0, 0);
        self.account.set(self.held_bytes(), meter);
    }

    /// Bytes of memory for the queue itself. The chunks that its entries share are not counted.
    pub(super) fn held_bytes(&self) -> usize {
        let entries = self.ahead.segments.capacity() + self.rest.segments.capacity();
        size_of::<Self>() + entries * size_of::<Segment>()
    }
}
