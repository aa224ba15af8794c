//! Long messages on their way out: some receivers have agreed to take them compressed (RFC 7692).
//!
//! A message is compressed once, however many receive it; more often only if they have agreed to windows of different
//! sizes. What goes to a single receiver with context takeover may refer back to what that one
//! was sent before; nobody else could read it.
//!
//! What is short is sent as it is, by `Ctx::deliver`, which knows nothing of all this.

use super::core::{Core, span_since};
use crate::app::ConnId;
use crate::config::{Config, Deflate};
use crate::large::LargeMessage;
use crate::outbox::{Outbox, Span};
use crate::ws::deflate::{Agreed, Compressor, Contexts};
use crate::ws::frame::{self, Opcode};

/// The memory budget is looked at before a message of this size is encoded, not only afterwards.
const LARGE_BYTES: usize = 256 << 10;

/// The size from which a message is long.
pub(super) fn long_bytes(config: &Config) -> usize {
    match config.deflate {
        Deflate::Off => LARGE_BYTES,
        Deflate::On | Deflate::Takeover => config.deflate_threshold_bytes.min(LARGE_BYTES),
    }
}

/// One message in all the forms in which it goes out. Each is made when the first receiver needs it.
struct Forms<'a> {
    opcode: Opcode,
    parts: &'a [&'a [u8]],
    /// Bytes of all parts.
    len: usize,
    /// Shorter messages are not compressed.
    threshold: usize,
    level: usize,
    arena: &'a mut Vec<u8>,
    compressor: &'a mut Compressor,
    /// Where the payload lies that is sent without a copy.
    large: Option<&'a LargeMessage>,
    /// The frame as it is; of a large message its header alone.
    plain: Option<Span>,
    /// By the bits of the window.
    shared: [Option<Form>; 16],
    /// Bytes that went through the compressor.
    squeezed: usize,
}

#[derive(Debug, Clone, Copy)]
struct Form {
    span: Span,
    is_compressed: bool,
}

impl Forms<'_> {
    /// As it is.
    fn plain(&mut self) -> Form {
        let Self {
            opcode, len, large, ..
        } = *self;
        let span = *self.plain.get_or_insert_with(|| {
            let start = self.arena.len();
            frame::encode_header(self.arena, opcode, len);
            if large.is_none() {
                for part in self.parts {
                    self.arena.extend_from_slice(part);
                }
            }
            span_since(self.arena, start)
        });
        Form {
            span,
            is_compressed: false,
        }
    }

    /// Compressed, unless it is too short for that or does not get shorter.
    fn compressed(&mut self, agreed: &Agreed, history: &[u8]) -> Form {
        let (level, start) = (self.level, self.arena.len());
        let compressed = if self.len < self.threshold {
            None
        } else {
            self.squeezed += self.len;
            self.compressor
                .compress(agreed, level, history, self.parts, self.arena)
        };
        if compressed.is_none() {
            return self.plain();
        }
        Form {
            span: self.begin_frame(start),
            is_compressed: true,
        }
    }

    /// The payload was written from `start` on, because its length was not known: the header moves in front of it.
    fn begin_frame(&mut self, start: usize) -> Span {
        let end = self.arena.len();
        frame::encode_header(self.arena, self.opcode, end - start);
        let header_len = self.arena.len() - end;
        let frame = self.arena.get_mut(start..).unwrap_or_default();
        frame.rotate_right(header_len);
        frame::set_rsv1(frame);
        span_since(self.arena, start)
    }

    /// What was made before and can be read by all who have agreed to this window. Of a large message
    /// there are two forms at most: it is compressed for the first receiver, for those with as large a window or
    /// a larger one too, and the others take it as it is.
    fn made_for(&mut self, window: usize) -> Option<Form> {
        if self.len < LARGE_BYTES {
            return self.shared.get(window).copied().flatten();
        }
        let mut made = self.shared.iter().zip(0..);
        let (form, bits) = made.find_map(|(form, bits)| Some(((*form)?, bits)))?;
        Some(if bits > window { self.plain() } else { form })
    }

    /// For all who have agreed to the same window.
    fn shared(&mut self, agreed: &Agreed) -> Form {
        let window = usize::from(agreed.server_window_bits());
        if let Some(form) = self.made_for(window) {
            return form;
        }
        let form = self.compressed(agreed, &[]);
        if let Some(place) = self.shared.get_mut(window) {
            *place = Some(form);
        }
        form
    }

    /// For one receiver alone, behind what it was sent before.
    fn own(&mut self, agreed: &Agreed, contexts: &mut Option<Box<Contexts>>) -> Form {
        let contexts = contexts.get_or_insert_default();
        let form = self.compressed(agreed, contexts.sent());
        if form.is_compressed {
            contexts.note_sent(agreed, self.parts);
        }
        form
    }

    /// Queues one form for one receiver. `true`: it is the first thing that waits.
    fn queue(&self, form: Form, outbox: &mut Outbox) -> bool {
        match self.large {
            Some(large) if !form.is_compressed => large.queue(form.span, outbox),
            _ => outbox.push(form.span),
        }
    }
}

impl Core {
    /// How many copies of a large message these receivers need at most: see `Forms::made_for`. (Another walk
    /// over them is nothing beside the message.) `has_plain`: the plain form is there already.
    fn copies_needed(&self, ids: impl Iterator<Item = ConnId>, has_plain: bool) -> usize {
        let mut windows = ids.filter_map(|id| {
            let conn = self.conns.get(id.slot as usize)?;
            let receives = conn.serial == id.serial && conn.open;
            receives.then(|| conn.agreed.as_ref().map(Agreed::server_window_bits))
        });
        let Some(first) = windows.next() else {
            return 0;
        };
        if has_plain {
            let compresses = first.is_some() || windows.any(|window| window.is_some());
            return usize::from(compresses);
        }
        // Those who agreed to nothing are alike, too.
        let are_alike = windows.all(|window| match first {
            None => window.is_none(),
            Some(_) => window >= first,
        });
        if are_alike { 1 } else { 2 }
    }

    /// Queues a long message for many connections, or one.
    // Its parts come as values: their address would be taken even where the message is short.
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
            let copies = self.copies_needed(ids.clone(), false);
            if copies == 0 || !self.make_room(copies * len) {
                return;
            }
            // Not into the arena: that lies on the heap, which would keep the memory or ask for it each time.
            let takes_plain = |id: ConnId| {
                let conn = self.conns.get(id.slot as usize);
                conn.is_some_and(|conn| conn.agreed.is_none())
            };
            if ids.clone().any(takes_plain) {
                large = LargeMessage::copied(opcode, parts, &self.pool, self.budget.meter());
            }
        }
        self.deliver_forms(ids, opcode, parts, large.as_ref());
    }

    /// Queues a large message for many connections, or one. It is not copied, only perhaps compressed.
    pub(super) fn deliver_large(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        large: &LargeMessage,
    ) {
        let ids = ids.into_iter();
        let copies = self.copies_needed(ids.clone(), true);
        if copies > 0 && !self.make_room(copies * large.len()) {
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
        let Self {
            conns,
            arena,
            compressor,
            config,
            touched,
            deliveries,
            other_work,
            ..
        } = self;
        let mut forms = Forms {
            opcode,
            parts,
            len: parts.iter().map(|part| part.len()).sum(),
            threshold: config.deflate_threshold_bytes,
            level: config.deflate_level,
            arena,
            compressor,
            large,
            plain: None,
            shared: [None; 16],
            squeezed: 0,
        };
        let mut kept_by = None;
        let mut is_queued = false;
        for id in ids {
            let Some(conn) = conns.get_mut(id.slot as usize) else {
                continue;
            };
            if conn.serial != id.serial || !conn.open {
                continue;
            }
            let form = match &conn.agreed {
                None => forms.plain(),
                Some(agreed) if is_single && agreed.takes_over() => {
                    kept_by = Some(id.slot);
                    forms.own(agreed, &mut conn.contexts)
                }
                Some(agreed) => {
                    let form = forms.shared(agreed);
                    if form.is_compressed
                        && let Some(contexts) = &mut conn.contexts
                    {
                        contexts.forget_sent();
                    }
                    form
                }
            };
            is_queued = true;
            *deliveries += 1;
            if forms.queue(form, &mut conn.outbox) || !conn.touched {
                conn.touched = true;
                touched.push(id.slot);
            }
        }
        *other_work += forms.squeezed;
        if let Some(slot) = kept_by {
            self.recount(slot);
        }
        if is_queued && let Some(large) = large {
            self.other_work += large.len();
        }
    }
}
