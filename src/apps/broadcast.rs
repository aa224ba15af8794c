//! `/broadcast` and `/broadcast/{topic}`: each message goes unchanged to everybody on that topic.
//!
//! The sender gets it, too. Messages may be text or binary.

use super::{WEBSOCKET, membership};
use crate::http::head::Head;
use crate::http::route::Route;
use crate::hub::app::{App, Closed, ConnId, Ctx, LargeMessage, Message, Options, Reply, Request, RequestId};
use crate::rooms::Rooms;

/// Longest topic, in bytes.
const MAX_TOPIC_BYTES: usize = 64;

/// The application. The tag of a connection is its membership.
#[derive(Debug, Default)]
pub struct Broadcast {
    topics: Rooms<ConnId>,
}

/// The topic of a path: `[A-Za-z0-9_.~-]{1,64}`, or nothing for `/broadcast` itself.
fn topic(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/broadcast")?;
    if rest.is_empty() {
        return Some("");
    }
    let topic = rest.strip_prefix('/')?;
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte);
    let fits = (1..=MAX_TOPIC_BYTES).contains(&topic.len()) && topic.bytes().all(is_unreserved);
    fits.then_some(topic)
}

impl App for Broadcast {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        topic(head.path).map(|_| WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let topic = topic(request.head.path).unwrap_or_default();
        let membership = self.topics.join(topic, id.conn);
        Reply::Upgrade(Options::tagged(u64::from(membership)))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, _: ConnId, tag: u64, message: Message<'_>) {
        ctx.send_many(self.topics.members(membership(tag)).iter().copied(), message);
    }

    fn on_large_message(&mut self, ctx: &mut Ctx<'_>, _: ConnId, tag: u64, message: LargeMessage) {
        let members = self.topics.members(membership(tag));
        ctx.send_large(members.iter().copied(), &message);
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, _: ConnId, tag: u64, _: &Closed) {
        self.topics.leave(membership(tag));
    }
}
