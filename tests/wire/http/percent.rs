//! Percent-encoding: decoded once, or not at all.

use ws101::http::percent::decoded;

#[test]
fn escapes_are_the_bytes_that_they_name() {
    for (text, plain) in [
        ("", ""),
        ("a-b", "a-b"),
        ("%61", "a"),
        ("a%2Db%2dc", "a-b-c"),
        ("%2541", "%41"),
        ("%00%2F", "\0/"),
        ("%c3%A9\u{e9}", "\u{e9}\u{e9}"),
    ] {
        assert_eq!(decoded(text).as_deref(), Some(plain), "{text}");
    }
}

#[test]
fn a_bad_escape_is_no_text() {
    for text in ["%", "a%", "%4", "%4g", "%+5", "%-5", "% 5", "%%", "%e", "%\u{e9}", "a%41%"] {
        assert_eq!(decoded(text), None, "{text}");
    }
    for text in ["%ff", "%c3", "%c3%28"] {
        assert_eq!(decoded(text), None, "{text}: no UTF-8");
    }
}
