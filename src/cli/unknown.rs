//! Names that mean nothing: flags, commands and variables, and what somebody probably meant. A first reader may skip it.
//!
//! For a service named `ws101` Kubernetes gives every container of the namespace variables that begin
//! with `WS101_`. One of them has the name of a flag's: `WS101_PORT=tcp://10.0.0.1:8000`.

use super::flags::{Flag, flags};
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;

/// Complains of a flag. `flag` has its dashes.
pub(super) fn flag(flag: &str) -> String {
    let name = flag.trim_start_matches('-');
    let known = flags().into_iter().map(|flag| flag.name).chain(["help", "version"]);
    let meant = nearest(name, known).map(|name| format!("did you mean --{name}?"));
    let way_out = built_without(name).map(str::to_owned).or(meant);
    let list = || "ws101 --help lists the flags".to_owned();
    format!("unknown flag {flag:?}: {}", way_out.unwrap_or_else(list))
}

/// Complains of a command.
pub(super) fn command(word: &OsStr) -> String {
    match nearest(&word.to_string_lossy(), ["serve", "help"]) {
        Some(name) => format!("unknown command {word:?}: did you mean {name}?"),
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
        if value.is_empty() || is_foreign || flags().into_iter().any(|flag| flag.variable() == name) {
            return None;
        }
        let flag = rest.to_lowercase().replace('_', "-");
        let near = nearest(&flag, flags().into_iter().map(|flag| flag.name));
        let meant = flags().into_iter().find(|flag| Some(flag.name) == near).map(Flag::variable);
        let meant = meant.map(|variable| format!("did you mean {variable}?"));
        let way_out = built_without(&flag).map(str::to_owned).or(meant);
        let list = || "ws101 --help lists the flags, each of which has a variable".to_owned();
        // An environment may hold anything, and this becomes one line.
        Some(format!("{} sets nothing: {}", name.escape_debug(), way_out.unwrap_or_else(list)))
    };
    let mut lines: Vec<String> = environment.into_iter().filter_map(complaint).collect();
    lines.sort_unstable();
    lines
}

/// Why there is no flag of this name, if other builds have one.
fn built_without(name: &str) -> Option<&'static str> {
    let is_missing = cfg!(not(feature = "deflate")) && name.starts_with("deflate");
    is_missing.then_some("this program was built without compression (feature deflate)")
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
