//! What the core told an application, in order: proves that each opening has one close.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::route::Route;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Open(ConnId),
    /// A message of so many bytes.
    Message(ConnId, usize),
    Close(ConnId, Closed),
    Held(RequestId),
    Gone(RequestId),
    Shutdown,
}

/// Shared by all applications of one hub.
#[derive(Clone, Default)]
pub struct Record(Rc<RefCell<Vec<Event>>>);

impl Record {
    pub fn note(&self, event: Event) {
        self.0.borrow_mut().push(event);
    }

    pub fn events(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }

    /// How the connections ended, in the order in which they did.
    pub fn closes(&self) -> Vec<Closed> {
        let close = |event: &Event| match event {
            Event::Close(_, why) => Some(*why),
            _ => None,
        };
        self.0.borrow().iter().filter_map(close).collect()
    }

    pub fn gone(&self) -> Vec<RequestId> {
        let gone = |event: &Event| match event {
            Event::Gone(id) => Some(*id),
            _ => None,
        };
        self.0.borrow().iter().filter_map(gone).collect()
    }

    /// Each opening has at most one close, behind it; messages lie between; a held request is given
    /// up at most once. Gives how many connections are still open.
    pub fn check(&self) -> usize {
        let mut open = BTreeMap::new();
        let mut held = BTreeMap::new();
        for event in self.0.borrow().iter() {
            match event {
                Event::Open(id) => assert_eq!(open.insert(*id, ()), None, "{id:?} opened twice"),
                Event::Message(id, _) => assert!(open.contains_key(id), "{id:?} is not open"),
                Event::Close(id, _) => assert_eq!(open.remove(id), Some(()), "{id:?} is not open"),
                Event::Held(id) => assert_eq!(held.insert(*id, ()), None, "{id:?} held twice"),
                Event::Gone(id) => assert_eq!(held.remove(id), Some(()), "{id:?} is not held"),
                Event::Shutdown => {}
            }
        }
        open.len()
    }
}

/// An application whose events are noted.
pub struct Watched {
    inner: Box<dyn App>,
    record: Record,
}

/// All of them watched, by one record.
pub fn watched(apps: Vec<Box<dyn App>>) -> (Vec<Box<dyn App>>, Record) {
    let record = Record::default();
    let watch = |inner| {
        let record = record.clone();
        Box::new(Watched { inner, record }) as Box<dyn App>
    };
    let apps = apps.into_iter().map(watch).collect();
    (apps, record)
}

impl App for Watched {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        self.inner.route(head)
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let reply = self.inner.on_request(ctx, id, request);
        if matches!(reply, Reply::Later) {
            self.record.note(Event::Held(id));
        }
        reply
    }

    fn on_request_gone(&mut self, ctx: &mut Ctx<'_>, id: RequestId) {
        self.record.note(Event::Gone(id));
        self.inner.on_request_gone(ctx, id);
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64) {
        self.record.note(Event::Open(id));
        self.inner.on_open(ctx, id, tag);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        let len = match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        self.record.note(Event::Message(id, len));
        self.inner.on_message(ctx, id, tag, message);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, why: &Closed) {
        self.record.note(Event::Close(id, *why));
        self.inner.on_close(ctx, id, tag, why);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        self.inner.on_timer(ctx, key);
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        self.record.note(Event::Shutdown);
        self.inner.on_shutdown(ctx);
    }
}
