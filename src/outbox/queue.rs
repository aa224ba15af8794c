//! The queue of a peer that does not keep up, or whose bytes lie in several places.

use super::Span;
use crate::ws::frame::own_frame_len;
use std::collections::VecDeque;
use std::rc::Rc;

/// The general case.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) segments: VecDeque<Segment>,
    pub(super) bytes: usize,
    /// Bytes that belong to the frame (or HTTP response) whose first bytes are written.
    /// Zero: what was written ends where a frame ends.
    pub(super) begun: usize,
    /// Segments at the front that a Pong must not overtake: the rest of the begun frame,
    /// cut off as a segment of its own, and earlier Pongs.
    pub(super) ahead: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// In the arena of this turn.
    Turn(Span),
    /// In a chunk, perhaps shared with other queues.
    Shared(Rc<Vec<u8>>, Span),
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
}

impl Queue {
    pub(super) fn push(&mut self, segment: Segment) {
        self.bytes += segment.len();
        let may_join = self.ahead < self.segments.len();
        if let (Some(Segment::Turn(last)), Segment::Turn(next)) =
            (self.segments.back_mut(), &segment)
            && last.end == next.start
            && may_join
        {
            last.end = next.end;
            return;
        }
        self.segments.push_back(segment);
    }

    /// Whether bytes of an earlier turn wait: those lie in chunks.
    pub(super) fn waits_since_earlier(&self) -> bool {
        matches!(
            self.segments.front(),
            Some(Segment::Shared(..) | Segment::Static(_))
        )
    }

    pub(super) fn insert_ahead(&mut self, segment: Segment) {
        if self.ahead == 0 && self.begun > 0 {
            self.ahead = self.cut(self.begun);
        }
        self.bytes += segment.len();
        self.segments.insert(self.ahead, segment);
        self.ahead += 1;
    }

    /// Makes a border between segments behind the first `len` bytes; how many segments lie before it.
    pub(super) fn cut(&mut self, mut len: usize) -> usize {
        for at in 0..self.segments.len() {
            let Some(segment) = self.segments.get_mut(at) else {
                break;
            };
            if len == 0 {
                return at;
            }
            if len < segment.len() {
                let front = segment.split_front(len);
                self.segments.insert(at, front);
                return at + 1;
            }
            len -= segment.len();
        }
        self.segments.len()
    }

    pub(super) fn truncate(&mut self, bytes: usize) {
        let keep = self.cut(bytes);
        self.segments.truncate(keep);
        self.bytes = bytes;
        self.ahead = self.ahead.min(keep);
    }

    pub(super) fn sent(&mut self, arena: &[u8], mut len: usize) {
        self.bytes = self.bytes.saturating_sub(len);
        while len > 0 {
            let Some(front) = self.segments.front_mut() else {
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
                self.segments.pop_front();
                self.ahead = self.ahead.saturating_sub(1);
            }
        }
    }
}
