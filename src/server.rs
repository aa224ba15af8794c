//! The loop: it owns sockets, the clock and signals, and carries bytes between them and the hub.
//!
//! Before this: `hub`. After this: `apps`. It decides nothing about protocols. `accept` lets connections in.
//!
//! The kernel reports a change of readiness once (edge-triggered), so the loop must remember three things: a
//! connection that may have more to read (`ready`), one that the hub does not want read yet (`Socket::readable`), and
//! a listener that was left alone (`accept_at`). Interest is registered once and never changed.
//!
//! Read `run`, `turn` and `read`. What the others do happens seldom.

mod accept;

use crate::clock::{Clock, Dealt, Seen, Time};
use crate::hub::app::ConnId;
use crate::hub::{Hub, Next, Rest};
use crate::sockets::{Sockets, reserve};
use crate::tap::Watcher;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use std::io::{self, ErrorKind, Read};
use std::mem;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Events that one poll takes from the kernel at most.
const EVENTS_PER_TURN: usize = 1_024;
/// How often a call into the hub is repeated after a panic.
const PANICS_PER_CALL: usize = 1_000;
/// A log that owes lines, because nobody reads it, is tried again after this.
const LOG_PAUSE: Duration = Duration::from_secs(1);

const LISTENER: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);

/// The event loop.
pub struct Server {
    hub: Hub,
    poll: Poll,
    listener: Option<TcpListener>,
    signals: Signals,
    sockets: Sockets,
    /// The connections to read, in the order of their readiness.
    ready: Vec<ConnId>,
    /// When connections are accepted. [`Time::NEVER`]: nobody waits.
    accept_at: Time,
    /// The log owes lines, says whoever writes it.
    log_owes: Arc<AtomicBool>,
    /// When the log is tried again. [`Time::NEVER`]: it owes nothing.
    log_at: Time,
    /// A descriptor in reserve. If there is no other, it is given up for a moment to turn peers away.
    ///
    /// In the backlog they would wait for an answer that does not come.
    reserve: Option<OwnedFd>,
    began: Instant,
    clock: Clock,
    /// What the last turn left to do.
    rest: Rest,
    seen: Seen,
    /// How many signals to end have come. The first begins the drain, the second cuts what is left.
    ends: u8,
}

impl Server {
    /// Makes a loop for the connections of `listener`, and takes over SIGTERM, SIGINT and SIGHUP.
    ///
    /// # Errors
    /// The process may not open what the loop needs.
    pub fn new(mut listener: TcpListener, mut hub: Hub) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        Ok(Self {
            rest: hub.rest(),
            hub,
            poll,
            listener: Some(listener),
            signals,
            sockets: Sockets::default(),
            ready: Vec::new(),
            accept_at: Time::NEVER,
            log_owes: Arc::default(),
            log_at: Time::NEVER,
            reserve: reserve(),
            began: Instant::now(),
            clock: Clock::default(),
            seen: Seen::default(),
            ends: 0,
        })
    }

    /// Wakes up once a second while the log `owes` lines, and tries to write them.
    #[must_use]
    pub fn with_log(mut self, owes: Arc<AtomicBool>) -> Self {
        self.log_owes = owes;
        self
    }

    /// Has the bytes of all connections watched.
    #[must_use]
    pub fn with_tap(mut self, tap: Watcher) -> Self {
        self.sockets.tap = tap;
        self
    }

    /// The address that is listened on, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// The error of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.as_ref().ok_or(ErrorKind::NotConnected)?.local_addr()
    }

    /// Serves until a signal ends it: waits until something is ready or due, and makes a turn.
    ///
    /// # Errors
    /// Only an error of `poll` itself. An error of a connection ends that connection.
    pub fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        while !self.rest.is_finished {
            // A wait is measured from the beginning of the last turn: so the clock is asked once in a turn.
            let is_due = self.rest.has_work || !self.ready.is_empty();
            let later = self.rest.due.min(self.accept_at).min(self.log_at);
            let due = if is_due { self.clock.now } else { later };
            let patience = (due != Time::NEVER).then(|| due.since(self.clock.now));
            if let Err(error) = self.poll.poll(&mut events, patience) {
                self.interrupted(error)?;
                continue;
            }
            self.clock.turn(self.began.elapsed(), patience);
            self.turn(&events);
        }
        self.hub.finish();
        log::logger().flush();
        Ok(())
    }

    /// Makes one turn: takes the events, reads, writes, and looks at deadlines. Accepting comes last.
    fn turn(&mut self, events: &Events) {
        let now = self.clock.now;
        self.sockets.tap.now = now;
        self.guarded(|server| server.hub.begin_turn(now, &mut server.sockets));
        let mut count = 0;
        for event in events {
            count += 1;
            let Token(slot) = event.token();
            let Some(Some(socket)) = self.sockets.slots.get_mut(slot) else {
                self.other_event(event.token());
                continue;
            };
            let id = ConnId { slot: u32::try_from(slot).unwrap_or(u32::MAX), serial: socket.serial };
            if socket.blocked && event.is_writable() {
                socket.blocked = false;
                self.hub.writable(id);
            }
            if event.is_readable() || event.is_error() {
                socket.readable = true;
                if !socket.queued {
                    socket.queued = true;
                    self.ready.push(id);
                }
            }
            if event.is_read_closed() {
                socket.read_closed = true;
                self.guarded(|server| _ = server.hub.hang_up(id, now));
            }
        }
        // Each connection is read once. One that is ready again is read in the next turn.
        let (mut next, reads, mut again) = (0, self.ready.len(), false);
        self.guarded(|server| {
            while next < reads {
                let Some(&id) = server.ready.get(next) else { return };
                next += 1;
                if server.read(id, &mut again) == Next::Write {
                    server.hub.transmit(&mut server.sockets);
                }
                next -= usize::from(again);
            }
        });
        self.ready.drain(..next);
        self.guarded(|server| server.hub.transmit(&mut server.sockets));
        let has_rest = !self.ready.is_empty() || self.hub.has_work();
        // The listener and the signals are sources, too, and kqueue reports reading and writing apart.
        let most = 2 * (self.sockets.count + 2);
        let is_all = count < events.capacity();
        let seen = self.seen.advance(Dealt { events: count, is_all, most, has_rest }, now);
        if self.rest.due <= seen || self.ends > 1 {
            self.expire(seen);
        }
        self.rest = self.hub.end_turn(&mut self.sockets);
        if !self.rest.readable.is_empty() {
            let ids = mem::take(&mut self.rest.readable);
            self.requeue(ids);
        }
        if self.accept_at <= now {
            self.accept();
        }
        if self.sockets.tap.has_news || self.log_owes.load(Ordering::Relaxed) || self.log_at != Time::NEVER {
            self.pass_on();
        }
        if self.rest.was_busy || reads > 1 {
            self.hub.note_turn(self.began.elapsed().saturating_sub(self.clock.last));
        }
    }

    /// Reads a connection. `again`: this is a second read; and afterwards, whether there must be one.
    #[inline]
    fn read(&mut self, id: ConnId, again: &mut bool) -> Next {
        let is_second = mem::take(again);
        let now = self.clock.now;
        let Some(Some(socket)) = self.sockets.slots.get_mut(id.slot as usize) else { return Next::Read };
        if socket.serial != id.serial {
            return Next::Read;
        }
        socket.queued = false;
        let Some(room) = self.hub.receive_buffer(id) else {
            // The request that is held now may have come together with the end of its stream.
            return if socket.read_closed { self.hub.hang_up(id, now) } else { Next::Read };
        };
        match socket.stream.read(room) {
            Ok(len) if len > 0 => {
                _ = self.sockets.tap.watched.is_empty() || self.sockets.tap.read(id, room.get(..len));
                let is_full = len == room.len();
                // A short read has drained the socket, unless the end of the stream follows.
                let is_more = is_full || socket.read_closed;
                socket.readable = is_more;
                let next = self.hub.received(id, len, now);
                *again = is_more && self.must_read_again(id, is_full, is_second);
                next
            }
            result => self.read_nothing(id, result),
        }
    }

    /// Whether a connection that may have more is read again at once. If not, it is read in the next turn.
    ///
    /// It is, but only once, if a large message has just begun, or if the peer is known to have closed: its last bytes
    /// and the end of its stream can be one readiness.
    #[cold]
    fn must_read_again(&mut self, id: ConnId, is_full: bool, is_second: bool) -> bool {
        let at_once = !is_second && (!is_full || self.hub.reads_on(id));
        if !at_once {
            self.requeue([id]);
        }
        at_once
    }

    /// Takes the result of a read that gave no byte.
    #[cold]
    fn read_nothing(&mut self, id: ConnId, result: io::Result<usize>) -> Next {
        let kind = result.map_or_else(|error| error.kind(), |_| ErrorKind::UnexpectedEof);
        if kind == ErrorKind::Interrupted {
            self.requeue([id]);
            return Next::Read;
        }
        if let Some(Some(socket)) = self.sockets.slots.get_mut(id.slot as usize) {
            socket.readable = false;
        }
        if kind != ErrorKind::WouldBlock && self.sockets.tap.by.is_some() {
            self.sockets.tap.read_end(id, kind != ErrorKind::UnexpectedEof);
        }
        match kind {
            ErrorKind::WouldBlock => Next::Read,
            ErrorKind::UnexpectedEof => self.hub.read_closed(id, self.clock.now),
            _ => self.hub.broken(id, self.clock.now),
        }
    }

    /// Has connections read in the next turn, if there may be something to read.
    fn requeue(&mut self, ids: impl IntoIterator<Item = ConnId>) {
        for id in ids {
            if let Some(Some(socket)) = self.sockets.slots.get_mut(id.slot as usize)
                && socket.serial == id.serial
                && socket.readable
                && !socket.queued
            {
                socket.queued = true;
                self.ready.push(id);
            }
        }
    }

    /// Calls into the hub. A panic there costs the active connection, and the call is repeated for the others.
    ///
    /// A panic uses up what caused it, so the repetition ends. If it does not, the next turn goes on.
    fn guarded(&mut self, mut call: impl FnMut(&mut Self)) {
        for _ in 0..PANICS_PER_CALL {
            if catch_unwind(AssertUnwindSafe(|| call(self))).is_ok() {
                return;
            }
            self.hub.recover(self.clock.now);
        }
    }

    /// Goes on after a wait that a signal interrupted, or a stop of the process.
    ///
    /// Nothing was looked at, so this time is not counted.
    #[cold]
    fn interrupted(&mut self, error: io::Error) -> io::Result<()> {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
        self.clock.turn(self.began.elapsed(), Some(Duration::ZERO));
        Ok(())
    }

    /// Takes an event that is none of a connection that is still there.
    #[cold]
    fn other_event(&mut self, token: Token) {
        match token {
            LISTENER if self.accept_at == Time::NEVER => self.accept_at = self.clock.now,
            SIGNALS => self.take_signals(),
            // The listener is left alone for a while, or the connection has ended.
            _ => {}
        }
    }

    /// The first SIGTERM or SIGINT begins the drain, the second cuts what is left. SIGHUP is ignored.
    fn take_signals(&mut self) {
        for signal in self.signals.pending() {
            if signal == SIGHUP {
                continue;
            }
            self.ends = self.ends.saturating_add(1);
            if self.ends > 1 {
                continue;
            }
            // A listener that is closed resets the connections in its backlog.
            self.listener = None;
            self.accept_at = Time::NEVER;
            self.guarded(|server| server.hub.stop(server.clock.now));
        }
    }

    /// Does what was due. Everything that was ready then has been read and written.
    #[cold]
    fn expire(&mut self, seen: Time) {
        self.guarded(|server| server.hub.expire(server.clock.now, seen));
        if self.ends > 1 {
            self.guarded(|server| server.hub.cut_all());
        }
        self.guarded(|server| server.hub.transmit(&mut server.sockets));
    }

    /// Passes on what the tap has seen, and tries once in a pause to write the lines that the log owes.
    #[cold]
    fn pass_on(&mut self) {
        let now = self.clock.now;
        let has_news = self.sockets.tap.has_news;
        let owes = self.sockets.tap.drain();
        if has_news {
            self.hub.wake_for_news(now);
            self.rest.due = self.hub.next_deadline();
        }
        let is_due = self.log_at <= now;
        if is_due {
            log::logger().flush();
        }
        if !owes && !self.log_owes.load(Ordering::Relaxed) {
            self.log_at = Time::NEVER;
        } else if is_due || self.log_at == Time::NEVER {
            self.log_at = now.after(LOG_PAUSE);
        }
    }
}
