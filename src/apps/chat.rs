//! The chat of the FastAPI documentation: `/ws/{client_id}`, where members have numbers, and `/ws`, where they have none.
//!
//! The sender reads `You wrote: …`, and everybody `Client #… says: …`. When a member leaves, in any
//! way, the others read it once. Text is passed on as it is.

use super::CHAT;
use crate::http::head::Head;
use crate::http::percent;
use crate::http::refusal;
use crate::http::route::Route;
use crate::hub::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use crate::rooms::Rooms;
use crate::ws::close::CloseCode;
use slab::Slab;
use std::fmt::Write;

/// Most digits of a client id.
const MAX_DIGITS: usize = 127;
/// Longest client id before it is decoded. Each of its bytes may be written as `%2D`.
const MAX_ID_BYTES: usize = 3 * (MAX_DIGITS + 1);

/// The application. The tag of a connection names its `Member`.
#[derive(Debug)]
pub struct Chat {
    farewell: String,
    members: Slab<Member>,
    rooms: Rooms<ConnId>,
    /// The name of the member who speaks. The buffer is used again for each message.
    speaker: String,
}

#[derive(Debug)]
struct Member {
    name: Name,
    membership: u32,
}

/// A client id in little memory. The ids of browsers are `Date.now()`, thirteen digits.
#[derive(Debug)]
enum Name {
    /// The member has none, because it came on `/ws`.
    None,
    Short(i64),
    /// A longer id, in one word: a `Box<str>` takes two.
    Long(Box<Box<str>>),
}

impl Name {
    /// The name of who comes on this path. `None`: it is no path of this chat.
    fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/ws")?;
        if rest.is_empty() {
            return Some(Self::None);
        }
        let id = client_id(rest.strip_prefix('/')?)?;
        Some(id.parse().map_or_else(|_| Self::Long(Box::new(id.into())), Self::Short))
    }

    /// Writes the client id as it is shown to `text`. `None`: the member has none.
    fn show<'a>(&self, text: &'a mut String) -> Option<&'a str> {
        text.clear();
        match self {
            Self::None => return None,
            // To write to a String cannot fail.
            Self::Short(number) => drop(write!(text, "{number}")),
            Self::Long(number) => text.push_str(number),
        }
        Some(text)
    }
}

impl Chat {
    /// Makes a chat. `farewell` is what follows `Client #7 ` when client 7 leaves.
    #[must_use]
    pub fn new(farewell: String) -> Self {
        Self { farewell, members: Slab::new(), rooms: Rooms::default(), speaker: String::new() }
    }
}

/// Reads a client id as a number: an optional sign, and up to 127 digits.
///
/// Leading zeros are not shown: `007` is 7. `-5` stays, `+5` is 5, `-0` is 0. Anything else is not an id.
fn client_id(segment: &str) -> Option<String> {
    if segment.len() > MAX_ID_BYTES {
        return None;
    }
    let text = percent::decoded(segment)?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    if !(1..=MAX_DIGITS).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        number => format!("{sign}{number}"),
    })
}

impl App for Chat {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        Name::of(head.path).map(|_| CHAT)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let Some(name) = Name::of(request.head.path) else { return Reply::Now(*refusal::not_found()) };
        let room = if matches!(name, Name::None) { "anonymous" } else { "numbered" };
        let membership = self.rooms.join(room, id.conn);
        Reply::Upgrade(Options::tagged(self.members.insert(Member { name, membership }) as u64))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        let Message::Text(text) = message else {
            return ctx.close(id, CloseCode::UnsupportedData, "text only");
        };
        let Some(member) = usize::try_from(tag).ok().and_then(|key| self.members.get(key)) else { return };
        let everybody = self.rooms.members(member.membership).iter().copied();
        match member.name.show(&mut self.speaker) {
            Some(name) => {
                ctx.send_text([id], ["You wrote: ", text]);
                ctx.send_text(everybody, ["Client #", name, " says: ", text]);
            }
            None => ctx.send_text(everybody, [text]),
        }
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, _: ConnId, tag: u64, _: &Closed) {
        let Ok(key) = usize::try_from(tag) else { return };
        let Some(member) = self.members.try_remove(key) else { return };
        let others = || self.rooms.members(member.membership).iter().copied();
        match member.name.show(&mut self.speaker) {
            Some(name) => ctx.send_text(others(), ["Client #", name, " ", &self.farewell]),
            None => ctx.send_text(others(), ["A client disconnected"]),
        }
        self.rooms.leave(member.membership);
    }

    fn on_shutdown(&mut self, _: &mut Ctx<'_>) {
        // All members leave at once, so nobody is left to read that the others did.
        self.members.clear();
        self.rooms = Rooms::default();
    }
}
