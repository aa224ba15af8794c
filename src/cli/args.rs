//! The command line: from arguments and environment to what the program is asked to do.
//!
//! Arguments and environment come in as values, so this is a function of its arguments. `main` prints, looks up host
//! names, and knows the exit statuses. A complaint is one line that names the thing, the reason, and the way out.

use super::flags::{Options, TOOLS, flags, variable};
use super::value::SIZE;
use super::{help, unknown};
use crate::config::Config;
use lexopt::Arg;
use std::ffi::{OsStr, OsString};

const VERSION: &str = concat!("ws101 ", env!("CARGO_PKG_VERSION"), "\n");

/// What the program is asked to do.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// `ws101`, `ws101 serve`: run the server.
    Serve(Box<Options>),
    /// `--help`, `ws101 help`, `--version`: print this text to stdout.
    Print(String),
    /// A tool of this name, with these arguments.
    Tool(&'static str, Vec<OsString>),
}

/// Reads the arguments (without the program's name), and the environment for what they leave open.
///
/// # Errors
/// A complaint about the first thing that is unknown, incomplete, out of range, or contradicts another.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Invocation, String> {
    let mut arguments = arguments.into_iter().peekable();
    // The flags of a tool come after its name, and are its own.
    if let Some(tool) = arguments.peek().and_then(|word| tool(word)) {
        return Ok(Invocation::Tool(tool, arguments.skip(1).collect()));
    }
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut options = Options::default();
    let mut wants_help = None;
    let mut given: Vec<&str> = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Print(help::text())),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Print(VERSION.to_owned())),
            Arg::Long(name) => {
                let flag = flags().into_iter().find(|flag| flag.name == name);
                let flag = flag.ok_or_else(|| unknown::flag(&format!("--{name}")))?;
                given.push(flag.name);
                let missing = || format!("--{} needs a value: --{0} {}", flag.name, flag.unit);
                // The next argument is the value, unless it is a flag itself.
                let is_value = |next: &OsStr| !next.as_encoded_bytes().starts_with(b"--");
                let value = parser.optional_value().or_else(|| match flag.bare {
                    Some(bare) => Some(bare.into()),
                    None => parser.try_raw_args()?.next_if(is_value),
                });
                let value = value.ok_or_else(missing)?;
                let set = (flag.set)(&mut options, &value);
                set.map_err(|reason| format!("--{}: {reason}", flag.name))?;
            }
            Arg::Short(letter) => return Err(unknown::flag(&format!("-{letter}"))),
            Arg::Value(word) if wants_help == Some(true) && tool(&word).is_some() => {
                return Ok(Invocation::Tool(tool(&word).unwrap_or_default(), vec!["--help".into()]));
            }
            Arg::Value(word) if wants_help == Some(false) => {
                return Err(format!(
                    "unexpected argument {word:?}: serve takes flags only, ws101 --help lists them"
                ));
            }
            Arg::Value(word) if word != "serve" && word != "help" => return Err(unknown::command(&word)),
            Arg::Value(word) => wants_help = wants_help.or(Some(word == "help")),
        }
    }
    if wants_help == Some(true) {
        return Ok(Invocation::Print(help::text()));
    }
    for flag in flags().into_iter().filter(|flag| !given.contains(&flag.name)) {
        let name = variable(flag.name);
        // Service units clear a variable by setting it to nothing.
        let Some(value) = environment(&name).filter(|value| !value.is_empty()) else { continue };
        if let Some(line) = unknown::set_by_kubernetes(&name, &value) {
            options.ignored.push(line);
            continue;
        }
        (flag.set)(&mut options, &value).map_err(|reason| format!("{name}: {reason}"))?;
    }
    agree(&options.config)?;
    Ok(Invocation::Serve(Box::new(options)))
}

/// The tool of this name.
fn tool(word: &OsStr) -> Option<&'static str> {
    TOOLS.iter().find(|tool| word == **tool).copied()
}

/// Complains of values that are fine each, and do not fit together.
fn agree(config: &Config) -> Result<(), String> {
    let queue = u64::try_from(config.queue_limit_bytes()).unwrap_or(u64::MAX);
    if queue < config.max_message_bytes {
        return Err(format!(
            "--max-queue-bytes {} is less than --max-message-bytes {}: whoever is sent the largest \
             message would be cut off; raise the one or lower the other",
            SIZE.write(queue),
            SIZE.write(config.max_message_bytes),
        ));
    }
    Ok(())
}
