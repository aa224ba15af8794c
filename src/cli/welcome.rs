//! What the program says on stdout when it serves: one line for programs, a few more for a person.
//!
//! Scripts wait for the first line and take the address from it, so a pipe gets nothing else. A person
//! at a terminal wants to know what can be opened there, and how it ends.

use super::log::lost_lines;
use super::outlet::Outlet;
use log::warn;
use std::io::{self, IsTerminal, Write};
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// The built-in pages that are worth opening.
const PAGES: &[&str] = &[
    "/",
    "/rooms.html",
    #[cfg(feature = "socketio")]
    "/socketio.html",
];

/// The WebSockets that any client can talk to.
const SOCKETS: &[&str] = &["/echo", "/broadcast/TOPIC"];

/// What the program says of a folder without `index.html`.
pub const NO_INDEX: &str = "no index.html in it, so / is not found";

/// A folder that is served in place of the built-in pages (`--www`).
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// Its name, as it was given.
    pub name: &'a Path,
    /// Whether it has an `index.html` now.
    pub has_index: bool,
}

/// Says on stdout where the server is. What a pipe does not get is a line of the log, if it is a warning.
pub fn say_hello(address: SocketAddr, folder: Option<Folder<'_>>) {
    let is_terminal = io::stdout().is_terminal();
    let mut stdout = Outlet::new(io::stdout(), lost_lines);
    let _ = stdout.write_all(text(address, folder, is_terminal).as_bytes());
    let _ = stdout.flush();
    if let Some(Folder { name, has_index: false }) = folder
        && !is_terminal
    {
        warn!("--www {}: {NO_INDEX}", name.display());
    }
}

/// Everything that goes to stdout: at most eight lines, the first of which is always there.
#[must_use]
pub fn text(address: SocketAddr, folder: Option<Folder<'_>>, is_terminal: bool) -> String {
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
    let mut pages = PAGES;
    if let Some(Folder { name, has_index }) = folder {
        say("pages from", &format!("{name:?}"));
        pages = if has_index { &["/"] } else { &[] };
        if !has_index {
            say("", NO_INDEX);
        }
    }
    for (mut label, scheme, paths) in [("open", "http", pages), ("connect to", "ws", SOCKETS)] {
        for path in paths {
            say(mem::take(&mut label), &format!("{scheme}://{near}{path}"));
        }
    }
    if near != address {
        text.push_str("  other machines use the name or the address of this one\n");
    }
    text.push_str("  Ctrl-C stops it\n");
    text
}
