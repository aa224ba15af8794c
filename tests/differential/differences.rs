//! The known differences between ws101 and the others, each with the condition under which it may
//! explain a divergence. What none of them explains is a find.
//!
//! Wherever it can be done, a difference is not only recognised but taken away: the stream is
//! rewritten so that it no longer occurs, and then the two must agree, or differ in another known way.

use crate::ours::{self, Case, Ours};
use crate::outcome::{End, Outcome};
use crate::peers::Peer;
use crate::plain::{self, Fault, Frame};
use crate::streams::shortest;
use ws101::ws::close::Violation;

/// Why two outcomes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// ws101 fails at the first byte that proves the fault, the other when the header or
    /// the frame is whole. Taken away: the frame is filled up with zeros.
    FailsEarlier,
    /// The frame breaks several rules, and each side names another one.
    SeveralFaults,
    /// ws101 refuses a length that is not in its shortest form (RFC 6455 §5.2 binds the sender), the
    /// other reads it. Taken away: the length is written in its shortest form.
    LengthNotShortest,
    /// ws101 bounds the fragments of a message (1008). Taken away: the bound.
    TooManyFragments,
    /// The other holds control frames against the message limit, or what is left of it (1009). RFC
    /// 6455 §5.5 gives them a limit of their own. Taken away: the frame.
    ControlOverLimit,
    /// tungstenite does not know the code 1014, which was registered after RFC 6455.
    Code1014,
    /// websockets calls a Close inside an unfinished message an error; RFC 6455 §5.4 allows control
    /// frames there, and the Close is one.
    CloseInsideMessage,
}

/// How a stream came out.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Explained(Difference),
    Unexplained(String),
}

/// One stream, both sides.
struct Divergence<'a> {
    case: &'a Case,
    ours: Ours,
    theirs: Outcome,
    frames: Vec<Frame>,
    peer: &'a str,
}

/// Runs the case on both sides and judges. `met` hears the rule that ws101 found broken.
pub fn judge(case: &Case, peer: &mut dyn Peer, met: &mut dyn FnMut(Violation)) -> Verdict {
    judge_within(case, peer, 24, met)
}

fn judge_within(case: &Case, peer: &mut dyn Peer, depth: usize, met: &mut dyn FnMut(Violation)) -> Verdict {
    let ours = match ours::outcome(case) {
        Ok(ours) => ours,
        Err(what) => return Verdict::Unexplained(format!("ws101 against itself\n{what}")),
    };
    if let Some(violation) = ours.violation {
        met(violation);
    }
    let frames = plain::walk(&case.stream, case.max_message_bytes, case.max_fragments);
    if let Err(what) = plain::agrees(&frames, ours.violation) {
        return Verdict::Unexplained(format!("ws101: {:?}\n{what}", ours.outcome));
    }
    let theirs = peer.outcome(&case.stream, case.max_message_bytes);
    if ours.outcome == theirs {
        return Verdict::Same;
    }
    let divergence = Divergence { case, ours, theirs, frames, peer: peer.name() };
    let mut verdict = Verdict::Unexplained(divergence.show());
    if depth == 0 {
        return verdict;
    }
    for explain in EXPLANATIONS {
        let Some((difference, without)) = explain(&divergence) else { continue };
        let Some(without) = without else { return Verdict::Explained(difference) };
        match divergence.holds(difference, &without, peer, depth) {
            Ok(()) => return Verdict::Explained(difference),
            Err(what) => {
                // Where one thing after the other was taken away, the end is what counts.
                let what = what.rsplit(NOT_EXPLAINED).next().unwrap_or_default();
                let shown = divergence.show();
                verdict = Verdict::Unexplained(format!("{shown}\n{difference:?}{NOT_EXPLAINED}{what}"));
            }
        }
    }
    verdict
}

const NOT_EXPLAINED: &str = " does not explain it:\n";

/// A difference that this divergence may be, and the case without it.
type Explain = fn(&Divergence<'_>) -> Option<(Difference, Option<Case>)>;

const EXPLANATIONS: [Explain; 7] = [
    fails_earlier,
    several_faults,
    length_not_shortest,
    too_many_fragments,
    control_over_limit,
    code_1014,
    close_inside_message,
];

impl Divergence<'_> {
    fn show(&self) -> String {
        let mut shown = format!("ws101: {:?}", self.ours.outcome);
        if let Some(violation) = self.ours.violation {
            shown += &format!(" ({violation:?})");
        }
        format!("{shown}\n{}: {:?}", self.peer, self.theirs)
    }

    /// The case without the difference must be what the difference says that it is.
    fn holds(
        &self,
        difference: Difference,
        without: &Case,
        peer: &mut dyn Peer,
        depth: usize,
    ) -> Result<(), String> {
        if let Verdict::Unexplained(what) = judge_within(without, peer, depth - 1, &mut |_| {}) {
            return Err(what);
        }
        self.fails_at_the_frame()?;
        match difference {
            // More bytes of the same frame do not change what was proved.
            Difference::FailsEarlier => {
                let ours = ours::outcome(without)?;
                if ours.violation != self.ours.violation || ours.outcome != self.ours.outcome {
                    return Err("with the whole frame ws101 fails in another way".to_owned());
                }
            }
            // It reads all forms alike.
            Difference::LengthNotShortest => {
                let theirs = peer.outcome(&without.stream, without.max_message_bytes);
                if theirs != self.theirs {
                    return Err(format!("in the shortest form, {}: {theirs:?}", self.peer));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Where ws101 fails, it fails in the frame that the walk found to be wrong, if that is whole.
    fn fails_at_the_frame(&self) -> Result<(), String> {
        let (Some(_), Some(last)) = (self.ours.violation, self.last()) else { return Ok(()) };
        if !last.whole {
            return Ok(());
        }
        let end = last.end().map_or(0, |end| end as usize);
        for (len, fails) in [(last.start, false), (end, true)] {
            let mut shorter = self.case.clone();
            shorter.stream.truncate(len);
            if ours::outcome(&shorter)?.violation.is_some() != fails {
                let not = if fails { "not " } else { "" };
                return Err(format!("of {len} bytes, ws101 does {not}fail already"));
            }
        }
        Ok(())
    }

    /// The frame at which the walk ended.
    fn last(&self) -> Option<&Frame> {
        self.frames.last()
    }

    fn same_events(&self) -> bool {
        self.ours.outcome.events == self.theirs.events
    }

    fn we_failed(&self) -> Option<u16> {
        match self.ours.outcome.end {
            End::Failed(code) => Some(code),
            _ => None,
        }
    }

    fn they_failed(&self) -> Option<u16> {
        match self.theirs.end {
            End::Failed(code) => Some(code),
            _ => None,
        }
    }

    /// What was delivered on our side is the beginning of what was delivered on theirs.
    fn we_stopped_first(&self) -> bool {
        self.theirs.events.starts_with(&self.ours.outcome.events)
    }
}

fn fails_earlier(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let last = it.last()?;
    it.we_failed()?;
    if it.theirs.end != End::Waiting || !it.same_events() || last.whole {
        return None;
    }
    let mut without = it.case.clone();
    // The length first, then the key, then the payload: at each step theirs may be sure.
    let len = it.case.stream.len();
    let fill = match (last.header, last.end()) {
        (Some((header_len, _)), _) if len < last.start + header_len => 1,
        (Some(_), Some(end)) => usize::try_from(end - len as u64).ok()?,
        _ => 1,
    };
    if fill > 17 << 20 {
        return None;
    }
    without.stream.resize(len + fill, 0);
    Some((Difference::FailsEarlier, Some(without)))
}

fn several_faults(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let last = it.last()?;
    let (ours, theirs) = (it.we_failed()?, it.they_failed()?);
    let theirs_is_so = last.may_fail_with(theirs) || theirs == 1009 && is_over_for(it, last);
    let both = it.same_events()
        && last.events_before == it.theirs.events.len()
        && last.may_fail_with(ours)
        && theirs_is_so;
    both.then_some((Difference::SeveralFaults, None))
}

fn length_not_shortest(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let last = it.last()?;
    let (header_len, announced) = last.header?;
    if it.we_failed() != Some(1002) || !it.we_stopped_first() || !last.has(Fault::NotShortest) || !last.masked
    {
        return None;
    }
    let length = announced.to_be_bytes();
    let extended = shortest(announced);
    let second = match extended {
        0 => length[7],
        2 => 126,
        _ => 127,
    };
    let mut header = vec![last.first, 0x80 | second];
    header.extend(&length[8 - extended..]);
    let mut without = it.case.clone();
    let end = last.start + header_len - 4;
    without.stream.splice(last.start..end, header);
    Some((Difference::LengthNotShortest, Some(without)))
}

fn too_many_fragments(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    if it.we_failed() != Some(1008) || !it.we_stopped_first() || !it.last()?.has(Fault::TooManyFragments) {
        return None;
    }
    let without = Case { max_fragments: u32::MAX, ..it.case.clone() };
    Some((Difference::TooManyFragments, Some(without)))
}

/// A control frame that they find too large: above the limit, or, for websockets, above what the
/// unfinished message leaves of it.
fn is_over_for(it: &Divergence<'_>, frame: &Frame) -> bool {
    let held = match it.peer {
        "websockets" => frame.message_bytes.unwrap_or(0),
        _ => 0,
    };
    let room = it.case.max_message_bytes.saturating_sub(held);
    frame.is_control() && frame.header.is_some_and(|(_, announced)| announced > room)
}

fn control_over_limit(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let over = it.frames.iter().find(|frame| is_over_for(it, frame))?;
    if it.they_failed() != Some(1009)
        || it.theirs.events.len() != over.events_before
        || !it.ours.outcome.events.starts_with(&it.theirs.events)
        || !over.faults.is_empty()
    {
        return None;
    }
    let mut without = it.case.clone();
    let end = over.end()?.min(without.stream.len() as u64);
    without.stream.drain(over.start..end as usize);
    Some((Difference::ControlOverLimit, Some(without)))
}

fn code_1014(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let is_it = it.peer == "tungstenite"
        && it.same_events()
        && it.ours.outcome.end == End::Closed(Some(1014))
        && it.they_failed() == Some(1002)
        && it.last()?.faults.is_empty()
        && it.last()?.payload.starts_with(&1014_u16.to_be_bytes());
    is_it.then_some((Difference::Code1014, None))
}

fn close_inside_message(it: &Divergence<'_>) -> Option<(Difference, Option<Case>)> {
    let last = it.last()?;
    let is_it = it.peer == "websockets"
        && it.same_events()
        && matches!(it.ours.outcome.end, End::Closed(_))
        && it.they_failed() == Some(1002)
        && last.opcode() == 8
        && last.faults.is_empty()
        && last.message_bytes.is_some();
    is_it.then_some((Difference::CloseInsideMessage, None))
}
