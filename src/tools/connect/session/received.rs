//! What the server's bytes do: its answer, its messages, and the rules that it breaks.

use super::{Act, Phase, SHORT_WAIT, Session};
use crate::clock::Time;
use crate::tools::connect::answer::Told;
use crate::tools::connect::incoming::Got;
use crate::tools::connect::show::escaped;
use crate::tools::event::Seen;
use crate::tools::rules::{Rule, rule};
use crate::tools::unit::{Unit, What};
use crate::ws::close::Violation;
use crate::ws::frame::Sender;
use std::mem;

impl Session {
    /// Takes what one read has brought.
    pub fn received(&mut self, bytes: &[u8], now: Time) {
        let begin = self.shown.received;
        self.shown.received += bytes.len() as u64;
        if matches!(self.phase, Phase::Failing(_) | Phase::Over(_)) {
            return;
        }
        let mut units = Vec::new();
        self.conversation.push(Sender::Server, bytes, true, &mut |unit| units.push(unit));
        let mut rest = bytes;
        let mut at = begin;
        for unit in units {
            // Its first bytes may have come earlier.
            let len = usize::try_from((unit.at + unit.len).saturating_sub(at)).unwrap_or(rest.len());
            let (part, after) = rest.split_at(len.min(rest.len()));
            (rest, at) = (after, at + part.len() as u64);
            self.unit(unit, part, now);
        }
        self.part(rest, now);
    }

    /// Deals with a unit that is complete or breaks a rule. `part`: its bytes of this read.
    fn unit(&mut self, unit: Unit, part: &[u8], now: Time) {
        self.shown.broken = rule(&unit);
        let told = match &unit.what {
            What::Response(head) => Some(Told::read(head)),
            What::Frame(frame) => {
                if unit.is_close() {
                    let reason = frame.clear.first.get(2..).unwrap_or_default();
                    self.ending.close_reason = escaped(reason);
                }
                self.shown.last_frame = Some(unit.clone());
                None
            }
            _ => None,
        };
        self.show(Seen::Unit(unit), now);
        match told {
            Some(told) => self.answered(told, now),
            None => self.part(part, now),
        }
    }

    /// Deals with bytes of a unit.
    fn part(&mut self, part: &[u8], now: Time) {
        match &mut self.phase {
            Phase::Refused(told) => {
                told.push(part);
                if told.is_enough() {
                    self.refused(now);
                }
            }
            Phase::Open | Phase::Closing if !part.is_empty() => self.frames(part, now),
            _ => {}
        }
    }

    fn answered(&mut self, told: Option<Told>, now: Time) {
        if let Some(Rule { id, words, .. }) = self.shown.broken.take() {
            return self.over(4, &format!("the handshake failed: {id}: {words}"), now);
        }
        let Some(told) = told else { return };
        match told.status {
            101 => self.open(&told, now),
            100..=199 => {}
            _ => {
                (self.phase, self.until) = (Phase::Refused(told), now.after(SHORT_WAIT).min(self.until));
                self.part(&[], now);
            }
        }
    }

    fn open(&mut self, told: &Told, now: Time) {
        (self.phase, self.until) = (Phase::Open, Time::NEVER);
        let mut words = "connected".to_owned();
        if let Some(protocol) = &told.protocol {
            words.push_str(&format!(", subprotocol {protocol}"));
        }
        if let Some(agreed) = self.conversation.agreed() {
            self.incoming.agree(agreed);
            self.out.agree(agreed);
            words.push_str(", with compression");
        }
        if self.habits.is_by_hand {
            self.say(format!("{words}; /help lists commands"));
        }
        self.go_on(now);
    }

    fn frames(&mut self, part: &[u8], now: Time) {
        let mut bytes = part.to_vec();
        let mut input = &mut bytes[..];
        // After its Close nothing of the server is read.
        while matches!(self.phase, Phase::Open | Phase::Closing) && self.ending.peer_close.is_none() {
            match self.incoming.next(&mut input) {
                Ok(Some(got)) => self.got(got, now),
                Ok(None) => return,
                Err(violation) => return self.fail(violation, now),
            }
        }
    }

    fn got(&mut self, got: Got, now: Time) {
        match got {
            Got::Message(message) => {
                // One answer was asked for. After it no more is printed.
                let is_quiet = self.habits.one && self.script.is_over();
                let is_met = self.script.got(&message.bytes);
                if !is_quiet {
                    self.acts.push(Act::Print(message));
                }
                if is_met {
                    self.go_on(now);
                }
            }
            Got::Ping(payload) if self.habits.answers_pings => self.pong(&payload, now),
            Got::Ping(_) | Got::Pong => {}
            Got::Close(code) => {
                let code = code.map(|code| code.0);
                self.ending.peer_close = Some((code, mem::take(&mut self.ending.close_reason)));
                if self.habits.answers_close && !self.ending.own_close {
                    self.close(code, "", now);
                }
                self.after_closes(now);
            }
        }
    }

    /// Answers a Ping. A server that does not read gets only the last answer (RFC 6455 §5.5.3).
    pub(super) fn pong(&mut self, payload: &[u8], now: Time) {
        if !self.out.has_room() {
            self.owed_pong = Some(payload.to_vec());
            return;
        }
        let pong = self.out.frame(true, 10, payload);
        self.send(pong, now);
    }

    /// The server broke a rule: it is told which, and nothing more is read.
    fn fail(&mut self, violation: Violation, now: Time) {
        let code = violation.close_code();
        let words = match self.shown.broken.take() {
            Some(rule) => format!("{code}: {} ({}): {}", rule.id, rule.section(), rule.words),
            None => format!("{code}: {}", violation.reason()),
        };
        if !self.ending.own_close && self.habits.answers_close {
            let payload = [&code.0.to_be_bytes(), violation.reason().as_bytes()].concat();
            let close = self.out.frame(true, 8, &payload);
            self.send(close, now);
        }
        (self.phase, self.until) = (Phase::Failing(words), now.after(SHORT_WAIT));
    }
}
