//! The last line: what is missing, which rules were broken, or which were kept.

use super::page::{Ink, Page};
use crate::tools::rules::rule;
use crate::tools::title::what_is_missing;
use crate::tools::unit::{Frame, Missing, Unit, What};
use crate::ws::frame::Sender;

/// What all units have come to.
#[derive(Debug, Default)]
pub(super) struct Summary {
    kept: Vec<&'static str>,
    kept_deflate: Vec<&'static str>,
    /// Rules with their sections, and how often they were broken.
    broken: Vec<(&'static str, String, u64)>,
    missing: Vec<String>,
    /// RSV1 was set, and nobody knows of compression.
    is_rsv1_alone: bool,
}

impl Summary {
    /// Notes a unit.
    pub(super) fn note(&mut self, unit: &Unit) {
        if let Missing::Bytes(missing) = unit.missing {
            self.missing.push(what_is_missing(unit, missing));
        }
        if let Some(rule) = rule(unit) {
            match self.broken.iter_mut().find(|(id, ..)| *id == rule.id) {
                Some((.., times)) => *times += 1,
                None => self.broken.push((rule.id, rule.section(), 1)),
            }
            self.is_rsv1_alone |= rule.id == "5.2-2"
                && matches!(&unit.what, What::Frame(frame) if frame.layout.rsv == 4 && matches!(frame.layout.opcode, 1 | 2));
            return;
        }
        for section in sections(unit) {
            if !self.kept.contains(section) {
                self.kept.push(section);
                self.kept.sort_unstable();
            }
        }
        if matches!(&unit.what, What::Frame(frame) if frame.inflated.is_some())
            && self.kept_deflate.is_empty()
        {
            self.kept_deflate.push("7.2.2");
        }
    }

    /// The exit status.
    pub(super) fn status(&self) -> u8 {
        match (self.broken.is_empty(), self.missing.is_empty()) {
            (false, _) => 1,
            (true, false) => 5,
            (true, true) => 0,
        }
    }

    /// Prints the last line, or several.
    pub(super) fn print(&self, page: &mut Page<'_>) {
        page.line("", Ink::Plain);
        for missing in &self.missing {
            page.text(0, &format!("incomplete: {missing}"), Ink::Plain);
        }
        if !self.broken.is_empty() {
            let list: Vec<String> = self
                .broken
                .iter()
                .map(|(id, section, times)| {
                    let times = if *times > 1 { format!(", {times} times") } else { String::new() };
                    format!("{id} ({section}{times})")
                })
                .collect();
            let rules = if list.len() == 1 { "rule" } else { "rules" };
            page.text(0, &format!("{} {rules} broken: {}", list.len(), list.join(", ")), Ink::Bad);
            if cfg!(feature = "deflate") && self.is_rsv1_alone {
                page.text(0, "If permessage-deflate was agreed to, --deflate says so.", Ink::Plain);
            }
        } else if self.missing.is_empty() {
            let deflate = if self.kept_deflate.is_empty() { "" } else { ", RFC 7692 7.2.2" };
            page.text(0, &format!("all rules kept ({}{deflate})", self.kept.join(" ")), Ink::Good);
        }
    }
}

/// The sections whose rules were looked at.
fn sections(unit: &Unit) -> &'static [&'static str] {
    match &unit.what {
        What::Request(bytes)
            if bytes.to_ascii_lowercase().windows(13).any(|part| part == b"sec-websocket") =>
        {
            &["4.2.1"]
        }
        What::Response(bytes) if bytes.get(9..12) == Some(b"101") => &["4.2.2"],
        What::Request(_) | What::Response(_) | What::Body(_) => &["plain HTTP"],
        What::Unread(_) => &[],
        What::Frame(frame) => of_frame(frame, unit.from),
    }
}

fn of_frame(frame: &Frame, from: Sender) -> &'static [&'static str] {
    let is_part = !frame.layout.fin || frame.layout.opcode == 0;
    match (frame.layout.opcode, from, is_part) {
        (8, ..) if frame.clear.is_empty() => &["5.5.1"],
        (8, ..) => &["5.5.1", "7.4"],
        (9, ..) => &["5.5.2"],
        (10, ..) => &["5.5.3"],
        (_, Sender::Client, false) => &["5.1-1", "5.2", "5.3"],
        (_, Sender::Client, true) => &["5.1-1", "5.2", "5.3", "5.4"],
        (_, Sender::Server, false) => &["5.1-3", "5.2"],
        (_, Sender::Server, true) => &["5.1-3", "5.2", "5.4"],
    }
}
