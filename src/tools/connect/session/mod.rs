//! The whole of `ws101 connect` but sockets: bytes, typed lines and time go in; bytes to send, lines to print and an exit
//! status come out.
//!
//! What the server sends goes two ways. `Conversation` makes units of it, to be shown, with the rule that each breaks.
//! The endpoint makes messages of the same bytes, and its verdict ends the connection. A test compares the two.
//!
//! `received` has what the server's bytes do, `typed` what a line does, `end` how the connection ends.

mod end;
mod received;
mod typed;

use super::answer::Told;
use super::incoming::Incoming;
use super::outgoing::{Masking, Outgoing, Random};
use super::script::{Script, Step};
use super::show::Message;
use crate::clock::Time;
use crate::tools::conversation::{Conversation, Options};
use crate::tools::event::{Event, Seen};
use crate::tools::follow::Start;
use crate::tools::kept::Keep;
use crate::tools::rules::Rule;
use crate::tools::unit::{Unit, What};
use crate::ws::endpoint::Limits;
use crate::ws::frame::Sender;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

/// Between the two writes of `/cut`.
const CUT_PAUSE: Duration = Duration::from_millis(200);
/// For the body of a refusal, and for the end of TCP after a violation.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// For the server to close TCP after both Closes, and to answer our Close after Ctrl-C.
const LEAVE_WAIT: Duration = Duration::from_secs(2);
/// For the server to answer our Close.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// What a session begins with.
pub struct Setup {
    /// The opening handshake.
    pub request: Vec<u8>,
    /// The server's address, if it is known.
    pub peer: Option<SocketAddr>,
    /// What is kept of payloads, to be shown.
    pub keep: Keep,
    /// Payload of one message of the server, in bytes.
    pub max_message_bytes: u64,
    /// For the handshake, for each expected message, and for the server to take what is sent.
    pub timeout: Duration,
    /// How frames are masked.
    pub masking: Masking,
    /// What to send and to wait for. `None`: typed lines say it.
    pub steps: Option<Vec<Step>>,
    /// One line is sent, and one answer waited for.
    pub one: bool,
    /// A person types, and is told what to type.
    pub is_by_hand: bool,
    /// Gives masking keys.
    pub random: Random,
}

/// What a session asks for.
#[derive(Debug)]
pub enum Act {
    /// To send these bytes in one write.
    Send(Vec<u8>),
    /// To print a message of the server.
    Print(Message),
    /// To say this to the user.
    Say(String),
    /// To show this in the trace.
    Show(Event),
}

/// How the other side ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It has closed its side.
    Closed,
    /// The connection is broken. The system's words.
    Broken(String),
}

/// How far the connection is.
#[derive(Debug)]
enum Phase {
    /// The answer is not complete.
    Handshake,
    /// The answer is a refusal, and its body comes.
    Refused(Told),
    /// Messages go both ways.
    Open,
    /// We have sent a Close, and the server has not.
    Closing,
    /// Both have sent a Close. The server closes TCP.
    Closed,
    /// The server broke a rule. These are the words for it.
    Failing(String),
    /// All is over, with this exit status.
    Over(u8),
}

/// The server's Close: its code, and its reason as it is shown.
type PeerClose = (Option<u16>, String);

/// What the session does by itself.
struct Habits {
    /// One answer is waited for, and no more is printed.
    one: bool,
    /// Lines are still read.
    has_input: bool,
    is_by_hand: bool,
    answers_pings: bool,
    answers_close: bool,
}

/// How far the goodbye is.
#[derive(Default)]
struct Ending {
    own_close: bool,
    peer_close: Option<PeerClose>,
    /// The reason in the Close that is being dealt with.
    close_reason: String,
    was_interrupted: bool,
    /// Something was expected and did not come.
    has_failed: bool,
}

/// What there is to show.
struct Shown {
    /// The server's address. `None`: a command is between us and the server.
    peer: Option<SocketAddr>,
    received: u64,
    /// The last frame of the server, for `/explain`.
    last_frame: Option<Unit>,
    /// The rule that the unit breaks which is being dealt with.
    broken: Option<Rule>,
}

/// One connection as a client.
pub struct Session {
    phase: Phase,
    /// When the phase ends by itself.
    until: Time,
    timeout: Duration,
    conversation: Conversation,
    incoming: Incoming,
    out: Outgoing,
    script: Script,
    habits: Habits,
    /// A Ping that could not be answered at once.
    owed_pong: Option<Vec<u8>>,
    ending: Ending,
    shown: Shown,
    acts: Vec<Act>,
}

impl Session {
    /// Begins with the opening handshake.
    #[must_use]
    pub fn new(setup: Setup, now: Time) -> Self {
        let limits =
            Limits { from: Sender::Server, max_message_bytes: setup.max_message_bytes, ..Limits::default() };
        // What the user sends is shown, too, and his messages may be larger.
        let most_inflated = setup.max_message_bytes.max(16 << 20);
        let options = Options { keep: setup.keep, limits, goes_on: false, inflates: true, most_inflated };
        let mut conversation = Conversation::new(options, Start::Head);
        conversation.goes_on(Sender::Client);
        let with_steps = setup.steps.is_some();
        let mut session = Self {
            phase: Phase::Handshake,
            until: now.after(setup.timeout),
            timeout: setup.timeout,
            conversation,
            incoming: Incoming::new(limits),
            out: Outgoing::new(setup.masking, setup.random),
            script: Script::new(setup.steps.unwrap_or_default(), with_steps),
            habits: Habits {
                one: setup.one,
                has_input: !with_steps,
                is_by_hand: setup.is_by_hand,
                answers_pings: true,
                answers_close: true,
            },
            owed_pong: None,
            ending: Ending::default(),
            shown: Shown { peer: setup.peer, received: 0, last_frame: None, broken: None },
            acts: Vec::new(),
        };
        if let Some(peer) = setup.peer {
            session.show(Seen::Opened(peer), now);
        }
        session.send(setup.request, now);
        session
    }

    /// Takes what is asked for, in its order.
    pub fn take(&mut self) -> Vec<Act> {
        mem::take(&mut self.acts)
    }

    /// The exit status, when all is over.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        if let Phase::Over(status) = self.phase { Some(status) } else { None }
    }

    /// Whether something was handed out that is worth waiting for until it is written.
    #[must_use]
    pub fn owes_bytes(&self) -> bool {
        self.out.unsent > 0
    }

    /// Whether a line can be taken now.
    #[must_use]
    pub fn wants_line(&self) -> bool {
        let is_open = matches!(self.phase, Phase::Open | Phase::Closing);
        self.habits.has_input && is_open && self.out.has_room()
    }

    /// When `tick` must be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Time {
        let stall = if self.out.unsent > 0 { self.out.progress.after(self.timeout) } else { Time::NEVER };
        self.until.min(stall).min(self.script.deadline).min(self.out.next())
    }

    fn say(&mut self, words: impl Into<String>) {
        self.acts.push(Act::Say(words.into()));
    }

    fn show(&mut self, what: Seen, now: Time) {
        self.acts.push(Act::Show(Event { conn: 1, at: now, what }));
    }

    /// Sends bytes after those that wait.
    fn send(&mut self, bytes: Vec<u8>, now: Time) {
        self.out.push(bytes, Time(0));
        self.flush(now);
    }

    /// Sends what is due.
    fn flush(&mut self, now: Time) {
        while let Some(bytes) = self.out.take_due(now) {
            let mut units = Vec::new();
            self.conversation.push(Sender::Client, &bytes, true, &mut |unit| units.push(unit));
            self.acts.push(Act::Send(bytes));
            for unit in units {
                self.ending.own_close |= matches!(&unit.what, What::Frame(frame) if frame.layout.opcode == 8);
                self.show(Seen::Unit(unit), now);
            }
        }
        if self.out.has_room()
            && let Some(payload) = self.owed_pong.take()
        {
            self.pong(&payload, now);
        }
        self.after_closes(now);
    }

    /// Notes that the system has taken so many bytes.
    pub fn wrote(&mut self, len: usize, now: Time) {
        self.out.wrote(len, now);
        self.flush(now);
    }

    /// Does what the script says next.
    fn go_on(&mut self, now: Time) {
        while matches!(self.phase, Phase::Open)
            && let Some(text) = self.script.take_text()
        {
            let frame = self.out.message(1, text.as_bytes());
            self.send(frame, now);
        }
        if self.script.waits() {
            self.script.deadline = now.after(self.timeout);
        } else if self.script.is_over() {
            self.close(Some(1000), "", now);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) {
        self.flush(now);
        if self.script.deadline <= now {
            self.expected_in_vain();
            self.close(Some(1000), "", now);
        }
        let stalls = self.out.unsent > 0 && self.out.progress.after(self.timeout) <= now;
        if self.status().is_none() && (stalls || self.until <= now) {
            self.too_late(stalls, now);
        }
    }
}
