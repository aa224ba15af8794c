//! Frames: the header is judged after each of its bytes, and so is the payload.

use super::Follower;
use super::message::Message;
use super::state::{Payload, State};
use crate::tools::kept::Kept;
use crate::tools::unit::{Fault, Frame};
use crate::ws::close::check_payload;
use crate::ws::endpoint::Limits;
use crate::ws::extension::Agreed;
use crate::ws::frame::{self, Expect, Sender};
use crate::ws::raw::Layout;
use crate::ws::utf8::Check;
use std::mem;

impl Follower {
    /// Judges the header that has begun. A complete one begins a frame.
    pub(super) fn judge_header(&mut self) {
        let State::Header(header) = &mut self.state else { return };
        let Limits { from, max_message_bytes, max_fragments } = self.settings.limits;
        let (received, fragments) = self.message.as_ref().map_or((0, 0), |it| (it.received, it.fragments));
        let expect = Expect {
            from,
            in_message: self.message.is_some(),
            rsv1: self.agreed.is_some(),
            room: max_message_bytes.saturating_sub(received),
            more_fragments: fragments < max_fragments,
        };
        let header = mem::take(header);
        let Some(layout) = Layout::of(&header) else { return };
        if self.begun.broken.is_none() {
            let is_data = layout.opcode < 8;
            if self.is_closed && is_data {
                self.blame(self.begun.len, Fault::AfterClose);
            } else if let Err(violation) = frame::decode(&header, &expect) {
                self.blame(self.begun.len, Fault::Frame(violation));
            }
        }
        let is_complete = layout.second.is_some_and(|second| second.header_len == header.len());
        let stops = self.begun.broken.is_some() && !self.settings.goes_on;
        if !is_complete || stops {
            self.state = State::Header(header);
            return;
        }
        let left = layout.payload_len.unwrap_or(0);
        self.begin_frame(&layout);
        let frame = self.frame(header, layout);
        self.state = State::Payload(Box::new(Payload { frame, left, close: Vec::new() }));
        if left == 0 {
            self.judge_payload(&[]);
        }
    }

    /// A frame of which the header is there, and no payload.
    pub(super) fn frame(&self, header: Vec<u8>, layout: Layout) -> Frame {
        let is_data = layout.opcode < 8;
        let message = self.message.as_ref().filter(|_| is_data);
        let coded = message.is_some_and(|message| message.decoder.is_some());
        Frame {
            header,
            layout,
            payload: Kept::default(),
            clear: Kept::default(),
            inflated: coded.then(Kept::default),
            continues: message.filter(|_| layout.opcode == 0).map(|message| message.opcode),
            fragments: message.map_or(0, |message| message.fragments),
        }
    }

    /// Notes what a header means for the message. Nothing is judged: it may be broken.
    fn begin_frame(&mut self, layout: &Layout) {
        let is_lost = self.begun.broken.is_some();
        let Limits { max_message_bytes, .. } = self.settings.limits;
        match (layout.opcode, &mut self.message) {
            (8.., _) => {}
            (0, Some(message)) => {
                message.fragments += 1;
                message.is_lost |= is_lost;
            }
            (0, None) => {}
            (opcode, _) => {
                let extension = self.settings.extension.as_mut().filter(|_| layout.rsv & 4 != 0);
                let decoder = extension.filter(|_| self.agreed.is_some()).map(|it| it.begin(true));
                // Compressed, and nobody can inflate it.
                let is_unknown = layout.rsv & 4 != 0 && decoder.is_none();
                self.message = Some(Message {
                    opcode,
                    fragments: 1,
                    received: 0,
                    inflated: 0,
                    check: Check::default(),
                    decoder,
                    is_lost: is_lost || is_unknown || max_message_bytes == 0,
                });
            }
        }
    }

    pub(super) fn payload_bytes(&mut self, bytes: &[u8]) {
        let State::Payload(payload) = &mut self.state else { return };
        let Payload { frame, left, .. } = &mut **payload;
        let mut clear = bytes.to_vec();
        if let Some(mut key) = frame.layout.masking_key {
            key.rotate_left((frame.payload.len() % 4) as usize);
            frame::unmask(&mut clear, key);
        }
        frame.payload.push(bytes, self.settings.keep);
        frame.clear.push(&clear, self.settings.keep);
        *left -= bytes.len() as u64;
        self.judge_payload(&clear);
    }

    /// Judges the next bytes of the payload.
    fn judge_payload(&mut self, clear: &[u8]) {
        let State::Payload(payload) = &mut self.state else { return };
        let Payload { frame, left, close } = &mut **payload;
        let (fin, opcode, is_last) = (frame.layout.fin, frame.layout.opcode, *left == 0);
        let before = self.begun.len;
        let mut wrong = None;
        if opcode >= 8 {
            // One that is too long is broken already, and to judge it byte by byte would take long.
            let is_judged = opcode == 8 && self.begun.broken.is_none();
            for (at, byte) in clear.iter().enumerate().filter(|_| is_judged) {
                close.push(*byte);
                let is_whole = is_last && at + 1 == clear.len();
                let judged = check_payload(close, is_whole);
                wrong = wrong.or(judged.err().map(|violation| (violation, at)));
            }
        } else if let Some(message) = &mut self.message {
            message.received += clear.len() as u64;
            if !message.is_lost {
                let most = self.settings.limits.max_message_bytes.min(self.settings.most_inflated);
                let keep = self.settings.keep;
                let inflated = frame.inflated.as_mut().map(|kept| (kept, keep));
                let history = self.history.as_ref().map_or(&[][..], |history| &history.received);
                wrong = message.judge(clear, fin && is_last, most, inflated, history);
                message.is_lost |= wrong.is_some();
            }
            if fin && is_last {
                if let (Some(decoder), Some(agreed)) = (&message.decoder, self.agreed)
                    && !message.is_lost
                {
                    let agreed = match self.settings.limits.from {
                        Sender::Client => agreed,
                        Sender::Server => Agreed { sent: agreed.received, received: agreed.sent },
                    };
                    decoder.note(agreed, &mut self.history);
                }
                self.message = None;
            }
        }
        if let Some((violation, at)) = wrong {
            self.blame(before + at as u64, Fault::Frame(violation));
        }
    }
}
