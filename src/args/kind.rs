//! What a flag is: how its value is read and judged, which field it fills, and how its default is shown.

use super::options::Options;
use super::value;
use crate::config::Config;
use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// One flag, which is also one environment variable.
pub(super) struct Flag {
    /// Without the dashes.
    pub(super) name: &'static str,
    /// What its value is, in capitals.
    pub(super) unit: &'static str,
    /// The heading it stands under in `--help`.
    pub(super) group: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// How a value is read, judged, stored, and its default shown.
pub(super) enum Kind {
    /// Bytes.
    Size {
        range: RangeInclusive<u64>,
        set: fn(&mut Config, u64),
        default: fn(&Config) -> String,
    },
    /// How many.
    Count {
        range: RangeInclusive<u64>,
        /// What 0 means, if it is allowed.
        zero: Option<&'static str>,
        field: fn(&mut Config) -> &mut usize,
    },
    /// A duration in milliseconds.
    Time {
        range: RangeInclusive<u64>,
        /// What 0 means, if it is allowed.
        zero: Option<&'static str>,
        field: fn(&mut Config) -> &mut Duration,
    },
    /// A value, or with commas (or by repeating the flag) several.
    List {
        judge: fn(&str) -> Result<String, String>,
        field: fn(&mut Options) -> &mut Vec<String>,
    },
    /// Anything else that is text.
    Text {
        set: fn(&mut Options, &str) -> Result<(), String>,
        default: fn(&Options) -> String,
    },
    /// A folder.
    Folder {
        field: fn(&mut Options) -> &mut Option<PathBuf>,
        default: &'static str,
    },
}

impl Flag {
    /// Its environment variable: `--ping-interval` is `WS101_PING_INTERVAL`.
    pub(super) fn variable(&self) -> String {
        format!("WS101_{}", self.name.replace('-', "_").to_uppercase())
    }
}

impl Kind {
    /// Reads a value into its field, or says what is wrong with it and what would be right.
    pub(super) fn set(&self, value: &OsStr, options: &mut Options) -> Result<(), String> {
        if let Kind::Folder { field, .. } = self {
            if value.is_empty() {
                return Err("the folder's name is empty".to_owned());
            }
            *field(options) = Some(PathBuf::from(value));
            return Ok(());
        }
        let text = value
            .to_str()
            .ok_or_else(|| format!("{value:?} is not UTF-8"))?;
        match self {
            Kind::Size { range, set, .. } => {
                let bytes = value::size(text)?;
                value::judge_range(text, bytes, range, None, value::show_size)?;
                set(&mut options.config, bytes);
            }
            Kind::Count { range, zero, field } => {
                let count = value::count(text)?;
                value::judge_range(text, count, range, *zero, |count| count.to_string())?;
                *field(&mut options.config) = usize::try_from(count).unwrap_or(usize::MAX);
            }
            Kind::Time { range, zero, field } => {
                let milliseconds = value::milliseconds(text)?;
                value::judge_range(text, milliseconds, range, *zero, value::show_milliseconds)?;
                *field(&mut options.config) = Duration::from_millis(milliseconds);
            }
            Kind::List { judge, field } => {
                for item in text.split(',') {
                    let item = judge(item.trim())?;
                    field(options).push(item);
                }
            }
            Kind::Text { set, .. } => set(options, text)?,
            Kind::Folder { .. } => {}
        }
        Ok(())
    }

    /// The default, as `--help` shows it.
    pub(super) fn default(&self, options: &mut Options) -> String {
        match self {
            Kind::Size { default, .. } => default(&options.config),
            Kind::Count { field, .. } => field(&mut options.config).to_string(),
            Kind::Time { field, .. } => {
                let milliseconds = field(&mut options.config).as_millis();
                value::show_milliseconds(u64::try_from(milliseconds).unwrap_or(u64::MAX))
            }
            Kind::List { .. } => "none".to_owned(),
            Kind::Text { default, .. } => default(options),
            Kind::Folder { default, .. } => (*default).to_owned(),
        }
    }
}
