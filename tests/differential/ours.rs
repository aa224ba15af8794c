//! What ws101 makes of a stream: the endpoint alone, fed whole; the same, cut; and the whole hub
//! with `/echo` on the virtual clock, cut. The three must agree to the byte.

use crate::client::{SWITCHING, from_server, upgrade};
use crate::outcome::{End, Event, Outcome};
use crate::sim::{self, Rng, Sim};
use std::time::Duration;
use ws101::config::{Config, Tuning};
use ws101::ws::close::Violation;
use ws101::ws::endpoint::{Endpoint, Event as Found, Limits};

/// The bytes behind a handshake, and the limits under which they are read.
#[derive(Clone, Debug)]
pub struct Case {
    pub stream: Vec<u8>,
    pub max_message_bytes: u64,
    pub max_fragments: u32,
    /// Decides where the stream is cut.
    pub cuts: u64,
}

/// The outcome, and the rule that was broken, if one was.
pub struct Ours {
    pub outcome: Outcome,
    pub violation: Option<Violation>,
}

/// # Errors
/// ws101 does not agree with itself.
pub fn outcome(case: &Case) -> Result<Ours, String> {
    let ours = feed(case, vec![case.stream.clone()]);
    let cut = feed(case, pieces(case));
    if cut.outcome != ours.outcome {
        return Err(format!("whole: {:?}\ncut:   {:?}", ours.outcome, cut.outcome));
    }
    let (written, end) = echo(case);
    let (expected, expected_end) = answer(&ours);
    if written != expected || end != expected_end {
        let at = written.iter().zip(&expected).take_while(|(a, b)| a == b);
        return Err(format!(
            "endpoint: {:?}\nthe hub's answer of {} bytes ({end:?}) differs from the expected {} \
             ({expected_end:?}) behind {}",
            ours.outcome,
            written.len(),
            expected.len(),
            at.count()
        ));
    }
    Ok(ours)
}

/// The stream, cut at up to five places; a short one sometimes everywhere.
fn pieces(case: &Case) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(case.cuts);
    let stream = &case.stream;
    if stream.len() < 200 && rng.below(4) == 0 {
        return stream.iter().map(|byte| vec![*byte]).collect();
    }
    let mut cuts: Vec<usize> = (0..=rng.below(5)).map(|_| rng.below(stream.len())).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    let mut from = 0;
    let mut pieces = Vec::new();
    for to in cuts {
        if to > from {
            pieces.push(stream[from..to].to_vec());
            from = to;
        }
    }
    pieces
}

fn feed(case: &Case, pieces: Vec<Vec<u8>>) -> Ours {
    let limits = Limits {
        max_message_bytes: case.max_message_bytes,
        max_fragments: case.max_fragments,
        ..Limits::default()
    };
    let mut endpoint = Endpoint::default();
    let mut events = Vec::new();
    let mut violation = None;
    let mut end = End::Waiting;
    'pieces: for mut piece in pieces {
        let mut input = &mut piece[..];
        loop {
            match endpoint.receive(&mut input, &limits) {
                Ok(None) => break,
                Ok(Some(Found::Close(code))) => {
                    end = End::Closed(code.map(|code| code.0));
                    break 'pieces;
                }
                Ok(Some(found)) => events.push(event(found)),
                Err(broken) => {
                    end = End::Failed(broken.close_code().0);
                    violation = Some(broken);
                    break 'pieces;
                }
            }
        }
    }
    Ours { outcome: Outcome { events, end }, violation }
}

fn event(found: Found<'_>) -> Event {
    match found {
        Found::Message(message) if message.is_text() => Event::Text(message.to_vec()),
        Found::Message(message) => Event::Binary(message.to_vec()),
        Found::Ping(ping) => Event::Ping(ping.to_vec()),
        Found::Pong => Event::Pong,
        Found::Close(_) => unreachable!("the caller takes it"),
        Found::Growing(_) => unreachable!("there is no extension"),
    }
}

/// What `/echo` answers to these events, and how it then stands.
fn answer(ours: &Ours) -> (Vec<u8>, sim::End) {
    let mut bytes = Vec::new();
    for event in &ours.outcome.events {
        match event {
            Event::Text(text) => bytes.extend(from_server(0x81, text)),
            Event::Binary(payload) => bytes.extend(from_server(0x82, payload)),
            Event::Ping(payload) => bytes.extend(from_server(0x8a, payload)),
            Event::Pong => {}
        }
    }
    let code = match ours.outcome.end {
        End::Waiting => return (bytes, sim::End::Open),
        End::Closed(code) => code,
        End::Failed(code) => Some(code),
    };
    let mut payload = Vec::new();
    if let Some(code) = code {
        payload.extend(code.to_be_bytes());
    }
    if let Some(violation) = ours.violation {
        payload.extend(violation.reason().bytes());
    }
    bytes.extend(from_server(0x88, payload));
    (bytes, sim::End::HalfClosed)
}

fn echo(case: &Case) -> (Vec<u8>, sim::End) {
    let mut sim = Sim::new(Config {
        max_message_bytes: case.max_message_bytes,
        ping_interval: Duration::ZERO,
        tuning: Tuning {
            max_fragments: case.max_fragments,
            // A frame that is filled up may be long, and is read to its end.
            linger_bytes: u64::MAX,
            ..Tuning::default()
        },
        ..Config::default()
    });
    let mut rng = Rng::new(!case.cuts);
    let peer = sim.connect();
    let mut head = upgrade("/echo").into_bytes();
    let mut pieces = pieces(case).into_iter();
    // Half of the clients do not wait for the 101: frames come with the end of the head.
    if rng.below(2) == 0 {
        head.extend(pieces.next().unwrap_or_default());
    }
    sim.send(peer, &head);
    for piece in pieces {
        // Now and then several pieces wait for the same turn.
        if rng.below(3) > 0 {
            sim.run();
        }
        sim.send(peer, &piece);
    }
    sim.run();
    let written = sim.take(peer);
    let frames = written.strip_prefix(SWITCHING.as_bytes());
    (frames.unwrap_or_default().to_vec(), sim.end(peer))
}
