//! Many streams against the peers: counts, and for the first find a stream as small as it gets.

use crate::client::frame_with_key;
use crate::differences::{Difference, Verdict, judge};
use crate::ours::Case;
use crate::outcome::hex;
use crate::peers::Peer;
use crate::plain::{self, Frame};
use crate::streams;
use std::collections::BTreeMap;
use std::ops::Range;

/// What became of the streams with one peer.
#[derive(Default)]
pub struct Counts {
    pub same: u64,
    pub explained: BTreeMap<Difference, u64>,
    /// The rules that were broken, as ws101 names them.
    pub broken: BTreeMap<String, u64>,
}

/// Runs the streams of these numbers.
///
/// # Errors
/// A divergence that nothing explains: the stream, minimised, and both outcomes.
pub fn run(
    seed: u64,
    numbers: Range<u64>,
    peer: &mut dyn Peer,
    mut progress: impl FnMut(u64),
) -> Result<Counts, String> {
    let mut counts = Counts::default();
    for number in numbers {
        progress(number);
        let case = streams::case(seed, number);
        let mut met = |rule| *counts.broken.entry(format!("{rule:?}")).or_default() += 1;
        match judge(&case, peer, &mut met) {
            Verdict::Same => counts.same += 1,
            Verdict::Explained(difference) => {
                *counts.explained.entry(difference).or_default() += 1;
            }
            Verdict::Unexplained(_) => return Err(report(seed, number, case, peer)),
        }
    }
    Ok(counts)
}

fn report(seed: u64, number: u64, case: Case, peer: &mut dyn Peer) -> String {
    let long = case.stream.len();
    let case = minimised(case, peer);
    let Verdict::Unexplained(what) = judge(&case, peer, &mut |_| {}) else {
        return format!("stream {number} of seed {seed} differs, but not twice");
    };
    format!(
        "stream {number} of seed {seed} ({long} bytes), with {}: unexplained.\n\
         Messages of up to {} bytes in {} fragments; minimised to {} bytes:\n\n{}\n\n{what}",
        peer.name(),
        case.max_message_bytes,
        case.max_fragments,
        case.stream.len(),
        hex(&case.stream)
    )
}

/// Leaves out what the find does not need: frames, payload, then any bytes.
fn minimised(mut case: Case, peer: &mut dyn Peer) -> Case {
    let mut tries = 0;
    let mut keep_if_found = |case: &mut Case, stream: Vec<u8>| {
        let smaller = Case { stream, ..case.clone() };
        tries += 1;
        let found = tries < 20_000
            && smaller.stream.len() < case.stream.len()
            && matches!(judge(&smaller, peer, &mut |_| {}), Verdict::Unexplained(_));
        if found {
            *case = smaller;
        }
        found
    };
    let mut at = 0;
    while let Some(frame) = frames(&case).get(at) {
        let (Some(end), true) = (frame.end(), frame.whole) else { break };
        let range = frame.start..end as usize;
        let with = |frame: &[u8]| {
            let mut stream = case.stream.clone();
            stream.splice(range.clone(), frame.iter().copied());
            stream
        };
        let half = &frame.payload[..frame.payload.len() / 2];
        let (without, shorter) = (with(&[]), with(&frame_with_key(frame.first, half, [0; 4])));
        if !keep_if_found(&mut case, without) && !keep_if_found(&mut case, shorter) {
            at += 1;
        }
    }
    let mut size = case.stream.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < case.stream.len() {
            let mut stream = case.stream.clone();
            stream.drain(at..(at + size).min(case.stream.len()));
            if !keep_if_found(&mut case, stream) {
                at += size;
            }
        }
        size /= 2;
    }
    case
}

fn frames(case: &Case) -> Vec<Frame> {
    plain::walk(&case.stream, case.max_message_bytes, case.max_fragments)
}
