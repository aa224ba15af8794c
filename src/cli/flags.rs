//! The flags, made of the two tables of settings: the one here, and that of limits and deadlines in `config`.
//!
//! No default stands anywhere else, so `--help` cannot lie.

#[cfg(feature = "deflate")]
use super::value::WHICH;
use super::value::{COUNT, DEADLINE, FOLDER, HOST, HOSTS, LEVEL, LINE, ORIGINS, PORT, SIZE};
#[cfg(feature = "tools")]
use super::value::{FILE, FORM, SWITCH};
use crate::config::{Config, TraceForm, limits, record};
use log::LevelFilter;
use std::ffi::OsStr;
use std::path::PathBuf;

/// More than any system has room for.
const MANY: u64 = 1_000_000;

/// The tools that are there.
pub(super) const TOOLS: &[&str] = if cfg!(feature = "tools") { &["explain", "connect"] } else { &[] };

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
    /// What its value is, in capitals.
    pub(super) unit: &'static str,
    /// The value of a flag that stands alone. `None`: it must have one.
    pub(super) bare: Option<&'static str>,
    /// What it does.
    pub(super) about: &'static str,
    /// Reads a value into its field. An error says what is wrong with the value, and what would be right.
    pub(super) set: fn(&mut Options, &OsStr) -> Result<(), String>,
    /// Shows its field, if nobody has set it.
    pub(super) default: fn(&Options) -> String,
}

impl Flag {
    /// How it is written, with its value.
    pub(super) fn with_value(&self) -> String {
        match (self.bare, self.unit) {
            (None, unit) => format!("--{} {unit}", self.name),
            (Some(_), "") => format!("--{}", self.name),
            (Some(_), unit) => format!("--{}[={unit}]", self.name),
        }
    }
}

/// The environment variable of a flag: that of `ping-interval` is `WS101_PING_INTERVAL`.
pub(super) fn variable(flag: &str) -> String {
    format!("WS101_{}", flag.replace('-', "_").to_uppercase())
}

/// What the command line sets, and no limit or deadline. `$read` is the macro that the table is given to.
macro_rules! options {
    ($read:ident $($of:tt)*) => { $read! { $($of)*
    /// How to run the server.
    pub struct Options {
        "Where to listen":
        /// An address stands here without brackets. A name is still to be resolved.
        pub host: String = "127.0.0.1".to_owned(),
            "host" HOST,
            "IP address or name of this machine to listen at; 0.0.0.0 is every address";
        pub port: u16 = 8000,
            "port" PORT,
            "TCP port; 0 takes a free one";

        "Pages and chat":
        /// Nobody has looked yet whether it is there. `None`: the embedded pages.
        pub www: Option<PathBuf> = None,
            "www" FOLDER,
            "serve this folder, looked up and read anew for each request";
        pub farewell: String = "has left the chat".to_owned(),
            "farewell" LINE,
            "what the chat says after the name of somebody who left";

        "Who may connect":
        /// In lower case: `*`, `null`, or `scheme://host[:port]`.
        pub allow_origin: Vec<String> = Vec::new(),
            "allow-origin" ORIGINS,
            "also let pages of this origin connect, as in https://example.org; * is any; may be repeated";
        /// In lower case, without port; or `*`. IP addresses and this machine's names need not stand here.
        pub allow_host: Vec<String> = Vec::new(),
            "allow-host" HOSTS,
            "also answer to this name (behind a proxy: its public name); * is any; may be repeated";

        "Logs":
        pub log: LevelFilter = LevelFilter::Info,
            "log" LEVEL,
            "off, error, warn, info, debug or trace; goes to stderr";

        "Trace" if "tools":
        pub trace: TraceForm = TraceForm::Off,
            "trace" FORM,
            "show all bytes of all connections on stdout: fields, short (a line for each frame), hex or json";
        pub trace_file: Option<PathBuf> = None,
            "trace-file" FILE,
            "write the trace to this file instead, anew at each start";
        pub trace_full: bool = false,
            "trace-full" SWITCH,
            "leave nothing out of payloads of more than 64 bytes";
        pub trace_secrets: bool = false,
            "trace-secrets" SWITCH,
            "show the query of a path, cookies, authorization, and unknown subprotocols";
        pub trace_no_time: bool = false,
            "trace-no-time" SWITCH,
            "leave times out, so that two traces can be compared";

        "Wire view" if "tools":
        pub wire_view: bool = false,
            "wire-view" SWITCH,
            "let each page show the bytes of its own connection (/wire), and explain bytes (/lab); off, because whoever \
             has the secret id of a connection sees what it says";

        also:
        /// Limits and deadlines.
        pub config: Config = Config::default(),
        /// Variables that are ignored, and why: a line for each, to be logged.
        pub ignored: Vec<String> = Vec::new(),
    }
    } };
}
options!(record);

/// The flags of a table of settings. `$of` is the record in which they lie, as a part of `$options`.
macro_rules! groups {
    (|$options:ident| $of:expr, $(#[$_of:meta])* pub struct $record:ident {
        $($title:literal $(if $feature:literal)?:
            $($(#[$_more:meta])* pub $field:ident: $kind:ty = $value:expr,
                $name:literal $how:expr,
                $about:literal;)*)*
        also: $($_also:tt)*
    }) => {
        &[$($(#[cfg(feature = $feature)])? Group {
            title: $title,
            flags: &[$(Flag {
                name: $name,
                unit: $how.unit,
                bare: $how.bare,
                about: $about,
                set: |$options, value| const { &$how }.set(&mut $of.$field, value),
                default: |$options| const { &$how }.show(&$of.$field),
            }),*],
        }),*]
    };
}

static OPTIONS: &[Group] = options!(groups | options | options,);
static CONFIG: &[Group] = limits!(groups | options | options.config,);

/// All groups, in the order of `--help`: log and trace come last.
#[cold]
pub(super) fn groups() -> Vec<&'static Group> {
    let (first, last) = OPTIONS.split_at(OPTIONS.iter().position(|group| group.title == "Logs").unwrap_or(0));
    first.iter().chain(CONFIG).chain(last).collect()
}

/// All flags, without their headings.
#[cold]
pub(super) fn flags() -> Vec<&'static Flag> {
    groups().into_iter().flat_map(|group| group.flags).collect()
}
