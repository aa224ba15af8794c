//! The queue of a peer that does not keep up, or whose bytes lie in several places.
//!
//! A peer may stop reading while thousands of short messages come in, each in a turn of its own. So
//! nothing here may cost more the longer the queue is: what a turn adds is found from the
//! back, and short pieces are gathered ([`Lane::gather`]), since each entry costs memory too.

use super::chunk::{Chunk, Meter, Span};
use crate::ws::frame::own_frame_len;
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

/// A piece up to this size is copied behind the one before it; an entry that shares it with
/// other queues would take half as much.
const GATHERED_BYTES: usize = 64;
/// A piece this many times smaller than its chunk is copied, too: sharing would keep all of the chunk
/// in memory for its sake, and the queue's limit counts the piece alone.
const SMALL_PART: usize = 4;
/// Size up to which gathered pieces grow.
const GATHERING_BYTES: usize = 4 << 10;

/// The general case.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What a Pong must not overtake: the rest of the begun frame, and earlier Pongs.
    ahead: Lane,
    /// Everything else, behind it.
    rest: Lane,
    pub(super) bytes: usize,
    /// Bytes that belong to the frame (or HTTP response) whose first bytes are written, all of
    /// them in one lane. Zero: what was written ends where a frame ends.
    pub(super) begun: usize,
}

/// Segments in their order.
#[derive(Debug, Default)]
struct Lane {
    segments: VecDeque<Segment>,
    /// How many at the back are of this turn.
    fresh: usize,
}

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

    /// Cuts off the first `len` bytes and gives them.
    pub(super) fn split_front(&mut self, len: usize) -> Self {
        let mut front = self.clone();
        match (self, &mut front) {
            (Self::Turn(rest), Self::Turn(front))
            | (Self::Shared(_, rest), Self::Shared(_, front)) => {
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

    /// Bytes of its own.
    pub(super) fn owned(bytes: Vec<u8>, meter: &Meter) -> Self {
        let end = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self::Shared(Chunk::new(bytes, meter), Span { start: 0, end })
    }

    /// Adds bytes to a chunk that is this queue's alone and not yet large. `false`: it is not.
    fn extend(&mut self, bytes: &[u8]) -> bool {
        let Self::Shared(chunk, span) = self else {
            return false;
        };
        let Some(chunk) = Rc::get_mut(chunk) else {
            return false;
        };
        if span.end as usize != chunk.len() || chunk.len() + bytes.len() > GATHERING_BYTES {
            return false;
        }
        if !chunk.extend(bytes) {
            return false;
        }
        span.end = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        true
    }

    /// Takes a range of this turn's arena from the chunks that `share` made.
    fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        let Self::Turn(span) = *self else { return };
        let at = chunks.partition_point(|(chunk, _)| chunk.end <= span.start);
        if let Some((whole, chunk)) = chunks.get(at) {
            let span = Span {
                start: span.start - whole.start,
                end: span.end - whole.start,
            };
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
            && let (Some(Segment::Turn(last)), Segment::Turn(next)) =
                (self.segments.back_mut(), &segment)
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

    /// Something is left of an earlier turn.
    fn has_older(&self) -> bool {
        self.segments.len() > self.fresh
    }

    /// Moves the first `len` bytes to the end of `to`.
    fn move_front(&mut self, mut len: usize, to: &mut Lane) {
        while len > 0 {
            let is_older = self.has_older();
            let Some(front) = self.segments.front_mut() else {
                return;
            };
            let front = if len < front.len() {
                front.split_front(len)
            } else {
                match self.pop() {
                    Some(front) => front,
                    None => return,
                }
            };
            len -= front.len();
            to.segments.push_back(front);
            to.fresh += usize::from(!is_older);
        }
    }

    /// Copies short pieces of this turn behind the ones before them.
    fn gather(&mut self, arena: &[u8], meter: &Meter) {
        let len = self.segments.len();
        let older = len - self.fresh;
        let mut kept = older;
        for at in older..len {
            let Some(segment) = self.segments.get_mut(at) else {
                break;
            };
            let segment = mem::replace(segment, Segment::Static(&[]));
            let before = kept.checked_sub(1).and_then(|at| self.segments.get_mut(at));
            let segment = match segment {
                Segment::Turn(span) if span.len() <= GATHERED_BYTES => {
                    let bytes = span.of(arena);
                    if before.is_some_and(|before| before.extend(bytes)) {
                        continue;
                    }
                    Segment::owned(bytes.to_vec(), meter)
                }
                other => other,
            };
            if let Some(place) = self.segments.get_mut(kept) {
                *place = segment;
                kept += 1;
            }
        }
        self.segments.truncate(kept);
        self.fresh = kept - older;
    }

    fn replace(&mut self, old: Span, new: Span) {
        for segment in self.segments.iter_mut().rev().take(self.fresh) {
            if matches!(segment, Segment::Turn(span) if *span == old) {
                *segment = Segment::Turn(new);
            }
        }
    }

    fn fresh(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().rev().take(self.fresh)
    }

    /// The turn is over: its arena will be reused.
    fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        for segment in self.segments.iter_mut().rev().take(self.fresh) {
            segment.adopt(chunks, meter);
        }
        self.fresh = 0;
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

    /// In order, the first to be written first.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.ahead.segments.iter().chain(&self.rest.segments)
    }

    /// Puts a range of this turn's arena in the place of another one.
    pub(super) fn replace(&mut self, old: Span, new: Span) {
        self.ahead.replace(old, new);
        self.rest.replace(old, new);
    }

    pub(super) fn entries(&self) -> usize {
        self.ahead.segments.len() + self.rest.segments.len()
    }

    pub(super) fn insert_ahead(&mut self, segment: Segment) {
        if self.ahead.segments.is_empty() {
            self.rest.move_front(self.begun, &mut self.ahead);
        }
        self.bytes += segment.len();
        self.ahead.push(segment);
    }

    /// Keeps only what is left of the begun frame.
    pub(super) fn keep_begun(&mut self) {
        let mut begun = Lane::default();
        if self.ahead.segments.is_empty() {
            self.rest.move_front(self.begun, &mut begun);
        } else {
            self.ahead.move_front(self.begun, &mut begun);
        }
        (self.ahead, self.rest) = (Lane::default(), begun);
        self.bytes = self.begun;
    }

    pub(super) fn sent(&mut self, arena: &[u8], mut len: usize) {
        self.bytes = self.bytes.saturating_sub(len);
        while len > 0 {
            let lane = match self.ahead.segments.is_empty() {
                true => &mut self.rest,
                false => &mut self.ahead,
            };
            let Some(front) = lane.segments.front_mut() else {
                return;
            };
            if self.begun == 0 {
                let bytes = front.bytes(arena);
                self.begun = own_frame_len(bytes).unwrap_or(bytes.len());
            }
            let step = len.min(self.begun).min(front.len());
            front.split_front(step);
            len -= step;
            self.begun -= step;
            if front.len() == 0 {
                lane.pop();
            }
        }
    }

    /// Adds the ranges of this turn's arena that are left to `spans`. Short ones do not stay there.
    pub(super) fn collect_spans(&mut self, arena: &[u8], meter: &Meter, spans: &mut Vec<Span>) {
        for lane in [&mut self.ahead, &mut self.rest] {
            lane.gather(arena, meter);
            spans.extend(lane.fresh().filter_map(|segment| match segment {
                Segment::Turn(span) => Some(*span),
                _ => None,
            }));
        }
    }

    pub(super) fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        self.ahead.adopt(chunks, meter);
        self.rest.adopt(chunks, meter);
    }

    /// Memory of the queue itself, in bytes. What its entries share is not in it.
    pub(super) fn held_bytes(&self) -> usize {
        let entries = self.ahead.segments.capacity() + self.rest.segments.capacity();
        size_of::<Self>() + entries * size_of::<Segment>()
    }

    /// The chunks that it shares.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Rc<Chunk>> {
        self.segments().filter_map(|segment| match segment {
            Segment::Shared(chunk, _) => Some(chunk),
            _ => None,
        })
    }
}
