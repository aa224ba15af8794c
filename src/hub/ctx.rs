//! What an application can do while it is called.

use super::conn::Conn;
use super::core::Core;
use super::ids::{Cause, ConnId, RequestId};
use super::receive_buffer::InPlace;
use super::table::queue_for_each;
use crate::clock::Time;
use crate::config::Config;
use crate::guard::Escaped;
use crate::guard::notes::Note;
use crate::guard::rate::Bucket;
use crate::http::response::Response;
use crate::large::LargeMessage;
use crate::ws::close::CloseCode;
use crate::ws::frame::Opcode;
use crate::ws::message::Message;
use std::fmt::Arguments;

/// What an application may do during one callback.
///
/// A message is encoded at once and written when the turn ends, in the order of the
/// calls. To send to a connection that is over, or is closing, does nothing.
pub struct Ctx<'a> {
    pub(crate) core: &'a mut Core,
    /// The application that is called.
    pub(crate) app: u8,
    /// The message that the application is given, if it can be sent from where it lies.
    pub(crate) in_place: Option<&'a InPlace<'a>>,
}

impl<'a> Ctx<'a> {
    /// Makes one for a callback that is given no message.
    pub(crate) fn new(core: &'a mut Core, app: u8) -> Self {
        Self { core, app, in_place: None }
    }
}

impl Ctx<'_> {
    /// The time of this turn.
    #[must_use]
    pub fn now(&self) -> Time {
        self.core.turn.now
    }

    /// The time by which deadlines of peers are judged.
    ///
    /// What they sent until then has been read. It is never later than [`Ctx::now`].
    #[must_use]
    pub fn seen(&self) -> Time {
        self.core.turn.seen
    }

    /// The limits and deadlines in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// Fills `bytes` with unpredictable bytes.
    pub fn random(&mut self, bytes: &mut [u8]) {
        self.core.world.random(bytes);
    }

    /// Seconds since 1970. This clock may jump, so it is only for what people are shown.
    #[must_use]
    pub fn unix_time(&mut self) -> u64 {
        self.core.world.unix_time()
    }

    /// Tells the operator of trouble for which neither the peer nor the server is to blame.
    pub fn report_trouble(&mut self, what: &str, error: &std::io::Error) {
        self.note(Note::Trouble, format_args!("{what}: {error}"));
    }

    /// Writes the line `what: text` to the log, for the operator.
    ///
    /// Lines are limited, and the text is escaped and cut. The caller must not log what a message says.
    pub fn log_info(&mut self, what: &str, text: &str) {
        let text = Escaped(text.as_bytes());
        self.note(Note::News, format_args!("{what}: {text}"));
    }

    /// Writes a line as [`Ctx::log_info`] does, but only at level `debug`.
    pub fn log_debug(&mut self, what: &str, text: &str) {
        let text = Escaped(text.as_bytes());
        self.note(Note::Detail, format_args!("{what}: {text}"));
    }

    fn note(&mut self, note: Note, words: Arguments<'_>) {
        self.core.notes.note(self.core.turn.now, note, words);
    }

    /// The metrics, in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.core.metrics()
    }

    /// Sends one message to one connection.
    #[inline]
    pub fn send(&mut self, id: ConnId, message: Message<'_>) {
        if self.in_place.is_none_or(|it| !self.send_in_place(id, message, it)) {
            self.send_many([id], message);
        }
    }

    /// Sends a message from where it lies, if it is the one that the application was given.
    ///
    /// Returns `false`, and does nothing, if that cannot be. It can go to one receiver only, for whom nothing else waits and who
    /// has not agreed to compression.
    fn send_in_place(&mut self, id: ConnId, message: Message<'_>, it: &InPlace<'_>) -> bool {
        let Some(frame) = it.frame_of(message) else { return false };
        let core = &mut *self.core;
        let Some(conn) = core.table.get(id).filter(|conn| conn.open) else { return true };
        if core.receive_buffer.queued.is_some() || !conn.outbox.is_empty() || conn.agreed.is_some() {
            return false;
        }
        core.receive_buffer.queued = Some((frame, id.slot));
        core.turn.queue(id.slot, conn, frame);
        core.turn.deliveries += 1;
        // It has to be written before the next read.
        core.turn.other_work += core.config.tuning.write_out_bytes;
        true
    }

    /// Sends one message to many connections.
    ///
    /// It is encoded once. If some of them take it compressed, it is compressed once for each size of window that they have
    /// agreed to.
    #[inline]
    pub fn send_many(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        message: Message<'_>,
    ) {
        let (opcode, bytes) = match message {
            Message::Text(text) => (Opcode::Text, text.as_bytes()),
            Message::Binary(bytes) => (Opcode::Binary, bytes),
        };
        self.deliver(ids, opcode, [bytes]);
    }

    /// Sends a large message to many connections as it was received, without a copy.
    pub fn send_large(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        message: &LargeMessage,
    ) {
        self.core.deliver_large(ids, message);
    }

    /// Sends one text message, given in parts, to many connections. It is encoded once.
    pub fn send_text<const N: usize>(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        parts: [&str; N],
    ) {
        self.deliver(ids, Opcode::Text, parts.map(str::as_bytes));
    }

    // Inlined, because the code for one receiver and for many differs.
    #[inline(always)]
    fn deliver<const N: usize>(
        &mut self,
        ids: impl IntoIterator<Item = ConnId, IntoIter: Clone>,
        opcode: Opcode,
        parts: [&[u8]; N],
    ) {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len >= self.core.long_bytes {
            return self.core.deliver_long(ids, opcode, parts);
        }
        let Core { table, turn, .. } = &mut *self.core;
        let start = turn.arena.len();
        let plain = turn.encode(opcode, parts);
        let push = |_, conn: &mut Conn| conn.outbox.push(plain);
        let delivered = queue_for_each(&mut table.conns, &mut turn.touched, ids, push);
        if delivered == 0 {
            turn.arena.truncate(start);
        }
        turn.deliveries += delivered;
    }

    /// Bytes that wait to be written to this connection. 0: nothing waits, or it is over.
    #[must_use]
    pub fn waiting_bytes(&self, id: ConnId) -> usize {
        let conn = self.core.table.conns.get(id.slot as usize).filter(|conn| conn.serial == id.serial);
        conn.map_or(0, |conn| conn.outbox.len())
    }

    /// Sends a Ping with up to 125 bytes of payload; more is cut off.
    pub fn ping(&mut self, id: ConnId, payload: &[u8]) {
        if self.core.table.get(id).is_some_and(|conn| conn.open) {
            let payload = payload.get(..125).unwrap_or(payload);
            let span = self.core.turn.encode(Opcode::Ping, [payload]);
            self.core.queue(id, span);
        }
    }

    /// Begins the closing handshake. `reason` has up to 123 bytes of fixed ASCII.
    ///
    /// The application's `on_close` follows when this callback has returned.
    pub fn close(&mut self, id: ConnId, code: CloseCode, reason: &'static str) {
        debug_assert!(code.may_be_sent() && reason.len() <= 123);
        self.core.start_close(id, Some(code), reason, Cause::Application);
    }

    /// Begins the closing handshake with a Close that has no code (RFC 6455 §5.5.1).
    ///
    /// It is for protocols that give the reason in a message of their own.
    pub fn close_without_code(&mut self, id: ConnId) {
        self.core.start_close(id, None, "", Cause::Application);
    }

    /// Tells the memory budget how many bytes the application keeps for a peer that is away.
    ///
    /// The number replaces the last one for this key. When memory is short and nobody holds more, `on_give_up`
    /// follows.
    pub fn count_kept(&mut self, key: u64, bytes: usize) {
        self.core.count_kept(self.app, key, bytes);
    }

    /// Answers a request that was answered `Later`.
    ///
    /// An answer to a request that is no longer held is ignored.
    pub fn respond(&mut self, id: RequestId, response: Response) {
        self.core.respond_later(id, response);
    }

    /// Asks for `on_timer(key)` at `when`, instead of any earlier wish for this key.
    /// [`Time::NEVER`] takes the wish back.
    pub fn wake_at(&mut self, key: u64, when: Time) {
        self.core.watch.wake_application((self.app, key), when);
    }

    /// Counts a message from the body of a request against the cap of messages per second.
    ///
    /// `bucket` is what the application keeps for the sender. The hub counts messages on WebSockets by itself.
    ///
    /// # Errors
    /// The sender has sent more than it may. The message, and what follows it, has to wait until then.
    pub fn pay(&mut self, bucket: &mut Bucket) -> Result<(), Time> {
        let paid = self.core.rates.pay_from(bucket, self.core.turn.now);
        if paid.is_err() {
            self.core.notes.metrics.count(Note::RatePause, 0);
        }
        paid
    }

    /// Whether this turn has queued as much as one may.
    ///
    /// What is left to do should then wait for a later turn (`wake_at`), because others wait, too.
    #[must_use]
    pub fn is_turn_full(&self) -> bool {
        self.core.turn_is_full()
    }

    /// How many connections there are, of all kinds.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.core.table.conns.len()
    }
}
