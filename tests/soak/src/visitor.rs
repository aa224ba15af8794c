//! One connection: its socket, and how far its script has come.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::TcpStream;
use rustix::net::sockopt::set_socket_linger;

use crate::client::pong;
use crate::inbox::{Frame, Inbox};
use crate::script::Step;

/// What a visitor waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Its socket.
    Socket,
    /// A moment.
    Until(Instant),
    /// The crowd.
    Crowd,
    /// That everybody else leaves.
    Others,
    /// Nothing: its script is at an end.
    Done,
}

/// A client.
#[derive(Debug)]
pub struct Visitor {
    /// `None` as soon as it has left.
    stream: Option<TcpStream>,
    /// The script, from behind.
    steps: Vec<Step>,
    inbox: Inbox,
    frames: VecDeque<Frame>,
    outbox: Vec<u8>,
    written: usize,
    /// It has begun to speak WebSocket.
    switched: bool,
    answers_pings: bool,
    reads: bool,
    /// The server has ended the connection.
    ended: bool,
    /// The server has accepted it: it has said something.
    accepted: bool,
    /// When a step that takes time goes on.
    wakes: Option<Instant>,
    dripped: usize,
    flooded: usize,
}

/// What became of a step.
enum Taken {
    Done,
    Waits(Progress),
}

const SOCKET: Taken = Taken::Waits(Progress::Socket);

type Result<T> = std::result::Result<T, String>;

impl Visitor {
    /// A visitor whose socket is being connected.
    pub fn new(stream: TcpStream, mut steps: Vec<Step>) -> Self {
        steps.reverse();
        Self {
            stream: Some(stream),
            steps,
            inbox: Inbox::default(),
            frames: VecDeque::new(),
            outbox: Vec::new(),
            written: 0,
            switched: false,
            answers_pings: true,
            reads: true,
            ended: false,
            accepted: false,
            wakes: None,
            dripped: 0,
            flooded: 0,
        }
    }

    /// The step that it is at.
    pub fn step(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// Whether the server has answered anything.
    pub fn was_accepted(&self) -> bool {
        self.accepted
    }

    /// What the poll says of its socket. Who does not read learns of the end only here.
    pub fn hear(&mut self, event: &Event) {
        self.ended |= !self.reads && (event.is_read_closed() || event.is_error());
    }

    /// Goes on as far as it can.
    ///
    /// # Errors
    /// Something else came than had to.
    pub fn advance(&mut self, now: Instant, crowd: bool, buffer: &mut [u8]) -> Result<Progress> {
        self.read(buffer)?;
        loop {
            self.write();
            if self.owes() && self.reads {
                return Ok(Progress::Socket);
            }
            let Some(step) = self.steps.pop() else {
                self.stream = None;
                return Ok(Progress::Done);
            };
            if let Taken::Waits(progress) = self.take(&step, now, crowd)? {
                self.steps.push(step);
                return Ok(progress);
            }
        }
    }

    fn take(&mut self, step: &Step, now: Instant, crowd: bool) -> Result<Taken> {
        match step {
            Step::Send(bytes) => self.send(bytes),
            Step::Drip(bytes, gap) => return Ok(self.drip(bytes, *gap, now)),
            Step::Flood(..) | Step::Stay if self.ended => {}
            Step::Flood(bytes, times) => {
                if !self.owes() && self.flooded < *times {
                    self.send(bytes);
                    self.write();
                    self.flooded += 1;
                }
                if self.owes() || self.flooded == *times {
                    return Ok(Taken::Waits(Progress::Others));
                }
                self.steps.push(step.clone());
            }
            Step::Stay => return Ok(Taken::Waits(Progress::Others)),
            Step::Response(status) => return self.response(*status),
            Step::Switched => return self.switched(),
            Step::Frame(first, payload) => match self.frames.pop_front() {
                Some(frame) if frame.is(*first, payload) => {}
                Some(frame) => return Err(format!("unexpected: {frame:?}")),
                None => return self.more(),
            },
            Step::FrameAmong(first, payload) => loop {
                match self.frames.pop_front() {
                    Some(frame) if frame.is(*first, payload) => break,
                    Some(frame) if frame.first == 0x88 => {
                        return Err(format!("unexpected: {frame:?}"));
                    }
                    Some(_) => {}
                    None => return self.more(),
                }
            },
            Step::Closed(code) => return self.closed(*code),
            Step::End => {
                self.inbox.clear();
                self.frames.clear();
                if !self.ended {
                    return Ok(SOCKET);
                }
            }
            Step::Crowd if crowd => {}
            Step::Crowd => return Ok(Taken::Waits(Progress::Crowd)),
            Step::Mute => self.answers_pings = false,
            Step::Deaf => self.reads = false,
            Step::HalfClose => {
                if let Some(stream) = &self.stream {
                    let _ = stream.shutdown(Shutdown::Write);
                }
            }
            Step::Reset => {
                if let Some(stream) = self.stream.take() {
                    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
                }
            }
            Step::Leave => self.stream = None,
        }
        Ok(Taken::Done)
    }

    fn owes(&self) -> bool {
        self.written < self.outbox.len()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.outbox.extend(bytes);
    }

    fn drip(&mut self, bytes: &[u8], gap: Duration, now: Instant) -> Taken {
        let Some(byte) = bytes.get(self.dripped) else { return Taken::Done };
        if self.ended {
            return Taken::Done;
        }
        let wakes = self.wakes.unwrap_or(now);
        if wakes > now {
            return Taken::Waits(Progress::Until(wakes));
        }
        self.send(&[*byte]);
        self.write();
        self.dripped += 1;
        self.wakes = Some(now + gap);
        Taken::Waits(Progress::Until(now + gap))
    }

    fn response(&mut self, status: u16) -> Result<Taken> {
        match self.inbox.response()? {
            Some(found) if found == status => Ok(Taken::Done),
            Some(found) => Err(format!("status {found}")),
            None => self.more(),
        }
    }

    fn switched(&mut self) -> Result<Taken> {
        match self.inbox.head() {
            Some(head) if head.starts_with("HTTP/1.1 101 ") => {
                self.switched = true;
                self.sort()?;
                Ok(Taken::Done)
            }
            Some(head) => Err(format!("no 101: {head}")),
            None => self.more(),
        }
    }

    /// Whatever comes before it: their Close, with this code, then the end.
    fn closed(&mut self, code: u16) -> Result<Taken> {
        loop {
            match self.frames.pop_front() {
                Some(frame) if frame.first == 0x88 => {
                    if !frame.payload.starts_with(&code.to_be_bytes()) {
                        return Err(format!("unexpected: {frame:?}"));
                    }
                    self.steps.push(Step::End);
                    return Ok(Taken::Done);
                }
                Some(_) => {}
                None => return self.more(),
            }
        }
    }

    /// What the step needs has not come yet.
    fn more(&self) -> Result<Taken> {
        if self.ended {
            return Err("the server ended the connection".into());
        }
        Ok(SOCKET)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<()> {
        while self.reads && !self.ended {
            let Some(stream) = &mut self.stream else { return Ok(()) };
            match stream.read(buffer) {
                Ok(0) => self.ended = true,
                Ok(length) => {
                    self.accepted = true;
                    self.inbox.push(buffer.get(..length).unwrap_or_default());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::NotConnected => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.ended = true,
            }
        }
        self.sort()
    }

    /// Takes frames apart, and answers Pings.
    fn sort(&mut self) -> Result<()> {
        while self.switched
            && let Some(frame) = self.inbox.frame()?
        {
            if frame.first != 0x89 {
                self.frames.push_back(frame);
            } else if self.answers_pings {
                self.send(&pong(&frame.payload));
            }
        }
        Ok(())
    }

    fn write(&mut self) {
        while let (Some(stream), Some(rest)) = (&mut self.stream, self.outbox.get(self.written..))
            && !rest.is_empty()
        {
            match stream.write(rest) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::NotConnected => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    // What the server sent before can still be read.
                    self.ended |= !self.reads;
                    break;
                }
            }
        }
        self.outbox.clear();
        self.written = 0;
    }
}
