//! What the command line says to send and to wait for: `--send`, `--expect`, `--one`.

use super::show;
use crate::clock::Time;
use std::collections::VecDeque;

/// Characters of a message that are told when another was expected.
const TOLD_CHARS: usize = 200;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To send this text.
    Send(String),
    /// To wait for a message that contains this text.
    Expect(String),
    /// To wait for any message.
    One,
}

/// The steps that are left.
#[derive(Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    /// After the last step the session says goodbye.
    pub ends: bool,
    /// Until when the message that is waited for must be there.
    pub deadline: Time,
    /// Messages that came while this step waited.
    passed: u32,
    last: String,
}

impl Script {
    /// A script of these steps.
    #[must_use]
    pub fn new(steps: Vec<Step>, ends: bool) -> Self {
        Self { steps: steps.into(), ends, deadline: Time::NEVER, passed: 0, last: String::new() }
    }

    /// Adds a last step, after which the session ends.
    pub fn end_with(&mut self, step: Step) {
        self.steps.push_back(step);
        self.ends = true;
    }

    /// Takes the text of the next step, if that is to send one.
    pub fn take_text(&mut self) -> Option<String> {
        let Some(Step::Send(text)) = self.steps.front_mut() else { return None };
        let text = std::mem::take(text);
        self.steps.pop_front();
        Some(text)
    }

    /// Whether a message is waited for.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.steps.front(), Some(Step::Expect(_) | Step::One))
    }

    /// Whether all is done, and the session is to end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ends && self.steps.is_empty()
    }

    /// Notes a message. Returns `true` if it was waited for: the next step can begin.
    pub fn got(&mut self, message: &[u8]) -> bool {
        let is_met = match self.steps.front() {
            Some(Step::Expect(text)) => contains(message, text.as_bytes()),
            Some(Step::One) => true,
            _ => return false,
        };
        if is_met {
            self.steps.pop_front();
            (self.passed, self.deadline) = (0, Time::NEVER);
            self.last.clear();
        } else {
            self.passed = self.passed.saturating_add(1);
            self.last = String::from_utf8_lossy(message).chars().take(TOLD_CHARS).collect();
        }
        is_met
    }

    /// What was waited for, and what came instead. `None`: nothing was left to do.
    pub fn failure(&mut self) -> Option<String> {
        let (first, left) = (self.steps.front()?.clone(), self.steps.len() - 1);
        self.steps.clear();
        self.deadline = Time::NEVER;
        let step = match &first {
            Step::Expect(text) => format!("--expect {text:?}: no message contained it"),
            Step::One => "--one: no message came".to_owned(),
            Step::Send(text) => return Some(format!("--send {text:?}: it was not sent any more")),
        };
        let last = show::escaped(self.last.as_bytes());
        let instead = match self.passed {
            0 => "nothing came".to_owned(),
            1 => format!("this came instead: {last}"),
            count => format!("{count} others came, the last was: {last}"),
        };
        let rest = if left > 0 { format!("; {left} more to do") } else { String::new() };
        Some(format!("{step}; {instead}{rest}"))
    }
}

fn contains(message: &[u8], text: &[u8]) -> bool {
    match (std::str::from_utf8(message), std::str::from_utf8(text)) {
        (Ok(message), Ok(text)) => message.contains(text),
        _ => false,
    }
}
