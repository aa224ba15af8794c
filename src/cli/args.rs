//! The command line: from arguments and environment to what the program is asked to do.
//!
//! Arguments and environment come in as values, so this is a function of its arguments. `main` prints, looks up host
//! names, and knows the exit statuses. A complaint is one line that names the thing, the reason, and the way out.

use super::flag::Flag;
use super::flags::{built_without, flags};
use super::help;
use super::nearest::nearest;
use super::options::Options;
use super::value::SIZE;
use super::variables;
use crate::config::Config;
use lexopt::Arg;
use std::ffi::{OsStr, OsString};

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

/// Reads the arguments (without the program's name), and the environment for what they leave open.
///
/// # Errors
/// A complaint about the first thing that is unknown, incomplete, out of range, or contradicts another.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Invocation, String> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut options = Options::default();
    let mut wants_help = None;
    let mut given: Vec<&str> = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Invocation::Help(help::text())),
            Arg::Long("version") | Arg::Short('V') => return Ok(Invocation::Version),
            Arg::Long(name) => {
                let Some(flag) = flags().find(|flag| flag.name == name) else {
                    return Err(unknown_flag(&format!("--{name}")));
                };
                given.push(flag.name);
                let value = value_of(flag, &mut parser)?;
                let set = flag.set(&value, &mut options);
                set.map_err(|reason| format!("--{}: {reason}", flag.name))?;
            }
            Arg::Short(letter) => return Err(unknown_flag(&format!("-{letter}"))),
            Arg::Value(word) => match wants_help {
                Some(false) => {
                    return Err(format!(
                        "unexpected argument {word:?}: serve takes flags only, ws101 --help lists them"
                    ));
                }
                _ if word != "serve" && word != "help" => return Err(unknown_command(&word)),
                None => wants_help = Some(word == "help"),
                Some(true) => {}
            },
        }
    }
    if wants_help == Some(true) {
        return Ok(Invocation::Help(help::text()));
    }
    for flag in flags().filter(|flag| !given.contains(&flag.name)) {
        let name = flag.variable();
        // Service units clear a variable by setting it to nothing.
        let Some(value) = environment(&name).filter(|value| !value.is_empty()) else { continue };
        match variables::set_by_kubernetes(&name, &value) {
            Some(line) => options.ignored.push(line),
            None => {
                let set = flag.set(&value, &mut options);
                set.map_err(|reason| format!("{name}: {reason}"))?;
            }
        }
    }
    agree(&options.config)?;
    Ok(Invocation::Serve(Box::new(options)))
}

/// The value of a flag: after its `=`, or the next argument unless that is a flag itself.
fn value_of(flag: &Flag, parser: &mut lexopt::Parser) -> Result<OsString, String> {
    let attached = parser.optional_value();
    let value = attached.or_else(|| {
        let is_value = |next: &OsStr| !next.as_encoded_bytes().starts_with(b"--");
        parser.try_raw_args()?.next_if(is_value)
    });
    let (name, unit) = (flag.name, flag.unit());
    value.ok_or_else(|| format!("--{name} needs a value: --{name} {unit}"))
}

/// Complains of values that are fine each, and do not fit together.
fn agree(config: &Config) -> Result<(), String> {
    let queue = u64::try_from(config.queue_limit_bytes()).unwrap_or(u64::MAX);
    if queue < config.max_message_bytes {
        return Err(format!(
            "--max-queue-bytes {} is less than --max-message-bytes {}: whoever is sent the largest \
             message would be cut off; raise the one or lower the other",
            SIZE.show(queue),
            SIZE.show(config.max_message_bytes),
        ));
    }
    Ok(())
}

fn unknown_flag(flag: &str) -> String {
    let name = flag.trim_start_matches('-');
    let known = flags().map(|flag| flag.name).chain(["help", "version"]);
    match (built_without(name), nearest(name, known)) {
        (Some(reason), _) => format!("unknown flag {flag:?}: {reason}"),
        (None, Some(name)) => format!("unknown flag {flag:?}: did you mean --{name}?"),
        (None, None) => format!("unknown flag {flag:?}: ws101 --help lists the flags"),
    }
}

fn unknown_command(word: &OsStr) -> String {
    match nearest(&word.to_string_lossy(), ["serve", "help"]) {
        Some(name) => format!("unknown command {word:?}: did you mean {name}?"),
        None => format!("unknown command {word:?}: ws101 --help lists commands and flags"),
    }
}
