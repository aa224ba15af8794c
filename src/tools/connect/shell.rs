//! The world around a session: threads for the server's bytes, for typed lines, for writes and for Ctrl-C, and the clock.
//!
//! A thread that reads hands over one piece and waits until it may read the next. So no more than a piece of each waits in
//! memory, however much the server sends and however fast lines come.

use super::link::Link;
use super::session::{Act, End, Session};
use super::show::escaped;
use crate::clock::Time;
use crate::tools::event::Listener;
use signal_hook::consts::SIGINT;
use signal_hook::low_level::pipe;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// What one read takes at most.
const READ_BYTES: usize = 16 << 10;
/// What one write gives at most: whether the server takes something is seen after each.
const WRITE_BYTES: usize = 64 << 10;
/// What is kept of a command's complaints.
const COMPLAINT_BYTES: usize = 8 << 10;
/// Lines of a command's complaints that are shown.
const COMPLAINT_LINES: usize = 12;
/// How long the last bytes may take.
const WRITE_WAIT: Duration = Duration::from_millis(500);
/// How long the last words of a command are waited for.
const COMPLAINT_WAIT: Duration = Duration::from_millis(300);

/// What a thread tells.
enum Event {
    Bytes(Vec<u8>),
    Ended(End),
    Line(Vec<u8>),
    NoLines,
    Wrote(usize),
    /// What is sent is taken no longer. What was received before that may still come, and says why.
    Unwritable,
    Interrupted,
    /// What the command between us and the server has complained of.
    Complaint(Vec<u8>),
}

/// Says something on stderr. Nobody may listen: that ends nothing.
pub(super) fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// Whether lines are typed by a person.
pub(super) fn is_typed() -> bool {
    io::stdin().is_terminal()
}

/// Runs a session to its end. Returns the exit status.
pub(super) fn run(
    begin: impl FnOnce(Time) -> Session,
    mut link: Link,
    listeners: &mut [Box<dyn Listener>],
    max_line_bytes: u64,
) -> u8 {
    let start = Instant::now();
    let now = || Time(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
    let (tell, events) = mpsc::channel();
    let stderr = link.helper.as_mut().and_then(|helper| helper.stderr.take());
    if let Some(stderr) = stderr {
        spawn(&tell, move |tell| complaints(stderr, tell));
    }
    let (may_read, reads) = mpsc::channel();
    let (may_ask, asks) = mpsc::channel();
    let (to_write, writes) = mpsc::channel();
    let (reader, writer) = (link.reader, link.writer);
    spawn(&tell, move |tell| read(reader, &reads, tell));
    spawn(&tell, move |tell| lines(max_line_bytes, &asks, tell));
    spawn(&tell, move |tell| write(writer, &writes, tell));
    interrupts(&tell);
    let mut screen =
        Screen { listeners, to_write, on_terminal: io::stdout().is_terminal(), is_broken: false };
    let mut session = begin(now());
    let (mut is_reading, mut is_asking, mut complaint) = (false, false, None);
    let status = loop {
        let was_broken = screen.is_broken;
        session.take().into_iter().for_each(|act| screen.act(act));
        if screen.is_broken && !was_broken {
            // Nobody reads our stdout any more.
            session.interrupted(now());
            continue;
        }
        if let Some(status) = session.status() {
            break status;
        }
        if !is_reading {
            is_reading = may_read.send(()).is_ok();
        }
        if !is_asking && session.wants_line() {
            is_asking = may_ask.send(()).is_ok();
        }
        let event = match session.deadline() {
            Time::NEVER => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            deadline => events.recv_timeout(deadline.since(now())),
        };
        let now = now();
        match event {
            Ok(Event::Bytes(bytes)) => {
                is_reading = false;
                session.received(&bytes, now);
            }
            Ok(Event::Ended(how)) => session.ended(&how, now),
            Ok(Event::Line(line)) => {
                is_asking = false;
                session.typed(&line, now);
            }
            Ok(Event::NoLines) => session.input_ended(now),
            Ok(Event::Wrote(len)) => session.wrote(len, now),
            Ok(Event::Interrupted) => session.interrupted(now),
            Ok(Event::Complaint(text)) => complaint = Some(text),
            Ok(Event::Unwritable) | Err(_) => {}
        }
        session.tick(now);
    };
    write_rest(&mut session, &events, &mut complaint);
    if let Some(helper) = link.helper {
        let ended = helper.end();
        if status != 0 {
            let complaint = complaint.or_else(|| last_complaint(&events));
            tell_complaint(&complaint.unwrap_or_default(), ended);
        }
    }
    status
}

/// Where acts of a session go.
struct Screen<'a> {
    listeners: &'a mut [Box<dyn Listener>],
    to_write: Sender<Vec<u8>>,
    on_terminal: bool,
    /// Nobody reads stdout.
    is_broken: bool,
}

impl Screen<'_> {
    fn act(&mut self, act: Act) {
        match act {
            // The writer has ended after an error, of which the reader tells, too.
            Act::Send(bytes) => drop(self.to_write.send(bytes)),
            Act::Print(message) => {
                let mut stdout = io::stdout();
                let line = message.line(self.on_terminal);
                self.is_broken |= stdout.write_all(&line).and_then(|()| stdout.flush()).is_err();
            }
            Act::Say(words) => say(&words),
            Act::Show(event) => self.listeners.iter_mut().for_each(|listener| {
                listener.event(&event);
                listener.turn_ends();
            }),
        }
    }
}

fn spawn(tell: &Sender<Event>, work: impl FnOnce(&Sender<Event>) + Send + 'static) {
    let tell = tell.clone();
    thread::spawn(move || work(&tell));
}

/// Reads the server's bytes, a piece for each permission.
fn read(mut from: impl Read, may: &Receiver<()>, tell: &Sender<Event>) {
    let mut buffer = vec![0; READ_BYTES];
    while may.recv().is_ok() {
        let event = loop {
            match from.read(&mut buffer) {
                Ok(0) => break Event::Ended(End::Closed),
                Ok(len) => break Event::Bytes(buffer.get(..len).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Event::Ended(End::Broken(error.to_string())),
            }
        };
        let is_end = matches!(event, Event::Ended(_));
        if tell.send(event).is_err() || is_end {
            return;
        }
    }
}

/// Reads typed lines, one for each permission.
fn lines(most: u64, may: &Receiver<()>, tell: &Sender<Event>) {
    let mut input = io::stdin().lock();
    while may.recv().is_ok() {
        let mut line = Vec::new();
        let read = (&mut input).take(most).read_until(b'\n', &mut line);
        if line.is_empty() || read.is_err() {
            let _ = tell.send(Event::NoLines);
            return;
        }
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            line.pop_if(|byte| *byte == b'\r');
        }
        if tell.send(Event::Line(line)).is_err() {
            return;
        }
    }
}

/// Writes what the session sends.
fn write(mut to: impl Write, writes: &Receiver<Vec<u8>>, tell: &Sender<Event>) {
    for bytes in writes {
        for piece in bytes.chunks(WRITE_BYTES) {
            let is_written = to.write_all(piece).and_then(|()| to.flush()).is_ok();
            let event = if is_written { Event::Wrote(piece.len()) } else { Event::Unwritable };
            if tell.send(event).is_err() || !is_written {
                return;
            }
        }
    }
}

/// Tells of every Ctrl-C. Where that cannot be, it ends the program, as usual.
fn interrupts(tell: &Sender<Event>) {
    let Ok((mut signals, to_signal)) = UnixStream::pair() else { return };
    if pipe::register(SIGINT, to_signal).is_err() {
        return;
    }
    spawn(tell, move |tell| {
        let mut one = [0];
        while signals.read_exact(&mut one).is_ok() && tell.send(Event::Interrupted).is_ok() {}
    });
}

/// Reads what a command complains of to its end, and keeps the beginning.
fn complaints(mut from: impl Read, tell: &Sender<Event>) {
    let mut kept = Vec::new();
    let mut buffer = [0; 1 << 10];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        let room = COMPLAINT_BYTES.saturating_sub(kept.len()).min(len);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
    let _ = tell.send(Event::Complaint(kept));
}

/// Waits a little until the last bytes are written, such as the answer to a Close.
fn write_rest(session: &mut Session, events: &Receiver<Event>, complaint: &mut Option<Vec<u8>>) {
    let until = Instant::now() + WRITE_WAIT;
    while session.owes_bytes() {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Wrote(len)) => session.wrote(len, Time(0)),
            Ok(Event::Unwritable) | Err(_) => return,
            Ok(Event::Complaint(text)) => *complaint = Some(text),
            Ok(_) => {}
        }
    }
}

/// Waits a little for the last words of a command that has ended.
fn last_complaint(events: &Receiver<Event>) -> Option<Vec<u8>> {
    let until = Instant::now() + COMPLAINT_WAIT;
    loop {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Complaint(text)) => return Some(text),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

fn tell_complaint(text: &[u8], ended: Option<String>) {
    let how = ended.map_or_else(String::new, |how| format!(" ({how})"));
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.take(COMPLAINT_LINES).map(escaped).collect();
    match &lines[..] {
        [] if how.is_empty() => {}
        [] => say(&format!("the command between us and the server has ended{how}")),
        lines => say(&format!("the command between us and the server said{how}:\n  {}", lines.join("\n  "))),
    }
    if lines.iter().any(|line| line.starts_with("verify error:")) {
        say(
            "the certificate is not trusted: SSL_CERT_FILE=FILE names a file with those that are, if you trust it",
        );
    }
}
