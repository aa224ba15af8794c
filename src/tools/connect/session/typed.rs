//! What typed lines do, and the end of input, and Ctrl-C.

use super::{Act, CLOSE_WAIT, CUT_PAUSE, LEAVE_WAIT, Phase, Session};
use crate::clock::Time;
use crate::tools::connect::command::{Command, HELP};
use crate::tools::connect::outgoing::Masking;
use crate::tools::connect::script::Step;
use crate::tools::explain::explain_frame;
use crate::tools::names::close_code_name;
use crate::ws::close::CloseCode;

impl Session {
    /// Takes a line without its end. [`Session::wants_line`] was true.
    pub fn typed(&mut self, line: &[u8], now: Time) {
        let Ok(line) = std::str::from_utf8(line) else {
            return self.say("this line is not UTF-8, so it was not sent: /bin sends any bytes");
        };
        match Command::read(line) {
            Ok(command) => self.command(command, now),
            Err(complaint) => self.say(complaint),
        }
    }

    fn command(&mut self, command: Command, now: Time) {
        let is_frame = matches!(
            &command,
            Command::Text(_)
                | Command::Binary(_)
                | Command::Ping(_)
                | Command::Pong(_)
                | Command::Close(..)
                | Command::Fragments(_)
                | Command::Cut(..)
        );
        if is_frame && self.ending.own_close {
            return self.say("a Close was sent, and nothing follows it: /raw sends bytes all the same");
        }
        let before = self.out.total;
        match command {
            Command::Text(text) => {
                let frame = self.out.message(1, text.as_bytes());
                self.send(frame, now);
            }
            Command::Binary(bytes) => {
                let frame = self.out.message(2, &bytes);
                self.send(frame, now);
            }
            Command::Ping(text) => self.control(9, &text, now),
            Command::Pong(text) => self.control(10, &text, now),
            Command::Close(code, reason) => {
                if let Some(code) = code.filter(|code| !CloseCode(*code).may_be_sent()) {
                    let name = close_code_name(code);
                    self.say(format!("{code} ({name}) must not be sent: see what the server does"));
                }
                self.close(code, &reason, now);
            }
            Command::Raw(bytes) => self.send(bytes, now),
            Command::Fragments(parts) => {
                let last = parts.len().saturating_sub(1);
                for (index, part) in parts.iter().enumerate() {
                    let opcode = u8::from(index == 0);
                    let frame = self.out.frame(index == last, opcode, part.as_bytes());
                    self.send(frame, now);
                }
            }
            Command::Cut(at, text) => self.cut(at, &text, now),
            Command::Mask(key) => self.out.masking = key.map_or(Masking::Random, Masking::Key),
            Command::AnswerPings(answers) => self.habits.answers_pings = answers,
            Command::AnswerClose(answers) => self.habits.answers_close = answers,
            Command::Explain => match &self.shown.last_frame {
                Some(unit) => self.acts.push(Act::Say(explain_frame(unit))),
                None => self.say("the server has sent no frame yet"),
            },
            Command::Help => self.say(HELP),
            Command::Quit => self.input_ended(now),
        }
        if self.habits.one && self.habits.has_input && self.out.total > before {
            self.end_after_one(now);
        }
    }

    fn control(&mut self, opcode: u8, text: &str, now: Time) {
        let frame = self.out.frame(true, opcode, text.as_bytes());
        self.send(frame, now);
    }

    fn cut(&mut self, at: usize, text: &str, now: Time) {
        let mut frame = self.out.frame(true, 1, text.as_bytes());
        if at == 0 || at >= frame.len() {
            let (len, most) = (frame.len(), frame.len() - 1);
            return self.say(format!("/cut: the frame has {len} bytes, so it can be cut after 1 to {most}"));
        }
        let rest = frame.split_off(at);
        self.out.push(frame, now);
        self.out.push(rest, now.after(CUT_PAUSE));
        self.flush(now);
    }

    /// No more lines come.
    pub fn input_ended(&mut self, now: Time) {
        match self.habits.one && self.habits.has_input {
            true => self.end_after_one(now),
            false => self.close(Some(1000), "", now),
        }
        self.habits.has_input = false;
    }

    /// Waits for one answer, then ends.
    fn end_after_one(&mut self, now: Time) {
        self.habits.has_input = false;
        self.script.end_with(Step::One);
        self.go_on(now);
    }

    /// Somebody wants to leave (Ctrl-C): the server is told. The second time nobody waits for it.
    pub fn interrupted(&mut self, now: Time) {
        if matches!(self.phase, Phase::Open) && !self.ending.was_interrupted {
            self.ending.was_interrupted = true;
            self.habits.has_input = false;
            self.script.failure();
            self.close(Some(1001), "", now);
            self.until = self.until.min(now.after(LEAVE_WAIT));
            return;
        }
        self.out.give_up();
        self.over(1, "interrupted", now);
    }

    /// Sends a Close, unless one was sent.
    pub(super) fn close(&mut self, code: Option<u16>, reason: &str, now: Time) {
        if self.ending.own_close || !matches!(self.phase, Phase::Open) {
            return;
        }
        let code = code.map(u16::to_be_bytes);
        let payload = [code.as_ref().map_or(&[][..], |code| code), reason.as_bytes()].concat();
        let frame = self.out.frame(true, 8, &payload);
        self.ending.own_close = true;
        self.send(frame, now);
    }

    /// Notes which Closes were sent.
    pub(super) fn after_closes(&mut self, now: Time) {
        match (&self.phase, self.ending.own_close, &self.ending.peer_close) {
            (Phase::Open | Phase::Closing, true, Some(_)) => {
                (self.phase, self.until) = (Phase::Closed, now.after(LEAVE_WAIT));
            }
            (Phase::Open, true, None) => {
                (self.phase, self.until) = (Phase::Closing, now.after(CLOSE_WAIT.min(self.timeout)));
            }
            _ => {}
        }
    }
}
