//! What arrives on an open WebSocket: the application is given the messages, and the hub answers control frames
//! (RFC 6455 §5.5, §7).

use super::Hub;
use super::conn::{Mark, Phase};
use super::core::Core;
use super::ctx::Ctx;
use super::ids::{Cause, ConnId};
use super::receive_buffer::InPlace;
use crate::config::Config;
use crate::guard::notes::Note;
use crate::large::LargeMessage;
use crate::shortcuts;
use crate::ws::close::Violation;
use crate::ws::content::Part;
use crate::ws::endpoint::{Event, Limits};
use crate::ws::frame::{Opcode, Sender::Client};
use crate::ws::message::{Complete, Message};
use std::mem;

/// The application that is given a message, and the connection on which it came.
#[derive(Clone, Copy)]
struct Recipient {
    id: ConnId,
    app: u8,
    tag: u64,
}

impl Hub {
    /// Processes frames until `input` is used up, the phase changes or the turn is full.
    #[inline]
    pub(super) fn receive_frames(&mut self, id: ConnId, input: &mut &mut [u8]) {
        while !input.is_empty() {
            let Core { turn, rates, config: Config { tuning, .. }, .. } = &self.core;
            let is_full = turn.has_done(tuning.max_turn_bytes, tuning.max_deliveries_per_turn);
            if is_full || rates.is_on && rates.is_paused(id.slot) {
                break;
            }
            // Shortcut, equals `receive_general`: a message that is one frame and lies whole in the input.
            let is_done = shortcuts::ON && self.receive_whole(id, input);
            if !is_done && !self.receive_general(id, input) {
                return;
            }
        }
        if !input.is_empty() || self.core.rates.is_on {
            self.core.keep_rest(id, input);
        }
    }

    /// Receives a message that is one frame and lies whole at the start of the input.
    ///
    /// Returns `false`, and does nothing, if there is anything else.
    #[inline(always)]
    fn receive_whole(&mut self, id: ConnId, input: &mut &mut [u8]) -> bool {
        let max_fragments = self.core.config.tuning.max_fragments;
        let Some(conn) = self.core.table.get(id) else { return false };
        let limits = Limits { from: Client, max_message_bytes: conn.max_message_bytes.into(), max_fragments };
        let Phase::Open { endpoint, mark } = &mut conn.phase else { return false };
        match endpoint.receive_whole(input, &limits) {
            Some(Ok(message)) => {
                *mark = None;
                if conn.open {
                    let to = Recipient { id, app: conn.app, tag: conn.tag };
                    let in_place = match input.is_empty() {
                        true => self.core.receive_buffer.in_place(message),
                        false => None,
                    };
                    self.deliver(to, message, in_place.as_ref());
                }
            }
            Some(Err(violation)) => self.core.fail(id, violation),
            None => return false,
        }
        true
    }

    /// Takes `len` bytes of a large message that were read to their place.
    pub(super) fn receive_directly(&mut self, id: ConnId, len: usize) {
        let Some(conn) = self.core.table.get(id) else { return };
        let Phase::Open { endpoint, .. } = &mut conn.phase else { return };
        let event = endpoint.arrived(len);
        self.take_event(id, event);
    }

    /// Takes the next event off the input, and does what it asks for.
    ///
    /// Returns `false` if the connection is no open WebSocket any more.
    #[cold]
    fn receive_general(&mut self, id: ConnId, input: &mut &mut [u8]) -> bool {
        let Core { table, memory, config, .. } = &mut self.core;
        let Some(conn) = table.get(id) else { return false };
        let max_fragments = config.tuning.max_fragments;
        let limits = Limits { from: Client, max_message_bytes: conn.max_message_bytes.into(), max_fragments };
        let Phase::Open { endpoint, .. } = &mut conn.phase else { return false };
        if conn.agreed.is_some() {
            self.receive_coded(id, input);
            return true;
        }
        let event = endpoint.receive_general(input, &limits, &memory.pool, None);
        self.take_event(id, event);
        true
    }

    /// Does what an event asks for. A violation fails the connection.
    #[cold]
    pub(super) fn take_event(&mut self, id: ConnId, event: Result<Option<Event<'_>>, Violation>) {
        match event {
            Ok(Some(Event::Message(message))) => self.take_message(id, message),
            Ok(None) => self.mark_progress(id),
            Ok(Some(Event::Ping(ping))) => {
                if self.core.table.get(id).is_some_and(|conn| conn.open) {
                    let span = self.core.turn.encode(Opcode::Pong, [&ping]);
                    self.core.queue_pong(id, span);
                    self.core.pay(id);
                }
                self.core.count(id);
            }
            Ok(Some(Event::Close(code))) => self.core.close_and_drain(id, code, "", Cause::Peer),
            Ok(Some(_)) => self.core.count(id),
            Err(violation) => self.core.fail(id, violation),
        }
    }

    /// Gives the application a message, in whichever form it has arrived.
    #[cold]
    fn take_message(&mut self, id: ConnId, message: Complete<'_>) {
        let Some(conn) = self.core.table.get(id) else { return };
        let to = Recipient { id, app: conn.app, tag: conn.tag };
        if let Phase::Open { mark, .. } = &mut conn.phase {
            *mark = None;
        }
        match message {
            _ if !conn.open => {}
            Complete::Whole(message) => self.deliver(to, message, None),
            Complete::Collected(opcode, bytes) => {
                // Text was checked when it arrived. Rust wants it checked again to make a `str`.
                if let Ok(message) = Message::whole(opcode, &bytes) {
                    self.deliver(to, message, None);
                }
            }
            Complete::Large(opcode, parts) => self.deliver_large(to, opcode, parts),
        }
    }

    /// Gives the application a message that is too large to lie in one piece.
    #[cold]
    fn deliver_large(&mut self, to: Recipient, opcode: Opcode, parts: Vec<Part>) {
        let Recipient { id, app, tag } = to;
        let core = &mut self.core;
        // Its memory is counted as shared by queues from here on, and not as the connection's.
        let large = LargeMessage::received(opcode, parts, &core.memory.pool, &core.memory.meter);
        core.memory.delivering = large.byte_len();
        if let Some(application) = self.apps.get_mut(usize::from(app)) {
            application.on_large_message(&mut Ctx::new(&mut self.core, app), id, tag, large);
        }
        self.core.memory.delivering = 0;
        self.delivered(id);
    }

    /// Gives the application a message.
    #[inline]
    fn deliver<'a>(&'a mut self, to: Recipient, message: Message<'a>, in_place: Option<&'a InPlace<'a>>) {
        let Recipient { id, app, tag } = to;
        if let Some(application) = self.apps.get_mut(usize::from(app)) {
            application.on_message(&mut Ctx { core: &mut self.core, app, in_place }, id, tag, message);
        }
        if self.core.rates.is_on || !self.core.turn.reports.is_empty() {
            self.delivered(id);
        }
    }

    /// Counts a message that was delivered, and tells what it has caused.
    #[cold]
    fn delivered(&mut self, id: ConnId) {
        self.core.pay(id);
        self.deliver_reports();
    }

    /// Notes that a message is unfinished, and how far it has come, if it is large.
    ///
    /// So a message that hardly grows can be told from one that is only large.
    #[cold]
    fn mark_progress(&mut self, id: ConnId) {
        let (now, step) = (self.core.turn.now, self.core.config.tuning.slow_message_bytes);
        self.core.count(id);
        let Some(conn) = self.core.table.get(id) else { return };
        let Phase::Open { endpoint, mark } = &mut conn.phase else { return };
        let held = endpoint.unfinished_bytes();
        if held <= step {
            *mark = None;
        } else if mark.as_ref().is_none_or(|mark| held < mark.held || held - mark.held >= step) {
            *mark = Some(Box::new(Mark { held, at: now, paused: None }));
            self.core.arm(id);
        }
    }
}

impl Core {
    /// Counts a message, or a Ping that was answered, against the cap of messages per second.
    fn pay(&mut self, id: ConnId) {
        let is_open = self.table.get(id).is_some_and(|conn| conn.open);
        if is_open && self.rates.is_on && self.rates.pay(id.slot, self.turn.now) {
            self.notes.metrics.count(Note::RatePause, 0);
        }
    }

    /// Keeps what is left of a read, because the turn is full, or its sender has to wait: it has sent too many messages.
    ///
    /// A sender who has to wait is not read, also if nothing is left.
    #[cold]
    fn keep_rest(&mut self, id: ConnId, input: &mut &mut [u8]) {
        let rest = mem::take(input);
        if self.rates.is_paused(id.slot) {
            self.keep_backlog(id, rest);
        } else if !rest.is_empty() {
            self.keep_for_next_turn(id, rest);
        }
    }
}
