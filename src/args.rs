//! The command line: from arguments and environment to what the program is asked to do.
//!
//! One table (`flags`) says what flags there are; parsing, `--help` and the environment variables
//! are read off it, so none of them can know a flag that the others do not. Values are judged here
//! (`value`), with the flag's name in every complaint. Pure: arguments and environment come in as
//! values; printing, looking up host names and exit statuses are `main`'s.

mod flags;
mod help;
mod kind;
mod value;
mod variables;

pub use variables::unknown_variables;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use lexopt::Arg;
use log::LevelFilter;

use crate::config::Config;
use flags::FLAGS;
use kind::Flag;

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

/// How to run the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen: an IP address without brackets, or a name that is still to be resolved.
    pub host: String,
    /// The port; 0 is any free one.
    pub port: u16,
    /// The folder to serve instead of the embedded pages. Not looked at yet.
    pub www: Option<PathBuf>,
    /// Origins allowed beside the server's own pages, in lower case: `*`, `null`, or
    /// `scheme://host[:port]`.
    pub allow_origin: Vec<String>,
    /// Hosts allowed beside IP literals and this machine's names, in lower case, without port; or `*`.
    pub allow_host: Vec<String>,
    /// What the chat says after the name of somebody who left.
    pub farewell: String,
    /// The least severe level that is logged.
    pub log: LevelFilter,
    /// Limits and deadlines.
    pub config: Config,
    /// What was ignored, and why: a line each, for the log.
    pub ignored: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8000,
            www: None,
            allow_origin: Vec::new(),
            allow_host: Vec::new(),
            farewell: "has left the chat".to_owned(),
            log: LevelFilter::Info,
            config: Config::default(),
            ignored: Vec::new(),
        }
    }
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

/// Why there is no flag of this name, if other builds have one.
fn built_without(name: &str) -> Option<&'static str> {
    let is_missing = cfg!(not(feature = "deflate")) && name.starts_with("deflate");
    is_missing.then_some("this program was built without compression (feature deflate)")
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

/// The name that `word` was probably meant to be: the start of it or more than it, a part of it, or
/// few edits away, in this order.
fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let kinship = |name: &str| {
        if word.is_empty() {
            2
        } else if name.starts_with(word) || word.starts_with(name) {
            0
        } else if word.len() > 2 && name.contains(word) {
            1
        } else {
            2
        }
    };
    let (kinship, distance, name) = names
        .into_iter()
        .map(|name| (kinship(name), edit_distance(word, name), name))
        .min()?;
    (kinship < 2 || distance * 2 <= word.chars().count()).then_some(name)
}

/// Levenshtein's: characters to insert, remove or replace.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (right, &above) in to.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(left != right);
            before = replaced.min(above + 1).min(before + 1);
            diagonal = above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
