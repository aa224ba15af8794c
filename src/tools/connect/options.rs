//! The command line of `ws101 connect`.

use super::outgoing::Masking;
use super::script::Step;
use super::url::Url;
use crate::cli::tool::{Asked, Flag, Given, Tool};
use crate::config::TraceForm;
use crate::http::head::is_token_byte;
use crate::tools::event::Look;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

const fn flag(name: &'static str, unit: &'static str, about: &'static str) -> Flag {
    Flag { name, unit, about }
}

/// What the command line may say.
pub const TOOL: Tool = Tool {
    name: "connect",
    head: "\
Usage: ws101 connect [FLAGS] URL

Opens a WebSocket. What you type goes out as text messages, line by line; a line
that begins with a slash is a command (/help lists them). End of input, /quit or
Ctrl-C say goodbye with a Close.

Messages of the server go to stdout, one a line; binary ones in hex. Everything
else goes to stderr: the trace, complaints, and last how the connection ended.
",
    flags: &[
        flag("send", "TEXT", "send this text; may be repeated"),
        flag(
            "expect",
            "TEXT",
            "wait for a message that contains this text, and pass over others; may be repeated. These two \
             happen in their order on the command line, then the connection is closed; nothing is read from stdin",
        ),
        flag(
            "one",
            "",
            "then wait for one message, print it, and close; without --send: one line of stdin is sent",
        ),
        flag(
            "timeout",
            "TIME",
            "how long to wait for the handshake, for each expected message, and for the server to take what is \
             sent (default 10s); as in 500ms, 20s, 2m",
        ),
        flag("header", "N: V", "add this field to the request; may be repeated"),
        flag("origin", "ORIGIN", "add Origin, as a browser does"),
        flag("protocol", "NAME", "offer this subprotocol; may be repeated"),
        flag("deflate", "", "offer compression (permessage-deflate)"),
        flag("no-mask", "", "do not mask frames, to see a server refuse them"),
        flag(
            "max-message-bytes",
            "SIZE",
            "largest message of the server; beyond it Close 1009 (default 16m)",
        ),
        flag(
            "via",
            "COMMAND",
            "speak through stdin and stdout of this command, which sh runs, as with ssh's ProxyCommand; for \
             wss:// no TLS is added then",
        ),
        flag(
            "trace",
            "[FORM]",
            "show the bytes on stderr: short (a line for each frame), fields, hex, json or off; the default is \
             short if stderr is a terminal, and off otherwise",
        ),
        flag("trace-file", "FILE", "write the trace there, too: as fields, or in the form of --trace"),
        flag("trace-full", "", "show payloads whole"),
        flag("trace-secrets", "", "show queries, cookies, passwords and unknown subprotocols"),
        flag("trace-no-time", "", "leave times out"),
    ],
    tail: "
wss:// needs the program openssl, through which the bytes go then. SSL_CERT_FILE
names a file with certificates to trust.

Exit status: 0 the connection was closed by both sides; 1 it was not, or what
was expected did not come; 2 the command line is wrong; 3 there is no
connection; 4 the handshake was refused or failed.

Examples:
  ws101 connect ws://127.0.0.1:8000/echo
  ws101 connect --send Hello --expect Hello ws://127.0.0.1:8000/echo
  echo Hello | ws101 connect --one ws://127.0.0.1:8000/echo
  ws101 connect --via 'ssh host nc 127.0.0.1 8000' ws://localhost/echo
",
};

/// What the command line asks for.
#[derive(Debug)]
pub struct Settings {
    /// Where to.
    pub url: Url,
    /// Speak through this command.
    pub via: Option<String>,
    /// What to send and to wait for. `None`: lines of stdin.
    pub steps: Option<Vec<Step>>,
    /// Wait for one message.
    pub one: bool,
    /// How long to wait.
    pub timeout: Duration,
    /// The name of the server, as the request has it.
    pub host: String,
    /// Further fields of the request.
    pub fields: Vec<(String, String)>,
    /// The subprotocols that are offered.
    pub protocols: Vec<String>,
    /// Compression is offered.
    pub deflate: bool,
    /// How frames are masked.
    pub masking: Masking,
    /// Payload of one message of the server, in bytes.
    pub max_message_bytes: u64,
    /// The form of the trace. `None`: the default.
    pub form: Option<TraceForm>,
    /// How the trace looks; its form does not count.
    pub look: Look,
    /// Where it is written, too.
    pub file: Option<PathBuf>,
}

/// Fields that the handshake writes itself.
const OWN_FIELDS: [&str; 6] = [
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
];

impl Settings {
    /// Reads the arguments after `connect`. `Err(Ok(..))`: the help was asked for.
    ///
    /// # Errors
    /// A text to print, or a complaint.
    pub fn read(arguments: Vec<OsString>) -> Result<Self, Result<String, String>> {
        match TOOL.read(arguments).map_err(Err)? {
            Asked::Help(text) => Err(Ok(text)),
            Asked::Run(given) => Self::of(&given).map_err(Err),
        }
    }

    fn of(given: &Given) -> Result<Self, String> {
        let usage = "give one URL, as in ws101 connect ws://127.0.0.1:8000/echo";
        let [word] = &given.words[..] else {
            return Err(format!("{} URLs: {usage}", given.words.len()));
        };
        let url = Url::read(word.to_str().ok_or_else(|| format!("{word:?} is not UTF-8"))?)?;
        let one = given.has("one");
        let mut host = url.authority();
        let mut fields = Vec::new();
        if let Some(origin) = given.value("origin")? {
            fields.push(("Origin".to_owned(), field_value("origin", origin)?));
        }
        for field in given.values("header")? {
            let (name, value) = header(field)?;
            match name.to_ascii_lowercase().as_str() {
                "host" => host = value,
                _ => fields.push((name, value)),
            }
        }
        let protocols = given.values("protocol")?.into_iter().flat_map(|list| list.split(','));
        let protocols: Vec<String> = protocols.map(|name| name.trim().to_owned()).collect();
        if let Some(wrong) = protocols.iter().find(|name| name.is_empty() || !name.bytes().all(is_token_byte))
        {
            return Err(format!("--protocol: {wrong:?} is no token: give a name such as chat"));
        }
        let deflate = given.has("deflate");
        if deflate && cfg!(not(feature = "deflate")) {
            return Err("--deflate: this program was built without compression (feature deflate)".into());
        }
        let form = given.value("trace")?.map(form).transpose()?;
        Ok(Self {
            url,
            via: given.value("via")?.map(str::to_owned),
            steps: steps(given, one)?,
            one,
            timeout: given.value("timeout")?.map_or(Ok(Duration::from_secs(10)), time)?,
            host,
            fields,
            protocols,
            deflate,
            masking: if given.has("no-mask") { Masking::Off } else { Masking::Random },
            max_message_bytes: given.value("max-message-bytes")?.map_or(Ok(16 << 20), size)?,
            form,
            look: Look {
                form: TraceForm::Fields,
                is_full: given.has("trace-full"),
                with_secrets: given.has("trace-secrets"),
                without_times: given.has("trace-no-time"),
            },
            file: given.flags.iter().rev().find(|(name, _)| *name == "trace-file").map(|it| (&it.1).into()),
        })
    }
}

/// `--send` and `--expect` in their order. `None`: there are none.
fn steps(given: &Given, one: bool) -> Result<Option<Vec<Step>>, String> {
    let mut steps = Vec::new();
    for (name, value) in &given.flags {
        let text =
            || value.to_str().map(str::to_owned).ok_or_else(|| format!("--{name}: {value:?} is not UTF-8"));
        match *name {
            "send" => steps.push(Step::Send(text()?)),
            "expect" => steps.push(Step::Expect(text()?)),
            _ => {}
        }
    }
    if one && steps.iter().any(|step| matches!(step, Step::Send(_))) {
        steps.push(Step::One);
    } else if one && !steps.is_empty() {
        return Err(
            "--one and --expect wait for different things: add --send, or leave one of them out".into()
        );
    }
    Ok((!steps.is_empty()).then_some(steps))
}

fn form(text: &str) -> Result<TraceForm, String> {
    Ok(match text {
        "" | "short" => TraceForm::Short,
        "fields" => TraceForm::Fields,
        "hex" => TraceForm::Hex,
        "json" => TraceForm::Json,
        "off" => TraceForm::Off,
        _ => return Err(format!("--trace: {text:?} is no form: give short, fields, hex, json or off")),
    })
}

fn header(text: &str) -> Result<(String, String), String> {
    let Some((name, value)) = text.split_once(':') else {
        return Err(format!("--header: {text:?} has no colon: give 'Name: value'"));
    };
    let name = name.trim();
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(format!("--header: {name:?} is no name of a field: give 'Name: value'"));
    }
    if OWN_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "--header: {name} is a part of the handshake, which is written anyway; --protocol and --deflate \
             set what can be chosen"
        ));
    }
    Ok((name.to_owned(), field_value("header", value)?))
}

fn field_value(flag: &str, value: &str) -> Result<String, String> {
    match value.chars().any(|letter| letter.is_control() && letter != '\t') {
        true => Err(format!("--{flag}: {value:?} has a control character, which would end the line")),
        false => Ok(value.trim().to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    amount(text, &[("ms", 1), ("s", 1_000), ("m", 60_000), ("", 1_000)])
        .filter(|millis| (10..=60 * 60_000).contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("--timeout: {text:?} is no time from 10ms to 60m, as in 500ms, 20s, 2m"))
}

fn size(text: &str) -> Result<u64, String> {
    amount(text, &[("k", 1 << 10), ("m", 1 << 20), ("", 1)])
        .filter(|size| (125..=1 << 30).contains(size))
        .ok_or_else(|| format!("--max-message-bytes: {text:?} is no size from 125 to 1024m, as in 64k, 16m"))
}

/// A number with one of these suffixes, and what each multiplies it by.
fn amount(text: &str, suffixes: &[(&str, u64)]) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let suffix = text.get(digits.len()..)?;
    let (_, factor) = suffixes.iter().find(|(known, _)| *known == suffix)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}
