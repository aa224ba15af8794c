//! Values of flags: reading, judging and showing them.
//!
//! An error is the end of a sentence that starts with the flag: the value as it was given, what is
//! wrong with it, what would be right. The value is quoted and escaped, so it stays on its line.

#[cfg(feature = "deflate")]
use crate::config::Deflate;
#[cfg(feature = "tools")]
use crate::config::TraceForm;
use log::LevelFilter;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How an amount is written, and how large it may be.
pub(super) struct Amount {
    /// What `--help` calls it.
    pub(super) unit: &'static str,
    /// What may stand after the digits, the largest first, and by how much it multiplies them.
    suffixes: &'static [(&'static str, u64)],
    /// What to say of a text that is no such amount.
    is_not: &'static str,
    least: u64,
    most: u64,
    /// What 0 means, if it is allowed beside that.
    zero: Option<&'static str>,
    /// A flag of an amount must have a value.
    pub(super) bare: Option<&'static str>,
}

/// A whole number.
pub(super) const COUNT: Amount = Amount {
    unit: "COUNT",
    suffixes: &[("", 1)],
    is_not: "is not a number: give digits only, as in 500",
    least: 0,
    most: u64::MAX,
    zero: None,
    bare: None,
};

/// Bytes.
pub(super) const SIZE: Amount = Amount {
    unit: "SIZE",
    suffixes: &[("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1)],
    is_not: "is not a size: give bytes, or a number with k, m or g, as in 512, 64k, 16m",
    ..COUNT
};

/// A duration in milliseconds; a bare number is seconds.
///
/// Every state has a deadline, so that no peer can hold a connection for nothing. An hour is as good as none, and
/// less than a hundredth of a second refuses everybody.
pub(super) const DEADLINE: Amount = Amount {
    unit: "TIME",
    suffixes: &[("m", 60_000), ("s", 1_000), ("ms", 1), ("", 1_000)],
    is_not: "is not a time: give seconds, or a number with ms, s or m, as in 500ms, 20s, 2m",
    ..COUNT.within(10, 60 * 60_000)
};

impl Amount {
    pub(super) const fn within(self, least: u64, most: u64) -> Self {
        Self { least, most, ..self }
    }

    pub(super) const fn or_zero(self, meaning: &'static str) -> Self {
        Self { zero: Some(meaning), ..self }
    }

    pub(super) fn set(&self, to: &mut impl Number, value: &OsStr) -> Outcome {
        put(to, value, |text| self.read(text).map(Number::of))
    }

    /// Reads an amount. One too large for 64 bits becomes the largest, which is out of every range.
    #[cold]
    fn read(&self, text: &str) -> Result<u64, String> {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (digits, suffix) = text.split_at(end.unwrap_or(text.len()));
        let factor = match self.suffixes.iter().find(|(known, _)| *known == suffix) {
            Some((_, factor)) if !digits.is_empty() => *factor,
            _ => return Err(format!("{text:?} {}", self.is_not)),
        };
        let amount = digits.parse().unwrap_or(u64::MAX).saturating_mul(factor);
        if (self.least..=self.most).contains(&amount) || (amount == 0 && self.zero.is_some()) {
            return Ok(amount);
        }
        let problem = match amount {
            0 => "this cannot be switched off".to_owned(),
            _ => format!("{text:?} is out of range"),
        };
        let off = self.zero.map_or_else(String::new, |zero| format!("0 ({zero}) or "));
        let (least, most) = (self.write(self.least), self.write(self.most));
        Err(format!("{problem}; allowed is {off}{least} to {most}"))
    }

    /// Shows a field that nobody has set.
    pub(super) fn show(&self, field: &impl Number) -> String {
        let amount = field.amount().map(|amount| self.write(amount));
        amount.unwrap_or_else(|| "twice the message limit, at least 8m".to_owned())
    }

    /// Writes an amount with the largest suffix that leaves a whole number.
    #[cold]
    pub(super) fn write(&self, amount: u64) -> String {
        let mut suffixes = self.suffixes.iter();
        match suffixes.find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor)) {
            Some((suffix, factor)) => format!("{}{suffix}", amount / factor),
            None => amount.to_string(),
        }
    }
}

/// A field that holds an amount.
pub(super) trait Number {
    fn of(amount: u64) -> Self;
    /// `None`: it follows another field.
    fn amount(&self) -> Option<u64>;
}

macro_rules! numbers {
    ($($field:ty: $of:expr, $amount:expr;)*) => {$(
        impl Number for $field {
            fn of(amount: u64) -> Self {
                $of(amount)
            }
            fn amount(&self) -> Option<u64> {
                $amount(self)
            }
        }
    )*};
}

numbers! {
    u64: |amount| amount, |field: &u64| Some(*field);
    // What a 32-bit machine cannot hold, it cannot exceed either.
    usize: |amount| Self::try_from(amount).unwrap_or(Self::MAX), |field: &Self| u64::try_from(*field).ok();
    Duration: Duration::from_millis, |field: &Self| u64::try_from(field.as_millis()).ok();
    // The limit of a queue.
    Option<usize>: |amount| Some(usize::of(amount)), |_| None;
}

/// A value is in its field, or what is wrong with it.
type Outcome = Result<(), String>;

/// How values of one kind are read into their field, and how the default is shown.
pub(super) struct Kind<T> {
    /// What `--help` calls them.
    pub(super) unit: &'static str,
    /// The value of a flag that stands alone. `None`: it must have one.
    pub(super) bare: Option<&'static str>,
    set: fn(&mut T, &OsStr) -> Outcome,
    show: fn(&T) -> String,
}

impl<T> Kind<T> {
    pub(super) fn set(&self, to: &mut T, value: &OsStr) -> Outcome {
        (self.set)(to, value)
    }

    pub(super) fn show(&self, field: &T) -> String {
        (self.show)(field)
    }
}

macro_rules! kinds {
    ($($(#[$of:meta])* $name:ident: $field:ty = $unit:literal, $put:ident($judge:expr), $show:expr;)*) => {
        $($(#[$of])* pub(super) const $name: Kind<$field> =
            Kind { unit: $unit, bare: None, set: |to, value| $put(to, value, $judge), show: $show };)*
    };
}

kinds! {
    HOST: String = "HOST", put(|text| host(text, "IP address or host name")), String::clone;
    PORT: u16 = "PORT", put(port), u16::to_string;
    LINE: String = "TEXT", put(line), |line| format!("{line:?}");
    ORIGINS: Vec<String> = "ORIGIN", add(origin), |_| "none".to_owned();
    HOSTS: Vec<String> = "HOST", add(own_host), |_| "none".to_owned();
    LEVEL: LevelFilter = "LEVEL", put(level), |level| level.to_string().to_lowercase();
    #[cfg(feature = "deflate")]
    WHICH: Deflate = "WHICH", put(which), |which| format!("{which:?}").to_lowercase();
}

/// The only kind that need not be UTF-8.
pub(super) const FOLDER: Kind<Option<PathBuf>> = Kind {
    unit: "DIR",
    bare: None,
    set: |to, value| {
        *to = Some(value.into());
        if value.is_empty() { Err("the folder's name is empty".to_owned()) } else { Ok(()) }
    },
    show: |_| "the built-in pages".to_owned(),
};

/// A file that is written.
#[cfg(feature = "tools")]
pub(super) const FILE: Kind<Option<PathBuf>> = Kind {
    unit: "FILE",
    set: |to, value| {
        *to = Some(value.into());
        if value.is_empty() { Err("the file's name is empty".to_owned()) } else { Ok(()) }
    },
    show: |_| "none".to_owned(),
    ..FOLDER
};

/// How much a trace shows.
#[cfg(feature = "tools")]
pub(super) const FORM: Kind<TraceForm> = Kind {
    unit: "FORM",
    bare: Some("fields"),
    set: |to, value| put(to, value, form),
    show: |form| format!("{form:?}").to_lowercase(),
};

/// A flag without a value, which a variable can also set to `on` or `off`.
#[cfg(feature = "tools")]
pub(super) const SWITCH: Kind<bool> = Kind {
    unit: "",
    bare: Some("on"),
    set: |to, value| put(to, value, switch),
    show: |is_on| if *is_on { "on" } else { "off" }.to_owned(),
};

fn text(value: &OsStr) -> Result<&str, String> {
    value.to_str().ok_or_else(|| format!("{value:?} is not UTF-8"))
}

fn put<T>(to: &mut T, value: &OsStr, judge: impl Fn(&str) -> Result<T, String>) -> Outcome {
    *to = judge(text(value)?)?;
    Ok(())
}

/// Each value may be several, with commas between them, and the flag may be repeated.
fn add(to: &mut Vec<String>, values: &OsStr, judge: fn(&str) -> Result<String, String>) -> Outcome {
    text(values)?.split(',').try_for_each(|item| judge(item.trim()).map(|item| to.push(item)))
}

fn level(text: &str) -> Result<LevelFilter, String> {
    let is_none = |_| format!("{text:?} is not a level: give off, error, warn, info, debug or trace");
    text.parse().map_err(is_none)
}

#[cfg(feature = "deflate")]
fn which(text: &str) -> Result<Deflate, String> {
    match text {
        "on" => Ok(Deflate::On),
        "off" => Ok(Deflate::Off),
        "takeover" => Ok(Deflate::Takeover),
        _ => Err(format!("{text:?} is not on, off or takeover")),
    }
}

#[cfg(feature = "tools")]
fn form(text: &str) -> Result<TraceForm, String> {
    match text {
        "off" => Ok(TraceForm::Off),
        "fields" => Ok(TraceForm::Fields),
        "short" => Ok(TraceForm::Short),
        "hex" => Ok(TraceForm::Hex),
        "json" => Ok(TraceForm::Json),
        _ => Err(format!("{text:?} is not a form: give fields, short, hex, json or off")),
    }
}

#[cfg(feature = "tools")]
fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "1" | "true" | "yes" => Ok(true),
        "off" | "0" | "false" | "no" => Ok(false),
        _ => Err(format!("{text:?} is not on or off")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| digits);
    port.ok_or_else(|| format!("{text:?} is not a port: give 1 to 65535, or 0 for any free one"))
}

/// A host as it is written in a URL, but without brackets. `what` says what it should be.
fn host(text: &str, what: &str) -> Result<String, String> {
    let hint = match text {
        _ if text.contains('/') => "leave out scheme and path, as in chat.example.org",
        _ if text.contains(':') => "leave out the port (the port to listen at is --port)",
        _ => "as in 127.0.0.1, ::1 or chat.example.org",
    };
    name_or_address(text).ok_or_else(|| format!("{text:?} is no {what}: {hint}"))
}

/// A host that requests may name: in lower case, without port and final dot; or `*`.
fn own_host(text: &str) -> Result<String, String> {
    let host = if text == "*" { Ok(text.to_owned()) } else { host(text, "host name, IP address or *") };
    host.map(|host| host.trim_end_matches('.').to_ascii_lowercase())
}

/// A name as it is, an address in its shortest form. Only IPv6 may stand in brackets.
fn name_or_address(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match (bare.unwrap_or(text).parse::<IpAddr>(), bare) {
        (Ok(IpAddr::V4(_)) | Err(_), Some(_)) => None,
        (Ok(address), _) => Some(address.to_string()),
        (Err(_), None) => is_name(text).then(|| text.to_owned()),
    }
}

/// Letters, digits, hyphens and dots (RFC 1123 §2.1), and the underscores of real networks. Names
/// whose last label is a number would be read as addresses by others.
fn is_name(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next();
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && !text.contains("..")
        && last.is_some_and(|label| !label.bytes().all(|b| b.is_ascii_digit()))
}

/// An origin as browsers send it (RFC 6454 §6.2), in lower case: `scheme://host[:port]`, `null`; or `*`.
fn origin(text: &str) -> Result<String, String> {
    let origin = text.to_ascii_lowercase();
    let way_out = match origin.split_once("://") {
        None if origin == "*" || origin == "null" => return Ok(origin),
        None => "it starts with a scheme, as in https://example.org; * is any",
        Some((scheme, authority)) if are_of_origin(scheme, authority) => return Ok(origin),
        Some(_) => "scheme, host and port only, without a path or a final slash, as in https://example.org",
    };
    Err(format!("{text:?} is not an origin: {way_out}"))
}

/// Whether this is a scheme in lower case, and `host[:port]`.
fn are_of_origin(scheme: &str, authority: &str) -> bool {
    let (host, is_port) = match authority.rsplit_once(':') {
        Some((host, digits)) if !authority.ends_with(']') => (host, port(digits).is_ok()),
        _ => (authority, true),
    };
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && is_port
        // An IPv6 address without brackets would make its last group a port.
        && (host.starts_with('[') || !host.contains(':'))
        && name_or_address(host).is_some()
}

/// Text for one line of a chat.
fn line(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 1_000 || text.chars().any(char::is_control) {
        return Err(format!(
            "{text:?} does not fit: give one line of 1 to 1000 bytes, without control characters"
        ));
    }
    Ok(text.to_owned())
}
