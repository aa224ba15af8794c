//! Which figures of a report become pictures.

use crate::bars::{BARS, Outcome, spread};
use crate::plot::{Mark, Panel, Picture};
use crate::report::Report;
use crate::servers::{FLOOR, NOISE, OURS};

type Subject = (&'static str, &'static str, &'static str);

/// Bar, title, circumstances.
const CPU: &[Subject] = &[
    ("echo-16-c50", "Echo, 16 bytes", "50 connections, one message in flight"),
    ("echo-16-c1000", "Echo, 16 bytes", "1,000 connections"),
    ("echo-16-f16", "Echo, 16 bytes", "50 connections, 16 in flight"),
    ("echo-1k-c50", "Echo, 1 KiB", "50 connections"),
    ("echo-64k", "Echo, 64 KiB", "50 connections"),
    ("echo-wide", "Echo, 16 KiB, not ASCII", "50 connections, three bytes a character"),
    ("broadcast-100", "Broadcast to 100", "16 bytes, one sender, per delivery"),
    ("broadcast-9000", "Broadcast to 9,000", "16 bytes, one sender, per delivery"),
    ("broadcast-ten", "Broadcast to 1,000", "16 bytes, ten senders at once, per delivery"),
    ("large-echo-1m", "Echo, 1 MiB", "binary, 4 connections"),
    ("large-echo-16mb", "Echo, 16 MB", "binary, 2 connections"),
    ("large-broadcast-100", "Broadcast to 100, 1 MiB", "binary, one sender, per delivery"),
];

const MEMORY: &[Subject] = &[
    ("idle-echo-first", "Memory per idle connection", "private, of 9,900 after 100 came and went"),
    ("resident-start", "Memory before anybody comes", "resident"),
    ("start-up", "Start", "from exec to listening"),
];

/// The pictures for which there are figures, by the name of their file.
#[must_use]
pub fn pictures(report: &Report) -> Vec<(&'static str, Picture)> {
    let cpu = Picture {
        title: "Processor time per message, in units of a bare TCP loop",
        captions: vec![
            "Less is better; the scale is logarithmic. The dashed line is the floor: a loop that moves the same bytes and knows nothing of WebSockets.",
            "A server can be left of it where messages can be gathered: the floor makes a call for each. Half of all rounds lie on the thin line.",
        ],
        names: names(report, CPU, false),
        panels: panels(report, CPU, false),
        same_scale: true,
    };
    let memory = Picture {
        title: "Memory and start",
        captions: vec!["Less is better; the scales are logarithmic. The floor is a bare TCP loop."],
        names: names(report, MEMORY, true),
        panels: panels(report, MEMORY, true),
        same_scale: false,
    };
    let all = [("cpu.svg", cpu), ("memory.svg", memory)];
    all.into_iter().filter(|(_, picture)| !picture.panels.is_empty()).collect()
}

/// Ours, the others, and at the end the floor, where it is not the scale itself.
fn names(report: &Report, subjects: &[Subject], with_floor: bool) -> Vec<String> {
    let measured =
        |name: &str| subjects.iter().any(|(id, ..)| report.outcomes.contains_key(&(*id, name.to_owned())));
    let mut names = report.names();
    names.retain(|name| measured(name) && name != NOISE && (with_floor || name != FLOOR));
    names
}

fn panels(report: &Report, subjects: &[Subject], with_floor: bool) -> Vec<Panel> {
    let names = names(report, subjects, with_floor);
    let panel = |(id, title, subtitle): &Subject| {
        let bar = BARS.iter().find(|bar| bar.id == *id)?;
        report.outcomes.get(&(bar.id, OURS.to_owned()))?;
        let mark = |name: &String| match report.outcomes.get(&(bar.id, name.clone())) {
            Some(Outcome::Measured(figures)) => Mark::Figure(spread(figures)),
            Some(Outcome::NotMeasured(_)) => Mark::Word("failed"),
            None => Mark::Word("not run"),
        };
        let marks = names.iter().map(mark).collect();
        Some(Panel::new(title, subtitle, bar.unit, marks))
    };
    subjects.iter().filter_map(panel).collect()
}
