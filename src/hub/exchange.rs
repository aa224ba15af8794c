//! HTTP on a connection: request heads, bodies, the application's answer, the upgrade.
//!
//! Answers are written in `respond`. A connection has one request at a time. While it waits for its answer, or the answer
//! for the socket, the bytes after it are kept as they came (`keep_backlog`), and the connection is not read.

use super::Hub;
use super::app::{Reply, Request};
use super::conn::{Conn, Path, Phase, Stage};
use super::core::Core;
use super::ctx::Ctx;
use super::ids::{ConnId, RequestId};
use super::plan::plan;
use super::table::Table;
use crate::guard::NotAllowed;
use crate::guard::notes::Note;
use crate::http::body::BodyReader;
use crate::http::framing::{Announced, Framing};
use crate::http::head::{self, Head};
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::response::{self, Status};
use crate::http::route::Route;
use crate::http::scan::HeadScanner;
use crate::ws::endpoint::Endpoint;
use crate::ws::handshake::Handshake;
use crate::ws::offers::subprotocols;
use std::mem;

/// What became of a request.
struct Answered {
    reply: Reply,
    handshake: Option<Handshake>,
}

impl Hub {
    /// Processes requests until `input` is used up or something has to be waited for.
    pub(super) fn receive_http(&mut self, id: ConnId, input: &mut &mut [u8]) {
        while !input.is_empty() {
            let high_water = self.core.config.tuning.high_water_bytes;
            let Some(conn) = self.core.table.get(id) else { return };
            let is_full = conn.outbox.len() >= high_water;
            let Phase::Http(exchange) = &mut conn.phase else { return };
            match &exchange.stage {
                Stage::Head if is_full => {
                    let rest = mem::take(input);
                    self.core.keep_backlog(id, rest);
                    return;
                }
                Stage::Head => self.receive_head(id, input),
                Stage::Body { .. } => self.receive_body(id, input),
                Stage::Held { .. } | Stage::Streaming { .. } => {
                    let rest = mem::take(input);
                    self.core.keep_backlog(id, rest);
                    return;
                }
            }
            if !self.core.turn.reports.is_empty() {
                self.settle();
            }
        }
    }

    fn receive_head(&mut self, id: ConnId, input: &mut &mut [u8]) {
        let now = self.core.turn.now;
        let Core { table, config, .. } = &mut self.core;
        let Table { conns, caps, .. } = table;
        let Some(conn) = conns.get_mut(id.slot as usize) else { return };
        let Phase::Http(exchange) = &mut conn.phase else { return };
        if exchange.scanner.is_fresh() && exchange.requests > 0 {
            exchange.since = now;
        }
        match exchange.scanner.scan(input, config) {
            Err(rejection) => self.core.refuse(id, *rejection),
            Ok(None) => {
                let all = mem::take(input);
                let head = &mut exchange.head;
                let needed = head.len() + all.len();
                if needed > head.capacity() {
                    // Buffers have few sizes, so the memory of one unfinished head fits the next.
                    head.reserve_exact(needed.next_power_of_two() - head.len());
                }
                head.extend_from_slice(all);
                self.core.arm(id);
            }
            Ok(Some(len)) => {
                let (last, rest) = mem::take(input).split_at_mut_checked(len).unwrap_or_default();
                *input = rest;
                exchange.scanner = HeadScanner::default();
                exchange.requests += 1;
                let mut head = mem::take(&mut exchange.head);
                caps.end_handshake(&mut conn.counts_as);
                if head.is_empty() {
                    self.take_head(id, last);
                } else {
                    head.extend_from_slice(last);
                    self.take_head(id, &mut head);
                }
            }
        }
    }

    /// Judges a complete head. Then the request is complete, too, or its body is awaited.
    fn take_head(&mut self, id: ConnId, bytes: &mut [u8]) {
        let mut slots = head::NO_FIELDS;
        let head = match head::parse(bytes, &mut slots) {
            Ok(head) => head,
            Err(rejection) => return self.core.refuse(id, *rejection),
        };
        if let Err(rejection) = self.core.policy.check_host(head.host) {
            let named = head.host.map(NotAllowed::Host);
            return self.core.refuse_named(id, *rejection, false, named);
        }
        let body = match Announced::of(&head) {
            Ok(body) => body,
            Err(rejection) => return self.core.refuse(id, *rejection),
        };
        if let Some(conn) = self.core.table.get(id) {
            conn.path = Path::new(head.path);
        }
        let head_only = head.method == Method::Head;
        let route = self.route(&head);
        let wanted = route.as_ref().map(|(_, route)| route);
        let plan = plan(&head, body.framing, wanted, &self.core.policy);
        let (handshake, (app, route)) = match (plan, route) {
            (Err(rejection), _) => {
                let origin = head.fields.single("origin");
                let origin = origin.filter(|_| rejection.status == Status(403));
                let named = origin.map(NotAllowed::Origin);
                return self.core.refuse_named(id, *rejection, head_only, named);
            }
            (_, None) => return self.core.refuse_to(id, *refusal::not_found(), head_only),
            (Ok(Some(_)), _) if self.core.watch.is_stopping() => {
                return self.core.refuse(id, *refusal::service_unavailable());
            }
            (Ok(handshake), Some(route)) => (handshake, route),
        };
        if let Some(conn) = self.core.table.get(id) {
            conn.app = app;
        }
        if body.framing != Framing::None {
            let config = &self.core.config;
            return match BodyReader::new(body.framing, route.max_body_bytes, config) {
                Ok(reader) => (self.core).await_body(id, bytes, reader, body.expects_continue),
                Err(rejection) => self.core.refuse(id, *rejection),
            };
        }
        let answered = self.ask(id, &head, &[], handshake);
        self.act(id, &head, answered);
    }

    fn route(&self, head: &Head<'_>) -> Option<(u8, Route)> {
        self.apps.iter().zip(0..).find_map(|(app, index)| Some((index, app.route(head)?)))
    }

    fn receive_body(&mut self, id: ConnId, input: &mut &mut [u8]) {
        let Some(conn) = self.core.table.get(id) else { return };
        let Phase::Http(exchange) = &mut conn.phase else { return };
        let Stage::Body { reader, body } = &mut exchange.stage else { return };
        let progress = match reader.read(input, body) {
            Ok(progress) => progress,
            Err(rejection) => return self.core.refuse(id, *rejection),
        };
        let all = mem::take(input);
        *input = all.get_mut(progress.consumed..).unwrap_or_default();
        if !progress.complete {
            return;
        }
        let body = mem::take(body);
        let mut bytes = mem::take(&mut exchange.head);
        exchange.stage = Stage::Head;
        let mut slots = head::NO_FIELDS;
        // The head was judged when it arrived, and is only read once more here.
        let Ok(head) = head::parse(&mut bytes, &mut slots) else { return };
        let answered = self.ask(id, &head, &body, None);
        self.act(id, &head, answered);
    }

    fn ask(&mut self, conn: ConnId, head: &Head<'_>, body: &[u8], handshake: Option<Handshake>) -> Answered {
        let core = &mut self.core;
        let (app, serial) = match core.table.get(conn) {
            Some(Conn { app, phase: Phase::Http(exchange), .. }) => (*app, exchange.requests),
            _ => (0, 0),
        };
        let request = Request { head, body, upgrade: handshake.is_some() };
        let id = RequestId { conn, serial };
        let reply = match self.apps.get_mut(usize::from(app)) {
            Some(application) => application.on_request(&mut Ctx::new(core, app), id, &request),
            None => Reply::Now(*refusal::not_found()),
        };
        Answered { reply, handshake }
    }

    fn act(&mut self, id: ConnId, head: &Head<'_>, answered: Answered) {
        let core = &mut self.core;
        let max_requests = core.config.tuning.max_requests_per_connection;
        let stopping = core.watch.is_stopping();
        let now = core.turn.now;
        let Some(conn) = core.table.get(id) else { return };
        let app = conn.app;
        let Phase::Http(exchange) = &mut conn.phase else { return };
        let close = !head.keep_alive() || exchange.requests >= max_requests || stopping;
        let head_only = head.method == Method::Head;
        match (answered.reply, answered.handshake) {
            (Reply::Now(response), _) => core.respond(id, response, head_only, close),
            (Reply::Later, _) => {
                exchange.stage = Stage::Held { head_only, close };
                exchange.since = now;
                core.arm(id);
                // The peer may have closed while this request waited for an earlier answer, so the
                // loop reads once more.
                core.watch.readable.push(id);
            }
            (Reply::Upgrade(options), Some(handshake)) => {
                let start = core.turn.arena.len();
                let compression = core.compression.as_ref();
                let (agreed, extensions) = compression.and_then(|it| it.agree(head)).unzip();
                let protocol = match options.first_subprotocol {
                    true => subprotocols(head).next().and_then(Result::ok),
                    false => None,
                };
                handshake.write(&mut core.turn.arena, extensions.as_deref(), protocol);
                let span = core.turn.span_since(start);
                core.queue(id, span);
                let Core { table, config, .. } = core;
                if let Some(conn) = table.get(id) {
                    conn.outbox.seal();
                    conn.status = 101;
                    conn.open = true;
                    conn.agreed = agreed;
                    conn.set_options(&options, config);
                    conn.phase = Phase::Open { endpoint: Endpoint::default(), mark: None };
                }
                core.notes.metrics.websockets += 1;
                core.notes.metrics.count(Note::Answered, 101);
                core.arm(id);
                if let Some(application) = self.apps.get_mut(usize::from(app)) {
                    application.on_open(&mut Ctx::new(core, app), id, options.tag);
                }
            }
            // The application has a bug if it upgrades a request that did not ask for it. The peer is told.
            (Reply::Upgrade(_), None) => core.refuse(id, *refusal::internal_server_error()),
        }
    }
}

impl Core {
    /// Keeps the head until the body is complete.
    fn await_body(&mut self, id: ConnId, head: &[u8], reader: BodyReader, expects_continue: bool) {
        let now = self.turn.now;
        let Some(conn) = self.table.get(id) else { return };
        let Phase::Http(exchange) = &mut conn.phase else { return };
        exchange.head = head.to_vec();
        exchange.stage = Stage::Body { reader, body: Vec::new() };
        exchange.since = now;
        if expects_continue {
            self.queue_bytes(id, response::CONTINUE);
        }
        self.arm(id);
    }
}
