//! What README.md says of flags, settings, endpoints and limits.

use crate::answer::{self, get};
use crate::sim::Sim;
use crate::support::markdown::{Page, page, pages, read};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use ws101::cli::args::{Invocation, parse};
use ws101::config::Config;

fn readme() -> Page {
    page("README.md")
}

pub(super) fn help() -> String {
    let Ok(Invocation::Print(help)) = parse([OsString::from("--help")], |_| None) else {
        panic!("no help");
    };
    help
}

/// Flag with its unit, and default, of `--help` or a part of it.
pub(super) fn flags_of(help: &str) -> BTreeSet<(String, String)> {
    let mut flags = BTreeSet::new();
    for entry in help.split("\n  --").skip(1) {
        let words: Vec<&str> = entry.split_whitespace().collect();
        let text = words.join(" ");
        let Some((_, default)) = text.split_once("(default ") else { continue };
        let (default, _) = default.split_once(')').unwrap();
        // A flag without a value has small letters after it, those of what it does.
        let is_unit = words[1].bytes().all(|byte| byte.is_ascii_uppercase());
        let name = if is_unit { format!("--{} {}", words[0], words[1]) } else { format!("--{}", words[0]) };
        flags.insert((name, default.to_owned()));
    }
    flags
}

#[test]
fn the_flags_of_the_readme_are_those_of_help() {
    let page = readme();
    let cell = |cell: &str| cell.trim().replace('`', "");
    let rows = page.section("Flags").into_iter().filter_map(|line| {
        let mut cells = line.strip_prefix("| `--")?.split('|');
        let flag = format!("--{}", cell(cells.next()?));
        Some((flag, cell(cells.next()?)))
    });
    // The README speaks of the usual build.
    let is_known = |flag: &str| {
        (cfg!(feature = "deflate") || !flag.starts_with("--deflate"))
            && (cfg!(feature = "tools") || !flag.starts_with("--trace") && flag != "--wire-view")
    };
    let rows = rows.filter(|(flag, _)| is_known(flag));
    assert_eq!(rows.collect::<BTreeSet<_>>(), flags_of(&help()));
}

#[test]
fn command_lines_are_accepted() {
    let mut commands = 0;
    for page in pages() {
        for fence in page.fences() {
            for line in fence.lines {
                let command = line.split('#').next().unwrap();
                let mut words = command.split_whitespace();
                if words.next().is_some_and(|word| word.ends_with("/ws101")) {
                    let words = words.map(|word| OsString::from(word.trim_matches('\'')));
                    assert!(parse(words, |_| None).is_ok(), "{}: {line}", page.name);
                    commands += 1;
                }
            }
        }
    }
    assert!(commands >= 1);
}

#[test]
fn settings_of_the_service_unit_are_accepted_together() {
    let page = readme();
    let [unit] = &page.fences_of("ini")[..] else {
        panic!("one unit");
    };
    let settings = unit.lines.iter();
    let settings = settings.filter_map(|line| line.strip_prefix("Environment=")?.split_once('='));
    let settings: BTreeMap<&str, &str> = settings.collect();
    assert!(settings.len() >= 3, "{settings:?}");
    let asked = RefCell::new(BTreeSet::new());
    let outcome = parse([], |name| {
        asked.borrow_mut().insert(name.to_owned());
        settings.get(name).map(OsString::from)
    });
    assert!(matches!(outcome, Ok(Invocation::Serve(_))), "{outcome:?}");
    for name in settings.keys() {
        assert!(asked.borrow().contains(*name), "{name} sets nothing");
    }
    // What is held for peers leaves room for the rest.
    let Ok(Invocation::Serve(options)) = outcome else { return };
    let most = unit.lines.iter();
    let most = most.filter_map(|line| line.strip_prefix("MemoryMax=")?.strip_suffix('M'));
    let most: Vec<usize> = most.map(|most| most.parse().unwrap()).collect();
    assert_eq!(most.len(), 1);
    assert!(options.config.memory_budget_bytes <= most[0] << 19);
}

/// The word at the end of a line for a connection.
#[test]
fn words_of_the_log_are_explained() {
    use ws101::app::Cause;
    let known = [
        Cause::Peer,
        Cause::Protocol,
        Cause::Limit,
        Cause::Slow,
        Cause::Timeout,
        Cause::Shutdown,
        Cause::Application,
    ];
    let known = known.map(|cause| cause.to_string());
    let page = readme();
    let section = page.section("The log");
    let rows = section.iter().filter_map(|line| line.strip_prefix("| `"));
    let told: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(told, known);
    let sample = section.iter().find(|line| line.contains(" [INFO] ")).unwrap();
    assert!(known.iter().any(|word| sample.ends_with(&format!(" {word}"))));
    // Nobody has to search for it.
    assert!(page.section("Two commands").join("\n").contains("](#the-log)"));
}

/// What a proxy keeps longer than the server, the server must be told to keep longer.
#[test]
fn time_to_set_behind_a_proxy_is_longer_than_the_proxies() {
    let section = readme().section("Behind a proxy").join(" ");
    let told = section.split("`--keep-alive-timeout ").nth(1).unwrap();
    let value = told.split('`').next().unwrap();
    let arguments = ["--keep-alive-timeout", value].map(OsString::from);
    let Ok(Invocation::Serve(options)) = parse(arguments, |_| None) else {
        panic!("{value}");
    };
    assert!(options.config.keep_alive_timeout.as_secs() > 60);
    let ours = Config::default().keep_alive_timeout.as_secs();
    assert!(section.contains(&format!("after {ours} s")));
}

#[test]
fn endpoints_of_the_readme_open() {
    let page = readme();
    let mut opened = 0;
    for line in page.section("What it serves") {
        let Some(cells) = line.strip_prefix("| `/") else { continue };
        let paths = cells.split('|').next().unwrap();
        for path in format!("`/{paths}").split('`').skip(1).step_by(2) {
            let path = path.replace("{topic}", "t").replace("{client_id}", "7");
            let path = path.replace("{room}", "lobby");
            let mut sim = Sim::default();
            match &*path {
                "/" => {}
                "/socket.io/" | "/socket.io/socket.io.js" if cfg!(not(feature = "socketio")) => {}
                "/socket.io/" => {
                    let peer = sim.connect();
                    let handshake = get("/socket.io/?EIO=4&transport=polling");
                    let answer = sim.exchange(peer, handshake.as_bytes());
                    assert_eq!(answer::only(&answer).status, 200);
                }
                "/healthz" | "/metrics" | "/socket.io/socket.io.js" => {
                    let peer = sim.connect();
                    let answer = sim.exchange(peer, get(&path).as_bytes());
                    assert_eq!(answer::only(&answer).status, 200);
                }
                "/wire?id={id}" | "/lab" => {
                    // Only a server that was asked to has them.
                    #[cfg(feature = "tools")]
                    crate::tools::view::viewed()
                        .open(&path.replace("{id}", "00112233445566778899aabbccddeeff"));
                    opened += 1;
                }
                _ => {
                    sim.open(&path);
                    opened += 1;
                }
            }
        }
    }
    assert_eq!(opened, 9);
}

/// The few that it names; docs/LIMITS.md has all of them.
#[test]
fn limits_of_the_readme_are_those_of_the_server() {
    let Config { max_connections, max_message_bytes, memory_budget_bytes, ping_interval, tuning, .. } =
        Config::default();
    let page = readme();
    let limits = page.section("Limits").join(" ").replace(',', "");
    for told in [
        format!("{max_connections} connections"),
        format!("{} MiB at most", max_message_bytes >> 20),
        format!("{} KiB wait", tuning.high_water_bytes >> 10),
        format!("{} MiB that does not move", tuning.stall_bytes >> 20),
        format!("{} MiB for all peers together", memory_budget_bytes >> 20),
        format!("{} s of silence", ping_interval.as_secs()),
    ] {
        assert!(limits.contains(&told), "the README does not tell of {told}");
    }
    assert!(limits.contains("](docs/LIMITS.md)"));
}

#[test]
fn the_oldest_compiler_is_the_one_that_cargo_demands() {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\nrust-version = \"").unwrap();
    let (version, _) = rest.split_once('"').unwrap();
    assert!(readme().text.contains(&format!(") {version} or newer")));
}

#[cfg(feature = "tools")]
#[test]
fn flags_of_the_tools_are_told_in_their_page() {
    let text = crate::support::markdown::read("docs/bytes.md");
    for tool in [&ws101::tools::explain::command::TOOL, &ws101::tools::connect::options::TOOL] {
        for flag in tool.flags {
            assert!(text.contains(&format!("`--{}", flag.name)), "{} --{}", tool.name, flag.name);
        }
    }
}
