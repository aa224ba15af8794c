//! By whatever way a member leaves, the others read it exactly once, and the chat goes on.

use super::{
    Chat, Config, Duration, End, PeerNo, Sim, apps, binary, close, frame, frames, from_server, hex, lines,
    members, text, texts,
};
use crate::client::pong;

const FAREWELL: &str = "Client #2 has left the chat";

/// Time goes by, and these members answer the pings that come.
fn live_on(sim: &mut Sim, peers: &[PeerNo], span: Duration) {
    let step = Duration::from_secs(5);
    for _ in 0..span.as_secs() / step.as_secs() {
        sim.advance(step);
        for peer in peers {
            sim.send(*peer, &pong(""));
        }
        sim.run();
    }
}

/// The way of leaving: what the leaver does in this step must make it leave at once, and
/// `answer` is what it still reads.
fn leaves(way: &str, answer: &[u8], mut step: impl FnMut(&mut Sim, PeerNo)) {
    let mut sim = Sim::default();
    let [one, two, three] = members(&mut sim, ["1", "2", "3"]);
    step(&mut sim, two);
    sim.run();
    for rest in [one, three] {
        assert_eq!(lines(&mut sim, rest), [FAREWELL], "{way}");
    }
    let read = sim.take(two);
    assert!(read.starts_with(answer) && frames(&read).len() <= 1, "{way}: {read:02x?}");
    // What it sends now, and its end, are nobody's business any more.
    if sim.end(two) == End::Open {
        sim.send(two, &text("ghost"));
        sim.send(two, &close(1000, ""));
        sim.fin(two);
    }
    live_on(&mut sim, &[one, three], Duration::from_secs(60));
    assert_ne!(sim.end(two), End::Open, "{way}");
    for rest in [one, three] {
        assert_eq!(texts(&sim.take(rest)), Vec::<String>::new(), "{way}");
    }
    goes_on(&mut sim, one, three, way);
    assert_eq!(sim.take(two), b"", "{way}");
}

fn goes_on(sim: &mut Sim, one: PeerNo, other: PeerNo, way: &str) {
    let answer = sim.exchange(one, &text("on"));
    assert_eq!(texts(&answer), ["You wrote: on", "Client #1 says: on"], "{way}");
    assert_eq!(lines(sim, other), ["Client #1 says: on"], "{way}");
}

fn code(code: u16) -> Vec<u8> {
    from_server(0x88, code.to_be_bytes())
}

#[test]
fn with_a_close() {
    // A browser sends 1001 when its tab is closed, and clients may send any code or none.
    for number in [1000, 1001, 3000, 4999] {
        leaves("close", &code(number), |sim, peer| {
            sim.send(peer, &close(number, "bye"));
        });
    }
    leaves("empty close", &[0x88, 0x00], |sim, peer| {
        sim.send(peer, &hex("88 80 00 00 00 00"));
    });
}

#[test]
fn with_a_close_and_fin_or_a_second_close_behind_it() {
    leaves("close, FIN", &code(1000), |sim, peer| {
        sim.send(peer, &close(1000, ""));
        sim.fin(peer);
    });
    leaves("two closes", &code(1000), |sim, peer| {
        sim.send(peer, &[close(1000, ""), close(1001, "")].concat());
    });
    leaves("close, message", &code(1000), |sim, peer| {
        sim.send(peer, &[close(1000, ""), text("too late")].concat());
    });
}

#[test]
fn without_a_close() {
    // TCP ends by FIN or RST, between messages, inside a frame, inside a message.
    for begun in [vec![], hex("81"), text("Hello")[..8].to_vec(), frame(0x01, "Hel")] {
        leaves("FIN", b"", |sim, peer| {
            sim.send(peer, &begun);
            sim.fin(peer);
        });
        leaves("RST", b"", |sim, peer| {
            sim.send(peer, &begun);
            sim.reset(peer);
        });
    }
}

#[test]
fn by_breaking_a_rule() {
    // RFC 6455 §7.4.1: 1002, 1007 and 1009.
    for (input, number) in [
        (hex("81 01 41"), 1002),
        (hex("83 80 00 00 00 00"), 1002),
        (hex("80 80 00 00 00 00"), 1002),
        (frame(0x81, [0xff]), 1007),
        (hex("81 ff 00 00 00 00 01 00 00 01"), 1009),
    ] {
        let mut sim = Sim::default();
        let [one, two] = members(&mut sim, ["1", "2"]);
        let answer = sim.exchange(two, &input);
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..4], u16::to_be_bytes(number));
        assert_eq!(lines(&mut sim, one), [FAREWELL]);
        leaves("violation", &answer, |sim, peer| sim.send(peer, &input));
    }
}

#[test]
fn by_sending_binary() {
    // Close 1003, and the chat goes on. (In the chat of the FastAPI documentation it does not.)
    let mut payload = 1003_u16.to_be_bytes().to_vec();
    payload.extend(b"text only");
    let answer = from_server(0x88, payload);
    leaves("binary", &answer, |sim, peer| sim.send(peer, &binary("x")));
    leaves("empty binary", &answer, |sim, peer| {
        sim.send(peer, &binary(""));
    });
    leaves("binary and more", &answer, |sim, peer| {
        sim.send(peer, &[binary("x"), text("ghost"), binary("y")].concat());
    });

    let mut sim = Sim::default();
    let [one, two] = [sim.open("/ws"), sim.open("/ws")];
    assert_eq!(sim.exchange(two, &binary("x")), answer);
    assert_eq!(lines(&mut sim, one), ["A client disconnected"]);
    assert_eq!(sim.exchange(one, &text("x")), from_server(0x81, "x"));
}

#[test]
fn by_silence() {
    // A Ping after 20 s of silence, a Close 1011 after 40 s.
    let mut sim = Sim::default();
    let [one, two, three] = members(&mut sim, ["1", "2", "3"]);
    live_on(&mut sim, &[one, three], Duration::from_secs(35));
    assert_eq!(sim.take(two), [0x89, 0]);
    assert_eq!(texts(&sim.take(one)), Vec::<String>::new());
    live_on(&mut sim, &[one, three], Duration::from_secs(65));
    let mut payload = 1011_u16.to_be_bytes().to_vec();
    payload.extend(b"keepalive ping timeout");
    assert_eq!(sim.take(two), from_server(0x88, payload));
    assert_eq!(sim.end(two), End::Closed);
    for rest in [one, three] {
        assert_eq!(texts(&sim.take(rest)), [FAREWELL]);
    }
    goes_on(&mut sim, one, three, "silence");
}

#[test]
fn by_not_reading() {
    // A member that does not read leaves like anybody else; the others miss nothing.
    let mut sim = Sim::default();
    let [one, two, three] = members(&mut sim, ["1", "2", "3"]);
    sim.set_window(two, Some(0));
    let long = "x".repeat(300_000);
    let mut said = 0;
    let mut heard = Vec::new();
    while sim.end(two) == End::Open {
        assert!(said < 200, "a queue without a bound");
        let answer = sim.exchange(one, &text(&long));
        let own = texts(&answer).into_iter().filter(|line| line.starts_with("You"));
        assert_eq!(own.count(), 1);
        said += 1;
        heard.extend(lines(&mut sim, three));
        sim.advance(Duration::from_millis(200));
    }
    heard.extend(lines(&mut sim, three));
    let says = heard.iter().filter(|line| line.starts_with("Client #1 says: "));
    assert_eq!(says.count(), said);
    let farewells = heard.iter().filter(|line| *line == FAREWELL);
    assert_eq!(farewells.count(), 1);
    assert_eq!(heard.len(), said + 1);
    sim.take(one);
    live_on(&mut sim, &[one, three], Duration::from_secs(60));
    for rest in [one, three] {
        assert_eq!(texts(&sim.take(rest)), Vec::<String>::new());
    }
    goes_on(&mut sim, one, three, "slow");
}

#[test]
fn last_words_arrive_before_the_farewell_and_at_once() {
    // A message that is complete when the stream ends is passed on.
    type Step = fn(&mut Sim, PeerNo);
    let fin: Step = |sim, peer| {
        sim.send(peer, &text("bye"));
        sim.fin(peer);
    };
    let close_and_fin: Step = |sim, peer| {
        sim.send(peer, &[text("bye"), close(1001, "")].concat());
        sim.fin(peer);
    };
    let closing: Step = |sim, peer| sim.send(peer, &[text("bye"), close(1001, "")].concat());
    let violation: Step = |sim, peer| sim.send(peer, &[text("bye"), hex("81 01 41")].concat());
    let reset: Step = |sim, peer| {
        sim.send(peer, &text("bye"));
        sim.reset(peer);
    };
    for (step, reads) in [(fin, 2), (close_and_fin, 2), (closing, 2), (violation, 2), (reset, 0)] {
        let mut sim = Sim::default();
        let [one, two] = members(&mut sim, ["1", "2"]);
        step(&mut sim, two);
        sim.run();
        assert_eq!(lines(&mut sim, one), ["Client #2 says: bye", FAREWELL]);
        let own = ["You wrote: bye", "Client #2 says: bye"];
        assert_eq!(texts(&sim.take(two)), own[..reads]);
    }
}

#[test]
fn fin_behind_more_data_than_one_read_takes() {
    // The end is noticed, without a new readiness, when all of it is read.
    let mut sim = Sim::default();
    let [one, two] = members(&mut sim, ["1", "2"]);
    let long = "x".repeat(400_000);
    sim.send(two, &[text(&long), text("bye")].concat());
    sim.fin(two);
    sim.run();
    let heard = lines(&mut sim, one);
    assert_eq!(heard.len(), 3);
    assert_eq!(heard[1..], ["Client #2 says: bye", FAREWELL]);
    assert_eq!(sim.end(two), End::Closed);
}

#[test]
fn many_at_once() {
    // Several leave in one turn, some of them in the middle of the room's list
    let mut sim = Sim::default();
    let peers: Vec<PeerNo> = (0..6).map(|id| sim.open(&format!("/ws/{id}"))).collect();
    for (id, peer) in peers.iter().enumerate().take(5) {
        match id {
            0 => sim.fin(*peer),
            1 => sim.reset(*peer),
            2 => sim.send(*peer, &close(1000, "")),
            3 => sim.send(*peer, &binary("x")),
            _ => sim.send(*peer, &hex("81 01 41")),
        }
    }
    sim.run();
    let mut heard = lines(&mut sim, peers[5]);
    heard.sort_unstable();
    let expected: Vec<String> = (0..5).map(|id| format!("Client #{id} has left the chat")).collect();
    assert_eq!(heard, expected);
    let answer = sim.exchange(peers[5], &text("x"));
    assert_eq!(texts(&answer).len(), 2);
}

#[test]
fn farewell_can_be_worded() {
    // `--farewell` sets the words after the name.
    let mut apps = apps();
    apps.insert(0, Box::new(Chat::new("left the chat".to_owned())));
    let mut sim = Sim::with_apps(Config::default(), apps);
    let [one, two] = members(&mut sim, ["1", "2"]);
    sim.fin(two);
    sim.run();
    assert_eq!(lines(&mut sim, one), ["Client #2 left the chat"]);
}
