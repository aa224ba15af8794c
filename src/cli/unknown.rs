//! Names that mean nothing: flags, commands and variables, and what somebody probably meant. A first reader may skip it.
//!
//! For a service named `ws101` Kubernetes gives every container of the namespace variables that begin
//! with `WS101_`. One of them has the name of a flag's: `WS101_PORT=tcp://10.0.0.1:8000`.

use super::flags::{TOOLS, flags, variable};
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;

/// Complains of a flag. `flag` has its dashes.
pub(super) fn flag(flag: &str) -> String {
    flag_of(flag, names().chain(["help", "version"]), "ws101 --help lists the flags")
}

/// Complains of a flag that is none of these. `list`: where they are told.
pub(super) fn flag_of<'a>(flag: &str, names: impl IntoIterator<Item = &'a str>, list: &str) -> String {
    let name = flag.trim_start_matches('-');
    let meant = nearest(name, names).map(|name| format!("--{name}"));
    format!("unknown flag {flag:?}: {}", way_out(name, meant, list))
}

fn names() -> impl Iterator<Item = &'static str> {
    flags().into_iter().map(|flag| flag.name)
}

/// What to do instead of using the flag `name`: `meant` is probably right.
fn way_out(name: &str, meant: Option<String>, list: &str) -> String {
    if cfg!(not(feature = "deflate")) && name.starts_with("deflate") {
        return "this program was built without compression (feature deflate)".to_owned();
    }
    meant.map_or_else(|| list.to_owned(), |meant| format!("did you mean {meant}?"))
}

/// Complains of a command.
pub(super) fn command(word: &OsStr) -> String {
    match nearest(&word.to_string_lossy(), ["serve", "help"].into_iter().chain(TOOLS.iter().copied())) {
        Some(name) => format!("unknown command {word:?}: did you mean {name}?"),
        None if cfg!(not(feature = "tools")) && (word == "explain" || word == "connect") => {
            format!("{word:?}: this program was built without its tools (feature tools)")
        }
        None => format!("unknown command {word:?}: ws101 --help lists commands and flags"),
    }
}

/// Names each variable that begins with `WS101_` and belongs to no flag, and the one that was
/// probably meant. One line each, in the order of the names.
///
/// Left out are empty ones, since service units clear a variable like that, and those that Kubernetes
/// sets.
pub fn variables(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<String> {
    let complaint = |(name, value): (OsString, OsString)| {
        let name = name.to_string_lossy();
        let rest = name.strip_prefix("WS101_")?;
        let is_foreign = is_of_a_service(rest) || value.to_str().is_some_and(is_link);
        if value.is_empty() || is_foreign || names().any(|flag| variable(flag) == name) {
            return None;
        }
        let flag = rest.to_lowercase().replace('_', "-");
        let meant = nearest(&flag, names()).map(variable);
        let way_out = way_out(&flag, meant, "ws101 --help lists the flags, each of which has a variable");
        // An environment may hold anything, and this becomes one line.
        Some(format!("{} sets nothing: {way_out}", name.escape_debug()))
    };
    let mut lines: Vec<String> = environment.into_iter().filter_map(complaint).collect();
    lines.sort_unstable();
    lines
}

/// What to say of a flag's variable if Kubernetes has set it.
pub(super) fn set_by_kubernetes(variable: &str, value: &OsStr) -> Option<String> {
    let link = value.to_str().filter(|value| is_link(value) && variable == "WS101_PORT")?;
    Some(format!(
        "{variable}={link} is ignored: Kubernetes sets it for a service named ws101; the port to \
         listen at is --port, or {variable} with digits only"
    ))
}

/// Whether this says where a service is, as Kubernetes writes it: `tcp://10.0.0.1:8000`.
fn is_link(value: &str) -> bool {
    value.split_once("://").is_some_and(|(protocol, address)| {
        ["tcp", "udp", "sctp"].contains(&protocol) && address.parse::<SocketAddr>().is_ok()
    })
}

/// Whether Kubernetes makes such a name for `ws101` or for a service whose name begins with it:
/// `SERVICE_HOST`, `SERVICE_PORT_HTTP`, `PORT_8000_TCP_ADDR`, `CHAT_SERVICE_HOST`.
fn is_of_a_service(rest: &str) -> bool {
    let words: Vec<&str> = rest.split('_').collect();
    let names_place = |pair: &[&str]| matches!(pair, ["SERVICE", "HOST" | "PORT"]);
    let names_port = |three: &[&str]| match three {
        ["PORT", number, "TCP" | "UDP" | "SCTP"] => number.parse::<u16>().is_ok(),
        _ => false,
    };
    words.windows(2).any(names_place) || words.windows(3).any(names_port)
}

/// The name that `word` was probably meant to be.
///
/// The start of a name or more than it comes first, then a part of one, then few edits away.
fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let kinship = |name: &str| match word {
        "" => 2,
        _ if name.starts_with(word) || word.starts_with(name) => 0,
        _ if word.len() > 2 && name.contains(word) => 1,
        _ => 2,
    };
    let (kinship, distance, name) =
        names.into_iter().map(|name| (kinship(name), edit_distance(word, name), name)).min()?;
    (kinship < 2 || distance * 2 <= word.chars().count()).then_some(name)
}

/// Levenshtein's distance: characters to insert, remove or replace. `to` is not empty.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let (mut diagonal, mut before) = (line, line + 1);
        for (cell, right) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            before = replaced.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}
