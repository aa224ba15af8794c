//! The whole of `explain`, as a function: arguments and bytes in, text out.

use super::accept;
use super::capture::Capture;
use super::command::{self, Form, Options, Wanted};
use super::head;
use super::input;
use super::mask;
use super::page::{Ink, Page};
use super::play::{Event, Known, play};
use super::short;
use super::step::MAX_BYTES;
use super::summary::Summary;
use super::table;
use crate::http::head as request;
use crate::tools::json;
use crate::tools::kept::Keep;
use crate::tools::title::{answer_field, title};
use crate::tools::unit::{Missing, Unit, What};
use crate::ws::frame::Sender;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// What the output looks like.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Somebody reads it on a terminal.
    pub is_terminal: bool,
    /// The variable `NO_COLOR`: if it is set and not empty, there is no colour.
    pub no_color: Option<OsString>,
}

/// What has come of it, beside the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One line for stderr; empty: there is nothing to complain about.
    pub complaint: String,
    /// The exit status: 0, 1, 2 or 5.
    pub status: u8,
    /// The file that `--pcap` asks for.
    pub capture: Option<(PathBuf, Vec<u8>)>,
}

/// Explains bytes: those in the arguments, or those that `read` gives. `out` gets the text.
pub fn explain(
    arguments: Vec<OsString>,
    read: &mut dyn FnMut() -> Result<Vec<u8>, String>,
    look: &Look,
    out: &mut dyn Write,
) -> Outcome {
    let has_colour = look.is_terminal && look.no_color.as_ref().is_none_or(|value| value.is_empty());
    let mut page = Page::new(out, has_colour);
    let done = match command::read(arguments) {
        Ok(Wanted::Help(text)) => {
            page.verbatim(text.trim_end());
            return Outcome::default();
        }
        Ok(Wanted::Work(options)) => work(&options, read, &mut page),
        Err(complaint) => Err(complaint),
    };
    done.unwrap_or_else(|complaint| Outcome { complaint, status: 2, capture: None })
}

/// A frame in full, as lines without a last end.
#[must_use]
pub fn explain_frame(unit: &Unit) -> String {
    let mut text = Vec::new();
    let mut page = Page::new(&mut text, false);
    page.text(0, &title(unit), Ink::Title);
    page.line("", Ink::Plain);
    table::table(&mut page, unit, 0);
    mask::steps(&mut page, unit);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

fn work(
    options: &Options,
    read: &mut dyn FnMut() -> Result<Vec<u8>, String>,
    page: &mut Page<'_>,
) -> Result<Outcome, String> {
    let bytes = match &options.words {
        Some(words) => words.clone().into_bytes(),
        None => read()?,
    };
    let input = input::read(&bytes, options.is_raw, options.words.is_some(), MAX_BYTES as u64)?;
    drop(bytes);
    let keep = match options.form {
        Form::Json => Keep::FULL,
        // Longer payloads are shown in parts anyway.
        Form::Table | Form::Short => Keep { whole: 1 << 20, ..Keep::SHORT },
    };
    let known = Known {
        from: options.from,
        key: options.key.as_deref(),
        deflate: options.deflate,
        keep,
        most: MAX_BYTES as u64,
        stop: Cell::default(),
    };
    let connections = input.steps.iter().map(|step| step.conn).max().unwrap_or(1);
    let mut writer = Writer {
        options,
        page,
        summary: Summary::default(),
        capture: options.capture.as_ref().map(|_| Capture::new()),
        keys: Vec::new(),
        is_first: true,
        has_several: connections > 1,
        answers: has_answer(&input),
    };
    writer.notes(&input.notes);
    let played = play(&input, &known, |event| writer.event(&event));
    let Writer { summary, capture, .. } = writer;
    played?;
    if options.form == Form::Table {
        summary.print(page);
    }
    let capture = match (options.capture.as_ref(), capture) {
        (Some(file), Some(capture)) => Some((PathBuf::from(file), capture.finish()?)),
        _ => None,
    };
    Ok(Outcome { complaint: String::new(), status: summary.status(), capture })
}

/// Whether there is an answer to a request: it shows how its accept value comes from the key.
fn has_answer(input: &super::step::Input) -> bool {
    use super::step::Act;
    let begins =
        |bytes: &[u8]| bytes.starts_with(b"HTTP/1.") || bytes.windows(8).any(|part| part == b"\nHTTP/1.");
    input.steps.iter().any(|step| matches!(&step.act, Act::Bytes { bytes, .. } if begins(bytes)))
}

struct Writer<'a, 'p> {
    options: &'a Options,
    page: &'a mut Page<'p>,
    summary: Summary,
    capture: Option<Capture>,
    /// The keys of the requests of each connection that have no answer yet.
    keys: Vec<(u32, VecDeque<String>)>,
    is_first: bool,
    has_several: bool,
    answers: bool,
}

impl Writer<'_, '_> {
    fn notes(&mut self, notes: &[String]) {
        if self.options.form == Form::Table {
            for note in notes {
                self.page.text(0, note, Ink::Faint);
            }
            self.is_first = notes.is_empty();
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        match (event, &mut self.capture) {
            (Event::Unit(conn, unit, at), _) => {
                self.summary.note(unit);
                if !self.page.is_closed {
                    self.unit(*conn, unit, *at);
                }
            }
            (Event::Lost(conn, from), _) => self.lost(*conn, *from),
            (_, None) => {}
            (Event::Sent(conn, from, bytes, is_read), Some(capture)) => {
                capture.bytes(*conn, *from, bytes, *is_read)
            }
            (Event::Gap, Some(capture)) => capture.gap(),
            (Event::Open(conn, path), Some(capture)) => capture.open(*conn, path),
            (Event::End(conn, from), Some(capture)) => capture.end(*conn, *from),
            (Event::Reset(conn), Some(capture)) => capture.reset(*conn),
        }
    }

    fn unit(&mut self, conn: u32, unit: &Unit, at: u64) {
        match self.options.form {
            Form::Short => self.page.verbatim(&short::line(unit, conn)),
            Form::Json => {
                let mut object = json::unit(unit, true);
                object.insert("conn".to_owned(), json!(conn));
                self.page.verbatim(&Value::Object(object).to_string());
            }
            Form::Table => self.table(conn, unit, at),
        }
    }

    fn gap(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.page.line("", Ink::Plain);
        }
    }

    fn table(&mut self, conn: u32, unit: &Unit, at: u64) {
        self.gap();
        let place = if self.has_several { format!("connection {conn}: ") } else { String::new() };
        self.page.text(0, &format!("{place}{}", title(unit)), Ink::Title);
        self.page.line("", Ink::Plain);
        match &unit.what {
            What::Request(bytes) => {
                head::head(self.page, unit, at);
                self.request(conn, unit, bytes);
            }
            What::Response(bytes) => {
                head::head(self.page, unit, at);
                self.response(conn, unit, bytes);
            }
            _ => {
                table::table(self.page, unit, at);
                mask::steps(self.page, unit);
            }
        }
    }

    fn request(&mut self, conn: u32, unit: &Unit, bytes: &[u8]) {
        let mut copy = bytes.to_vec();
        let mut slots = request::NO_FIELDS;
        let head = request::parse(&mut copy, &mut slots);
        let key = head.ok().and_then(|head| head.fields.text("sec-websocket-key").map(str::to_owned));
        let Some(key) = key else { return };
        if unit.broken.is_none() && !self.answers {
            accept::steps(self.page, &key, "from this request", None);
        }
        match self.keys.iter_mut().find(|(of, _)| *of == conn) {
            Some((_, keys)) => keys.push_back(key),
            None => self.keys.push((conn, VecDeque::from([key]))),
        }
    }

    fn response(&mut self, conn: u32, unit: &Unit, bytes: &[u8]) {
        if unit.missing != Missing::Nothing {
            return;
        }
        let Some(accept) = answer_field(bytes, "sec-websocket-accept") else { return };
        let keys = self.keys.iter_mut().find(|(of, _)| *of == conn);
        let asked = keys.and_then(|(_, keys)| keys.pop_front());
        match (asked, &self.options.key) {
            (Some(key), _) => accept::steps(self.page, &key, "from the request", Some(&accept)),
            (None, Some(key)) => accept::steps(self.page, key, "from --key", Some(&accept)),
            (None, None) => accept::unknown(self.page),
        }
    }

    fn lost(&mut self, conn: u32, from: Sender) {
        if self.options.form != Form::Table {
            return;
        }
        self.gap();
        let side = if from == Sender::Client { "client" } else { "server" };
        let place = if self.has_several { format!(" of connection {conn}") } else { String::new() };
        let text = format!(
            "Bytes are left out here, and nobody can say where the next frame of the {side}{place} begins."
        );
        self.page.text(0, &text, Ink::Plain);
    }
}
