//! `/lab`: explains lines of the notation. Nothing is executed.

use super::eye::KEEP;
use super::json;
use crate::clock::Time;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::route::Route;
use crate::hub::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use crate::tools::explain::{Bounds, explain_text};
use crate::tools::notation;
use crate::tools::unit::{Unit, What};
use serde_json::json;

/// The path of the lab.
const PATH: &str = "/lab";
/// Bytes of what is to be explained at once.
const MAX_TEXT_BYTES: u64 = 4 << 10;
/// Bytes that it may stand for, and inflate to.
const MAX_MEANT_BYTES: u64 = 64 << 10;
/// Bytes of an answer.
const MAX_ANSWER_BYTES: usize = 256 << 10;
/// Bytes that a line of a head takes at least in an answer.
const LINE_BYTES: usize = 48;

/// The application.
#[derive(Debug, Default)]
pub struct Lab;

/// Explains a text. The answer is JSON: the events, or what is wrong with it.
#[must_use]
pub fn answer(text: &str) -> String {
    if text.len() as u64 > MAX_TEXT_BYTES {
        return error("more than 4 KiB of text: give a part of it");
    }
    if text.trim().is_empty() {
        return error(
            "there is nothing to explain: give bytes in hex, as in 81 05 48 65 6c 6c 6f, or a frame, as in text \"Hello\"",
        );
    }
    let (mut events, mut bytes, mut room) = (Vec::new(), 0, MAX_ANSWER_BYTES);
    let explained =
        explain_text(&with_senders(text), Bounds { bytes: MAX_MEANT_BYTES, keep: KEEP }, &mut |unit| {
            bytes += unit.len;
            // Each line of a head takes more than this in the answer, so it need not be built to be refused.
            if lines(unit) > MAX_ANSWER_BYTES / LINE_BYTES {
                return false;
            }
            let event = json::numbered(json::unit(unit), events.len() as u64 + 1, Time(0));
            let fits = room.checked_sub(event.len() + 1);
            room = fits.unwrap_or(0);
            events.extend(fits.map(|_| event));
            fits.is_some()
        });
    match explained {
        Err(words) => error(&words),
        Ok(false) => error("the explanation would be longer than 256 KiB: give a part of it"),
        Ok(true) => format!("{{\"bytes\":{bytes},\"events\":[{}]}}", events.join(",")),
    }
}

/// Lines of a head.
fn lines(unit: &Unit) -> usize {
    match &unit.what {
        What::Request(head) | What::Response(head) => head.iter().filter(|byte| **byte == b'\n').count(),
        _ => 0,
    }
}

fn error(words: &str) -> String {
    json!({"error": words}).to_string()
}

/// Lines that begin with the name of a frame say who sends it: the client.
fn with_senders(text: &str) -> String {
    let is_frame = |line: &str| notation::is_frame(line);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    if lines().next().is_none() || !lines().all(is_frame) {
        return text.to_owned();
    }
    text.lines()
        .map(|line| if is_frame(line.trim()) { format!("C> {line}\n") } else { format!("{line}\n") })
        .collect()
}

impl App for Lab {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == PATH).then_some(Route { methods: &[Method::Get], websocket: true, max_body_bytes: 0 })
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        let options = Options::tagged(0);
        // A text that is too long is to be answered in words.
        Reply::Upgrade(Options { max_message_bytes: Some(4 * MAX_TEXT_BYTES), ..options })
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, message: Message<'_>) {
        let answer = match message {
            Message::Text(text) => answer(text),
            Message::Binary(_) => {
                error("send a line of text; bytes are written in hex, as in 81 05 48 65 6c 6c 6f")
            }
        };
        ctx.send(id, Message::Text(&answer));
    }
}
