//! Heads and bodies: HTTP judges them.

use super::state::{ENDLESS, State};
use super::{Follower, Request, WIDEST};
use crate::config::Config;
use crate::http::answer;
use crate::http::body::{Announced, BodyReader, Framing};
use crate::http::head::{self, HeadScanner, NO_FIELDS};
use crate::http::method::Method;
use crate::tools::kept::Kept;
use crate::tools::unit::Fault;
use crate::ws::client::{self, Asked};
use crate::ws::frame::Sender;
use crate::ws::handshake;
use crate::ws::offers::offers;
use std::mem;

impl Follower {
    pub(super) fn head_byte(&mut self, byte: u8) {
        let State::Head(scanner, bytes) = &mut self.state else { return };
        bytes.push(byte);
        let is_end = match self.settings.limits.from {
            Sender::Client => match scanner.scan(&[byte], &Config::default()) {
                Ok(end) => end.is_some(),
                Err(rejection) => return self.refuse(&rejection),
            },
            Sender::Server => {
                // To judge all of it after each line would take long: it may have many.
                let is_end = bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n");
                match answer::answer_len(bytes.get(..8).unwrap_or(bytes)) {
                    Ok(_) if is_end || bytes.len() < answer::MAX_ANSWER_HEAD_BYTES => is_end,
                    _ => return self.blame(self.begun.len, Fault::NoAnswer),
                }
            }
        };
        if is_end {
            self.state = State::HeadEnd(mem::take(bytes));
        }
    }

    /// Judges a complete head. Returns what follows it.
    pub(super) fn after_head(&mut self, bytes: &[u8]) -> State {
        // The head ends with the byte before.
        self.begun.len -= 1;
        let next = match self.settings.limits.from {
            Sender::Client => self.after_request(bytes),
            Sender::Server => self.after_response(bytes),
        };
        self.begun.len += 1;
        next
    }

    fn after_request(&mut self, bytes: &[u8]) -> State {
        let mut copy = bytes.to_vec();
        let mut slots = NO_FIELDS;
        let head = match head::parse(&mut copy, &mut slots) {
            Ok(head) => head,
            Err(rejection) => {
                self.refuse(&rejection);
                return State::Head(HeadScanner::default(), Vec::new());
            }
        };
        let asked = |name| head.fields.items(name).filter_map(|item| std::str::from_utf8(item).ok());
        // The server takes a request without Upgrade for plain HTTP. Whoever sent a key meant a handshake.
        let has_key = head.fields.values("sec-websocket-key").next().is_some();
        let is_handshake = head.asks_for("websocket") || self.settings.goes_on && has_key;
        let handshake = is_handshake.then(|| Asked {
            key: head.fields.text("sec-websocket-key").map(str::to_owned),
            protocols: asked("sec-websocket-protocol").map(str::to_owned).collect(),
            deflate: offers(head.fields).flatten().any(|offer| offer.name == "permessage-deflate"),
        });
        self.asked.push_back(Request { is_head: head.method == Method::Head, handshake });
        let offered = self.asked.back().and_then(|request| request.handshake.as_ref());
        if let Some(asked) = offered {
            // Until the answer says what is agreed, each message may be a compressed one.
            self.agreed = asked.deflate.then(|| self.agreed.unwrap_or(WIDEST));
            let Err(rejection) = handshake::check(&head) else { return State::Header(Vec::new()) };
            self.refuse(&rejection);
            return match Announced::of(&head).map(|announced| announced.framing) {
                Ok(Framing::Length(len)) => State::Body(Kept::default(), len),
                Ok(Framing::Chunked) => chunks(),
                // Frames may have been sent before the refusal was read.
                _ => State::Header(Vec::new()),
            };
        }
        match Announced::of(&head).map(|announced| announced.framing) {
            Ok(Framing::None) => State::Head(HeadScanner::default(), Vec::new()),
            Ok(Framing::Length(len)) => State::Body(Kept::default(), len),
            Ok(Framing::Chunked) => chunks(),
            Err(rejection) => {
                self.refuse(&rejection);
                State::Head(HeadScanner::default(), Vec::new())
            }
        }
    }

    fn after_response(&mut self, bytes: &[u8]) -> State {
        let asked = self.asked.front().cloned().unwrap_or_default();
        let read = answer::read(bytes, |answer| {
            let judged = match asked.handshake.as_ref().or(self.asked.is_empty().then_some(&Asked::default()))
            {
                Some(asked) if answer.status == 101 || !self.asked.is_empty() => client::judge(answer, asked),
                _ => Ok(()),
            };
            let agreed = crate::tools::agreed(answer.fields);
            let fields = answer.fields;
            let len = fields.text("content-length").and_then(|len| len.parse::<u64>().ok());
            let after = match answer.status {
                101 => State::Header(Vec::new()),
                100..=199 | 204 | 304 => State::Head(HeadScanner::default(), Vec::new()),
                _ if asked.is_head || len == Some(0) => State::Head(HeadScanner::default(), Vec::new()),
                _ if fields.has_token("transfer-encoding", "chunked") => chunks(),
                _ => State::Body(Kept::default(), len.unwrap_or(ENDLESS)),
            };
            (answer.status, judged, agreed, after)
        });
        let Ok((status, judged, agreed, after)) = read else {
            self.blame(self.begun.len, Fault::NoAnswer);
            return State::Unread(Kept::default());
        };
        if status == 101 || status >= 200 {
            self.asked.pop_front();
        }
        match judged {
            Err(client::Fault::Status(_)) | Ok(()) => {}
            Err(fault) => self.blame(self.begun.len, Fault::Answer(fault)),
        }
        // Without compression nobody here can judge what is agreed to.
        let agreed = if cfg!(feature = "deflate") { agreed } else { agreed.map(|_| Some(WIDEST)) };
        if status == 101 {
            self.agreed = agreed.flatten();
            if agreed == Some(None) {
                self.blame(self.begun.len, Fault::Answer(client::Fault::Extension));
            }
        }
        after
    }
}

/// A body in chunks, of any length.
fn chunks() -> State {
    match BodyReader::new(Framing::Chunked, u64::MAX, &Config::default()) {
        Ok(reader) => State::Chunks(Kept::default(), Box::new(reader)),
        Err(_) => State::Unread(Kept::default()),
    }
}
