//! The lines of the log, to the letter: their levels, their words, and how many of a kind are written.

use crate::answer::get;
use crate::client::{binary, close, hex, text, upgrade};
use crate::sim::{Sim, bugs::strike};
use log::{LevelFilter, Log, Metadata, Record};
use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::sync::Once;
use std::time::Duration;
use ws101::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::method::Method;
use ws101::http::route::Route;

thread_local! {
    static LINES: RefCell<(LevelFilter, Vec<String>)> =
        const { RefCell::new((LevelFilter::Off, Vec::new())) };
}

/// Keeps the lines of each test apart: each has a thread of its own.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        LINES.with_borrow(|(level, _)| metadata.level() <= *level)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}", record.level(), record.args());
            LINES.with_borrow_mut(|(_, lines)| lines.push(line));
        }
    }

    fn flush(&self) {}
}

/// What is logged from now on, up to this level.
fn record(level: LevelFilter) {
    static START: Once = Once::new();
    START.call_once(|| {
        log::set_logger(&Recorder).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    LINES.set((level, Vec::new()));
}

/// What was logged since it was asked for.
fn logged() -> Vec<String> {
    LINES.with_borrow_mut(|(_, lines)| std::mem::take(lines))
}

/// Does what a message says.
struct Obeys;

impl App for Obeys {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/obeys").then_some(Route {
            methods: &[Method::Get],
            websocket: true,
            max_body_bytes: 0,
        })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, _: ConnId, _: u64, message: Message<'_>) {
        match message {
            Message::Text("info") => ctx.log_info("News", "\u{1b}[2J \"7\""),
            Message::Text("debug") => ctx.log_debug("Detail", "line\nline"),
            Message::Text("trouble") => {
                ctx.report_trouble("/srv/x.html", &Error::from(ErrorKind::TimedOut));
            }
            Message::Text("hold") => ctx.count_kept(7, 1 << 20),
            _ => strike(),
        }
    }

    fn on_give_up(&mut self, ctx: &mut Ctx<'_>, key: u64) {
        ctx.count_kept(key, 0);
    }
}

fn sim() -> Sim {
    let config = Config { memory_budget_bytes: 512 << 10, ..Config::default() };
    let mut sim = Sim::with_apps(config, {
        let mut apps = crate::sim::apps();
        apps.push(Box::new(Obeys));
        apps
    });
    sim.expects_bugs = true;
    record(LevelFilter::Trace);
    sim
}

#[test]
fn connection_that_ends_has_one_line() {
    let mut sim = sim();
    let peer = sim.open("/ws/7?secret=1");
    sim.advance(Duration::from_millis(12_345));
    sim.exchange(peer, &close(1001, ""));
    sim.fin(peer);
    sim.run();
    let peer = sim.connect();
    sim.exchange(peer, get("/healthz").as_bytes());
    sim.reset(peer);
    sim.run();
    let peer = sim.connect();
    sim.reset(peer);
    sim.run();
    assert_eq!(
        logged(),
        [
            "INFO 127.0.0.1:40000 /ws/7 12.345 s, 174 bytes in, 133 out, close 1001 peer",
            "INFO 127.0.0.1:40001 /healthz 0.000 s, 42 bytes in, 177 out, status 200 peer",
            "INFO 127.0.0.1:40002 - 0.000 s, 0 bytes in, 0 out, status 0 peer",
        ]
    );
}

#[test]
fn what_a_peer_did_wrong_has_a_line() {
    let mut sim = sim();
    let upgrade = upgrade("/echo").replace("Upgrade: w", "Origin: null\r\nUpgrade: w");
    for request in ["NONSENSE\r\n", &get("/none"), &upgrade] {
        let peer = sim.connect();
        sim.exchange(peer, request.as_bytes());
    }
    let peer = sim.open("/echo");
    sim.exchange(peer, &hex("83 80"));
    assert_eq!(
        logged(),
        [
            "WARN 127.0.0.1:40000 - 400: This is not an HTTP/1.1 request.",
            "WARN 127.0.0.1:40001 /none 404: Nothing is served at this path.",
            "WARN 127.0.0.1:40002 /echo 403: Origin \"null\" may not connect; a page from disk, or a \
             sandboxed frame of any site: serve its folder with --www instead",
            "DEBUG 127.0.0.1:40003 fails: unknown opcode",
        ]
    );
}

// Without the shortcuts a large message holds other blocks while it arrives, so others go first.
#[cfg_attr(feature = "plain", ignore)]
#[test]
fn who_costs_too_much_memory_or_does_not_read_has_a_line() {
    let mut sim = sim();
    let slow = sim.open("/broadcast");
    sim.set_window(slow, Some(0));
    let sender = sim.open("/broadcast");
    sim.exchange(sender, &binary(vec![0; 100_000]));
    sim.advance(Duration::from_secs(30));
    assert_eq!(logged(), ["WARN 127.0.0.1:40000 does not read: 100012 bytes dropped"]);
    let slow = sim.open("/broadcast");
    sim.set_window(slow, Some(0));
    for _ in 0..2 {
        sim.exchange(sender, &binary(vec![0; 400_000]));
    }
    let obeys = sim.open("/obeys");
    sim.exchange(obeys, &text("hold"));
    // How many bytes depends on the size of our records.
    let lines: Vec<String> = (logged().iter())
        .filter_map(|line| line.split_once(" bytes are held"))
        .map(|(before, after)| before.trim_end_matches(char::is_numeric).to_owned() + after)
        .collect();
    assert_eq!(
        lines,
        [
            "WARN 127.0.0.1:40001 is ended, the memory budget is full and  for it",
            "WARN 127.0.0.1:40000 is ended, the memory budget is full and  for it",
            "WARN 127.0.0.1:40002 is ended, the memory budget is full and  for it",
            "WARN a session is ended, the memory budget is full and  for it",
        ]
    );
}

#[test]
fn what_the_system_and_applications_do_has_a_line() {
    let mut sim = sim();
    let error = Error::from(ErrorKind::OutOfMemory);
    sim.hub.note_accept_error(&error, sim.now);
    let obeys = sim.open("/obeys");
    for word in ["info", "debug", "trouble", "panic"] {
        sim.exchange(obeys, &text(word));
    }
    sim.fin(obeys);
    sim.run();
    sim.hub.recover(sim.now);
    assert_eq!(
        logged(),
        [
            "ERROR connections cannot be accepted: out of memory",
            "INFO News: \\x1b[2J \\\"7\\\"",
            "DEBUG Detail: line\\x0aline",
            "ERROR /srv/x.html: timed out",
            "ERROR a bug, met by 127.0.0.1:40000: ",
            "INFO 127.0.0.1:40000 /obeys 0.000 s, 203 bytes in, 147 out, close 1011 application",
            "ERROR a bug, met by no connection: ",
        ]
    );
}

#[test]
fn ten_lines_of_a_kind_are_written_in_a_second_and_then_their_number() {
    let mut sim = sim();
    let obeys = sim.open("/obeys");
    for word in ["info", "debug", "trouble"] {
        sim.exchange(obeys, &text(word).repeat(13));
    }
    for _ in 0..12 {
        let peer = sim.connect();
        sim.exchange(peer, b"NONSENSE\r\n");
        sim.reset(peer);
        let peer = sim.open("/echo");
        sim.exchange(peer, &hex("83 80"));
        sim.reset(peer);
        sim.hub.recover(sim.now);
        sim.hub.note_accept_error(&Error::from(ErrorKind::OutOfMemory), sim.now);
        sim.run();
    }
    let lines = logged();
    assert_eq!(lines.len(), 6 * 10 + 10 + 1);
    sim.advance(Duration::from_millis(999));
    assert_eq!(logged(), [""; 0]);
    sim.advance(Duration::from_millis(1));
    assert_eq!(
        logged(),
        [
            "INFO 14 connection lines suppressed",
            "WARN 2 refusal lines suppressed",
            "DEBUG 2 violation lines suppressed",
            "ERROR 3 trouble lines suppressed",
            "ERROR 2 bug lines suppressed",
            "INFO 3 application lines suppressed",
            "DEBUG 3 application detail lines suppressed",
        ]
    );
    sim.advance(Duration::from_millis(8_999));
    assert_eq!(logged(), [""; 0]);
    sim.advance(Duration::from_millis(1));
    assert_eq!(logged(), ["ERROR 11 accept error lines suppressed"]);
}

#[test]
fn lines_of_a_level_that_is_off_are_not_counted() {
    let mut sim = sim();
    record(LevelFilter::Info);
    let obeys = sim.open("/obeys");
    sim.exchange(obeys, &text("debug").repeat(20));
    sim.exchange(obeys, &text("info").repeat(11));
    assert_eq!(logged().len(), 10);
    sim.hub.finish();
    assert_eq!(logged(), ["INFO 1 application lines suppressed"]);
}
