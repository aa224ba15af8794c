//! What connections cost on which nothing happens.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::cores::Cores;
use crate::deflate::Replies;
use crate::frames::{Incoming, Outgoing, Repeated};
use crate::handshake::{Agreed, Offer, open};
use crate::message::Message;
use crate::process::{Program, Server};

/// Connections that are open and silent.
pub const CONNECTIONS: usize = 9_900;

/// The figures of one server process.
#[derive(Debug)]
pub struct Idle {
    /// Resident bytes before the first connection.
    pub resident_at_start: f64,
    /// Resident bytes with all connections open.
    pub resident: f64,
    /// Private bytes per connection above what stays when a first crowd has come and gone.
    pub private_per_connection: f64,
    /// What the first crowd costs above what a handful left behind. A process that keeps its memory
    /// for the next crowd shows its price here alone.
    pub private_per_first_connection: f64,
    /// Share of a core while nobody says anything.
    pub cpu: f64,
    /// Context switches per second in that time.
    pub switches: f64,
}

/// Connections that come and go before anything is measured, so that code and tables that every
/// process needs once are in memory.
const HANDFUL: usize = 100;

/// How long after the last opening silence begins: a server may look once more at each connection when the
/// deadline for its opening would have passed (ours: 10 s), which is a price of opening, not of silence.
const SETTLE: Duration = Duration::from_secs(11);

/// Who is silent.
#[derive(Debug, Clone, Copy)]
pub struct Clients {
    /// What they ask for; `{}` becomes a different number of 13 digits for each of them, as the chat page takes it
    /// from its clock.
    pub path: &'static str,
    /// How many they are.
    pub connections: usize,
    /// What compression they offer; the server must agree.
    pub offer: Offer,
    /// What each of them sends to be echoed before it falls silent, and how often.
    pub message: Option<(Message, usize)>,
}

impl Clients {
    /// How many files they need.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.connections as u64 + 64
    }
}

/// Opens a handful of connections, then all of them, twice, and looks at the memory in between.
///
/// Nothing is sent for the time `silence`, in which processor time is counted; when there is none, those figures
/// are zero.
///
/// # Errors
/// The server refuses connections, or does not give them back.
pub fn measure(program: &Program, clients: &Clients, cores: Cores, silence: Duration) -> Result<Idle> {
    let server = Server::start(program, cores)?;
    thread::sleep(Duration::from_millis(100));
    let files = server.open_files()?;
    let resident_at_start = server.resident_memory()? as f64;

    leave(&server, gather(&server, clients, HANDFUL, files)?, files)?;
    let small = server.private_memory()? as f64;
    let crowd = gather(&server, clients, clients.connections, files)?;
    let first = server.private_memory()? as f64;
    leave(&server, crowd, files)?;
    let empty = server.private_memory()? as f64;

    let crowd = gather(&server, clients, clients.connections, files)?;
    let second = server.private_memory()? as f64;
    let resident = server.resident_memory()? as f64;
    let (cpu, switches) = if silence.is_zero() {
        (0.0, 0.0)
    } else {
        thread::sleep(SETTLE);
        listen(&server, silence)?
    };
    leave(&server, crowd, files)?;
    server.stop()?;

    let connections = clients.connections as f64;
    Ok(Idle {
        resident_at_start,
        resident,
        private_per_connection: (second - empty) / connections,
        private_per_first_connection: (first - small) / connections,
        cpu,
        switches,
    })
}

/// Share of a core and context switches per second, while nobody says anything.
fn listen(server: &Server, silence: Duration) -> Result<(f64, f64)> {
    let (cpu, switches) = (server.cpu_time()?, server.context_switches()?);
    let started = Instant::now();
    thread::sleep(silence);
    let seconds = started.elapsed().as_secs_f64();
    let cpu = server.cpu_time()?.saturating_sub(cpu).as_secs_f64() / seconds;
    let switches = (server.context_switches()? - switches) as f64 / seconds;
    Ok((cpu, switches))
}

/// Opens so many connections beside the files that are open anyway.
fn gather(server: &Server, clients: &Clients, count: usize, files: usize) -> Result<Vec<TcpStream>> {
    let talk = clients.message.map(|(message, times)| Talk::new(message, times, clients.offer));
    let crowd = (0..count)
        .map(|number| {
            let id = 1_700_000_000_000 + number as u64;
            let path = clients.path.replace("{}", &id.to_string());
            let (mut stream, agreed) = open(server.address, &path, clients.offer)?;
            if let Some(talk) = &talk {
                talk.hold(&mut stream, agreed)?;
            }
            Ok(stream)
        })
        .collect::<Result<Vec<_>>>()?;
    server.wait_for_open_files(files + count)?;
    thread::sleep(Duration::from_millis(300));
    Ok(crowd)
}

/// A message that is echoed a few times on a connection before it falls silent.
struct Talk {
    message: Message,
    times: usize,
    requests: Repeated,
    replies: Repeated,
}

impl Talk {
    fn new(message: Message, times: usize, offer: Offer) -> Self {
        Self { message, times, requests: message.requests_after(offer), replies: message.replies() }
    }

    /// Sends the message, each time when it has come back, and looks at what does.
    fn hold(&self, stream: &mut TcpStream, agreed: Agreed) -> Result<()> {
        let mut incoming = Incoming::default();
        let mut compressed = Replies::new(self.message, agreed, 0);
        let mut outgoing = Outgoing::default();
        let mut buffer = [0; 4096];
        for _ in 0..self.times {
            outgoing.owe(&self.requests, 1);
            outgoing.flush(&self.requests, stream)?;
            let mut frames = 0;
            while frames == 0 {
                let length = stream.read(&mut buffer)?;
                let bytes = buffer.get(..length).unwrap_or_default();
                if bytes.is_empty() {
                    return Err("the server closed a connection".into());
                }
                frames = match &mut compressed {
                    None => incoming.check(&self.replies, bytes)?,
                    Some(replies) => replies.check(bytes)?,
                };
            }
        }
        Ok(())
    }
}

/// Closes them and waits until the server has noticed.
fn leave(server: &Server, crowd: Vec<TcpStream>, files: usize) -> Result<()> {
    drop(crowd);
    server.wait_for_open_files(files)?;
    thread::sleep(Duration::from_millis(300));
    Ok(())
}
