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
use crate::outbox::Span;
use crate::ws::endpoint::{Event, Limits};
use crate::ws::extension::{Agreed, Coding, Extension, History};
use crate::ws::frame::{self, Opcode};

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
            let limits = Limits { max_message_bytes: conn.max_message_bytes.into(), max_fragments };
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
    /// Messages of fewer bytes are not compressed.
    threshold: usize,
    arena: &'a mut Vec<u8>,
    extension: &'a mut Option<Box<dyn Extension>>,
    /// The message in blocks, if it is large: its payload is sent without a copy.
    large: Option<&'a LargeMessage>,
    /// The frame that is not compressed; of a large message its header alone.
    plain: Option<Span>,
    /// The forms made so far for all who have agreed to compression, and the bits of their windows.
    shared: Vec<(u8, Form)>,
    /// Bytes that were compressed, also if not to the end.
    coded: usize,
}

#[derive(Debug, Clone, Copy)]
struct Form {
    span: Span,
    is_compressed: bool,
}

impl Forms<'_> {
    /// The message as it is.
    fn plain(&mut self) -> Form {
        let span = *self.plain.get_or_insert_with(|| {
            let start = self.arena.len();
            frame::encode_header(self.arena, self.opcode, self.len);
            if self.large.is_none() {
                self.parts.iter().for_each(|part| self.arena.extend_from_slice(part));
            }
            span_since(self.arena, start)
        });
        Form { span, is_compressed: false }
    }

    /// The message compressed, unless it is too short for that or does not get shorter.
    fn compressed(&mut self, agreed: Agreed, history: Option<&mut History>) -> Form {
        let Some(extension) = self.extension.as_mut().filter(|_| self.len >= self.threshold) else {
            return self.plain();
        };
        self.coded += self.len;
        let start = self.arena.len();
        if !extension.encode(agreed, history, self.parts, self.arena) {
            return self.plain();
        }
        // The header comes last, because the length was not known, and is moved in front of the payload.
        let end = self.arena.len();
        frame::encode_header(self.arena, self.opcode, end - start);
        let header_len = self.arena.len() - end;
        let frame = self.arena.get_mut(start..).unwrap_or_default();
        frame.rotate_right(header_len);
        frame::set_rsv1(frame);
        Form { span: span_since(self.arena, start), is_compressed: true }
    }

    /// The form for all who have agreed to the same window.
    ///
    /// A large message has two forms at most. It is compressed for the first receiver, and for those with as large
    /// a window or a larger one. The others take it as it is.
    fn shared(&mut self, agreed: Agreed) -> Form {
        let window = agreed.sent.window_bits;
        let is_large = self.len >= LARGE_BYTES;
        match self.shared.iter().find(|(bits, _)| is_large || *bits == window) {
            Some((bits, _)) if *bits > window => self.plain(),
            Some((_, form)) => *form,
            None => {
                let form = self.compressed(agreed, None);
                self.shared.push((window, form));
                form
            }
        }
    }
}

impl Core {
    /// Whether anybody of these receives a large message as it is, and whether anybody compressed: see `Forms::shared`.
    ///
    /// To walk over the receivers once more costs little beside the message.
    fn forms_needed(&self, ids: impl Iterator<Item = ConnId>) -> (bool, bool) {
        let (mut plain, mut first) = (false, None);
        let conns = ids.filter_map(|id| Some((id, self.table.conns.get(id.slot as usize)?)));
        for (_, conn) in conns.filter(|(id, conn)| conn.serial == id.serial && conn.open) {
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
        let parts = &parts;
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let ids = ids.into_iter();
        let mut large = None;
        if len >= LARGE_BYTES {
            let (plain, compressed) = self.forms_needed(ids.clone());
            let copies = usize::from(plain) + usize::from(compressed);
            if copies == 0 || !self.make_room(copies * len) {
                return;
            }
            // The arena lies on the heap, which would keep such memory, or ask for it each time.
            if plain {
                large = LargeMessage::copied(opcode, parts, &self.memory.pool, &self.memory.meter);
            }
        }
        self.deliver_forms(ids, opcode, parts, large.as_ref());
    }

    /// Queues a large message for many connections, or one. It may be compressed, but is never copied.
    pub(super) fn deliver_large(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        large: &LargeMessage,
    ) {
        let ids = ids.into_iter();
        let (_, compressed) = self.forms_needed(ids.clone());
        if compressed && !self.make_room(large.byte_len()) {
            return;
        }
        let parts: Vec<&[u8]> = large.parts().collect();
        self.deliver_forms(ids, large.opcode(), &parts, Some(large));
    }

    fn deliver_forms(
        &mut self,
        ids: impl Iterator<Item = ConnId>,
        opcode: Opcode,
        parts: &[&[u8]],
        large: Option<&LargeMessage>,
    ) {
        let is_single = ids.size_hint() == (1, Some(1));
        let Self { table, turn, compression, config, .. } = self;
        let mut forms = Forms {
            opcode,
            parts,
            len: parts.iter().map(|part| part.len()).sum(),
            threshold: config.deflate_threshold_bytes,
            arena: &mut turn.arena,
            extension: compression,
            large,
            plain: None,
            shared: Vec::new(),
            coded: 0,
        };
        let mut kept_by = None;
        let receivers = queue_for_each(&mut table.conns, &mut turn.touched, ids, |id, conn| {
            let form = match conn.agreed {
                None => forms.plain(),
                Some(agreed) if is_single && agreed.sent.takes_over => {
                    kept_by = Some(id);
                    forms.compressed(agreed, Some(conn.history.get_or_insert_default()))
                }
                Some(agreed) => {
                    let form = forms.shared(agreed);
                    if form.is_compressed
                        && let Some(history) = &mut conn.history
                    {
                        // The next message refers to nothing before it: each receiver would have to keep a copy
                        // of this one.
                        history.sent.clear();
                    }
                    form
                }
            };
            match large {
                Some(large) if !form.is_compressed => large.queue(form.span, &mut conn.outbox),
                _ => conn.outbox.push(form.span),
            }
        });
        turn.deliveries += receivers;
        turn.other_work += forms.coded + large.filter(|_| receivers > 0).map_or(0, LargeMessage::byte_len);
        if let Some(id) = kept_by {
            self.count(id);
        }
    }
}
