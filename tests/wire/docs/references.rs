//! No text refers to a document that the project does not have.
//!
//! A reader of the project has only the project: a rule is said where it is needed, or linked in README.md or docs/.

use crate::support::fail;
use crate::support::markdown::{files_below, root};
use std::fs;

/// Documents that lie elsewhere. In small letters, so that this list is not found itself.
const ELSEWHERE: [&str; 8] =
    ["limits", "product", "seed_systems", "rfc_requirements", "examples", "house", "teaching", "course"];

const FOLDERS: [&str; 5] = ["src", "tests", "docs", "www", ".ci"];
const FILES: [&str; 3] = ["README.md", "Makefile", "Cargo.toml"];

/// All texts of the project, by their names from its top.
fn texts() -> Vec<(String, String)> {
    let mut names: Vec<String> = FILES.map(str::to_owned).into();
    for folder in FOLDERS {
        let below = files_below(folder);
        names.extend(below.iter().map(|name| format!("{folder}/{name}")));
    }
    // Somebody may have built a package below tests/ where it lies.
    let is_foreign = |part: &str| part == "target" || part == "node_modules";
    names.retain(|name| !name.split('/').any(is_foreign));
    // Pictures and the seeds of the fuzzer are not UTF-8.
    let text = |name: String| Some((fs::read_to_string(root().join(&name)).ok()?, name));
    let texts = names.into_iter().filter_map(text);
    texts.map(|(text, name)| (name, text)).collect()
}

/// Each place where a text names such a document, as a line for whoever wrote it.
fn references(name: &str, text: &str) -> Vec<String> {
    let is_program = [".rs", ".js", ".mjs"].iter().any(|end| name.ends_with(end));
    let mut found = Vec::new();
    for (at, line) in (1..).zip(text.lines()) {
        for word in ELSEWHERE.map(str::to_uppercase) {
            let refers = |(start, _): (usize, &str)| {
                let (before, after) = (&line[..start], &line[start + word.len()..]);
                is_whole(before, after) && !(is_program && is_code(before)) && !is_ours(&word, before, after)
            };
            if line.match_indices(&word).any(refers) {
                found.push(format!(
                    "{name}:{at} refers to {word}, which is not here: say the rule itself, or link to it"
                ));
            }
        }
    }
    found
}

/// No longer word has this one as its part.
fn is_whole(before: &str, after: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !before.ends_with(is_part) && !after.starts_with(is_part)
}

/// A constant may have such a name: no comment and no string has begun before it.
fn is_code(before: &str) -> bool {
    !before.contains("//") && before.matches('"').count().is_multiple_of(2)
}

/// A file of this name is in docs/, and no other folder is named.
fn is_ours(word: &str, before: &str, after: &str) -> bool {
    after.starts_with(".md")
        && (!before.ends_with('/') || before.ends_with("docs/"))
        && root().join(format!("docs/{word}.md")).is_file()
}

#[test]
fn no_text_refers_to_a_document_that_is_not_here() {
    let texts = texts();
    assert!(texts.len() >= 300, "only {} texts", texts.len());
    let found = texts.iter().flat_map(|(name, text)| references(name, text));
    let found: Vec<String> = found.collect();
    if !found.is_empty() {
        fail(&found.join("\n"));
    }
}

#[test]
fn page_of_ours_may_be_named_and_no_other_of_its_name() {
    let word = ELSEWHERE[0].to_uppercase();
    for (line, is_found) in [
        (format!("[limits](docs/{word}.md)"), false),
        (format!("[limits]({word}.md#memory)"), false),
        (format!("see elsewhere/{word}.md"), true),
        (format!("see elsewheredocs/../{word}.md"), true),
        (format!("see {word}.md.old and {word} §6"), true),
        (format!("see {word}, section 6"), true),
    ] {
        let found = references("a.md", &line);
        assert_eq!(!found.is_empty(), is_found, "{line}");
    }
}

#[test]
fn references_are_found_and_constants_are_not() {
    for word in ELSEWHERE.map(str::to_uppercase) {
        for (name, line, is_found) in [
            ("a.rs", format!("// {word} §2: it waits."), true),
            ("a.rs", format!("//! As it must be ({word},"), true),
            ("a.rs", format!("f(1, \"{word} §5\");"), true),
            ("a.rs", format!("const {word}: u32 = 1;"), false),
            ("a.rs", format!("f(\"x\", {word});"), false),
            ("a.rs", format!("// MY_{word} and {word}2"), false),
            ("run", format!("# {word} rule 3"), true),
            ("a.md", format!("[rules](elsewhere/{word})"), true),
        ] {
            let found = references(name, &format!("first\n{line}\n"));
            assert_eq!(found.len(), usize::from(is_found), "{line}");
            assert!(found.iter().all(|text| text.starts_with(&format!("{name}:2 "))));
        }
    }
}
