//! The bars: figures that the server must reach, goals beyond them, and what was reached.
//!
//! A bar that nobody measures stays in the report, as "not run".

use std::collections::BTreeMap;

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Times the floor, or whoever else is the measure.
    Ratio,
    /// A count per message.
    Count,
    /// Instructions.
    Instructions,
    /// Bytes.
    Bytes,
    /// Bytes, shown in MiB.
    Mebibytes,
    /// Share of one core, 0 to 1, shown in percent.
    Share,
    /// Seconds, shown in milliseconds.
    Milliseconds,
}

impl Unit {
    /// The figure with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Ratio => format!("{value:.3}x"),
            Self::Count => format!("{value:.3}"),
            Self::Instructions => format!("{value:.0}"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Mebibytes => format!("{:.2} MiB", value / f64::from(1 << 20)),
            Self::Share => format!("{:.4} %", 100.0 * value),
            Self::Milliseconds => format!("{:.2} ms", 1e3 * value),
        }
    }

    /// Whether the figure says something about other machines than this one.
    #[must_use]
    pub fn travels(self) -> bool {
        !matches!(self, Self::Milliseconds)
    }
}

/// One line of the table. All bars are upper bounds.
#[derive(Debug)]
pub struct Bar {
    /// How cells refer to it.
    pub id: &'static str,
    /// What is measured.
    pub what: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What must not be passed.
    pub must: Option<f64>,
    /// What we would like.
    pub goal: Option<f64>,
    /// What is known of others.
    pub known: &'static str,
}

const fn bar(
    id: &'static str,
    what: &'static str,
    unit: Unit,
    must: f64,
    goal: Option<f64>,
    known: &'static str,
) -> Bar {
    let must = Some(must);
    Bar { id, what, unit, must, goal, known }
}

const fn reported(id: &'static str, what: &'static str, unit: Unit) -> Bar {
    Bar { id, what, unit, must: None, goal: None, known: "" }
}

/// A bar that has a goal only: nothing is wrong when it is not reached.
const fn goal(id: &'static str, what: &'static str, unit: Unit, goal: f64) -> Bar {
    Bar { id, what, unit, must: None, goal: Some(goal), known: "" }
}

const MIB: f64 = 1_048_576.0;
const SMALL: &str = "1.03 to 1.09x; tungstenite 1.3 to 2.3x; FastAPI 3.7x";
const IDLE: &str = "272 B; Bun 1.9 KB; ws 6.3 KB; FastAPI 31 KB";
const ONE_SENDER: &str = "0.95 to 1.05x; ws 1.6 to 2x";

/// Every bar, in the order of the report.
#[rustfmt::skip]
pub const BARS: &[Bar] = &[
    bar("calls-1", "system calls per echoed message, 16 B, 50 connections, 1 in flight", Unit::Count, 2.05, None, "2.03"),
    bar("calls-16", "system calls per echoed message, 16 B, 50 connections, 16 in flight", Unit::Count, 0.14, None, "0.126"),
    bar("instructions-echo", "user instructions per 16 B text echo, 50 connections", Unit::Instructions, 650.0, Some(450.0), "609; fastwebsockets 1,934"),
    bar("instructions-broadcast", "user instructions per broadcast delivery, 100 connections", Unit::Instructions, 100.0, Some(60.0), "394"),
    bar("instructions-echo-view", "the same echo with --wire-view, while nobody watches", Unit::Instructions, 650.0, Some(450.0), ""),
    bar("instructions-broadcast-view", "the same delivery with --wire-view, while nobody watches", Unit::Instructions, 100.0, Some(60.0), ""),
    bar("echo-16-c50", "echo CPU, 16 B, 50 connections", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-1k-c50", "echo CPU, 1 KiB, 50 connections", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-16-c1", "echo CPU, 16 B, 1 connection", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-1k-c1", "echo CPU, 1 KiB, 1 connection", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-16-c1000", "echo CPU, 16 B, 1,000 connections", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-1k-c1000", "echo CPU, 1 KiB, 1,000 connections", Unit::Ratio, 1.08, Some(1.03), SMALL),
    bar("echo-16-f16", "echo CPU, 16 B, 50 connections, 16 in flight", Unit::Ratio, 1.15, Some(1.05), "1.08x; Bun 1.6x; fastwebsockets 16x"),
    reported("echo-1k-f16", "echo CPU, 1 KiB, 50 connections, 16 in flight", Unit::Ratio),
    bar("echo-16k", "echo CPU, 16 KiB, 50 connections", Unit::Ratio, 1.15, Some(1.10), "1.14x"),
    bar("echo-64k", "echo CPU, 64 KiB, 50 connections", Unit::Ratio, 1.20, Some(1.15), "1.32x"),
    bar("echo-wide", "echo CPU, 16 KiB of three-byte characters, 50 connections", Unit::Ratio, 1.3, Some(1.2), "2.4x; fastwebsockets 1.34x"),
    bar("broadcast-100", "broadcast CPU per delivery, 100 receivers, one sender", Unit::Ratio, 1.05, Some(1.00), ONE_SENDER),
    bar("broadcast-1000", "broadcast CPU per delivery, 1,000 receivers, one sender", Unit::Ratio, 1.05, Some(1.00), ONE_SENDER),
    bar("broadcast-9000", "broadcast CPU per delivery, 9,000 receivers, one sender", Unit::Ratio, 1.05, Some(1.00), ONE_SENDER),
    bar("broadcast-ten", "broadcast CPU per delivery, 1,000 receivers, ten senders in a turn", Unit::Ratio, 0.22, Some(0.18), "0.12 to 0.19x"),
    reported("large-echo-96k", "echo CPU, 96 KiB, binary, 10 connections", Unit::Ratio),
    bar("large-echo-128k", "echo CPU, 128 KiB, binary, 10 connections", Unit::Ratio, 1.3, Some(1.1), "1.4x; fastwebsockets 1.25x"),
    reported("large-echo-144k", "echo CPU, 144 KiB, binary, 10 connections", Unit::Ratio),
    reported("large-echo-192k", "echo CPU, 192 KiB, binary, 10 connections", Unit::Ratio),
    bar("large-echo-256k", "echo CPU, 256 KiB, binary, 10 connections", Unit::Ratio, 1.3, Some(1.1), "1.2x; fastwebsockets 1.4x"),
    reported("large-echo-300kb", "echo CPU, 300,000 B, binary, 10 connections", Unit::Ratio),
    bar("large-echo-512k", "echo CPU, 512 KiB, binary, 4 connections", Unit::Ratio, 1.3, Some(1.1), "1.2x; fastwebsockets 1.0x"),
    bar("large-echo-1m", "echo CPU, 1 MiB, binary, 4 connections", Unit::Ratio, 1.3, Some(1.1), "1.2x; fastwebsockets 1.04x"),
    bar("large-echo-1m-text", "echo CPU, 1 MiB of ASCII text, 4 connections", Unit::Ratio, 1.3, Some(1.1), "1.6x; fastwebsockets 1.01x"),
    reported("large-echo-2m", "echo CPU, 2 MiB, binary, 4 connections", Unit::Ratio),
    bar("large-echo-4m", "echo CPU, 4 MiB, binary, 2 connections", Unit::Ratio, 1.3, Some(1.1), "1.3x; fastwebsockets 1.16x"),
    reported("large-echo-8m", "echo CPU, 8 MiB, binary, 2 connections", Unit::Ratio),
    bar("large-echo-16mb", "echo CPU, 16,000,000 B, binary, 2 connections", Unit::Ratio, 1.3, Some(1.1), "1.44x; fastwebsockets 1.21x"),
    bar("large-broadcast-100", "broadcast CPU per delivery, 1 MiB, binary, 100 receivers, one sender", Unit::Ratio, 1.1, Some(1.0), ""),
    bar("large-faults-128k", "page faults per echoed message, 128 KiB, binary, 10 connections", Unit::Count, 8.0, Some(1.0), ""),
    bar("large-faults-1m", "page faults per echoed message, 1 MiB, binary, 4 connections", Unit::Count, 8.0, Some(1.0), ""),
    bar("large-faults-1m-text", "page faults per echoed message, 1 MiB of ASCII text, 4 connections", Unit::Count, 8.0, Some(1.0), ""),
    reported("large-faults-4m", "page faults per echoed message, 4 MiB, binary, 2 connections", Unit::Count),
    reported("large-faults-16mb", "page faults per echoed message, 16,000,000 B, binary, 2 connections", Unit::Count),
    bar("large-resident-16mb", "resident memory at its peak, echo of 16,000,000 B, binary, 2 connections", Unit::Mebibytes, 40e6, Some(36e6), "63 MiB; fastwebsockets 31 MiB"),
    bar("large-left-16mb", "resident memory that stays after an echo of 16,000,000 B, binary, 2 connections (above that before the first connection)", Unit::Mebibytes, 0.3e6, None, ""),
    bar("large-left-1m", "resident memory that stays after an echo of 1 MiB, binary, 4 connections", Unit::Mebibytes, 0.3e6, None, ""),
    bar("large-left-broadcast", "resident memory that stays after a broadcast of 1 MiB, binary, 20 receivers", Unit::Mebibytes, 0.3e6, None, ""),
    bar("idle-echo-first", "private memory per idle connection, `/echo` (9,900 connections, above what 100 left)", Unit::Bytes, 256.0, Some(160.0), IDLE),
    bar("idle-chat-first", "private memory per idle connection, `/ws/{id}`", Unit::Bytes, 320.0, Some(224.0), IDLE),
    reported("idle-echo", "second crowd, `/echo`: private memory per idle connection above what the first crowd left", Unit::Bytes),
    reported("idle-chat", "second crowd, `/ws/{id}`: private memory per idle connection", Unit::Bytes),
    bar("resident-start", "resident memory, no connections yet", Unit::Mebibytes, 2.5 * MIB, Some(2.0 * MIB), "3.6 MiB"),
    bar("resident-idle", "resident memory, 9,900 idle connections, `/echo`", Unit::Mebibytes, 6.0 * MIB, Some(4.0 * MIB), "6.2 MiB"),
    bar("idle-cpu", "CPU with 9,900 silent connections, ping off", Unit::Share, 0.0, Some(0.0), "0.006 %"),
    reported("idle-switches", "context switches per second with 9,900 silent connections", Unit::Count),
    bar("deflate-echo", "echo CPU, 1 KiB of JSON, 50 connections, deflate; `ws` with deflate is 1", Unit::Ratio, 0.5, None, ""),
    reported("deflate-echo-takeover", "echo CPU, the same, ours with context takeover; `ws` with deflate is 1", Unit::Ratio),
    reported("deflate-echo-plain", "echo CPU, the same without deflate; `ws` with deflate is 1", Unit::Ratio),
    reported("deflate-echo-alike", "echo CPU, the same; `ws` told to compress as we do (level 1, no takeover) is 1", Unit::Ratio),
    bar("deflate-broadcast", "broadcast CPU per delivery, 1 KiB of JSON, 1,000 receivers, deflate; ours without deflate is 1", Unit::Ratio, 1.1, None, ""),
    reported("deflate-broadcast-takeover", "broadcast CPU per delivery, the same, ours with context takeover; ours without deflate is 1", Unit::Ratio),
    bar("deflate-idle-first", "what deflate adds to the private memory per idle connection, `/echo`, one message echoed", Unit::Bytes, 16.0, None, ""),
    reported("deflate-idle", "second crowd: what deflate adds to the private memory per idle connection", Unit::Bytes),
    reported("deflate-idle-without-first", "private memory per idle connection, one message echoed, without deflate", Unit::Bytes),
    reported("deflate-idle-without", "second crowd, without deflate: private memory per idle connection, one message echoed", Unit::Bytes),
    reported("deflate-idle-with-first", "private memory per idle connection, one message echoed, deflate", Unit::Bytes),
    reported("deflate-idle-with", "second crowd, deflate: private memory per idle connection, one message echoed", Unit::Bytes),
    reported("deflate-idle-takeover-first", "private memory per idle connection of 990, eight messages echoed, deflate with takeover", Unit::Bytes),
    reported("deflate-idle-takeover", "second crowd, deflate with takeover: private memory per idle connection of 990, eight messages echoed", Unit::Bytes),
    goal("socketio-emit", "`io.emit` CPU per delivery, packets of 64 B, 1,000 clients on WebSocket, one sender; `socket.io` on Node is 1", Unit::Ratio, 0.1),
    goal("socketio-emit-ten", "`io.emit` CPU per delivery, the same with ten senders in a turn; `socket.io` on Node is 1", Unit::Ratio, 0.1),
    reported("size", "size of the binary, stripped", Unit::Mebibytes),
    reported("size-minimal", "size of the binary, stripped, without default features", Unit::Mebibytes),
    reported("resident-minimal", "resident memory, no connections yet, without default features", Unit::Mebibytes),
    reported("size-without-tools", "size of the binary, stripped, without `tools`", Unit::Mebibytes),
    reported("resident-without-tools", "resident memory, no connections yet, without `tools`", Unit::Mebibytes),
    reported("size-without-socketio", "size of the binary, stripped, without `socketio`", Unit::Mebibytes),
    reported("size-without-deflate", "size of the binary, stripped, without `deflate`", Unit::Mebibytes),
    reported("start-up", "from exec to the start line", Unit::Milliseconds),
];

/// What became of a bar.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The figures of all rounds, at least one.
    Measured(Vec<f64>),
    /// Why there are none.
    NotMeasured(String),
}

/// Outcomes by the id of their bar and the name of the server.
pub type Outcomes = BTreeMap<(&'static str, String), Outcome>;

/// The middle of some figures, and what half of them lie between.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// As many are smaller as are larger.
    pub median: f64,
    /// A quarter is smaller.
    pub lower: f64,
    /// A quarter is larger.
    pub upper: f64,
}

/// The spread of the figures; all zero when there are none.
#[must_use]
pub fn spread(figures: &[f64]) -> Spread {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let last = sorted.len().saturating_sub(1);
    Spread {
        median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
        lower: at(last / 4),
        upper: at(last - last / 4),
    }
}

/// "met", "goal met" or "not met"; `noise` is how far a median may be off for no reason.
#[must_use]
pub fn verdict(bar: &Bar, median: f64, noise: f64) -> &'static str {
    match (bar.must, bar.goal) {
        (None, None) => "(reported only)",
        (_, Some(goal)) if median <= goal => "goal met",
        (None, Some(_)) => "goal not reached",
        (Some(must), _) if median <= must => "met",
        (Some(must), _) if median - noise <= must => "**not met**, by less than the noise",
        _ => "**not met**",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let found = spread(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(found.median, 2.5);
        let found = spread(&[9.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!((found.lower, found.median, found.upper), (2.0, 3.0, 4.0));
        assert_eq!(spread(&[]), Spread::default());
    }

    #[test]
    fn a_second_crowd_is_held_against_nothing() {
        let second = |bar: &&Bar| bar.what.contains("second crowd");
        assert_eq!(BARS.iter().filter(second).count(), 6);
        for bar in BARS.iter().filter(second) {
            let judged = (bar.must, bar.goal, bar.known);
            assert_eq!(judged, (None, None, ""), "{}", bar.id);
        }
        for id in ["idle-echo-first", "idle-chat-first", "deflate-idle-first"] {
            assert!(BARS.iter().any(|bar| bar.id == id && bar.must.is_some()));
        }
    }

    #[test]
    fn a_bar_is_met_up_to_itself() {
        let bar = bar("", "", Unit::Ratio, 1.08, Some(1.03), "");
        assert_eq!(verdict(&bar, 1.03, 0.0), "goal met");
        assert_eq!(verdict(&bar, 1.08, 0.0), "met");
        assert_eq!(verdict(&bar, 1.081, 0.0), "**not met**");
        assert!(verdict(&bar, 1.081, 0.01).contains("less than the noise"));
        let wish = goal("", "", Unit::Ratio, 0.1);
        assert_eq!(verdict(&wish, 0.1, 0.0), "goal met");
        assert_eq!(verdict(&wish, 0.11, 0.1), "goal not reached");
    }
}
