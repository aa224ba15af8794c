//! Who is watched, by whom, and what was seen and not yet shown.

use super::id::Id;
use crate::clock::Time;
use crate::hub::app::ConnId;
use crate::tools::event::Seen;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Connections that are watched at once.
pub(super) const MAX_WATCHED: usize = 32;
/// Bytes of what was seen and not yet shown, for each of them. The oldest goes first.
pub(super) const RING_BYTES: usize = 64 << 10;
/// For the second of the two connections to come.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two deliveries to a page.
pub(super) const DELIVERY_PAUSE: Duration = Duration::from_millis(100);
/// Ids that were used, and are not accepted again. The oldest is forgotten first.
const MAX_SPENT: usize = 1_024;
/// Connections that came with an id that was used already, and have not been answered.
const MAX_SURPLUS: usize = 64;
/// What an entry takes besides its bytes.
const ENTRY_BYTES: usize = 512;

/// Something for the view, with its number and time.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) at: Time,
    pub(super) what: News,
}

/// What an entry tells.
#[derive(Debug)]
pub(super) enum News {
    /// Something of the watched connection.
    Seen(Seen),
    /// A line of words.
    Note(String),
}

/// The connection that an id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Watched {
    /// It has not come yet.
    Awaited,
    /// This one, which asked for this path.
    Is(ConnId, String),
    /// It is over.
    Over,
}

/// What belongs to one id.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) id: Id,
    pub(super) watched: Watched,
    /// The connection to which all is told.
    pub(super) viewer: Option<ConnId>,
    /// When it was made, or polled last.
    pub(super) since: Time,
    /// When the last delivery was.
    pub(super) delivered: Option<Time>,
    /// Something has come that the application has not looked at.
    pub(super) has_news: bool,
    /// The time of the next delivery is known, so more entries change nothing.
    pub(super) waits: bool,
    ring: VecDeque<Entry>,
    bytes: usize,
    lost: u64,
    entries: u64,
}

/// All places, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Places {
    all: BTreeMap<u64, Place>,
    spent: VecDeque<Id>,
    /// Numbers of places that the tap has forgotten. The application still counts memory for them.
    freed: Vec<u64>,
    /// Connections whose place was forgotten while they were watched. The tap still follows them.
    left: Vec<ConnId>,
    surplus: Vec<(Id, ConnId)>,
    count: u64,
}

/// Why nobody may view with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was used before.
    Used,
    /// As many connections are watched as may be.
    Full,
}

impl Places {
    pub(super) fn get(&mut self, number: u64) -> Option<&mut Place> {
        self.all.get_mut(&number)
    }

    /// The places to which something has come.
    pub(super) fn with_news(&self) -> impl Iterator<Item = u64> {
        self.all.iter().filter(|(_, place)| place.has_news).map(|(number, _)| *number)
    }

    /// Whether there is something that the application has to look at.
    pub(super) fn has_news(&self) -> bool {
        !self.freed.is_empty() || self.with_news().next().is_some()
    }

    /// The numbers of places that the tap has forgotten since the last call.
    pub(super) fn take_freed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.freed)
    }

    /// The connections of which nobody wants to know any more, since the last call.
    pub(super) fn take_left(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.left)
    }

    /// Whether an opening handshake with this id comes too late: the id has its connection, or was used before.
    pub(super) fn is_surplus(&self, id: &Id) -> bool {
        self.surplus.iter().any(|(of, _)| of == id)
    }

    /// A connection that came too late is answered, or over.
    pub(super) fn answer_surplus(&mut self, conn: ConnId) {
        self.surplus.retain(|(_, it)| *it != conn);
    }

    /// The number of the place for this id, which is made if there is none.
    pub(super) fn place(&mut self, id: Id, now: Time) -> Result<u64, Refusal> {
        if self.spent.contains(&id) {
            return Err(Refusal::Used);
        }
        if let Some((number, _)) = self.all.iter().find(|(_, place)| place.id == id) {
            return Ok(*number);
        }
        if self.all.len() >= MAX_WATCHED {
            return Err(Refusal::Full);
        }
        self.count += 1;
        let place = Place {
            id,
            watched: Watched::Awaited,
            viewer: None,
            since: now,
            delivered: None,
            has_news: true,
            waits: false,
            ring: VecDeque::new(),
            bytes: 0,
            lost: 0,
            entries: 0,
        };
        self.all.insert(self.count, place);
        Ok(self.count)
    }

    /// A WebSocket asks to be watched under this id. `None`: it may not.
    pub(super) fn watch(&mut self, id: Id, conn: ConnId, path: &str, now: Time) -> Option<u64> {
        let number = self.place(id, now);
        if let Some(place) = number.ok().and_then(|number| self.all.get_mut(&number))
            && place.watched == Watched::Awaited
        {
            place.watched = Watched::Is(conn, path.to_owned());
            return number.ok();
        }
        if number != Err(Refusal::Full) && self.surplus.len() < MAX_SURPLUS {
            self.surplus.push((id, conn));
        }
        None
    }

    /// Somebody wants to see what belongs to this id.
    pub(super) fn view(&mut self, id: Id, viewer: ConnId, now: Time) -> Result<u64, Refusal> {
        let number = self.place(id, now)?;
        let place = self.all.get_mut(&number).filter(|place| place.viewer.is_none()).ok_or(Refusal::Used)?;
        place.viewer = Some(viewer);
        Ok(number)
    }

    /// Forgets a place. Its id is used up.
    pub(super) fn forget(&mut self, number: u64) {
        if let Some(place) = self.all.remove(&number) {
            if let Watched::Is(conn, _) = place.watched {
                self.left.push(conn);
            }
            self.spent.push_back(place.id);
            if self.spent.len() > MAX_SPENT {
                self.spent.pop_front();
            }
        }
    }

    /// The watched connection is over. If it was refused and nobody views it, its place is free at once.
    ///
    /// A page of another origin can cause such connections, and must not take all places with them.
    pub(super) fn end(&mut self, number: u64, was_refused: bool) {
        let Some(place) = self.all.get_mut(&number) else { return };
        place.watched = Watched::Over;
        place.has_news = true;
        if was_refused && place.viewer.is_none() {
            self.forget(number);
            self.freed.push(number);
        }
    }

    /// A request that is no handshake belongs to this place, which waits on.
    pub(super) fn poll(&mut self, id: &Id, now: Time) -> Option<u64> {
        let (number, place) = self.all.iter_mut().find(|(_, place)| place.id == *id)?;
        place.since = now;
        Some(*number)
    }

    /// Something is to be told to the viewer of this place.
    pub(super) fn push(&mut self, number: u64, at: Time, what: News) {
        if let Some(place) = self.all.get_mut(&number) {
            place.push(at, what);
        }
    }
}

impl Place {
    fn push(&mut self, at: Time, what: News) {
        self.entries += 1;
        self.has_news |= !self.waits;
        let entry = Entry { number: self.entries, at, what };
        let cost = cost(&entry);
        while self.bytes + cost > RING_BYTES {
            let Some(oldest) = self.ring.pop_front() else {
                self.lost += 1;
                return;
            };
            self.bytes -= self::cost(&oldest);
            self.lost += 1;
        }
        self.bytes += cost;
        self.ring.push_back(entry);
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty() && self.lost == 0
    }

    /// What is to be told, and how many entries are missing before it.
    pub(super) fn take(&mut self) -> (u64, VecDeque<Entry>) {
        self.bytes = 0;
        (std::mem::take(&mut self.lost), std::mem::take(&mut self.ring))
    }
}

fn cost(entry: &Entry) -> usize {
    ENTRY_BYTES
        + match &entry.what {
            News::Seen(Seen::Unit(unit)) => unit.kept_bytes(),
            News::Note(text) => text.len(),
            News::Seen(_) => 0,
        }
}
