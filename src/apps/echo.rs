//! `/echo`: each message is sent back unchanged, text as text and binary as binary.

use super::WEBSOCKET;
use crate::http::head::Head;
use crate::http::route::Route;
use crate::hub::app::{App, ConnId, Ctx, LargeMessage, Message, Options, Reply, Request, RequestId};

/// The application.
#[derive(Debug, Default)]
pub struct Echo;

impl App for Echo {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/echo").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        ctx.send(id, message);
    }

    fn on_large_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: LargeMessage) {
        ctx.send_large([id], &message);
    }
}
