//! `ws101 explain` takes any bytes: it never panics, and prints nothing that a terminal would obey.
//! The lab takes any text, and answers with an object of JSON that is not too long.
//!
//! Input: a byte of flags, then standard input.

use std::ffi::OsString;
use ws101::tools::explain::{Look, explain};
use ws101::tools::view::lab;

const FORMS: [&str; 3] = ["--short", "--json", "--raw"];

pub fn check(data: &[u8]) {
    let Some((flags, input)) = data.split_first() else { return };
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(form) = FORMS.get(usize::from(flags & 3)) {
        arguments.push(form.into());
    }
    for (bit, words) in [
        (4, &["--from", "client"][..]),
        (8, &["--from", "server"]),
        (16, &["--deflate"]),
        (32, &["--pcap", "x"]),
    ] {
        if flags & bit != 0 {
            arguments.extend(words.iter().map(OsString::from));
        }
    }
    if flags & 64 != 0 {
        arguments.extend(["--key", "dGhlIHNhbXBsZSBub25jZQ=="].map(OsString::from));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let answer = lab::answer(text);
        let object: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        assert!(object["error"].is_string() || object["events"].is_array());
        assert!(answer.len() <= (256 << 10) + 64);
    }
    let mut out = Vec::new();
    let outcome = explain(arguments, &mut || Ok(input.to_vec()), &Look::default(), &mut out);
    let text = String::from_utf8(out).expect("text");
    for letter in text.chars().filter(|letter| *letter != '\n').chain(outcome.complaint.chars()) {
        assert!(!letter.is_control(), "{letter:?} is printed");
    }
    assert_eq!(outcome.status == 2, !outcome.complaint.is_empty());
    // A table fits a terminal.
    if flags & 3 == 3 || flags & 3 == 2 {
        let wide = |line: &&str| line.chars().count() > 80;
        assert_eq!(text.lines().find(wide), None);
    }
}
