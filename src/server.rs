//! The loop: it owns sockets, the clock and signals, and carries bytes between them and the hub.
//!
//! Before this: `hub`. After this: `apps`. It decides nothing about protocols. `accept` lets connections in.
//!
//! The kernel reports a change of readiness once (edge-triggered), so the loop must remember three things: a
//! connection that may have more to read (`ready`), one that the hub does not want read yet (`Socket::readable`), and
//! a listener that was left alone (`accept_again`). Interest is registered once and never changed.
//!
//! Deadlines come last in a turn. They are judged by the time up to which the loop has looked (`seen`).

mod accept;
mod log;

use crate::clock::{Clock, Time};
use crate::hub::app::ConnId;
use crate::hub::{Hub, Next, Rest};
use crate::seen::{Dealt, Seen};
use crate::sockets::{Sockets, reserve};
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
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Events that one poll takes from the kernel at most.
const EVENTS_PER_TURN: usize = 1_024;
/// How often a call into the hub is repeated after a panic.
const PANICS_PER_CALL: usize = 1_000;

const LISTENER: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);

/// The event loop.
pub struct Server {
    hub: Hub,
    poll: Poll,
    listener: Option<TcpListener>,
    signals: Signals,
    sockets: Sockets,
    ready: Ready,
    accept_again: Option<Time>,
    log: log::Retry,
    /// A descriptor in reserve. If there is no other, it is given up for a moment to turn peers away.
    ///
    /// In the backlog they would wait for an answer that does not come.
    reserve: Option<OwnedFd>,
    began: Instant,
    clock: Clock,
    /// When the last turn began. A wait is measured from there.
    ///
    /// So the clock is asked once in a turn, and a wait is late by no more than a turn takes.
    turned: Time,
    /// What the last turn left to do.
    rest: Rest,
    seen: Seen,
    /// How many signals to end have come. The first begins the drain, the second cuts what is left.
    ends: u8,
}

/// The connections to read, in the order of their readiness.
#[derive(Default)]
struct Ready {
    /// They are read in this turn, or in the next.
    waiting: Vec<ConnId>,
    /// They are read in this turn.
    batch: Vec<ConnId>,
    /// How many of the batch have been read.
    read: usize,
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
            ready: Ready::default(),
            accept_again: None,
            log: log::Retry::new(Arc::default()),
            reserve: reserve(),
            began: Instant::now(),
            clock: Clock::default(),
            turned: Time::default(),
            seen: Seen::default(),
            ends: 0,
        })
    }

    /// Wakes up once a second while the log `owes` lines, and tries to write them.
    #[must_use]
    pub fn with_log(mut self, owes: Arc<AtomicBool>) -> Self {
        self.log = log::Retry::new(owes);
        self
    }

    /// The address that is listened on, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// The error of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.as_ref().ok_or(ErrorKind::NotConnected)?.local_addr()
    }

    /// Serves until a signal ends it.
    ///
    /// # Errors
    /// Only an error of `poll` itself. An error of a connection ends that connection.
    pub fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        while !self.rest.is_finished {
            let patience = self.patience();
            let (is_all, patience) = match self.poll.poll(&mut events, patience) {
                Ok(()) => (events.iter().count() < events.capacity(), patience),
                // The wait was interrupted, for example because the process was stopped: nothing was looked at.
                Err(error) if error.kind() == ErrorKind::Interrupted => (false, Some(Duration::ZERO)),
                Err(error) => return Err(error),
            };
            let now = self.clock.turn(self.began.elapsed(), patience);
            self.turn(&events, is_all, now);
        }
        self.hub.finish();
        ::log::logger().flush();
        Ok(())
    }

    /// How long to wait for readiness. `None`: without end, because nothing is due.
    fn patience(&self) -> Option<Duration> {
        if !self.ready.waiting.is_empty() || self.rest.has_work {
            return Some(Duration::ZERO);
        }
        let accept_again = self.accept_again.unwrap_or(Time::NEVER);
        let due = self.rest.due.min(accept_again).min(self.log.at);
        (due != Time::NEVER).then(|| due.since(self.turned))
    }

    /// Makes one turn. `is_all` says that these are all events that were ready when the poll was called.
    fn turn(&mut self, events: &Events, is_all: bool, now: Time) {
        let began = self.clock.last();
        self.turned = now;
        self.guarded(now, |server| {
            server.hub.begin_turn(now, &mut server.sockets);
        });
        let paused = self.accept_again.is_some_and(|at| at > now);
        let mut accept = self.accept_again.is_some() && !paused;
        for event in events {
            match event.token() {
                LISTENER => accept = !paused,
                SIGNALS => self.take_signals(now),
                Token(slot) => {
                    let slot = u32::try_from(slot).unwrap_or(u32::MAX);
                    let Some(socket) = self.sockets.get(slot) else { continue };
                    let id = ConnId { slot, serial: socket.serial };
                    if socket.blocked && event.is_writable() {
                        socket.blocked = false;
                        self.hub.writable(id);
                    }
                    if event.is_readable() || event.is_error() {
                        socket.readable = true;
                        if !socket.queued {
                            socket.queued = true;
                            self.ready.waiting.push(id);
                        }
                    }
                    if event.is_read_closed() {
                        socket.read_closed = true;
                        self.guarded(now, |server| {
                            server.hub.hang_up(id, now);
                        });
                    }
                }
            }
        }
        self.read_all(now);
        self.guarded(now, |server| server.hub.transmit(&mut server.sockets));
        let dealt = Dealt {
            events: events.iter().count(),
            is_all,
            // The listener and the signals are sources, too, and kqueue reports reading and writing apart.
            most: 2 * (self.sockets.len() + 2),
            has_rest: !self.ready.waiting.is_empty() || self.hub.has_work(),
        };
        let seen = self.seen.advance(dealt, now);
        if self.rest.due <= seen || self.ends > 1 {
            self.expire(now, seen);
        }
        self.rest = self.hub.end_turn(&mut self.sockets);
        self.requeue_readable();
        if accept {
            // This comes last, so that connections that have just ended make room for new ones.
            self.guarded(now, |server| server.accept(now));
            self.rest = self.hub.rest();
            self.requeue_readable();
        }
        self.log.end_turn(now);
        if self.rest.was_busy || self.ready.read > 1 || accept {
            let took = self.began.elapsed().saturating_sub(began);
            self.hub.note_turn(took);
        }
    }

    /// Does what was due. Everything that was ready then has been read and written.
    #[cold]
    fn expire(&mut self, now: Time, seen: Time) {
        self.guarded(now, |server| server.hub.expire(now, seen));
        if self.ends > 1 {
            self.guarded(now, |server| server.hub.cut_all());
        }
        self.guarded(now, |server| server.hub.transmit(&mut server.sockets));
    }

    /// Reads each connection that is ready, once. One that is ready again is read in the next turn.
    fn read_all(&mut self, now: Time) {
        mem::swap(&mut self.ready.waiting, &mut self.ready.batch);
        self.ready.read = 0;
        self.guarded(now, |server| {
            while let Some(&id) = server.ready.batch.get(server.ready.read) {
                server.ready.read += 1;
                if server.read(id, now) == Next::Write {
                    server.hub.transmit(&mut server.sockets);
                }
            }
        });
        self.ready.batch.clear();
    }

    /// Calls into the hub. A panic there costs the active connection, and the call is repeated for the others.
    ///
    /// A panic uses up what caused it, so the repetition ends. If it does not, the next turn goes on.
    fn guarded(&mut self, now: Time, call: impl Fn(&mut Self)) {
        for _ in 0..PANICS_PER_CALL {
            if catch_unwind(AssertUnwindSafe(|| call(self))).is_ok() {
                return;
            }
            self.hub.recover(now);
        }
    }

    fn requeue_readable(&mut self) {
        for id in mem::take(&mut self.rest.readable) {
            self.requeue(id);
        }
    }

    /// Reads the connection again in the next turn, if there may be something to read.
    fn requeue(&mut self, id: ConnId) {
        if let Some(socket) = self.sockets.get(id.slot)
            && socket.serial == id.serial
            && socket.readable
            && !socket.queued
        {
            socket.queued = true;
            self.ready.waiting.push(id);
        }
    }

    /// Reads a connection once, or twice.
    ///
    /// The second read comes if a large message has just begun, or if the peer is known to have closed: its last bytes and
    /// the end of its stream can be one readiness.
    fn read(&mut self, id: ConnId, now: Time) -> Next {
        let mut next = Next::Read;
        for _ in 0..2 {
            let Some(socket) = self.sockets.get(id.slot) else { return next };
            if socket.serial != id.serial {
                return next;
            }
            socket.queued = false;
            let Some(room) = self.hub.receive_buffer(id) else {
                // The request that is held now may have come together with the end of its stream.
                if socket.read_closed {
                    return self.hub.hang_up(id, now);
                }
                return next;
            };
            match socket.stream.read(room) {
                Ok(0) => {
                    socket.readable = false;
                    return self.hub.read_closed(id, now);
                }
                Ok(len) => {
                    let is_full = len == room.len();
                    let read_closed = socket.read_closed;
                    // A short read has drained the socket, unless the end of the stream follows.
                    socket.readable = is_full || read_closed;
                    next = self.hub.received(id, len, now);
                    if !is_full && !read_closed {
                        return next;
                    }
                    if is_full && !self.hub.reads_on(id) {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    socket.readable = false;
                    return next;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    socket.readable = false;
                    return self.hub.broken(id, now);
                }
            }
        }
        self.requeue(id);
        next
    }

    /// The first SIGTERM or SIGINT begins the drain, the second cuts what is left. SIGHUP is ignored.
    fn take_signals(&mut self, now: Time) {
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
            self.accept_again = None;
            self.guarded(now, |server| server.hub.stop(now));
        }
    }
}
