//! `/wire?id=ID`: shows a page what was seen of its own connection, and does the experiments that it asks for.

use super::id::Id;
use super::json;
use super::places::{DELIVERY_PAUSE, News, Place, Places, RING_BYTES, Refusal, WAIT_TIMEOUT, Watched};
use crate::clock::Time;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::response::{Response, Status};
use crate::http::route::Route;
use crate::hub::app::{App, Closed, ConnId, Ctx, Message, NEWS, Options, Reply, Request, RequestId};
use crate::tools::event::Seen;
use crate::ws::close::CloseCode;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// The path of the view.
pub(super) const PATH: &str = "/wire";
/// Bytes of one message of a page.
const MAX_MESSAGE_BYTES: u64 = 1_024;
/// Deliveries at one time. Other connections wait while they are written down.
const MAX_DELIVERIES: usize = 4;

/// The application. It must come before those whose connections are watched. The tag of a connection is its place.
pub struct Wire {
    places: Rc<RefCell<Places>>,
    /// The time of the last delivery, and how many there were at it.
    told: (Time, usize),
}

impl Wire {
    pub(super) fn new(places: Rc<RefCell<Places>>) -> Self {
        Self { places, told: (Time(0), 0) }
    }

    /// Tells a viewer what there is to tell, or ends what has waited too long. Asks to be called when there is more to do.
    fn tend(&mut self, ctx: &mut Ctx<'_>, number: u64) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get(number) else { return };
        let now = ctx.now();
        let give_up_at = place.since.after(WAIT_TIMEOUT);
        (place.has_news, place.waits) = (false, false);
        ctx.count_kept(number, RING_BYTES);
        let next = match (place.viewer, &place.watched) {
            (Some(viewer), watched) if !place.is_empty() => {
                let after_that = match watched {
                    Watched::Awaited => give_up_at.max(now.after(DELIVERY_PAUSE)),
                    Watched::Is(..) => Time::NEVER,
                    Watched::Over => now.after(DELIVERY_PAUSE),
                };
                if self.told.0 != now {
                    self.told = (now, 0);
                }
                // A page that does not keep up gets the next delivery when it has this one.
                let due = match ctx.waiting_bytes(viewer) {
                    0 if self.told.1 >= MAX_DELIVERIES => now.after(Duration::from_millis(1)),
                    0 => place.delivered.map_or(now, |delivered| delivered.after(DELIVERY_PAUSE)),
                    _ => now.after(DELIVERY_PAUSE),
                };
                place.waits = due > now;
                if place.waits {
                    due
                } else {
                    self.told.1 += 1;
                    deliver(ctx, viewer, place);
                    after_that
                }
            }
            (Some(viewer), Watched::Over) => {
                return ctx.close(viewer, CloseCode::NormalClosure, "the connection is over");
            }
            (Some(viewer), Watched::Awaited) if give_up_at <= now => {
                return ctx.close(viewer, CloseCode::NormalClosure, "no connection came with this id");
            }
            (None, _) if give_up_at <= now => {
                places.forget(number);
                ctx.count_kept(number, 0);
                Time::NEVER
            }
            (Some(_), Watched::Is(..)) => Time::NEVER,
            (None, _) | (_, Watched::Awaited) => give_up_at,
        };
        ctx.wake_at(number, next);
    }

    /// What a page asks for is done. The error goes to the page.
    fn obey(&self, ctx: &mut Ctx<'_>, number: u64, text: &str) -> Result<(), &'static str> {
        let mut places = self.places.borrow_mut();
        let wish = serde_json::from_str::<Value>(text).ok();
        let wish = wish.as_ref().and_then(|wish| wish.get("do")).and_then(Value::as_str);
        let Some(Watched::Is(id, path)) = places.get(number).map(|place| &place.watched) else {
            return Err("there is no connection with this id now");
        };
        match wish {
            Some("ping") => ctx.ping(*id, b"wire view"),
            Some("mask") => ctx.send_masked(*id, &said(path, "A server must not mask this.")),
            Some("fragments") => {
                let text = said(path, "This text came in three fragments.");
                let (first, rest) = text.split_at(text.len() / 3);
                let (second, third) = rest.split_at(rest.len() / 2);
                ctx.send_in_fragments(*id, &[first, second, third]);
            }
            _ => {
                return Err(
                    "what can be done is {\"do\":\"fragments\"}, {\"do\":\"ping\"} and {\"do\":\"mask\"}",
                );
            }
        }
        Ok(())
    }
}

/// A text as the pages of this path read it.
fn said(path: &str, text: &str) -> String {
    if path.starts_with("/ws/chat/") || path == "/ws/socket-server/" {
        return json!({"type": "chat", "message": text}).to_string();
    }
    match path.starts_with("/socket.io/") {
        true => format!("42{}", json!(["chat message", text])),
        false => text.to_owned(),
    }
}

/// Nothing is kept or waited for any more for this place.
fn release(ctx: &mut Ctx<'_>, number: u64) {
    ctx.count_kept(number, 0);
    ctx.wake_at(number, Time::NEVER);
}

/// Sends what was seen, a message for each.
fn deliver(ctx: &mut Ctx<'_>, viewer: ConnId, place: &mut Place) {
    let now = ctx.now();
    place.delivered = Some(now);
    let (lost, entries) = place.take();
    if lost > 0 {
        let at = entries.front().map_or(now, |entry| entry.at);
        let number = entries.front().map_or(0, |entry| entry.number.saturating_sub(1));
        let text = json::event(number, at, &News::Seen(Seen::Lost(lost)));
        ctx.send(viewer, Message::Text(&text));
    }
    for entry in entries {
        ctx.send(viewer, Message::Text(&json::event(entry.number, entry.at, &entry.what)));
    }
}

impl App for Wire {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        let is_surplus = || {
            let id = Id::of(head.query, "wire").filter(|_| head.asks_for("websocket"));
            id.is_some_and(|id| self.places.borrow().is_surplus(&id))
        };
        (head.path == PATH || is_surplus()).then_some(Route {
            methods: &[Method::Get],
            websocket: true,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let mut places = self.places.borrow_mut();
        if request.head.path != PATH {
            places.answer_surplus(id.conn);
            return Reply::Now(*refusal::not_found());
        }
        let Some(secret) = Id::of(request.head.query, "id") else { return Reply::Now(*refusal::not_found()) };
        match places.view(secret, id.conn, ctx.now()) {
            Ok(number) => {
                let options = Options::tagged(number);
                Reply::Upgrade(Options { max_message_bytes: Some(MAX_MESSAGE_BYTES), ..options })
            }
            Err(Refusal::Used) => Reply::Now(*refusal::not_found()),
            Err(Refusal::Full) => {
                let text = "32 connections are watched already; try again when one is over\n";
                Reply::Now(Response::text(Status(503), text))
            }
        }
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, _: ConnId, number: u64) {
        // The answer to its handshake is written before that.
        ctx.wake_at(number, ctx.now());
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, number: u64, message: Message<'_>) {
        let text = if let Message::Text(text) = message { text } else { "" };
        if let Err(error) = self.obey(ctx, number, text) {
            ctx.send(id, Message::Text(&json!({"error": error}).to_string()));
        }
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, _: ConnId, number: u64, _: &Closed) {
        self.places.borrow_mut().forget(number);
        release(ctx, number);
    }

    fn has_news(&self) -> bool {
        self.places.borrow().has_news()
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        for number in self.places.borrow_mut().take_freed() {
            release(ctx, number);
        }
        let numbers = if key == NEWS { self.places.borrow().with_news().collect() } else { vec![key] };
        for number in numbers {
            self.tend(ctx, number);
        }
    }

    fn on_give_up(&mut self, ctx: &mut Ctx<'_>, number: u64) {
        let viewer = self.places.borrow_mut().get(number).and_then(|place| place.viewer);
        match viewer {
            Some(viewer) => ctx.close(viewer, CloseCode::TryAgainLater, "memory is short"),
            None => {
                self.places.borrow_mut().forget(number);
                release(ctx, number);
            }
        }
    }
}
