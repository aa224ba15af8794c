//! Compression: messages that arrive compressed, and long messages that go out to receivers who take them so.
//!
//! On a first reading skip this file: a short message is sent by `Ctx::deliver`, a plain one is received in `websocket`,
//! and neither knows of all this.
//!
//! A message is compressed once, however many receive it, or once for each size of window that they have agreed to.
//! With context takeover a message to a single receiver may refer back to what that one was sent
//! before; nobody else could read it.

use super::Hub;
use super::conn::Phase;
use super::core::{Core, LARGE_BYTES};
use super::ids::ConnId;
use super::table::queue_for_each;
use super::turn::span_since;
use crate::large::LargeMessage;
use crate::outbox::{Outbox, Span};
use crate::ws::endpoint::{Event, Limits};
use crate::ws::extension::{Agreed, Coding, Extension, History};
use crate::ws::frame::{self, Opcode, Sender::Client};

impl Hub {
    /// Receives frames on a connection that has agreed to compression, as `receive_general` does on others.
    #[cold]
    pub(super) fn receive_coded(&mut self, id: ConnId, input: &mut &mut [u8]) {
        // The message may lie in its decoder until it is delivered.
        let mut used = None;
        let event = loop {
            let Core { table, compression, memory, config, .. } = &mut self.core;
            let Some(conn) = table.get(id) else { return };
            let (Some(agreed), Some(extension)) = (conn.agreed, compression.as_deref_mut()) else { return };
            let max_fragments = config.tuning.max_fragments;
            let limits =
                Limits { from: Client, max_message_bytes: conn.max_message_bytes.into(), max_fragments };
            let Phase::Open { endpoint, .. } = &mut conn.phase else { return };
            let coding = Coding { extension, agreed, history: &mut conn.history, used: &mut used };
            match endpoint.receive_general(input, &limits, &memory.pool, Some(coding)) {
                Ok(Some(Event::Growing(_))) => self.core.make_room_while_decoding(id),
                event => break event,
            }
        };
        self.core.count(id);
        self.take_event(id, event);
        if let Some(extension) = &mut self.core.compression {
            self.core.turn.other_work += extension.take_work();
        }
    }
}

/// One message in all the forms in which it is sent. A form is made when the first receiver needs it.
struct Forms<'a> {
    opcode: Opcode,
    parts: &'a [&'a [u8]],
    /// Bytes of all parts.
    len: usize,
    arena: &'a mut Vec<u8>,
    /// `None`: the message is too short to be compressed, or nothing is.
    extension: Option<&'a mut Box<dyn Extension>>,
    /// The message in blocks, if it is large: as it is, it is sent without a copy.
    large: Option<&'a LargeMessage>,
    /// The frame that is not compressed; of a large message its header alone.
    plain: Option<Span>,
    /// The compressed frames made so far for all who have agreed to compression, and the bits of their windows.
    ///
    /// `None`: the message does not get shorter.
    shared: Vec<(u8, Option<Span>)>,
    /// Bytes that were compressed, also if not to the end.
    coded: usize,
}

impl Forms<'_> {
    /// Queues the message as it is. Returns `true` if nothing else waits.
    fn queue_plain(&mut self, outbox: &mut Outbox) -> bool {
        let span = *self.plain.get_or_insert_with(|| {
            let start = self.arena.len();
            frame::encode_header(self.arena, self.opcode, self.len);
            if self.large.is_none() {
                self.parts.iter().for_each(|part| self.arena.extend_from_slice(part));
            }
            span_since(self.arena, start)
        });
        match self.large {
            Some(large) => large.queue(span, outbox),
            None => outbox.push(span),
        }
    }

    /// The message compressed. `None`: it is sent as it is.
    fn compressed(&mut self, agreed: Agreed, history: Option<&mut History>) -> Option<Span> {
        let extension = self.extension.as_mut()?;
        self.coded += self.len;
        let start = self.arena.len();
        if !extension.encode(agreed, history, self.parts, self.arena) {
            return None;
        }
        // The header comes last, because the length was not known, and is moved in front of the payload.
        let end = self.arena.len();
        frame::encode_header(self.arena, self.opcode, end - start);
        let header_len = self.arena.len() - end;
        let frame = self.arena.get_mut(start..).unwrap_or_default();
        frame.rotate_right(header_len);
        frame::set_rsv1(frame);
        Some(span_since(self.arena, start))
    }

    /// The message compressed for all who have agreed to the same window. `None`: it is sent as it is.
    ///
    /// A large message has two forms at most. It is compressed for the first receiver, and for those with as large
    /// a window or a larger one. The others take it as it is.
    fn shared(&mut self, agreed: Agreed) -> Option<Span> {
        let window = agreed.sent.window_bits;
        let is_large = self.len >= LARGE_BYTES;
        if let Some((bits, span)) = self.shared.iter().find(|(bits, _)| is_large || *bits == window) {
            return span.filter(|_| *bits <= window);
        }
        let span = self.compressed(agreed, None);
        self.shared.push((window, span));
        span
    }
}

impl Core {
    /// Whether anybody of these receives a large message as it is, and whether anybody compressed: see `Forms::shared`.
    ///
    /// To walk over the receivers once more costs little beside the message.
    fn forms_needed(&self, ids: impl Iterator<Item = ConnId>) -> (bool, bool) {
        let (mut plain, mut first) = (false, None);
        for id in ids {
            let conn = self.table.conns.get(id.slot as usize);
            let Some(conn) = conn.filter(|conn| conn.serial == id.serial && conn.open) else { continue };
            match conn.agreed.map(|agreed| agreed.sent.window_bits) {
                None => plain = true,
                Some(window) => plain |= window < *first.get_or_insert(window),
            }
        }
        (plain, first.is_some())
    }

    /// Queues a long message for many connections, or one.
    // Its parts come as values. As references they would cost something where the message is short, too.
    #[cold]
    pub(super) fn deliver_long<const N: usize>(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        opcode: Opcode,
        parts: [&[u8]; N],
    ) {
        self.deliver_forms(ids.into_iter(), opcode, &parts, None);
    }

    /// Queues a large message for many connections, or one. It may be compressed, but is never copied.
    pub(super) fn deliver_large(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        large: &LargeMessage,
    ) {
        let parts: Vec<&[u8]> = large.parts().collect();
        self.deliver_forms(ids.into_iter(), large.opcode(), &parts, Some(large));
    }

    /// Queues a message in the form that each connection takes. `large`: the message in blocks, if it lies there.
    fn deliver_forms(
        &mut self,
        ids: impl Iterator<Item = ConnId> + Clone,
        opcode: Opcode,
        parts: &[&[u8]],
        large: Option<&LargeMessage>,
    ) {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let mut copy = None;
        if large.is_some() || len >= LARGE_BYTES {
            let (plain, compressed) = self.forms_needed(ids.clone());
            let is_copied = plain && large.is_none();
            let copies = usize::from(is_copied) + usize::from(compressed);
            if copies > 0 && !self.make_room(copies * len) {
                return;
            }
            // The arena lies on the heap, which would keep such memory, or ask for it each time.
            if is_copied {
                copy = LargeMessage::copied(opcode, parts, &self.memory.pool, &self.memory.meter);
            }
        }
        let large = large.or(copy.as_ref());
        let is_single = ids.size_hint() == (1, Some(1));
        let Self { table, turn, compression, config, .. } = self;
        let extension = compression.as_mut().filter(|_| len >= config.deflate_threshold_bytes);
        let arena = &mut turn.arena;
        let (plain, shared, coded) = (None, Vec::new(), 0);
        let mut forms = Forms { opcode, parts, len, arena, extension, large, plain, shared, coded };
        let mut kept_by = None;
        let receivers = queue_for_each(&mut table.conns, &mut turn.touched, ids, |id, conn| {
            let compressed = match conn.agreed {
                None => None,
                Some(agreed) if is_single && agreed.sent.takes_over => {
                    kept_by = Some(id);
                    forms.compressed(agreed, Some(conn.history.get_or_insert_default()))
                }
                Some(agreed) => {
                    let shared = forms.shared(agreed);
                    // The next message refers to nothing before it: each receiver would have to keep a copy
                    // of this one.
                    let history = conn.history.as_mut().filter(|_| shared.is_some());
                    history.into_iter().for_each(|history| history.sent.clear());
                    shared
                }
            };
            match compressed {
                Some(span) => conn.outbox.push(span),
                None => forms.queue_plain(&mut conn.outbox),
            }
        });
        turn.deliveries += receivers;
        turn.other_work += forms.coded + large.filter(|_| receivers > 0).map_or(0, LargeMessage::byte_len);
        if let Some(id) = kept_by {
            self.count(id);
        }
    }
}
