//! What a flag is: how its value is read and judged, which field it fills, and how its default is shown.

use super::options::Options;
use super::value::Unit;
use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Flags that stand together in `--help`.
pub(super) struct Group {
    /// The heading.
    pub(super) title: &'static str,
    pub(super) flags: &'static [Flag],
}

/// One flag, which is also one environment variable.
pub(super) struct Flag {
    /// Without the dashes.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// How a value is read, judged, stored, and its default shown.
pub(super) enum Kind {
    /// How many, how much, or how long: its unit, its range, what 0 means if it is allowed beside the range, its field.
    Amount(&'static Unit, RangeInclusive<u64>, Option<&'static str>, fn(&mut Options) -> Field<'_>),
    /// A value, or with commas (or by repeating the flag) several: their unit, who judges one, their field.
    List(&'static str, fn(&str) -> Result<String, String>, fn(&mut Options) -> &mut Vec<String>),
    /// Anything else that is text: its unit, who reads it, and who shows the default.
    Text(&'static str, fn(&mut Options, &str) -> Result<(), String>, fn(&Options) -> String),
    /// The folder to serve.
    Folder,
}

/// A field that holds an amount.
pub(super) enum Field<'a> {
    /// A count, or bytes that lie in memory.
    Number(&'a mut usize),
    /// Bytes of which a peer may speak.
    Bytes(&'a mut u64),
    Time(&'a mut Duration),
    /// The limit of a queue, which follows another field as long as it is unset.
    Queue(&'a mut Option<usize>),
}

impl Field<'_> {
    /// Stores an amount. What a 32-bit machine cannot hold, it cannot exceed either.
    fn set(self, amount: u64) {
        let number = usize::try_from(amount).unwrap_or(usize::MAX);
        match self {
            Field::Number(field) => *field = number,
            Field::Bytes(field) => *field = amount,
            Field::Time(field) => *field = Duration::from_millis(amount),
            Field::Queue(field) => *field = Some(number),
        }
    }

    fn show(self, unit: &Unit) -> String {
        unit.show(match self {
            Field::Number(number) => u64::try_from(*number).unwrap_or(u64::MAX),
            Field::Bytes(bytes) => *bytes,
            Field::Time(time) => u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            Field::Queue(_) => return "twice the message limit, at least 8m".to_owned(),
        })
    }
}

impl Flag {
    /// Its environment variable: `--ping-interval` is `WS101_PING_INTERVAL`.
    pub(super) fn variable(&self) -> String {
        format!("WS101_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// What its value is, in capitals.
    pub(super) fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Amount(unit, ..) => unit.name,
            Kind::List(unit, ..) | Kind::Text(unit, ..) => unit,
            Kind::Folder => "DIR",
        }
    }

    /// The default, as `--help` shows it. `options`: the default ones.
    pub(super) fn default(&self, options: &mut Options) -> String {
        match self.kind {
            Kind::Amount(unit, _, _, field) => field(options).show(unit),
            Kind::List(..) => "none".to_owned(),
            Kind::Text(_, _, default) => default(options),
            Kind::Folder => "the built-in pages".to_owned(),
        }
    }

    /// Reads a value into its field.
    ///
    /// # Errors
    /// What is wrong with the value, and what would be right.
    pub(super) fn set(&self, value: &OsStr, options: &mut Options) -> Result<(), String> {
        if let Kind::Folder = self.kind {
            if value.is_empty() {
                return Err("the folder's name is empty".to_owned());
            }
            options.www = Some(PathBuf::from(value));
            return Ok(());
        }
        let text = value.to_str().ok_or_else(|| format!("{value:?} is not UTF-8"))?;
        match &self.kind {
            Kind::Amount(unit, range, zero, field) => {
                field(options).set(amount(text, unit, range, *zero)?);
            }
            Kind::List(_, judge, field) => {
                for item in text.split(',') {
                    field(options).push(judge(item.trim())?);
                }
            }
            Kind::Text(_, set, _) => set(options, text)?,
            Kind::Folder => {}
        }
        Ok(())
    }
}

/// Reads an amount within its range, or the zero that switches something off.
fn amount(text: &str, unit: &Unit, range: &RangeInclusive<u64>, zero: Option<&str>) -> Result<u64, String> {
    let amount = unit.read(text)?;
    if range.contains(&amount) || (amount == 0 && zero.is_some()) {
        return Ok(amount);
    }
    let problem = match amount {
        0 => "this cannot be switched off".to_owned(),
        _ => format!("{text:?} is out of range"),
    };
    let off = zero.map_or_else(String::new, |zero| format!("0 ({zero}) or "));
    let (least, most) = (unit.show(*range.start()), unit.show(*range.end()));
    Err(format!("{problem}; allowed is {off}{least} to {most}"))
}
