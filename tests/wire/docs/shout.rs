//! The example of docs/ARCHITECTURE.md: an application in twenty lines.

use ws101::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::http::head::Head;
use ws101::http::route::Route;

/// `/shout`: every text comes back in capitals.
pub struct Shout;

impl App for Shout {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/shout").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        if let Message::Text(text) = message {
            ctx.send(id, Message::Text(&text.to_uppercase()));
        }
    }
}
