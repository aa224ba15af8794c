//! The command line of `explain`.

use crate::cli::tool::{Asked, Flag, Given, Tool};
use crate::ws::frame::Sender;
use std::ffi::OsString;

const fn flag(name: &'static str, unit: &'static str, about: &'static str) -> Flag {
    Flag { name, unit, about }
}

/// What the command line may say.
pub const TOOL: Tool = Tool {
    name: "explain",
    head: "\
Usage: ws101 explain [FLAGS] [HEX...]
       ws101 explain [FLAGS] < FILE

Tells what bytes mean, field by field, and which rule of RFC 6455 they break.
Without HEX, or with -, it reads standard input.
",
    flags: &[
        flag("from", "SIDE", "who sends the bytes: client or server (default: masked frames are a client's)"),
        flag("key", "KEY", "the Sec-WebSocket-Key that was sent, to judge an answer without its request"),
        flag("deflate", "", "permessage-deflate was agreed to: inflate compressed messages"),
        flag("raw", "", "standard input is the bytes themselves, and no text to be read"),
        flag("short", "", "one line for each frame"),
        flag("json", "", "one JSON object for each frame or head"),
        flag("pcap", "FILE", "also write the bytes as a capture, for Wireshark"),
    ],
    tail: "
The bytes may be hex in any usual spelling (81 85, 0x81, \\x81, a C array,
<Buffer 81 85>, b'\\x81\\x857'), a list of decimal numbers in [brackets], a trace
or a .wire file, a dump by xxd, hexdump -C or tcpdump -X, Wireshark's copy as a
hex dump, a handshake as text (also as curl -v prints it), or raw bytes.

Exit status: 0 all rules kept, 1 a rule is broken, 2 the input cannot be read,
5 the input ends within a frame or head.

Examples:
  ws101 explain 81 85 37 fa 21 3d 7f 9f 4d 51 58
  printf '\\x81\\x05Hello' | ws101 explain
  ws101 explain < trace.txt
",
};

/// What is printed of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Short,
    Json,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) form: Form,
    pub(super) from: Option<Sender>,
    pub(super) key: Option<String>,
    pub(super) deflate: bool,
    pub(super) is_raw: bool,
    pub(super) capture: Option<OsString>,
    /// The bytes of the command line. `None`: they are on standard input.
    pub(super) words: Option<String>,
}

/// What the command line asks for.
pub(super) enum Wanted {
    Help(String),
    Work(Options),
}

/// Reads the command line.
///
/// # Errors
/// A complaint about the first thing in it that is wrong.
pub(super) fn read(arguments: Vec<OsString>) -> Result<Wanted, String> {
    match TOOL.read(arguments)? {
        Asked::Help(text) => Ok(Wanted::Help(text)),
        Asked::Run(given) => options(&given).map(Wanted::Work),
    }
}

fn options(given: &Given) -> Result<Options, String> {
    let from = match given.value("from")? {
        None => None,
        Some("client") => Some(Sender::Client),
        Some("server") => Some(Sender::Server),
        Some(other) => return Err(format!("--from: {other:?} is neither client nor server")),
    };
    let form = match (given.has("short"), given.has("json")) {
        (true, true) => return Err("--short and --json are two forms: give one of them".to_owned()),
        (true, false) => Form::Short,
        (false, true) => Form::Json,
        (false, false) => Form::Table,
    };
    if cfg!(not(feature = "deflate")) && given.has("deflate") {
        return Err("--deflate: this program was built without compression (feature deflate)".to_owned());
    }
    let is_raw = given.has("raw");
    let words = words(&given.words)?;
    if is_raw && words.is_some() {
        return Err("--raw: raw bytes come on standard input, and arguments were given, too".to_owned());
    }
    let key = given.value("key")?.map(str::to_owned);
    if let Some(key) = key.as_ref().filter(|key| key.is_empty() || key.contains(char::is_whitespace)) {
        return Err(format!("--key: {key:?} is no key; one is 24 characters, as dGhlIHNhbXBsZSBub25jZQ=="));
    }
    let capture = given.flags.iter().rev().find(|(name, _)| *name == "pcap").map(|(_, file)| file.clone());
    Ok(Options { form, from, key, deflate: given.has("deflate"), is_raw, capture, words })
}

fn words(words: &[OsString]) -> Result<Option<String>, String> {
    let texts = words.iter().map(|word| word.to_str().ok_or_else(|| format!("{word:?} is no text")));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    match texts[..] {
        [] | ["-"] => Ok(None),
        _ if texts.contains(&"-") => Err("- is standard input: give it alone, or bytes as words".to_owned()),
        _ => Ok(Some(texts.join(" "))),
    }
}
