//! The trace of the simulated server: what each listener of its tap is told.

use crate::client::{frame, hex, upgrade};
use crate::sim::Sim;
use crate::support::golden;
use crate::support::markdown::page;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;
use ws101::config::TraceForm;
use ws101::tools::conversation::Options;
use ws101::tools::event::{Event, Listener, Look, Seen};
use ws101::tools::kept::Keep;
use ws101::tools::trace::Trace;
use ws101::tools::trace::writer::Writer;
use ws101::ws::endpoint::Limits;

/// What a writer has written.
#[derive(Clone, Default)]
pub(super) struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// Notes all events.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<Event>>>);

impl Listener for Notes {
    fn event(&mut self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }

    fn turn_ends(&mut self) -> bool {
        false
    }
}

pub(super) const LOOK: Look =
    Look { form: TraceForm::Fields, is_full: false, with_secrets: false, without_times: true };

fn writer(look: Look) -> (Paper, Box<dyn Listener>) {
    let paper = Paper::default();
    (paper.clone(), Box::new(Writer::new(paper, look, |_| false)))
}

fn options(look: Look) -> Options {
    let keep = if look.is_full { Keep::FULL } else { Keep::SHORT };
    Options { keep, limits: Limits::default(), goes_on: false, inflates: true, most_inflated: u64::MAX }
}

/// A server whose trace looks like this.
pub(super) fn traced(look: Look) -> (Sim, Paper) {
    let (paper, listener) = writer(look);
    let mut sim = Sim::default();
    sim.watch(Trace::new(options(look), vec![listener]));
    (sim, paper)
}

/// Hello and goodbye, in two reads and the rest.
fn say_hello(sim: &mut Sim) {
    let peer = sim.connect();
    for part in
        [upgrade("/echo").into_bytes(), hex("81 85 37"), hex("fa 21 3d 7f 9f 4d 51 58 89 80 00 00 00 00")]
    {
        sim.send(peer, &part);
        sim.run();
    }
    sim.advance(Duration::from_millis(3_218));
    sim.send(peer, &hex("88 82 37 fa 21 3d 34 12"));
    sim.run();
    sim.fin(peer);
    sim.run();
}

#[test]
fn fields_of_a_conversation_stand_in_the_order_of_the_wire() {
    let (mut sim, paper) = traced(Look { without_times: false, ..LOOK });
    say_hello(&mut sim);
    golden::compare("tools/trace/fields.wire", &paper.text());
}

#[test]
fn the_trace_that_documents_show_is_one() {
    let (mut sim, paper) = traced(LOOK);
    say_hello(&mut sim);
    let trace = paper.text();
    // What stands around a connection is told in words there.
    let shown = trace
        .lines()
        .filter(|line| !line.starts_with("# 1 ") && !line.starts_with("# This ") && *line != "C> fin");
    let page = page("docs/bytes.md");
    let fences = page.fences_of("wire");
    assert_eq!(fences[0].lines, shown.collect::<Vec<_>>());
}

#[test]
fn short_form_has_a_line_for_each_frame() {
    let (mut sim, paper) = traced(Look { form: TraceForm::Short, ..LOOK });
    say_hello(&mut sim);
    golden::compare("tools/trace/short.wire", &paper.text());
}

#[test]
fn hex_form_has_a_dump_after_each_frame() {
    let (mut sim, paper) = traced(Look { form: TraceForm::Hex, ..LOOK });
    say_hello(&mut sim);
    golden::compare("tools/trace/hex.wire", &paper.text());
}

#[test]
fn json_form_has_an_object_on_each_line() {
    let (mut sim, paper) = traced(Look { form: TraceForm::Json, ..LOOK });
    say_hello(&mut sim);
    let lines: Vec<serde_json::Value> =
        paper.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "open",
            "request",
            "response",
            "read",
            "frame",
            "frame",
            "frame",
            "frame",
            "frame",
            "frame",
            "server end",
            "client end",
            "end"
        ]
    );
    let frame = &lines[4];
    assert_eq!(
        (&frame["title"], &frame["conn"]),
        (&"text frame from a client, 11 bytes: \"Hello\"".into(), &1.into())
    );
    assert_eq!(frame["reads"], serde_json::json!([0, 3]));
    assert_eq!(frame["fields"][6]["hex"], "7f9f4d5158");
    assert_eq!(frame["fields"][7]["hex"], "48656c6c6f");
}

#[test]
fn two_listeners_of_one_tap_are_told_the_same() {
    let (paper, listener) = writer(LOOK);
    let (one, other) = (Notes::default(), Notes::default());
    let mut sim = Sim::default();
    let listeners: Vec<Box<dyn Listener>> = vec![Box::new(one.clone()), listener, Box::new(other.clone())];
    sim.watch(Trace::new(options(LOOK), listeners));
    say_hello(&mut sim);
    say_hello(&mut sim);
    assert_eq!(*one.0.borrow(), *other.0.borrow());
    assert_eq!(one.0.borrow().len(), 26);
    assert_eq!(paper.text().matches("# \"Hello\"").count(), 4);
    // The second connection has its number on each of its lines.
    assert_eq!(paper.text().lines().filter(|line| line.starts_with("2C> ")).count(), 4);
}

#[test]
fn secrets_of_heads_stand_in_no_form() {
    let head = "GET /echo?password=sesame&x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Cookie: id=sesame\r\nAuthorization: Basic sesame\r\nProxy-Authorization: sesame\r\nX-Api-Key:sesame\r\n\
        Sec-WebSocket-Protocol: graphql-ws, sesame\r\nSec-WebSocket-Protocol: sesame,mqtt\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for form in [TraceForm::Fields, TraceForm::Short, TraceForm::Hex, TraceForm::Json] {
        let (mut sim, paper) = traced(Look { form, is_full: true, ..LOOK });
        let peer = sim.connect();
        // Cut within the secrets, too.
        for part in head.as_bytes().chunks(41) {
            sim.send(peer, part);
            sim.run();
        }
        assert!(!paper.text().contains("sesa") && !paper.text().contains("same"), "{}", paper.text());
        assert!(paper.text().contains("hidden, "), "{}", paper.text());
        if form == TraceForm::Fields {
            assert!(paper.text().contains("graphql-ws, "), "{}", paper.text());
            assert!(paper.text().starts_with("# This trace leaves bytes out"));
        }
        let (mut sim, paper) = traced(Look { form, is_full: true, with_secrets: true, ..LOOK });
        let peer = sim.connect();
        sim.send(peer, head.as_bytes());
        sim.run();
        assert!(paper.text().contains("sesame"));
    }
}

/// RFC 9112 §2.2: an empty line may stand before the request line.
#[test]
fn a_query_behind_an_empty_line_stands_in_no_form() {
    for form in [TraceForm::Fields, TraceForm::Short, TraceForm::Hex, TraceForm::Json] {
        let (mut sim, paper) = traced(Look { form, is_full: true, ..LOOK });
        let peer = sim.connect();
        sim.send(peer, format!("\r\n{}", upgrade("/echo?password=sesame")).as_bytes());
        sim.run();
        assert!(!paper.text().contains("sesame"), "{}", paper.text());
        assert!(paper.text().contains("hidden, 15 bytes"), "{}", paper.text());
    }
}

#[test]
fn a_head_that_breaks_off_hides_its_secrets_too() {
    let (mut sim, paper) = traced(LOOK);
    let peer = sim.connect();
    sim.send(peer, b"GET / HTTP/1.1\r\nCookie: sesame\r\n sesame\r\nX");
    sim.run();
    sim.reset(peer);
    sim.run();
    assert!(!paper.text().contains("sesame"), "{}", paper.text());
    assert!(paper.text().contains("the head is not complete"), "{}", paper.text());
}

#[test]
fn a_broken_rule_is_told_where_the_server_notices_it() {
    let (mut sim, paper) = traced(LOOK);
    let peer = sim.open("/echo");
    sim.exchange(peer, &[&frame(0x81, "ok")[..], &hex("81 05 48 65")].concat());
    sim.exchange(peer, b"llo");
    sim.reset(peer);
    sim.run();
    let text = paper.text();
    let rule = text.find("# ! 5.1-2: a client masks every frame").unwrap();
    let close = text.find("S< 88 12 03 ea").unwrap();
    assert!(rule < close, "{text}");
    assert!(text.contains("# nobody reads this, 5 bytes"), "{text}");
}

#[test]
fn long_payloads_are_shortened_unless_all_is_asked_for() {
    let payload: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    let (mut sim, paper) = traced(LOOK);
    let peer = sim.open("/echo");
    sim.exchange(peer, &frame(0x82, &payload));
    assert!(paper.text().contains("S+ 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f\nS+ ...*952\nS+ d8 "));
    let (mut sim, full) = traced(Look { is_full: true, ..LOOK });
    let peer = sim.open("/echo");
    sim.exchange(peer, &frame(0x82, &payload));
    assert!(!full.text().contains("..."), "{}", full.text());
    assert_eq!(full.text().lines().filter(|line| line.starts_with("S+ ") && !line.contains('"')).count(), 63);
}

#[test]
fn what_does_not_fit_between_two_turns_is_counted() {
    let notes = Notes::default();
    let mut sim = Sim::default();
    sim.watch(Trace::new(options(Look { is_full: true, ..LOOK }), vec![Box::new(notes.clone())]));
    let peers: Vec<_> = (0..60).map(|_| sim.open("/broadcast")).collect();
    notes.0.borrow_mut().clear();
    sim.exchange(peers[0], &frame(0x82, vec![7; 200_000]));
    let events = notes.0.borrow();
    let units = events.iter().filter(|event| matches!(event.what, Seen::Unit(_))).count();
    let lost: u64 =
        events.iter().map(|event| if let Seen::Lost(count) = event.what { count } else { 0 }).sum();
    assert_eq!(units as u64 + lost, 61, "{lost} were lost");
    assert!((10..50).contains(&lost), "{lost}");
    drop(events);
    // The trace goes on after that.
    notes.0.borrow_mut().clear();
    sim.exchange(peers[0], &frame(0x81, "hi"));
    assert_eq!(notes.0.borrow().len(), 61);
}

#[test]
fn a_peer_that_leaves_in_the_middle_of_a_frame_is_shown_as_far_as_it_came() {
    let (mut sim, paper) = traced(LOOK);
    let peer = sim.open("/echo");
    sim.exchange(peer, &hex("81 85 37 fa 21 3d 7f 9f"));
    sim.fin(peer);
    sim.run();
    let text = paper.text();
    assert!(
        text.contains(
            "C> 81 85                                     # FIN text, MASK, 5 bytes, 3 bytes are missing"
        ),
        "{text}"
    );
    assert!(text.contains("C+ 7f 9f                                     # \"He\""), "{text}");
    assert!(text.contains("C> fin\n"), "{text}");
    assert!(text.contains("no Close was sent"), "{text}");
}
