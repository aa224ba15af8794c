//! How a connection ends, and what is said of it.

use super::{End, Phase, Session};
use crate::clock::Time;
use crate::tools::event::{Seen, Summary};
use crate::tools::names::close_code_name;
use crate::tools::title::what_is_missing;
use crate::tools::unit::{Missing, Unit, What};
use crate::ws::frame::Sender;
use std::time::Duration;

/// Bytes that are told of a frame that is not complete.
const LAST_BYTES: usize = 16;

impl Session {
    /// The server sends nothing more.
    pub fn ended(&mut self, how: &End, now: Time) {
        if self.status().is_some() {
            return;
        }
        let rest = self.conversation.finish(Sender::Server);
        let left = rest.as_ref().map(told).unwrap_or_default();
        if let Some(unit) = rest {
            self.show(Seen::Unit(unit), now);
        }
        let is_broken = match how {
            End::Closed => {
                self.show(Seen::ServerEnd, now);
                String::new()
            }
            End::Broken(why) => format!(" ({why})"),
        };
        let words = match &self.phase {
            Phase::Handshake if self.shown.received == 0 => {
                let words = format!("the connection ended before an answer came{is_broken}");
                let status = if self.shown.peer.is_some() { 4 } else { 3 };
                return self.over(status, &words, now);
            }
            Phase::Handshake => {
                let words =
                    format!("the handshake failed: the connection ended within the answer{is_broken}");
                return self.over(4, &words, now);
            }
            Phase::Refused(_) => return self.refused(now),
            Phase::Closed => return self.closed(now),
            Phase::Failing(words) => words.clone(),
            Phase::Open | Phase::Closing | Phase::Over(_) => match &self.ending.peer_close {
                Some((code, _)) => format!(
                    "1006: the connection ended before the server's Close ({}) was answered{is_broken}",
                    code.unwrap_or(1005)
                ),
                None => format!("1006: the connection ended without a Close frame{is_broken}{left}"),
            },
        };
        self.over(1, &words, now);
    }

    /// The handshake was refused, and enough is known of why.
    pub(super) fn refused(&mut self, now: Time) {
        if let Phase::Refused(told) = &self.phase {
            let words = told.refusal();
            self.over(4, &words, now);
        }
    }

    /// Both sides have sent a Close, and TCP has ended or is waited for no longer.
    fn closed(&mut self, now: Time) {
        let (code, reason) = self.ending.peer_close.clone().unwrap_or_default();
        let reason = if reason.is_empty() { reason } else { format!(", \"{reason}\"") };
        let words = match code {
            Some(code) => format!("{code}: {}{reason}", close_code_name(code)),
            None => "1005: the server's Close had no code".to_owned(),
        };
        self.over(0, &words, now);
    }

    /// A deadline has passed. `stalls`: that for the server to take what is sent.
    pub(super) fn too_late(&mut self, stalls: bool, now: Time) {
        let patience = seconds(self.timeout);
        let unsent = self.out.unsent;
        if stalls {
            self.out.give_up();
        }
        let words = match &self.phase {
            Phase::Refused(_) => return self.refused(now),
            Phase::Closed => return self.closed(now),
            Phase::Failing(words) => words.clone(),
            _ if stalls => {
                format!("1006: the server has taken nothing for {patience}, and {unsent} bytes wait for it")
            }
            Phase::Handshake => {
                let words = format!(
                    "the handshake failed: no whole answer within {patience}, only {} bytes",
                    self.shown.received
                );
                return self.over(4, &words, now);
            }
            _ => "1006: the server has not answered the Close in time".to_owned(),
        };
        self.over(1, &words, now);
    }

    /// A message was expected and did not come.
    pub(super) fn expected_in_vain(&mut self) {
        if let Some(words) = self.script.failure() {
            self.ending.has_failed = true;
            self.say(words);
        }
    }

    /// Ends all, with this exit status unless something expected is missing.
    pub(super) fn over(&mut self, status: u8, words: &str, now: Time) {
        if self.status().is_some() {
            return;
        }
        for from in [Sender::Client, Sender::Server] {
            if let Some(unit) = self.conversation.finish(from) {
                self.show(Seen::Unit(unit), now);
            }
        }
        let end = match (&self.phase, status) {
            (_, 0) => "clean",
            (Phase::Handshake | Phase::Refused(_), _) => "no WebSocket",
            _ if self.ending.own_close && self.ending.peer_close.is_none() => "the server has sent no Close",
            _ if self.ending.peer_close.is_some() => "the client has sent no Close",
            _ => "no Close was sent",
        };
        if let Some(peer) = self.shown.peer {
            let summary = Summary { peer, received: self.out.total, sent: self.shown.received, end };
            self.show(Seen::Closed(summary), now);
        }
        if matches!(self.phase, Phase::Open | Phase::Closing | Phase::Closed | Phase::Failing(_)) {
            self.expected_in_vain();
        }
        self.say(words);
        self.out.clear();
        self.owed_pong = None;
        self.phase = Phase::Over(if self.ending.has_failed { status.max(1) } else { status });
    }
}

/// The last bytes, and what is missing of what they begin.
fn told(unit: &Unit) -> String {
    let bytes: Vec<u8> = match &unit.what {
        What::Frame(frame) => {
            let payload = frame.payload.first.iter().chain(&frame.payload.last);
            frame.header.iter().chain(payload).copied().collect()
        }
        _ => return String::new(),
    };
    let Missing::Bytes(missing) = unit.missing else { return String::new() };
    let last = bytes.get(bytes.len().saturating_sub(LAST_BYTES)..).unwrap_or_default();
    let last: String = last.iter().map(|byte| format!(" {byte:02x}")).collect();
    format!("; the last bytes were{last} ({})", what_is_missing(unit, missing))
}

/// A time in words.
fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}
