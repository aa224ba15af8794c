//! A large message, as applications see it. Neither they nor the queues of its receivers copy it.
//!
//! Skip this file on a first reading: short messages need nothing of it.

use crate::metered::Meter;
use crate::outbox::{Chunk, Outbox, Span};
use crate::pool::Pool;
use crate::ws::content::{Large, Part};
use crate::ws::frame::Opcode;
use crate::ws::message::Message;
use std::rc::Rc;

/// A message that is too large to lie in one piece. If it is text, it was checked.
///
/// `Ctx::send_large` sends it on and copies nothing. [`LargeMessage::put_together`] copies it into one piece.
#[derive(Debug)]
pub struct LargeMessage {
    opcode: Opcode,
    parts: Vec<(Rc<Chunk>, Span)>,
    pool: Pool,
    meter: Meter,
}

impl LargeMessage {
    /// A message that has arrived. `meter` counts its memory from now on.
    pub fn received(large: Large, pool: &Pool, meter: &Meter) -> Self {
        let shared = |part: Part| {
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span { start: place(part.start), end: place(part.end) };
            (Chunk::of_block(part.block, meter), span)
        };
        Self {
            opcode: large.opcode,
            parts: large.parts.into_iter().map(shared).collect(),
            pool: pool.clone(),
            meter: meter.clone(),
        }
    }

    /// Copies a message that is given in parts, once for all its receivers.
    ///
    /// `None`: the system gives no memory for it.
    pub fn copied(opcode: Opcode, parts: &[&[u8]], pool: &Pool, meter: &Meter) -> Option<Self> {
        let large = Large::copied(opcode, parts, pool)?;
        Some(Self::received(large, pool, meter))
    }

    /// Text or Binary.
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Its bytes, in the parts in which they lie.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(|(chunk, span)| span.of(chunk))
    }

    /// How many bytes it has.
    pub fn byte_len(&self) -> usize {
        self.parts.iter().map(|(_, span)| span.len()).sum()
    }

    /// Copies it into one piece of memory, and drops each part when it is copied.
    ///
    /// `None`: the system gives no memory for it.
    pub fn put_together(self) -> Option<Whole> {
        let len = self.byte_len();
        let mut block = self.pool.take_whole(len)?;
        let mut free = block.get_mut(..len)?;
        for (chunk, span) in self.parts {
            let bytes = span.of(&chunk);
            let (place, rest) = free.split_at_mut_checked(bytes.len())?;
            place.copy_from_slice(bytes);
            free = rest;
        }
        Some(Whole { opcode: self.opcode, memory: Chunk::of_block(block, &self.meter), len })
    }

    /// Queues it for one receiver, after its header in the arena. Returns `true` if nothing else waits.
    pub fn queue(&self, header: Span, outbox: &mut Outbox) -> bool {
        let is_first = outbox.push(header);
        for (chunk, span) in &self.parts {
            outbox.push_shared(Rc::clone(chunk), *span);
        }
        is_first
    }
}

/// A large message in one piece.
#[derive(Debug)]
pub struct Whole {
    opcode: Opcode,
    memory: Rc<Chunk>,
    len: usize,
}

impl Whole {
    /// The message. Never `None`: text was checked when it arrived. Rust wants it checked again to make a `str`.
    pub fn message(&self) -> Option<Message<'_>> {
        Message::whole(self.opcode, self.memory.get(..self.len)?).ok()
    }
}
