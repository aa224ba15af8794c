//! The session of `ws101 connect`: any bytes of a server, any typed lines, any time.
//!
//! Input: how it begins, lengths of pieces, then a script. Whatever comes, the session does not panic, keeps little, says
//! nothing that could do something to a terminal, and names a rule whenever it fails the server. What a server alone says
//! means the same however it is cut.

use crate::input::{Bytes, pieces};
use std::time::Duration;
use ws101::clock::Time;
use ws101::tools::connect::outgoing::Masking;
use ws101::tools::connect::script::Step;
use ws101::tools::connect::session::{Act, End, Session, Setup};
use ws101::tools::kept::Keep;
use ws101::ws::client::Request;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
/// Largest message of the server.
const MESSAGE_BYTES: u64 = 1_000;
/// What may wait for the server before no more lines are read, and what a line of this fuzz can add to it.
const UNSENT_BYTES: usize = (256 << 10) + (8 << 10);
/// Lines that reach every command, when the engine has not found them yet.
const LINES: [&str; 16] = [
    "Hello",
    "//",
    "/ping a",
    "/pong",
    "/close 1000 bye",
    "/close 1005",
    "/bin 00 ff*3",
    "/raw 81 05",
    "/raw 88 80 00 00 00 00",
    "/frag a|b|c",
    "/cut 3 Hello",
    "/mask 00000000",
    "/mask random",
    "/pong off",
    "/closing off",
    "/explain",
];

/// A session, and what it has done.
struct Talk {
    session: Session,
    now: Time,
    unsent: usize,
    is_reading: bool,
    printed: Vec<Vec<u8>>,
    sent: Vec<u8>,
}

impl Talk {
    fn begin(flags: u8) -> Self {
        let mut request = Vec::new();
        let extensions = (flags & 1 != 0).then_some("permessage-deflate");
        Request { host: "x", target: "/", key: KEY, protocols: &[], extensions, fields: &[] }
            .write(&mut request);
        let steps = vec![Step::Send("a".into()), Step::Expect("b".into())];
        let setup = Setup {
            request,
            peer: None,
            keep: if flags & 2 != 0 { Keep::FULL } else { Keep::SHORT },
            max_message_bytes: MESSAGE_BYTES,
            timeout: Duration::from_secs(10),
            masking: Masking::Random,
            steps: (flags & 4 != 0).then_some(steps),
            one: flags & 8 != 0,
            is_by_hand: true,
            random: Box::new(|key| key.fill(0x55)),
        };
        let session = Session::new(setup, Time(0));
        let is_reading = flags & 16 == 0;
        let mut talk =
            Self { session, now: Time(0), unsent: 0, is_reading, printed: Vec::new(), sent: Vec::new() };
        talk.settle();
        if flags & 32 == 0 {
            let agreed = if flags & 1 != 0 { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
            talk.gets(format!("{ANSWER}{agreed}\r\n").as_bytes());
        }
        talk
    }

    fn settle(&mut self) {
        loop {
            let acts = self.session.take();
            if acts.is_empty() {
                break;
            }
            for act in acts {
                match act {
                    Act::Send(bytes) => {
                        self.unsent += bytes.len();
                        self.sent.extend(bytes);
                    }
                    Act::Print(message) => {
                        assert!(message.bytes.len() as u64 <= MESSAGE_BYTES);
                        let line = String::from_utf8(message.line(true)).expect("a line of text");
                        is_harmless(line.strip_suffix('\n').expect("a line"), false);
                        self.printed.push(message.line(false));
                    }
                    Act::Say(words) => {
                        is_harmless(&words, true);
                        let is_failure = words.starts_with("1002:")
                            || words.starts_with("1007:")
                            || words.starts_with("1009:");
                        // The server's own Close has the name of its code there.
                        let is_told = ["(RFC ", "protocol error", "invalid frame", "message too big"];
                        assert!(!is_failure || is_told.iter().any(|it| words.contains(it)), "{words}");
                    }
                    Act::Show(_) => {}
                }
            }
            if self.is_reading && self.unsent > 0 {
                let unsent = std::mem::take(&mut self.unsent);
                self.session.wrote(unsent, self.now);
            }
        }
        assert!(self.unsent <= UNSENT_BYTES, "{} bytes wait", self.unsent);
        if self.session.status().is_some() {
            assert!(!self.session.wants_line());
        }
    }

    fn gets(&mut self, bytes: &[u8]) {
        self.session.received(bytes, self.now);
        self.settle();
    }

    fn types(&mut self, line: &[u8]) {
        if self.session.wants_line() {
            self.session.typed(line, self.now);
            self.settle();
        }
    }

    fn waits(&mut self, millis: u64) {
        self.now = Time(self.now.0 + millis);
        self.session.tick(self.now);
        self.settle();
    }

    /// Nothing more comes: it ends by itself.
    fn end(&mut self) {
        self.session.ended(&End::Closed, self.now);
        self.settle();
        assert!(self.session.status().is_some());
        self.gets(b"\x81\x01x");
    }
}

/// No character in it does anything to a terminal.
#[track_caller]
fn is_harmless(text: &str, has_lines: bool) {
    let is_bad = |c: char| {
        c.is_control() && !(has_lines && c == '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.chars().any(is_bad), "{text:?}");
}

pub fn check(data: &[u8]) {
    let mut input = Bytes::new(data);
    let flags = input.byte();
    let lengths = input.take(3);
    if flags & 64 != 0 {
        return any_cut(flags & 0b10_1011, lengths, input.rest());
    }
    let mut talk = Talk::begin(flags);
    while !input.is_empty() {
        match input.byte() {
            op @ 0..=127 => talk.gets(input.take(usize::from(op) + 1)),
            op @ 128..=191 => talk.types(LINES[usize::from(op) % LINES.len()].as_bytes()),
            op @ 192..=223 => talk.types(input.take(usize::from(op) - 191)),
            op @ 224..=239 => {
                talk.waits([1, 100, 200, 1_000, 2_000, 5_000, 10_000, 60_000][usize::from(op) % 8])
            }
            240..=243 => {
                talk.session.input_ended(talk.now);
                talk.settle();
            }
            244..=246 => {
                talk.session.interrupted(talk.now);
                talk.settle();
            }
            247..=251 => {
                talk.is_reading = !talk.is_reading;
                talk.waits(0);
            }
            _ => {
                talk.session.ended(&End::Broken("reset".into()), talk.now);
                talk.settle();
            }
        }
    }
    talk.end();
}

/// What a server says means the same in one piece, in any pieces, and byte by byte.
fn any_cut(flags: u8, lengths: &[u8], bytes: &[u8]) {
    let run = |pieces: Vec<&[u8]>| {
        let mut talk = Talk::begin(flags);
        pieces.into_iter().for_each(|piece| talk.gets(piece));
        let (printed, sent) = (talk.printed.clone(), talk.sent.clone());
        let status = talk.session.status();
        talk.end();
        (printed, sent, status)
    };
    let whole = run(vec![bytes]);
    assert_eq!(run(pieces(bytes, lengths)), whole, "in pieces of {lengths:?}");
    assert_eq!(run(pieces(bytes, &[1])), whole, "byte by byte");
}
