//! All the visitors of a cycle at once, in one thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};
use ws101_bench::Result;

use crate::kinds::{BAD, DECENT, Kind, QUICK};
use crate::script::Step;
use crate::visitor::{Progress, Visitor};

/// So many connections are begun before the others are looked after.
const OPENED_AT_ONCE: usize = 64;
/// So many may wait for the server to accept them: fewer than its backlog holds. What is beyond that the
/// kernel drops, and a client that says nothing would never learn of it.
const WAITING: usize = 512;
/// Addresses that they come from: one would run out of ports.
const SOURCES: u64 = 16;
/// How long a whole cycle may take once everybody is there.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the server is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Socket buffers of those who do not read, so that the kernel takes little for the server.
const SMALL_BUFFER: usize = 4 << 10;

/// When the server is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All visitors have come.
    Gathered,
    /// Any other.
    Between,
}

/// What the visitors of a cycle met with.
#[derive(Debug, Default)]
pub struct Report {
    /// From the first connection to the last one opened.
    pub gathered: Duration,
    /// What was not as it had to be: the kind of visitor, what it met with, how often.
    pub complaints: BTreeMap<(&'static str, String), usize>,
}

struct Present {
    visitor: Visitor,
    name: &'static str,
    /// It waits for the others, and nobody for it.
    stays: bool,
}

/// Those who stay although everybody has left.
pub struct Staying(#[allow(dead_code, reason = "kept for their sockets")] Vec<Option<Present>>);

struct Crowd {
    poll: Poll,
    visitors: Vec<Option<Present>>,
    /// Those whom everybody waits for.
    present: usize,
    is_complete: bool,
    /// At least so many of them: the server accepts them in their order.
    accepted: usize,
    waiting_for_crowd: Vec<usize>,
    alarms: BinaryHeap<Reverse<(Instant, usize)>>,
    buffer: Vec<u8>,
    report: Report,
}

/// Who visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// All kinds; every other visitor is decent.
    All,
    /// Those who are served at once, and then leave.
    Quick,
}

fn kind(number: u64, who: Who) -> Kind {
    let kinds: &[Kind] = match who {
        Who::Quick => &QUICK,
        Who::All if number.is_multiple_of(2) => &DECENT,
        Who::All => &BAD,
    };
    let place = usize::try_from(number / 2).unwrap_or_default() % kinds.len();
    kinds.get(place).copied().unwrap_or(DECENT[0])
}

/// Lets `count` visitors come, all stay until the last one is there, and go. The first of them has the
/// number `first`. `look` is called now and then.
///
/// # Errors
/// No connection can be opened, or somebody does not leave.
pub fn visit(
    server: SocketAddr,
    who: Who,
    first: u64,
    count: usize,
    look: &mut dyn FnMut(Moment) -> Result<()>,
) -> Result<(Report, Staying)> {
    let mut crowd = Crowd {
        poll: Poll::new()?,
        visitors: Vec::with_capacity(count),
        present: 0,
        is_complete: false,
        accepted: 0,
        waiting_for_crowd: Vec::new(),
        alarms: BinaryHeap::new(),
        buffer: vec![0; 64 << 10],
        report: Report::default(),
    };
    let began = Instant::now();
    let mut events = Events::with_capacity(1_024);
    while crowd.visitors.len() < count {
        let room = (crowd.accepted + WAITING).min(count) - crowd.visitors.len();
        for _ in 0..room.min(OPENED_AT_ONCE) {
            crowd.open(server, who, first + crowd.visitors.len() as u64)?;
        }
        let wait = Duration::from_millis(if room == 0 { 100 } else { 0 });
        crowd.turn(&mut events, Some(wait))?;
        if began.elapsed() > PATIENCE {
            return Err("a minute was not enough for all to connect".into());
        }
    }
    crowd.report.gathered = began.elapsed();
    look(Moment::Gathered)?;
    crowd.is_complete = true;
    let complete = Instant::now();
    for some in std::mem::take(&mut crowd.waiting_for_crowd).chunks(OPENED_AT_ONCE) {
        for index in some {
            crowd.advance(*index);
        }
        crowd.turn(&mut events, Some(Duration::ZERO))?;
    }
    let mut looked = Instant::now();
    while crowd.present > 0 {
        if looked.elapsed() > LOOK_EVERY {
            looked = Instant::now();
            look(Moment::Between)?;
        }
        let next = crowd.alarms.peek().map(|Reverse((time, _))| *time);
        let wait = next.map(|time| time.saturating_duration_since(Instant::now()));
        crowd.turn(&mut events, Some(wait.unwrap_or(PATIENCE).min(LOOK_EVERY)))?;
        if complete.elapsed() > PATIENCE {
            return Err(crowd.who_is_left().into());
        }
    }
    Ok((crowd.report, Staying(crowd.visitors)))
}

impl Crowd {
    fn open(&mut self, server: SocketAddr, who: Who, number: u64) -> Result<()> {
        let (name, script) = kind(number, who);
        let steps = script(number);
        let is_deaf = steps.iter().any(|step| matches!(step, Step::Deaf));
        let mut stream =
            begin(server, number, is_deaf).map_err(|error| format!("connection {number}: {error}"))?;
        let index = self.visitors.len();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(index), interest)?;
        self.visitors.push(Some(Present { visitor: Visitor::new(stream, steps), name, stays: false }));
        self.present += 1;
        Ok(())
    }

    fn turn(&mut self, events: &mut Events, wait: Option<Duration>) -> Result<()> {
        match self.poll.poll(events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in events.iter() {
            let index = event.token().0;
            if let Some(Some(present)) = self.visitors.get_mut(index) {
                present.visitor.hear(event);
                self.advance(index);
            }
        }
        let now = Instant::now();
        while let Some(Reverse((time, index))) = self.alarms.peek().copied()
            && time <= now
        {
            self.alarms.pop();
            self.advance(index);
        }
        Ok(())
    }

    fn advance(&mut self, index: usize) {
        let Some(place) = self.visitors.get_mut(index) else { return };
        let Some(present) = place else { return };
        let step = present.visitor.step().map(Step::name).unwrap_or_default();
        let (name, stayed) = (present.name, present.stays);
        let progress = present.visitor.advance(Instant::now(), self.is_complete, &mut self.buffer);
        if present.visitor.was_accepted() {
            self.accepted = self.accepted.max(index + 1);
        }
        let goes = match progress {
            Ok(Progress::Socket) => return,
            Ok(Progress::Until(time)) => return self.alarms.push(Reverse((time, index))),
            Ok(Progress::Crowd) => return self.waiting_for_crowd.push(index),
            Ok(Progress::Others) => {
                present.stays = true;
                false
            }
            Ok(Progress::Done) => true,
            Err(what) => {
                let what = format!("{what} at {step}");
                *self.report.complaints.entry((name, what)).or_default() += 1;
                true
            }
        };
        if goes {
            *place = None;
        }
        if !stayed {
            self.present -= 1;
        }
    }

    fn who_is_left(&self) -> String {
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for present in self.visitors.iter().flatten().filter(|one| !one.stays) {
            let step = present.visitor.step().map(Step::name).unwrap_or_default();
            *left.entry((present.name, step)).or_default() += 1;
        }
        let mut text = format!("{} visitors are still there after a minute:", self.present);
        for ((name, step), count) in left {
            text += &format!("\n  {count} x {name}, at {step}");
        }
        text
    }
}

/// Begins to connect, from one of several addresses.
fn begin(server: SocketAddr, number: u64, is_deaf: bool) -> io::Result<TcpStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    if is_deaf {
        sockopt::set_socket_recv_buffer_size(&socket, SMALL_BUFFER)?;
        sockopt::set_socket_send_buffer_size(&socket, SMALL_BUFFER)?;
    }
    let last = u8::try_from(2 + number % SOURCES).unwrap_or(2);
    bind(&socket, &SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))?;
    match connect(&socket, &server) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    let stream = std::net::TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(TcpStream::from_std(stream))
}
