//! What the program says at its start, to a person and to a program.

use crate::answer::{self, get};
use crate::sim::Sim;
use std::net::SocketAddr;
use std::path::Path;
use ws101::cli::welcome::{Folder, NO_INDEX, text};
use ws101::config::Config;
use ws101::files::embedded::Embedded;

const HERE: &str = "127.0.0.1:8000";

/// The built-in pages.
const BUILT_IN: Option<Folder<'_>> = None;

fn folder(name: &str, has_index: bool) -> Option<Folder<'_>> {
    Some(Folder { name: Path::new(name), has_index })
}

fn said(address: &str, pages: Option<Folder<'_>>) -> String {
    text(address.parse().unwrap(), pages, true)
}

#[test]
fn pipe_gets_the_one_line_that_scripts_wait_for() {
    for pages in [BUILT_IN, folder("site", true), folder("site", false)] {
        let address: SocketAddr = HERE.parse().unwrap();
        let told = text(address, pages, false);
        assert_eq!(told, "Server running at http://127.0.0.1:8000\n");
        let address = "[::1]:80".parse().unwrap();
        assert_eq!(text(address, pages, false), "Server running at http://[::1]:80\n");
    }
}

#[test]
fn terminal_gets_a_few_lines_more() {
    for address in [HERE, "0.0.0.0:8000", "[::]:65535", "192.168.100.200:65535"] {
        for pages in [BUILT_IN, folder("site", true), folder("site", false)] {
            let told = said(address, pages);
            let lines: Vec<&str> = told.lines().collect();
            assert_eq!(lines[0], format!("Server running at http://{address}"));
            assert!((5..=8).contains(&lines.len()), "{told}");
            assert!(lines.iter().all(|line| line.len() <= 80), "{told}");
            assert!(told.ends_with("\n  Ctrl-C stops it\n"), "{told}");
            // Nobody can open "every address".
            let rest = lines[1..].join("\n");
            assert!(!rest.contains("0.0.0.0") && !rest.contains("[::]"), "{told}");
        }
    }
    assert!(said("0.0.0.0:8000", BUILT_IN).contains("http://127.0.0.1:8000/rooms.html\n"));
    assert!(said("[::]:8000", BUILT_IN).contains("ws://[::1]:8000/echo\n"));
    assert!(!said(HERE, BUILT_IN).contains("other machines"));
}

#[test]
fn everything_that_is_named_can_be_opened() {
    let told = said(HERE, BUILT_IN);
    let paths = |scheme: &str| -> Vec<String> {
        let start = format!("{scheme}://{HERE}/");
        let rest = told.split_whitespace().filter_map(|word| word.strip_prefix(&start));
        rest.map(|path| format!("/{path}")).collect()
    };
    let pages = paths("http");
    assert_eq!(pages.len(), if cfg!(feature = "socketio") { 3 } else { 2 });
    for page in pages {
        let pages = ws101::apps::pages::Pages(Box::new(Embedded::default()));
        let mut sim = Sim::with_apps(Config::default(), vec![Box::new(pages)]);
        let peer = sim.connect();
        let answer = sim.exchange(peer, get(&page).as_bytes());
        assert_eq!(answer::only(&answer).status, 200, "{page}");
    }
    assert_eq!(paths("ws"), ["/echo", "/broadcast/TOPIC"]);
    for socket in paths("ws") {
        Sim::default().open(&socket);
    }
}

#[test]
fn folder_is_named_and_so_is_a_missing_index() {
    let told = said(HERE, folder("my site", true));
    assert!(told.contains("\"my site\"\n"), "{told}");
    assert!(told.contains("http://127.0.0.1:8000/\n"), "{told}");
    assert!(!told.contains("rooms.html") && !told.contains("index.html"), "{told}");
    let told = said(HERE, folder("a\nb", false));
    assert!(told.contains("\"a\\nb\"\n"), "{told}");
    assert!(told.contains(NO_INDEX) && !told.contains(":8000/\n"), "{told}");
}
