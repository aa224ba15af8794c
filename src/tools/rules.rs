//! The rules that bytes can break, by the names of docs/CONFORMANCE.md, and what to say of each.

use super::unit::{Fault, Unit, What};
use crate::http::head::{self, Head, NO_FIELDS};
use crate::ws::client;
use crate::ws::close::Violation;
use crate::ws::frame::Sender;

/// A rule, as it is named and told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name in docs/CONFORMANCE.md: the section, and a number. `D` stands for RFC 7692.
    pub id: &'static str,
    /// What is wrong, what a reader does about it, and what would be right.
    pub words: String,
    /// The name of the field that breaks it.
    pub field: &'static str,
}

impl Rule {
    /// The RFC and its section: `RFC 6455 5.1`.
    #[must_use]
    pub fn section(&self) -> String {
        let (rfc, id) = match self.id.strip_prefix('D') {
            Some(id) => ("RFC 7692", id),
            None => ("RFC 6455", self.id),
        };
        format!("{rfc} {}", id.rsplit_once('-').map_or(id, |(section, _)| section))
    }
}

/// The rule that the unit breaks. `None`: it breaks none.
#[must_use]
pub fn rule(unit: &Unit) -> Option<Rule> {
    let broken = unit.broken.as_ref()?;
    Some(match (&broken.fault, &unit.what) {
        (Fault::Frame(violation), _) => of_frame(*violation, unit),
        (Fault::AfterClose, _) => Rule {
            id: "5.5.1-4",
            words: "after its Close a side sends no more messages. Whoever reads has stopped: this frame is thrown \
                    away."
                .to_owned(),
            field: "opcode",
        },
        (Fault::Request(status, text), What::Request(bytes)) => of_request(*status, text, bytes),
        (Fault::Request(status, text), _) => request("4.2.1-0", "", *status, text, ""),
        (Fault::Answer(fault), _) => of_answer(*fault),
        (Fault::NoAnswer, _) => Rule {
            id: "4.2.2-12",
            words: "this is no response head: a status line such as HTTP/1.1 101 Switching Protocols, then fields, \
                    then an empty line."
                .to_owned(),
            field: "",
        },
    })
}

fn of_frame(violation: Violation, unit: &Unit) -> Rule {
    let (close, from_server) = (violation.close_code(), unit.from == Sender::Server);
    let ends = format!(
        "The {} must fail the connection with {close}.",
        if from_server { "client" } else { "server" }
    );
    let (id, field, words) = match violation {
        Violation::ReservedBit => (
            "5.2-2",
            "RSV1 RSV2 RSV3",
            format!(
                "a reserved bit is 0 unless an extension was agreed to that uses it on this frame. {ends}"
            ),
        ),
        Violation::UnknownOpcode => (
            "5.2-3",
            "opcode",
            format!(
                "this opcode is reserved: 0, 1 and 2 are data frames, 8, 9 and a are control frames. {ends}"
            ),
        ),
        Violation::Unmasked => (
            "5.1-2",
            "MASK",
            format!(
                "a client masks every frame, control frames too. {ends} Set the bit, send four random bytes as the \
                 key, and XOR the payload with them."
            ),
        ),
        Violation::Masked => ("5.1-3", "MASK", masked(unit)),
        Violation::FragmentedControlFrame => {
            ("5.5-2", "FIN", format!("a control frame is never fragmented: FIN must be 1. {ends}"))
        }
        Violation::ControlFrameTooLong => {
            ("5.5-1", "payload length", format!("a control frame carries at most 125 bytes. {ends}"))
        }
        Violation::NothingToContinue => (
            "5.4-7",
            "opcode",
            format!(
                "a continuation goes on with a message, and none has begun. {ends} The first frame has opcode 1 or 2."
            ),
        ),
        Violation::InterleavedMessage => (
            "5.4-6",
            "opcode",
            format!(
                "a message has begun and not ended; only continuations and control frames may come. {ends}"
            ),
        ),
        Violation::LengthTopBit => {
            ("5.2-5", "extended length", format!("the most significant bit of the length must be 0. {ends}"))
        }
        Violation::LengthNotShortest => (
            "5.2-6",
            "extended length",
            format!(
                "the length must be sent in its shortest form. This server refuses any other with {close}; other \
                     readers may accept it."
            ),
        ),
        Violation::MessageTooBig => (
            "10.4-1",
            "payload length",
            format!("the message is larger than the limit of the reader, which then answers {close}."),
        ),
        Violation::TooManyFragments => (
            "10.4-3",
            "FIN",
            format!("the message has more fragments than the limit of the reader: {close}."),
        ),
        Violation::NotUtf8 => ("8.1-1", "payload", not_utf8(unit, &ends)),
        Violation::CorruptDeflate => {
            ("D7.2.2-3", "payload", format!("the payload is no DEFLATE data, or is cut off. {ends}"))
        }
        Violation::TooManyFinalBlocks => {
            ("10.4-1", "payload", format!("the message has more than 4,096 final blocks: {close}."))
        }
        Violation::HalfCloseCode => (
            "5.5.1-1",
            "payload length",
            format!("a Close is empty, or begins with a code of two bytes. {ends}"),
        ),
        Violation::BadCloseCode => ("7.4.2-2", "close code", bad_code(unit, &ends)),
        Violation::MessageTooSlow | Violation::NoRoom => {
            ("10.4-1", "", format!("the reader gives up: {close}."))
        }
    };
    Rule { id: if violation == Violation::BadCloseCode { code_rule(unit) } else { id }, words, field }
}

fn masked(unit: &Unit) -> String {
    let mut words = "a server never masks. A browser closes the connection here.".to_owned();
    if let What::Frame(frame) = &unit.what
        && let (Some([first, second]), Some(clear)) = (frame.header.first_chunk::<2>(), frame.clear.all())
        && clear.len() <= 8
    {
        let plain = second & 0x7f;
        words.push_str(&format!(
            " Send {plain:02x} instead of {second:02x}, no key, and the payload in clear: {first:02x} {plain:02x}"
        ));
        clear.iter().for_each(|byte| words.push_str(&format!(" {byte:02x}")));
    }
    words
}

/// The code of a Close frame.
fn close_code(unit: &Unit) -> Option<u16> {
    let What::Frame(frame) = &unit.what else { return None };
    frame.clear.first.first_chunk().map(|code| u16::from_be_bytes(*code))
}

fn code_rule(unit: &Unit) -> &'static str {
    match close_code(unit) {
        Some(1005 | 1006 | 1015) => "7.4.1-1",
        Some(0..=999) => "7.4.2-1",
        _ => "7.4.2-2",
    }
}

fn bad_code(unit: &Unit, ends: &str) -> String {
    let why = match close_code(unit) {
        Some(1005) => "1005 means that a Close had no code. It is told to programs, and never sent.",
        Some(1006) => "1006 means that there was no Close. It is told to programs, and never sent.",
        Some(1015) => "1015 means that TLS failed. It is told to programs, and never sent.",
        Some(0..=999) => "0 to 999 are not used.",
        Some(1004 | 1016..=2999) => "no meaning is registered for this code.",
        _ => "codes above 4999 do not exist.",
    };
    format!("{why} {ends}")
}

/// What is wrong with the text, at the byte that proves it.
fn not_utf8(unit: &Unit, ends: &str) -> String {
    let What::Frame(frame) = &unit.what else { return ends.to_owned() };
    let skipped = if frame.layout.opcode == 8 { 2 } else { 0 };
    let text = frame.inflated.as_ref().unwrap_or(&frame.clear);
    let code = if frame.layout.opcode == 8 { "the reason of a Close is UTF-8. " } else { "" };
    // A byte that only goes on with a character proves nothing by itself if one has begun.
    let proof = unit.broken.as_ref().map_or(0, |broken| broken.at.saturating_sub(frame.header.len() as u64));
    let goes_on = matches!(text.first.first(), Some(0x80..=0xBF)) && proof > 0 && frame.inflated.is_none();
    if frame.continues.is_some() && goes_on {
        return format!("a character began in an earlier frame, and does not go on like this. {ends}");
    }
    let detail = text.all().and_then(|text| text.get(skipped..)).map(what_is_no_utf8).unwrap_or_default();
    let answer = if frame.layout.opcode == 8 || unit.from == Sender::Server { "" } else { " (88 02 03 ef)" };
    let ends = ends.strip_suffix('.').unwrap_or(ends);
    format!("{code}{detail}{ends}{answer}.")
}

/// Why these bytes are no UTF-8, in words; with a space at the end.
#[must_use]
pub fn what_is_no_utf8(text: &[u8]) -> String {
    let Err(error) = std::str::from_utf8(text) else {
        return "a character began in an earlier frame, and does not go on like this. ".to_owned();
    };
    let rest = text.get(error.valid_up_to()..).unwrap_or_default();
    let Some((&first, after)) = rest.split_first() else { return String::new() };
    let len = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 0,
    };
    let mut words = match (first, after.first().copied()) {
        (0x80..=0xBF, _) => format!("{first:02x} goes on with a character, and none has begun."),
        (0xC0 | 0xC1, _) => format!("{first:02x} would begin a character that has a shorter form."),
        (0xF5.., _) => format!("{first:02x} is no byte of UTF-8."),
        (0xE0, Some(next @ 0x80..=0x9F)) | (0xF0, Some(next @ 0x80..=0x8F)) => {
            format!("{first:02x} {next:02x} would begin a character that has a shorter form.")
        }
        (0xED, Some(next @ 0xA0..=0xBF)) => {
            format!("{first:02x} {next:02x} begins half of a UTF-16 pair, which is no character.")
        }
        (0xF4, Some(next @ 0x90..=0xBF)) => {
            format!("{first:02x} {next:02x} is above U+10FFFF, the last character.")
        }
        _ => {
            let there = after.iter().take_while(|byte| matches!(byte, 0x80..=0xBF)).count();
            let missing = usize::saturating_sub(len, 1 + there);
            let (number, verb) = match missing {
                1 => ("one byte", "is"),
                2 => ("two bytes", "are"),
                _ => ("three bytes", "are"),
            };
            format!("{first:02x} starts a {len}-byte character, and {number} {verb} missing.")
        }
    };
    if first >= 0xA0 && after.first().is_none_or(|next| !matches!(next, 0x80..=0xBF)) {
        let [lead, next] = [0xC0 | first >> 6, 0x80 | first & 0x3F];
        let letter = char::from(first);
        words.push_str(&format!(
            " In Latin-1 {first:02x} is \"{letter}\"; in UTF-8 \"{letter}\" is {lead:02x} {next:02x}."
        ));
    }
    words.push(' ');
    words
}

fn request(id: &'static str, words: &str, status: u16, text: &str, field: &'static str) -> Rule {
    let mut lowered = text.to_owned();
    if let Some(first) = lowered.get_mut(..1).filter(|_| !text.starts_with("HTTP")) {
        first.make_ascii_lowercase();
    }
    let words = if words.is_empty() { lowered } else { words.to_owned() };
    Rule { id, words: format!("{} The server answers {status}.", words.trim_end()), field }
}

/// Finds the line of a request that is wrong. The server has judged; this only says where.
fn of_request(status: u16, text: &str, bytes: &[u8]) -> Rule {
    let mut copy = bytes.to_vec();
    let mut slots = NO_FIELDS;
    let Ok(head) = head::parse(&mut copy, &mut slots) else {
        return match text.contains("Host") {
            true => request("4.2.1-2", "a request names one host, once.", status, text, "Host"),
            false => request("4.2.1-0", "", status, text, ""),
        };
    };
    let (id, words, field) = broken_line(&head);
    request(id, words, status, text, field)
}

fn broken_line(head: &Head<'_>) -> (&'static str, &'static str, &'static str) {
    let fields = head.fields;
    if !fields.has_token("upgrade", "websocket") {
        ("4.2.1-3", "Upgrade must name websocket.", "Upgrade")
    } else if !fields.has_token("connection", "upgrade") {
        ("4.2.1-4", "Connection must name Upgrade: the field is meant for the next hop.", "Connection")
    } else if !head.http11 || head.method != crate::http::method::Method::Get {
        ("4.2.1-1", "an opening handshake is a GET over HTTP/1.1.", "request line")
    } else if fields.single("sec-websocket-version") != Some(b"13") {
        ("4.2.1-6", "the version is 13, in one field.", "Sec-WebSocket-Version")
    } else if fields.single("sec-websocket-key").is_none_or(|key| key.len() != 24 || !key.ends_with(b"==")) {
        (
            "4.2.1-5",
            "the key is 16 random bytes in base64: 22 characters and ==, in one field.",
            "Sec-WebSocket-Key",
        )
    } else if fields.values("content-length").next().is_some()
        || fields.values("transfer-encoding").next().is_some()
    {
        ("4.2.1-0", "an opening handshake has no body: frames follow it.", "Content-Length")
    } else if fields.values("sec-websocket-extensions").next().is_some() {
        ("9.1-1", "the list of extensions is malformed.", "Sec-WebSocket-Extensions")
    } else {
        ("4.2.1-0", "", "")
    }
}

fn of_answer(fault: client::Fault) -> Rule {
    let (id, field, words) = match fault {
        client::Fault::Status(_) => {
            ("4.2.2-10", "status line", "no 101: plain HTTP goes on, and no frame follows.")
        }
        client::Fault::Upgrade => {
            ("4.2.2-10", "Upgrade", "a 101 says Upgrade: websocket. The client fails the connection.")
        }
        client::Fault::Connection => {
            ("4.2.2-10", "Connection", "a 101 says Connection: Upgrade. The client fails the connection.")
        }
        client::Fault::Accept => (
            "4.2.2-11",
            "Sec-WebSocket-Accept",
            "this is not base64(SHA-1(key + GUID)) of the key that was sent. The client fails the connection.",
        ),
        client::Fault::Extension => (
            "4.2.2-9",
            "Sec-WebSocket-Extensions",
            "an answer agrees to extensions that the client has offered, with parameters that exist. The client fails the \
             connection.",
        ),
        client::Fault::Protocol => (
            "4.2.2-7",
            "Sec-WebSocket-Protocol",
            "an answer names one subprotocol, and one that the client has offered. The client fails the connection.",
        ),
    };
    Rule { id, words: words.to_owned(), field }
}
