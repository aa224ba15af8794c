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
use std::borrow::Cow;
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
    pub(super) ahead: Lane,
    /// All that is written after that.
    pub(super) rest: Lane,
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
pub(super) struct Lane {
    segments: VecDeque<Segment>,
    /// How many segments at the front are of earlier turns. None of them lies in the arena.
    pub(super) older: usize,
}

/// Bytes that wait, and where they lie.
#[derive(Debug)]
pub(super) struct Segment {
    /// `None`: they lie in the arena of this turn. Other queues may have the chunk, too.
    pub(super) chunk: Option<Rc<Chunk>>,
    /// Their range in the chunk or in the arena.
    pub(super) span: Span,
}

impl Segment {
    /// All of a new chunk.
    pub(super) fn owned(bytes: impl Into<Cow<'static, [u8]>>, meter: &Meter) -> Self {
        let chunk = Chunk::new(bytes, meter);
        let end = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        Self { chunk: Some(chunk), span: Span { start: 0, end } }
    }

    pub(super) fn bytes<'a>(&'a self, arena: &'a [u8]) -> &'a [u8] {
        self.span.of(self.chunk.as_ref().map_or(arena, |chunk| chunk))
    }

    /// Appends bytes to a chunk that only this queue has. Returns `false` if others have it, or if it is full.
    fn extend(&mut self, bytes: &[u8], meter: &Meter) -> bool {
        if let Some(chunk) = self.chunk.as_mut().and_then(Rc::get_mut)
            && self.span.end as usize == chunk.len()
            && chunk.len() + bytes.len() <= GATHERING_BYTES
            && chunk.extend(bytes, meter)
        {
            self.span.end = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            return true;
        }
        false
    }

    /// Replaces a range of this turn's arena by one of the chunks that `share` made.
    fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        let at = chunks.partition_point(|(whole, _)| whole.end <= self.span.start);
        if self.chunk.is_none()
            && let Some((whole, chunk)) = chunks.get(at)
        {
            let span = Span { start: self.span.start - whole.start, end: self.span.end - whole.start };
            *self = match span.len() < chunk.len() / SMALL_PART {
                true => Self::owned(span.of(chunk).to_vec(), meter),
                false => Self { chunk: Some(Rc::clone(chunk)), span },
            };
        }
    }
}

impl Lane {
    fn push(&mut self, next: Segment) {
        match self.segments.back_mut() {
            Some(Segment { chunk: None, span }) if next.chunk.is_none() && span.end == next.span.start => {
                span.end = next.span.end;
            }
            _ => self.segments.push_back(next),
        }
    }

    /// Takes out the first segment, or the first `most` bytes of it.
    fn pop(&mut self, most: usize) -> Option<Segment> {
        let front = self.segments.front_mut()?;
        match u32::try_from(most) {
            Ok(most) if (most as usize) < front.span.len() => {
                let span = Span { start: front.span.start, end: front.span.start + most };
                front.span.start = span.end;
                Some(Segment { chunk: front.chunk.clone(), span })
            }
            _ => {
                self.older = self.older.saturating_sub(1);
                self.segments.pop_front()
            }
        }
    }

    /// Takes out the first `len` bytes.
    fn pop_all(&mut self, mut len: usize) -> Self {
        let mut popped = Self::default();
        while len > 0 {
            let is_older = self.older > 0;
            let Some(front) = self.pop(len) else { break };
            len -= front.span.len();
            popped.segments.push_back(front);
            popped.older += usize::from(is_older);
        }
        popped
    }

    /// Appends to `spans` the ranges of the arena. Copies short ones to the end of the pieces before them instead.
    pub(super) fn gather(&mut self, arena: &[u8], meter: &Meter, spans: &mut Vec<Span>) {
        for mut segment in self.segments.split_off(self.older) {
            let bytes = segment.bytes(arena);
            if segment.chunk.is_none() && bytes.len() <= GATHERED_BYTES {
                if self.segments.back_mut().is_some_and(|before| before.extend(bytes, meter)) {
                    continue;
                }
                segment = Segment::owned(bytes.to_vec(), meter);
            } else if segment.chunk.is_none() {
                spans.push(segment.span);
            }
            self.segments.push_back(segment);
        }
    }
}

impl Queue {
    pub(super) fn push(&mut self, segment: Segment) {
        self.bytes += segment.span.len();
        self.rest.push(segment);
    }

    /// All segments, the first to be written first.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.ahead.segments.iter().chain(&self.rest.segments)
    }

    /// The segments of this turn.
    pub(super) fn fresh_mut(&mut self) -> impl Iterator<Item = &mut Segment> {
        let lanes = [&mut self.ahead, &mut self.rest].into_iter();
        lanes.flat_map(|lane| lane.segments.range_mut(lane.older..))
    }

    /// Adds a segment that overtakes all frames that are not begun.
    pub(super) fn insert_ahead(&mut self, segment: Segment) {
        if self.ahead.segments.is_empty() {
            self.ahead = self.rest.pop_all(self.begun);
        }
        self.bytes += segment.span.len();
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
        self.bytes = self.begun;
        self.rest = mem::take(self.first_lane()).pop_all(self.begun);
        self.ahead = Lane::default();
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
            if begun == 0 {
                let bytes = lane.segments.front().map_or(&[][..], |front| front.bytes(arena));
                begun = own_frame_len(bytes).unwrap_or(bytes.len());
            }
            let Some(written) = lane.pop(len.min(begun)) else { return };
            len -= written.span.len();
            self.begun = begun - written.span.len();
        }
    }

    /// Ends the turn, whose arena will be used again: all that waits is now older.
    pub(super) fn adopt(&mut self, chunks: &[(Span, Rc<Chunk>)], meter: &Meter) {
        self.fresh_mut().for_each(|segment| segment.adopt(chunks, meter));
        for lane in [&mut self.ahead, &mut self.rest] {
            lane.older = lane.segments.len();
        }
        self.account.set(self.held_bytes(), meter);
    }

    /// Bytes of memory for the queue itself. The chunks that its entries share are not counted.
    pub(super) fn held_bytes(&self) -> usize {
        let entries = self.ahead.segments.capacity() + self.rest.segments.capacity();
        size_of::<Self>() + entries * size_of::<Segment>()
    }
}
