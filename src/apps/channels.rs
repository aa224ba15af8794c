//! The chat of the Django Channels tutorial: `/ws/chat/{room}/`, and `/ws/socket-server/` for pages that name no room.
//!
//! `{"message": X}` goes to everybody in the room, the sender included, as `{"type": "chat", "message": X}`.
//! X is any JSON value, and stays the bytes that came. Nobody is told who joins and who leaves. A client that sends anything
//! else is closed with 1011, as the original does by failing, and nobody else notices.

use super::json;
use super::{CHAT, membership};
use crate::http::head::Head;
use crate::http::percent;
use crate::http::refusal;
use crate::http::route::Route;
use crate::hub::app::{App, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use crate::rooms::Rooms;
use crate::ws::close::CloseCode;
use std::borrow::Cow;

/// Longest name of a room, in bytes. After `chat_` it is the original's limit for a group.
const MAX_ROOM_BYTES: usize = 94;
/// The room of `/ws/socket-server/`. No path names it otherwise: `-` is not allowed in a name.
const UNNAMED: &str = "socket-server";

/// The application. The tag of a connection is its membership.
#[derive(Debug, Default)]
pub struct Channels {
    rooms: Rooms<ConnId>,
}

/// The room of a path: `[A-Za-z0-9_]{1,94}` once it is decoded. A slash must follow.
fn room(path: &str) -> Option<Cow<'_, str>> {
    let path = path.strip_prefix("/ws/")?.strip_suffix('/')?;
    if path == UNNAMED {
        return Some(Cow::Borrowed(UNNAMED));
    }
    let name = path.strip_prefix("chat/")?;
    // Each of its bytes may be written as `%61`.
    if name.len() > 3 * MAX_ROOM_BYTES {
        return None;
    }
    let name = percent::decoded(name)?;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = (1..=MAX_ROOM_BYTES).contains(&name.len()) && name.bytes().all(is_word);
    fits.then_some(name)
}

impl App for Channels {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        room(head.path).map(|_| CHAT)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let Some(room) = room(request.head.path) else { return Reply::Now(*refusal::not_found()) };
        let membership = self.rooms.join(&room, id.conn);
        Reply::Upgrade(Options::tagged(u64::from(membership)))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        let value = match message {
            Message::Text(text) => json::member(text, "message"),
            Message::Binary(_) => None,
        };
        let Some(value) = value else {
            return ctx.close(id, CloseCode::InternalError, "not an object with a message");
        };
        let everybody = self.rooms.members(membership(tag)).iter().copied();
        let parts = ["{\"type\": \"chat\", \"message\": ", value.get(), "}"];
        ctx.send_text(everybody, parts);
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, tag: u64, _: &Closed) {
        self.rooms.leave(membership(tag));
    }
}
