//! docs/CONFORMANCE.md cannot rot: every rule stands in it once, every test it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every rule of RFC 6455, and with a D of RFC 7692, with the word MUST, or stated without one, that binds a
/// server: the section, and our count within it.
const REQUIRED: &str = "
    1.4-1
    4.2.1-0 4.2.1-1 4.2.1-2 4.2.1-3 4.2.1-4 4.2.1-5 4.2.1-6 4.2.1-8 4.2.1-9
    4.2.2-1 4.2.2-3 4.2.2-4 4.2.2-5 4.2.2-6 4.2.2-7 4.2.2-8 4.2.2-9 4.2.2-10 4.2.2-11
    4.2.2-12 4.2.2-13 4.3-1
    5.1-2 5.1-3 5.1-5
    5.2-1 5.2-2 5.2-3 5.2-4 5.2-5 5.2-6 5.2-7 5.2-8
    5.3-3 5.3-4
    5.4-1 5.4-2 5.4-3 5.4-4 5.4-5 5.4-6 5.4-7 5.4-8 5.4-9
    5.5-1 5.5-2
    5.5.1-1 5.5.1-2 5.5.1-4 5.5.1-5 5.5.1-7 5.5.1-9
    5.5.2-1 5.5.3-1 5.5.3-3
    5.6-1 5.6-2
    6.1-1 6.1-2 6.2-1 6.2-2 6.2-5
    7.1.1-3 7.1.2-1 7.1.5-1 7.1.7-1 7.1.7-4 7.2.2-1
    7.4.1-1 7.4.2-1 7.4.2-2 7.4.2-3
    8.1-0 8.1-1 8.1-2
    9-1 9-2 9.1-1 9.1-2 9.1-3 9.1-5
    10.1-1 10.4-1 10.4-3 10.6-1 10.7-1
    11.3.2-1 11.3.3-1 11.3.4-1
    D5-1 D5-2 D7-1 D7-2 D7-3 D7-4
    D7.1.1.1-1 D7.1.1.2-1 D7.1.2.1-1 D7.1.2.1-2 D7.1.2.2-1 D7.1.2.2-2
    D6-1 D6-2 D6-3 D6-4 D6-5 D6-6
    D7.2.1-1 D7.2.1-2 D7.2.2-1 D7.2.2-2 D7.2.2-3 D7.2.3-1 D7.2.3-2 D8-1
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One line of a table.
struct Row {
    rule: String,
    /// `n/a: reason`, or names of tests.
    shown_by: String,
}

impl Row {
    fn tests(&self) -> Vec<&str> {
        self.shown_by.split('`').skip(1).step_by(2).collect()
    }
}

/// The rows of all tables, their heads left out.
fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/CONFORMANCE.md")).expect("the page");
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", rule, level, asks, shown_by, ""] = cells[..] else {
            panic!("not four cells: {line}");
        };
        if rule == "Rule" || rule == "---" {
            continue;
        }
        let levels = ["MUST", "MUST NOT", "must", "SHOULD", "MAY"];
        assert!(levels.contains(&level) && !asks.is_empty(), "{line}");
        rows.push(Row { rule: rule.to_owned(), shown_by: shown_by.to_owned() });
    }
    rows
}

/// `module::function` of each test in a folder of sources and below.
fn tests_below(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of tests") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let name = match &*stem {
            "mod" => module.trim_end_matches("::").to_owned(),
            stem => format!("{module}{stem}"),
        };
        if path.is_dir() {
            tests_below(&path, &format!("{name}::"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            for item in source.split("#[test]\n").skip(1) {
                let (_, behind) = item.split_once("fn ").expect("a function");
                let (function, _) = behind.split_once('(').expect("its parameters");
                found.insert(format!("{name}::{function}"));
            }
        }
    }
}

/// All tests of `tests/wire`, and with `socket::` in front those of `tests/socket`.
pub(super) fn existing_tests() -> BTreeSet<String> {
    let mut existing = BTreeSet::new();
    tests_below(&root().join("tests/wire"), "", &mut existing);
    tests_below(&root().join("tests/socket"), "socket::", &mut existing);
    existing
}

#[test]
fn every_rule_that_binds_a_server_is_listed_once() {
    let mut listed = BTreeSet::new();
    for row in rows() {
        assert!(listed.insert(row.rule.clone()), "{} twice", row.rule);
    }
    let missing: Vec<&str> = REQUIRED.split_whitespace().filter(|rule| !listed.contains(*rule)).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

#[test]
fn every_rule_names_tests_that_exist_or_a_reason() {
    let existing = existing_tests();
    for row in rows() {
        let tests = row.tests();
        match row.shown_by.strip_prefix("n/a: ") {
            Some(reason) => assert!(!reason.is_empty() && tests.is_empty(), "{}", row.rule),
            None => assert!(!tests.is_empty(), "{} has no test", row.rule),
        }
        for test in tests {
            assert!(existing.contains(test), "{}: no test {test}", row.rule);
        }
    }
}
