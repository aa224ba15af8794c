//! A large message, as applications see it. Neither they nor the queues of its receivers copy it.
//!
//! Skip this file on a first reading: short messages need nothing of it.

use crate::metered::Meter;
use crate::outbox::{Chunk, Outbox, Span};
use crate::pool::Pool;
use crate::ws::content::{Part, copied};
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
    pub fn received(opcode: Opcode, parts: Vec<Part>, pool: &Pool, meter: &Meter) -> Self {
        let shared = |part: Part| (Chunk::of_block(part.block, meter), span(part.start, part.end));
        let parts = parts.into_iter().map(shared).collect();
        Self { opcode, parts, pool: pool.clone(), meter: meter.clone() }
    }

    /// Copies a message that is given in pieces, once for all its receivers.
    ///
    /// `None`: the system gives no memory for it.
    pub fn copied(opcode: Opcode, pieces: &[&[u8]], pool: &Pool, meter: &Meter) -> Option<Self> {
        Some(Self::received(opcode, copied(pieces, pool)?, pool, meter))
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

    /// Copies it into one piece of memory, and drops each part when it is copied. Gives all of it.
    ///
    /// `None`: the system gives no memory for it.
    pub fn put_together(&mut self) -> Option<Message<'_>> {
        let len = self.byte_len();
        let mut block = self.pool.take_whole(len)?;
        let mut free = block.get_mut(..len)?;
        for (chunk, span) in self.parts.drain(..) {
            let (place, rest) = free.split_at_mut_checked(span.len())?;
            place.copy_from_slice(span.of(&chunk));
            free = rest;
        }
        self.parts.push((Chunk::of_block(block, &self.meter), span(0, len)));
        // Text was checked when it arrived. Rust wants it checked again to make a `str`.
        Message::whole(self.opcode, self.parts().next()?).ok()
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

/// A range of a block. No block has 4 GiB: a message is at most 1 GiB by the range of its flag.
fn span(start: usize, end: usize) -> Span {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: place(start), end: place(end) }
}
