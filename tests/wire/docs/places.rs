//! The table at the top of `tests/wire/main.rs` names everything in `src` and every folder of tests.

use crate::support::fail;
use crate::support::markdown::{files_below, read, root};

/// What was changed, and where its test goes.
struct Row {
    changed: Vec<String>,
    tests: Vec<String>,
}

/// The rows of a table in a comment, its head left out.
fn rows(text: &str) -> Vec<Row> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let spans = |cell: &str| {
        let spans = cell.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect()
    };
    let row = |line: &str| {
        let (changed, rest) = line.split_once(" | ").expect("three cells");
        let (tests, _) = rest.split_once(" | ").expect("three cells");
        Row { changed: spans(changed), tests: spans(tests) }
    };
    lines.skip(1).map(row).collect()
}

/// `hub` is `hub.rs` and everything in `hub/`.
fn is_within(file: &str, name: &str) -> bool {
    file.strip_prefix(name).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// What is wrong with this table, for these files of `src` and these of `tests/wire`.
fn faults(rows: &[Row], sources: &[String], tests: &[String]) -> Vec<String> {
    let changed = || rows.iter().flat_map(|row| &row.changed);
    let places = || rows.iter().flat_map(|row| &row.tests);
    let mut faults = Vec::new();
    for file in sources {
        if !changed().any(|name| is_within(file, name)) {
            faults.push(format!("src/{file}: where do its tests go?"));
        }
    }
    for name in changed() {
        if !sources.iter().any(|file| is_within(file, name)) {
            faults.push(format!("src/{name} is gone"));
        }
    }
    for file in tests.iter().filter(|file| *file != "main.rs") {
        if !places().any(|name| is_within(file, name.split('/').next().unwrap())) {
            faults.push(format!("tests/wire/{file}: what is tested there?"));
        }
    }
    for name in places() {
        let is_here = tests.iter().any(|file| is_within(file, name))
            || name.starts_with("tests/") && root().join(name).is_dir();
        if !is_here {
            faults.push(format!("there are no tests in {name}"));
        }
    }
    faults
}

#[test]
fn everything_in_src_has_a_place_for_its_tests() {
    let rows = rows(&read("tests/wire/main.rs"));
    let mut sources = files_below("src");
    // What the linker reads is no module.
    sources.retain(|name| name.ends_with(".rs"));
    let faults = faults(&rows, &sources, &files_below("tests/wire"));
    if !faults.is_empty() {
        let faults = faults.join("\n");
        fail(&format!("the table at the top of tests/wire/main.rs:\n{faults}"));
    }
}

#[test]
fn a_table_that_is_not_complete_is_noticed() {
    let files = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let sources = files("ws/frame.rs ws/mod.rs hub.rs hub/core.rs");
    let tests = files("main.rs ws/framing.rs hub/core.rs");
    let head = "//! | You changed | Add your test in | It can show |\n//! |---|---|---|\n";
    for (table, count) in [
        ("//! | `ws` | `ws` | a |\n//! | `hub` | `hub` | b |", 0),
        ("//! | `ws`, `hub` | `hub`, `ws`, `tests/socket` | a |", 0),
        ("//! | `ws`, `hub` | `hub`, `ws/framing` | a |", 0),
        ("//! | `ws/frame`, `hub` | `hub`, `ws` | ws/mod.rs is open |", 1),
        ("//! | `ws`, `hub`, `fresh` | `hub`, `ws` | fresh is gone |", 1),
        ("//! | `ws`, `hu` | `hub`, `ws` | neither file of hub |", 3),
        ("//! | `ws`, `hub` | `ws` | hub is not said |", 1),
        ("//! | `ws`, `hub` | `ws`, `hub`, `http` | there is none |", 1),
        ("//! | `ws`, `hub` | `ws`, `hub`, `tests/none` | gone |", 1),
    ] {
        let rows = rows(&format!("{head}{table}\n"));
        let faults = faults(&rows, &sources, &tests);
        assert_eq!(faults.len(), count, "{table}: {faults:?}");
    }
}
