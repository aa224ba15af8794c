//! docs/LIMITS.md cannot rot: it names every limit and every deadline, with the value that the program has and
//! tests that try it.

mod reading;

use super::conformance::existing_tests;
use super::readme::{flags_of, help};
use crate::support::fail;
use crate::support::markdown::{files_below, page, read, root};
use reading::{in_source, limits_in, numbers_of, of_help, told};
use std::collections::{BTreeMap, BTreeSet};

/// Constants that are named like limits, and are none that a peer could meet.
const NO_LIMITS: [&str; 4] = [
    "MAX_PIECES",       // of one call that writes
    "MAX_ID_BYTES",     // what MAX_DIGITS come to before they are decoded
    "MAX_WINDOW_BITS",  // RFC 7692 §7.1.2
    "MAX_HEADER_BYTES", // RFC 6455 §5.2
];

/// Records of settings, where they stand, and how many numbers and times each has at least.
const RECORDS: [(&str, &str, usize); 3] = [
    ("Config", "src/config.rs", 17),
    ("Tuning", "src/config.rs", 13),
    ("Settings", "src/socketio/engine/session.rs", 4),
];

/// One line of a table.
#[derive(Debug, Clone)]
struct Row {
    what: String,
    default: String,
    reached: String,
    set_by: String,
    tried_by: String,
}

/// The words between backquotes.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

impl Row {
    /// The flag, with its dashes.
    fn flag(&self) -> Option<&str> {
        spans(&self.set_by).find(|span| span.starts_with("--"))
    }

    /// Names of constants, fields or functions, and the file in which they stand.
    fn places(&self) -> Vec<(&str, &str)> {
        let file = spans(&self.set_by).find(|span| span.starts_with("src/"));
        let names = spans(&self.set_by).filter(|span| !span.starts_with("src/"));
        let places = file.map(|file| names.map(move |name| (name, file)).collect());
        places.unwrap_or_default()
    }

    /// Statuses and close codes that a peer gets.
    fn codes(&self) -> Vec<u64> {
        let numbers = self.reached.split(|c: char| !c.is_ascii_digit());
        let numbers = numbers.filter_map(|digits| digits.parse().ok());
        numbers.filter(|code| (400..=599).contains(code) || (1_000..=4_999).contains(code)).collect()
    }
}

/// The rows of all tables, their heads left out.
fn rows() -> Vec<Row> {
    let page = page("docs/LIMITS.md");
    let mut rows = Vec::new();
    for line in page.text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", what, default, why, reached, set_by, tried_by, ""] = cells[..] else {
            panic!("not six cells: {line}");
        };
        if what == "what" || what == "---" {
            continue;
        }
        let needed = [what, default, why, set_by];
        assert!(needed.iter().all(|cell| !cell.is_empty()), "{line}");
        rows.push(Row {
            what: what.to_owned(),
            default: default.to_owned(),
            reached: reached.to_owned(),
            set_by: set_by.to_owned(),
            tried_by: tried_by.to_owned(),
        });
    }
    rows
}

/// Flag, unit and default of the limits and deadlines of `--help`.
fn flags() -> BTreeMap<String, (String, String)> {
    let groups = ["Limits:", "Deadlines,", "Compression "];
    let help = help();
    let parts = help.split("\n\n");
    let parts = parts.filter(|part| groups.iter().any(|group| part.starts_with(group)));
    let flags = parts.flat_map(flags_of);
    flags
        .map(|(flag, default)| {
            let (name, unit) = flag.split_once(' ').expect("a unit");
            (name.to_owned(), (unit.to_owned(), default))
        })
        .collect()
}

/// The page speaks of the usual build.
fn is_built(flag: &str) -> bool {
    cfg!(feature = "deflate") || !flag.starts_with("--deflate")
}

/// The flag that sets a field, if there is one.
fn flags_for(field: &str) -> [String; 2] {
    let name = |field: &str| format!("--{}", field.replace('_', "-"));
    [name(field), name(field.trim_end_matches("_bytes"))]
}

/// What is wrong with the values of this row.
fn value_faults(row: &Row, flags: &BTreeMap<String, (String, String)>) -> Vec<String> {
    let Row { what, default, .. } = row;
    let mut faults = Vec::new();
    if let Some(flag) = row.flag() {
        if !is_built(flag) {
            return faults;
        }
        let Some((unit, real)) = flags.get(flag) else {
            return vec![format!("{what}: there is no {flag}")];
        };
        let is_right = match of_help(real, unit) {
            Some(amount) => told(default) == [amount],
            None => default.replace(" MiB", "m") == *real,
        };
        if !is_right {
            faults.push(format!("{what}: {flag} is {real}, not {default}"));
        }
        return faults;
    }
    let mut real = Vec::new();
    for (name, file) in row.places() {
        let source = read(file);
        let amounts = in_source(name, &source);
        if amounts.is_empty() {
            faults.push(format!("{what}: there is no {name} in {file}"));
        }
        if let Some(flag) = flags_for(name).iter().find(|flag| flags.contains_key(*flag))
            && file == "src/config.rs"
        {
            faults.push(format!("{what}: {flag} sets {name}"));
        }
        real.extend(amounts);
    }
    if told(default) != real {
        faults.push(format!("{what} is {real:?}, not {default}"));
    }
    faults
}

/// Limits and deadlines that no row names.
fn missing(rows: &[Row], flags: &BTreeMap<String, (String, String)>) -> Vec<String> {
    let listed_flags: BTreeSet<&str> = rows.iter().filter_map(Row::flag).collect();
    let places: BTreeSet<(&str, &str)> = rows.iter().flat_map(Row::places).collect();
    let mut missing: Vec<String> =
        flags.keys().filter(|flag| !listed_flags.contains(flag.as_str())).cloned().collect();
    for (record, file, least) in RECORDS {
        let fields = numbers_of(record, &read(file));
        assert!(fields.len() >= least, "{record}: {fields:?}");
        for field in fields {
            let has_flag = flags_for(&field).iter().any(|flag| listed_flags.contains(flag.as_str()));
            if !has_flag && !places.contains(&(field.as_str(), file)) {
                missing.push(format!("{field} in {file}"));
            }
        }
    }
    for name in files_below("src") {
        let file = format!("src/{name}");
        for constant in limits_in(&read(&file)) {
            let is_none = NO_LIMITS.contains(&constant.as_str());
            if !is_none && !places.contains(&(constant.as_str(), file.as_str())) {
                missing.push(format!("{constant} in {file}"));
            }
        }
    }
    missing
}

/// The text of the file in which a test stands.
fn file_of(test: &str) -> Option<String> {
    let (module, _) = test.rsplit_once("::")?;
    let path = module.replace("::", "/");
    let path = match path.strip_prefix("socket/") {
        Some(rest) => format!("tests/socket/{rest}"),
        None => format!("tests/wire/{path}"),
    };
    let files = [format!("{path}.rs"), format!("{path}/mod.rs")];
    let file = files.iter().find(|file| root().join(file).is_file())?;
    Some(read(file))
}

/// What is wrong with the tests that this row names.
fn test_faults(row: &Row, existing: &BTreeSet<String>) -> Vec<String> {
    let tests: Vec<&str> = spans(&row.tried_by).collect();
    let gone = tests.iter().filter(|test| !existing.contains(**test));
    let mut faults: Vec<String> = gone.map(|test| format!("{}: no test {test}", row.what)).collect();
    let files: Vec<String> = tests.iter().filter_map(|test| file_of(test)).collect();
    for code in row.codes() {
        let code = code.to_string();
        let is_word = |text: &String| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word.trim_end_matches("u16") == code)
        };
        if !files.iter().any(is_word) {
            faults.push(format!("{}: no test named there knows of {code}", row.what));
        }
    }
    faults
}

fn none(faults: Vec<String>) {
    if !faults.is_empty() {
        fail(&faults.join("\n"));
    }
}

#[test]
fn every_limit_and_deadline_is_listed() {
    none(missing(&rows(), &flags()));
}

#[test]
fn nothing_is_listed_twice() {
    let rows = rows();
    let mut seen = BTreeSet::new();
    for row in &rows {
        assert!(row.flag().is_some() != row.set_by.starts_with("no flag: "), "{row:?}");
        for what in row.places().into_iter().chain(row.flag().map(|flag| (flag, ""))) {
            assert!(seen.insert(what), "{what:?} twice");
        }
    }
    assert!(rows.len() >= 70, "only {} rows", rows.len());
}

#[test]
fn every_value_is_that_of_the_program() {
    let flags = flags();
    none(rows().iter().flat_map(|row| value_faults(row, &flags)).collect());
}

#[test]
fn what_a_peer_gets_is_tried_by_tests_that_exist() {
    let existing = existing_tests();
    none(rows().iter().flat_map(|row| test_faults(row, &existing)).collect());
}

/// Names of tests in the text around the tables.
#[test]
fn tests_named_in_the_text_exist() {
    let page = page("docs/LIMITS.md");
    let existing = existing_tests();
    let prose = page.prose().into_iter().filter(|(_, line)| !line.starts_with('|'));
    let mut named = 0;
    for (at, line) in prose {
        for span in spans(line).filter(|span| span.matches("::").count() > 1) {
            assert!(existing.contains(span), "docs/LIMITS.md:{at}: no test {span}");
            named += 1;
        }
    }
    assert!(named >= 2, "only {named} names");
}

#[test]
fn one_wrong_number_in_any_row_is_noticed() {
    let flags = flags();
    for row in rows() {
        let digit = row.default.rfind(|c: char| c.is_ascii_digit());
        let mut wrong = row.clone();
        wrong.default.insert(digit.map_or(0, |at| at + 1), '7');
        let is_checked = row.flag().is_none_or(is_built);
        assert_eq!(value_faults(&wrong, &flags).len(), usize::from(is_checked), "{wrong:?}");
    }
}

#[test]
fn row_that_is_left_out_and_name_that_is_wrong_are_noticed() {
    let (rows, flags, existing) = (rows(), flags(), existing_tests());
    let mut noticed = 0;
    for at in 0..rows.len() {
        let mut others = rows.clone();
        let row = others.remove(at);
        let is_needed = !missing(&others, &flags).is_empty();
        let is_setting = row.set_by.contains("`--") || row.set_by.contains("`src/config.rs`");
        let is_built = row.flag().is_none_or(is_built);
        // Of config.rs, what is no field has to be there only if it is called MAX.
        let is_field = row.places().iter().all(|(name, _)| name.starts_with(char::is_lowercase));
        assert!(is_needed || !(is_setting && is_built && is_field), "{row:?}");
        noticed += usize::from(is_needed);
        let mut wrong = row.clone();
        wrong.set_by = row.set_by.replace("` in", "x` in").replace("--", "--x");
        wrong.tried_by = row.tried_by.replace("::", "::x");
        let value_faults = value_faults(&wrong, &flags);
        assert!(!is_built || !value_faults.is_empty(), "{wrong:?}");
        let is_named = !row.tried_by.is_empty();
        assert!(!is_named || !test_faults(&wrong, &existing).is_empty(), "{wrong:?}");
    }
    assert!(noticed >= 50, "only {noticed} rows are needed");
}
