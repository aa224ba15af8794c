//! HTTP on a connection: request heads, bodies, the application's answer, the upgrade.
//!
//! Answers are written in `respond`. A connection has one request at a time. While it waits for its answer, or the answer
//! for the socket, the bytes after it are kept as they came (`keep_backlog`), and the connection is not read.

use super::Hub;
use super::app::{Reply, Request};
use super::conn::{Conn, Phase, Stage};
use super::core::Core;
use super::ctx::Ctx;
use super::ids::{ConnId, Options, Path, RequestId};
use super::table::Table;
use crate::clock::Time;
use crate::guard::NotAllowed;
use crate::guard::notes::Note;
use crate::http::body::{Announced, BodyReader, Framing};
use crate::http::head::{self, Head, HeadScanner};
use crate::http::method::Method;
use crate::http::refusal;
use crate::http::response::{self, Status};
use crate::ws::endpoint::Endpoint;
use crate::ws::handshake::{Handshake, plan};
use crate::ws::offers::subprotocols;
use std::mem;

impl Hub {
    /// Takes the next request off `input`, or a part of it.
    ///
    /// If another request still waits for its answer, or its answer for the socket, all of `input` is kept for later.
    pub(super) fn receive_http(&mut self, id: ConnId, input: &mut &mut [u8]) {
        let Core { table, config, turn, .. } = &mut self.core;
        let Table { conns, caps, .. } = table;
        let Some(conn) = conns.get_mut(id.slot as usize) else { return };
        let is_full = conn.outbox.len() >= config.tuning.high_water_bytes;
        let Phase::Http(exchange) = &mut conn.phase else { return };
        match exchange.stage {
            Stage::Head if !is_full => {}
            Stage::Body { .. } => return self.receive_body(id, input),
            _ => {
                let rest = mem::take(input);
                return self.core.keep_backlog(id, rest);
            }
        }
        if exchange.scanner.head_bytes == 0 && exchange.requests > 0 {
            exchange.since = turn.now;
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
        let core = &mut self.core;
        let mut slots = head::NO_FIELDS;
        let head = match head::parse(bytes, &mut slots) {
            Ok(head) => head,
            Err(rejection) => return core.refuse(id, *rejection),
        };
        if let Err(rejection) = core.policy.check_host(head.host) {
            let named = head.host.map(|host| NotAllowed::Host(host.text));
            return core.refuse_named(id, *rejection, false, named);
        }
        let body = match Announced::of(&head) {
            Ok(body) => body,
            Err(rejection) => return core.refuse(id, *rejection),
        };
        let Some(conn) = core.table.get(id) else { return };
        conn.path = Path::new(head.path);
        let mut apps = self.apps.iter().zip(0..);
        let (app, route) = apps.find_map(|(app, index)| Some((index, app.route(&head)?))).unzip();
        let handshake = match plan(&head, body.framing, route.as_ref(), &core.policy) {
            Ok(Some(_)) if core.watch.stop_at != Time::NEVER => {
                return core.refuse(id, *refusal::service_unavailable());
            }
            Ok(handshake) => handshake,
            Err(rejection) => {
                let origin = head.fields.single("origin");
                let origin = origin.filter(|_| rejection.status == Status(403));
                let head_only = head.method == Method::Head;
                return core.refuse_named(id, *rejection, head_only, origin.map(NotAllowed::Origin));
            }
        };
        conn.app = app.unwrap_or_default();
        if body.framing == Framing::None {
            return self.answer(id, &head, &[], handshake);
        }
        let max_body_bytes = route.map_or(0, |route| route.max_body_bytes);
        match BodyReader::new(body.framing, max_body_bytes, &core.config) {
            Ok(reader) => core.await_body(id, bytes, reader, body.expects_continue),
            Err(rejection) => core.refuse(id, *rejection),
        }
    }

    /// Takes the next bytes of a body. The request is answered when they are the last.
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
        self.answer(id, &head, &body, None);
    }

    /// Has the application answer a request, and does what it says.
    fn answer(&mut self, id: ConnId, head: &Head<'_>, body: &[u8], handshake: Option<Handshake>) {
        let core = &mut self.core;
        let Some(Conn { app, phase: Phase::Http(exchange), .. }) = core.table.get(id) else { return };
        let (app, serial) = (*app, exchange.requests);
        let Some(application) = self.apps.get_mut(usize::from(app)) else { return };
        let request = Request { head, body, upgrade: handshake.is_some() };
        let name = RequestId { conn: id, serial };
        let reply = application.on_request(&mut Ctx::new(core, app), name, &request);
        // The callback may have cost the connection.
        let is_last =
            serial >= core.config.tuning.max_requests_per_connection || core.watch.stop_at != Time::NEVER;
        let Some(Conn { phase: Phase::Http(exchange), .. }) = core.table.get(id) else { return };
        let close = || !head.keep_alive() || is_last;
        let head_only = head.method == Method::Head;
        match (reply, handshake) {
            (Reply::Upgrade(options), Some(handshake)) => self.open(id, app, head, &handshake, &options),
            (Reply::Now(response), _) => core.respond(id, response, head_only, close()),
            (Reply::Later, _) => {
                exchange.stage = Stage::Held { head_only, close: close() };
                exchange.since = core.turn.now;
                core.arm(id);
                // The peer may have closed while this request waited for an earlier answer, so the
                // loop reads once more.
                core.watch.readable.push(id);
            }
            // The application has a bug if it upgrades a request that did not ask for it. The peer is told.
            (Reply::Upgrade(_), None) => core.refuse(id, *refusal::internal_server_error()),
        }
    }

    /// Queues the `101`. The connection is a WebSocket from here on, and its application hears of it.
    fn open(&mut self, id: ConnId, app: u8, head: &Head<'_>, handshake: &Handshake, options: &Options) {
        let core = &mut self.core;
        let (agreed, extensions) = core.compression.as_ref().and_then(|it| it.agree(head)).unzip();
        let protocol = match options.first_subprotocol {
            true => subprotocols(head).next().flatten(),
            false => None,
        };
        let Some(conn) = core.table.get(id) else { return };
        let start = core.turn.arena.len();
        handshake.write(&mut core.turn.arena, extensions.as_deref(), protocol);
        let span = core.turn.span_since(start);
        let is_alone = conn.outbox.is_empty();
        core.turn.queue(id.slot, conn, span);
        if !is_alone {
            conn.outbox.seal();
        }
        conn.status = 101;
        conn.open = true;
        conn.agreed = agreed;
        conn.set_options(options, &core.config);
        conn.phase = Phase::Open { endpoint: Endpoint::default(), mark: None };
        core.notes.metrics.websockets += 1;
        core.notes.metrics.count(Note::Answered, 101);
        core.arm(id);
        if let Some(application) = self.apps.get_mut(usize::from(app)) {
            application.on_open(&mut Ctx::new(core, app), id, options.tag);
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
            let start = self.turn.arena.len();
            self.turn.arena.extend_from_slice(response::CONTINUE);
            let span = self.turn.span_since(start);
            self.queue(id, span);
        }
        self.arm(id);
    }
}
