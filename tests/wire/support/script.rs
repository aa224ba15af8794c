//! One check for every vector: the same bytes, cut in every way, must give the same answer
//! (RFC 6455 §5.2: how frames are spread over TCP segments has no meaning).

use crate::client;
use crate::sim::{End, PeerNo, Rng, Sim};
use crate::support::{self, difference};
use ws101::config::Config;

/// Inputs longer than this are not tried at every single cut, only at cuts near the ends and at
/// random ones: a test is to take milliseconds.
const EVERY_CUT_BYTES: usize = 600;
const RANDOM_RUNS: u64 = 24;

/// A conversation on one connection: what the client sends, what must come back, how it ends.
pub struct Script<'a> {
    pub config: Config,
    pub path: &'a str,
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    pub end: End,
}

/// How a conversation is opened, before the first of its bytes.
pub type Open<'a> = &'a dyn Fn() -> (Sim, PeerNo);

/// Plays an input in pieces that end at these cuts; gives what came back and how it ended.
pub type Play<'a> = &'a dyn Fn(&[u8], &[usize]) -> (Vec<u8>, End);

/// On `/echo`, everything sent and received as literal bytes; the connection stays open.
#[track_caller]
pub fn echo(input: Vec<u8>, output: Vec<u8>) {
    check(&Script { config: Config::default(), path: "/echo", input, output, end: End::Open });
}

/// On `/echo`: the answer ends with the Close of this code, then the server closes its side.
#[track_caller]
pub fn fails(input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    fails_with(Config::default(), input, earlier, code);
}

#[track_caller]
pub fn fails_with(config: Config, input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    fails_opened(&|| opened(&config, "/echo"), input, earlier, code);
}

#[track_caller]
pub fn fails_opened(open: Open<'_>, input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    for cuts in ways(&input) {
        let came = converse(open, &input, &cuts);
        let expected = with_close(&earlier, code, &came.0);
        compare("", &input, &cuts, (&expected, End::HalfClosed), &came);
    }
}

/// Like `fails`, and the last byte of `input` is the first that proves the violation: without it
/// nothing has happened yet.
#[track_caller]
pub fn fails_at_last_byte(input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    fails_at_last_byte_with(Config::default(), input, earlier, code);
}

#[track_caller]
pub fn fails_at_last_byte_with(config: Config, input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    fails_at_last_byte_opened(&|| opened(&config, "/echo"), input, earlier, code);
}

#[track_caller]
pub fn fails_at_last_byte_opened(open: Open<'_>, input: Vec<u8>, earlier: Vec<u8>, code: u16) {
    let (_, before) = input.split_last().expect("an input");
    for cuts in [Vec::new(), (1..before.len()).collect()] {
        let came = converse(open, before, &cuts);
        let what = "without its last byte: ";
        compare(what, before, &cuts, (&earlier, End::Open), &came);
    }
    fails_opened(open, input, earlier, code);
}

/// Runs the script whole, byte by byte, at every cut, and at random cuts.
#[track_caller]
pub fn check(script: &Script<'_>) {
    check_opened(&|| opened(&script.config, script.path), &script.input, &script.output, script.end);
}

/// Like `check`, for a conversation that is opened otherwise.
#[track_caller]
pub fn check_opened(open: Open<'_>, input: &[u8], expected: &[u8], expected_end: End) {
    let play = |input: &[u8], cuts: &[usize]| converse(open, input, cuts);
    check_played(&play, input, expected, expected_end);
}

/// Like `check`, for a conversation that is played otherwise.
#[track_caller]
pub fn check_played(play: Play<'_>, input: &[u8], expected: &[u8], expected_end: End) {
    for cuts in ways(input) {
        let came = play(input, &cuts);
        compare("", input, &cuts, (expected, expected_end), &came);
    }
}

/// Fails unless `came` is as expected.
#[track_caller]
fn compare(what: &str, sent: &[u8], cuts: &[usize], expected: (&[u8], End), came: &(Vec<u8>, End)) {
    let came = (&came.0[..], came.1);
    if let Some(text) = difference::between(sent, cuts, &expected, &came) {
        support::fail(&format!("{what}{text}"));
    }
}

/// What came earlier and a Close of this code, its reason as in what `came`.
fn with_close(earlier: &[u8], code: u16, came: &[u8]) -> Vec<u8> {
    let close = came.strip_prefix(earlier).unwrap_or_default();
    let reason = match close {
        [0x88, _, _, _, reason @ ..] => reason,
        _ => &[],
    };
    let payload = [&code.to_be_bytes(), reason].concat();
    [earlier, &client::from_server(0x88, payload)].concat()
}

fn opened(config: &Config, path: &str) -> (Sim, PeerNo) {
    let mut sim = Sim::new(config.clone());
    let peer = sim.open(path);
    (sim, peer)
}

/// Sends `input` in pieces, each a read of its own.
fn converse(open: Open<'_>, input: &[u8], cuts: &[usize]) -> (Vec<u8>, End) {
    let (mut sim, peer) = open();
    send_cut(&mut sim, peer, input, cuts);
    (sim.take(peer), sim.end(peer))
}

/// Sends and runs piece by piece.
pub fn send_cut(sim: &mut Sim, peer: PeerNo, input: &[u8], cuts: &[usize]) {
    let mut from = 0;
    for to in cuts.iter().copied().chain([input.len()]) {
        if to > from {
            sim.send(peer, &input[from..to]);
            sim.run();
            from = to;
        }
    }
}

/// Lists of places to cut: nowhere, everywhere, at each single place, at random.
pub fn ways(input: &[u8]) -> Vec<Vec<usize>> {
    let len = input.len();
    let mut ways = vec![Vec::new()];
    if len <= 8 * EVERY_CUT_BYTES {
        ways.push((1..len).collect());
    }
    if len <= EVERY_CUT_BYTES {
        ways.extend((1..len).map(|cut| vec![cut]));
    } else {
        ways.extend((1..20).chain(len - 20..len).map(|cut| vec![cut]));
    }
    for seed in 0..RANDOM_RUNS {
        let mut rng = Rng::new(seed + 1);
        let count = 1 + rng.below(6);
        let mut cuts: Vec<usize> = (0..count).map(|_| rng.below(len)).collect();
        cuts.sort_unstable();
        ways.push(cuts);
    }
    ways
}
