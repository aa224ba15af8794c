//! Plays what an input says, and gives each head and frame with its verdict.

use super::step::{Act, Input, Opening, Step, opening};
use crate::tools::conversation::{Conversation, Options};
use crate::tools::follow::{Request, Start, WIDEST};
use crate::tools::kept::Keep;
use crate::tools::title::answer_field;
use crate::tools::unit::{Broken, Fault, Unit, What};
use crate::ws::client::Asked;
use crate::ws::close::Violation;
use crate::ws::endpoint::Limits;
use crate::ws::frame::Sender;
use std::cell::Cell;
use std::mem;

/// Bytes after which somebody may have enough.
const STEP_BYTES: usize = 1 << 10;

/// What is known beforehand.
pub(super) struct Known<'a> {
    /// Who sends bytes of which the input does not say it.
    pub(super) from: Option<Sender>,
    /// The key that was sent.
    pub(super) key: Option<&'a str>,
    /// Compression was agreed to.
    pub(super) deflate: bool,
    pub(super) keep: Keep,
    /// Most bytes that all messages together may inflate to.
    pub(super) most: u64,
    /// Whoever gets the events sets it when that is enough.
    pub(super) stop: Cell<bool>,
}

/// What comes out.
pub(super) enum Event<'a> {
    /// A head or frame of this connection, that begins at this byte.
    Unit(u32, &'a Unit, u64),
    /// Bytes of this side are not known, so nothing after them is.
    Lost(u32, Sender),
    /// Bytes as they come. `true`: a read or segment begins with them.
    Sent(u32, Sender, &'a [u8], bool),
    /// Bytes that nobody knows.
    Gap,
    /// An opening handshake for this path.
    Open(u32, &'a str),
    /// A side closes its direction.
    End(u32, Sender),
    /// The client resets the connection.
    Reset(u32),
}

/// A connection.
struct Seat {
    conn: u32,
    conversation: Conversation,
    /// The side that has sent last.
    last: Sender,
    /// A request has no answer yet.
    owes: bool,
    /// Bytes of unknown direction so far.
    taken: u64,
    lost: [bool; 2],
}

struct Player<'a, F> {
    known: &'a Known<'a>,
    seats: Vec<Seat>,
    inflated: u64,
    each: F,
}

/// Plays an input.
///
/// # Errors
/// A message inflates to more than all of them may together.
pub(super) fn play(input: &Input, known: &Known<'_>, each: impl FnMut(Event<'_>)) -> Result<(), String> {
    let mut player = Player { known, seats: Vec::new(), inflated: 0, each };
    for (index, step) in input.steps.iter().enumerate() {
        let found = player.seats.iter().position(|seat| seat.conn == step.conn);
        let at = found.unwrap_or_else(|| {
            player.seats.push(seat(input.steps.get(index..).unwrap_or_default(), step.conn, known));
            player.seats.len() - 1
        });
        player.step(at, &step.act);
        player.is_within_bounds()?;
        if known.stop.get() {
            return Ok(());
        }
    }
    player.finish();
    player.is_within_bounds()
}

/// A connection that begins with the first of these steps that is one of its own.
fn seat(steps: &[Step], conn: u32, known: &Known<'_>) -> Seat {
    let own = || steps.iter().filter(|step| step.conn == conn).map(|step| &step.act);
    let agreed = known.deflate.then_some(WIDEST);
    let start = |wanted: Sender| {
        let first = own().find_map(|act| match act {
            Act::Bytes { from, bytes, .. } if from.is_none_or(|from| from == wanted) => Some(opening(bytes)),
            Act::Open(_) => Some(Opening::Other),
            _ => None,
        });
        first.map(|opening| if opening == Opening::Other { Start::Frames(agreed) } else { Start::Head })
    };
    let (client, server) = (start(Sender::Client), start(Sender::Server));
    let either = client.or(server).unwrap_or(Start::Frames(agreed));
    let most = Limits { from: Sender::Client, max_message_bytes: u64::MAX, max_fragments: u32::MAX };
    let options =
        Options { keep: known.keep, limits: most, goes_on: true, inflates: true, most_inflated: known.most };
    let mut conversation = Conversation::between(options, client.unwrap_or(either), server.unwrap_or(either));
    let answer = own().find_map(|act| match act {
        Act::Bytes { bytes, .. } => response_in(bytes),
        _ => None,
    });
    let has_request = client == Some(Start::Head)
        && own().any(|act| matches!(act, Act::Bytes { bytes, .. } if opening(bytes) == Opening::Request));
    if let Some(key) = known.key.filter(|_| !has_request) {
        // Only the key of the request is known. The client may have offered all that the answer agrees to.
        let protocols = answer.and_then(|head| answer_field(head, "sec-websocket-protocol"));
        let protocols = protocols.iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned());
        let asked = Asked { key: Some(key.to_owned()), protocols: protocols.collect(), deflate: true };
        conversation.ask(Request { is_head: false, handshake: Some(asked) });
    }
    Seat {
        conn,
        conversation,
        last: known.from.unwrap_or(Sender::Client),
        owes: false,
        taken: 0,
        lost: [false; 2],
    }
}

/// The head of a response at the start of these bytes, with its empty line.
fn response_in(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    bytes.get(..end).filter(|head| head.starts_with(b"HTTP/1."))
}

impl<F: FnMut(Event<'_>)> Player<'_, F> {
    fn step(&mut self, at: usize, act: &Act) {
        let Some(seat) = self.seats.get_mut(at) else { return };
        match act {
            Act::Bytes { from: Some(from), bytes, is_read } => {
                let (conn, known) = (seat.conn, self.known);
                (self.each)(Event::Sent(conn, *from, bytes, *is_read));
                let mut is_read = *is_read;
                for bytes in bytes.chunks(STEP_BYTES).take_while(|_| !known.stop.get()) {
                    seat.conversation.push(*from, bytes, mem::take(&mut is_read), &mut |unit| {
                        self.inflated = self.inflated.saturating_add(inflated(&unit));
                        if self.inflated <= known.most {
                            (self.each)(Event::Unit(conn, &unit, unit.at));
                        }
                    });
                }
            }
            Act::Bytes { from: None, bytes, is_read } => self.plain(at, bytes, *is_read),
            // Within a line their number is enough: what they are does not matter for a frame.
            Act::Hidden(from, len) if seat.conversation.missing(*from) == Some(None) => {
                let len = usize::try_from((*len).min(self.known.most)).unwrap_or(usize::MAX);
                (self.each)(Event::Gap);
                let act = Act::Bytes { from: Some(*from), bytes: vec![b'*'; len], is_read: false };
                self.step(at, &act);
            }
            Act::Unknown(from, len) | Act::Hidden(from, len) => {
                let conn = seat.conn;
                (self.each)(Event::Gap);
                let mut units = Vec::new();
                // A frame that has begun ends within them, and something of which nobody knows the beginning follows.
                let whole = seat.conversation.missing(*from).flatten().filter(|missing| missing < len);
                let known = whole.unwrap_or(*len);
                let is_known =
                    seat.conversation.skip(*from, known, &mut |unit| units.push(unit)) && known == *len;
                units.iter().for_each(|unit| (self.each)(Event::Unit(conn, unit, unit.at)));
                let [client, server] = &mut seat.lost;
                let lost = if *from == Sender::Client { client } else { server };
                if !is_known && !mem::replace(lost, true) {
                    if let Some(unit) = seat.conversation.finish(*from) {
                        (self.each)(Event::Unit(conn, &unit, unit.at));
                    }
                    seat.conversation.give_up(*from);
                    (self.each)(Event::Lost(conn, *from));
                }
            }
            Act::Open(path) => (self.each)(Event::Open(seat.conn, path)),
            Act::End(from) => (self.each)(Event::End(seat.conn, *from)),
            Act::Reset => (self.each)(Event::Reset(seat.conn)),
        }
    }

    /// Bytes of which nobody says who sends them: each head and frame tells it.
    fn plain(&mut self, at: usize, bytes: &[u8], is_read: bool) {
        let Some(seat) = self.seats.get_mut(at) else { return };
        let mut rest = bytes;
        while !rest.is_empty() && !self.known.stop.get() && self.inflated <= self.known.most {
            let begins = !seat.conversation.is_within(seat.last);
            if begins {
                seat.last = self.known.from.unwrap_or_else(|| seat.side(rest));
            }
            let wanted = match seat.conversation.missing(seat.last) {
                Some(Some(missing)) => usize::try_from(missing).unwrap_or(usize::MAX),
                // A body without an end, or what nobody reads.
                None if seat.conversation.has_begun(seat.last) => rest.len(),
                _ => 1,
            };
            let (taken, left) = rest.split_at(wanted.clamp(1, rest.len()));
            let (conn, is_first) = (seat.conn, is_read && rest.len() == bytes.len());
            (self.each)(Event::Sent(conn, seat.last, taken, begins));
            seat.taken += taken.len() as u64;
            let (end, mut owes) = (seat.taken, seat.owes);
            seat.conversation.push(seat.last, taken, is_first, &mut |unit| {
                owes = match &unit.what {
                    What::Request(_) => true,
                    What::Response(_) => false,
                    _ => owes,
                };
                self.inflated = self.inflated.saturating_add(inflated(&unit));
                if self.inflated <= self.known.most {
                    (self.each)(Event::Unit(conn, &unit, end.saturating_sub(unit.len)));
                }
            });
            (seat.owes, rest) = (owes, left);
        }
    }

    fn is_within_bounds(&self) -> Result<(), String> {
        let most = self.known.most;
        if self.inflated <= most {
            return Ok(());
        }
        let most = if most < 1 << 20 { format!("{} KiB", most >> 10) } else { format!("{} MiB", most >> 20) };
        Err(format!("the messages inflate to more than {most}: explain stops here"))
    }

    fn finish(&mut self) {
        for seat in &mut self.seats {
            for from in [Sender::Client, Sender::Server] {
                let [client, server] = seat.lost;
                let lost = if from == Sender::Client { client } else { server };
                let rest = seat.conversation.finish(from);
                if let Some(unit) = rest.filter(|unit| !lost || !matches!(unit.what, What::Unread(_))) {
                    let at = if seat.taken > 0 { seat.taken.saturating_sub(unit.len) } else { unit.at };
                    (self.each)(Event::Unit(seat.conn, &unit, at));
                }
            }
        }
    }
}

/// Bytes that the payload inflates to. One that was cut off counts as too many.
fn inflated(unit: &Unit) -> u64 {
    let is_too_big =
        matches!(&unit.broken, Some(Broken { fault: Fault::Frame(Violation::MessageTooBig), .. }));
    match &unit.what {
        _ if is_too_big => u64::MAX,
        What::Frame(frame) => frame.inflated.as_ref().map_or(0, |kept| kept.len()),
        _ => 0,
    }
}

impl Seat {
    /// Who sends what begins with these bytes.
    fn side(&self, bytes: &[u8]) -> Sender {
        // An answer may be cut off after its first letter.
        if self.owes && b"HTTP/1.".starts_with(bytes) {
            return Sender::Server;
        }
        match opening(bytes) {
            Opening::Request if bytes.len() >= 4 || !self.owes => return Sender::Client,
            Opening::Response if bytes.len() >= 7 || self.owes => return Sender::Server,
            _ => {}
        }
        match bytes.get(1) {
            Some(second) if second & 0x80 != 0 => Sender::Client,
            Some(_) => Sender::Server,
            None => self.last,
        }
    }
}
