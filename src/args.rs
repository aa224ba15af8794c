//! The command line: from arguments and environment to what the program is asked to do.
//!
//! One table (`flags`) says what flags there are; parsing, `--help` and the environment variables
//! are read off it, so none of them can know a flag that the others do not. Values are judged here
//! (`value`), with the flag's name in every complaint. Pure: arguments and environment come in as
//! values; printing, looking up host names and exit statuses are `main`'s.

mod flags;
mod help;
mod kind;
mod names;
mod options;
mod value;
mod variables;

pub use options::Options;
pub use variables::unknown_variables;

use std::ffi::{OsStr, OsString};
use std::fmt;

use lexopt::Arg;

use crate::config::Config;
use flags::FLAGS;
use kind::Flag;
use names::{built_without, nearest};

/// What the program is asked to do.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// `ws101`, `ws101 serve`: run the server.
    Serve(Box<Options>),
    /// `--help`, `ws101 help`: print this text to stdout.
    Help(String),
    /// `--version`: print name and version to stdout.
    Version,
}

/// A command line that cannot be followed: one line that names the thing, the reason, the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Reads the arguments (without the program's name), and the environment for what they leave open.
///
/// # Errors
/// The first thing that is unknown, incomplete, out of range, or contradicts another.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Invocation, UsageError> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut options = Options::default();
    let mut command = None;
    let mut given: Vec<&str> = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| refuse(error.to_string()))? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help(help::text())),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long(name) => {
                let Some(flag) = FLAGS.iter().find(|flag| flag.name == name) else {
                    return Err(unknown_flag(&format!("--{name}")));
                };
                given.push(flag.name);
                let value = value_of(flag, &mut parser)?;
                apply(flag, &format!("--{}", flag.name), &value, &mut options)?;
            }
            Arg::Short(letter) => return Err(unknown_flag(&format!("-{letter}"))),
            Arg::Value(word) => match command {
                None if word == "serve" || word == "help" => command = Some(word),
                Some(ref help) if help == "help" && (word == "serve" || word == "help") => {}
                Some(ref serve) if serve == "serve" => {
                    return Err(refuse(format!(
                        "unexpected argument {word:?}: serve takes flags only, ws101 --help lists them"
                    )));
                }
                _ => return Err(unknown_command(&word)),
            },
        }
    }
    if command.is_some_and(|command| command == "help") {
        return Ok(Invocation::Help(help::text()));
    }
    for flag in FLAGS.iter().filter(|flag| !given.contains(&flag.name)) {
        let variable = flag.variable();
        // Service units clear a variable by setting it to nothing.
        if let Some(value) = environment(&variable).filter(|value| !value.is_empty()) {
            if let Some(line) = variables::set_by_kubernetes(&variable, &value) {
                options.ignored.push(line);
                continue;
            }
            apply(flag, &variable, &value, &mut options)?;
        }
    }
    agree(&options.config)?;
    Ok(Invocation::Serve(Box::new(options)))
}

/// The value of a flag: behind its `=`, or the next argument unless that is a flag itself.
fn value_of(flag: &Flag, parser: &mut lexopt::Parser) -> Result<OsString, UsageError> {
    let attached = parser.optional_value();
    attached
        .or_else(|| {
            let is_value = |next: &OsStr| !next.as_encoded_bytes().starts_with(b"--");
            parser.try_raw_args()?.next_if(is_value)
        })
        .ok_or_else(|| {
            let Flag { name, unit, .. } = flag;
            refuse(format!("--{name} needs a value: --{name} {unit}"))
        })
}

fn apply(flag: &Flag, label: &str, value: &OsStr, options: &mut Options) -> Result<(), UsageError> {
    let set = flag.kind.set(value, options);
    set.map_err(|reason| refuse(format!("{label}: {reason}")))
}

/// Values that are fine each, and do not fit together.
fn agree(config: &Config) -> Result<(), UsageError> {
    let queue = u64::try_from(config.queue_limit_bytes()).unwrap_or(u64::MAX);
    if queue < config.max_message_bytes {
        return Err(refuse(format!(
            "--max-queue-bytes {} is less than --max-message-bytes {}: whoever is sent the largest \
             message would be cut off; raise the one or lower the other",
            value::show_size(queue),
            value::show_size(config.max_message_bytes),
        )));
    }
    Ok(())
}

fn unknown_flag(flag: &str) -> UsageError {
    let name = flag.trim_start_matches('-');
    if let Some(reason) = built_without(name) {
        return refuse(format!("unknown flag {flag:?}: {reason}"));
    }
    let known = FLAGS.iter().map(|flag| flag.name);
    let near = nearest(name, known.chain(["help", "version"]));
    refuse(match near {
        Some(name) => format!("unknown flag {flag:?}: did you mean --{name}?"),
        None => format!("unknown flag {flag:?}: ws101 --help lists the flags"),
    })
}

fn unknown_command(word: &OsStr) -> UsageError {
    refuse(match nearest(&word.to_string_lossy(), ["serve", "help"]) {
        Some(name) => format!("unknown command {word:?}: did you mean {name}?"),
        None => format!("unknown command {word:?}: ws101 --help lists commands and flags"),
    })
}

fn refuse(message: String) -> UsageError {
    UsageError(message)
}
