//! Writes the trace as text, one line after the other.

use super::lines::{Style, lines};
use crate::clock::Time;
use crate::config::TraceForm;
use crate::tools::event::{Event, Listener, Look, Seen, Summary};
use crate::tools::json;
use crate::tools::kept::Kept;
use crate::tools::names::count;
use crate::tools::notation::{Act, Line};
use crate::tools::unit::{Unit, What};
use std::io::Write;

/// Writes the trace to somebody.
pub struct Writer<W> {
    to: W,
    look: Look,
    /// Whether what was written to `to` last is owed.
    owes: fn(&W) -> bool,
    has_begun: bool,
}

impl<W: Write> Writer<W> {
    /// Writes to `to`. `owes`: whether something is owed there, for which there was no room.
    pub fn new(to: W, look: Look, owes: fn(&W) -> bool) -> Self {
        Self { to, look, owes, has_begun: false }
    }

    fn line(&mut self, line: &str) {
        // A trace that cannot be written must not end what it traces.
        let _ = self.to.write_all(format!("{line}\n").as_bytes());
    }

    fn begin(&mut self) {
        if self.has_begun || self.look.form == TraceForm::Json {
            return;
        }
        self.has_begun = true;
        if !(self.look.is_full && self.look.with_secrets && self.look.form != TraceForm::Short) {
            self.line(
                "# This trace leaves bytes out, so it cannot be replayed (--trace-full --trace-secrets leaves none out).",
            );
        }
    }

    fn time(&self, at: Time) -> String {
        match self.look.without_times {
            true => String::new(),
            false => format!("  {}.{:03}", at.0 / 1_000, at.0 % 1_000),
        }
    }

    fn unit(&mut self, conn: u32, unit: &Unit) {
        let style =
            Style { is_short: self.look.form == TraceForm::Short, with_secrets: self.look.with_secrets };
        let lines = lines(unit, conn, style);
        let (rules, bytes): (Vec<Line>, Vec<Line>) =
            lines.into_iter().partition(|line| line.act == Act::Nothing);
        bytes.iter().for_each(|line| self.line(&line.to_string()));
        if self.look.form == TraceForm::Hex
            && let What::Frame(frame) = &unit.what
        {
            let mut bytes = Kept { first: frame.header.clone(), ..frame.payload.clone() };
            bytes.first.extend_from_slice(&frame.payload.first);
            self.dump(&bytes);
        }
        rules.iter().for_each(|line| self.line(&line.to_string()));
    }

    fn dump(&mut self, kept: &Kept) {
        let after = kept.first.len() as u64 + kept.left_out;
        for (bytes, at) in [(&kept.first, 0), (&kept.last, after)] {
            for (row, at) in bytes.chunks(16).zip((at..).step_by(16)) {
                self.line(&dump_row(row, at));
            }
        }
    }
}

/// A row of a hex dump, as a note.
fn dump_row(row: &[u8], at: u64) -> String {
    let hex: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
    let shown = |byte: &u8| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' };
    let text: String = row.iter().map(shown).collect();
    format!("#   {at:04x}  {hex:<48} {text}")
}

impl<W: Write> Listener for Writer<W> {
    fn event(&mut self, event: &Event) {
        self.begin();
        let Event { conn, at, what } = event;
        if self.look.form == TraceForm::Json {
            let line = json::event(event, self.look);
            self.line(&line);
            return;
        }
        let act = |act| Line { conn: *conn, act, note: None }.to_string();
        match what {
            Seen::Opened(peer) => self.line(&format!("# {conn} open {peer}{}", self.time(*at))),
            Seen::Unit(unit) => self.unit(*conn, unit),
            Seen::Read(number, len, missing) => {
                let missing = match missing {
                    Some(1) => "1 byte is missing".to_owned(),
                    Some(missing) => format!("{} are missing", count(*missing)),
                    None => "the head is not complete".to_owned(),
                };
                let conn = if *conn == 1 { String::new() } else { format!("{conn} ") };
                self.line(&format!("# {conn}read {number}: {}; {missing}", count(*len)));
            }
            Seen::ClientEnd(reset) => self.line(&act(Act::ClientEnd { reset: *reset })),
            Seen::ServerEnd => self.line(&act(Act::ServerEnd)),
            Seen::Closed(Summary { peer, received, sent, end }) => {
                let (c, s) = (count(*received), count(*sent));
                self.line(&format!("# {conn} end {peer}{}  C {c}, S {s}, {end}", self.time(*at)));
            }
            Seen::Lost(count) => {
                self.line(&format!("# {count} events are missing here: too much in one turn"))
            }
        }
    }

    fn turn_ends(&mut self) -> bool {
        let _ = self.to.flush();
        (self.owes)(&self.to)
    }
}
