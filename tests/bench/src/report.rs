//! The report: one table against the bars, and the absolute figures behind it.

use std::fmt::Write as _;
use std::fs;

use crate::bars::{BARS, Outcome, Outcomes, spread, verdict};
use crate::contest::{Contest, median_of};
use crate::counts::Counts;

/// Above this share of its core the generator is called the bottleneck.
const BUSY: f64 = 0.95;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// By bar.
    pub outcomes: Outcomes,
    /// The contests behind the ratios: bar, and the servers in order.
    pub contests: Vec<(&'static str, Contest)>,
    /// The names of the servers in the contests.
    pub servers: Vec<String>,
    /// System calls by name.
    pub calls: Vec<(&'static str, Counts)>,
    /// How it was measured: lines for the head of the report.
    pub method: Vec<String>,
}

impl Report {
    /// The report in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from("# What ws101 costs\n\n");
        for line in &self.method {
            let _ = writeln!(text, "- {line}");
        }
        let _ = writeln!(text, "- {}", machine());
        text.push_str("\n## Against the bars\n\n");
        text.push_str("Medians, with the smallest and the largest round. ");
        text.push_str("`x` is processor time of the server in units of the floor's.\n\n");
        text.push_str("| what | measured | must | goal | outcome | known: uWebSockets; others |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for bar in BARS {
            let bound = |bound: Option<f64>| bound.map_or_else(String::new, |b| bar.unit.show(b));
            let (measured, outcome) = match self.outcomes.get(bar.id) {
                None => ("not run".to_owned(), ""),
                Some(Outcome::NotMeasured(why)) => (format!("not measured: {}", escape(why)), ""),
                Some(Outcome::Measured(figures)) => {
                    let (median, least, most) = spread(figures);
                    let mut cell = bar.unit.show(median);
                    if figures.len() > 1 {
                        let (least, most) = (bar.unit.show(least), bar.unit.show(most));
                        let _ = write!(cell, " ({least} .. {most})");
                    }
                    (cell, verdict(bar, median))
                }
            };
            let machine = if bar.unit.travels() {
                ""
            } else {
                " (this machine)"
            };
            let _ = writeln!(
                text,
                "| {}{machine} | {measured} | {} | {} | {outcome} | {} |",
                bar.what,
                bound(bar.must),
                bound(bar.goal),
                bar.known
            );
        }
        self.absolute(&mut text);
        self.system_calls(&mut text);
        text
    }

    fn absolute(&self, text: &mut String) {
        if self.contests.is_empty() {
            return;
        }
        text.push_str("\n## Absolute figures, of this machine only\n\n");
        text.push_str(
            "Medians. CPU is the server's time per message (echo) or delivery (broadcast). ",
        );
        text.push_str(
            "A generator that is busy all the time is the bottleneck: then the rate is its own, ",
        );
        text.push_str("and the server had pauses.\n\n");
        text.push_str("| cell | server | CPU | per second | latency 50 % / 99 % | server busy | generator busy |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for (id, contest) in &self.contests {
            for (name, samples) in self.servers.iter().zip(&contest.samples) {
                let median =
                    |figure: fn(&crate::contest::Sample) -> f64| median_of(samples, figure);
                let generator = median(|sample| sample.generator_busy);
                let _ = writeln!(
                    text,
                    "| {id} | {name} | {:.3} us | {:.0} | {:.0} / {:.0} us | {:.0} % | {:.0} %{} |",
                    1e6 * median(|sample| sample.cpu_per_message),
                    median(|sample| sample.rate),
                    1e6 * median(|sample| sample.latency_50),
                    1e6 * median(|sample| sample.latency_99),
                    100.0 * median(|sample| sample.server_busy),
                    100.0 * generator,
                    if generator > BUSY {
                        ", the bottleneck"
                    } else {
                        ""
                    }
                );
            }
        }
    }

    fn system_calls(&self, text: &mut String) {
        if self.calls.is_empty() {
            return;
        }
        text.push_str("\n## System calls per message\n\n");
        for (id, calls) in &self.calls {
            let mut sorted: Vec<_> = calls.iter().filter(|(_, count)| **count > 0.0005).collect();
            sorted.sort_by(|left, right| right.1.total_cmp(left.1));
            let list: Vec<_> = sorted
                .iter()
                .map(|(name, count)| format!("{name} {count:.3}"))
                .collect();
            let _ = writeln!(text, "- {id}: {}", list.join(", "));
        }
    }
}

/// A reason may quote what a server said.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let cores = cpu
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("machine: {model}, {cores} cores, Linux {}", kernel.trim())
}
