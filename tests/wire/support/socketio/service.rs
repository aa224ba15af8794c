//! The service of these tests: an echo that does what some texts say.
//!
//! `close`; `expel`, everybody else; `all TEXT` and `all# N` (a binary message of N bytes), to every session; `burst N`, so many
//! numbered texts; `long N`, one of so many bytes; `wake MS`.

use crate::sim::PeerNo;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use ws101::app::Message;
use ws101::clock::Time;
use ws101::socketio::engine::io::{Io, Service, SessionId};

#[derive(Default)]
struct Notes {
    open: BTreeSet<SessionId>,
    opened: usize,
    closed: usize,
    woken: Vec<Time>,
    heard: Vec<String>,
    kept: BTreeMap<PeerNo, Vec<u8>>,
}

/// What the service has seen; and frames that came in one piece with a 101.
#[derive(Clone, Default)]
pub struct Seen(Rc<RefCell<Notes>>);

impl Seen {
    /// Sessions that are open.
    pub fn open(&self) -> usize {
        self.0.borrow().open.len()
    }

    pub fn opened(&self) -> usize {
        self.0.borrow().opened
    }

    pub fn closed(&self) -> usize {
        self.0.borrow().closed
    }

    pub fn woken(&self) -> Vec<Time> {
        self.0.borrow().woken.clone()
    }

    /// The texts that arrived since the last call.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut().heard)
    }

    pub fn keep(&self, peer: PeerNo, bytes: &[u8]) {
        let kept = &mut self.0.borrow_mut().kept;
        kept.entry(peer).or_default().extend(bytes);
    }

    pub fn kept(&self, peer: PeerNo) -> Vec<u8> {
        self.0.borrow_mut().kept.remove(&peer).unwrap_or_default()
    }
}

#[derive(Default)]
pub struct Told {
    notes: Seen,
}

impl Told {
    pub fn seen(&self) -> Seen {
        self.notes.clone()
    }

    fn all(&self) -> Vec<SessionId> {
        self.notes.0.borrow().open.iter().copied().collect()
    }
}

impl Service for Told {
    fn on_open(&mut self, _: &mut Io<'_, '_>, session: SessionId) {
        let mut notes = self.notes.0.borrow_mut();
        notes.opened += 1;
        assert!(notes.open.insert(session), "opened once");
    }

    fn on_message(&mut self, io: &mut Io<'_, '_>, session: SessionId, message: Message<'_>) {
        assert!(self.all().contains(&session), "a session that is open");
        let Message::Text(text) = message else { return io.send(session, message) };
        self.notes.0.borrow_mut().heard.push(text.to_owned());
        let (order, rest) = text.split_once(' ').unwrap_or((text, ""));
        let number = || rest.parse::<usize>().ok();
        match (order, number()) {
            ("close", _) => io.close(session),
            ("expel", _) => {
                let others = self.all().into_iter().filter(|id| *id != session);
                others.for_each(|id| io.close(id));
            }
            ("all", _) => io.send_many(self.all(), Message::Text(rest)),
            ("all#", Some(len)) => io.send_many(self.all(), Message::Binary(&vec![7; len])),
            ("burst", Some(count)) => {
                for n in 0..count.min(100_000) {
                    io.send(session, Message::Text(&n.to_string()));
                }
            }
            ("long", Some(len)) => {
                io.send(session, Message::Text(&"x".repeat(len.min(100 << 20))));
            }
            ("wake", Some(millis)) => {
                let when = io.ctx.now().after(Duration::from_millis(millis as u64));
                io.wake_at(session, when);
            }
            _ => io.send(session, message),
        }
    }

    fn on_close(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        {
            let mut notes = self.notes.0.borrow_mut();
            notes.closed += 1;
            assert!(notes.open.remove(&session), "closed once");
        }
        // Nothing can be sent, and that does no harm.
        io.send(session, Message::Text("late"));
        io.close(session);
        io.wake_at(session, Time(1));
    }

    fn on_timer(&mut self, io: &mut Io<'_, '_>, session: SessionId) {
        self.notes.0.borrow_mut().woken.push(io.ctx.now());
        io.send(session, Message::Text("woken"));
    }
}
