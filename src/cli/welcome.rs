//! What the program says on stdout when it serves: one line for programs, a few more for a person.
//!
//! Scripts wait for the first line and take the address from it, so a pipe gets nothing else. A person
//! at a terminal wants to know what can be opened there, and how it ends.

use super::log::lost_lines;
use super::outlet::Outlet;
use log::warn;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

const HOME: &str = "/";

/// The built-in pages that are worth opening.
const PAGES: &[&str] = &[
    HOME,
    "/rooms.html",
    #[cfg(feature = "socketio")]
    "/socketio.html",
];

/// The WebSockets that any client can talk to.
const SOCKETS: &[&str] = &["/echo", "/broadcast/TOPIC"];

/// What the program says of a folder without `index.html`.
pub const NO_INDEX: &str = "no index.html in it, so / is not found";

/// Which pages are served.
#[derive(Debug, Clone, Copy)]
pub enum Pages<'a> {
    /// The pages inside the binary.
    BuiltIn,
    /// The files of a folder (`--www`).
    Folder {
        /// Its name, as it was given.
        name: &'a Path,
        /// Whether it has an `index.html` now.
        has_index: bool,
    },
}

/// Says on stdout where the server is. What a pipe does not get is a line of the log, if it is a warning.
pub fn say_hello(address: SocketAddr, pages: Pages<'_>) {
    let is_terminal = io::stdout().is_terminal();
    let mut stdout = Outlet::new(io::stdout(), lost_lines);
    let _ = stdout.write_all(text(address, pages, is_terminal).as_bytes());
    let _ = stdout.flush();
    if let Pages::Folder { name, has_index } = pages
        && !has_index
        && !is_terminal
    {
        warn!("--www {}: {NO_INDEX}", name.display());
    }
}

/// Everything that goes to stdout: at most eight lines, the first of which is always there.
#[must_use]
pub fn text(address: SocketAddr, pages: Pages<'_>, is_terminal: bool) -> String {
    let mut text = format!("Server running at http://{address}\n");
    if !is_terminal {
        return text;
    }
    // Nobody can connect to "every address".
    let near = SocketAddr::new(reachable(address.ip()), address.port());
    let to_open = match pages {
        Pages::BuiltIn => PAGES,
        Pages::Folder { name, has_index } => {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:12}{name:?}", "pages from");
            if has_index {
                &[HOME]
            } else {
                let _ = writeln!(text, "  {:12}{NO_INDEX}", "");
                &[][..]
            }
        }
    };
    list(&mut text, "open", "http", near, to_open);
    list(&mut text, "connect to", "ws", near, SOCKETS);
    if near != address {
        text.push_str("  other machines use the name or the address of this one\n");
    }
    text.push_str("  Ctrl-C stops it\n");
    text
}

/// One line for each path, the label before the first.
fn list(text: &mut String, label: &str, scheme: &str, address: SocketAddr, paths: &[&str]) {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    for (label, path) in labels.zip(paths) {
        let _ = writeln!(text, "  {label:12}{scheme}://{address}{path}");
    }
}

/// The address by which this machine reaches itself.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
