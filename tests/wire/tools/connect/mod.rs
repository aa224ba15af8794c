//! `ws101 connect` without sockets: bytes, lines and time go in, and all that it does comes out as text.

mod commands;
mod ending;
mod handshake;
mod options;
mod rules;
mod scripts;

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use ws101::clock::Time;
use ws101::config::TraceForm;
use ws101::tools::connect::outgoing::Masking;
use ws101::tools::connect::script::Step;
use ws101::tools::connect::session::{Act, End, Session, Setup};
use ws101::tools::event::{Listener, Look};
use ws101::tools::kept::Keep;
use ws101::tools::trace::writer::Writer;
use ws101::ws::client::Request;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to that key.
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
/// What the trace says of it in short form, with the line before it.
const OPENED: &str = "\
# This trace leaves bytes out, so it cannot be replayed (--trace-full --trace-secrets leaves none out).
# 1 open 127.0.0.1:80
C> \"GET /echo HTTP/1.1\\r\\n\" ...*135          # 155 bytes, handshake complete
S< \"HTTP/1.1 101 Switching Protocols\\r\\n\" ...*95 # 129 bytes
";

/// Bytes that can still be read after they were given to a writer.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a session of a test begins.
struct Begin {
    steps: Option<Vec<Step>>,
    one: bool,
    offers: Option<&'static str>,
    protocols: Vec<String>,
    look: Look,
    keep: Keep,
    max_message_bytes: u64,
    is_by_hand: bool,
    peer: Option<SocketAddr>,
}

impl Default for Begin {
    fn default() -> Self {
        Self {
            steps: None,
            one: false,
            offers: None,
            protocols: Vec::new(),
            look: Look { form: TraceForm::Short, without_times: true, ..Look::default() },
            keep: Keep::SHORT,
            max_message_bytes: 1_000,
            is_by_hand: false,
            peer: None,
        }
    }
}

/// A session, and all that it has done.
struct Talk {
    session: Session,
    now: Time,
    /// The trace, and between its lines what was printed (`print`) and said (`say`).
    text: Shared,
    writer: Writer<Shared>,
    sent: Vec<u8>,
    /// Bytes are taken by the system at once.
    is_read: bool,
}

impl Talk {
    fn begin(begin: Begin) -> Self {
        let mut request = Vec::new();
        let Begin { protocols, offers, .. } = &begin;
        let host = "127.0.0.1:80";
        Request { host, target: "/echo", key: KEY, protocols, extensions: *offers, fields: &[] }
            .write(&mut request);
        let setup = Setup {
            request,
            peer: begin.peer,
            keep: begin.keep,
            max_message_bytes: begin.max_message_bytes,
            timeout: Duration::from_secs(10),
            masking: Masking::Random,
            steps: begin.steps,
            one: begin.one,
            is_by_hand: begin.is_by_hand,
            random: Box::new(|key| key.copy_from_slice(&[0x37, 0xfa, 0x21, 0x3d][..key.len()])),
        };
        let text = Shared::default();
        let writer = Writer::new(text.clone(), begin.look, |_| false);
        let session = Session::new(setup, Time(0));
        let mut talk = Self { session, now: Time(0), text, writer, sent: Vec::new(), is_read: true };
        talk.settle();
        talk
    }

    /// A session after its handshake, of which the trace is forgotten.
    fn open(begin: Begin) -> Self {
        let mut talk = Self::begin(begin);
        talk.gets(format!("{ANSWER}\r\n"));
        talk.forget();
        talk
    }

    fn with_steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::begin(Begin { steps: Some(steps.into_iter().collect()), ..Begin::default() })
    }

    fn forget(&mut self) {
        self.text.0.borrow_mut().clear();
        self.sent.clear();
    }

    /// Does what the session asks for.
    fn settle(&mut self) {
        loop {
            let acts = self.session.take();
            if acts.is_empty() {
                return;
            }
            for act in acts {
                match act {
                    Act::Send(bytes) => {
                        self.sent.extend_from_slice(&bytes);
                        if self.is_read {
                            self.session.wrote(bytes.len(), self.now);
                        }
                    }
                    Act::Print(message) => {
                        let line = message.line(true);
                        self.text.0.borrow_mut().extend([b"print ", &line[..]].concat());
                    }
                    Act::Say(words) => writeln!(self.text, "say {words}").unwrap(),
                    Act::Show(event) => self.writer.event(&event),
                }
            }
        }
    }

    fn gets(&mut self, bytes: impl AsRef<[u8]>) {
        self.session.received(bytes.as_ref(), self.now);
        self.settle();
    }

    fn types(&mut self, line: &str) {
        assert!(self.session.wants_line(), "no line is read now: {line}");
        self.session.typed(line.as_bytes(), self.now);
        self.settle();
    }

    fn ends(&mut self) {
        self.session.ended(&End::Closed, self.now);
        self.settle();
    }

    /// Lets time pass, deadline by deadline.
    fn waits(&mut self, millis: u64) {
        let until = Time(self.now.0 + millis);
        while self.session.status().is_none() && self.session.deadline() <= until {
            self.now = self.session.deadline().max(self.now);
            self.session.tick(self.now);
            self.settle();
        }
        self.now = until;
    }

    /// What was shown since the last call.
    fn shown(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut *self.text.0.borrow_mut())).unwrap()
    }

    #[track_caller]
    fn shows(&mut self, expected: &str) {
        let shown = self.shown();
        assert!(shown == expected, "shown:\n{shown}\nexpected:\n{expected}");
    }

    #[track_caller]
    fn is_over(&mut self, status: u8, words: &str) {
        assert_eq!(self.session.status(), Some(status));
        let shown = self.shown();
        let last = shown.lines().last().unwrap_or_default();
        assert_eq!(last.strip_prefix("say ").unwrap_or(last), words, "{shown}");
    }
}

#[test]
fn hello_and_goodbye() {
    let mut talk =
        Talk::begin(Begin { is_by_hand: true, peer: "127.0.0.1:80".parse().ok(), ..Begin::default() });
    assert!(!talk.session.wants_line(), "before the answer nothing can be sent");
    talk.gets(format!("{ANSWER}\r\n"));
    talk.types("Hello");
    talk.gets(b"\x81\x05Hello");
    talk.session.input_ended(talk.now);
    talk.settle();
    talk.gets(b"\x88\x02\x03\xe8");
    talk.ends();
    talk.shows(&format!(
        "{OPENED}\
say connected; /help lists commands
C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # FIN text, MASK, 5 bytes \"Hello\"
S< 81 05 48 65 6c 6c 6f                      # FIN text, 5 bytes \"Hello\"
print < Hello
C> 88 82 37 fa 21 3d 34 12                   # close 1000 (normal closure)
S< 88 02 03 e8                               # close 1000 (normal closure)
S~ eof
# 1 end 127.0.0.1:80  C 174 bytes, S 140 bytes, clean
say 1000: normal closure
"
    ));
    assert_eq!(talk.session.status(), Some(0));
}

#[test]
fn one_read_with_all_is_the_same_as_single_bytes() {
    let whole = [format!("{ANSWER}\r\n").as_bytes(), b"\x89\x01?\x01\x02He\x80\x03llo\x88\x00"].concat();
    let run = |pieces: Vec<&[u8]>| {
        let mut talk = Talk::begin(Begin::default());
        pieces.into_iter().for_each(|piece| talk.gets(piece));
        talk.ends();
        (talk.shown(), talk.sent.clone(), talk.session.status())
    };
    let at_once = run(vec![&whole]);
    assert_eq!(at_once.2, Some(0));
    assert!(at_once.0.contains("print < Hello\n"), "{}", at_once.0);
    assert_eq!(run(whole.chunks(1).collect()), at_once);
    for cut in 1..whole.len() {
        let (first, second) = whole.split_at(cut);
        assert_eq!(run(vec![first, second]), at_once, "cut at {cut}");
    }
}

#[test]
fn what_the_server_says_cannot_reach_the_terminal() {
    let mut talk = Talk::open(Begin::default());
    let evil = "\u{1b}[31m\r\nC> 81 \u{202e}\u{7}\"\\";
    talk.gets([&[0x81, evil.len() as u8], evil.as_bytes()].concat());
    talk.gets([&[0x88, 2 + evil.len() as u8, 0x03, 0xe8], evil.as_bytes()].concat());
    talk.ends();
    let shown = talk.shown();
    assert!(shown.contains("print < \\x1b[31m\\r\\nC> 81 \\xe2\\x80\\xae\\x07\"\\\n"), "{shown}");
    assert!(shown.contains("say 1000: normal closure, \"\\x1b[31m\\r\\n"), "{shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{shown}");
}

#[test]
fn a_full_trace_has_every_byte_of_both_sides() {
    use ws101::tools::notation::{self, Act as Does, known_bytes};
    use ws101::ws::frame::Sender;
    let look = Look { is_full: true, with_secrets: true, without_times: true, form: TraceForm::Fields };
    let mut talk = Talk::begin(Begin { look, keep: Keep::FULL, ..Begin::default() });
    let answer = [format!("{ANSWER}\r\n").as_bytes(), b"\x81\x02"].concat();
    talk.gets(&answer);
    talk.gets(b"hi");
    talk.types(&"long ".repeat(50));
    talk.types("/cut 5 Hello");
    talk.waits(200);
    talk.types("/frag a | b");
    talk.types("/close 1000 bye");
    talk.gets(b"\x88\x00");
    talk.ends();
    let text = talk.shown();
    let trace: String = text
        .lines()
        .filter(|line| !line.starts_with("say") && !line.starts_with("print"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut sides = [Vec::new(), Vec::new()];
    for (_, line) in notation::read(&trace, 1).unwrap() {
        if let Does::Bytes { from, items, .. } = line.act {
            sides[usize::from(from == Sender::Server)].extend(known_bytes(&items).unwrap());
        }
    }
    assert!(sides[0] == talk.sent, "{trace}");
    assert!(sides[1] == [&answer[..], b"hi\x88\x00"].concat(), "{trace}");
}
