//! The command lines of the tools: each has a small table of flags of its own.
//!
//! A complaint is one line that names the thing, the reason, and the way out. No environment variable sets these flags.

use super::help::entry;
use super::unknown;
use lexopt::Arg;
use std::ffi::{OsStr, OsString};

/// One flag of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Without the dashes.
    pub name: &'static str,
    /// What its value is, in capitals. Empty: it has none. In brackets, as in `[FORM]`: it may have one, after `=`.
    pub unit: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// A tool, as its `--help` tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The word of the command line.
    pub name: &'static str,
    /// Everything before the flags, with the line `Usage: ...`.
    pub head: &'static str,
    /// The flags, in the order of `--help`.
    pub flags: &'static [Flag],
    /// Everything after them.
    pub tail: &'static str,
}

/// What was given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Flags in their order, with their values. One without a value has an empty one.
    pub flags: Vec<(&'static str, OsString)>,
    /// Everything that is no flag.
    pub words: Vec<OsString>,
}

impl Given {
    /// Whether the flag was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(given, _)| *given == name)
    }

    /// The value that was given last.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn value(&self, name: &str) -> Result<Option<&str>, String> {
        let found = self.flags.iter().rev().find(|(given, _)| *given == name);
        found.map(|(name, value)| text(name, value)).transpose()
    }

    /// All values that were given, in their order.
    ///
    /// # Errors
    /// One is not UTF-8.
    pub fn values(&self, name: &str) -> Result<Vec<&str>, String> {
        let found = self.flags.iter().filter(|(given, _)| *given == name);
        found.map(|(name, value)| text(name, value)).collect()
    }
}

fn text<'a>(name: &str, value: &'a OsStr) -> Result<&'a str, String> {
    value.to_str().ok_or_else(|| format!("--{name}: {value:?} is not UTF-8"))
}

/// What a tool is asked to do.
#[derive(Debug, Clone)]
pub enum Asked {
    /// To work with these.
    Run(Given),
    /// To print this help.
    Help(String),
}

impl Tool {
    /// Reads the arguments after the tool's name.
    ///
    /// # Errors
    /// A complaint about the first flag that is unknown or has no value.
    pub fn read(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut given = Given::default();
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help(self.help())),
                Arg::Long(name) => {
                    let flag = self.flags.iter().find(|flag| flag.name == name);
                    let flag = flag.ok_or_else(|| self.unknown(&format!("--{name}")))?;
                    let value = match flag.unit {
                        "" => parser.optional_value().map_or(Ok(OsString::new()), |value| {
                            Err(format!("--{}: it has no value, and {value:?} was given", flag.name))
                        })?,
                        unit if unit.starts_with('[') => parser.optional_value().unwrap_or_default(),
                        unit => parser
                            .value()
                            .map_err(|_| format!("--{} needs a value: --{0} {unit}", flag.name))?,
                    };
                    given.flags.push((flag.name, value));
                }
                Arg::Short(letter) => return Err(self.unknown(&format!("-{letter}"))),
                Arg::Value(word) => given.words.push(word),
            }
        }
        Ok(Asked::Run(given))
    }

    fn unknown(&self, flag: &str) -> String {
        let names = self.flags.iter().map(|flag| flag.name).chain(["help"]);
        let list = format!("ws101 {} --help lists the flags", self.name);
        unknown::flag_of(flag, names, &list)
    }

    /// The text of `--help`, 80 columns wide.
    #[must_use]
    pub fn help(&self) -> String {
        let left = |flag: &Flag| match flag.unit {
            "" => format!("  --{}", flag.name),
            unit if unit.starts_with('[') => {
                format!("  --{}[={}]", flag.name, unit.trim_matches(['[', ']']))
            }
            unit => format!("  --{} {unit}", flag.name),
        };
        let column = self.flags.iter().map(|flag| left(flag).len()).max().unwrap_or_default() + 2;
        let mut text = format!("{}\nFlags:\n", self.head);
        for flag in self.flags {
            entry(&mut text, &left(flag), column, flag.about.split(' '));
        }
        entry(&mut text, "  -h, --help", column, ["print this text"]);
        text.push_str(self.tail);
        text
    }
}
