//! The tap of the wire view: it follows connections that ask for it, and notes what it sees of them.
//!
//! Each connection is followed until it becomes a WebSocket, because its request may have `?wire=ID`. A WebSocket
//! without it is not followed any more, so it costs nothing.

use super::id::Id;
use super::places::{News, Places};
use super::wire::PATH;
use crate::clock::Time;
use crate::http::head;
use crate::hub::app::{ConnId, Written};
use crate::tap::Tap;
use crate::tools::conversation::Options;
use crate::tools::event::Seen;
use crate::tools::kept::Keep;
use crate::tools::names::count;
use crate::tools::observed::Observed;
use crate::tools::title::answer_field;
use crate::tools::unit::{Missing, What};
use crate::ws::endpoint::Limits;
use crate::ws::frame::Sender;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::rc::Rc;

/// Connections that are followed at once and are no WebSockets. One more is not followed.
const MAX_FOLLOWED: usize = 1_024;
/// Bytes of a payload that are shown.
const MAX_SHOWN_BYTES: usize = 256;
/// What is kept of a payload: so many bytes whole; of more the first 240 and the last 16.
pub(super) const KEEP: Keep = Keep { whole: MAX_SHOWN_BYTES, first: MAX_SHOWN_BYTES - 16, last: 16 };

/// The tap.
pub struct Eye {
    options: Options,
    places: Rc<RefCell<Places>>,
    followed: BTreeMap<u32, Followed>,
    now: Time,
}

/// A connection that is followed, by its slot.
struct Followed {
    id: ConnId,
    observed: Observed,
    role: Role,
}

/// What a connection is to the view.
enum Role {
    /// No WebSocket. For each request that has no answer yet: the poll that it is.
    Http(VecDeque<Option<Poll>>),
    /// It is shown.
    Shown(Shown),
}

/// A connection that is shown since its handshake came.
struct Shown {
    place: u64,
    /// Earlier requests that had no answer yet.
    polls: VecDeque<Option<Poll>>,
    /// The handshake has its answer.
    is_answered: bool,
    /// It becomes no WebSocket.
    is_refused: bool,
}

/// A request of Socket.IO's long polling, which belongs to a place.
struct Poll {
    place: u64,
    method: String,
}

/// What a request asks of the view.
struct Ask {
    id: Id,
    method: String,
    path: String,
    upgrades: bool,
}

impl Eye {
    pub(super) fn new(limits: Limits, places: Rc<RefCell<Places>>) -> Self {
        let most_inflated = limits.max_message_bytes;
        let options = Options { keep: KEEP, limits, goes_on: false, inflates: true, most_inflated };
        Self { options, places, followed: BTreeMap::new(), now: Time(0) }
    }

    /// How many connections are followed.
    #[must_use]
    pub fn followed(&self) -> usize {
        self.followed.len()
    }

    /// Has a connection tell what it sees. Returns whether it is still followed.
    fn see(&mut self, id: ConnId, see: impl FnOnce(&mut Observed, &mut dyn FnMut(Seen))) -> bool {
        let Some(Followed { observed, role, .. }) = self.followed.get_mut(&id.slot).filter(|it| it.id == id)
        else {
            return false;
        };
        let mut places = self.places.borrow_mut();
        see(observed, &mut |seen| role.take(seen, id, &mut places, self.now));
        let goes_on = match role {
            Role::Http(_) => !observed.has_upgraded(),
            Role::Shown(shown) => places.get(shown.place).is_some(),
        };
        if !goes_on {
            self.followed.remove(&id.slot);
        }
        goes_on
    }

    /// Stops following a connection whose handshake was refused, because more comes on it.
    ///
    /// What comes is HTTP again. It may be that of others: a proxy sends the requests of many on one connection.
    fn end_refused(&mut self, id: ConnId) {
        let followed = self.followed.get(&id.slot).filter(|it| it.id == id);
        if let Some(Followed { role: Role::Shown(Shown { place, is_refused: true, .. }), .. }) = followed {
            self.places.borrow_mut().end(*place, true);
            self.followed.remove(&id.slot);
        }
    }
}

impl Role {
    fn take(&mut self, seen: Seen, id: ConnId, places: &mut Places, now: Time) {
        let polls = match self {
            Self::Shown(shown) => {
                if !shown.take(seen, places, now) {
                    *self = Self::Http(VecDeque::new());
                }
                return;
            }
            Self::Http(polls) => polls,
        };
        let Seen::Unit(unit) = &seen else { return };
        match &unit.what {
            What::Request(bytes) if unit.missing == Missing::Nothing => match ask(bytes) {
                Some(ask) if ask.upgrades => {
                    if let Some(number) = places.watch(ask.id, id, &ask.path, now) {
                        let polls = std::mem::take(polls);
                        *self = Self::Shown(Shown {
                            place: number,
                            polls,
                            is_answered: false,
                            is_refused: false,
                        });
                        places.push(number, now, News::Seen(seen));
                    }
                }
                Some(Ask { id, method, .. }) => {
                    polls.push_back(places.poll(&id, now).map(|place| Poll { place, method }));
                }
                None => polls.push_back(None),
            },
            What::Response(bytes) if !bytes.starts_with(b"HTTP/1.1 100 ") => {
                if let Some(Some(poll)) = polls.pop_front() {
                    poll.answered(bytes, places, now);
                }
            }
            _ => {}
        }
    }
}

impl Shown {
    /// Returns whether it is still to be shown.
    fn take(&mut self, seen: Seen, places: &mut Places, now: Time) -> bool {
        if let Seen::Unit(unit) = &seen
            && unit.from == Sender::Server
            && (!self.is_answered || self.is_refused)
        {
            match &unit.what {
                What::Response(_) if self.is_answered => {
                    // It answers a request that came together with the handshake.
                    places.end(self.place, true);
                    return false;
                }
                // It tells an earlier request to go on with its body.
                What::Response(bytes) if bytes.starts_with(b"HTTP/1.1 100 ") => return true,
                What::Response(bytes) => match self.polls.pop_front() {
                    Some(poll) => {
                        if let Some(poll) = poll {
                            poll.answered(bytes, places, now);
                        }
                        return true;
                    }
                    None => {
                        self.is_answered = true;
                        self.is_refused = !bytes.starts_with(b"HTTP/1.1 101 ");
                    }
                },
                // It belongs to the answer to an earlier request.
                _ if !self.is_answered => return true,
                _ => {}
            }
            if self.is_refused && places.get(self.place).is_some_and(|place| place.viewer.is_none()) {
                // Pages of other origins must not take all places with such connections.
                places.end(self.place, true);
                return false;
            }
        }
        places.push(self.place, now, News::Seen(seen));
        true
    }
}

impl Poll {
    /// Tells in a line how it was answered.
    fn answered(self, bytes: &[u8], places: &mut Places, now: Time) {
        let Self { place, method } = self;
        let status = String::from_utf8_lossy(bytes.get(9..12).unwrap_or_default()).into_owned();
        let len = answer_field(bytes, "content-length").and_then(|len| len.parse().ok());
        let len = count(len.unwrap_or(0));
        let text = format!("a poll by HTTP: {method}, answered with status {status} and {len}");
        places.push(place, now, News::Note(text));
    }
}

/// What the request asks of the view. `None`: nothing.
fn ask(bytes: &[u8]) -> Option<Ask> {
    let mut copy = bytes.to_vec();
    let mut slots = head::NO_FIELDS;
    let head = head::parse(&mut copy, &mut slots).ok()?;
    // What the view says of others is not shown itself.
    let id = Id::of(head.query, "wire").filter(|_| head.path != PATH)?;
    let method = String::from_utf8_lossy(bytes.split(|byte| *byte == b' ').next().unwrap_or_default());
    Some(Ask {
        id,
        method: method.into_owned(),
        path: head.path.to_owned(),
        upgrades: head.asks_for("websocket"),
    })
}

impl Tap for Eye {
    fn turn(&mut self, now: Time) {
        self.now = now;
        // What their place was for is over, and they may stay for long.
        for id in self.places.borrow_mut().take_left() {
            if self.followed.get(&id.slot).is_some_and(|it| it.id == id) {
                self.followed.remove(&id.slot);
            }
        }
    }

    fn opened(&mut self, id: ConnId, peer: SocketAddr) {
        let others = self.followed.values().filter(|it| matches!(it.role, Role::Http(_))).count();
        self.followed.remove(&id.slot);
        if others < MAX_FOLLOWED {
            let mut observed = Observed::new(peer, self.options);
            // It breaks one when a page asks for it.
            observed.goes_on();
            self.followed.insert(id.slot, Followed { id, observed, role: Role::Http(VecDeque::new()) });
        }
    }

    fn read(&mut self, id: ConnId, bytes: &[u8]) -> bool {
        self.end_refused(id);
        self.see(id, |observed, tell| observed.read(bytes, tell))
    }

    fn read_end(&mut self, id: ConnId, reset: bool) {
        self.see(id, |observed, tell| observed.read_end(reset, tell));
    }

    fn wrote(&mut self, id: ConnId, pieces: &[IoSlice<'_>], written: Written) -> bool {
        self.see(id, |observed, tell| observed.wrote(pieces, written, tell))
    }

    fn half_closed(&mut self, id: ConnId) {
        self.see(id, Observed::half_closed);
    }

    fn closed(&mut self, id: ConnId) {
        self.see(id, Observed::closed);
        let mut places = self.places.borrow_mut();
        places.answer_surplus(id);
        if let Some(Followed { role: Role::Shown(shown), observed, .. }) = self.followed.remove(&id.slot) {
            places.end(shown.place, !observed.has_upgraded());
        }
    }

    fn drain(&mut self) -> bool {
        // The application takes what it needs from the places.
        false
    }
}
