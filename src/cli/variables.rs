//! Environment variables that begin like ours and set nothing: mistakes, and what Kubernetes sets.
//!
//! For a service named `ws101` Kubernetes gives every container of the namespace variables that begin
//! with `WS101_`. One of them has the name of a flag's: `WS101_PORT=tcp://10.0.0.1:8000`.

use super::flags::{built_without, flags};
use super::nearest::nearest;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;

/// What to say of a flag's variable if Kubernetes has set it.
pub(super) fn set_by_kubernetes(variable: &str, value: &OsStr) -> Option<String> {
    let link = value.to_str().filter(|value| is_link(value))?;
    (variable == "WS101_PORT").then(|| {
        format!(
            "{variable}={link} is ignored: Kubernetes sets it for a service named ws101; the port to \
             listen at is --port, or {variable} with digits only"
        )
    })
}

/// Whether this says where a service is, as Kubernetes writes it: `tcp://10.0.0.1:8000`.
fn is_link(value: &str) -> bool {
    value.split_once("://").is_some_and(|(protocol, address)| {
        ["tcp", "udp", "sctp"].contains(&protocol) && address.parse::<SocketAddr>().is_ok()
    })
}

/// Names each variable that begins with `WS101_` and belongs to no flag, and the one that was
/// probably meant. One line each, in the order of the names.
///
/// Left out are empty ones, since service units clear a variable like that, and those that Kubernetes
/// sets.
pub fn unknown_variables(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<String> {
    let mut lines: Vec<String> = environment
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy();
            let rest = name.strip_prefix("WS101_")?;
            let is_known = flags().any(|flag| flag.variable() == name);
            let is_foreign = is_of_a_service(rest) || value.to_str().is_some_and(is_link);
            (!is_known && !is_foreign).then(|| complaint(&name, rest))
        })
        .collect();
    lines.sort_unstable();
    lines
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

fn complaint(name: &str, rest: &str) -> String {
    let flag = rest.to_lowercase().replace('_', "-");
    let near = nearest(&flag, flags().map(|flag| flag.name));
    let near = flags().find(|flag| Some(flag.name) == near);
    let way_out = match (built_without(&flag), near) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(flag)) => format!("did you mean {}?", flag.variable()),
        (None, None) => "ws101 --help lists the flags, each of which has a variable".to_owned(),
    };
    // An environment may hold anything, and this becomes one line.
    format!("{} sets nothing: {way_out}", name.escape_debug())
}
