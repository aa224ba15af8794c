//! The generator: many WebSocket clients in one thread, each a position in a stream of one frame.
//!
//! Only compressed replies are no such stream (`deflate.rs`); the heartbeats of Socket.IO are taken out of theirs
//! (`socketio.rs`).
//! It costs two calls per message or delivery and a comparison. How near it is to being the
//! bottleneck is part of every result. It does not answer Pings, does not close politely and knows
//! one message per run: it is no client to learn from.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use rustix::time::{ClockId, clock_gettime};

use crate::Result;
use crate::deflate::Replies;
use crate::frames::{CHUNK_BYTES, Incoming, Outgoing, Piece, Repeated, read_piece};
use crate::handshake::{Agreed, Offer, PATIENCE, open};
use crate::histogram::Histogram;
use crate::message::{Kind, Message};
use crate::socketio::{Heart, join};

/// What a run took.
#[derive(Debug)]
pub struct Run {
    /// Messages that came back, or deliveries of broadcasts.
    pub messages: u64,
    /// Time on the clock.
    pub wall: Duration,
    /// Processor time of the generator.
    pub cpu: Duration,
    /// From the write of a message to the read of its reply.
    pub latency: Histogram,
}

impl Run {
    /// Messages per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.wall.as_secs_f64()
    }

    /// The generator's share of its core, 0 to 1. Near 1, it was the bottleneck.
    #[must_use]
    pub fn busy(&self) -> f64 {
        self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }
}

struct Meter {
    wall: Instant,
    cpu: Duration,
}

impl Meter {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_time() }
    }

    fn stop(&self, messages: u64, latency: Histogram) -> Run {
        Run { messages, wall: self.wall.elapsed(), cpu: thread_time().saturating_sub(self.cpu), latency }
    }
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

struct Connection {
    stream: TcpStream,
    outgoing: Outgoing,
    incoming: Incoming,
    /// In place of `incoming`, when compression is agreed.
    compressed: Option<Replies>,
    /// With Socket.IO: what the server wants to hear from time to time.
    heart: Option<Heart>,
    /// When the frames that are not answered yet were written, and how many together.
    sent: VecDeque<(Instant, usize)>,
    /// Messages that have arrived in the present run.
    received: usize,
}

impl Connection {
    fn send(&mut self, requests: &Repeated, frames: usize) -> io::Result<()> {
        if frames == 0 {
            return Ok(());
        }
        self.outgoing.owe(requests, frames);
        self.sent.push_back((Instant::now(), frames));
        self.outgoing.flush(requests, &mut self.stream)
    }

    /// Writes what is left, reads until the socket is drained; returns how many messages came.
    fn turn(&mut self, requests: &Repeated, replies: &Repeated, buffer: &mut [u8]) -> Result<usize> {
        self.outgoing.flush(requests, &mut self.stream)?;
        let mut frames = 0;
        loop {
            let (length, drained) = match read_piece(&mut self.stream, buffer)? {
                Piece::Full(length) => (length, false),
                Piece::Last(length) => (length, true),
                Piece::End => return Err("the server closed a connection".into()),
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            frames += match (&mut self.compressed, &mut self.heart) {
                (None, None) => self.incoming.check(replies, bytes)?,
                (None, Some(heart)) => heart.check(&mut self.incoming, replies, bytes)?,
                (Some(replies), _) => replies.check(bytes)?,
            };
            if drained {
                if let (Some(heart), true) = (&mut self.heart, self.outgoing.is_idle()) {
                    heart.beat(&mut self.stream)?;
                }
                return Ok(frames);
            }
        }
    }

    fn record(&mut self, mut frames: usize, latency: &mut Histogram) {
        let now = Instant::now();
        while frames > 0 {
            let Some((sent, count)) = self.sent.front_mut() else { return };
            let together = frames.min(*count);
            latency.record(now.duration_since(*sent), together as u64);
            frames -= together;
            *count -= together;
            if *count == 0 {
                self.sent.pop_front();
            }
        }
    }
}

/// Open connections to one server, all with the same message.
pub struct Load {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    requests: Repeated,
    replies: Repeated,
    connections: Vec<Connection>,
}

impl Load {
    /// Opens the connections one after the other.
    ///
    /// # Errors
    /// One of them cannot be opened, or the server does not agree to the compression that is offered.
    pub fn connect(
        server: SocketAddr,
        path: &str,
        count: usize,
        message: Message,
        offer: Offer,
    ) -> Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let socketio = message.kind == Kind::Event;
            let (stream, agreed) =
                if socketio { (join(server, path)?, Agreed::Nothing) } else { open(server, path, offer)? };
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(index), interest)?;
            connections.push(Connection {
                stream,
                outgoing: Outgoing::default(),
                incoming: Incoming::default(),
                compressed: Replies::new(message, agreed, index),
                heart: socketio.then(Heart::default),
                sent: VecDeque::new(),
                received: 0,
            });
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            buffer: vec![0; CHUNK_BYTES],
            requests: message.requests_after(offer),
            replies: message.replies(),
            connections,
        })
    }

    /// Sends exactly `messages` messages over all connections, `in_flight` at a time on each, and
    /// waits for the last reply.
    ///
    /// # Errors
    /// A connection ends, a reply is wrong, or nothing happens for half a minute.
    pub fn echo(&mut self, messages: u64, in_flight: usize) -> Result<Run> {
        let meter = Meter::start();
        let mut latency = Histogram::default();
        let mut unsent = usize::try_from(messages)?;
        let mut missing = unsent;
        for connection in &mut self.connections {
            let frames = in_flight.min(unsent);
            unsent -= frames;
            connection.send(&self.requests, frames)?;
        }
        while missing > 0 {
            wait(&mut self.poll, &mut self.events)?;
            for event in &self.events {
                let Some(connection) = self.connections.get_mut(event.token().0) else { continue };
                let frames = connection.turn(&self.requests, &self.replies, &mut self.buffer)?;
                if frames == 0 {
                    continue;
                }
                missing = missing.checked_sub(frames).ok_or("more replies than messages")?;
                connection.record(frames, &mut latency);
                let more = frames.min(unsent);
                unsent -= more;
                connection.send(&self.requests, more)?;
            }
        }
        Ok(meter.stop(messages, latency))
    }

    /// Lets the first `senders` connections send one message each, `turns` times, and waits
    /// until every connection has received every message.
    ///
    /// Up to `window` turns are under way at once: with 1 the server gets a turn when it has nothing else
    /// to do, with 2 the next one waits for it complete, however long its writes take.
    ///
    /// # Errors
    /// As [`Load::echo`].
    pub fn broadcast(&mut self, turns: u64, senders: usize, window: usize) -> Result<Run> {
        let meter = Meter::start();
        let mut latency = Histogram::default();
        let receivers = self.connections.len();
        let mut turns_left = usize::try_from(turns)?;
        let mut unfinished: VecDeque<(Instant, usize)> = VecDeque::new();
        let mut finished_turns = 0;
        for connection in &mut self.connections {
            connection.received = 0;
        }
        loop {
            while unfinished.len() < window && turns_left > 0 {
                turns_left -= 1;
                unfinished.push_back((Instant::now(), receivers));
                for connection in self.connections.iter_mut().take(senders) {
                    connection.send(&self.requests, 1)?;
                    connection.sent.clear();
                }
            }
            if unfinished.is_empty() {
                return Ok(meter.stop(turns * (senders * receivers) as u64, latency));
            }
            wait(&mut self.poll, &mut self.events)?;
            for event in &self.events {
                let Some(connection) = self.connections.get_mut(event.token().0) else { continue };
                let before = connection.received / senders;
                connection.received += connection.turn(&self.requests, &self.replies, &mut self.buffer)?;
                for turn in before..connection.received / senders {
                    let (sent, missing) =
                        unfinished.get_mut(turn - finished_turns).ok_or("more deliveries than messages")?;
                    *missing -= 1;
                    latency.record(sent.elapsed(), 1);
                }
            }
            while unfinished.front().is_some_and(|(_, missing)| *missing == 0) {
                unfinished.pop_front();
                finished_turns += 1;
            }
        }
    }
}

fn wait(poll: &mut Poll, events: &mut Events) -> Result<()> {
    match poll.poll(events, Some(PATIENCE)) {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) if events.is_empty() => Err("no answer for 30 seconds".into()),
        Ok(()) => Ok(()),
    }
}
