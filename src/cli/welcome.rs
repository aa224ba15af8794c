//! What the program says on stdout when it serves: one line for programs, a few more for a person.
//!
//! Scripts wait for the first line and take the address from it, so a pipe gets nothing else. A person
//! at a terminal wants to know what can be opened there, and how it ends.

use super::log::lost_lines;
use super::outlet::Outlet;
use log::warn;
use std::io::{self, IsTerminal, Write};
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
    let mut say = |label: &str, what: &str| text.push_str(&format!("  {label:12}{what}\n"));
    // Nobody can connect to "every address", but this machine reaches itself.
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let near = SocketAddr::new(ip, address.port());
    let mut to_open = PAGES;
    if let Pages::Folder { name, has_index } = pages {
        say("pages from", &format!("{name:?}"));
        to_open = if has_index { &[HOME] } else { &[] };
        if !has_index {
            say("", NO_INDEX);
        }
    }
    for (first, scheme, paths) in [("open", "http", to_open), ("connect to", "ws", SOCKETS)] {
        for (at, path) in paths.iter().enumerate() {
            say(if at == 0 { first } else { "" }, &format!("{scheme}://{near}{path}"));
        }
    }
    if near != address {
        text.push_str("  other machines use the name or the address of this one\n");
    }
    text.push_str("  Ctrl-C stops it\n");
    text
}
