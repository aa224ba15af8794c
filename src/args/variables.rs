//! Environment variables that begin like ours and set nothing: mistakes, and what Kubernetes sets.
//!
//! For a service named `ws101` Kubernetes gives every container of the namespace variables that begin
//! with `WS101_`, and one of them has the name of a flag's: `WS101_PORT=tcp://10.0.0.1:8000`.

use super::flags::FLAGS;
use super::names::{built_without, nearest};
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;

const PREFIX: &str = "WS101_";

/// What is to be said of a flag's variable that Kubernetes has set; `None` when it has not.
pub(super) fn set_by_kubernetes(variable: &str, value: &OsStr) -> Option<String> {
    let link = value.to_str().filter(|value| is_link(value))?;
    (variable == "WS101_PORT").then(|| {
        format!(
            "{variable}={link} is ignored: Kubernetes sets it for a service named ws101; the port to \
             listen at is --port, or {variable} with digits only"
        )
    })
}

/// `tcp://10.0.0.1:8000`: how Kubernetes says where a service is.
fn is_link(value: &str) -> bool {
    let Some((protocol, address)) = value.split_once("://") else {
        return false;
    };
    ["tcp", "udp", "sctp"].contains(&protocol) && address.parse::<SocketAddr>().is_ok()
}

/// Names each variable that begins with `WS101_` and belongs to no flag, and the one that was
/// probably meant. One line each, in the order of the names.
///
/// Left out are empty ones, since service units clear a variable like that, and those that Kubernetes
/// sets.
pub fn unknown_variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<String> {
    let mut lines: Vec<String> = environment
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy();
            let rest = name.strip_prefix(PREFIX)?;
            let is_known = FLAGS.iter().any(|flag| flag.variable() == name);
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
    let is_number = |word: &str| word.parse::<u16>().is_ok();
    words.windows(2).any(|pair| match pair {
        ["SERVICE", next] => matches!(*next, "HOST" | "PORT"),
        _ => false,
    }) || words.windows(3).any(|three| match three {
        ["PORT", number, protocol] => {
            is_number(number) && ["TCP", "UDP", "SCTP"].contains(protocol)
        }
        _ => false,
    })
}

fn complaint(name: &str, rest: &str) -> String {
    let flag = rest.to_lowercase().replace('_', "-");
    let near = nearest(&flag, FLAGS.iter().map(|flag| flag.name));
    let near = FLAGS.iter().find(|flag| Some(flag.name) == near);
    let way_out = match (built_without(&flag), near) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(flag)) => format!("did you mean {}?", flag.variable()),
        (None, None) => "ws101 --help lists the flags, each of which has a variable".to_owned(),
    };
    // An environment may hold anything, and this becomes one line.
    format!("{} sets nothing: {way_out}", name.escape_debug())
}
