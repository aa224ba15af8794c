//! What the applications were told and what they sent, held against what must be so.

use crate::wire::json;
use std::borrow::Cow;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use ws101::app::{App, Closed, ConnId, Ctx, Message, Reply, Request, RequestId};
use ws101::http::head::Head;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

/// A data frame on its way to a peer.
struct Due {
    first: u8,
    payload: Rc<[u8]>,
    /// The receiver may have been closing already.
    may_be_missing: bool,
}

/// One WebSocket, from `on_open` to the end of its connection.
#[derive(Default)]
struct Member {
    path: String,
    why: Option<Closed>,
    due: VecDeque<Due>,
    /// It has said to a room what is no message.
    is_refused: bool,
}

#[derive(Default)]
struct State {
    /// Where a request for an upgrade wants to go.
    paths: BTreeMap<ConnId, String>,
    members: BTreeMap<ConnId, Member>,
    held: BTreeSet<RequestId>,
    /// Answered by the application, not yet seen by the peer.
    answered: BTreeSet<RequestId>,
}

/// Shared by all applications of one hub.
#[derive(Clone, Default)]
pub struct Ledger(Rc<RefCell<State>>);

impl Ledger {
    fn get(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    fn edit(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// An `on_open` without its `on_close`.
    pub fn is_open(&self, id: ConnId) -> bool {
        let state = self.get();
        let member = state.members.get(&id);
        member.is_some_and(|member| member.why.is_none())
    }

    pub fn is_quiet(&self, id: ConnId) -> bool {
        let state = self.get();
        let member = state.members.get(&id);
        member.is_some_and(|member| member.path == super::site::QUIET)
    }

    /// How the WebSocket ended, once its application knows.
    pub fn why(&self, id: ConnId) -> Option<Closed> {
        self.get().members.get(&id)?.why
    }

    /// Nothing is open and nothing is held.
    pub fn assert_all_over(&self) {
        let state = self.get();
        let open = |member: &Member| member.why.is_none();
        assert!(!state.members.values().any(open), "an open without a close");
        assert!(state.held.is_empty(), "held, and never given up");
    }

    pub fn held(&self) -> Vec<RequestId> {
        self.get().held.iter().copied().collect()
    }

    /// The application answers this request now.
    pub fn answer(&self, id: RequestId) {
        let mut state = self.edit();
        assert!(state.held.remove(&id), "{id:?} is not held");
        state.answered.insert(id);
    }

    /// The peer got that answer.
    pub fn answer_seen(&self, id: RequestId) {
        assert!(self.edit().answered.remove(&id), "an answer too many");
    }

    /// All that was sent to this open WebSocket has arrived, and every answer with a body.
    pub fn assert_all_seen(&self, id: ConnId, may_be_head: bool) {
        let state = self.get();
        if let Some(member) = state.members.get(&id).filter(|it| it.why.is_none()) {
            let is_due = |due: &Due| !due.may_be_missing;
            assert!(!member.due.iter().any(is_due), "a message was lost");
            assert!(!member.is_refused, "no message, and no Close for it");
        }
        let is_its = |answer: &RequestId| answer.conn == id;
        assert!(may_be_head || !state.answered.iter().any(is_its), "an answer was lost");
    }

    /// This message goes to these connections, in this order with their others.
    pub fn sent(&self, ids: &[ConnId], message: Message<'_>, may_be_missing: bool) {
        let (first, payload) = match message {
            Message::Text(text) => (0x81, text.as_bytes()),
            Message::Binary(bytes) => (0x82, bytes),
        };
        let payload: Rc<[u8]> = payload.into();
        let mut state = self.edit();
        for id in ids {
            if let Some(member) = state.members.get_mut(id).filter(|it| it.why.is_none()) {
                member.due.push_back(Due { first, payload: payload.clone(), may_be_missing });
            }
        }
    }

    /// A member of a room says this: everybody there gets what it becomes, or it is
    /// refused, and nobody gets anything.
    fn said_in_room(&self, id: ConnId, room: &str, message: Message<'_>) {
        let value = match message {
            Message::Text(text) => json::message(text),
            Message::Binary(_) => None,
        };
        if let Some(value) = value {
            let text = format!("{{\"type\": \"chat\", \"message\": {value}}}");
            return self.sent(&self.at(room), Message::Text(&text), false);
        }
        let mut state = self.edit();
        let member = state.members.get_mut(&id).expect("a message before on_open");
        member.is_refused = true;
    }

    /// A data frame has arrived. Of the chat with client ids nobody knows here what it sends.
    pub fn seen(&self, id: ConnId, first: u8, payload: &[u8]) {
        let mut state = self.edit();
        let member = state.members.get_mut(&id).expect("frames before on_open");
        if member.path.starts_with("/ws") && !is_room(&member.path) {
            return;
        }
        loop {
            let due = member.due.pop_front().expect("a message that nobody sent");
            if due.first == first && *due.payload == *payload {
                return;
            }
            assert!(due.may_be_missing, "a message was lost, or changed");
        }
    }

    /// The server's Close has arrived: what was sent before it came before it, unless the peer was
    /// too slow.
    pub fn close_seen(&self, id: ConnId, payload: &[u8]) {
        let mut state = self.edit();
        let member = state.members.get_mut(&id).expect("a Close before on_open");
        let why = member.why.expect("a Close before on_close");
        let sent = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        let expected = if why.code.0 == 1005 { None } else { Some(why.code.0) };
        assert_eq!(sent, expected, "another code than the application was told");
        let is_due = |due: &Due| !due.may_be_missing;
        assert!(why.code.0 == 1013 || !member.due.iter().any(is_due), "a message was lost before the Close");
        member.due.clear();
    }

    /// The open WebSockets at a path.
    pub fn at(&self, path: &str) -> Vec<ConnId> {
        let state = self.get();
        let is_there = |member: &Member| member.why.is_none() && member.path == path;
        let members = state.members.iter();
        members.filter(|(_, it)| is_there(it)).map(|(id, _)| *id).collect()
    }
}

/// The one path of a room that has several: escapes are other spellings of its name.
fn room_or_path(path: &str) -> Cow<'_, str> {
    match path.strip_prefix("/ws/chat/") {
        Some(name) => Cow::Owned(format!("/ws/chat/{}", name.replace("%61", "a"))),
        None => Cow::Borrowed(path),
    }
}

fn is_room(path: &str) -> bool {
    path.starts_with("/ws/chat/") || path == "/ws/socket-server/"
}

/// An application whose events are noted; what echo, broadcast and rooms must send is known from them.
pub struct Watched {
    pub inner: Box<dyn App>,
    pub ledger: Ledger,
}

impl App for Watched {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        self.inner.route(head)
    }

    fn on_request(&mut self, ctx: &mut Ctx<'_>, id: RequestId, request: &Request<'_>) -> Reply {
        let reply = self.inner.on_request(ctx, id, request);
        let mut state = self.ledger.edit();
        match reply {
            Reply::Later => assert!(state.held.insert(id), "held twice"),
            Reply::Upgrade(_) => {
                let path = room_or_path(request.head.path).into_owned();
                state.paths.insert(id.conn, path);
            }
            Reply::Now(_) => {}
        }
        reply
    }

    fn on_request_gone(&mut self, ctx: &mut Ctx<'_>, id: RequestId) {
        assert!(self.ledger.edit().held.remove(&id), "{id:?} is not held");
        self.inner.on_request_gone(ctx, id);
    }

    fn on_open(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64) {
        let mut state = self.ledger.edit();
        let path = state.paths.remove(&id).expect("no upgrade was asked for");
        let member = Member { path, ..Member::default() };
        assert!(state.members.insert(id, member).is_none(), "opened twice");
        drop(state);
        self.inner.on_open(ctx, id, tag);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, message: Message<'_>) {
        let path = {
            let state = self.ledger.get();
            let member = state.members.get(&id).expect("a message before on_open");
            assert!(member.why.is_none(), "a message after on_close");
            assert!(!member.is_refused, "a message after one that was none");
            member.path.clone()
        };
        if path == "/echo" {
            self.ledger.sent(&[id], message, false);
        } else if path.starts_with("/broadcast") {
            self.ledger.sent(&self.ledger.at(&path), message, false);
        } else if is_room(&path) {
            self.ledger.said_in_room(id, &path, message);
        }
        self.inner.on_message(ctx, id, tag, message);
    }

    fn on_close(&mut self, ctx: &mut Ctx<'_>, id: ConnId, tag: u64, why: &Closed) {
        let mut state = self.ledger.edit();
        let member = state.members.get_mut(&id).expect("a close before its open");
        assert!(member.why.replace(*why).is_none(), "closed twice");
        if member.is_refused {
            assert_eq!(why.code, CloseCode::InternalError, "refused otherwise");
        }
        drop(state);
        self.inner.on_close(ctx, id, tag, why);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        self.inner.on_timer(ctx, key);
    }

    fn on_shutdown(&mut self, ctx: &mut Ctx<'_>) {
        self.inner.on_shutdown(ctx);
    }
}
