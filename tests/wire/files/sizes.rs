//! The pages are small, and hold nothing but markup, scripts and styles of this server.
//!
//! What is vendored (`www/vendor`) is apart: nobody here wrote it.

use std::collections::BTreeMap;
use std::fs;

use super::embedded::www;

const KIB: usize = 1024;

/// Our files below `www/` by name, as text.
fn own() -> BTreeMap<String, String> {
    let own = www().into_iter().filter(|(path, _)| !path.starts_with("/vendor/"));
    own.map(|(path, file)| (path.trim_start_matches('/').to_string(), fs::read_to_string(file).unwrap()))
        .collect()
}

/// The names between `before` and `after` in a text.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

/// Adds a script and all that it imports.
fn add<'a>(files: &'a BTreeMap<String, String>, name: &str, found: &mut BTreeMap<&'a str, usize>) {
    let (name, text) =
        files.get_key_value(name).unwrap_or_else(|| panic!("{name} is imported, and not there"));
    if found.insert(name, text.len()).is_none() {
        for import in between(text, "from \"./", '"') {
            add(files, import, found);
        }
    }
}

#[test]
fn page_with_all_its_scripts_is_at_most_30_kib() {
    let files = own();
    let mut pages = 0;
    for (name, page) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let mut found = BTreeMap::from([(name.as_str(), page.len())]);
        for script in between(page, "src=\"", '"') {
            if script.ends_with(".js") && !script.starts_with("/socket.io/") {
                add(&files, script, &mut found);
            }
        }
        let sum: usize = found.values().sum();
        assert!(found.len() >= 3, "{found:?}");
        assert!(sum <= 30 * KIB, "{name}: {sum} bytes: {found:?}");
        pages += 1;
    }
    assert!(pages >= 4, "{pages}");
}

#[test]
fn what_is_loaded_later_is_at_most_20_kib() {
    let files = own();
    let later = files.values().flat_map(|text| between(text, "import(\"./", '"'));
    let mut count = 0;
    for script in later {
        let mut found = BTreeMap::new();
        add(&files, script, &mut found);
        let sum: usize = found.values().sum();
        assert!(sum <= 20 * KIB, "{script}: {sum} bytes: {found:?}");
        count += 1;
    }
    assert_eq!(count, 1, "the wire view");
}

#[test]
fn style_is_at_most_12_kib_and_everything_180() {
    let files = own();
    assert!(files["style.css"].len() <= 12 * KIB, "{}", files["style.css"].len());
    let sum: usize = files.values().map(String::len).sum();
    assert!(sum <= 180 * KIB, "{sum}");
}

#[test]
fn everything_is_at_most_60_kib_as_gzip() {
    // 18: the head and the end of a gzip.
    let packed = |text: &String| miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6).len() + 18;
    let sum: usize = own().values().map(packed).sum();
    assert!(sum <= 60 * KIB, "{sum}");
}

/// The text without what stands between `start` and `end`.
fn without(text: &str, start: &str, end: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once(start) {
        kept.push_str(before);
        rest = comment.split_once(end).map_or("", |(_, after)| after);
    }
    kept + rest
}

fn without_comments(name: &str, text: &str) -> String {
    match name.rsplit('.').next() {
        Some("html") => without(text, "<!--", "-->"),
        Some("css") => without(text, "/*", "*/"),
        Some("js") => {
            let code = text.lines().map(|line| line.split(" //").next().unwrap_or(line));
            code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
        }
        // The name of what it is written in looks like an address.
        _ => text.replace("xmlns=\"http://www.w3.org/2000/svg\"", ""),
    }
}

/// An attribute that is a script: `onclick=` and its like.
fn has_handler(markup: &str) -> bool {
    markup.split_whitespace().filter_map(|word| word.split_once('=')).any(|(name, _)| name.starts_with("on"))
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_is_inline() {
    let elsewhere = ["http://", "https://"];
    let inline = ["<style", " style=", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("];
    for (name, text) in own() {
        let code = without_comments(&name, &text);
        for wrong in elsewhere.iter().chain(&inline) {
            assert!(!code.contains(*wrong), "{name}: {wrong}");
        }
        if name.ends_with(".html") {
            assert!(!has_handler(&code), "{name}");
            let scripts = code.matches("<script").count();
            assert_eq!(code.matches("></script>").count(), scripts, "{name}: a script in the page");
        }
    }
    assert!(has_handler("<a onclick=\"x()\">"));
}
