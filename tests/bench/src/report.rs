//! The report: the bars, the others beside us, and the figures behind both.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::bars::{BARS, Bar, Outcome, Outcomes, Spread, Unit, spread, verdict};
use crate::contest::{Standing, median_of};
use crate::counts::Counts;
use crate::peers::{PEERS, Peer};
use crate::servers::{FLOOR, NOISE, OURS};
use crate::start::Variant;

/// Above this share of its core the generator is called the bottleneck.
const BUSY: f64 = 0.95;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// By bar and server.
    pub outcomes: Outcomes,
    /// The contests behind the ratios: bar, and how all have done, the floor last.
    pub contests: Vec<(&'static str, Vec<Standing>)>,
    /// System calls by name: bar, server, counts.
    pub calls: Vec<(&'static str, String, Counts)>,
    /// What became of the others: the version, or why it was not run.
    pub peers: Vec<(&'static Peer, Result<String, String>)>,
    /// Our server with other features, as far as somebody asked for it.
    pub variants: Vec<(Variant, Result<PathBuf, String>)>,
    /// How it was measured: lines for the head of the report.
    pub method: Vec<String>,
    /// Something that a reader must know before all else, such as that the run was a short one.
    pub warnings: Vec<String>,
    /// The files of the pictures, and what they show.
    pub pictures: Vec<(String, &'static str)>,
}

impl Report {
    /// Everybody who could have been measured: ours, the peers that ran, the floor, its double.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let ran = self.peers.iter().filter(|(_, version)| version.is_ok());
        let mut names = vec![OURS.to_owned()];
        names.extend(ran.map(|(peer, _)| peer.name.to_owned()));
        names.extend([FLOOR.to_owned(), NOISE.to_owned()]);
        names
    }

    fn outcome(&self, bar: &Bar, name: &str) -> Option<&Outcome> {
        self.outcomes.get(&(bar.id, name.to_owned()))
    }

    fn found(&self, bar: &Bar, name: &str) -> Option<Spread> {
        match self.outcome(bar, name)? {
            Outcome::Measured(figures) => Some(spread(figures)),
            Outcome::NotMeasured(_) => None,
        }
    }

    /// How far a median may be off for no reason: so far was the floor's double from the floor, or half of
    /// what its middle rounds differed by, when that is more.
    fn noise(&self, bar: &Bar) -> Option<f64> {
        let double = self.found(bar, NOISE)?;
        let off = (double.median - 1.0).abs();
        Some(off.max((double.upper - double.lower) / 2.0))
    }

    /// The report in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from("# What ws101 costs\n\n");
        text.push_str(
            "Written by `make bench`; how to read it and how it is measured: tests/bench/README.md.\n\n",
        );
        for line in &self.warnings {
            let _ = writeln!(text, "**{line}**\n");
        }
        for line in &self.method {
            let _ = writeln!(text, "- {line}");
        }
        let _ = writeln!(text, "- {}", self.summary());
        for (file, shows) in &self.pictures {
            let _ = writeln!(text, "\n![{shows}]({file})");
        }
        self.bars(&mut text);
        self.beside_others(&mut text);
        self.contests(&mut text);
        self.system_calls(&mut text);
        text
    }

    /// The bars in one line.
    fn summary(&self) -> String {
        let (mut met, mut goals, mut missed) = (0, 0, Vec::new());
        let mut unknown = 0;
        for bar in BARS.iter().filter(|bar| bar.must.is_some()) {
            let Some(found) = self.found(bar, OURS) else {
                unknown += 1;
                continue;
            };
            match verdict(bar, found.median, 0.0) {
                "goal met" => {
                    goals += 1;
                    met += 1;
                }
                "met" => met += 1,
                _ => missed.push(bar.id),
            }
        }
        let missed = if missed.is_empty() {
            "none is missed".to_owned()
        } else {
            format!("missed: {}", missed.join(", "))
        };
        format!("bars: {met} met ({goals} with their goal), {missed}; {unknown} not measured")
    }

    fn bars(&self, text: &mut String) {
        text.push_str(
            "\n## Against the bars\n\n\
             Medians, in brackets what the middle half of the rounds lies between. `x` is processor time of the\n\
             server in units of the floor's, of the same round; with deflate and Socket.IO, of whoever the line says is 1.\n\
             *Noise* is how far the floor (or that one) was from a second copy of itself that took part in the same rounds. *Known* are older figures, of other machines.\n\n\
             | what | measured | must | goal | outcome | noise | known: uWebSockets; others |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for bar in BARS {
            let bound = |bound: Option<f64>| bound.map_or_else(String::new, |b| bar.unit.show(b));
            let noise = self.noise(bar);
            let (measured, outcome) = match self.outcome(bar, OURS) {
                None => ("not run".to_owned(), ""),
                Some(Outcome::NotMeasured(why)) => (format!("not measured: {}", escape(why)), ""),
                Some(Outcome::Measured(figures)) => {
                    let found = spread(figures);
                    let verdict = verdict(bar, found.median, noise.unwrap_or(0.0));
                    (with_range(bar.unit, figures), verdict)
                }
            };
            let machine = if bar.unit.travels() { "" } else { " (this machine)" };
            let noise = noise.map_or_else(String::new, |noise| format!("± {:.1} %", 100.0 * noise));
            let _ = writeln!(
                text,
                "| {}{machine} | {measured} | {} | {} | {outcome} | {noise} | {} |",
                bar.what,
                bound(bar.must),
                bound(bar.goal),
                bar.known
            );
        }
    }

    fn beside_others(&self, text: &mut String) {
        text.push_str("\n## Beside others\n\n");
        for (peer, version) in &self.peers {
            let _ = match version {
                Ok(version) => writeln!(text, "- {}: {}; {version}", peer.name, peer.what),
                Err(why) => writeln!(text, "- {}: not run: {}", peer.name, escape(why)),
            };
        }
        for peer in PEERS {
            if !self.peers.iter().any(|(other, _)| other.name == peer.name) {
                let _ = writeln!(text, "- {}: not run: not asked for", peer.name);
            }
        }
        text.push_str("- uWebSockets.js: not run: it is in no package registry\n\n");
        text.push_str(
            "Medians; a ratio is to the floor, which is 1, or to whoever the line says is 1. A second floor, or a second of \
             those, shows the noise.\n\n",
        );
        let names = self.names();
        let _ = writeln!(text, "| what | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
        let mut reasons = Vec::new();
        for bar in BARS {
            let others = names.iter().skip(1).any(|name| self.outcome(bar, name).is_some());
            if !others {
                continue;
            }
            let _ = write!(text, "| {}", bar.what);
            for name in &names {
                let cell = match self.outcome(bar, name) {
                    None => String::new(),
                    Some(Outcome::Measured(figures)) => bar.unit.show(spread(figures).median),
                    Some(Outcome::NotMeasured(why)) => {
                        let reason = format!("{name}: {}", escape(why));
                        let known = reasons.iter().position(|other| *other == reason);
                        let number = known.unwrap_or(reasons.len());
                        if known.is_none() {
                            reasons.push(reason);
                        }
                        format!("failed [{}]", number + 1)
                    }
                };
                let _ = write!(text, " | {cell}");
            }
            text.push_str(" |\n");
        }
        if !reasons.is_empty() {
            text.push('\n');
        }
        for (number, reason) in reasons.iter().enumerate() {
            let _ = writeln!(text, "- [{}] {reason}", number + 1);
        }
    }

    fn contests(&self, text: &mut String) {
        if self.contests.is_empty() {
            return;
        }
        text.push_str(
            "\n## All contests\n\n\
             CPU is the server's time per message (echo) or delivery (broadcast), latency and rate are those of a\n\
             closed loop under full load: all of this machine only. A generator that is busy all the time is the\n\
             bottleneck: then the rate is its own, and the server had pauses.\n\n\
             | cell | server | ratio | rounds x messages | CPU | per second | latency 50 % / 99 % | server busy | generator busy |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for (id, standings) in &self.contests {
            for standing in standings {
                let name = &standing.name;
                let samples = match &standing.samples {
                    Ok(samples) => samples,
                    Err(why) => {
                        let _ = writeln!(text, "| {id} | {name} | failed: {} | | | | | | |", escape(why));
                        continue;
                    }
                };
                let median = |figure: fn(&crate::contest::Sample) -> f64| median_of(samples, figure);
                let generator = median(|sample| sample.generator_busy);
                let bottleneck = if generator > BUSY { ", the bottleneck" } else { "" };
                let _ = writeln!(
                    text,
                    "| {id} | {name} | {} | {} x {} | {:.3} us | {:.0} | {:.0} / {:.0} us | {:.0} % | {:.0} %{bottleneck} |",
                    with_range(Unit::Ratio, &standing.ratios),
                    samples.len(),
                    standing.messages,
                    1e6 * median(|sample| sample.cpu_per_message),
                    median(|sample| sample.rate),
                    1e6 * median(|sample| sample.latency_50),
                    1e6 * median(|sample| sample.latency_99),
                    100.0 * median(|sample| sample.server_busy),
                    100.0 * generator,
                );
            }
        }
    }

    fn system_calls(&self, text: &mut String) {
        if self.calls.is_empty() {
            return;
        }
        text.push_str("\n## System calls per message, by name\n\n");
        for (id, name, calls) in &self.calls {
            let mut sorted: Vec<_> = calls.iter().filter(|(_, count)| **count > 0.0005).collect();
            sorted.sort_by(|left, right| right.1.total_cmp(left.1));
            let list: Vec<_> = sorted.iter().map(|(name, count)| format!("{name} {count:.3}")).collect();
            let _ = writeln!(text, "- {id}, {name}: {}", list.join(", "));
        }
    }
}

fn with_range(unit: Unit, figures: &[f64]) -> String {
    let found = spread(figures);
    let median = unit.show(found.median);
    if figures.len() < 2 {
        return median;
    }
    let (lower, upper) = (unit.show(found.lower), unit.show(found.upper));
    format!("{median} ({lower} .. {upper})")
}

/// A reason may quote what a server said.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_not_run_is_named_with_the_reason() {
        let (Some(bun), Some(ws)) = (PEERS.get(2), PEERS.get(3)) else {
            panic!("peers are missing");
        };
        let mut report = Report {
            peers: vec![(bun, Err("no | binary".into())), (ws, Ok("ws 8".into()))],
            ..Report::default()
        };
        let id = "echo-16-c50";
        let wrong = Outcome::NotMeasured("wrong byte".into());
        report.outcomes.insert((id, ws.name.to_owned()), wrong);
        let text = report.markdown();
        for line in [
            "- Bun: not run: no \\| binary\n",
            "- FastAPI: not run: not asked for\n",
            "- uWebSockets.js: not run: it is in no package registry\n",
            "failed [1]",
            "[1] ws: wrong byte\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
